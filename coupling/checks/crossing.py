"""Meshes that cut each other while they move, looked for at times spread over the run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from compute.errors import CaseError
from coupling.case import Case
from coupling.checks.contact import fastest_case
from coupling.checks.finding import Finding
from coupling.checks.meshes import placed_corners
from dem.case import DemCase
from dem.case_limits import run_duration
from dem.case_walls import MeshWall

POSES, FEWEST, WORK = 60, 12, 600_000
"""Times looked at, and fewer, but not below the second number, where times and triangles would make more than that."""
GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)
"""Share of the run from one time to the next, whole runs taken off: evenly over the turns of every wall."""
MOMENT = 1e-6
"""Time that tells where a surface is going [s]."""

Named = tuple[str, MeshWall]
"""A wall and its place in the case."""


def check_crossings(case: Case) -> Iterator[Finding]:
    """Warn of meshes that move against each other and cut, which no machine does.

    A body wholly inside another one is not seen, nor what meets between the times; walls under a load are looked at
    where they begin.
    """
    dem = fastest_case(case)
    if dem is None:
        return
    meshes = [(f"dem.walls.{at}", wall) for at, wall in enumerate(dem.walls) if isinstance(wall, MeshWall)]
    pairs = [(one, other) for one, other in combinations(meshes, 2) if one[1].motion != other[1].motion]
    corners: dict[str, Any] = {}
    for key, wall in _walls(pairs).items():
        try:
            corners[key] = placed_corners(wall, key, math.hypot(*dem.domain.size), say=lambda text: None)
        except CaseError:  # told by the mesh's own check
            continue
    known = [pair for pair in pairs if all(key in corners for key, _ in pair)]
    yield from _first_cuts(dem, known, corners)


def _first_cuts(dem: DemCase, pairs: list[tuple[Named, Named]], corners: dict[str, Any]) -> Iterator[Finding]:
    """Tell of each pair of walls the first time looked at when they cut; corners: of their triangles, by key."""
    from dem.walls.crossing import along_curve, cuts

    ordered = {key: along_curve(each) for key, each in corners.items()}
    duration, left = max(run_duration(dem) - dem.time.settle, 0.0), list(pairs)
    poses = min(POSES, max(FEWEST, WORK // max(1, sum(map(len, ordered.values())))))
    for time in sampled_times(duration, poses):
        posed = {key: _posed(wall, ordered[key], time) for key, wall in _walls(left).items()}
        for pair in list(left):
            points = cuts(*(posed[key] for key, _ in pair))
            if len(points):
                left.remove(pair)
                yield _told(*pair, time, points[0])


def sampled_times(duration: float, number: int) -> list[float]:
    """Return times [s] that rise from 0 through a duration [s], none at a fixed interval from the next."""
    return sorted(duration * math.fmod(GOLDEN * k, 1.0) for k in range(number))


def _walls(pairs: list[tuple[Named, Named]]) -> dict[str, MeshWall]:
    return {key: wall for pair in pairs for key, wall in pair}


def _posed(wall: MeshWall, corners: Any, time: float) -> Any:
    from dem.walls.build import moved
    from dem.walls.crossing import Posed, box_tree

    now = moved(corners, wall.motion, time)
    return Posed(now, box_tree(now), lambda chosen: moved(corners[chosen], wall.motion, time + MOMENT))


def _told(first: Named, second: Named, time: float, point: Any) -> Finding:
    (_, one), (key, other) = first, second
    place = ", ".join(f"{1e3 * each:.4g}" for each in point)
    text = f"{one.name} and {other.name} cut into each other as they move, at ({place}) mm: particles may be crushed or"
    text += f" shut in there. `dempbm render --time '{1e3 * time:.4g} ms'` shows it."
    return Finding("warning", "crossing-walls", text, f"at {time:.4g} s", "", f"{key}.motion" if other.motion else key)
