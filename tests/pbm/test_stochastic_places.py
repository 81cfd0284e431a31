"""Weighted particles beside classes where powder flows and has two solids: compartments, drops, layers, two grids."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from pbm.case import PbmCase
from pbm.cells import spread
from pbm.granulation import Granulation
from pbm.grid import Floats
from pbm.model import (
    EVAPORATED,
    EXTERNAL,
    FED_SOLIDS,
    FRAGMENTED,
    GAS,
    INTERNAL,
    LAYERED,
    LEFT_GAS,
    LEFT_LIQUID,
    LEFT_NUMBER,
    LEFT_SECOND,
    LEFT_SOLIDS,
    NUCLEI,
    NUMBER,
    SPRAYED,
)
from pbm.outputs import outputs_of
from pbm.places import ABSENT
from pbm.result import GranulationResult
from pbm.stochastic import StochasticGranulation, StochasticResult
from pbm.weighted import Particles
from tests.pbm.population import UNEQUAL_BREAKAGE, granulation_case, kernel_law
from tests.pbm.test_stated_laws import stated_case

PLACES: dict[str, Any] = {
    "names": ["wet", "mix", "dry"],
    "exchange": [
        {"from": "wet", "to": "mix", "rate": "0.6 1/s"},
        {"from": "mix", "to": "wet", "rate": "0.2 1/s"},
        {"from": "mix", "to": "dry", "rate": "0.4 1/s"},
    ],
    "outlets": [{"from": "dry", "rate": "0.3 1/s"}],
    "feeds": [{"name": "powder", "to": "wet", "rate": "10 g/s", "grains": [{"solids": [8e-14, 2e-14], "number": 1.0}]}],
    "charge": {"wet": 0.6, "mix": 0.4},
    "spray": {"wet": 0.7, "mix": 0.3},
}
GRAINS = [
    {"solids": [1e-13, 0.0], "number": 60.0},
    {"solids": [0.0, 2e-14], "number": 200.0},
    {"solids": [5e-13, 0.0], "number": 6.0},
]
FEED = {"grains": GRAINS, "charge": "100 g", "moisture": 0.02, "porosity": 0.45}
LOSSES = [LEFT_NUMBER, LEFT_SOLIDS, LEFT_SECOND, LEFT_LIQUID, LEFT_GAS]


def meeting(case_of: Any, mergers: float, end: float) -> Granulation:
    """A granulation with the constant kernel at which each granule of the start would merge so often by the end."""
    model = Granulation(case_of(1.0), compiled=False)
    number = model.initial_state()[:, NUMBER].sum(axis=0)
    return Granulation(case_of(mergers * float(number @ model.cells.solid_volume) / float(number.sum()) / end))


def flowing(rate: float) -> PbmCase:
    """Three compartments, a feed of other grains, drops of many sizes, layers, drying, breakage, a lumped solid."""
    liquid = {
        "spray": {"rate": "0.66 g/s", "end": "9 s"},
        "drops": {"median": "120 um", "spread": 0.3},
        "penetration_time": "0.1 s",
        "evaporation": "20 g/(m^2 s)",
    }
    return stated_case(
        feed=FEED,
        second_solid={"name": "api", "scatter": True},
        grid={"classes": 40, "smallest_diameter": "10 um", "largest_diameter": "1 mm"},
        aggregation={"kernel": {"name": "constant", "rate_coefficient": rate}, "sticking": "always"},
        breakage=UNEQUAL_BREAKAGE,
        liquid=liquid,
        layering={"rate": "2 um/s", "powder_below": "50 um"},
        compartments=PLACES,
        end="6 s",
    )


def held_by_classes(model: Granulation, states: Floats) -> Floats:
    """Number, solids, second solid, liquid, gas of each compartment, (times, compartments, 5)."""
    content = model.tables.places.content
    second = states[:, :, NUMBER] * model.cells.components[1] if content == ABSENT else states[:, :, content]
    columns = (
        states[:, :, NUMBER],
        states[:, :, NUMBER] * model.cells.solid_volume,
        second,
        states[:, :, INTERNAL] + states[:, :, EXTERNAL],
        states[:, :, GAS],
    )
    return np.stack([column.sum(axis=-1) for column in columns], axis=-1)


def read_as_classes(model: Granulation, run: StochasticResult) -> Floats:
    """d50 of particles shared by the pivots around them, read as that of classes is [m], (times,)."""
    found = []
    for beds in run.beds:
        bed, state = Particles.none().join(*beds), np.zeros((1, model.tables.places.quantities, model.cells.count))
        axes = np.array([bed.solid, bed.second]) if len(model.cells.grids) == 1 else np.array(bed.parts)
        held, number = spread(model.cells, axes, bed.weight)
        times = held.size // bed.count
        for quantity, content in ((INTERNAL, bed.internal), (EXTERNAL, bed.external), (GAS, bed.gas)):
            np.add.at(state[0, quantity], held, number * np.tile(content, times))
        np.add.at(state[0, NUMBER], held, number)
        found.append(outputs_of(state, model.parameters, model.tables).d50)
    return np.array(found)


def agree(expected: Floats, got: list[Floats], share: float) -> bool:
    """Whether the mean of the seeds lies within four standard errors and this share, and the errors below a tenth."""
    each = np.array(got)
    error = each.std(axis=0, ddof=1) / np.sqrt(len(got))
    near = np.abs(each.mean(axis=0) - expected) <= 4.0 * error + share * np.abs(expected)
    return bool(np.all(near) and np.all(error <= 0.1 * np.abs(expected)))


def check_places(model: Granulation, classes: GranulationResult, runs: list[StochasticResult]) -> None:
    """What each compartment holds and what left: 4 %, of the step and the classes, beside the stochastic error; d50 to
    3 %, read of particles as of classes, which interpolate within theirs.

    The particles keep all solids, liquid and gas against what came, left and evaporated, to round-off.
    """
    held = held_by_classes(model, classes.states)
    assert agree(held[-1], [run.held[-1] for run in runs], 0.04)
    assert agree(classes.booked[-1, LOSSES], [run.left[-1] for run in runs], 0.04)
    assert agree(classes.d50, [read_as_classes(model, run) for run in runs], 0.03)
    assert agree(classes.booked[-1:, SPRAYED], [run.sprayed[-1:] for run in runs], 0.01)
    for run in runs:
        np.testing.assert_allclose(run.solids, run.solids[0] + run.fed[:, 1] - run.left[:, 1], rtol=1e-11)
        np.testing.assert_allclose(run.second, run.second[0] + run.fed[:, 2] - run.left[:, 2], rtol=1e-11)
        liquid = run.liquid[0] + run.sprayed - run.evaporated + run.fed[:, 3] - run.left[:, 3]
        np.testing.assert_allclose(run.liquid, liquid, rtol=1e-10)
        assert run.fed[-1, 1] == pytest.approx(classes.booked[-1, FED_SOLIDS], rel=0.01)


def scatter_of(run: StochasticResult) -> float:
    """Sum of c^2/x of all granules [m3]."""
    return sum(float(bed.weight @ (bed.second**2 / bed.solid)) for bed in run.beds[-1])


def test_compartments_and_particles_agree() -> None:
    """Exchange, a feed and an outlet beside every mechanism and a lumped solid with its scatter; four seeds.

    Evaporated liquid to 4 % beside the stochastic error as well: it dries from few nuclei, whose pores are nearly full.
    """
    model, times = meeting(flowing, 3.0, 6.0), np.array([0.0, 3.0, 6.0])
    classes = model.simulate(times=times)
    runs = [StochasticGranulation(model, 240, 0.05, seed).simulate(times) for seed in range(4)]
    check_places(model, classes, runs)
    assert agree(classes.booked[-1:, EVAPORATED], [run.evaporated[-1:] for run in runs], 0.04)
    places = model.tables.places
    square = classes.states[:, :, places.square].sum(axis=(1, 2))
    start = classes.states[0, :, places.content].sum()
    assert agree(square[-1:], [np.array([scatter_of(run)]) for run in runs], 0.03)
    assert square[-1] < 0.7 * start
    assert np.all(classes.booked[-1, [NUCLEI, LAYERED, FRAGMENTED, EVAPORATED]] > 0.0)


def two_grids(rate: float) -> PbmCase:
    """Two solids with a grid each, grains of one and mixed ones, in two compartments with a feed and an outlet."""
    solids = [{"name": name, "first_volume": 1e-14, "ratio": 1.8, "classes": 14} for name in ("api", "excipient")]
    grains = [{"solids": [1e-14, 6e-14], "number": 3.0}, {"solids": [1e-13, 1e-14], "number": 1.0}]
    return stated_case(
        feed=FEED | {"grains": grains},
        grid={},
        solids=solids,
        aggregation={"kernel": {"name": "constant", "rate_coefficient": rate}, "sticking": "always"},
        breakage={"rate": {"name": "power", "rate": 0.5, "reference_volume": 1e-12, "exponent": 0.3},
                  "primary_diameter": "40 um"},
        liquid={"spray": {"rate": "0.5 g/s", "end": "9 s"}, "drop_diameter": "70 um", "penetration_time": "0.2 s"},
        compartments={
            "names": ["wet", "dry"],
            "exchange": [{"from": "wet", "to": "dry", "rate": "0.5 1/s"}],
            "outlets": [{"from": "dry", "rate": "0.4 1/s"}],
            "feeds": [{"name": "powder", "to": "wet", "rate": "10 g/s"}],
            "charge": {"wet": 1.0},
        },
        end="3 s",
    )  # fmt: skip


def test_two_grids_and_particles_agree() -> None:
    """Both solids of every granule, nuclei as the powder is, fragments as their parents; four seeds."""
    model, times = meeting(two_grids, 2.0, 3.0), np.array([0.0, 3.0])
    classes = model.simulate(times=times)
    runs = [StochasticGranulation(model, 300, 0.05, seed).simulate(times) for seed in range(4)]
    check_places(model, classes, runs)
    assert np.all(classes.booked[-1, [NUCLEI, FRAGMENTED]] > 0.0)


@pytest.mark.parametrize("grains", [5e-12, 5e-13])
def test_published_forms_are_followed(grains: float) -> None:
    """Spray as volume at the density of the solids, gas driven out by all liquid: granules that do not meet.

    Liquid and gas of classes and particles to 1 %: one is sprayed in whole particles.
    """
    case = stated_case(
        feed=FEED | {"grains": [{"solids": [grains], "number": 1.0}]},
        grid={"classes": 8, "smallest_diameter": "10 um", "largest_diameter": "1 mm"},
        aggregation={"kernel": {"name": "constant", "rate_coefficient": 1e-40}, "sticking": "always"},
        breakage={"on": False},
        liquid={"spray": {"rate": "0.66 g/s", "end": "9 s"}, "drop_diameter": "80 um", "addition": "published"},
        consolidation={"rate": "0.1 1/s", "form": "published"},
        end="4 s",
    )
    model, times = Granulation(case, compiled=False), np.array([0.0, 4.0])
    states = model.simulate(times=times).states
    run = StochasticGranulation(model, 40, 0.05).simulate(times)
    liquid, gas = held_by_classes(model, states)[:, 0, 3:].T
    np.testing.assert_allclose(run.liquid, liquid, rtol=0.01)
    np.testing.assert_allclose(run.gas, gas, rtol=0.01)
    assert gas[1] < 0.8 * gas[0]


@pytest.mark.validate
def test_a_line_of_compartments_agrees_with_particles() -> None:
    """A continuous granulator over 30 s: laws of a particle simulation, four compartments with back exchange, a feed of
    lactose, spray on the first two, drying; d50 has grown by more than a fifth. Six seeds.

    At a liquid to solids ratio of 0.19 the granules that leave are 1.33 times as large as the feed when flow is steady.
    Evaporated liquid to 4 % as the rest.
    """
    names = ["feed", "spray", "work", "end"]
    forward = [{"from": a, "to": b, "rate": "0.4 1/s"} for a, b in pairwise(names)]
    back = [{"from": b, "to": a, "rate": "0.1 1/s"} for a, b in pairwise(names)]
    places = {
        "names": names,
        "exchange": forward + back,
        "outlets": [{"from": "end", "rate": "0.3 1/s"}],
        "feeds": [{"name": "powder", "to": "feed", "rate": "8 g/s"}],
        "spray": {"feed": 0.3, "spray": 0.7},
        "stirring": {"feed": 0.8, "spray": 1.0, "work": 1.2, "end": 1.0},
    }
    liquid = {
        "spray": {"rate": "1.5 g/s", "end": "99 s"},
        "drops": {"median": "180 um", "spread": 0.2},
        "penetration_time": "0.1 s",
        "evaporation": "5 g/(m^2 s)",
    }
    case = granulation_case(
        grid={"classes": 80}, liquid=liquid, compartments=places, second_solid={"name": "api"}, end="30 s"
    )
    model, times = Granulation(case, kernel_law()), np.array([0.0, 10.0, 20.0, 30.0])
    classes = model.simulate(100.0, times)
    runs = [StochasticGranulation(model, 40, 0.05, seed).simulate(times, 100.0) for seed in range(6)]
    check_places(model, classes, runs)
    assert agree(classes.booked[-1:, EVAPORATED], [run.evaporated[-1:] for run in runs], 0.04)
    assert classes.d50[-1] > 1.2 * classes.d50[0]
