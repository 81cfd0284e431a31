"""What the drops of a nozzle meet first on their straight lines: a particle, a triangle of a mesh, or nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend
from compute.physics import routine
from dem.case_liquid import Spray
from dem.particles import RADIUS, Particles, X, Y, Z
from dem.transport_sums import SHARE_LENGTH
from dem.walls.placement import rotation_to

Vectors = NDArray[np.float64]
Slots = NDArray[np.int64]

CHUNK = 1_000_000
"""Lines times triangles that are looked at together."""
LOOKS = 65_536
"""Drops times shares of the particles that are looked at side by side: they fill a device, and take 1 MB of it."""


def drop_directions(spray: Spray, random: np.random.Generator, drops: int) -> Vectors:
    """Return unit vectors of flight even over the solid angle of the cone, shape (drops, 3)."""
    cosine = 1.0 - random.uniform(0.0, 1.0, drops) * (1.0 - np.cos(spray.half_angle))
    sine, turn = np.sqrt(1.0 - cosine**2), random.uniform(0.0, 2.0 * np.pi, drops)
    local = np.stack([sine * np.cos(turn), sine * np.sin(turn), cosine], axis=1)
    return np.asarray(local @ rotation_to(spray.direction).T)


@routine
def comes_before(flight: float, slot: int, other_flight: float, other: int, particles: Particles) -> bool:
    """Return whether a sphere is met before another, which is -1 for none; of equal flights [m] the lower id is."""
    if flight == other_flight and slot >= 0 and other >= 0:
        return bool(particles.id[slot] < particles.id[other])
    return flight < other_flight


@routine
def meet_share(
    item: int, size: int, width: int, apex: Any, directions: Any, particles: Particles, flight: Any, slot: Any
) -> None:
    """Find what a drop meets first among `width` slots; item: the drop, and from which of these shares on.

    flight [m], slot: infinite and -1 for none, shape (shares, drops).
    """
    drops, row = directions.shape[0], particles.row
    share = item // drops
    drop = item - share * drops
    ex, ey, ez = directions[drop, 0], directions[drop, 1], directions[drop, 2]
    first, nearest = math.inf, -1
    for at in range(share * width, min(size, (share + 1) * width)):
        x, y, z = row[at, X] - apex[0], row[at, Y] - apex[1], row[at, Z] - apex[2]
        along = x * ex + y * ey + z * ez
        depth = row[at, RADIUS] * row[at, RADIUS] - (x * x + y * y + z * z) + along * along
        if depth > 0.0 and along > 0.0:
            reached = along - math.sqrt(depth)
            if comes_before(reached, at, first, nearest, particles):
                first, nearest = reached, at
    flight[share, drop], slot[share, drop] = first, nearest


@routine
def meet_first(drop: int, particles: Particles, flight: Any, slot: Any) -> None:
    """Put what a drop meets first of all into the first row of the shares."""
    for share in range(1, flight.shape[0]):
        if comes_before(flight[share, drop], slot[share, drop], flight[0, drop], slot[0, drop], particles):
            flight[0, drop], slot[0, drop] = flight[share, drop], slot[share, drop]


def meet_spheres(
    backend: Backend, apex: Vectors, directions: Vectors, particles: Particles, size: int
) -> tuple[Vectors, Slots]:
    """Return the flight [m] of each drop to the first sphere, infinite for none, and its slot, -1 for none.

    With c = centre - apex and the unit vector e: c.e - sqrt(r^2 - c^2 + (c.e)^2) where the root is real, c.e > 0. Of
    spheres met at once it is that of the lowest id, so that the order of the slots is of no matter. particles: arrays
    of the backend, where they stay; the first `size` of them count.
    """
    drops = len(directions)
    shares = max(1, min(-(-size // SHARE_LENGTH), LOOKS // drops))
    flight, slot = backend.zeros((shares, drops)), backend.zeros((shares, drops), np.int64)
    width, lines = -(-size // shares), (backend.array(apex), backend.array(directions))
    backend.foreach(meet_share, shares * drops, size, width, *lines, particles, flight, slot)
    backend.foreach(meet_first, drops, particles, flight, slot)
    return backend.numpy(flight[0]), backend.numpy(slot[0])


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
