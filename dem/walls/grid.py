"""The grid that tells which triangles of a mesh a sphere can reach."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CELL_LIMIT = 60_000
"""Cells of one mesh: their offsets, 0.5 MB, stay in a core's cache when every sphere looks one up."""
CELL_SHARE = 0.5
"""Width of a cell over the reach: the list of a cell then holds few triangles that its points cannot reach."""
BATCH = 1_000_000
"""Pairs of triangle and cell looked at together."""
HALF_DIAGONAL = 0.5 * 3.0**0.5

Vectors = NDArray[np.float64]
Integers = NDArray[np.int64]


class MeshGrid(NamedTuple):
    """Cells of one mesh: lowest corner [m], edge of a cell [m], number in x, y, z, and the triangles of each.

    The triangles of cell c are triangle[start[c]:start[c + 1]].
    """

    low: Vectors
    edge: float
    shape: Integers
    start: Integers
    triangle: NDArray[np.int32]


def squared_distance(points: Vectors, corners: Vectors) -> Vectors:
    """Return the squared distances [m2] of points, shape (n, 3), from as many triangles, shape (n, 3, 3)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    best = np.full(len(points), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        along, rest = end - start, points - start
        share = np.clip((along * rest).sum(1) / (along * along).sum(1), 0.0, 1.0)
        best = np.minimum(best, ((rest - share[:, None] * along) ** 2).sum(1))
    normal = np.cross(b - a, c - a)
    inside = np.ones(len(points), bool)
    for start, end in ((a, b), (b, c), (c, a)):
        inside &= (np.cross(end - start, points - start) * normal).sum(1) >= 0.0
    height = ((points - a) * normal).sum(1) ** 2 / (normal * normal).sum(1)
    return np.where(inside, height, best)


def make_grid(corners: Vectors, reach: float) -> MeshGrid:
    """Return the grid of triangles, shape (triangles, 3, 3), whose cells list all triangles nearer than `reach` [m].

    A cell is CELL_SHARE of the reach wide, and wider where the mesh is so large that there would be too many.
    """
    low, high = corners.min((0, 1)) - reach, corners.max((0, 1)) + reach
    edge = max(CELL_SHARE * reach, float((np.prod(high - low) / CELL_LIMIT) ** (1.0 / 3.0)))
    shape = np.maximum(np.ceil((high - low) / edge), 1).astype(np.int64)
    first = np.floor((corners.min(1) - reach - low) / edge).astype(np.int64).clip(0, shape - 1)
    last = np.floor((corners.max(1) + reach - low) / edge).astype(np.int64).clip(0, shape - 1)
    extent = last - first + 1
    ends = np.concatenate(([0], np.cumsum(extent.prod(1))))
    found = []
    at = 0
    while at < len(corners):
        upto = max(at + 1, int(np.searchsorted(ends, ends[at] + BATCH, side="right")) - 1)
        found.append(_pairs(corners, first, extent, np.arange(at, upto), low, edge, shape, reach))
        at = upto
    cell, triangle = np.concatenate([c for c, _ in found]), np.concatenate([t for _, t in found])
    order = np.lexsort((triangle, cell))
    start = np.concatenate(([0], np.cumsum(np.bincount(cell, minlength=int(shape.prod()))))).astype(np.int64)
    return MeshGrid(low, edge, shape, start, triangle[order].astype(np.int32))


def _pairs(
    corners: Vectors,
    first: Integers,
    extent: Integers,
    chosen: Integers,
    low: Vectors,
    edge: float,
    shape: Integers,
    reach: float,
) -> tuple[Integers, Integers]:
    """Return (cell, triangle) for every cell that a chosen triangle comes nearer to than `reach`."""
    sizes = extent[chosen].prod(1)
    triangle = np.repeat(chosen, sizes)
    place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    _, width, height = extent[triangle].T
    steps = np.stack([place // (width * height), place // height % width, place % height], axis=1)
    cell = first[triangle] + steps
    centre = low + (cell + 0.5) * edge
    limit = reach + HALF_DIAGONAL * edge
    near = squared_distance(centre, corners[triangle]) <= limit * limit
    cell = cell[near]
    return (cell[:, 0] * shape[1] + cell[:, 1]) * shape[2] + cell[:, 2], triangle[near]
