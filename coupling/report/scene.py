"""What stands in the picture: walls of a case as triangles at a time, and the particles of a snapshot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import CaseError
from coupling.report.raster import Triangles
from dem.case import DemCase
from dem.case_motion import Motion, load_of
from dem.case_walls import CylinderWall, MeshWall, PlaneWall, Wall
from dem.equipment import VESSELS, make_frustum
from dem.walls.build import moved
from dem.walls.placement import place_mesh, rotation_to

Array = NDArray[np.float64]

VESSEL, MOVING = np.array([0.93, 0.945, 0.96]), np.array([0.56, 0.61, 0.66])
FACETS = 96
RIM, BED_SHARE = 1.3, 0.98
"""Height of an endless vessel over that of this share of the particles."""
PARALLEL = 0.999


def wall_triangles(
    case: DemCase, time: float, position: Array, displacements: Mapping[str, float] | None = None
) -> Triangles:
    """All walls of a case at a time [s], as far as particles at `position` [m], shape (n, 3), reach.

    displacements: how far walls under a load have gone [m], by name.
    """
    gone = displacements or {}
    parts = []
    for wall in case.walls:
        try:
            corners = wall_corners(wall, case, time, position, gone.get(wall.name, 0.0))
        except CaseError:  # the mesh file is no longer where it was
            continue
        if corners is not None:
            parts.append((corners, VESSEL if is_vessel(wall) else MOVING))
    return coloured(parts)


def coloured(parts: Sequence[tuple[Array, Array]]) -> Triangles:
    """Meshes, each shape (n, 3, 3), in a colour each, as one."""
    corners = np.concatenate([np.empty((0, 3, 3)), *(corners for corners, _ in parts)])
    colours = [np.tile(colour, (len(corners), 1)) for corners, colour in parts]
    return Triangles(corners, np.concatenate([np.empty((0, 3)), *colours]))


def wall_corners(wall: Wall, case: DemCase, time: float, position: Array, displacement: float = 0.0) -> Array | None:
    """Triangles of one wall at a time [s] as far as `position` [m], shape (n, 3), reaches; None for a lid.

    displacement: how far it has gone under a load [m]. Planes and cylinders that turn are shown as they began.

    Raises:
        CaseError: its mesh cannot be made or read.
    """
    if isinstance(wall, MeshWall):
        corners: Array | None = place_mesh(wall, f"walls.{wall.name}")
    else:
        corners = _cylinder(wall, position) if isinstance(wall, CylinderWall) else _plane(wall, case)
    if corners is None:
        return None
    if isinstance(wall, MeshWall) or not isinstance(wall.motion, Motion):
        corners = moved(corners, wall.motion, max(time - case.time.settle, 0.0))
    load = load_of(wall.motion)
    axis = np.zeros(3) if load is None else np.asarray(load.axis) / np.linalg.norm(load.axis)
    return corners + displacement * axis


def is_vessel(wall: Wall) -> bool:
    """Whether a wall holds the particles, as far as that can be told: it is not a mesh, is made so, or is at rest."""
    if not isinstance(wall, MeshWall):
        return True
    return wall.motion is None if wall.generate is None else isinstance(wall.generate, VESSELS)


def _cylinder(wall: CylinderWall, position: Array) -> Array:
    """The lateral surface, its inner side outwards where particles are inside."""
    frame = rotation_to(wall.axis)
    along = (position - np.asarray(wall.point)) @ frame[:, 2]
    low = wall.low if wall.low is not None else min(float(along.min()), 0.0)
    high = wall.high if wall.high is not None else low + RIM * (float(np.quantile(along, BED_SHARE)) - low)
    mesh = make_frustum(wall.radius, wall.radius, low, high, FACETS, ends=False)
    triangles = mesh.triangles[:, ::-1] if wall.inside else mesh.triangles
    return np.asarray((mesh.vertices @ frame.T + np.asarray(wall.point))[triangles])


def _plane(wall: PlaneWall, case: DemCase) -> Array | None:
    """A disc where a vessel stands on the plane, else a square as wide as the domain; a lid is left out."""
    normal = np.asarray(wall.normal) / np.linalg.norm(wall.normal)
    if normal @ np.asarray(case.gravity) > 0.0:
        return None
    vessels = [each for each in case.walls if isinstance(each, CylinderWall) and each.inside]
    frame, middle = rotation_to(wall.normal), np.add(case.domain.low, case.domain.high) / 2.0
    radius, facets, turn = 0.5 * max(case.domain.size) * math.sqrt(2.0), 4, math.pi / 4.0
    for vessel in vessels:
        if abs(normal @ np.asarray(vessel.axis)) > PARALLEL * float(np.linalg.norm(vessel.axis)):
            middle, radius, facets, turn = np.asarray(vessel.point), vessel.radius, FACETS, 0.0
    centre = middle - ((middle - np.asarray(wall.point)) @ normal) * normal
    angle = turn + 2.0 * math.pi * np.arange(facets) / facets
    ring = centre + radius * np.column_stack([np.cos(angle), np.sin(angle), np.zeros(facets)]) @ frame.T
    return np.stack([np.broadcast_to(centre, ring.shape), ring, np.roll(ring, -1, axis=0)], axis=1)


def speeds_of(snapshot: dict[str, Any]) -> Array:
    """Speeds of the particles of a snapshot [m/s], shape (n,)."""
    return np.linalg.norm(np.asarray(snapshot["velocity"], dtype=float), axis=1)
