"""The reduced model: its steps, what it promises about bad input, its errors, and how it is built."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from compute.errors import CaseError, CheckpointError
from coupling.exchange import fit_exchange
from coupling.reduced.build import Settings, build_reduced_model
from coupling.reduced.description import Description, ErrorTerms, Rule
from coupling.reduced.flags import MEANINGS, Flag, names
from coupling.reduced.law import kernel_law, tuned, with_coefficients
from coupling.reduced.members import leading_members, square_root
from coupling.reduced.model import ReducedModel, clean
from coupling.reduced.reading import standard_errors
from pbm.case import PbmCase
from pbm.granulation import Granulation
from pbm.model import EVAPORATED
from tests.coupling import synthetic
from tests.coupling.reduced_example import make_description, recorded_input


@pytest.fixture(scope="module")
def model() -> ReducedModel:
    """One model in plain Python; every test starts a batch of its own."""
    return ReducedModel(make_description(), compiled=False)


def test_balances(model: ReducedModel) -> None:
    """Solids stay, liquid is what was there and was sprayed less what dried, in the best law and all members.

    The scheme keeps both exactly, so only rounding of some thousand sums is left: 1e-11.
    """
    model.start()
    description = model.description
    pivots, sprayed, dried = description.pivots, 0.0, -model._booked[EVAPORATED]
    for duration, speed, spray in recorded_input():
        model.advance(duration, speed, spray)
        sprayed += duration * spray
    law = description.laws[0]
    solids = description.charge / law.solid_density
    liquid = (description.feed_moisture * description.charge + sprayed) / law.liquid_density
    assert model.states[:, 0, 0] @ pivots == pytest.approx(np.full(3, solids), rel=1e-11)
    dried += model._booked[EVAPORATED]
    assert model.states[:, 0, 1:3].sum() + dried == pytest.approx(3.0 * liquid, rel=1e-11)
    assert 0.03 * liquid < dried / 3.0 < 0.9 * liquid
    reading = model.read()
    held = model.states[0, 0, 1:3].sum() * law.liquid_density
    assert reading.moisture == pytest.approx(held / description.charge, rel=1e-11)
    assert reading.fractions.sum() == pytest.approx(1.0, abs=1e-14)
    assert reading.d50 > 2.0 * model.start().d50


def test_feed_is_the_setting(model: ReducedModel) -> None:
    """Fractions are scaled to one and are volume fractions of a feed of one porosity; moisture fills pores first."""
    fractions = np.arange(1.0, 13.0)
    reading = model.start(feed_fractions=fractions, feed_moisture=0.8, charge=1.0)
    assert reading.fractions == pytest.approx(fractions / fractions.sum(), rel=1e-13)
    assert reading.moisture == pytest.approx(0.8, rel=1e-13)
    inner, gas = model.states[0, 0, 1].sum(), model.states[0, 0, 3].sum()
    assert gas == 0.0  # 0.8 kg/kg is 1.23 m3 of liquid per m3 of solid, the pores hold 1
    assert inner == pytest.approx(1.0 / 1540.0, rel=1e-13)


def test_restored_snapshot_repeats_to_the_bit(model: ReducedModel) -> None:
    model.start()
    rows = recorded_input(12)
    for row in rows[:6]:
        model.advance(*row)
    kept = model.snapshot()
    first = [model.step(*row) for row in rows[6:]][-1]
    model.start(charge=0.1)
    model.restore(kept)
    second = [model.step(*row) for row in rows[6:]][-1]
    assert np.array_equal(first.values(), second.values()) and np.array_equal(first.errors, second.errors)
    assert first.time == second.time and first.flag == second.flag


@pytest.mark.parametrize("speed", [math.nan, math.inf, -math.inf, -1.0, 1e9])
@pytest.mark.parametrize("spray", [math.nan, math.inf, -3.0])
def test_bad_inputs_are_clamped_and_flagged(model: ReducedModel, speed: float, spray: float) -> None:
    """What is no number holds the last value; what is out of limits goes to the limit. Never a NaN."""
    model.start()
    model.step(1.0, 30.0, 1e-3)
    reading = model.step(1.0, speed, spray)
    assert Flag.VALUE_CLAMPED in Flag(reading.flag)
    assert np.all(np.isfinite(reading.values())) and np.all(np.isfinite(reading.errors))
    assert Flag.VALUE_CLAMPED not in Flag(model.step(1.0, 30.0, 1e-3).flag)


def test_bad_parameters_are_clamped_and_flagged(model: ReducedModel) -> None:
    reading = model.start(charge=math.nan, kernel_scale=-2.0, efficiency=7.0, feed_fractions=[math.nan] * 12)
    assert Flag.VALUE_CLAMPED in Flag(reading.flag)
    assert model.settings.charge == 0.3 and model.settings.kernel_scale == 0.0 and model.settings.efficiency == 1.0
    assert np.all(np.isfinite(reading.values()))
    for duration in (-1.0, math.nan, math.inf, 1e6):
        with pytest.raises(CaseError, match=r"duration: not a time step.*expected 0 to 86400 s"):
            model.step(duration, 30.0, 0.0)
    with pytest.raises(CaseError, match=r"no such parameter.*'kernel'.*kernel_scale"):
        model.start(kernel=2.0)
    with pytest.raises(CaseError, match=r"feed_fractions: one feed fraction a class.*got 3.*expected 12"):
        model.start(feed_fractions=[1.0, 2.0, 3.0])


def test_clean_keeps_good_values() -> None:
    assert clean(2.0, (0.0, 3.0), 1.0) == (2.0, False)
    assert clean(0.0, (0.0, 3.0), 1.0) == (0.0, False)
    assert clean(math.nan, (0.0, 3.0), 1.0) == (1.0, True)


def test_flags_of_validity(model: ReducedModel) -> None:
    """Each bit by the condition that its sentence names; every bit has a sentence."""
    assert set(MEANINGS) == set(Flag)
    model.start()
    assert model.step(1.0, 30.0, 1e-3).flag == 0
    assert names(model.step(1.0, 50.0, 2e-3).flag) == ["SPEED_OUTSIDE", "SPRAY_OUTSIDE"]
    assert model.step(1.0, 0.0, 0.0).flag == 0  # at rest nothing meets: no law is asked
    coarse = np.zeros(12)
    coarse[-1] = 1.0
    assert "TOP_CLASS" in names(model.start(feed_fractions=coarse).flag)
    assert "STATE_OUTSIDE" in names(model.read().flag)
    rushed = ReducedModel(make_description(rule=Rule(longest=0.01, most=1)), compiled=False)
    assert "STEP_BOUND" in names(rushed.step(1.0, 30.0, 1e-3).flag)


def test_nothing_moves_at_rest(model: ReducedModel) -> None:
    """Without speed and spray only absorption and consolidation act: sizes of the solids stay."""
    model.start()
    before = model.states[0, 0, 0].copy()
    model.advance(5.0, 0.0, 0.0)
    assert model.states[0, 0, 0] == pytest.approx(before, rel=1e-14)


def test_corrections_act_on_their_rates() -> None:
    """kernel_scale multiplies b, breakage_scale the hits, efficiency replaces eta; the law itself stays."""
    law = make_description().laws[0]
    moved = tuned(law, 2.0, 0.3, 5.0)
    assert moved.encounter_scale == 2.0 * law.encounter_scale
    assert moved.hit_scale == 5.0 * law.hit_scale
    assert moved.efficiency == 0.3
    assert moved._replace(encounter_scale=law.encounter_scale, hit_scale=law.hit_scale, efficiency=1.0) == law


def test_coefficients_take_their_places() -> None:
    """A law written to the equations and back: the same fifteen numbers, as `kernel_law` writes them."""
    exchange = fit_exchange(synthetic.make_design_windows(2), "inertial", ["impeller"], synthetic.TRUTH.tip_radius)
    law, parameters = kernel_law(exchange), with_coefficients(make_description().laws[0], exchange.coefficients())
    assert math.log(parameters.encounter_scale) == pytest.approx(law.encounters[0], rel=1e-14)
    assert parameters.pair_speed_shape == law.pair_speed_shape
    assert parameters.hit_state_slope == law.blade_hits[3]
    assert parameters.blade_share_scale == law.blade_share_scale
    assert with_coefficients(parameters, exchange.coefficients(), breaking=False).hit_scale == 0.0


def test_standard_errors_add_in_squares() -> None:
    """Two members 3 and 4 um off, 3 % and 4 % of d50 = 100 um: sqrt(9 + 16 + 9 + 16) = sqrt(50) um."""
    values = np.array([0.2, 0.8, 50e-6, 100e-6, 150e-6, 0.1, 0.4])
    members = [values.copy(), values.copy()]
    members[0][3] += 3e-6
    members[1][3] -= 4e-6
    terms = ErrorTerms((0.0, 0.03, 0.0), (0.0, 0.04, 0.0), 0.01)
    errors = standard_errors(values, members, terms, 0.5)
    assert errors[3] == pytest.approx(math.sqrt(50.0) * 1e-6, rel=1e-12)
    assert errors[5] == 0.0 and errors[6] == pytest.approx(0.01)
    assert errors[1] == pytest.approx(0.05 * 0.8 / 0.5)  # shift by 5 % in ln d across a step of 0.8 per class of 0.5


def test_members_carry_the_variance() -> None:
    """For outputs linear in the coefficients, members give the exact variance of their sum of squares.

    y = J c with covariance S has the total variance tr(J S J'); the members' summed squared differences equal it.
    """
    random = np.random.default_rng(1)
    jacobian, factor = random.standard_normal((6, 5)), random.standard_normal((5, 5))
    covariance, centre = factor @ factor.T, random.standard_normal(5)
    assert square_root(covariance) @ square_root(covariance).T == pytest.approx(covariance, rel=1e-10)
    members = leading_members(centre, covariance, lambda c: jacobian @ c, 2)
    differences = (members.coefficients - centre) @ jacobian.T
    assert np.sum(differences**2) == pytest.approx(np.trace(jacobian @ covariance @ jacobian.T), rel=1e-10)
    assert 0.0 < members.unresolved < 0.5
    frozen = leading_members(centre, np.zeros((5, 5)), lambda c: jacobian @ c, 2)
    assert np.array_equal(frozen.coefficients, np.stack([centre, centre]))


def test_file_reads_back_bit_for_bit(tmp_path) -> None:
    description = make_description()
    description.save(tmp_path / "model.h5")
    read = Description.load(tmp_path / "model.h5")
    for name in Description.__dataclass_fields__:
        assert np.array_equal(getattr(read, name), getattr(description, name)), name
    (tmp_path / "broken.h5").write_bytes(b"no model")
    with pytest.raises(CheckpointError, match=r"broken\.h5: no readable reduced model.*build it again"):
        Description.load(tmp_path / "broken.h5")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> PbmCase:
    """Half a minute of spraying on a lognormal feed, slow enough for a law that grips hard."""
    sizes = np.geomspace(10e-6, 600e-6, 40)
    shares = [0.5 * (1.0 + math.erf(math.log(size / 80e-6) / 0.5 / math.sqrt(2.0))) for size in sizes]
    shares[0], shares[-1] = 0.0, 1.0
    table = tmp_path_factory.mktemp("feed") / "feed.csv"
    table.write_text("\n".join(f"{1e6 * size:.6g},{100.0 * share:.6g}" for size, share in zip(sizes, shares)))
    spray = {"rate": 1e-3, "end": 20.0}
    return PbmCase(feed={"distribution": table, "charge": 0.3}, liquid={"spray": spray}, end=30.0, efficiency=0.01)


def test_build_measures_its_errors(case: PbmCase) -> None:
    """Few classes against many with the same law: the stated error is below 10 % and is that of the best grid tried.

    The design's own covariance shows in the members: d50's standard error exceeds its discretisation term.
    """
    exchange = fit_exchange(synthetic.make_design_windows(2), "inertial", ["impeller"], synthetic.TRUTH.tip_radius)
    settings = Settings(classes=(16, 20), target=1e-9)
    description = build_reduced_model(case, exchange, "built", settings, frozen_kernel=(0.02, 0.03, 0.04))
    tried = description.record["grids_tried"]
    assert len(tried) == 10 and description.classes in (16, 20)
    assert description.errors.discretisation[1] == min(one["relative_errors"][1] for one in tried) < 0.1
    assert len(description.laws) == 3 and 0.0 <= description.errors.unresolved < 0.5
    model = ReducedModel(description)
    for second in range(20):
        reading = model.step(1.0, 30.0, 1e-3)
        assert reading.time == second + 1.0
    named = math.hypot(description.errors.discretisation[1], 0.03)
    assert named * reading.d50 < reading.d50_error < 0.2 * reading.d50


def test_a_drying_case_is_built_with_its_errors(case: PbmCase) -> None:
    """Films evaporate in the built model as in the full one of 120 classes: moisture to two standard errors.

    These are far below what dries, and part of them is the model's own: without drying moisture is a balance.
    """
    spray = case.liquid.spray.model_copy(update={"end": 5.0})
    liquid = case.liquid.model_copy(update={"evaporation": 0.1, "spray": spray})
    dry = case.model_copy(update={"liquid": liquid, "end": 8.0})
    exchange = fit_exchange(synthetic.make_design_windows(2), "inertial", ["impeller"], synthetic.TRUTH.tip_radius)
    description = build_reduced_model(dry, exchange, "dry", Settings(classes=(20,), target=1.0, members=1))
    assert all(law.evaporation_speed == pytest.approx(0.1 / 1000.0, rel=1e-12) for law in description.laws)
    model = ReducedModel(description)
    for begin in range(8):
        reading = model.step(1.0, exchange.reference_speed, 1e-3 if begin < 5 else 0.0)
    fine = dry.model_copy(update={"grid": dry.grid.model_copy(update={"classes": 120})})
    full = Granulation(fine, kernel_law(exchange)).simulate(exchange.reference_speed, np.array([0.0, 8.0]))
    sprayed = 5e-3 / 0.3
    dried, error = sprayed - full.moisture[-1], reading.errors[len(reading.fractions) + 3]
    assert dried > 0.03 * sprayed
    assert 0.0 < description.errors.moisture <= error < 0.25 * dried
    assert abs(reading.moisture - full.moisture[-1]) < 2.0 * error


def test_plain_and_compiled_steps_agree(case: PbmCase) -> None:
    """The compiled program repeats plain Python; exp and log of the two libraries may differ in the last bit."""
    description = dataclasses.replace(make_description(), rule=Rule(most=4))
    plain, compiled = ReducedModel(description, compiled=False), ReducedModel(description)
    for row in recorded_input(8):
        first, second = plain.step(*row), compiled.step(*row)
    assert second.values() == pytest.approx(first.values(), rel=1e-11, abs=1e-13)
    assert second.errors == pytest.approx(first.errors, rel=1e-9, abs=1e-13)
