"""Room between points and walls, for the placing of particles; works on many points at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dem.walls.arrays import (
    AXIS,
    CYLINDER,
    DEPTH,
    FIRST_CELL,
    FIRST_EDGE,
    HIGH,
    INVERSE_CELL,
    LOW,
    MESH,
    PLANE,
    POINT,
    RADIUS,
    SECOND_EDGE,
    SIDE,
    Walls,
)
from dem.walls.grid import squared_distance
from dem.walls.motion import point_to_body
from dem.walls.placement import SAME_CORNER

BATCH = 200_000
"""Pairs of point and triangle looked at together."""
INSIDE = 0.5
"""Winding number above which a point lies inside a closed body."""

Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """A closed part of mesh wall number `wall`: the corners of its triangles in the body frame [m], shape (m, 3, 3)."""

    wall: int
    corners: Vectors


def find_bodies(walls: Walls, sample: Vectors) -> list[Body]:
    """Return the closed parts of all meshes that are bodies.

    sample: points of the region of interest [m], shape (n, 3); a part that holds them all is a vessel, not a body, and
    so is one whose normals point inwards.
    """
    bodies = []
    for w in map(int, np.flatnonzero(walls.shape == MESH)):
        for corners in closed_parts(mesh_corners(walls, w)):
            body = Body(w, corners)
            if enclosed_volume(corners) > 0.0 and not _inside(walls, body, sample).all():
                bodies.append(body)
    return bodies


def enclosed_volume(corners: Vectors) -> float:
    """Return the volume [m3] inside a closed part, negative if its normals point inwards: sum of a . (b x c)/6."""
    a, b, c = (corners[:, k] - corners[0, 0] for k in range(3))
    return float((a * np.cross(b, c)).sum()) / 6.0


def wall_clearance(walls: Walls, points: Vectors, bodies: Sequence[Body] = ()) -> Vectors:
    """Return the distance [m] of points, shape (n, 3), from the nearest wall at its present pose, shape (n,).

    Negative behind a plane or a cylinder, minus infinity inside the bodies; infinite where a mesh is farther than its
    grid reaches.
    """
    clearance = np.full(len(points), np.inf)
    for w in range(len(walls.shape)):
        own = _to_body(walls, w, points)
        if walls.shape[w] == PLANE:
            found = (own - walls.geometry[w, POINT : POINT + 3]) @ walls.geometry[w, AXIS : AXIS + 3]
        elif walls.shape[w] == CYLINDER:
            found = _cylinder_clearance(walls.geometry[w], own)
        else:
            found = _mesh_clearance(walls, w, own)
        clearance = np.minimum(clearance, found)
    for body in bodies:
        clearance[_inside(walls, body, points)] = -np.inf
    return clearance


def _to_body(walls: Walls, w: int, points: Vectors) -> Vectors:
    return np.stack(point_to_body(walls, w, *points.T), axis=1) if walls.turns[w] else points


def _cylinder_clearance(g: Vectors, points: Vectors) -> Vectors:
    offset = points - g[POINT : POINT + 3]
    along = offset @ g[AXIS : AXIS + 3]
    outwards = g[RADIUS] - np.linalg.norm(offset - along[:, None] * g[AXIS : AXIS + 3], axis=1)
    beyond = along - np.clip(along, g[LOW], g[HIGH])
    beside = g[SIDE] * outwards if np.isinf(g[DEPTH]) else np.abs(outwards)
    return np.where(beyond == 0.0, beside, np.hypot(outwards, beyond))


def _mesh_clearance(walls: Walls, w: int, points: Vectors) -> Vectors:
    """Return the distance from the triangles that the grid lists where each point is."""
    shape = walls.cells[w, :3]
    place = np.floor((points - walls.grid[w, :3]) * walls.grid[w, INVERSE_CELL]).astype(np.int64)
    known = np.flatnonzero(((place >= 0) & (place < shape)).all(1))
    x, y, z = place[known].T
    cell = walls.cells[w, FIRST_CELL] + (x * shape[1] + y) * shape[2] + z
    sizes = walls.cell_start[cell + 1] - walls.cell_start[cell]
    owner = np.repeat(np.arange(len(known)), sizes)
    entry = (
        np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(walls.cell_start[cell], sizes)
    )
    square = np.full(len(points), np.inf)
    for at in range(0, len(owner), BATCH):
        part = slice(at, at + BATCH)
        corners = _corners(walls, walls.cell_triangle[entry[part]])
        np.minimum.at(square, known[owner[part]], squared_distance(points[known[owner[part]]], corners))
    return np.sqrt(square)


def _corners(walls: Walls, triangle: NDArray[np.int32]) -> Vectors:
    rows = walls.triangles[triangle]
    a = rows[:, :3]
    return np.stack([a, a + rows[:, FIRST_EDGE : FIRST_EDGE + 3], a + rows[:, SECOND_EDGE : SECOND_EDGE + 3]], axis=1)


def mesh_corners(walls: Walls, w: int) -> Vectors:
    """Return the corners of the triangles of mesh w in its body frame [m], shape (triangles, 3, 3)."""
    first = walls.cells[w, FIRST_CELL]
    last = first + walls.cells[w, :3].prod()
    return _corners(walls, np.unique(walls.cell_triangle[walls.cell_start[first] : walls.cell_start[last]]))


def _inside(walls: Walls, body: Body, points: Vectors) -> NDArray[np.bool_]:
    """Return which points lie inside a closed part."""
    own, corners = _to_body(walls, body.wall, points), body.corners
    boxed = np.flatnonzero(((own > corners.min((0, 1))) & (own < corners.max((0, 1)))).all(1))
    inside = np.zeros(len(points), bool)
    inside[boxed] = winding_number(own[boxed], corners) > INSIDE
    return inside


def closed_parts(corners: Vectors) -> list[Vectors]:
    """Return the connected parts of a mesh, each shape (m, 3, 3), in which every edge has two triangles."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    scale = SAME_CORNER * float(np.ptp(corners.reshape(-1, 3), axis=0).max())
    _, vertex = np.unique(np.round(corners.reshape(-1, 3) / scale), axis=0, return_inverse=True)
    faces = vertex.reshape(-1, 3)
    links = coo_matrix((np.ones(2 * len(faces)), (np.repeat(faces[:, 0], 2), faces[:, 1:].ravel())))
    size = int(faces.max()) + 1
    links.resize(size, size)
    label = connected_components(links, directed=False)[1][faces[:, 0]]
    parts = []
    for each in np.unique(label):
        own = faces[label == each]
        edges = np.sort(np.concatenate([own[:, [0, 1]], own[:, [1, 2]], own[:, [2, 0]]]), axis=1)
        if (np.unique(edges, axis=0, return_counts=True)[1] == 2).all():
            parts.append(corners[label == each])
    return parts


def winding_number(points: Vectors, corners: Vectors) -> Vectors:
    """Return how often a closed surface winds around each point: 1 inside outward normals, 0 outside.

    The sum of the solid angles of the triangles over 4 pi; van Oosterom, Strackee, IEEE Trans. Biomed. Eng. 30 (1983)
    125-126, doi 10.1109/TBME.1983.325207.
    """
    total = np.zeros(len(points))
    step = max(1, BATCH // len(corners))
    for at in range(0, len(points), step):
        a, b, c = (corners[None, :, k] - points[at : at + step, None] for k in range(3))
        la, lb, lc = (np.linalg.norm(side, axis=2) for side in (a, b, c))
        triple = (a * np.cross(b, c)).sum(2)
        rest = la * lb * lc + (a * b).sum(2) * lc + (b * c).sum(2) * la + (c * a).sum(2) * lb
        total[at : at + step] = np.arctan2(triple, rest).sum(1) / (2.0 * np.pi)
    return total
