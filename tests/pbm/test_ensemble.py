"""Ensembles against single runs, and sensitivities against the closed solution of the constant kernel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import pbm
from compute.errors import CaseError
from pbm.analytic import constant_moments
from pbm.grid import Floats
from tests.pbm.population import granulation_case, kernel_law

TIMES = np.array([0.0, 0.5, 2.0])
GRID = pbm.geometric_grid(1e-3, 1e3, 16)


def start_of(grid: pbm.Grid) -> Floats:
    """n = exp(-v) with M1 = 1 on the grid."""
    numbers = pbm.project_density(lambda volume: np.exp(-volume), grid)
    return numbers / float(numbers @ grid.pivots)


def population(tolerance: float = 1e-5, name: str = "constant", grid: pbm.Grid = GRID) -> pbm.Population:
    """Aggregation with power-law breakage."""
    rate = pbm.breakage_rate("power", rate=0.2, reference_volume=1.0, exponent=1.0)
    law = pbm.kernel(name, rate_coefficient=1.0)
    return pbm.Population(grid, law, rate, pbm.fragments("uniform"), tolerance=tolerance)


def test_members_are_single_runs() -> None:
    """Bit for bit: two grids and two kernels of different lists, each alone with its rates, on one and two threads."""
    other = pbm.geometric_grid(1e-2, 2e2, 16)
    members = [population(), population(name="sum", grid=other), population(), population(name="product")]
    starts = np.array([start_of(one.grid) for one in members]) * np.array([[1.0], [0.5], [2.0], [0.1]])
    ensemble = pbm.Ensemble(members)
    one, two = (ensemble.solve(starts, TIMES, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one.numbers, two.numbers)
    for member, start, result in zip(members, starts, two):
        alone = member.solve(start, TIMES)
        np.testing.assert_array_equal(result.numbers, alone.numbers)
        np.testing.assert_array_equal(result.booked, alone.booked)
        assert result.steps == alone.steps and max(result.imbalance) < 1e-12
    np.testing.assert_array_equal(two.moment(0)[1], two[1].moment(0))
    np.testing.assert_array_equal(two.diameter(0.5)[2], two[2].d50)


def test_factors_are_rates() -> None:
    """A factor on aggregation and breakage together is time: rates times three to t are rates once to 3 t.

    To ten times the tolerance of a step, as the steps differ.
    """
    one = population(tolerance=1e-7)
    fast = pbm.Ensemble(one, np.array([1.0, 3.0]), np.array([1.0, 3.0])).solve(start_of(GRID), TIMES)
    slow = one.solve(start_of(GRID), 3.0 * TIMES)
    np.testing.assert_allclose(fast.numbers[1], slow.numbers, rtol=1e-5, atol=1e-9)
    assert fast.numbers[0, -1].sum() != pytest.approx(slow.numbers[-1].sum(), rel=0.01)


def test_derivatives_of_a_constant_kernel() -> None:
    """M0 = N/(1 + N b t/2): d ln M0/d ln b = -N b t/2/(1 + N b t/2), d ln M0/d ln N = 1/(1 + N b t/2).

    To 1e-4: the time integration at 1e-9 over steps of two percent leaves 1e-6, fourth order less; the range of the
    estimated error holds the true one.
    """
    one = pbm.Population(GRID, pbm.kernel("constant", rate_coefficient=1.0), tolerance=1e-9)
    shape = start_of(GRID) / start_of(GRID).sum()

    def number(sets: Floats) -> Floats:
        members = pbm.Ensemble(one, aggregation=sets[:, 0])
        return members.solve(sets[:, 1:] * shape, np.array([0.0, 2.0])).moment(0)[:, -1]

    found = pbm.sensitivities(number, [1.5, 0.8])
    half = 0.5 * 1.5 * 0.8 * 2.0
    np.testing.assert_allclose(found.elasticities, [[-half / (1.0 + half), 1.0 / (1.0 + half)]], rtol=1e-4)
    exact = np.array([[-half, 1.0]]) / (1.0 + half) * found.outputs[:, None] / np.array([1.5, 0.8])
    assert np.all(np.abs(found.derivatives - exact) <= found.errors)


def exact_indices(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Indices of M0 over rate and number, uniform between bounds, by Gauss quadrature of the closed solution."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    rate, number = (low[k] + (high[k] - low[k]) * 0.5 * (nodes + 1.0) for k in range(2))
    weights = 0.5 * weights
    values = np.array([[constant_moments(n, 1.0, 2.0 * b)[0] for n in number] for b in rate])
    mean = weights @ values @ weights
    by_rate, by_number = values @ weights, weights @ values
    variance = weights @ (values - mean) ** 2 @ weights
    first = np.array([weights @ (part - mean) ** 2 for part in (by_rate, by_number)]) / variance
    return first, 1.0 - first[::-1]


def test_variance_of_a_constant_kernel_by_parameter() -> None:
    """Sobol' indices of M0 over rate and number against quadrature of Smoluchowski's solution.

    1024 models; the estimator errs by about 1/sqrt(256) of what an index misses of one, here up to 0.04, and the
    intervals of 95 % hold the exact values.
    """
    one = pbm.Population(GRID, pbm.kernel("constant", rate_coefficient=1.0))
    shape = start_of(GRID) / start_of(GRID).sum()
    low, high = np.array([0.2, 0.5]), np.array([3.0, 2.0])

    def number(sets: Floats) -> Floats:
        members = pbm.Ensemble(one, aggregation=sets[:, 0])
        return members.solve(sets[:, 1:] * shape, np.array([0.0, 2.0])).moment(0)[:, -1]

    found = pbm.sobol_indices(number, [stats.uniform(a, b - a) for a, b in zip(low, high)], samples=256)
    first, total = exact_indices(low, high)
    assert found.members == 1024
    assert first.min() > 0.1 and first.sum() < 0.99
    np.testing.assert_allclose(found.first[0], first, atol=0.04)
    np.testing.assert_allclose(found.total[0], total, atol=0.04)
    for exact, interval in ((first, found.first_interval), (total, found.total_interval)):
        assert np.all((interval[0, 0] - 0.02 <= exact) & (exact <= interval[1, 0] + 0.02))


def test_granulations_on_threads_are_single_runs() -> None:
    """Bit for bit, in their order, with an efficiency each: what a parameter study asks for."""
    models = [
        pbm.Granulation(granulation_case(efficiency=value, end="20 s"), kernel_law()) for value in (0.01, 0.03, 0.1)
    ]
    results = pbm.run_all(lambda model: model.simulate(speed=100.0), models, threads=2)
    for model, result in zip(models, results):
        np.testing.assert_array_equal(result.states, model.simulate(speed=100.0).states)
    assert results[0].d50[-1] < results[1].d50[-1] < results[2].d50[-1]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: pbm.Ensemble(population(), np.ones(3), np.ones(4)), "members do not match"),
        (lambda: pbm.Ensemble(population(), np.array([1.0, -1.0])), "negative"),
        (lambda: pbm.Ensemble([]), "members"),
        (lambda: pbm.Ensemble([population(), population(grid=pbm.geometric_grid(1, 9, 9))]), "number of classes"),
        (lambda: pbm.Ensemble(population()).solve(np.ones((2, 16)), TIMES), "do not fit"),
        (lambda: pbm.Ensemble(population()).solve(start_of(GRID), TIMES, threads=0), "threads"),
        (lambda: pbm.sensitivities(lambda sets: sets, [0.0]), "not nil"),
        (lambda: pbm.sensitivities(lambda sets: sets[:1], [1.0]), "response"),
        (lambda: pbm.sobol_indices(lambda sets: sets, [stats.uniform()], samples=100), "power of two"),
    ],
)
def test_mistakes_are_named(make, match: str) -> None:  # type: ignore[no-untyped-def]
    """One message with what was expected."""
    with pytest.raises(CaseError, match=match):
        make()
