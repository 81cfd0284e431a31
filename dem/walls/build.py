"""Walls of a case made into arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import CaseError
from dem.case_motion import AnyMotion
from dem.case_walls import CylinderWall, MeshWall, PlaneWall
from dem.tally import LANES
from dem.walls.arrays import (
    AXIS,
    CELLS_SIZE,
    CYLINDER,
    DEPTH,
    FIRST_CELL,
    GEOMETRY_SIZE,
    GRID_SIZE,
    HIGH,
    INVERSE_CELL,
    KIND,
    LIMIT,
    LOW,
    MESH,
    PLANE,
    POINT,
    POSE_SIZE,
    RADIUS,
    SIDE,
    SWEPT_RADIUS,
    TRIANGLE_SIZE,
    TURNS,
    WALL_LIMIT,
    Walls,
)
from dem.walls.courses import motion_rows, moves, profile_rows, reach_about, swept_radius
from dem.walls.grid import make_grid
from dem.walls.motion import point_to_space, set_pose
from dem.walls.placement import Say, place_mesh, warn

ON_AXIS = 1e-12
"""Sine of the angle, and share of the radius, up to which two axes are taken to be the same line."""

TRAVEL = 1.0
"""How far a wall moves before the lists are made anew, over the skin: the fastest particles have moved half of that."""

Vectors = NDArray[np.float64]
WallModel = PlaneWall | CylinderWall | MeshWall


def build_walls(
    wall_models: Sequence[WallModel],
    material_names: Sequence[str],
    largest_radius: float,
    rearm_gap: float,
    domain_size: float = 0.0,
    skin: float = 0.0,
    say: Say = warn,
) -> Walls:
    """Return the walls of a case as arrays, at the pose of step 0.

    material_names: in the order of the parameter table; largest_radius: of all particles that will ever be there [m];
    rearm_gap: share of a particle's diameter [-]; domain_size: diagonal of the domain [m], 0 where it is not
    known; skin: of the lists [m]; say: told what is left out.

    Raises:
        CaseError: there are too many walls, or a mesh cannot be used.
    """
    size = len(wall_models)
    if size > WALL_LIMIT:
        raise CaseError("too many walls", key="dem.walls", value=size, expected=f"at most {WALL_LIMIT}")
    reach = largest_radius * (1.0 + 2.0 * rearm_gap) + (0.5 + TRAVEL) * skin
    walls = _empty([wall.motion for wall in wall_models], len(material_names))
    triangles: list[Vectors] = []
    starts, members = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)]
    for w, wall in enumerate(wall_models):
        walls.material[w] = list(material_names).index(wall.material)
        if isinstance(wall, MeshWall):
            corners = place_mesh(wall, f"dem.walls.{w}", domain_size or None, say)
            grid = make_grid(corners, reach)
            _set_mesh(walls, w, corners)
            walls.grid[w, :3], walls.grid[w, INVERSE_CELL] = grid.low, 1.0 / grid.edge
            walls.cells[w, :3], walls.cells[w, FIRST_CELL] = grid.shape, sum(map(len, starts)) - 1
            members.append(grid.triangle + np.int32(sum(map(len, triangles))))
            starts.append(grid.start[1:] + starts[-1][-1])
            triangles.append(triangle_rows(corners, w))
        elif isinstance(wall, CylinderWall):
            _set_cylinder(walls, w, wall)
        else:
            _set_plane(walls, w, wall)
        if walls.turns[w]:
            extent = corners.reshape(-1, 3) if isinstance(wall, MeshWall) else None
            _limit_turning(walls, w, extent, domain_size, reach, TRAVEL * skin)
    walls = walls._replace(
        triangles=np.concatenate([np.zeros((0, TRIANGLE_SIZE)), *triangles]),
        cell_start=np.concatenate(starts),
        cell_triangle=np.concatenate(members),
    )
    for w in range(size):
        set_pose(w, walls, 0, 0.0)
    return walls


def moved(points: Vectors, motion: AnyMotion | None, time: float) -> Vectors:
    """Return where a motion takes points [m], shape (..., 3), in a time [s]; what bears a load is where it began."""
    if motion is None:
        return points
    walls = _empty([motion], 1)
    set_pose(0, walls, 1, time)
    return np.stack(point_to_space(walls, 0, *np.moveaxis(points, -1, 0)), axis=-1)


def _empty(motions: Sequence[AnyMotion | None], materials: int) -> Walls:
    size = len(motions)
    motion, carrier = motion_rows(motions)
    return Walls(
        shape=np.full(size, PLANE, np.int32),
        material=np.zeros(size, np.int32),
        geometry=np.zeros((size, GEOMETRY_SIZE)),
        motion=motion,
        profile=profile_rows(motions),
        carrier=carrier,
        turns=np.zeros(size, np.int32),
        pose=np.zeros((len(motion), POSE_SIZE)),
        push=np.zeros((1, len(motion) * LANES), np.int64),
        triangles=np.zeros((0, TRIANGLE_SIZE)),
        grid=np.zeros((size, GRID_SIZE)),
        cells=np.zeros((size, CELLS_SIZE), np.int64),
        cell_start=np.zeros(1, np.int64),
        cell_triangle=np.zeros(0, np.int32),
        sizes=np.array([materials], np.int64),
    )


def _unit(direction: Any) -> Vectors:
    vector = np.asarray(direction, float)
    return vector / np.linalg.norm(vector)


def _set_plane(walls: Walls, w: int, wall: PlaneWall) -> None:
    normal = _unit(wall.normal)
    walls.geometry[w, POINT : POINT + 3], walls.geometry[w, AXIS : AXIS + 3] = wall.point, normal
    axis = walls.motion[w, AXIS : AXIS + 3]
    changes = np.linalg.norm(np.cross(axis, normal)) if walls.motion[w, KIND] == TURNS else abs(axis @ normal)
    walls.turns[w] = moves(walls, w) and (walls.carrier[w] >= 0 or changes > ON_AXIS)


def _set_cylinder(walls: Walls, w: int, wall: CylinderWall) -> None:
    g, axis = walls.geometry[w], _unit(wall.axis)
    walls.shape[w] = CYLINDER
    g[POINT : POINT + 3], g[AXIS : AXIS + 3] = wall.point, axis
    g[RADIUS], g[SIDE] = wall.radius, 1.0 if wall.inside else -1.0
    g[LOW] = -math.inf if wall.low is None else wall.low
    g[HIGH] = math.inf if wall.high is None else wall.high
    g[DEPTH] = math.inf if wall.low is None and wall.high is None else 1.0
    motion_axis = walls.motion[w, AXIS : AXIS + 3]
    offset = np.cross(np.asarray(wall.point) - walls.motion[w, POINT : POINT + 3], motion_axis)
    apart = np.linalg.norm(np.cross(motion_axis, axis)) + np.linalg.norm(offset) / wall.radius
    if walls.motion[w, KIND] != TURNS:
        apart = np.linalg.norm(np.cross(motion_axis, axis)) + (wall.low is not None) + (wall.high is not None)
    walls.turns[w] = moves(walls, w) and (walls.carrier[w] >= 0 or apart > ON_AXIS)


def _set_mesh(walls: Walls, w: int, corners: Vectors) -> None:
    walls.shape[w] = MESH
    walls.turns[w] = moves(walls, w)
    carrier = walls.motion[walls.carrier[w]] if walls.carrier[w] >= 0 else None
    walls.geometry[w, SWEPT_RADIUS] = swept_radius(walls.motion[w], carrier, corners.reshape(-1, 3))


def _limit_turning(
    walls: Walls, w: int, corners: Vectors | None, domain_size: float, reach: float, travel: float
) -> None:
    """Limit by how much the motions of wall w displace before the lists are made anew.

    corners: of a mesh, shape (n, 3); reach [m]: farther from the wall no particle meets it; travel [m]: by how much
    both motions may move the farthest of those that do.
    """
    rows = [w] if walls.carrier[w] < 0 else [w, int(walls.carrier[w])]
    for r in rows:
        if walls.motion[r, KIND] != TURNS:
            walls.motion[r, LIMIT] = travel / len(rows)
            continue
        if corners is None:
            far = domain_size
        else:
            far = reach_about(walls.motion[w], corners) if r == w else float(walls.geometry[w, SWEPT_RADIUS])
        walls.motion[r, LIMIT] = travel / len(rows) / (far + reach)


def triangle_rows(corners: Vectors, w: int) -> Vectors:
    """Return the triangles of wall w, shape (n, 3, 3), as rows of `Walls.triangles`."""
    a, first, second = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(first, second)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    products = [(first * first).sum(1), (first * second).sum(1), (second * second).sum(1)]
    owner = np.full((len(corners), 1), float(w))
    return np.concatenate([a, first, second, normal, np.stack(products, axis=1), owner], axis=1)
