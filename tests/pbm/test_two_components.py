"""Two components: moments that any start keeps, contents that follow the solids, pure grains, the rim of the grid."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from compute.errors import CaseError
from pbm.distribution import project_density
from pbm.grid import Grid, geometric_grid, multiples_grid, with_nil
from pbm.schemes.cell_average_2d import BLOCK, MOMENTS
from pbm.schemes.sharing_2d import AROUND, GAPS, share_block
from pbm.two_components import TwoComponentPopulation


def start_of(first: Grid, second: Grid) -> np.ndarray:
    """Grains of two kinds: one richer in the first component, one in the second; correlated, and not symmetric."""
    rich = np.outer(project_density(lambda x: np.exp(-x), first), project_density(lambda y: 4 * np.exp(-4 * y), second))
    poor = np.outer(project_density(lambda x: 2 * np.exp(-2 * x), first), project_density(lambda y: np.exp(-y), second))
    return np.asarray(rich + 0.5 * poor)


def test_moments_of_a_constant_kernel_from_any_start() -> None:
    """M00 = M00(0)/(1 + M00(0) tau/2); M10, M01 constant; M11 = M11(0) + M10 M01 tau: Lushnikov (1976).

    The scheme keeps them on any two grids, here of unequal ratio: 1e-5 is the time integration at its tolerance.
    """
    grids = geometric_grid(1e-3, 1e3, 20), geometric_grid(1e-3, 3e2, 16)
    start = start_of(*grids)
    result = TwoComponentPopulation(grids, 1.0).solve(start, np.array([0.0, 4.0]))
    number, first, second = (float(result.moment(*order)[0]) for order in ((0, 0), (1, 0), (0, 1)))
    assert result.moment(0, 0)[-1] == pytest.approx(number / (1.0 + 2.0 * number), rel=1e-5)
    np.testing.assert_allclose(result.moment(1, 0), first, rtol=1e-12)
    np.testing.assert_allclose(result.moment(0, 1), second, rtol=1e-12)
    mixed = float(result.moment(1, 1)[0]) + 4.0 * first * second
    assert result.moment(1, 1)[-1] == pytest.approx(mixed, rel=1e-5)
    assert np.all(result.numbers >= 0.0)


def test_liquid_in_proportion_to_solids_stays_so() -> None:
    """Contents move with the solids: L = c (x + y) N for ever, and every content is kept, to round-off."""
    grid = geometric_grid(1e-3, 1e2, 12)
    start = start_of(grid, grid)
    solids = grid.pivots[:, None] + grid.pivots[None, :]
    contents = np.array([0.3 * solids * start, np.where(solids > 1.0, start, 0.0)])
    result = TwoComponentPopulation((grid, grid), 1.0).solve(start, np.array([0.0, 3.0]), contents)
    np.testing.assert_allclose(result.contents[-1, 0], 0.3 * solids * result.numbers[-1], rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(
        result.contents.sum(axis=(2, 3)), contents.sum(axis=(1, 2))[None, :].repeat(2, 0), rtol=1e-12
    )
    assert np.all(result.contents >= 0.0)


def test_any_kernel_as_a_function() -> None:
    """Sum kernel of the whole volumes: M00 = M00(0) exp(-(M10 + M01) t), to the time integration's 1e-5."""
    grid = geometric_grid(1e-3, 1e3, 16)
    start = start_of(grid, grid)

    def rate(x: np.ndarray, y: np.ndarray, other_x: np.ndarray, other_y: np.ndarray) -> np.ndarray:
        return np.asarray(x + y + other_x + other_y)

    result = TwoComponentPopulation((grid, grid), rate).solve(start, np.array([0.0, 0.3]))
    volume = float(result.moment(1, 0)[0] + result.moment(0, 1)[0])
    assert result.moment(0, 0)[-1] == pytest.approx(result.moment(0, 0)[0] * np.exp(-0.3 * volume), rel=1e-5)


def test_full_grid_keeps_both_components() -> None:
    """A grid far too small: pairs beyond it do not merge, nothing is lost and no class falls below nil."""
    grid = geometric_grid(1e-1, 1e1, 8)
    start = start_of(grid, grid)
    result = TwoComponentPopulation((grid, grid), 1.0).solve(start, np.array([0.0, 100.0]))
    np.testing.assert_allclose(result.moment(1, 0), result.moment(1, 0)[0], rtol=1e-12)
    np.testing.assert_allclose(result.moment(0, 1), result.moment(0, 1)[0], rtol=1e-12)
    assert np.all(result.numbers >= 0.0)


def test_compiled_loops_repeat_plain_python() -> None:
    """One text, IEEE arithmetic: the same bits, with a content, a kernel of both grains and unequal grids."""
    grids = geometric_grid(1e-1, 1e2, 7), geometric_grid(1e-1, 3e1, 6)
    start = start_of(*grids)
    contents = np.array([0.1 * start])

    def rate(x: np.ndarray, y: np.ndarray, other_x: np.ndarray, other_y: np.ndarray) -> np.ndarray:
        return np.asarray(1.0 + x * other_x + 0.3 * (y + other_y))

    compiled, plain = (
        TwoComponentPopulation(grids, rate, compiled=compiled).solve(start, np.array([0.0, 0.1]), contents)
        for compiled in (True, False)
    )
    assert compiled.steps == plain.steps
    np.testing.assert_array_equal(compiled.numbers, plain.numbers)
    np.testing.assert_array_equal(compiled.contents, plain.contents)


def test_two_powders_of_pure_grains_make_binomial_aggregates() -> None:
    """Equal grains, a share q of them of the first component, constant kernel: aggregates of k grains are
    (tau/2)^(k - 1)/(1 + tau/2)^(k + 1), Smoluchowski (1917), and a of these grains are of the first component in a
    binomial share, Lushnikov, J. Colloid Interface Sci. 54 (1976) 94, doi 10.1016/0021-9797(76)90288-5.

    On multiples of the grain nothing is averaged: 1e-6 is left of the integration and of the ends of the grid. A
    function as rate need not be a number for the cell without grains.
    """
    share, tau, most = 0.3, 0.2, 12
    grid = with_nil(multiples_grid(1.0, most))
    start = np.zeros((most + 1, most + 1))
    start[1, 0], start[0, 1] = share, 1.0 - share

    def rate(x: np.ndarray, y: np.ndarray, other_x: np.ndarray, other_y: np.ndarray) -> np.ndarray:
        return np.asarray((x + y) / (x + y) * (other_x + other_y) / (other_x + other_y))

    found = TwoComponentPopulation((grid, grid), rate, 1e-7).solve(start, np.array([0.0, tau]))
    for first in range(5):
        for second in range(5 - first):
            grains, half = first + second, 0.5 * tau
            if grains > 0:
                whole = half ** (grains - 1) / (1.0 + half) ** (grains + 1)
                binomial = comb(grains, first) * share**first * (1.0 - share) ** second
                assert found.numbers[-1, first, second] == pytest.approx(whole * binomial, rel=1e-6)
    assert found.numbers[-1, 0, 0] == 0.0


def test_pure_grains_on_any_grid_keep_the_law_of_moments() -> None:
    """Two powders of pure grains of many sizes, constant kernel: M00, M10, M01 and M11 = M10 M01 tau as of any start,
    and of the first component alone are N0 q/((1 + T)(1 + T - q T)) with T = N0 tau/2 and the share q by number: the
    sum of Smoluchowski's aggregates of k grains times q^k. Contents go with the solids. 1e-6 by the integration.
    """
    grid = with_nil(geometric_grid(1e-2, 1e4, 20))
    start = np.zeros((21, 21))
    start[1:, 0] = 0.3 * project_density(lambda x: np.exp(-x), Grid(grid.edges[1:], grid.pivots[1:]))
    start[0, 1:] = 0.7 * project_density(lambda y: 2.0 * np.exp(-2.0 * y), Grid(grid.edges[1:], grid.pivots[1:]))
    liquid = 0.2 * start * (grid.pivots[:, None] + grid.pivots[None, :])
    population = TwoComponentPopulation((grid, grid), 1.0, 1e-6)
    result = population.solve(start, np.array([0.0, 10.0]), liquid[None])
    first, second = float(result.moment(1, 0)[0]), float(result.moment(0, 1)[0])
    number, half, share = float(start.sum()), 5.0 * float(start.sum()), float(start[:, 0].sum() / start.sum())
    assert result.moment(0, 0)[-1] == pytest.approx(number / (1.0 + half), rel=1e-6)
    assert result.moment(1, 0)[-1] == pytest.approx(first, rel=1e-12)
    assert result.moment(0, 1)[-1] == pytest.approx(second, rel=1e-12)
    assert result.moment(1, 1)[-1] == pytest.approx(10.0 * first * second, rel=1e-6)
    for kind, pure in ((share, result.numbers[-1, :, 0]), (1.0 - share, result.numbers[-1, 0, :])):
        exact = number * kind / ((1.0 + half) * (1.0 + half - kind * half))
        assert pure.sum() == pytest.approx(exact, rel=1e-6)
    assert result.numbers[-1, 0, 0] == 0.0 and result.contents[-1].sum() == pytest.approx(liquid.sum(), rel=1e-12)


def test_births_of_one_kind_reach_four_pivots_and_no_other() -> None:
    """Grains at one point are shared by the four pivots around it, by linear shares, Kumar and Ramkrishna (1996); no
    trace of round-off goes to another, as it would be carried up the grid. 2e-15: ten roundings in a row.
    """
    random = np.random.default_rng(3)
    lengths = random.uniform(0.5, 2.0, (4, BLOCK))
    parts, ways, numbers = random.uniform(0.0, 0.5, (2, BLOCK)), random.integers(0, 2, (2, BLOCK)), np.ones(BLOCK)
    signs, reached = 1.0 - 2.0 * ways, np.where(ways == 0, lengths[::2], lengths[1::2])
    first, second = signs * parts * reached
    births, gaps = np.concatenate((numbers, first, second, first * second)), np.concatenate((lengths, 1.0 / lengths))
    shares = np.zeros(AROUND * BLOCK)
    share_block(births, gaps.ravel(), shares)
    assert births.size == MOMENTS * BLOCK and gaps.size == GAPS * BLOCK
    expected = np.zeros((3, 3, BLOCK))
    for cell in range(BLOCK):
        (one, other), (up, right) = parts[:, cell], signs[:, cell].astype(int)
        expected[1 + up, 1 + right, cell] = one * other
        expected[1 + up, 1, cell], expected[1, 1 + right, cell] = one * (1.0 - other), (1.0 - one) * other
        expected[1, 1, cell] = (1.0 - one) * (1.0 - other)
    np.testing.assert_allclose(shares.reshape(3, 3, BLOCK), expected, rtol=2e-15, atol=0.0)


def test_mistakes_are_named() -> None:
    """A rate that depends on the order of a pair, and a start of another shape."""
    grid = geometric_grid(1e-1, 1e1, 4)
    with pytest.raises(CaseError, match="order"):
        TwoComponentPopulation((grid, grid), lambda x, y, a, b: x + 2.0 * a + 0.0 * (y + b))
    with pytest.raises(CaseError, match="start"):
        TwoComponentPopulation((grid, grid), 1.0).solve(np.ones((4, 3)), np.array([0.0, 1.0]))
    pure = with_nil(grid)
    with pytest.raises(CaseError, match="without any component"):
        TwoComponentPopulation((pure, pure), 1.0).solve(np.ones((5, 5)), np.array([0.0, 1.0]))
