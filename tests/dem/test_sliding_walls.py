"""Walls that slide, are tapped, or bear a load: against free fall, Newton's law and equilibrium."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dem.case_motion import Load, Motion, Slide, Tap
from dem.case_walls import PlaneWall
from dem.contact.law import PairProperties
from dem.particles import VX, Z
from dem.wall_speed import surface_speed, wall_reach
from dem.walls import build_walls, set_pose
from dem.walls.arrays import GLIDE, SHIFT
from dem.walls.build import moved
from dem.walls.clearance import wall_clearance
from dem.walls.motion import bear_load, point_to_body, surface_velocity, wall_spin
from tests.dem.engines import make_engine, plane, rows, spheres
from tests.dem.test_walls import FLOOR, GAP, R
from tests.device.systems import EDGE, box_case

TAP = Tap(kind="tap", height=3e-3, period=0.2, count=3, start=0.1)
LID = Load(kind="load", axis=(0, 0, -1), force=2.0, mass=0.05, damping=40.0, start=0.01)
TWISTED = Motion(
    axis=(0, 0, 1), point=(0.01, 0.0, 0.0), speed=7.0, carrier=Slide(kind="slide", axis=(1, 0, 1), speed=0.3)
)


def wall(motion: Any) -> PlaneWall:
    return FLOOR.model_copy(update={"motion": motion})


def shift_and_glide(motion: Any, time: float) -> tuple[float, float]:
    walls = build_walls([wall(motion)], ["m"], R, GAP)
    set_pose(0, walls, 1, time)
    return float(walls.pose[0, SHIFT]), float(walls.pose[0, GLIDE])


def test_a_tapped_wall_is_lifted_falls_freely_and_stops() -> None:
    """Half a period up to the height, sqrt(2 h/g) down, landing at sqrt(2 g h); exact but for round-off."""
    fall = math.sqrt(2 * 3e-3 / 9.81)
    for tap in range(3):
        begin = 0.1 + 0.2 * tap
        assert shift_and_glide(TAP, begin + 0.05) == (pytest.approx(1.5e-3), pytest.approx(2 * 3e-3 / 0.1))
        assert shift_and_glide(TAP, begin + 0.1) == (pytest.approx(3e-3), pytest.approx(0.0, abs=1e-12))
        half = 3e-3 - 0.5 * 9.81 * (0.5 * fall) ** 2
        assert shift_and_glide(TAP, begin + 0.1 + 0.5 * fall) == (pytest.approx(half), pytest.approx(-9.81 * fall / 2))
        landing = shift_and_glide(TAP, begin + 0.1 + fall * (1 - 1e-9))
        assert landing == (pytest.approx(0.0, abs=1e-11), pytest.approx(-math.sqrt(2 * 9.81 * 3e-3)))
        assert shift_and_glide(TAP, begin + 0.1 + fall * (1 + 1e-9)) == (pytest.approx(0.0, abs=1e-15), 0.0)
    assert shift_and_glide(TAP, 0.05) == (0.0, 0.0)
    assert shift_and_glide(TAP, 0.75) == (pytest.approx(0.0, abs=1e-15), 0.0), "it goes on after the last tap"


def test_a_sliding_wall_follows_its_course() -> None:
    """Ramp, then constant speed: s = v (t - T/2); vibration s = v P/(2 pi) sin(2 pi t/P)."""
    slide = Slide(kind="slide", speed=0.4, start=0.1, ramp=0.2)
    assert shift_and_glide(slide, 0.2) == (pytest.approx(0.4 * 0.1**2 / 0.4), pytest.approx(0.2))
    assert shift_and_glide(slide, 0.9) == (pytest.approx(0.4 * (0.8 - 0.1)), pytest.approx(0.4))
    shaken = Slide(kind="slide", speed=0.4, period=0.05)
    assert shift_and_glide(shaken, 0.0125) == (pytest.approx(0.4 * 0.05 / (2 * math.pi)), pytest.approx(0, abs=1e-12))


def test_a_wall_that_turns_on_what_slides_moves_as_its_velocity_says() -> None:
    """Central differences 1 us apart, to 1e-7; and back into the frame of the body to round-off."""
    walls, time = build_walls([wall(TWISTED)], ["m"], R, GAP), 0.7
    body = np.array([[0.01, 0.03, 0.11], [0.0, -0.05, 0.2]])
    before, place, after = (moved(body, TWISTED, time + late) for late in (-1e-6, 0.0, 1e-6))
    set_pose(0, walls, 1, time)
    for at in range(2):
        np.testing.assert_allclose(point_to_body(walls, 0, *place[at]), body[at], atol=1e-15)
        velocity = np.array(surface_velocity(walls, 0, *place[at]))
        np.testing.assert_allclose(velocity, (after[at] - before[at]) / 2e-6, atol=1e-7)
    np.testing.assert_allclose(wall_spin(walls, 0), (0, 0, 7.0))
    floor = 0.7 * 0.3 / math.sqrt(2.0)
    assert wall_clearance(walls, np.array([[0.0, 0.0, 1.0]]))[0] == pytest.approx(1.0 - floor, abs=1e-14)


def test_a_wall_without_particles_comes_down_as_the_damping_lets_it() -> None:
    """v = F/(m c) (1 - exp(-c t)), from rest when it is released; the step of 10 us leaves an error of (c dt)^2/12."""
    walls, step = build_walls([wall(LID)], ["m"], R, GAP), 1e-5
    for number in range(6000):
        bear_load(0, walls, number, step)
    elapsed, terminal = 0.05 + 0.5 * step, 2.0 / (0.05 * 40.0)
    assert walls.pose[0, GLIDE] == pytest.approx(terminal * (1 - math.exp(-40.0 * (elapsed - 0.5 * step))), rel=1e-6)
    gone = terminal * (elapsed - (1 - math.exp(-40.0 * elapsed)) / 40.0)
    assert walls.pose[0, SHIFT] == pytest.approx(gone, rel=1e-5)
    assert surface_speed(wall(LID), wall_reach(wall(LID))) == terminal


def test_a_wall_under_a_load_comes_to_rest_where_the_spring_bears_it() -> None:
    """A sphere between a floor and a lid, linear springs: compressed by load/k above and (load + weight)/k below.

    What is left of the motion after 50 ms is below 1e-7 of that.
    """
    stiffness, load = 2000.0, 0.05
    radius, density, gravity = 5e-3, 2000.0, 9.81
    weight = density * 4.0 / 3.0 * math.pi * radius**3 * gravity
    lid = plane("lid", (0, 0, 2 * radius), (0, 0, -1))
    bearing = Load(kind="load", axis=(0, 0, -1), force=load, mass=1e-3, damping=600.0)
    engine = make_engine(
        spheres([[0.05, 0.05, radius]], [0, 0, 0], radius, density=density),
        step=1e-5, skin=1e-3, law="linear", gravity=(0, 0, -gravity),
        walls=[plane("floor", (0, 0, 0), (0, 0, 1)), lid.model_copy(update={"motion": bearing})],
        pairs=PairProperties(0.3, 0.5, normal_stiffness=stiffness),
    )  # fmt: skip
    engine.run(6000)
    below, above = (load + weight) / stiffness, load / stiffness
    assert rows(engine)[0, Z] == pytest.approx(radius - below, abs=1e-7 * below)
    assert engine.walls.pose[1, SHIFT] == pytest.approx(below + above, rel=1e-6)
    assert abs(rows(engine)[0, VX + 2]) < 1e-7 * math.sqrt(stiffness / 1e-3) * below


@pytest.mark.parametrize(
    ("kind", "keys", "key"),
    [
        (Tap, {"kind": "tap", "height": 0.05, "period": 0.2, "count": 1}, "period"),
        (Slide, {"kind": "slide", "speed": 1.0, "carrier": {"speed": 2.0}}, "carrier"),
        (Motion, {"speed": 1.0, "carrier": {"kind": "slide", "speed": 1, "carrier": LID.model_dump()}}, "carrier"),
        (Load, {"kind": "load", "force": 1.0, "mass": 0.0, "damping": 1.0}, "mass"),
    ],
)
def test_motions_that_cannot_be(kind: Any, keys: dict[str, Any], key: str) -> None:
    """Told with the key."""
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(keys)
    assert key in str(caught.value.errors())


def test_walls_with_one_load_are_refused() -> None:
    """Each would bear the load, and move, alone; the message names both and says what to do."""
    lid = {"shape": "plane", "material": "glass", "normal": [0, 0, -1], "motion": LID.model_dump()}
    walls = [lid | {"name": name, "point": [0, 0, height]} for name, height in (("plate", 0.008), ("rim", 0.009))]
    with pytest.raises(ValidationError) as caught:
        box_case(domain={"low": [0, 0, 0], "high": [EDGE] * 3}, walls=walls)
    context = caught.value.errors()[0]["ctx"]
    assert "plate and rim have the same load" in str(caught.value)
    assert context["key"] == "walls.1.motion" and "one wall of a mesh" in context["expected"]
    box_case(domain={"low": [0, 0, 0], "high": [EDGE] * 3}, walls=walls[:1])
