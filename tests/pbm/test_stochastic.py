"""Weighted particles beside classes: granulations with every mechanism on, by two methods that share nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from pbm.aggregation import KERNELS
from pbm.daughters import DAUGHTERS
from pbm.granulation import Granulation
from pbm.laws import breakage_rate, fragments, kernel
from pbm.model import BOOKED, EVAPORATED, NUMBER, SELECTION, SPRAYED, make_workspace
from pbm.program import load_program
from pbm.selection import SELECTIONS
from pbm.stochastic import StochasticGranulation, StochasticResult
from pbm.weighted import Particles
from pbm.weighted_laws import (
    MARKS,
    FragmentDraw,
    WeightedLaws,
    breakage_rates,
    encounter_rates,
    sticking_shares,
)
from tests.pbm.population import UNEQUAL_BREAKAGE, granulation_case, kernel_law
from tests.pbm.test_stated_laws import DEFORMABLE, feed_of, samples, stated_case

SPEED = 100.0
DRYING: dict[str, Any] = {
    "spray": {"rate": "0.33 g/s", "start": "5 s", "end": "65 s"},
    "drop_diameter": "200 um",
    "penetration_time": "0.1 s",
    "evaporation": "20 g/(m^2 s)",
}


class Both(NamedTuple):
    """The same times by classes and by several seeds of particles."""

    d50: np.ndarray
    number: np.ndarray
    sprayed: np.ndarray
    evaporated: np.ndarray
    runs: list[StochasticResult]


@pytest.fixture(scope="module")
def model() -> Granulation:
    return Granulation(granulation_case(grid={"classes": 100}, liquid=DRYING), kernel_law())


def run_both(
    model: Granulation, times: np.ndarray, per_class: int, seeds: int, lumped: bool = True, step: float = 0.05
) -> Both:
    classes = model.simulate(SPEED, times)
    runs = [StochasticGranulation(model, per_class, step, seed, lumped).simulate(times, SPEED) for seed in range(seeds)]
    booked = classes.booked
    return Both(classes.d50, classes.states[:, 0, 0].sum(axis=1), booked[:, SPRAYED], booked[:, EVAPORATED], runs)


def check_agreement(both: Both, half_class: float) -> None:
    """Mean of the seeds within three standard errors, and what the classes add.

    d50: half a class. Number: one percent, and liquid evaporated by the end: three, of the step and the classes.
    Particles keep solids to round-off, and liquid as sprayed less evaporated; a particle is sprayed as a whole.
    """
    for name, expected, share in (
        ("d50", both.d50, half_class),
        ("number", both.number, 0.01),
        ("evaporated", both.evaporated[-1:], 0.03),
    ):
        got = np.array([getattr(run, name) for run in both.runs])[:, -expected.size :]
        error = got.std(axis=0, ddof=1) / np.sqrt(len(got))
        assert np.all(np.abs(got.mean(axis=0) - expected) <= 3.0 * error + share * expected)
        assert np.all(error <= 0.1 * expected)
    for run in both.runs:
        np.testing.assert_allclose(run.solids, run.solids[0], rtol=1e-12)
        np.testing.assert_allclose(run.liquid, run.liquid[0] + run.sprayed - run.evaporated, rtol=1e-11)
        np.testing.assert_allclose(run.sprayed[-1], both.sprayed[-1], rtol=0.05)


def test_classes_and_particles_agree(model: Granulation) -> None:
    """Nucleation, coating, absorption, drying, consolidation, sticking, breakage over 40 s of spray, four seeds."""
    both = run_both(model, np.array([0.0, 20.0, 45.0]), 40, 4)
    check_agreement(both, 0.036)
    assert both.number[-1] < 0.75 * both.number[0]
    assert both.evaporated[-1] > 0.1 * both.sprayed[-1]


def everything_stated(classes: int, **changes: Any) -> Any:
    """Shear, pair speeds, breakage into three unequal parts, spray and drying, without a particle simulation."""
    meeting = {"kernel": {"name": "shear", "shear_rate": "200 1/s"}, **DEFORMABLE}
    liquid = DRYING | {"spray": {"rate": "0.66 g/s", "end": "65 s"}}
    return stated_case(**({"aggregation": meeting, "breakage": UNEQUAL_BREAKAGE, "liquid": liquid,
                           "grid": {"classes": classes}} | changes))  # fmt: skip


def test_stated_laws_agree_by_classes_and_by_particles() -> None:
    """The same with every law stated, in plain Python on 24 classes of half a width of 16 % of the diameter."""
    meeting = {"kernel": {"name": "shear", "shear_rate": "200 1/s"}, "sticking": "stokes", "pair_speed": "0.3 m/s"}
    case = everything_stated(24, aggregation=meeting, efficiency=0.5)
    both = run_both(Granulation(case, compiled=False), np.array([0.0, 6.0]), 40, 4)
    check_agreement(both, 0.16)


@pytest.mark.validate
def test_stated_laws_agree_over_a_batch() -> None:
    """Deformable granules, 80 classes, 40 s."""
    both = run_both(Granulation(everything_stated(80)), np.array([0.0, 10.0, 20.0, 40.0]), 40, 4)
    check_agreement(both, 0.045)


@pytest.mark.validate
def test_classes_and_particles_agree_over_the_whole_batch() -> None:
    """The same to 90 s with little drying, when d50 has grown several times, with twice the particles."""
    calm = Granulation(granulation_case(grid={"classes": 100}, liquid=DRYING | {"evaporation": 1e-3}), kernel_law())
    both = run_both(calm, np.array([0.0, 15.0, 30.0, 60.0, 90.0]), 100, 6)
    check_agreement(both, 0.036)
    assert both.d50[-1] > 2.0 * both.d50[0]


@pytest.mark.validate
def test_one_liquid_per_class_slows_growth() -> None:
    """Granules of one size with liquids of their own grow faster than with their mean: 16 % in d50 here.

    The mean over a class is the model's assumption, not the scheme's: the test holds its size between 5 % and 30 %.
    """
    wet = Granulation(granulation_case(grid={"classes": 100}), kernel_law())
    both = run_both(wet, np.array([0.0, 90.0]), 80, 4, lumped=False)
    own = np.mean([run.d50[-1] for run in both.runs])
    assert 1.05 < own / both.d50[-1] < 1.30


def test_same_seed_same_run(model: Granulation) -> None:
    """Philox keyed by seed and stream: to the bit."""
    first, again = (run_both(model, np.array([0.0, 6.0]), 5, 1).runs[0] for _ in range(2))
    assert np.array_equal(first.d50, again.d50) and np.array_equal(first.number, again.number)


def test_laws_repeat_those_of_the_classes(model: Granulation) -> None:
    """The formulas written twice give one number: pair and breakage rates of two classes to 1e-9, round-off apart.

    Through the plain right-hand side: a state of two filled classes, whose last `row` is b psi/V_s.
    """
    state = np.zeros((1, 4, 100))
    places = np.array([60, 72])
    solid = model.grid.pivots[places]
    state[0, 0, places] = 1e5, 2e4
    for quantity, share in ((1, 0.2), (2, 0.05), (3, 0.5)):
        state[0, quantity, places] = share * state[0, 0, places] * solid
    work, program = make_workspace(1, 100), load_program("dem", "stokes", "impact")
    change, booked = np.zeros_like(state), np.zeros(BOOKED)
    pair = Particles(state[0, 0, places], solid, 0.2 * solid, 0.05 * solid, 0.5 * solid, 0.0 * solid)
    one, other = np.array([1]), np.array([0])
    stage = model.parameters._replace(encounter_state_slope=0.0, pair_state_slope=0.0, hit_state_slope=0.0)
    program.right_hand_side(state, SPEED, 0.0, stage, model.tables, work, change, booked)
    solids = float(state[0, 0] @ model.grid.pivots)
    got = (encounter_rates(pair, one, other, SPEED, stage) * sticking_shares(pair, one, other, SPEED, stage))[0]
    assert got == pytest.approx(work.row[60] * solids, rel=1e-9) and got > 0.0
    broken = breakage_rates(pair, SPEED, stage)
    np.testing.assert_allclose(broken, work.classes[SELECTION, 0, places], rtol=1e-9)
    assert broken.max() > 0.0


def random_granules() -> Particles:
    """Granules of the feed's pores and moisture: 5 um to 2 mm, weights over ten orders."""
    random = np.random.Generator(np.random.Philox(key=5))
    solid = 10.0 ** random.uniform(-16.5, -9.0, 40)
    case = stated_case()
    pores = solid * case.feed.porosity / (1.0 - case.feed.porosity)
    liquid = solid * case.feed.moisture * case.solid_density / case.liquid.density
    nothing = np.zeros_like(solid)
    return Particles(1e-9 / solid, solid, liquid, nothing, pores - liquid, nothing)


@pytest.mark.parametrize("name", KERNELS)
def test_particles_meet_by_the_kernel_of_the_case(name: str) -> None:
    """b of pairs of particles against the library's, of granules of the same pores and moisture, to 1e-9."""
    case = stated_case(
        aggregation={"kernel": samples(name, {"rate_coefficient": None}), **DEFORMABLE}, kernel_scale=2.0
    )
    one, first, second = random_granules(), np.arange(20), np.arange(20, 40)
    got = WeightedLaws(Granulation(case, compiled=False)).meeting(one, first, second, 0.0)
    own = kernel(**case.aggregation.kernel).between(one.solid, feed_of(case))
    np.testing.assert_allclose(got, 2.0 * own[first, second], rtol=1e-9)
    assert got.max() > 0.0


@pytest.mark.parametrize("name", SELECTIONS)
def test_particles_break_by_the_rate_of_the_case(name: str) -> None:
    """S against the library's, to 1e-9."""
    case = stated_case(breakage={"rate": samples(name, {})}, breakage_scale=3.0)
    one = random_granules()
    got = WeightedLaws(Granulation(case, compiled=False)).breaking(one, 0.0)
    own = breakage_rate(**case.breakage.rate).at(one.solid, feed_of(case))
    np.testing.assert_allclose(got, 3.0 * own, rtol=1e-9)
    assert got.max() > 0.0


@pytest.mark.parametrize("name", DAUGHTERS)
def test_fragments_are_drawn_by_volume(name: str) -> None:
    """Evenly spread chances: the mean of 1/z is the number of fragments down to the smallest, of z the volume's mean.

    Both are integrals of the law over the marks; the middle rule over 40 000 chances leaves 1 %, of fines most.
    """
    into = {"vogel": {"exponent": 4.0, "fines_volume": 1e-15}, "erosion": {"chip_volume": 1e-15}}.get(name, {})
    law, parent, smallest = fragments(name, **into), 1e-12, 1e-16
    chances = (np.arange(40000) + 0.5) / 40000
    drawn = FragmentDraw(law).shares(np.full(40000, parent), chances, smallest, smallest)
    marks = np.geomspace(smallest / parent, 1.0, MARKS)
    number, volume = law.shares(marks[:-1], marks[1:], parent)
    mean = np.divide(volume, number, out=np.zeros_like(volume), where=number > 0.0)
    assert np.all((drawn > 0.0) & (drawn <= 1.0))
    assert drawn.mean() == pytest.approx(float(volume @ mean), rel=0.01)
    fines = max(1.0 - float(volume.sum()), 0.0) * parent / smallest
    assert (1.0 / drawn).mean() == pytest.approx(float(number.sum()) + fines, rel=0.01)


def test_granules_without_liquid_merge_by_smoluchowski() -> None:
    """Constant kernel: N = N0/(1 + b N0 t/(2 V_s)), within three standard errors of six seeds and 1 % of the step."""
    quiet = {"sticking": "always", "kernel": {"name": "constant", "rate_coefficient": 1e-17}}
    liquid = DRYING | {"spray": {"rate": 0, "end": "1 s"}}
    model = Granulation(stated_case(aggregation=quiet, breakage={"on": False}, liquid=liquid), compiled=False)
    number = float(model.initial_state()[0, NUMBER].sum())
    solids = float(model.initial_state()[0, NUMBER] @ model.grid.pivots)
    end = 2.0 * solids / (1e-17 * number)
    times = np.array([0.0, end])
    got = np.array([StochasticGranulation(model, 8, end / 100, seed).simulate(times).number[-1] for seed in range(6)])
    error = got.std(ddof=1) / np.sqrt(got.size)
    assert abs(got.mean() - 0.5 * number) <= 3.0 * error + 0.005 * number
    assert error < 0.05 * number
