"""What a particle cannot meet before the lists are made again is not looked at, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dem.case_equipment import Drum, Impeller
from dem.case_motion import Motion
from dem.case_walls import CylinderWall, MeshWall
from dem.contact.law import PairProperties
from dem.particles import VX
from dem.tally import ENCOUNTERS
from dem.walls import build_walls, make_touches
from dem.walls import rows as rows_module
from dem.walls.near import list_what_meets
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


def look_everywhere(
    item: int, particles: Any, walls: Any, touches: Any, margin: float, gap: float, seated: int
) -> None:
    """Mark every wall as near for everybody, and list no triangles."""
    if seated:
        touches.close[item], touches.listed[item] = -1, -1
    else:
        touches.seat[item] = 0


def test_what_is_out_of_reach_may_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walls of every shape, at rest and turning: a look at every wall and cell for every sphere gives the same bits."""
    states = []
    for everywhere in (False, True):
        if everywhere:
            monkeypatch.setattr(rows_module, "mark_near_walls", look_everywhere)
        engine = make_engine(
            charge(), walls=vessel(), statistics=True, rolling="constant-torque", high=(EDGE,) * 3, step=4e-6,
            skin=1e-4, pairs=PairProperties(0.7, 0.4, 0.05),
        )  # fmt: skip
        engine.run(700)
        states.append(engine.state() | {"tally": engine.tally.wall_counts, "speeds": engine.tally.wall_speeds})
        close = engine.touches.close[: engine.at_walls]
        assert (engine.at_walls == engine.size) == everywhere
        assert np.all(close == -1) == everywhere
        assert np.any(close != 0)
        assert (engine.touches.listed[: engine.at_walls].max() > 1) != everywhere
    assert (states[0]["tally"].sum(axis=0)[:, ENCOUNTERS] > 0).sum() >= 5, "fewer than five of six walls were touched"
    for name, values in states[0].items():
        assert values.tobytes() == states[1][name].tobytes(), f"{name} differs"


def meets(walls: Any, z: float, radius: float, reach: float) -> bool:
    """Whether the first wall can meet a sphere in height z."""
    found, _ = list_what_meets(walls, 0, 0.0, 0.0, z, radius, reach, make_touches(1, 0), 0, 0, 0)
    return found


@pytest.mark.parametrize("tilts", [False, True])
def test_turning_planes(tilts: bool) -> None:
    """A plane that turns about its own normal stays where it is; about another axis it sweeps one skin up to 1 m away.

    At a height of 0.5 m it moves by half of the skin of 0.06 m, to which the cells' reach of 0.192 m adds a little.
    """
    axis = (1.0, 0.0, 0.0) if tilts else (0.0, 0.0, 1.0)
    floor = plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)).model_copy(update={"motion": Motion(axis=axis, speed=3.0)})
    walls = build_walls([floor], ["m0"], 0.1, 0.01, domain_size=1.0, skin=0.06)
    sweep = 0.5 * 0.06 / (1.0 + 0.102 + 1.5 * 0.06)
    assert meets(walls, 0.5, 0.1, 0.5 - 0.99 * sweep) == tilts
    assert not meets(walls, 0.5, 0.1, 0.5 - 1.01 * sweep)
    assert meets(walls, 0.5, 0.1, 0.501)


def test_lists_last_as_long_as_their_limit() -> None:
    """A still sphere 0.3 mm from a turning bar: lists are made anew each time its end has moved by the skin.

    In 700 steps the end of the bar, 2.4 mm from the axis, moves by 2.0 mm, which is 20 skins of 0.1 mm; the limit holds
    for a sphere as far outside as one is looked for, so somewhat more often.
    """
    engine = make_engine(
        spheres([[MIDDLE, MIDDLE, 3e-3]], 0.0, RADIUS), walls=vessel(), high=(EDGE,) * 3, step=4e-6, skin=1e-4,
    )  # fmt: skip
    engine.run(700)
    travel = 300.0 * 1.2e-3 * 700 * 4e-6
    assert travel / 1e-4 <= engine.rebuilds <= 2.0 * travel / 1e-4


def test_more_triangles_than_room() -> None:
    """A sphere that can meet more triangles than there is room for looks them up in the cells, and is pushed the same.

    A facet of 800 lies at most 2.3e-8 m inside the cylinder, 0.23 % of the overlap: within 0.4 % of its Hertzian force.
    """
    drum = Drum(kind="drum", radius=3e-3, length=6e-3, facets=800)
    fine = MeshWall(name="drum", material="m0", shape="mesh", point=(MIDDLE,) * 3, generate=drum)
    smooth = CylinderWall(name="drum", material="m0", shape="cylinder", point=(MIDDLE,) * 3, radius=3e-3)
    speeds = []
    for wall in (fine, smooth):
        place = MIDDLE + 3e-3 - RADIUS + 1e-5
        engine = make_engine(
            spheres([[place, MIDDLE, MIDDLE]], 0.0, RADIUS), walls=[wall], high=(EDGE,) * 3, step=1e-7, skin=1e-4
        )
        engine.run(1)
        assert engine.touches.listed[0] == (-1 if wall is fine else 0)
        speeds.append(engine.particles.row[0, VX])
    assert speeds[0] < 0.0
    assert speeds[0] == pytest.approx(speeds[1], rel=4e-3)
