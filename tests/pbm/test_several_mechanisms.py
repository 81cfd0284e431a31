"""Several components: breakage, layers and nuclei beside aggregation, by both schemes."""

from __future__ import annotations

from math import exp, factorial, prod

import numpy as np
import pytest

from compute.errors import CaseError
from pbm.grid import Grid, geometric_grid, multiples_grid, with_nil
from pbm.lattice import Lattice
from pbm.laws import fragments
from pbm.several_components import SeveralComponentPopulation
from pbm.sources import Layer, Nuclei
from pbm.splitting import Splitting
from pbm.two_components import TwoComponentPopulation

TIMES = np.array([0.0, 0.2])
RANDOM = np.random.Generator(np.random.Philox(key=11))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_mergers_keep_number_components_and_mixed_moments(count: int) -> None:
    """Random numbers on an uneven lattice, a rate of both grains: against sums over all pairs that stay on it, number
    and components of every merger and mixed moments of each two components change as they have to, 1e-12.

    Nothing is born below nil, and up to three components the squares grow no more than by the fixed pivot.
    """
    grids = tuple(geometric_grid(1.0, 40.0 + axis, 4 + axis % 2 + 4 // count) for axis in range(count))
    lattice = Lattice(grids)
    numbers, x = RANDOM.random(lattice.shape), lattice.components
    events = np.outer(numbers, numbers) * (1.0 + x.sum(axis=0)[:, None] * x.sum(axis=0)[None, :])
    tops = np.array([grid.pivots[-1] for grid in grids])[:, None, None]
    events *= 0.5 * np.all(x[:, :, None] + x[:, None, :] <= tops, axis=0)
    squares = []
    for scheme in ("fixed-pivot", "cell-average"):
        population = SeveralComponentPopulation(grids, rate_of_both, scheme=scheme)
        change, booked = population.change(numbers)
        lost = events.sum(axis=0) + events.sum(axis=1)
        assert (change.ravel() + lost).min() >= -1e-13 * lost.max()
        assert change.sum() == pytest.approx(-events.sum(), rel=1e-12) == pytest.approx(-booked[0], rel=1e-12)
        np.testing.assert_allclose(x @ change.ravel(), 0.0, atol=1e-12 * float(x.max() * events.sum()))
        squares.append(x**2 @ change.ravel())
        for a in range(count):
            for b in range(a):
                expected = np.sum(events * (np.outer(x[a], x[b]) + np.outer(x[b], x[a])))
                assert x[a] * x[b] @ change.ravel() == pytest.approx(expected, rel=1e-12)
    assert count == 4 or np.all(squares[1] <= squares[0] * (1.0 + 1e-12))


def rate_of_both(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """1 + the product of both volumes."""
    return np.asarray(1.0 + one.sum(axis=0) * other.sum(axis=0))


@pytest.mark.parametrize("scheme", ["fixed-pivot", "cell-average"])
def test_three_powders_of_pure_grains_make_multinomial_aggregates(scheme: str) -> None:
    """Equal grains, shares q_a of three components, constant kernel: of the (tau/2)^(k - 1)/(1 + tau/2)^(k + 1)
    aggregates of k grains a multinomial share has i, j and l of them, as Lushnikov (1976),
    doi 10.1016/0021-9797(76)90288-5, has it for two. Exact on multiples of the grain, but for the integration and the
    ends of the grid, 1e-5.
    """
    shares, tau, most = (0.2, 0.3, 0.5), 0.02, 4
    grid, start = with_nil(multiples_grid(1.0, most)), np.zeros((most + 1,) * 3)
    start[1, 0, 0], start[0, 1, 0], start[0, 0, 1] = shares
    found = SeveralComponentPopulation((grid,) * 3, 1.0, 1e-8, scheme).solve(start, np.array([0.0, tau])).numbers[-1]
    for place in ((1, 0, 0), (0, 2, 0), (1, 1, 0), (0, 1, 1), (1, 1, 1), (0, 2, 1), (2, 1, 1)):
        grains, half = sum(place), 0.5 * tau
        ways = factorial(grains) // prod(factorial(each) for each in place)
        share = ways * prod(share**each for share, each in zip(shares, place))
        assert found[place] == pytest.approx(half ** (grains - 1) / (1.0 + half) ** (grains + 1) * share, rel=1e-5)
    assert found[0, 0, 0] == 0.0


def test_two_components_are_those_of_their_own_scheme() -> None:
    """The general text against the one for two coordinates, where both keep the mixed moment: squares to 1e-4."""
    grid = geometric_grid(1e-2, 1e2, 14)
    one = np.where(np.arange(14) < 8, np.exp(-np.arange(14.0)), 0.0)
    times, start = np.array([0.0, 1.0]), np.outer(one, one)
    general = SeveralComponentPopulation((grid, grid), 1.0, 1e-6, "cell-average").solve(start, times)
    own = TwoComponentPopulation((grid, grid), 1.0, 1e-6).solve(start, times)
    for orders in ((0, 0), (1, 1), (2, 0), (0, 2), (2, 1)):
        assert general.moment(*orders)[-1] == pytest.approx(own.moment(*orders)[-1], rel=1e-4)


@pytest.mark.parametrize("scheme", ["fixed-pivot", "cell-average"])
@pytest.mark.parametrize("count", [2, 3])
def test_balances_hold_with_everything_on(scheme: str, count: int) -> None:
    """Number against events and every component against layers and nuclei to 1e-12; nothing below nil; a full top."""
    cells = 7 if count == 2 else 5
    grid = geometric_grid(1e-1, 1e2, cells)
    population = SeveralComponentPopulation(
        (grid,) * count,
        lambda one, other: one.sum(axis=0) + other.sum(axis=0),
        scheme=scheme,
        breakage=Splitting(lambda contents: 0.05 * contents.sum(axis=0), fragments("symmetric", number=4)),
        layers=(Layer(0, 0.3), Layer(1, lambda contents: 0.02 * contents[0], "mc")),
        nuclei=(Nuclei((0.5,) * count, 0.2),),
    )
    start = np.zeros((cells,) * count)
    start[(1,) * count] = 1.0
    start[(cells - 1,) * count] = 1e-6
    result = population.solve(start, np.array([0.0, 0.2, 0.5]))
    assert max(result.imbalance) <= 1e-12
    assert result.numbers.min() >= 0.0
    assert np.all(result.booked[-1, :5] > 0.0)


def test_nuclei_alone_fill_an_empty_lattice() -> None:
    """N = rate t at the point, by number and components exactly; an empty start is fine then."""
    grid = geometric_grid(1.0, 100.0, 5)
    result = SeveralComponentPopulation((grid, grid), nuclei=(Nuclei((7.0, 20.0), 3.0),)).solve(
        np.zeros((5, 5)), np.array([0.0, 2.0])
    )
    got = [float(result.moment(*orders)[-1]) for orders in ((0, 0), (1, 0), (0, 1), (1, 1))]
    np.testing.assert_allclose(got, [6.0, 42.0, 120.0, 840.0], rtol=1e-12)


def test_fragments_of_one_composition_follow_their_law() -> None:
    """Constant rate: M00 grows as exp((p - 1) S t), components stay, and x/y of every grain is its parent's, 1e-2.

    Number to 1 % for the smallest grains, which do not break.
    """
    grid = geometric_grid(1e-5, 2.0, 36)
    start = np.zeros((36, 36))
    start[33, 30] = 1.0
    law = fragments("diemer-olson", number=3.0, shape=2.0)
    result = SeveralComponentPopulation((grid, grid), breakage=Splitting(1.0, law)).solve(start, np.array([0.0, 1.0]))
    assert result.moment(0, 0)[-1] == pytest.approx(exp(2.0), rel=2e-2)
    ratio = grid.pivots[33] / grid.pivots[30]
    assert result.moment(1, 0)[-1] == pytest.approx(grid.pivots[33], rel=1e-12)
    assert result.moment(2, 0)[-1] / result.moment(1, 1)[-1] == pytest.approx(ratio, rel=3e-2)


def test_compiled_loops_repeat_plain_python() -> None:
    """One text, IEEE arithmetic: the same bits, everything on."""
    grids = geometric_grid(1e-1, 1e1, 3), geometric_grid(1e-1, 2e1, 4)
    start = np.zeros((3, 4))
    start[0, :2] = 1.0
    layers, nuclei = (Layer(1, 0.3),), (Nuclei((2.0, 2.0), 0.2),)
    compiled, plain = (
        SeveralComponentPopulation(
            grids, 1.0, 1e-4, "cell-average", Splitting(0.1), layers, nuclei, compiled=compiled
        ).solve(start, TIMES)
        for compiled in (True, False)
    )
    assert compiled.steps == plain.steps
    np.testing.assert_array_equal(compiled.numbers, plain.numbers)
    np.testing.assert_array_equal(compiled.booked, plain.booked)


def test_mistakes_are_named() -> None:
    """A scheme, a limiter, an axis and nuclei that do not exist, rates below nil."""
    grid = Grid(np.array([0.5, 1.5, 2.5, 3.5]), np.array([1.0, 2.0, 3.0]))
    with pytest.raises(CaseError, match=r"no such scheme.*cell-average"):
        SeveralComponentPopulation((grid,), 1.0, scheme="cel-average")
    with pytest.raises(CaseError, match="no such limiter"):
        Layer(0, 1.0, "van-ler")
    with pytest.raises(CaseError, match="no such component"):
        SeveralComponentPopulation((grid,), layers=(Layer(1, 1.0),))
    with pytest.raises(CaseError, match="growth rate"):
        SeveralComponentPopulation((grid,), layers=(Layer(0, float("nan")),))
    with pytest.raises(CaseError, match="no such nuclei"):
        SeveralComponentPopulation((grid,), nuclei=(Nuclei((9.0,), 1.0),))
    with pytest.raises(CaseError, match="breakage rate"):
        SeveralComponentPopulation((grid,), breakage=Splitting(-1.0))
    nil = with_nil(grid)
    with pytest.raises(CaseError, match="aggregation alone"):
        SeveralComponentPopulation((nil, grid), breakage=Splitting(1.0))
    with pytest.raises(CaseError, match="without any component"):
        SeveralComponentPopulation((nil, nil), 1.0).solve(np.ones((4, 4)), TIMES)
