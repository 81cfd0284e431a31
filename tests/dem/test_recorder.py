"""The recorder: which steps it looks at, what a block holds, and that its sums are those of the motion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from compute import get_backend
from compute.errors import SimulationError
from dem.case_statistics import StatisticsSettings
from dem.contact.law import PairProperties
from dem.engine import Engine
from dem.recorder import LARGEST_SUM, Recorder
from dem.schedule import Schedule
from dem.tally import BIRTHS, CONTACT_STEPS, ENCOUNTERS, LOSS, SPEED, fold_classes, quantise_signed, round_to_quanta
from tests.dem.engines import kinetic_energy, make_engine, plane, spheres

RADIUS = 1e-3
STEP = 2e-6
SETTINGS: dict[str, Any] = {"block": 1.0, "speed_range": (1e-3, 10.0), "bins": 64}


def test_schedule_covers_every_block_without_gap() -> None:
    """Events are exactly the samples; 7 samples in a block of 100 steps begin at floor(100 k/7)."""
    schedule = Schedule(first=30, block_steps=100, blocks=3, samples=7)
    events, step = [], 0
    while step < schedule.last:
        step = schedule.next_event(step)
        events.append(step)
    within = [100 * k // 7 for k in range(7)]
    assert events == [30 + 100 * block + at for block in range(3) for at in within][0:] + [330]
    assert schedule.last == 330
    assert schedule.sample_offsets().tolist() == [*within, 100]


def make_recorder(engine: Engine, schedule: Schedule, walls: int, **changes: Any) -> Recorder:
    settings = StatisticsSettings(**(SETTINGS | changes))
    names = [f"wall {at}" for at in range(walls)]
    tally = engine.tally
    return Recorder(engine.backend, settings, schedule, tally, np.array([2 * RADIUS]), names, 1e-6, engine.step_size)


def run_window(engine: Engine, recorder: Recorder) -> None:
    """What a simulation does: look at every event, run to the next."""
    while engine.step_number < recorder.schedule.last:
        recorder.visit(engine.step_number, engine)
        engine.run(recorder.schedule.next_event(engine.step_number))
    recorder.visit(engine.step_number, engine)


def bouncing(statistics: bool = True) -> Engine:
    """Three spheres in a row that fly to a wall and back through each other's way."""
    position = [[3.2e-3, 5e-3, 5e-3], [6.5e-3, 5e-3, 5e-3], [9e-3, 5e-3, 5e-3]]
    velocity = [[0.0, 0.0, 0.0], [-1.1, 0.0, 0.0], [-2.2, 0.0, 0.0]]
    return make_engine(
        spheres(position, velocity, RADIUS), step=STEP, skin=2e-4, high=(2e-2,) * 3, pairs=PairProperties(0.8, 0.0),
        walls=[plane("wall", (2e-3, 0.0, 0.0), (1.0, 0.0, 0.0))], statistics=statistics, speed_range=(1e-3, 10.0),
    )  # fmt: skip


def test_blocks_add_up_to_the_motion() -> None:
    """Energy lost by the motion is the dissipated energy of pairs and wall; times and counts add up.

    A step's loss is taken in the middle of its kick, second order in the step: 1e-3 here (some 200 steps in a
    contact). Counts: each first touch is a birth; here every birth is an encounter, or follows a gap.
    """
    engine = bouncing()
    schedule = Schedule(first=0, block_steps=1000, blocks=4, samples=5)
    recorder = make_recorder(engine, schedule, 1)
    before = kinetic_energy(engine)
    run_window(engine, recorder)
    result = recorder.result()
    lost = before - kinetic_energy(engine)
    booked = result.dissipated_energy.sum() + result.wall_dissipated_energy.sum()
    assert booked == pytest.approx(lost, rel=1e-3)
    assert result.births.sum() >= result.encounters.sum() >= 2
    assert result.wall_births.sum() >= result.wall_encounters.sum() >= 1
    np.testing.assert_allclose(result.block_time, 1000 * STEP)
    np.testing.assert_allclose(result.particle_time, 3 * 1000 * STEP)
    assert result.solid_volume_time.sum() == pytest.approx(4000 * STEP * 3 * 4 / 3 * np.pi * RADIUS**3)
    np.testing.assert_array_equal(result.normal_speed_counts.sum(axis=-1), result.encounters.sum(axis=0))
    np.testing.assert_array_equal(result.wall_normal_speed_counts.sum(axis=-1), result.wall_encounters.sum(axis=0))


def test_speed_of_a_first_touch() -> None:
    """The third sphere reaches the second at 1.1 m/s, and nothing else touches in the first 0.6 ms.

    The speed is that of the first step with overlap, before any force: exact but for the quantum, 2^-40 of 10 m/s.
    """
    engine = bouncing()
    recorder = make_recorder(engine, Schedule(first=0, block_steps=300, blocks=1, samples=1), 1)
    run_window(engine, recorder)
    result = recorder.result()
    assert result.encounters.sum() == 1
    assert result.normal_speed_sum.sum() == pytest.approx(1.1, abs=2e-11)
    assert result.normal_speed_square_sum.sum() == pytest.approx(1.21, abs=2e-10)
    place = int(np.flatnonzero(result.normal_speed_counts[0, 0, 0])[0])
    assert result.speed_edges[place] <= 1.1 < result.speed_edges[place + 1]
    assert result.tangential_speed_counts[0, 0, 0, 0] == 1, "no tangential speed belongs to the lowest bin"
    assert result.contact_time.sum() > 0.0


def test_window_starts_where_it_should() -> None:
    """Impacts before the first step of the window leave no trace, and with no wall there is no wall column."""
    engine = bouncing()
    recorder = make_recorder(engine, Schedule(first=3500, block_steps=100, blocks=2, samples=2), 1)
    run_window(engine, recorder)
    assert recorder.result().encounters.sum() == 0
    alone = make_engine(
        spheres([[5e-3] * 3, [7.5e-3, 5e-3, 5e-3]], [[1.0, 0, 0], [0.0, 0, 0]], RADIUS), step=STEP, skin=2e-4,
        high=(2e-2,) * 3, statistics=True,
    )  # fmt: skip
    recorder = make_recorder(alone, Schedule(first=0, block_steps=200, blocks=2, samples=2), 0)
    run_window(alone, recorder)
    result = recorder.result()
    assert result.wall_encounters.shape == (2, 1, 1, 0)
    assert result.wall_normal_speed_counts.shape == (1, 1, 0, 64)


def test_rearm_gap_tells_births_from_encounters() -> None:
    """Touches after a gap below 1 % of the diameter are births, after a larger one encounters too.

    Contacts without force between two spheres whose gap is set by hand: 0.5 % open, then 2 % open, then shut.
    """
    d = 2 * RADIUS
    engine = make_engine(
        spheres([[5e-3] * 3, [5e-3 + 0.999 * d, 5e-3, 5e-3]], 0.0, RADIUS), law="ghost", step=STEP, skin=2e-4,
        high=(2e-2,) * 3, statistics=True,
    )  # fmt: skip
    counts = []
    for apart in (0.999, 1.005, 0.999, 1.02, 0.999):
        second = int(np.flatnonzero(engine.particles.id[:2] == 1)[0])
        engine.particles.row[second, 0] = 5e-3 + apart * d
        engine.run(engine.step_number + 1)
        cell = engine.tally.pair_counts.sum(axis=(0, 1))
        counts.append((int(cell[BIRTHS]), int(cell[ENCOUNTERS]), int(cell[CONTACT_STEPS])))
    assert counts == [(1, 1, 1), (1, 1, 1), (2, 1, 2), (2, 1, 2), (3, 2, 3)]


def test_state_goes_to_another_number_of_threads() -> None:
    """Sums of two chunks are taken over by one, and a recorder restored in mid-block ends with the same result."""
    schedule = Schedule(first=0, block_steps=600, blocks=2, samples=4)
    whole = bouncing()
    recorder = make_recorder(whole, schedule, 1)
    run_window(whole, recorder)

    first = bouncing()
    before = make_recorder(first, schedule, 1)
    while first.step_number < 750:
        before.visit(first.step_number, first)
        first.run(schedule.next_event(first.step_number))
    state = {name: array.copy() for name, array in before.state().items()}
    for name in ("tally.0", "tally.1", "tally.2", "tally.3"):
        state[name] = np.concatenate([state[name] - 1, np.ones_like(state[name])])
    second = bouncing()
    second.restore({name: array.copy() for name, array in first.state().items()})
    after = make_recorder(second, schedule, 1)
    after.restore(state)
    run_window(second, after)
    expected, found = recorder.result(), after.result()
    for name, values in vars(expected).items():
        assert np.asarray(values).tobytes() == np.asarray(getattr(found, name)).tobytes(), name


def test_sum_near_its_largest_value_is_an_error() -> None:
    """A sum that might overflow ends the run and says what to change."""
    engine = bouncing()
    recorder = make_recorder(engine, Schedule(first=0, block_steps=10, blocks=1, samples=1), 1)
    recorder.visit(0, engine)
    engine.tally.pair_counts[0, 0, LOSS] = LARGEST_SUM + 1
    engine.run(10)
    with pytest.raises(SimulationError, match=r"dem\.statistics\.speed_range"):
        recorder.visit(10, engine)


def test_quanta_hold_the_fastest_and_the_slowest() -> None:
    """The quantum of a speed is 2^-40 of the highest of the histogram: 1e-11 m/s at 10 m/s."""
    engine = make_engine(
        spheres([[5e-3] * 3], 0.0, RADIUS), step=STEP, skin=1e-4, backend=get_backend("python"),
        speed_range=(1e-3, 10.0), statistics=True,
    )  # fmt: skip
    assert 1.0 / engine.tally.quanta[1] == pytest.approx(10.0 * 2.0**-40)
    assert engine.tally.pair_counts[..., SPEED].dtype == np.int64


def test_pairs_of_classes_are_folded() -> None:
    """Whichever of a pair has the lower id: 1-0 is added to 0-1 in each compartment, 0-0 and 1-1 stay; all is kept."""
    sums = np.arange(16).reshape(8, 2)
    folded = fold_classes(sums, 2)
    assert folded[:, 0].tolist() == [0, 2 + 4, 0, 6, 8, 10 + 12, 0, 14]
    assert folded.sum(axis=0).tolist() == sums.sum(axis=0).tolist()


def test_blocks_are_rounded_as_single_values_are() -> None:
    """Losses and gains, halves away from nil, cut off after half a quantum was added."""
    values = np.array([0.0, 0.5, -0.5, 1.49, -1.51, 2.5, -2.5, 1e12 + 0.3])
    rounded = values.copy()
    round_to_quanta(rounded, 8, 0.5, 2.0)
    assert [int(value) for value in rounded] == [quantise_signed(value * 0.5, 2.0) for value in values]
    assert [int(value) for value in rounded] == [0, 1, -1, 1, -2, 3, -3, 10**12]
