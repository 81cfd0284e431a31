"""The whole granulation model with every mechanism on: balances, positivity, its two integrations, its file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import pbm
from compute.errors import CaseError, ConservationError, SimulationError
from compute.packed import WIDTH
from pbm.granulation import FixedRule, Granulation
from pbm.inputs import Steps, constant
from pbm.model import BOOKED, EXTERNAL, INTERNAL, NUMBER, make_workspace
from pbm.result import GranulationResult
from pbm.solve import Accuracy
from pbm.stages import Start, imbalance, sums
from tests.pbm.population import LACTOSE, granulation_case, kernel_law

SPEED = 100.0


@pytest.fixture(scope="module")
def model() -> Granulation:
    return Granulation(granulation_case(), kernel_law())


@pytest.fixture(scope="module")
def batch(model: Granulation) -> GranulationResult:
    return model.simulate(SPEED)


def test_every_step_balances(batch: GranulationResult) -> None:
    """Solids, liquid against start and spray, number against the booked events: 1e-12 of the total at every step.

    The right-hand side keeps the sums, so only round-off is left: some 1e-16 a step, adding up as a random walk.
    """
    assert len(batch.steps) > 100
    assert max(batch.worst_imbalance) <= 1e-12
    assert batch.states.min() >= 0.0


def test_the_batch_wets_grows_and_consolidates(batch: GranulationResult, model: Granulation) -> None:
    """Moisture is start plus spray over solids, exactly; d50 at least doubles; pores shrink but not below the least."""
    assert batch.moisture[0] == pytest.approx(0.01, rel=1e-12)
    assert batch.moisture[-1] == pytest.approx(0.01 + 0.33e-3 * 60.0 / 0.1, rel=1e-12)
    assert batch.d50[-1] > 2.0 * batch.d50[0]
    assert 0.2 <= batch.porosity[-1] < batch.porosity[0]
    assert np.all(batch.d10 < batch.d50) and np.all(batch.d50 < batch.d90)
    assert batch.fractions.sum(axis=1) == pytest.approx(1.0, rel=1e-12)


def test_plain_python_repeats_the_compiled_right_hand_side(model: Granulation, batch: GranulationResult) -> None:
    """One text, exact arithmetic on both sides: equal to some units in the last place of exp and log."""
    plain = Granulation(model.case, model.law, compiled=False)
    state = np.ascontiguousarray(batch.states[20])
    results = []
    for each in (plain, model):
        step = each.step_fixed_rule(state, 0.05, SPEED, 3e-4, FixedRule(0.05, 0.5, 4))
        results.append(step.state)
        assert step.booked[1] > 0.0
    assert results[0] == pytest.approx(results[1], rel=1e-12)


def test_fixed_rule_converges_to_the_reference(model: Granulation, batch: GranulationResult) -> None:
    """The implicit film makes Heun's rule first order: half the step, half the error, which is small from the start."""
    times = np.array([0.0, 10.0])
    start = np.ascontiguousarray(batch.states[20])
    spray = constant(3e-4)
    exact = model.simulate(SPEED, times, spray, start, Accuracy(1e-7, 1e-5)).d50[-1]
    errors = []
    for share in (0.4, 0.2, 0.1):
        step = model.step_fixed_rule(start, 10.0, SPEED, 3e-4, FixedRule(0.2 * share, share, 100000))
        assert not step.forced
        errors.append(abs(model.outputs(step.state).d50 - exact) / exact)
    assert errors[0] < 1e-4
    assert errors[1] < 0.6 * errors[0] and errors[2] < 0.6 * errors[1]


@pytest.mark.parametrize("most", [1, 3, 64])
def test_fixed_rule_is_positive_and_conservative_whatever_the_step(
    model: Granulation, batch: GranulationResult, most: int
) -> None:
    """Few substeps force losses to be limited and say so; nothing turns negative and all sums hold to round-off."""
    wild = Granulation(granulation_case(kernel_scale=1e4, breakage_scale=1e3), kernel_law())
    start = np.ascontiguousarray(batch.states[30])
    step = wild.step_fixed_rule(start, 1.0, SPEED, 3e-4, FixedRule(0.5, 0.5, most))
    assert step.substeps <= most
    assert step.forced
    assert step.state.min() >= 0.0
    kept = imbalance(step.state, Start(*sums(start, wild.tables)), step.booked, wild.tables)
    assert max(kept) <= 1e-12


def test_fixed_rule_is_continuous_in_the_state(model: Granulation, batch: GranulationResult) -> None:
    """A relative change of 1e-9 of the start moves the result of one second by less than 1e-6."""
    start = np.ascontiguousarray(batch.states[30])
    first = model.step_fixed_rule(start, 1.0, SPEED, 3e-4).state
    second = model.step_fixed_rule(start * (1.0 + 1e-9), 1.0, SPEED, 3e-4).state
    assert second == pytest.approx(first, rel=1e-6, abs=1e-12 * first.max())


def test_at_rest_nothing_meets(model: Granulation) -> None:
    """An impeller that stands still: no mergers and no breakage, the spray still wets and nucleates."""
    result = model.simulate(0.0, np.array([0.0, 30.0]))
    assert result.booked[-1, 0] == 0.0 and result.booked[-1, 1] == 0.0
    assert result.booked[-1, 2] > 0.0
    assert max(result.worst_imbalance) <= 1e-12


def test_a_single_filled_class_and_a_full_top_class(model: Granulation) -> None:
    """All solids in one middle class, or in the top class: no division by an empty class, balances hold."""
    for place in (25, model.grid.classes - 1):
        state = np.zeros((1, 4, model.grid.classes))
        state[0, :, place] = np.array([1.0, 0.1, 0.05, 0.4]) * 6.5e-5
        state[0, NUMBER, place] = 6.5e-5 / model.grid.pivots[place]
        result = model.simulate(SPEED, np.array([0.0, 20.0]), initial=state)
        assert max(result.worst_imbalance) <= 1e-12
        assert result.states.min() >= 0.0 and np.isfinite(result.d50).all()


def test_growth_past_the_top_class_is_reported() -> None:
    """A kernel that gathers everything fills the top class: solids are kept, the loss is named."""
    greedy = Granulation(granulation_case(efficiency=1.0, breakage={"on": False}), kernel_law())
    result = greedy.simulate(SPEED)
    assert result.top_class_loss[-1] > 0.0
    assert result.top_fraction[-1] > 0.5
    assert any("top class" in said and "largest_diameter" in said for said in result.warnings)
    assert max(result.worst_imbalance) <= 1e-12


def test_two_compartments_with_exchange_keep_all_sums() -> None:
    """Spray into one of two compartments, exchange between them; fast exchange makes them one well-mixed whole."""
    links = [{"from": "wet", "to": "dry", "rate": 7.0}, {"from": "dry", "to": "wet", "rate": 3.0}]
    regions = {"names": ["wet", "dry"], "charge": {"wet": 0.3, "dry": 0.7}, "exchange": links}
    split = Granulation(granulation_case(compartments=regions), kernel_law())
    times = np.array([0.0, 30.0])
    result = split.simulate(SPEED, times)
    whole = Granulation(granulation_case(), kernel_law()).simulate(SPEED, times)
    assert max(result.worst_imbalance) <= 1e-12
    assert result.moisture[-1] == pytest.approx(whole.moisture[-1], rel=1e-12)
    assert result.d50[-1] == pytest.approx(whole.d50[-1], rel=0.02)
    liquid = result.states[-1][:, [INTERNAL, EXTERNAL]].sum(axis=(1, 2))
    solids = result.states[-1][:, NUMBER] @ split.grid.pivots
    assert liquid[0] / solids[0] > liquid[1] / solids[1]


def test_fast_exchange_costs_no_steps() -> None:
    """Two compartments exchanged in a tenth of a millisecond are one, in as many steps; explicit ones would be 2e5.

    The difference from the whole is that of the exchange time to the batch, below 1e-3; number is balanced to 1e-12.
    """
    links = [{"from": "wet", "to": "dry", "rate": 7e3}, {"from": "dry", "to": "wet", "rate": 3e3}]
    regions = {"names": ["wet", "dry"], "charge": {"wet": 0.3, "dry": 0.7}, "exchange": links}
    split = Granulation(granulation_case(compartments=regions), kernel_law())
    times = np.array([0.0, 30.0])
    result, whole = split.simulate(SPEED, times), Granulation(granulation_case(), kernel_law()).simulate(SPEED, times)
    assert len(result.steps) < 1.5 * len(whole.steps)
    assert result.d50[-1] == pytest.approx(whole.d50[-1], rel=1e-3)
    assert max(result.worst_imbalance) <= 1e-12


def test_inputs_change_at_their_times(model: Granulation, batch: GranulationResult) -> None:
    """A step never spans a change of an input: liquid is the integral of the spray to round-off."""
    spray = Steps((0.0, 3.3, 7.77, 12.0), (1e-4, 3e-4, 0.0, 2e-4))
    speed = Steps((0.0, 5.0), (90.0, 110.0))
    result = model.simulate(speed, np.array([0.0, 5.5, 20.0]), spray)
    sprayed = 1e-4 * 3.3 + 3e-4 * 4.47 + 2e-4 * 8.0
    assert result.moisture[-1] - result.moisture[0] == pytest.approx(sprayed / 0.1, rel=1e-12)
    assert list(result.speed) == [90.0, 110.0, 110.0]


def test_output_times_do_not_steer_the_result(model: Granulation) -> None:
    """Times between others give the same d50 within the tolerance of the integration."""
    few = model.simulate(SPEED, np.array([0.0, 40.0])).d50[-1]
    many = model.simulate(SPEED, np.linspace(0.0, 40.0, 97)).d50[-1]
    assert many == pytest.approx(few, rel=1e-3)


def test_what_users_look_at_keeps_to_the_tolerance(model: Granulation) -> None:
    """Steps are chosen by errors of classes, each a share of the solids: at 1e-4 a step number, percentiles, means,
    moisture and porosity after a whole batch are within 1e-4 of a run at a hundredth of that.
    """
    times = np.array([0.0, 30.0, 90.0])
    exact, result = (model.simulate(SPEED, times, accuracy=Accuracy(*each)) for each in ((1e-6, 1e-3), (1e-4, 1e-2)))
    for name in ("d10", "d50", "d90", "d32", "d43", "moisture", "porosity"):
        assert getattr(result, name) == pytest.approx(getattr(exact, name), rel=1e-4), name
    number = [one.states[:, 0, NUMBER].sum(axis=1) for one in (exact, result)]
    assert number[1] == pytest.approx(number[0], rel=1e-4)


def test_flags_say_what_leaves_the_design(model: Granulation, batch: GranulationResult) -> None:
    """Inside at the feed; an impeller beyond the design, a d50 beyond the grown state, sizes beyond the clamp.

    A result has those of its states, whether or not their outputs are at hand.
    """
    start = model.initial_state()
    inside = model.flags(start, SPEED)
    assert not inside.any and abs(inside.state) < 0.05
    assert model.flags(start, 200.0).speed_outside
    coarse = Granulation(granulation_case(), kernel_law(d50_feed=20e-6, d50_grown=40e-6))
    assert coarse.flags(start, SPEED).state_outside
    narrow = Granulation(granulation_case(), kernel_law(size_ratio_low=0.99, size_ratio_high=1.01))
    assert narrow.flags(start, SPEED).sizes_outside
    alone = [model.flags(state, SPEED) for state in batch.states]
    assert [flag.state_outside for flag in alone] == list(batch.state_outside)
    assert alone == [model.flags(state, SPEED, model.outputs(state)) for state in batch.states]


def test_the_file_gives_the_result_back(batch: GranulationResult, tmp_path: Path) -> None:
    """Every dataset to the bit; a file that is none is an error with its name."""
    batch.save(tmp_path / "distribution.h5")
    again = GranulationResult.load(tmp_path / "distribution.h5")
    assert np.array_equal(again.states, batch.states) and np.array_equal(again.steps, batch.steps)
    assert np.array_equal(again.d50, batch.d50)
    (tmp_path / "other.h5").write_text("no hdf5")
    with pytest.raises(CaseError, match=r"other\.h5.*not a result"):
        GranulationResult.load(tmp_path / "other.h5")


def test_rates_beyond_reason_are_named(model: Granulation) -> None:
    """A kernel scale of 1e30 makes the step collapse: the message names time, class, its rate, and what to change."""
    hopeless = Granulation(granulation_case(kernel_scale=1e30), kernel_law())
    with pytest.raises(SimulationError, match=r"step fell to .* s; class \d+ .* per second; .*kernel scale"):
        hopeless.simulate(SPEED)


def test_a_drift_beyond_its_limit_stops_the_run(model: Granulation) -> None:
    """With a limit below round-off the first step is refused, with the three relative errors."""
    with pytest.raises(ConservationError, match=r"relative error of solids .* liquid .* number"):
        model.simulate(SPEED, accuracy=Accuracy(drift=0.0))


def test_broken_starts_are_refused(model: Granulation) -> None:
    """Wrong shape, negative content, no solids, output times that do not rise: each says what was expected."""
    state = model.initial_state()
    for wrong, message in (
        (state[:, :, 1:], "another shape"),
        (-state, "negative or not finite"),
        (0.0 * state, "no powder"),
    ):
        with pytest.raises(CaseError, match=message):
            model.simulate(SPEED, initial=wrong)
    with pytest.raises(CaseError, match="rise"):
        model.simulate(SPEED, np.array([0.0, 2.0, 1.0]))


def test_the_example_of_the_package_runs(model: Granulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines in the docstring of `pbm`, with a feed and a law in files, write their result."""
    shutil.copy(LACTOSE, tmp_path / "feed.csv")
    (tmp_path / "law.json").write_text(json.dumps(kernel_law().to_dict()))
    monkeypatch.chdir(tmp_path)
    lines = [line[4:] for line in (pbm.__doc__ or "").splitlines() if line.startswith("    ")]
    exec("\n".join(lines), {})
    assert (tmp_path / "distribution.h5").is_file()


def test_scratch_has_the_shape_of_the_state() -> None:
    """Two compartments of eight classes; the ledger has its fixed length."""
    work = make_workspace(2, 8)
    assert work.row.shape == (8,) and work.births.shape == (2, 8, WIDTH)
    assert BOOKED == 23
