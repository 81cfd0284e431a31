"""Layering inside the granulation program: closed solutions, balances with every mechanism on, mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from pbm.assemble import bare_parameters, make_tables
from pbm.cells import Cells
from pbm.granulation import Granulation
from pbm.grid import Floats, Grid, solid_volume_of
from pbm.growth import LIMITERS
from pbm.layering import make_deposition
from pbm.model import BOOKED, EXTERNAL, GAS, LAYERED, LAYERED_NUMBER, NUMBER, Tables, make_workspace
from pbm.program import load_program
from pbm.solve import Accuracy, Setup, Solution, solve
from tests.pbm.population import granulation_case, stated
from tests.pbm.test_stated_laws import stated_case
from tests.pbm.test_two_solids import two_solid_case

POROSITY, SPEED = 0.4, 1e-6
WET = bare_parameters()._replace(absorption_time=1e30, film_thickness=1e-9, asperity_height=1e-10)


def layered(classes: int, limiter: str = "van-leer", half_ratio: float = 1e-9) -> tuple[Grid, Tables, Floats]:
    """Wet granules of 80 to 120 um on even classes of diameter, and plenty of powder of 10 um in a class of its own."""
    sizes = np.r_[5e-6, 15e-6, np.linspace(50e-6, 250e-6, classes + 1)]
    edges = solid_volume_of(sizes, POROSITY)
    grid = Grid(edges, 0.5 * (edges[1:] + edges[:-1]))
    largest = float(solid_volume_of(20e-6, POROSITY))
    deposition = make_deposition(Cells((grid,)), largest, SPEED, half_ratio, LIMITERS.index(limiter))
    middle = grid.diameters(POROSITY)
    granules = np.where((middle > 80e-6) & (middle < 120e-6), 1e6, 0.0)
    state = np.zeros((1, 4, grid.classes))
    state[0, NUMBER] = granules
    state[0, NUMBER, 0] = 10.0 * granules.sum() * grid.pivots[-1] / grid.pivots[0]
    state[0, GAS] = state[0, NUMBER] * grid.pivots * POROSITY / (1.0 - POROSITY)
    state[0, EXTERNAL] = 0.2 * granules * grid.pivots
    return grid, make_tables(grid, laws=stated())._replace(deposition=deposition), state


def grow(classes: int, limiter: str = "van-leer") -> tuple[Floats, Solution]:
    """Diameters of the granules' classes, and their growth for 100 s."""
    grid, tables, state = layered(classes, limiter)
    program, times = load_program("constant", "always", "power"), np.array([0.0, 100.0])
    return grid.diameters(POROSITY)[1:], solve(Setup(program, state, WET, tables), times, Accuracy(1e-3, 1e-2))


@pytest.mark.parametrize(
    ("limiter", "mean", "cube"), [("van-leer", 1e-6, 0.03), ("superbee", 1e-6, 0.03), ("upwind", 5e-6, 0.15)]
)
def test_every_diameter_grows_alike(limiter: str, mean: float, cube: float) -> None:
    """d = d0 + G t whatever the size: number kept, mean diameter + 100 um to a tenth of a class of 10 um, and the mean
    cube that of d0 + G t to what the scheme spreads: 3 % with a limiter on 20 classes, five times that without.
    """
    sizes, result = grow(20, limiter)
    start, end = (state[0, NUMBER, 1:] / state[0, NUMBER, 1:].sum() for state in result.states[[0, -1]])
    assert result.states[-1, 0, NUMBER, 1:].sum() == pytest.approx(result.states[0, 0, NUMBER, 1:].sum(), rel=1e-12)
    assert (end - start) @ sizes == pytest.approx(SPEED * 100.0, abs=mean)
    assert end @ sizes**3 == pytest.approx(start @ (sizes + SPEED * 100.0) ** 3, rel=cube)
    assert max(result.worst_imbalance) <= 1e-12 and result.states.min() >= 0.0


def test_the_scheme_is_of_second_order() -> None:
    """Twice the classes: the mean cube of d0 + G t errs by less than a third, where a first order would leave half."""
    errors = []
    for classes in (20, 40):
        sizes, result = grow(classes)
        start, end = result.states[0, 0, NUMBER, 1:], result.states[-1, 0, NUMBER, 1:]
        errors.append(abs(end @ sizes**3 / (start @ (sizes + SPEED * 100.0) ** 3) - 1.0))
    assert errors[1] < errors[0] / 3.0


def test_layers_are_powder() -> None:
    """What granules gain is what the powder lost: solids to round-off, with its pores, so that one porosity stays."""
    grid, _, _ = layered(20)
    _, result = grow(20)
    solids = result.states[:, 0, NUMBER] * grid.pivots
    lost = solids[0, 0] - solids[-1, 0]
    assert solids[-1, 1:].sum() - solids[0, 1:].sum() == pytest.approx(lost, rel=1e-10)
    assert result.booked[-1, LAYERED] == pytest.approx(lost, rel=1e-10)
    assert result.booked[-1, LAYERED_NUMBER] * grid.pivots[0] == pytest.approx(lost, rel=1e-10)
    ratio = result.states[-1, 0, GAS] / np.where(solids[-1] > 0.0, solids[-1], 1.0)
    assert ratio[solids[-1] > 0.0] == pytest.approx(POROSITY / (1.0 - POROSITY), rel=1e-12)


def deposition_rate(half_ratio: float, film: float = 1e-9) -> float:
    """Solids deposited per second on the start of `layered`."""
    grid, tables, state = layered(20, half_ratio=half_ratio)
    work, change, booked = make_workspace(1, grid.classes), np.zeros(state.shape), np.zeros(BOOKED)
    wet = WET._replace(film_thickness=film)
    load_program("constant", "always", "power").right_hand_side(state, 0.0, 0.0, wet, tables, work, change, booked)
    return float(booked[LAYERED])


def test_growth_is_limited_by_powder_and_wetness() -> None:
    """V_p/(V_p + K V_g) and phi, both exact: half of the rate at K = V_p/V_g, and on surfaces that are half wet."""
    grid, _, state = layered(20)
    solids = state[0, NUMBER] * grid.pivots
    plenty = deposition_rate(1e-12)
    assert deposition_rate(solids[0] / solids[1:].sum()) == pytest.approx(0.5 * plenty, rel=1e-9)
    films = state[0, EXTERNAL, 1:] / (np.pi * grid.diameters(POROSITY)[1:] ** 2 * np.maximum(state[0, NUMBER, 1:], 1.0))
    thick = 10.0 * films.max()
    assert deposition_rate(1e-12, 2.0 * thick) == pytest.approx(0.5 * deposition_rate(1e-12, thick), rel=1e-9)


@pytest.mark.parametrize("solids", [1, 2])
def test_layering_beside_everything_else_keeps_the_balances(solids: int) -> None:
    """Both solids, liquid, gas and number against events to 1e-12 at every step, until next to no powder is left."""
    if solids == 1:
        case = stated_case(grid={"classes": 12}, layering={"rate": "1 mm/s", "powder_below": "100 um"})
    else:
        layering = {"rate": "20 um/s", "powder_below": "30 um", "half_ratio": 0.01}
        case = two_solid_case(layering=layering, end="0.4 s")
    model = Granulation(case, compiled=False)
    result = model.simulate(times=np.array([0.0, 0.5 * case.end]), accuracy=Accuracy(1e-2))
    assert max(result.worst_imbalance) <= 1e-12 and result.states.min() >= 0.0
    assert result.booked[-1, LAYERED] > 0.0
    if solids == 1:
        powder = result.states[:, 0, NUMBER] @ (model.tables.deposition.powder * model.cells.solid_volume)
        assert powder[-1] < 0.2 * powder[0]


@pytest.mark.parametrize(
    ("layering", "message"),
    [
        ({"rate": "1 um/s", "powder_below": "1 um"}, "powder and granules are not told apart"),
        ({"rate": "1 um/s", "powder_below": "1 m"}, "powder and granules are not told apart"),
        ({"rate": "-1 um/s", "powder_below": "60 um"}, "greater than or equal to 0"),
        ({"rate": "1 um", "powder_below": "60 um"}, "does not measure speed"),
        ({"rate": "1 um/s", "powder_below": "60 um", "limiter": "mimod"}, "'van-leer'"),
    ],
)
def test_mistakes_are_found_when_the_case_is_read(layering: dict[str, Any], message: str) -> None:
    """Each is refused at its key."""
    with pytest.raises(ValidationError, match=message):
        granulation_case(layering=layering)


def test_a_full_top_class_is_named() -> None:
    """Granules that outgrow the grid stop growing, and the result says so; a rate of nil deposits nothing."""
    grains = [{"solids": [1e-14], "number": 100.0}, {"solids": [1e-12], "number": 1.0}]
    changes: dict[str, Any] = {
        "feed": {"grains": grains, "charge": "100 g", "porosity": 0.45, "moisture": 1.0},
        "aggregation": {"kernel": {"name": "shear", "shear_rate": 1e-3}, "sticking": "always"},
        "grid": {"classes": 8, "smallest_diameter": "20 um", "largest_diameter": "200 um"},
        "liquid": {"spray": {"rate": 0.0, "end": "9 s"}, "drop_diameter": "40 um", "film_thickness": "6 um"},
    }
    for rate, named in ((1e-3, True), (0.0, False)):
        case = stated_case(layering={"rate": rate, "powder_below": "60 um"}, **changes)
        result = Granulation(case, compiled=False).simulate(times=np.array([0.0, 0.1]), accuracy=Accuracy(1e-2))
        assert (result.booked[-1, LAYERED] > 0.0) == named
        assert any("top class, where no layers grow" in said for said in result.warnings) == named
