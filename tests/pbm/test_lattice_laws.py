"""Several components with laws by name, components that are lost, and grids that are too small, which is told."""

from __future__ import annotations

import warnings
from math import exp, log2
from typing import Any

import numpy as np
import pytest

import pbm
from compute.errors import CaseError
from pbm.grid import Floats, geometric_grid, linear_grid
from pbm.lattice import Lattice

GRID = geometric_grid(1e-15, 1e-10, 7)
MATERIAL = pbm.Material(porosity=0.4)


def sheared(first: Floats, second: Floats) -> Floats:
    """20/6 (d_i + d_j)^3 of solid volumes in 60 % of the granule."""
    return np.asarray(20.0 / 6.0 * (np.cbrt(6.0 * first / (0.6 * np.pi)) + np.cbrt(6.0 * second / (0.6 * np.pi))) ** 3)


@pytest.mark.parametrize("scheme", ["fixed-pivot", "cell-average"])
def test_a_kernel_by_name_is_that_of_all_solids(scheme: str) -> None:
    """Smoluchowski's shear of the sum of two components, as a law and as a function of both grains: to round-off."""
    law, numbers = pbm.kernel("shear", shear_rate=20.0), np.random.Generator(np.random.Philox(3)).random((7, 7))
    own, given = (
        pbm.SeveralComponentPopulation((GRID, GRID), rate, scheme=scheme, material=MATERIAL).change(numbers)[0]
        for rate in (law, lambda one, other: sheared(one.sum(axis=0), other.sum(axis=0)))
    )
    np.testing.assert_allclose(own, given, rtol=0.0, atol=1e-12 * np.abs(given).max())
    plane, stated = (
        pbm.TwoComponentPopulation((GRID, GRID), rate, material=MATERIAL).change(numbers, np.zeros((0, 7, 7)))[0]
        for rate in (law, lambda x, y, v, w: sheared(x + y, v + w))
    )
    np.testing.assert_allclose(plane, stated, rtol=0.0, atol=1e-12 * np.abs(stated).max())


def test_grains_that_lack_a_component_have_their_rate() -> None:
    """On grids with nil the cell of neither component has none; pure grains have that of their own volume."""
    nil = pbm.with_nil(GRID)
    rates = pbm.kernel("shear", shear_rate=20.0).by_solids(Lattice((nil, nil)).solids, MATERIAL)
    assert rates[0].max() == 0.0
    assert rates[1, 8] == pytest.approx(sheared(GRID.pivots[0], GRID.pivots[0]), rel=1e-12)


def test_a_breakage_rate_by_name() -> None:
    """Power law of the sum of both components; a law that is no rate there names the granule and its coefficients."""
    law = pbm.breakage_rate("power", rate=0.3, reference_volume=1e-12, exponent=1.0)
    lattice = Lattice((GRID, GRID))
    np.testing.assert_allclose(pbm.Splitting(law).rates(lattice), 0.3 * lattice.solids / 1e-12, rtol=1e-12)
    steep = pbm.breakage_rate("power", rate=0.3, reference_volume=1e-12, exponent=400.0)
    with pytest.raises(CaseError, match=r"power: outside its domain for granules of .*exponent=400"):
        pbm.Splitting(steep).rates(lattice)


def dried(classes: int) -> tuple[Any, float]:
    """Liquid that dries as exp(-t) on an axis of its own, from granules of one solid, for t = 1."""
    solid, liquid = geometric_grid(1.0, 10.0, 3), geometric_grid(1e-3, 1e2, classes)
    start = np.zeros((3, classes))
    start[1] = pbm.project_density(lambda volume: volume * np.exp(-volume), liquid)
    layer = pbm.Layer(1, lambda contents: -contents[1])
    result = pbm.SeveralComponentPopulation((solid, liquid), layers=(layer,)).solve(start, np.array([0.0, 1.0]))
    return result, abs(float(result.moment(0, 1)[1] / result.moment(0, 1)[0]) / exp(-1.0) - 1.0)


def test_liquid_on_an_axis_of_its_own_dries() -> None:
    """dl/dt = -l: the mean falls as exp(-t), 3 % at 60 classes over five decades, of second order or better.

    Number and solids are kept and what dried is booked, to round-off; nothing is below nil.
    """
    (_, coarse), (result, fine) = dried(60), dried(120)
    assert coarse < 0.03 and log2(coarse / fine) > 1.9
    assert max(result.imbalance) <= 1e-12 and result.numbers.min() >= 0.0
    assert result.moment(0, 0)[1] == pytest.approx(result.moment(0, 0)[0], rel=1e-12)
    assert result.booked[-1, 4] < 0.0


def test_pores_on_an_axis_consolidate_to_their_least() -> None:
    """dg/dt = -c (g - g0): g - g0 falls as exp(-c t); on even cells to 1 % of the pores, never below g0."""
    solid, gas = linear_grid(0.5, 3.5, 3), linear_grid(0.0, 1.2, 48)
    start = np.zeros((3, 48))
    start[1, 30:40] = 1.0
    least = 0.25
    layer = pbm.Layer(1, lambda contents: -0.7 * np.maximum(contents[1] - least, 0.0), "mc")
    result = pbm.SeveralComponentPopulation((solid, gas), layers=(layer,)).solve(start, np.array([0.0, 1.0, 30.0]))
    mean = result.moment(0, 1) / result.moment(0, 0)
    assert mean[1] == pytest.approx(least + (mean[0] - least) * exp(-0.7), rel=0.01)
    assert mean[2] == pytest.approx(least, abs=gas.edges[1]) and result.numbers[-1, :, :9].sum() < 1e-12
    assert max(result.imbalance) <= 1e-12


def test_lattices_that_hold_granules_back_say_so() -> None:
    """Grids a thousandth of what they should be: which component, how much of it, and what to do; else silence."""
    small, start = geometric_grid(1e-3, 1e1, 6), np.zeros((6, 6))
    start[3, 3] = 1.0
    for make in (pbm.SeveralComponentPopulation, pbm.TwoComponentPopulation):
        population = make((small, small), 1.0)
        with pytest.warns(UserWarning, match=r"component 0 is in granules of more than half its top pivot.*enlarge"):
            population.solve(start, np.array([0.0, 1e3]))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            population.solve(start, np.array([0.0, 1e-4]))
    layered = pbm.SeveralComponentPopulation((small, small), layers=(pbm.Layer(1, 1.0),))
    with pytest.warns(UserWarning, match="component 1 is in its top class"):
        layered.solve(start, np.array([0.0, 10.0]))


def test_layers_that_reach_the_top_class_say_so() -> None:
    """Growth by 10 um/s for 10 s on a grid that ends at 100 um, alone and as an ensemble."""
    grid = pbm.diameter_grid(10e-6, 100e-6, 10)
    population = pbm.Population(grid, growth=pbm.Growth(10e-6))
    start = np.where(np.arange(10) == 5, 1e9, 0.0)
    with pytest.warns(UserWarning, match=r"% of the solids are in the top class, .* where no layers grow: enlarge"):
        population.solve(start, [0.0, 10.0])
    with pytest.warns(UserWarning, match="1 of 2 members have solids in the top class"):
        pbm.Ensemble(population, growth=np.array([0.01, 1.0])).solve(start, [0.0, 10.0])


@pytest.mark.parametrize(
    ("edges", "pivots"),
    [([0.0, 1.0, 2.0], [3.0, 4.0]), ([0.0, 1.0, 1.0], [0.5, 1.0]), ([0.0, 1.0, 2.0], [0.5]), ([-1.0, 1.0], [0.0])],
)
def test_what_is_no_grid_is_refused(edges: list[float], pivots: list[float]) -> None:
    """Pivots outside their cells, edges that do not rise, or too few of them; any other cells are a grid."""
    with pytest.raises(CaseError, match="not cells of a grid"):
        pbm.Grid(np.array(edges), np.array(pivots))
    with pytest.raises(CaseError, match="the size range is empty"):
        linear_grid(2.0, 1.0, 5)


def test_moments_need_times_that_rise() -> None:
    law = pbm.MomentPopulation(pbm.kernel("constant", rate_coefficient=1.0))
    with pytest.raises(CaseError, match="output times have to rise"):
        law.solve(np.array([1.0, 1.0, 2.0, 6.0]), np.array([2.0, 0.0]))
