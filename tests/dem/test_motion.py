"""Motions of walls: swings, profiles, ramps and carried rotations, against their integrals and derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dem.case_motion import Motion
from dem.case_walls import MeshWall, PlaneWall
from dem.wall_speed import surface_speed, wall_reach
from dem.walls import build_walls, set_pose
from dem.walls.arrays import COSINE, RATE, SINE, SWEPT_RADIUS
from dem.walls.build import moved
from dem.walls.clearance import mesh_corners, wall_clearance
from dem.walls.courses import reach_about
from dem.walls.motion import direction_to_space, point_to_body, surface_velocity, wall_spin
from tests.dem.test_walls import DEPTH, FLOOR, GAP, Ball, R

BAR: dict[str, Any] = {
    "kind": "paddle-shaft", "radius": 0.02, "shaft_radius": 0.006, "length": 0.05, "stations": 3, "paddles": 2,
    "paddle_width": 0.004, "paddle_thickness": 0.003, "twist": 0.7,
}  # fmt: skip
TUMBLE = Motion(axis=(0, 1, 0), point=(0.0, 0.0, 0.01), speed=3.0, ramp=0.5)
NESTED = Motion(axis=(1, 0, 0), point=(0.0, 0.02, 0.1), speed=40.0, start=0.2, ramp=0.1, carrier=TUMBLE)
COURSES = {
    "constant": Motion(speed=2.0, start=0.3, ramp=0.4),
    "swing": Motion(speed=2.0, start=0.3, period=0.8),
    "widening swing": Motion(speed=2.0, start=0.3, period=0.8, ramp=1.1),
    "profile": Motion(speed=2.0, start=0.3, profile=((0.1, 0.0), (0.5, 1.0), (0.6, 1.0), (1.0, -0.5))),
    "steady profile": Motion(speed=2.0, start=0.3, profile=((0.0, 0.4),)),
}


def plane(motion: Motion) -> PlaneWall:
    return FLOOR.model_copy(update={"motion": motion})


def bar(motion: Motion = NESTED) -> MeshWall:
    return MeshWall(
        name="bar", material="m", shape="mesh", generate=BAR, point=(-0.02, 0.02, 0.1), axis=(1, 0, 0), motion=motion
    )  # fmt: skip


def angle_and_rate(motion: Motion, time: float) -> tuple[float, float]:
    walls = build_walls([plane(motion)], ["m"], R, GAP)
    set_pose(0, walls, 1, time)
    return math.atan2(walls.pose[0, SINE], walls.pose[0, COSINE]), float(walls.pose[0, RATE])


@pytest.mark.parametrize("name", COURSES)
def test_the_angle_is_the_integral_of_the_speed(name: str) -> None:
    """Simpson's rule in steps of 1 ms is exact to 1e-12 where the speed is smooth.

    Where a widening swing has its full width the speed jumps by 0.16 rad/s: at the end of one step 0.16 ms/6 = 2.7e-5.
    """
    motion, step = COURSES[name], 1e-3
    total = 0.0
    for number in range(1500):
        rates = [angle_and_rate(motion, (number + part) * step)[1] for part in (0.0, 0.5, 1.0)]
        if number * step == pytest.approx(0.3) and name in ("swing", "steady profile"):
            rates[0] = angle_and_rate(motion, 0.3 + 1e-12)[1]
        total += (rates[0] + 4 * rates[1] + rates[2]) * step / 6
        if number % 300 == 299:
            found = angle_and_rate(motion, (number + 1) * step)[0]
            assert math.remainder(found - total, 2 * math.pi) == pytest.approx(0.0, abs=4e-5)


def test_a_swing_passes_its_first_place_at_full_speed() -> None:
    """Angle w P/(2 pi) sin(2 pi t/P): still after a quarter period, back after half a period."""
    motion = COURSES["swing"]
    assert angle_and_rate(motion, 0.5) == (pytest.approx(1.6 / (2 * math.pi)), pytest.approx(0.0, abs=1e-12))
    assert angle_and_rate(motion, 0.7) == (pytest.approx(0.0, abs=1e-12), pytest.approx(-2.0))
    assert angle_and_rate(motion, 0.2) == (0.0, 0.0)


def test_a_profile_is_followed() -> None:
    """Before its first time the first share holds, after its last the last; between them it is linear."""
    motion = COURSES["profile"]
    for past, share in ((0.05, 0.0), (0.3, 0.5), (0.55, 1.0), (0.8, 0.25), (3.0, -0.5)):
        assert angle_and_rate(motion, 0.3 + past)[1] == pytest.approx(2.0 * share, abs=1e-12)
    assert angle_and_rate(motion, 1.3)[0] == pytest.approx(2.0 * (0.2 + 0.1 + 0.1), rel=1e-12)


@pytest.mark.parametrize("name", COURSES)
def test_the_peak_speed_bounds_every_speed(name: str) -> None:
    motion = COURSES[name]
    fastest = max(abs(angle_and_rate(motion, time)[1]) for time in np.linspace(0, 4, 801))
    assert 0.8 * motion.peak_speed < fastest <= motion.peak_speed * (1 + 1e-12)


@pytest.mark.parametrize("time", [0.1, 0.25, 0.9, 3.7])
def test_a_carried_wall_moves_as_its_velocity_says(time: float) -> None:
    """The velocity of a material point is the central difference of its places 1 us before and after: to 1e-7 of it."""
    walls = build_walls([bar()], ["m"], R, GAP)
    body = np.array([[0.01, 0.03, 0.11], [0.0, -0.05, 0.2]])
    before, place, after = (moved(body, NESTED, time + shift) for shift in (-1e-6, 0.0, 1e-6))
    set_pose(0, walls, 1, time)
    for at in range(2):
        np.testing.assert_allclose(point_to_body(walls, 0, *place[at]), body[at], atol=1e-15)
        velocity = np.array(surface_velocity(walls, 0, *place[at]))
        np.testing.assert_allclose(velocity, (after[at] - before[at]) / 2e-6, atol=1e-7 * np.linalg.norm(velocity))
    across = np.array(direction_to_space(walls, 0, *(body[1] - body[0])))
    np.testing.assert_allclose(across, place[1] - place[0], atol=1e-15)
    spinning = np.subtract(surface_velocity(walls, 0, *place[1]), surface_velocity(walls, 0, *place[0]))
    np.testing.assert_allclose(spinning, np.cross(wall_spin(walls, 0), across), atol=1e-12)


def test_a_sphere_that_moves_with_a_carried_wall_feels_no_friction() -> None:
    """Put on a floor that spins about its normal and tumbles, at the velocity and spin of the floor under it.

    The spin acts at the radius, the floor lies 1e-3 of it nearer: 1e-3 for that slip; at rest it is dragged along.
    """
    motion = Motion(axis=(0, 0, 1), point=(0.01, 0, 0), speed=7.0, carrier=TUMBLE)
    walls = build_walls([plane(motion)], ["m"], R, GAP)
    time = 0.8
    set_pose(0, walls, 1, time)
    assert walls.turns[0] == 1
    centre, foot = moved(np.array([[0.03, 0.01, R - DEPTH], [0.03, 0.01, 0.0]]), motion, time)
    normal = (centre - foot) / np.linalg.norm(centre - foot)
    spin = wall_spin(walls, 0)
    force = Ball(walls).at(centre, surface_velocity(walls, 0, *centre), spin)[:3]
    still = Ball(build_walls([FLOOR], ["m"], R, GAP)).at((0.03, 0.01, R - DEPTH))[2]
    np.testing.assert_allclose(force, still * normal, atol=1e-3 * still)
    dragged = Ball(walls).at(centre)[:3]
    assert np.linalg.norm(np.cross(dragged, normal)) > 0.1 * still


@pytest.mark.parametrize("motion", [NESTED, TUMBLE], ids=["carried", "turning"])
def test_a_turning_mesh_stays_in_its_swept_radius(motion: Motion) -> None:
    """No corner gets farther from the axis on the ground, and one comes within a third of it."""
    walls = build_walls([bar(motion)], ["m"], R, GAP)
    corners = np.unique(mesh_corners(walls, 0).reshape(-1, 3), axis=0)
    row = walls.motion[-1]
    farthest = max(reach_about(row, moved(corners, motion, time)) for time in np.linspace(0, 5, 23))
    radius = walls.geometry[0, SWEPT_RADIUS]
    assert 0.75 * radius < farthest <= radius * (1 + 1e-12)


def test_room_beside_a_carried_mesh() -> None:
    """A point 2 mm from a corner, straight away from the body, has 2 mm of room where the bar is now."""
    motion, walls = NESTED, build_walls([bar()], ["m"], 5e-3, GAP)
    corners = mesh_corners(walls, 0).reshape(-1, 3)
    corner = corners[np.argmax(corners[:, 0])] + [0.0, 0.0, 0.0]
    beside = np.array([corner + [2e-3, 0.0, 0.0]])
    set_pose(0, walls, 1, 0.9)
    assert wall_clearance(walls, moved(beside, motion, 0.9))[0] == pytest.approx(2e-3, rel=1e-9)
    assert wall_clearance(walls, beside)[0] > 3e-3


def test_the_surface_speed_of_a_carried_bar_is_bounded() -> None:
    """Above the fastest corner over some turns; below the sum of both speeds at the farthest places."""
    walls = build_walls([bar()], ["m"], R, GAP)
    corners, speeds = np.unique(mesh_corners(walls, 0).reshape(-1, 3), axis=0), []
    for time in np.linspace(0.5, 3, 60):
        set_pose(0, walls, 1, time)
        speeds += [math.hypot(*surface_velocity(walls, 0, *place)) for place in moved(corners, NESTED, time)]
    bound = surface_speed(bar(), wall_reach(bar()))
    assert bound is not None
    assert max(speeds) < bound < 1.5 * max(speeds)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"profile": ((0.0, 1.0), (0.0, 2.0))}, "profile"),
        ({"profile": ((0.0, 1.0),), "ramp": 0.1}, "profile"),
        ({"profile": ((0.0, 1.0),), "period": 1.0}, "profile"),
        ({"carrier": NESTED}, "carrier"),
    ],
)
def test_motions_that_cannot_be_are_named(keys: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Motion(speed=1.0, **keys)
    assert [error["ctx"]["key"] for error in caught.value.errors()] == [key]


def test_a_delayed_motion_takes_its_carrier_along() -> None:
    """At t + 0.5 s everything stands where it stood at t without the delay."""
    points = np.array([[0.0, 0.1, 0.2]])
    np.testing.assert_allclose(moved(points, NESTED.delayed(0.5), 1.4), moved(points, NESTED, 0.9), atol=1e-15)
