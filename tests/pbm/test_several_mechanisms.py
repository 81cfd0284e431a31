"""Several components: breakage, layers and nuclei beside aggregation, by both schemes."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from compute.errors import CaseError
from pbm.grid import Grid, geometric_grid
from pbm.growth import LIMITERS, limited
from pbm.lattice import Lattice
from pbm.laws import fragments
from pbm.schemes.cell_average_nd import CellAverage
from pbm.several_components import SeveralComponentPopulation
from pbm.sources import Layer, Nuclei, limited_slopes
from pbm.splitting import Splitting
from pbm.two_components import TwoComponentPopulation

RANDOM = np.random.Generator(np.random.Philox(key=11))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_births_keep_number_components_and_mixed_moments(count: int) -> None:
    """Random sums on an uneven lattice, shared by cell average: every moment of order one in each of two, 1e-12.

    No share is negative, and up to three components the squares grow no more than by the fixed pivot.
    """
    grids = tuple(geometric_grid(1.0, 40.0 + axis, 6 + axis) for axis in range(count))
    lattice = Lattice(grids)
    low, high = (np.array([grid.pivots[end] for grid in grids]) for end in (0, -1))
    sums = low[:, None] + RANDOM.random((count, 300)) * (high - low)[:, None]
    events = RANDOM.random(300)
    born, spread = CellAverage(lattice, sums).births(events), lattice.corner_shares(sums) @ events
    assert born.min() >= 0.0
    assert born.sum() == pytest.approx(events.sum(), rel=1e-12)
    np.testing.assert_allclose(lattice.components @ born, sums @ events, rtol=1e-12)
    for a in range(count):
        square = lattice.components[a] ** 2
        assert count == 4 or square @ born <= square @ spread * (1.0 + 1e-12)
        for b in range(a):
            mixed = lattice.components[a] * lattice.components[b]
            assert mixed @ born == pytest.approx((sums[a] * sums[b]) @ events, rel=1e-12)


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


@pytest.mark.parametrize("limiter", LIMITERS)
def test_limiters_of_arrays_are_those_of_scalars(limiter: str) -> None:
    """The same slopes as the compiled law of one coordinate, to the bit."""
    back, front = RANDOM.normal(size=(2, 200))
    back[:5] = 0.0
    number = LIMITERS.index(limiter)
    expected = [limited(number, float(one), float(other)) for one, other in zip(back, front)]
    np.testing.assert_array_equal(limited_slopes(number, back, front), expected)


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
        SeveralComponentPopulation((grid,), layers=(Layer(0, -1.0),))
    with pytest.raises(CaseError, match="no such nuclei"):
        SeveralComponentPopulation((grid,), nuclei=(Nuclei((9.0,), 1.0),))
    with pytest.raises(CaseError, match="breakage rate"):
        SeveralComponentPopulation((grid,), breakage=Splitting(-1.0))
