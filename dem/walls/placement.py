"""Meshes put in their place, and checked as they are read."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import CaseError
from dem.case_walls import MeshWall
from dem.equipment import make_generated

Vectors = NDArray[np.float64]
Faces = NDArray[np.int64]
Say = Callable[[str], None]

DEGENERATE = 1e-10
"""Twice the area of a triangle over the square of its longest edge below which it has no direction."""
SAME_CORNER = 1e-9
"""Distance, as a share of the mesh's size, up to which two corners are the same."""
FAR_TOO_BIG = 10.0
"""A mesh this many times the diagonal of the domain is taken to be in another unit."""


def warn(text: str) -> None:
    """Tell the user through a warning."""
    warnings.warn(text, stacklevel=2)


def rotation_to(axis: tuple[float, float, float]) -> Vectors:
    """Return a rotation that takes z to the axis, shape (3, 3)."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    if z < 0.0:
        return rotation_to((-x, -y, -z)) @ np.diag([1.0, -1.0, -1.0])
    skew = np.array([[0.0, 0.0, x], [0.0, 0.0, y], [-x, -y, 0.0]])
    return np.eye(3) + skew + skew @ skew / (1.0 + z)


def read_mesh(file: Path, key: str) -> tuple[Vectors, Faces]:
    """Return the vertices in the file's own unit, shape (n, 3), and the triangles, shape (m, 3), of a mesh file.

    Raises:
        CaseError: it cannot be read as a triangle mesh.
    """
    import trimesh

    try:
        mesh: Any = trimesh.load(file, force="mesh", process=False)
        vertices, triangles = np.array(mesh.vertices, np.float64), np.array(mesh.faces, np.int64)
    except Exception as error:  # trimesh raises whatever its readers and their libraries do
        raise CaseError(
            f"the mesh cannot be read: {error}", key=key, value=str(file), expected="STL, OBJ or PLY"
        ) from None
    if triangles.ndim != 2 or triangles.shape[0] == 0 or not np.isfinite(vertices).all():
        raise CaseError("the file holds no triangles", key=key, value=str(file), expected="a triangle mesh")
    return vertices, triangles


def without_degenerate(corners: Vectors, name: str, say: Say) -> Vectors:
    """Return the triangles, shape (m, 3, 3), that have an area, and say how many have none."""
    edges = corners - np.roll(corners, 1, axis=1)
    longest = (edges**2).sum(axis=2).max(axis=1)
    twice_area = np.linalg.norm(np.cross(edges[:, 1], edges[:, 2]), axis=1)
    sound = twice_area > DEGENERATE * longest
    if not sound.all():
        say(f"wall {name!r}: {(~sound).sum()} of {len(sound)} triangles have no area and are left out")
    return corners[sound]


def place_mesh(wall: MeshWall, key: str, domain_size: float | None = None, say: Say = warn) -> Vectors:
    """Return the corners of a mesh wall's triangles in space at the start [m], shape (triangles, 3, 3).

    wall: its model; key: where it stands in the case; domain_size: diagonal of the domain [m], for a check of the unit.

    Raises:
        CaseError: no mesh can be read, nothing is left of it, or it is far bigger than the domain.
    """
    if wall.generate is not None:
        vertices, triangles = make_generated(wall.generate, key=f"{key}.generate")
    else:
        assert wall.file is not None
        vertices, triangles = read_mesh(wall.file, f"{key}.file")
    return place_corners(wall, vertices[triangles], key, domain_size, say)


def place_corners(
    wall: MeshWall, corners: Vectors, key: str, domain_size: float | None = None, say: Say = warn
) -> Vectors:
    """Return the corners of the triangles of a mesh, shape (triangles, 3, 3), scaled and where the wall has them [m].

    Raises:
        CaseError: no triangle has an area, or the mesh is far bigger than the domain.
    """
    scaled = corners if wall.generate is not None else corners * wall.scale
    corners = without_degenerate(scaled @ rotation_to(wall.axis).T + np.asarray(wall.point), wall.name, say)
    if len(corners) == 0:
        raise CaseError("no triangle of the mesh has an area", key=key, value=wall.name, expected="a triangle mesh")
    size = float(np.linalg.norm(np.ptp(corners.reshape(-1, 3), axis=0)))
    if domain_size is not None and size > FAR_TOO_BIG * domain_size:
        generated = wall.generate is not None
        raise CaseError(
            f"the mesh {wall.name!r} measures {size:.4g} m, the domain {domain_size:.4g} m",
            key=f"{key}.generate" if generated else f"{key}.scale",
            value=None if generated else wall.scale,
            expected="measures with their unit, such as '95 mm'"
            if generated
            else "the length of one unit of the file, such as '1 mm'",
        )
    return corners


def open_edges(corners: Vectors) -> int:
    """Return how many edges of a mesh, shape (triangles, 3, 3), are not shared by as many triangles in each sense.

    None for closed bodies and vessels whose triangles are all turned the same way.
    """
    scale = SAME_CORNER * float(np.ptp(corners.reshape(-1, 3), axis=0).max())
    _, vertex = np.unique(np.round(corners.reshape(-1, 3) / scale), axis=0, return_inverse=True)
    faces = vertex.reshape(-1, 3)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    sense = np.where(edges[:, 0] < edges[:, 1], 1, -1)
    _, edge = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    return int((np.bincount(edge.ravel(), weights=sense) != 0).sum())
