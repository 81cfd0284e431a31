"""Boxes and frusta, and meshes put together."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Mesh(NamedTuple):
    """A triangle mesh: vertices [m], shape (n, 3), and triangles, shape (m, 3)."""

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]


def join_meshes(*meshes: Mesh) -> Mesh:
    """Return all the meshes as one."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    triangles = [mesh.triangles + offset for mesh, offset in zip(meshes, offsets)]
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(triangles))


def turn_inside_out(mesh: Mesh) -> Mesh:
    """Return the mesh with its normals reversed."""
    return Mesh(mesh.vertices, mesh.triangles[:, ::-1].copy())


def turn_about_z(mesh: Mesh, angle: float) -> Mesh:
    """Return the mesh turned about the z axis by an angle [rad]."""
    cosine, sine = math.cos(angle), math.sin(angle)
    rotation = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    return Mesh(mesh.vertices @ rotation.T, mesh.triangles)


def make_box(low: tuple[float, float, float], high: tuple[float, float, float]) -> Mesh:
    """Return a closed box along the axes between two corners [m]."""
    bits = np.array([(i & 1, i >> 1 & 1, i >> 2 & 1) for i in range(8)])
    vertices = np.where(bits == 1, np.asarray(high, float), np.asarray(low, float))
    faces = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    triangles = [face for a, b, c, d in faces for face in ((a, b, c), (a, c, d))]
    return Mesh(vertices, np.array(triangles, np.int64))


def make_frustum(
    low_radius: float, high_radius: float, low: float, high: float, facets: int, ends: bool = True
) -> Mesh:
    """Return a cylinder or truncated cone about the z axis, of `facets` plane faces around.

    The vertices lie on the radii [m] at the heights low and high [m]; without ends it is a shell.
    """
    angle = 2.0 * math.pi * np.arange(facets) / facets
    rings = [
        np.column_stack((radius * np.cos(angle), radius * np.sin(angle), np.full(facets, height)))
        for radius, height in ((low_radius, low), (high_radius, high))
    ]
    here, after = np.arange(facets), np.roll(np.arange(facets), -1)
    parts = [np.column_stack((here, after, after + facets)), np.column_stack((here, after + facets, here + facets))]
    if not ends:
        return Mesh(np.concatenate(rings), np.concatenate(parts))
    centres = np.array([[0.0, 0.0, low], [0.0, 0.0, high]])
    bottom, top = np.full(facets, 2 * facets), np.full(facets, 2 * facets + 1)
    parts += [np.column_stack((after, here, bottom)), np.column_stack((here + facets, after + facets, top))]
    return Mesh(np.concatenate(rings + [centres]), np.concatenate(parts))


def make_loft(rings: NDArray[np.float64]) -> Mesh:
    """Return the closed body through rings of as many corners each [m], shape (rings, corners, 3).

    Each ring runs counter-clockwise as seen from the next one, which puts the normals outwards; the two ends are closed
    by fans about their mean points.
    """
    count, corners, _ = rings.shape
    here, after = np.arange(corners), np.roll(np.arange(corners), -1)
    low, high, last = count * corners, count * corners + 1, (count - 1) * corners
    parts = [np.column_stack((after, here, np.full(corners, low)))]
    for at in range(0, last, corners):
        parts.append(np.column_stack((at + here, at + after, at + after + corners)))
        parts.append(np.column_stack((at + here, at + after + corners, at + here + corners)))
    parts.append(np.column_stack((last + here, last + after, np.full(corners, high))))
    ends = rings[[0, -1]].mean(axis=1)
    return Mesh(np.concatenate([rings.reshape(-1, 3), ends]), np.concatenate(parts))


def make_revolved(profile: list[tuple[float, float]], facets: int) -> Mesh:
    """Return the body that a profile of radii above 0 and rising heights [m] makes about the z axis."""
    angle = 2.0 * math.pi * np.arange(facets) / facets
    around = np.column_stack((np.cos(angle), np.sin(angle), np.zeros(facets)))
    return make_loft(np.array([radius * around + [0.0, 0.0, height] for radius, height in profile]))


def make_prism(outline: NDArray[np.float64], low: float, high: float) -> Mesh:
    """Return the body between two heights [m] over an outline in x and y [m], shape (corners, 2), counter-clockwise.

    Every corner must be seen from the mean of the corners.
    """
    rings = [np.column_stack((outline, np.full(len(outline), height))) for height in (low, high)]
    return make_loft(np.array(rings))
