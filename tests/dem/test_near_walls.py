"""Particles that cannot reach a wall before the next rebuild skip it, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dem import engine as engine_module
from dem.case_equipment import Impeller
from dem.case_walls import CylinderWall, MeshWall, Motion
from dem.contact.law import PairProperties
from dem.tally import ENCOUNTERS
from dem.walls import build_walls
from dem.walls.near import can_meet
from tests.dem.engines import make_engine, plane, spheres

EDGE, MIDDLE = 8e-3, 4e-3
RADIUS = 2.4e-4


def vessel() -> list[Any]:
    """A cylinder with two planes, an impeller that turns, one at rest, and a rod that turns about its own axis."""
    impeller = Impeller(
        kind="impeller", blades=2, radius=1.2e-3, hub_radius=5e-4, hub_height=6e-4, blade_height=5e-4,
        blade_thickness=4e-4,
    )  # fmt: skip
    turning = Motion(point=(MIDDLE, MIDDLE, 0.0), speed=300.0)
    own = Motion(point=(MIDDLE, MIDDLE, 6e-3), axis=(1.0, 0.0, 0.0), speed=50.0)
    return [
        CylinderWall(name="bowl", material="m0", shape="cylinder", point=(MIDDLE, MIDDLE, 0.0), radius=3.6e-3),
        plane("floor", (0.0, 0.0, 3e-4), (0.0, 0.0, 1.0)),
        plane("lid", (0.0, 0.0, EDGE - 3e-4), (0.0, 0.0, -1.0)),
        MeshWall(
            name="impeller", material="m0", shape="mesh", generate=impeller, point=(MIDDLE, MIDDLE, 1e-3),
            motion=turning,
        ),
        MeshWall(name="still", material="m0", shape="mesh", generate=impeller, point=(MIDDLE, MIDDLE, 6.8e-3)),
        CylinderWall(
            name="rod", material="m0", shape="cylinder", point=(MIDDLE, MIDDLE, 6e-3), axis=(1.0, 0.0, 0.0),
            radius=2e-4, inside=False, low=-1e-3, high=1e-3, motion=own,
        ),
    ]  # fmt: skip


def charge() -> Any:
    """Fast spheres between the two impellers."""
    random = np.random.Generator(np.random.Philox(key=(8, 2)))
    kept: list[Any] = []
    while len(kept) < 60:
        rho, angle, z = 2.8e-3 * np.sqrt(random.random()), 2 * np.pi * random.random(), random.uniform(2.4e-3, 5.2e-3)
        point = np.array([MIDDLE + rho * np.cos(angle), MIDDLE + rho * np.sin(angle), z])
        if all(np.linalg.norm(point - other) > 2.1 * RADIUS for other in kept):
            kept.append(point)
    return spheres(kept, random.normal(0.0, 1.0, (len(kept), 3)), RADIUS)


def look_everywhere(i: int, particles: Any, walls: Any, touches: Any, skin: float, gap: float) -> None:
    """Mark every wall as near."""
    touches.close[i] = -1


def test_walls_out_of_reach_may_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walls of every shape, at rest and turning: looking at all of them for every sphere gives the same bits."""
    states = []
    for everywhere in (False, True):
        if everywhere:
            monkeypatch.setattr(engine_module, "mark_near_walls", look_everywhere)
        engine = make_engine(
            charge(), walls=vessel(), statistics=True, rolling="constant-torque", high=(EDGE,) * 3, step=4e-6,
            skin=1e-4, pairs=PairProperties(0.7, 0.4, 0.05),
        )  # fmt: skip
        engine.run(700)
        states.append(engine.state() | {"tally": engine.tally.wall_counts, "speeds": engine.tally.wall_speeds})
        close = engine.touches.close[: engine.size]
        assert np.all(close == -1) == everywhere
        assert np.any(close != 0)
    assert (states[0]["tally"].sum(axis=0)[:, ENCOUNTERS] > 0).sum() >= 5, "fewer than five of six walls were touched"
    for name, values in states[0].items():
        assert values.tobytes() == states[1][name].tobytes(), f"{name} differs"


def test_turning_planes() -> None:
    """A plane that turns about its own normal stays where it is; about another axis it can be anywhere."""
    floor = plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    still = floor.model_copy(update={"motion": Motion(speed=3.0)})
    tilting = floor.model_copy(update={"motion": Motion(axis=(1.0, 0.0, 0.0), speed=3.0)})
    for wall, far in ((floor, False), (still, False), (tilting, True)):
        walls = build_walls([wall], ["m0"], 0.1, 0.01)
        assert can_meet(walls, 0, 0.0, 0.0, 1.0, 0.1, 0.2) == far
        assert can_meet(walls, 0, 0.0, 0.0, 0.15, 0.1, 0.2)
