"""Laws stated in a case: the same text as in the library, plain and compiled, and what a user may get wrong."""

from __future__ import annotations

import warnings
from dataclasses import replace
from math import log
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from compute.errors import CaseError
from compute.packed import WIDTH
from pbm.aggregation import KERNELS
from pbm.case import PbmCase
from pbm.daughters import DAUGHTERS
from pbm.granulation import Granulation
from pbm.laws import Material, breakage_rate, fragments, kernel
from pbm.model import (
    BOOKED,
    NUMBER,
    SELECTION,
    Conditions,
    Granule,
    Parameters,
    Parent,
    Tables,
    make_workspace,
)
from pbm.program import load_program, rate_law, sticking_law
from pbm.schemes.cell_average import held_conditions, make_row
from pbm.selection import SELECTIONS
from tests.pbm.population import granulation_case, kernel_law
from tests.pbm.test_kernels import SAMPLES, wet_granule

BREAKING = {
    "name": "impact-speed",
    "impact_rate": "0.2 1/s",
    "impact_speed": "2 m/s",
    "speed_shape": 2,
    "strength": 300,
}
DEFORMABLE = {
    "sticking": "stokes-deformable",
    "pair_speed": "0.3 m/s",
    "yield_strength": "10 kPa",
    "modulus": "1 MPa",
}


def samples(name: str, table: dict[str, Any]) -> dict[str, Any]:
    """The coefficients of the tests of laws alone, those of one coefficient at 1e-6."""
    known = SAMPLES.get(name)
    if known is None:
        known = {key: 1e-6 for key in table if key == "rate_coefficient"}
    return {"name": name, **known}


def stated_case(**changes: Any) -> PbmCase:
    """A batch that needs no particle simulation."""
    meeting = {"kernel": {"name": "shear", "shear_rate": "20 1/s"}, **DEFORMABLE}
    return granulation_case(**({"aggregation": meeting, "breakage": {"rate": BREAKING}} | changes))


def right_hand_side(model: Granulation) -> tuple[np.ndarray, np.ndarray]:
    """b_ij of pairs that both exist, and S of the classes, as the plain program has them in the charge."""
    state, tables = model.initial_state(), model.tables
    work, change, booked = make_workspace(1, model.grid.classes), np.zeros_like(model.initial_state()), np.zeros(BOOKED)
    program = load_program(model.case.aggregation.kernel["name"], "always", model.case.breakage.rate["name"])
    program.right_hand_side(state, 0.0, 0.0, model.parameters, tables, work, change, booked)
    fill_row = make_row(rate_law(model.case.aggregation.kernel["name"]), sticking_law("always"))
    rates = np.zeros((model.grid.classes,) * 2)
    for i in np.flatnonzero(state[0, NUMBER] > 0.0):
        end = (i // WIDTH + 1) * WIDTH
        fill_row(0, i, 0, end, state[0, NUMBER], held_conditions(0, work), model.parameters, tables, work)
        rates[i, :i] = work.row[:i] * work.solids[0]
        rates[i, i] = 2.0 * work.row[i] * work.solids[0] * state[0, NUMBER, i] / (state[0, NUMBER, i] - 1.0)
    return rates, work.classes[SELECTION, 0]


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_of_the_case_is_that_of_the_library(name: str) -> None:
    """b of every pair of the charge, feed's pores and moisture, to 1e-9: the same granules described in two ways."""
    law = samples(name, {"rate_coefficient": None})
    case = stated_case(aggregation={"kernel": law, **DEFORMABLE}, kernel_scale=2.0)
    model = Granulation(case, compiled=False)
    got, _ = right_hand_side(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        own = kernel(**case.aggregation.kernel).rates(model.grid, feed_of(case))
    filled = np.flatnonzero(model.initial_state()[0, NUMBER] > 0.0)[:-1]
    for i in filled[::5]:
        for j in filled[filled <= i][::5]:
            assert got[i, j] == pytest.approx(2.0 * own[i, j], rel=1e-9)
    assert own[filled[-1], filled[0]] > 0.0


@pytest.mark.parametrize("name", SELECTIONS)
def test_a_breakage_rate_of_the_case_is_that_of_the_library(name: str) -> None:
    """S of every class that may break, to 1e-9; nil below two primary grains; `breakage_scale` multiplies it."""
    breaking = {"rate": samples(name, {}), "primary_diameter": "60 um"}
    case = stated_case(breakage=breaking, breakage_scale=3.0)
    model = Granulation(case, compiled=False)
    _, got = right_hand_side(model)
    own = breakage_rate(**case.breakage.rate).rates(model.grid, feed_of(case))
    filled = model.initial_state()[0, NUMBER] > 0.0
    large = model.grid.diameters(case.feed.porosity) > 120e-6
    np.testing.assert_allclose(got[filled & large], 3.0 * own[filled & large], rtol=1e-9)
    assert not got[~large].any() and got[large].any()
    still = Granulation(stated_case(breakage=breaking | {"on": False}), compiled=False)
    assert not right_hand_side(still)[1].any()


@pytest.mark.parametrize("name", DAUGHTERS)
def test_fragments_of_the_case_keep_the_balances(name: str) -> None:
    """Solids, liquid and number against events to 1e-12 over two seconds, whatever a granule breaks into."""
    into = {"vogel": {"exponent": 4.0, "fines_volume": 1e-15}, "erosion": {"chip_volume": 1e-15}}.get(name, {})
    case = stated_case(
        breakage={"rate": {"name": "power", "rate": 1.0, "reference_volume": 1e-12, "exponent": 0.3},
                  "fragments": {"name": name, **into}, "primary_diameter": "20 um"},
        grid={"classes": 16},
    )  # fmt: skip
    model = Granulation(case, compiled=False)
    result = model.simulate(times=np.array([0.0, 0.5]))
    assert max(result.worst_imbalance) <= 1e-12
    assert result.booked[-1, 1] > 0.0
    assert result.d50[-1] < result.d50[0]
    if name != "uniform":
        own = fragments(name, **into).table(model.grid)
        volumes = own * model.grid.pivots / model.grid.pivots[:, None]
        np.testing.assert_allclose(model.tables.fragment_share, volumes[own != 0.0], rtol=1e-15)


def feed_of(case: PbmCase) -> Material:
    return Material(case.solid_density, case.feed.porosity, case.feed.moisture)


@pytest.mark.parametrize(("name", "sticking", "breaking"), [("madec", "stokes-deformable", "soos")])
def test_stated_laws_are_the_same_compiled(name: str, sticking: str, breaking: str) -> None:
    """b, psi and S of every pair of the charge, equal to the bit: powers, exponentials, roots, the search for speeds.

    As the program puts them together, without its loops, which other tests compile.
    """
    from numba import njit

    from compute.physics import register_laws
    from pbm.program import rate_law, selection_law, sticking_law

    meeting, binding, break_up = rate_law(name), sticking_law(sticking), selection_law(breaking)

    def rates(
        first: Granule, second: Granule, parent: Parent, conditions: Conditions, parameters: Parameters, laws: Tables
    ) -> tuple[float, float, float]:
        return (
            meeting(first, second, conditions, parameters, laws.kernel),
            binding(first, second, conditions, parameters),
            break_up(parent, conditions, parameters, laws.selection),
        )

    register_laws()
    compiled = njit(error_model="numpy")(rates)
    case = stated_case(
        aggregation={"kernel": samples(name, {}), **DEFORMABLE, "sticking": sticking},
        breakage={"rate": samples(breaking, {})},
    )
    model = Granulation(case, compiled=False)
    conditions = Conditions(1.0, 0.0, model.parameters.log_pair_speed, log(2e-4), log(1e-4), 1.0, 1.0)
    granules = [wet_granule(1e-6 * 10.0 ** (0.5 * k)) for k in range(8)]
    for one in granules:
        for other in granules:
            parent = Parent(one.solid_volume, one.solid_volume / 0.6, log(one.diameter), one.mass)
            given = (one, other, parent, conditions, model.parameters, model.tables)
            assert compiled(*given) == rates(*given)
            assert 0.0 <= rates(*given)[1] <= model.parameters.efficiency


def test_a_stated_batch_keeps_its_balances() -> None:
    """Every mechanism on without a particle simulation: 1e-12 at every step, nothing below nil, no design to leave."""
    result = Granulation(stated_case(grid={"classes": 12}), compiled=False).simulate(times=np.array([0.0, 6.0]))
    assert max(result.worst_imbalance) <= 1e-12
    assert np.all(result.booked[-1, :5] > 0.0)
    assert np.all(result.states >= 0.0) and not result.speed_outside.any()


def test_stated_pair_speeds_replace_the_fitted_ones() -> None:
    """With a law of a particle simulation the stated scale and shape hold, and nothing else changes."""
    speeds = {"pair_speed": "2 m/s", "pair_speed_shape": 3.0}
    own = Granulation(granulation_case(aggregation=speeds), kernel_law(), compiled=False).parameters
    fitted = Granulation(granulation_case(), kernel_law(), compiled=False).parameters
    assert own.log_pair_speed == pytest.approx(np.log(2.0)) and own.pair_speed_shape == 3.0
    kept = own._replace(**{key: getattr(fitted, key) for key in
                           ("log_pair_speed", "pair_speed_shape", "pair_speed_exponent", "pair_size_exponent",
                            "pair_state_slope")})  # fmt: skip
    assert kept == fitted


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"aggregation": {"kernel": "shaer"}}, "no such law"),
        ({"aggregation": {"kernel": 3}}, "not a law"),
        ({"aggregation": {"kernel": {"name": "dem", "shear_rate": 1.0}}}, "no coefficients"),
        ({"aggregation": {"kernel": {"name": "shear", "sheer_rate": 1.0}}}, "no such coefficient"),
        ({"aggregation": {"kernel": {"name": "shear"}}}, "coefficient is missing"),
        ({"aggregation": {"kernel": {"name": "shear", "shear_rate": "1 m"}}}, "unit does not fit"),
        ({"aggregation": {"sticking": "stokes-deformable"}}, "strength and sticking"),
        ({"aggregation": {"yield_strength": "1 kPa"}}, "strength and sticking"),
        ({"breakage": {"rate": {"name": "power", "rate": 1, "reference_volume": 0}}}, "outside the law's domain"),
        ({"breakage": {"fragments": {"name": "symmetric", "number": 1.5}}}, "outside the law's domain"),
        ({"breakage": {"fragments": {"name": "austin", "fine_share": 1.5}}}, "outside the law's domain"),
    ],
)
def test_a_law_stated_wrongly_is_refused(changes: dict[str, Any], message: str) -> None:
    """Each fault is found when the case is read."""
    with pytest.raises(ValidationError, match=message):
        granulation_case(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"aggregation": {}}, r"pbm.aggregation.kernel: there is no kernel law .*'dem'.*kapur"),
        ({"aggregation": {"kernel": {"name": "shear", "shear_rate": 1.0}}}, r"aggregation.pair_speed.*m/s"),
        ({"breakage": {}}, r"breakage.rate.*'impact'.*soos.*on: false"),
    ],
)
def test_what_only_particles_can_tell_is_named(changes: dict[str, Any], message: str) -> None:
    """Without a law of a particle simulation the case has to state kernel, pair speeds and breakage rate."""
    with pytest.raises(CaseError, match=message):
        Granulation(stated_case(**changes))


def test_a_kernel_outside_its_domain_is_named() -> None:
    """An exponent beyond the range of numbers: the law, the pair and what to change, before anything runs."""
    wild = {"name": "kapur", "rate": 1.0, "sum_exponent": 900, "product_exponent": 0, "reference_volume": 1e-18}
    with pytest.raises(CaseError, match=r"kernel kapur: outside its domain for granules of .*m3.*sum_exponent=900"):
        Granulation(stated_case(aggregation={"kernel": wild, **DEFORMABLE}))


def test_the_resolved_case_reads_back() -> None:
    """What `model_dump` writes is a case again, with the same laws in SI."""
    case = stated_case()
    again = PbmCase.model_validate(case.model_dump())
    assert again == case and again.aggregation.kernel == {"name": "shear", "shear_rate": 20.0}
    assert replace(kernel_law(), notes={}) == kernel_law()
