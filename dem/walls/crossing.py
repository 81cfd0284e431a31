"""Where two triangle meshes that move against each other cut each other; needs numpy alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
Integers = NDArray[np.int64]

CURVE_BITS = 10
"""Bits of each coordinate in the order of the triangles."""
THROUGH = 1e-7
"""How far both ends of an edge lie off a triangle that it goes through, as a share of the meshes' size, and how far off
the triangle's sides the point lies, as a share of the triangle's heights: what touches does not cut."""
RESTING = 1e-7
"""Move, as a share of that, below which the two do not move against each other."""
CLOSING = 0.3
"""Sine of the angle above which a surface moves into another one, not along itself: a shaft of 11 facets does not."""


Tree = list[tuple[Vectors, Vectors]]


class Posed(NamedTuple):
    """A mesh where it is at a time: corners of its triangles [m], shape (n, 3, 3), and their tree of boxes.

    later: gives the corners of chosen triangles where they are a moment later.
    """

    corners: Vectors
    tree: Tree
    later: Callable[[Integers], Vectors]


def along_curve(corners: Vectors) -> Vectors:
    """Return the triangles, shape (n, 3, 3), ordered along a curve that leaves few neighbours far apart.

    Source: Morton, A computer oriented geodetic data base and a new technique in file sequencing, IBM, 1966.
    """
    centre = corners.mean(axis=1)
    low, size = centre.min(axis=0), float(np.ptp(centre, axis=0).max()) or 1.0
    place = ((2**CURVE_BITS - 1) * (centre - low) / size).astype(np.int64)
    code = np.zeros(len(corners), np.int64)
    for bit in range(CURVE_BITS):
        for axis in range(3):
            code |= (place[:, axis] >> bit & 1) << (3 * bit + axis)
    return corners[np.argsort(code, kind="stable")]


def box_tree(corners: Vectors) -> Tree:
    """Return lowest and highest corners [m] of boxes: one around all triangles, two around halves, to one around each.

    Box k of a level holds 2 k and 2 k + 1 of the next; those that fill the last level up hold nothing.
    """
    leaves = 1 << (len(corners) - 1).bit_length()
    low, high = np.full((leaves, 3), np.inf), np.full((leaves, 3), -np.inf)
    low[: len(corners)], high[: len(corners)] = corners.min(axis=1), corners.max(axis=1)
    levels = [(low, high)]
    while len(low) > 1:
        low, high = low.reshape(-1, 2, 3).min(axis=1), high.reshape(-1, 2, 3).max(axis=1)
        levels.append((low, high))
    return levels[::-1]


def overlapping_boxes(first: Tree, second: Tree) -> tuple[Integers, Integers]:
    """Return the pairs of triangles of two meshes whose boxes overlap."""
    i = j = np.zeros(1, np.int64)
    one, other = first[0], second[0]
    for level in range(max(len(first), len(second))):
        if 0 < level < len(first):
            i, j, one = np.concatenate([2 * i, 2 * i + 1]), np.concatenate([j, j]), first[level]
        if 0 < level < len(second):
            i, j, other = np.concatenate([i, i]), np.concatenate([2 * j, 2 * j + 1]), second[level]
        meet = ((one[0][i] <= other[1][j]) & (other[0][j] <= one[1][i])).all(axis=1)
        i, j = i[meet], j[meet]
    return i, j


def cuts(first: Posed, second: Posed) -> Vectors:
    """Return points [m], shape (n, 3), where the surfaces of two meshes cut and one moves into the other.

    Those where both move along themselves, as a shaft does in its bearing, are left out; and so is all where the two
    do not move against each other. A body wholly inside another cuts nothing.
    """
    i, j = overlapping_boxes(first.tree, second.tree)
    least = THROUGH * float(sum((mesh.tree[0][1] - mesh.tree[0][0]).max() for mesh in (first, second)))
    i, j = _straddling(first, second, i, j, least)
    sides = ((first, i, second, j), (second, j, first, i))
    return np.concatenate([_edge_cuts(*side, k, least) for side in sides for k in range(3)])


def _straddling(first: Posed, second: Posed, i: Integers, j: Integers, least: float) -> tuple[Integers, Integers]:
    """Return the pairs of triangles of which each has corners on both sides of the other's plane."""
    for one, other in ((first, second), (second, first)):
        ours, theirs = (i, j) if one is first else (j, i)
        plane = one.corners[ours]
        height = _heights(other.corners[theirs], plane[:, 0], normals(plane))
        both = (height.min(axis=1) < -least) & (height.max(axis=1) > least)
        i, j = i[both], j[both]
    return i, j


def _heights(corners: Vectors, origin: Vectors, normal: Vectors) -> Vectors:
    return np.asarray(((corners - origin[:, None]) * normal[:, None]).sum(axis=2))


def _edge_cuts(edged: Posed, i: Integers, pierced: Posed, j: Integers, k: int, least: float) -> Vectors:
    """Return where edge k of triangles i goes through triangles j, as many, and one of them moves into the other."""
    ends, plane = edged.corners[i][:, [k, (k + 1) % 3]], pierced.corners[j]
    normal = normals(plane)
    height = _heights(ends, plane[:, 0], normal)
    through = np.flatnonzero((height.prod(axis=1) < 0.0) & (abs(height).min(axis=1) > least))
    share = (height[through, 0] / (height[through, 0] - height[through, 1]))[:, None]
    point = ends[through, 0] + share * (ends[through, 1] - ends[through, 0])
    weights = _weights(point, plane[through], normal[through])
    kept = (weights > THROUGH).all(axis=1)
    at, share, point, weights = through[kept], share[kept], point[kept], weights[kept]
    later = edged.later(i[at])
    move = (1.0 - share) * later[:, k] + share * later[:, (k + 1) % 3]
    move = move - (weights[:, :, None] * pierced.later(j[at])).sum(axis=1)
    sides = (normal[at], normals(edged.corners[i[at]]))
    into = np.max([abs((move * side).sum(axis=1)) for side in sides], axis=0)
    moved = np.linalg.norm(move, axis=1)
    return np.asarray(point[(into > CLOSING * moved) & (moved > RESTING * least)])


def normals(corners: Vectors) -> Vectors:
    """Return the unit normals of triangles, shape (n, 3, 3)."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(normal / np.linalg.norm(normal, axis=1)[:, None])


def _weights(points: Vectors, corners: Vectors, normal: Vectors) -> Vectors:
    """Return the weights of the corners that give points in the planes of triangles, shape (n, 3)."""
    areas = []
    for k in range(3):
        start, end = corners[:, (k + 1) % 3], corners[:, (k + 2) % 3]
        areas.append((np.cross(end - start, points - start) * normal).sum(axis=1))
    weights = np.stack(areas, axis=1)
    return np.asarray(weights / weights.sum(axis=1)[:, None])
