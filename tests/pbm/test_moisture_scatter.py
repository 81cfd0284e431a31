"""Scatter of moisture within classes: closed solutions, bounds with every mechanism on, agreement with particles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pbm.assemble import bare_parameters, make_tables
from pbm.case import PbmCase
from pbm.granulation import Granulation
from pbm.grid import multiples_grid
from pbm.model import (
    BOOKED,
    EVAPORATED,
    EXTERNAL,
    FRAGMENTED,
    GAS,
    INTERNAL,
    LAYERED,
    NUCLEI,
    NUMBER,
    SPRAYED,
    Parameters,
    make_workspace,
)
from pbm.outputs import outputs_of
from pbm.places import make_places
from pbm.program import load_program
from pbm.solve import Accuracy, Setup, solve
from pbm.stochastic import StochasticGranulation, StochasticResult
from pbm.weighted import Particles
from pbm.weighted_contents import evaporate
from pbm.weighted_events import merge
from pbm.weighted_laws import WeightedLaws
from tests.pbm.population import NUMBER as COUNT
from tests.pbm.population import UNEQUAL_BREAKAGE, UNIT, stated
from tests.pbm.test_stated_laws import stated_case
from tests.pbm.test_stochastic_places import FEED, PLACES, agree, meeting

WET = make_places(wetness=True)


def test_scatter_falls_with_the_root_of_the_grains() -> None:
    """Equal grains, a third of them with liquid as their solids: of n drawn together l/x scatters by sqrt(p (1 - p)/n),
    as variances of independent contents add. Granules of 1 to 12 grains on pivots that are multiples, where sums need
    no averaging: to 1e-9 of round-off. Over all granules it falls as <1/n> by solids. Fragments keep the sum.
    """
    grid = multiples_grid(UNIT, 24)
    state = np.zeros((1, WET.quantities, 24))
    state[0, NUMBER, 0] = 3.0 * COUNT
    state[0, [INTERNAL, WET.wetness], 0] = COUNT * UNIT
    tables = make_tables(grid, laws=stated(rate=3.0 * COUNT * UNIT / COUNT), places=WET)
    program, times = load_program("constant", "always", "power"), np.array([0.0, 0.5])
    end = solve(Setup(program, state, bare_parameters(), tables), times, Accuracy(1e-2)).states[-1]
    found, grains = outputs_of(end, bare_parameters(), tables), np.arange(1, 13)
    np.testing.assert_allclose(found.moisture_scatters[:12], np.sqrt(2.0 / 9.0 / grains), rtol=1e-9)
    solids = end[0, NUMBER] * grid.pivots
    assert found.moisture_scatter**2 == pytest.approx(2.0 / 9.0 * float(solids @ (UNIT / grid.pivots)) / solids.sum())
    change, booked = np.zeros(end.shape), np.zeros(BOOKED)
    breaking = make_tables(grid, laws=stated(selection=1.0 / UNIT), places=WET)
    program.right_hand_side(end, 0.0, 0.0, bare_parameters(), breaking, make_workspace(1, 24), change, booked)
    assert booked[FRAGMENTED] > 0.0
    assert abs(change[0, WET.wetness].sum()) <= 1e-12 * np.abs(change[0, WET.wetness]).sum()


def test_spray_shifts_moisture_and_drying_scales_it() -> None:
    """Coated granules all gain one ratio of liquid to solids, so that their variance W/X - (L/X)^2 stays; drying takes
    of each what it holds, so that the variance goes with the square of the mean. Rates to round-off, through
    dW/dt of the right-hand side, for two kinds of granules in one class.
    """
    grid, ratios = multiples_grid(UNIT, 6), np.array([0.1, 0.4])
    tables = make_tables(grid, laws=stated(), places=WET)
    state = np.zeros((1, WET.quantities, 6))
    state[0, NUMBER, 2] = COUNT
    solids = COUNT * grid.pivots[2]
    state[0, EXTERNAL, 2], state[0, WET.wetness, 2] = solids * ratios.mean(), solids * (ratios**2).mean()
    parameters, rates = bare_parameters(), load_program("constant", "always", "power").right_hand_side
    for spray, drying in ((1e-3 * solids, 0.0), (0.0, 1e-9)):
        change, booked = np.zeros(state.shape), np.zeros(BOOKED)
        given = parameters._replace(evaporation_speed=drying, film_thickness=1.0)
        rates(state, 0.0, spray, given, tables, make_workspace(1, 6), change, booked)
        gained, held = change[0, EXTERNAL, 2] / solids, state[0, EXTERNAL, 2] / solids
        variance = change[0, WET.wetness, 2] / solids - 2.0 * held * gained
        assert gained != 0.0 and gained == pytest.approx((booked[SPRAYED] - booked[EVAPORATED]) / solids, rel=1e-12)
        expected = 0.0 if spray > 0.0 else 2.0 * gained / held * ratios.var()
        assert variance == pytest.approx(expected, rel=1e-9, abs=1e-12 * abs(gained))


class AllMeet(WeightedLaws):
    """Every meeting sticks, at one rate constant [m3/s]."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def meeting(self, one: Particles, i: np.ndarray, j: np.ndarray, speed: float) -> np.ndarray:
        """The rate constant of every pair."""
        return np.full(i.size, self.rate)

    def sticking(self, one: Particles, i: np.ndarray, j: np.ndarray, speed: float) -> np.ndarray:
        """One for every pair."""
        return np.ones(i.size)


def drying_particles(p: Parameters, rate: float, seed: int) -> np.ndarray:
    """Variance of l/x among granules of 1 to 6 grains, weighted with solids, as below, by weighted particles."""
    random, count = np.random.Generator(np.random.Philox(key=seed)), 6000
    solid, none = np.full(count, UNIT), np.zeros(count)
    films = np.where(np.arange(count) % 3 == 0, UNIT, 0.0)
    bed = Particles(np.full(count, 3.0 * COUNT / count), solid, none.copy(), films, none.copy(), none.copy())
    for _ in range(20):
        evaporate(bed, 0.025, p)
        merge(bed, 0.05, 0.0, AllMeet(rate), random)
        evaporate(bed, 0.025, p)
    grains, held = np.rint(bed.solid / UNIT).astype(int), bed.external / bed.solid
    solids = bed.weight * bed.solid
    first, second = (np.bincount(grains, solids * held**order)[1:7] for order in (1, 2))
    whole = np.bincount(grains, solids)[1:7]
    return np.asarray(second / whole - (first / whole) ** 2)


def test_each_class_dries_and_scatters_as_particles_do() -> None:
    """Equal grains, a third of them under a film as large as they are, which dries as exp(-c t) while granules merge:
    the variance of l/x among those of n grains is 2/9 exp(-2 c t)/n, by classes to the 2e-3 of the time integration,
    by particles within four standard errors of six seeds, each below a tenth, and so is one beside the other.
    """
    grid, rate, drying = multiples_grid(UNIT, 24), 3.0 * UNIT, 0.4
    p = bare_parameters()._replace(evaporation_speed=drying, film_thickness=1.0)
    state = np.zeros((1, WET.quantities, 24))
    state[0, NUMBER, 0] = 3.0 * COUNT
    state[0, [EXTERNAL, WET.wetness], 0] = COUNT * UNIT
    tables = make_tables(grid, laws=stated(rate=rate), places=WET)
    program, times = load_program("constant", "always", "power"), np.array([0.0, 1.0])
    end = solve(Setup(program, state, p, tables), times, Accuracy(1e-3)).states[-1]
    solids = end[0, NUMBER] * grid.pivots
    classes = (end[0, WET.wetness] / solids - (end[0, EXTERNAL] / solids) ** 2)[:6]
    got = np.array([drying_particles(p, rate, seed) for seed in range(6)])
    error = got.std(axis=0, ddof=1) / np.sqrt(6.0)
    np.testing.assert_allclose(classes, 2.0 / 9.0 * np.exp(-2.0 * drying) / np.arange(1, 7), rtol=2e-3)
    assert np.all(np.abs(got.mean(axis=0) - classes) <= 4.0 * error) and np.all(error <= 0.1 * classes)


def wet_case(rate: float, **changes: Any) -> PbmCase:
    """Three compartments, a feed, drops of many sizes, layers and breakage, with the scatter of moisture."""
    liquid = {
        "spray": {"rate": "0.66 g/s", "end": "9 s"},
        "drops": {"median": "120 um", "spread": 0.3},
        "penetration_time": "0.1 s",
        "scatter": True,
    }
    regions = PLACES | {"feeds": [{"name": "powder", "to": "wet", "rate": "10 g/s"}]}
    values: dict[str, Any] = {
        "feed": {key: FEED[key] for key in ("charge", "moisture", "porosity")}
        | {"grains": [{"solids": [sum(kind["solids"])], "number": kind["number"]} for kind in FEED["grains"]]},
        "grid": {"classes": 40, "smallest_diameter": "10 um", "largest_diameter": "1 mm"},
        "aggregation": {"kernel": {"name": "constant", "rate_coefficient": rate}, "sticking": "always"},
        "breakage": UNEQUAL_BREAKAGE,
        "liquid": liquid,
        "compartments": regions,
        "end": "6 s",
    }
    return stated_case(**(values | changes))


def wetness_of(run: StochasticResult) -> float:
    """Sum of l^2/x of all granules [m3]."""
    return sum(float(bed.weight @ ((bed.internal + bed.external) ** 2 / bed.solid)) for bed in run.beds[-1])


@pytest.mark.validate
def test_classes_and_particles_scatter_alike() -> None:
    """Merging, spray, nuclei, breakage, layers, exchange, a feed and an outlet beside particles with liquids of their
    own, which change neither rates nor sizes here; four seeds. The sum of l^2/x and the standard deviation of all to
    4 % beside the stochastic error, as contents agree elsewhere; without the scatter it would be far off.
    """
    layering = {"rate": "2 um/s", "powder_below": "50 um"}
    model = meeting(lambda rate: wet_case(rate, layering=layering), 3.0, 6.0)
    times = np.array([0.0, 3.0, 6.0])
    classes = model.simulate(times=times)
    runs = [StochasticGranulation(model, 120, 0.05, seed, lumped=False).simulate(times) for seed in range(4)]
    wetness = classes.states[-1:, :, model.tables.places.wetness].sum(axis=(1, 2))
    assert agree(wetness, [np.array([wetness_of(run)]) for run in runs], 0.04)
    assert np.all(classes.booked[-1, [NUCLEI, LAYERED, FRAGMENTED]] > 0.0)
    liquid = classes.states[-1, :, [INTERNAL, EXTERNAL]].sum(axis=0)
    mean = float((liquid**2 / np.maximum(classes.states[-1, :, NUMBER] * model.cells.solid_volume, 1e-300)).sum())
    assert wetness[0] > 1.1 * mean


def test_scatter_stays_possible_beside_every_mechanism() -> None:
    """L^2/X <= W in every class and nothing below nil; the rest of the state as without it, to the error of a step;
    balances to round-off.
    """
    drying = {"evaporation": "20 g/(m^2 s)"}
    layering = {"rate": "2 um/s", "powder_below": "50 um"}
    results = []
    for scatter in (True, False):
        liquid = wet_case(0.0).liquid.model_dump() | drying | {"scatter": scatter}
        case = wet_case(2e-13, layering=layering, liquid=liquid, grid={"classes": 12})
        model = Granulation(case, compiled=False)
        results.append(model.simulate(times=np.array([0.0, 0.3]), accuracy=Accuracy(1e-2)))
    with_it, without = results
    states, place = with_it.states, 4
    liquid, solids = states[:, :, 1:3].sum(axis=2), states[:, :, NUMBER] * with_it.solid_volume
    slack = 1e-3 * liquid.max()
    assert np.all(liquid**2 <= (states[:, :, place] + slack) * solids + slack**2)
    assert max(with_it.worst_imbalance) <= 1e-12 and states.min() >= 0.0
    assert np.all(with_it.booked[-1, [NUCLEI, LAYERED, FRAGMENTED, EVAPORATED]] > 0.0)
    np.testing.assert_allclose(with_it.d50, without.d50, rtol=1e-3)
    assert 0.02 < with_it.moisture_scatter[-1] < 1.0 and np.nanmax(with_it.moisture_scatters[-1]) > 0.01
    assert np.isnan(without.moisture_scatter).all() and with_it.moisture_scatter[0] <= 1e-6
    assert without.states.shape[2] == GAS + 1
