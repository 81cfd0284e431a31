"""Force, torque and power of walls: what the particles gain the walls give, to the quantum."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from dem.case_motion import Motion
from dem.particles import MASS, VX
from dem.schedule import Schedule
from dem.tally import FORCE, LANES, TORQUE, WORK
from dem.walls import build_walls, set_pose
from dem.walls.arrays import PLACE
from dem.walls.build import moved
from dem.walls.motion import surface_velocity, wall_spin
from tests.dem.test_motion import TUMBLE
from tests.dem.test_recorder import STEP as ENGINE_STEP
from tests.dem.test_recorder import bouncing, make_recorder, run_window
from tests.dem.test_walls import DEPTH, FLOOR, GAP, STEP, Ball, R

BLOCK = 1000


def momentum(engine: object) -> np.ndarray:
    """Sum of m v [N s]; velocities are half a step old."""
    row = engine.host_particles().row  # type: ignore[attr-defined]
    return np.asarray((row[:, MASS, None] * row[:, VX : VX + 3]).sum(axis=0))


def test_the_impulse_on_a_wall_is_what_the_particles_lose() -> None:
    """Without gravity the momentum of all particles changes by the wall's impulse alone, block by block.

    A quantum is 2^-36 of a mean particle's momentum at 10 m/s, and some 1000 contact steps are rounded: 1e-9 of that.
    """
    engine = bouncing()
    recorder = make_recorder(engine, Schedule(first=0, block_steps=BLOCK, blocks=4, samples=1), 1)
    before, row = [momentum(engine)], engine.host_particles().row
    for block in range(4):
        while engine.step_number < (block + 1) * BLOCK:
            recorder.visit(engine.step_number, engine)
            engine.run(recorder.schedule.next_event(engine.step_number))
        before.append(momentum(engine))
    recorder.visit(engine.step_number, engine)
    loads = recorder.loads()
    gained = np.diff(before, axis=0)
    scale = 10.0 * float(row[:, MASS].mean())
    assert np.abs(gained).max() > 0.05 * scale
    np.testing.assert_allclose(-loads.force[:, 0] * loads.duration, gained, atol=1e-8 * scale)
    np.testing.assert_array_equal(loads.power, 0.0)
    np.testing.assert_allclose(loads.start, BLOCK * ENGINE_STEP * np.arange(4))


def booked(ball: Ball) -> np.ndarray:
    """Force [N], torque [N m] and power [W] of one step of wall 0; the quanta of the ball."""
    sums = ball.tally.wall_loads[0, :LANES].sum(axis=0)
    quanta = np.array([1e18] * 6 + [1e15])
    return np.asarray(sums / quanta / STEP)


def test_force_torque_and_power_of_a_carried_wall() -> None:
    """The wall gets -F, and -(r x F + M) about a point of its axis; it gives F.v + M.w, v its velocity at the centre.

    Quanta of 1e-18 N s over 1 us round at 1e-12 N, of 1e-15 J at 1e-9 W; forces here are some 1e-4 N.
    """
    motion = Motion(axis=(0, 0, 1), point=(0.01, 0, 0), speed=7.0, carrier=TUMBLE)
    walls = build_walls([FLOOR.model_copy(update={"motion": motion})], ["m"], R, GAP)
    set_pose(0, walls, 1, 0.8)
    (centre,) = moved(np.array([[0.03, 0.01, R - DEPTH]]), motion, 0.8)
    ball = Ball(walls)
    found = ball.at(centre, (0.05, -0.02, 0.01), (1.0, 2.0, -30.0))
    force, moment, load = found[:3], found[3:], booked(ball)
    turning = np.cross(centre - walls.pose[0, PLACE : PLACE + 3], force) + moment
    np.testing.assert_allclose(load[FORCE : FORCE + 3], -force, atol=2e-12)
    np.testing.assert_allclose(load[TORQUE : TORQUE + 3], -turning, atol=2e-12)
    power = force @ np.array(surface_velocity(walls, 0, *centre)) + moment @ np.array(wall_spin(walls, 0))
    assert abs(power) > 1e-6
    assert load[WORK] == pytest.approx(power, abs=1e-9)


def test_the_power_of_a_turning_wall_is_torque_times_speed() -> None:
    """About the wall's own axis, P = -T.w; the torque on a wall that drags a sphere along acts against its speed."""
    walls = build_walls([FLOOR.model_copy(update={"motion": Motion(speed=20.0)})], ["m"], R, GAP)
    set_pose(0, walls, 1, STEP)
    ball = Ball(walls)
    ball.at((0.05, 0, R - DEPTH))
    load = booked(ball)
    assert load[TORQUE + 2] < 0.0 < load[WORK]
    assert load[WORK] == pytest.approx(-20.0 * load[TORQUE + 2], rel=1e-3)


def test_the_table_names_blocks_walls_and_units(tmp_path: Path) -> None:
    """One line for each block and wall; its numbers are those of the result to nine digits."""
    engine = bouncing()
    recorder = make_recorder(engine, Schedule(first=0, block_steps=BLOCK, blocks=3, samples=1), 1)
    run_window(engine, recorder)
    loads = recorder.loads()
    loads.save(tmp_path / "walls.csv")
    with (tmp_path / "walls.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["wall"] for row in rows] == ["wall 0"] * 3
    assert [float(row["end [s]"]) for row in rows] == pytest.approx([2e-3, 4e-3, 6e-3])
    np.testing.assert_allclose([float(row["force_x [N]"]) for row in rows], loads.force[:, 0, 0], rtol=1e-8)
    assert min(float(row["force_x [N]"]) for row in rows) < 0.0
