"""How far from its axis a wall reaches, and how fast its surface moves; from the case alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

from compute.errors import CaseError
from dem.case_equipment import Drum, Impeller
from dem.case_motion import Motion
from dem.case_walls import CylinderWall, MeshWall, PlaneWall, Wall


def wall_reach(wall: Wall) -> float | None:
    """Return the largest distance of a turning wall's surface from its axis [m]; None where it is not bounded here.

    Nil for a wall that does not turn: nothing of its speed depends on it.
    """
    if wall.motion is not None and not isinstance(wall.motion, Motion):
        return 0.0
    if wall.motion is None or isinstance(wall, PlaneWall):
        return None
    if isinstance(wall, CylinderWall):
        return wall.radius + distance_from_axis(wall.point, wall.motion.point, wall.motion.axis)
    if isinstance(wall, MeshWall) and wall.generate is not None:
        if isinstance(wall.generate, (Impeller, Drum)):
            return wall.generate.radius + distance_from_axis(wall.point, wall.motion.point, wall.motion.axis)
        return _generated_reach(wall)
    return None


def _generated_reach(wall: MeshWall) -> float | None:
    from dem.walls.placement import place_mesh

    motion = wall.motion
    assert isinstance(motion, Motion)
    try:
        corners = place_mesh(wall, wall.name, say=lambda text: None).reshape(-1, 3)
    except CaseError:  # its measures do not go together, which the mesh's own check tells
        return None
    return max(distance_from_axis(corner, motion.point, motion.axis) for corner in corners.tolist())


def surface_speed(wall: Wall, reach: float | None) -> float | None:
    """Return the highest speed of a moving wall's surface [m/s], its carrier's part added; None where not bounded.

    reach: largest distance of the surface from its own axis [m].
    """
    motion = wall.motion
    if reach is None or motion is None:
        return None
    own, carrier = reach * motion.peak_speed + motion.peak_glide, getattr(motion, "carrier", None)
    if carrier is None:
        return own
    if not isinstance(carrier, Motion):
        return own + float(carrier.peak_glide)
    carried = _carried_reach(wall)
    return None if carried is None else own + carried * carrier.peak_speed


def _carried_reach(wall: Wall) -> float | None:
    """Return how far a carried mesh can get from its carrier's axis [m]."""
    if not isinstance(wall, MeshWall) or wall.motion is None:
        return None
    from dem.walls.courses import carried_reach
    from dem.walls.placement import place_mesh

    try:
        return carried_reach(wall.motion, place_mesh(wall, wall.name, say=lambda text: None))
    except CaseError:  # told by the mesh's own check
        return None


def distance_from_axis(point: Sequence[float], origin: Sequence[float], axis: Sequence[float]) -> float:
    """Return the distance of a point from the line through `origin` along `axis` [m]."""
    norm = math.hypot(*axis)
    away = [a - b for a, b in zip(point, origin)]
    along = sum(a * b for a, b in zip(away, axis)) / norm
    return math.sqrt(max(0.0, sum(a * a for a in away) - along**2))
