"""What the drops of a nozzle meet first on their straight lines: a particle, a triangle of a mesh, or nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dem.case_liquid import Spray
from dem.walls.placement import rotation_to

Vectors = NDArray[np.float64]
Slots = NDArray[np.int64]

CHUNK = 1_000_000
"""Lines times bodies that are looked at together."""


def drop_directions(spray: Spray, random: np.random.Generator, drops: int) -> Vectors:
    """Return unit vectors of flight even over the solid angle of the cone, shape (drops, 3)."""
    cosine = 1.0 - random.uniform(0.0, 1.0, drops) * (1.0 - np.cos(spray.half_angle))
    sine, turn = np.sqrt(1.0 - cosine**2), random.uniform(0.0, 2.0 * np.pi, drops)
    local = np.stack([sine * np.cos(turn), sine * np.sin(turn), cosine], axis=1)
    return np.asarray(local @ rotation_to(spray.direction).T)


def meet_spheres(apex: Vectors, directions: Vectors, centres: Vectors, radius: Vectors) -> tuple[Vectors, Slots]:
    """Return the flight [m] of each drop to the first sphere, infinite for none, and the place of that sphere.

    With c = centre - apex and the unit vector e: c.e - sqrt(r^2 - c^2 + (c.e)^2) where the root is real, c.e > 0.
    """
    flight, slot = np.full(len(directions), np.inf), np.full(len(directions), -1, np.int64)
    offset = centres - apex
    square = (offset**2).sum(axis=1)
    lines = max(1, CHUNK // max(1, len(centres)))
    for first in range(0, len(directions) if len(centres) else 0, lines):
        chosen = slice(first, first + lines)
        along = directions[chosen] @ offset.T
        depth = radius**2 - square + along**2
        reached = np.where((depth > 0.0) & (along > 0.0), along - np.sqrt(np.maximum(depth, 0.0)), np.inf)
        slot[chosen] = reached.argmin(axis=1)
        flight[chosen] = reached.min(axis=1)
    return flight, slot


def meet_triangles(apex: Vectors, directions: Vectors, corners: Vectors) -> Vectors:
    """Return the flight [m] of each drop to the first triangle, shape (triangles, 3, 3), infinite for none.

    Moller, Trumbore, J. Graphics Tools 2 (1997) 21-28, doi 10.1080/10867651.1997.10487468.
    """
    flight = np.full(len(directions), np.inf)
    edge, other, offset = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0], apex - corners[:, 0]
    normal, across = np.cross(edge, other), np.cross(offset, edge)
    height = (other * across).sum(axis=1)
    lines = max(1, CHUNK // max(1, len(corners)))
    for first in range(0, len(directions) if len(corners) else 0, lines):
        chosen = slice(first, first + lines)
        volume = -(directions[chosen] @ normal.T)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = (directions[chosen] @ np.cross(offset, other).T) / -volume
            v = (directions[chosen] @ across.T) / volume
            reached = height / volume
            inside = (np.abs(volume) > 0.0) & (u >= 0.0) & (v >= 0.0) & (u + v <= 1.0) & (reached > 0.0)
        flight[chosen] = np.where(inside, reached, np.inf).min(axis=1)
    return flight
