"""Regions that particles are put into, and whether particles overlap."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dem.case import Domain
from dem.case_particles import Box, Cylinder
from dem.particle_set import ParticleSet
from dem.walls import Walls
from dem.walls.clearance import Body, find_bodies, wall_clearance
from dem.walls.placement import rotation_to

SAMPLE = 500
"""Points of a region that tell a vessel around it from a body in it."""
CANDIDATES = 2000
"""Positions drawn together at least, so that the last spheres to find room take few rounds."""

Vectors = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """A region in a domain; where it spans a periodic direction it has no ends there.

    low, high: of the box around the region [m], shape (3,); period: length of the directions it repeats in [m], 0 in
    the others, shape (3,).
    """

    region: Box | Cylinder
    low: Vectors
    high: Vectors
    period: Vectors

    def sample(self, random: np.random.Generator, radius: Vectors) -> Vectors:
        """Return random points of the box around the region, `radius` [m] away from its ends, shape (n, 3)."""
        inset = np.where(self.period > 0.0, 0.0, radius[:, None])
        room = np.maximum(self.high - self.low - 2.0 * inset, 0.0)
        return self.low + inset + random.random((len(radius), 3)) * room

    def holds(self, points: Vectors, radius: Vectors) -> Flags:
        """Return which spheres lie wholly in the region."""
        if isinstance(self.region, Box):
            inset = np.where(self.period > 0.0, 0.0, radius[:, None])
            return np.all((points >= self.low + inset) & (points <= self.high - inset), axis=1)
        region = self.region
        x, y, z = ((points - np.asarray(region.point)) @ rotation_to(region.axis)).T
        rho = np.hypot(x, y)
        inner = rho >= region.inner_radius + radius if region.inner_radius > 0.0 else np.ones(len(rho), bool)
        return (rho <= region.radius - radius) & inner & (z >= radius) & (z <= region.length - radius)

    def tree(self, points: Vectors) -> Any:
        """Return a k-d tree of the points that knows the periodic images."""
        from scipy.spatial import cKDTree

        offset = points - self.low
        wrapped = np.where(self.period > 0.0, offset % np.where(self.period > 0.0, self.period, 1.0), offset)
        wrapped = np.where((self.period > 0.0) & (wrapped >= self.period), 0.0, wrapped)
        return cKDTree(wrapped, boxsize=self.period)

    def meeting(self, first: Vectors, first_radius: Vectors, second: Vectors, second_radius: Vectors) -> Flags:
        """Return which of the first spheres overlap any of the second."""
        hit = np.zeros(len(first), bool)
        if len(first) and len(second):
            reach = float(first_radius.max() + second_radius.max())
            pairs = self.tree(first).sparse_distance_matrix(self.tree(second), reach, output_type="ndarray")
            close = pairs["v"] < first_radius[pairs["i"]] + second_radius[pairs["j"]]
            hit[pairs["i"][close]] = True
        return hit

    def overlapping(self, points: Vectors, radius: Vectors) -> tuple[NDArray[np.int64], Vectors]:
        """Return the pairs of spheres that overlap, lower number first, shape (m, 2), and their overlaps [m]."""
        pairs = self.tree(points).query_pairs(2.0 * float(radius.max()), output_type="ndarray")
        overlap = radius[pairs].sum(1) - np.linalg.norm(self.apart(points, pairs), axis=1)
        return pairs[overlap > 0.0], overlap[overlap > 0.0]

    def apart(self, points: Vectors, pairs: NDArray[np.int64]) -> Vectors:
        """Return the vector from the first to the second point of each pair, to its nearest image [m]."""
        apart = points[pairs[:, 1]] - points[pairs[:, 0]]
        return apart - self.period * np.round(apart / np.where(self.period > 0.0, self.period, np.inf))

    def confined(self, points: Vectors, radius: Vectors) -> Vectors:
        """Return the points brought back between the ends of the box around the region, or to their images in it."""
        inset = radius[:, None]
        wrapped = self.low + (points - self.low) % np.where(self.period > 0.0, self.period, np.inf)
        return np.where(self.period > 0.0, wrapped, np.clip(points, self.low + inset, self.high - inset))


def make_place(region: Box | Cylinder, domain: Domain) -> Place:
    """Return the region as particles find it in the domain."""
    if isinstance(region, Box):
        low, high, spans = map(np.array, domain.spanned(region.low, region.high))
        return Place(region, low, high, np.where(spans, np.array(domain.size), 0.0))
    rotation = rotation_to(region.axis)
    point, along = np.array(region.point), rotation[:, 2]
    across = region.radius * np.sqrt(np.maximum(1.0 - along**2, 0.0))
    ends = np.stack([point, point + region.length * along])
    return Place(region, ends.min(0) - across, ends.max(0) + across, np.zeros(3))


@dataclass(frozen=True)
class Room:
    """What is left of a region by walls and by the particles that are there.

    position [m], radius [m]: of the particles present, shape (n, 3) and (n,).
    """

    place: Place
    walls: Walls
    bodies: list[Body]
    position: Vectors
    radius: Vectors

    def takes(self, points: Vectors, radius: Vectors) -> Flags:
        """Return which spheres lie in the region, clear of the walls and of the particles present."""
        free = self.place.holds(points, radius)
        free[free] = wall_clearance(self.walls, points[free], self.bodies) > radius[free]
        free[free] = ~self.place.meeting(points[free], radius[free], self.position, self.radius)
        return free

    def draw(
        self, radius: Vectors, random: np.random.Generator, rounds: int, first_tries: int = CANDIDATES
    ) -> tuple[Vectors, Flags]:
        """Return positions drawn uniformly and which of the spheres found one; random sequential addition.

        radius: of the spheres [m], shape (n,), the largest find their place first; rounds: of drawing for each size;
        first_tries: positions drawn for each sphere in its first round, four times as many in each further one, as far
        as there are not too many in all.
        """
        position, placed = np.zeros((len(radius), 3)), np.zeros(len(radius), bool)
        for size in np.unique(radius)[::-1]:
            waiting = np.flatnonzero(radius == size)
            for number in range(rounds):
                tries = min(CANDIDATES // max(1, len(waiting)), first_tries * 4**number)
                owner = np.tile(waiting, max(1, tries))
                points = self.place.sample(random, radius[owner])
                free = self._acceptable(points, radius[owner], position[placed], radius[placed])
                found, first = np.unique(owner[free], return_index=True)
                position[found], placed[found] = points[free][first], True
                waiting = waiting[~placed[waiting]]
                if not len(waiting):
                    break
        return position, placed

    def drop(self, radius: Vectors, random: np.random.Generator, rounds: int) -> tuple[Vectors, Flags]:
        """Return positions that only the walls and the particles present restrict, and which spheres found one."""
        position, placed = np.zeros((len(radius), 3)), np.zeros(len(radius), bool)
        for _ in range(rounds):
            waiting = np.flatnonzero(~placed)
            if not len(waiting):
                break
            points = self.place.sample(random, radius[waiting])
            free = self.takes(points, radius[waiting])
            position[waiting[free]], placed[waiting[free]] = points[free], True
        return position, placed

    def _acceptable(self, points: Vectors, radius: Vectors, position: Vectors, others: Vectors) -> Flags:
        """Return which candidates can be taken together, beside the spheres at `position` with radii `others`."""
        free = self.takes(points, radius)
        free[free] = ~self.place.meeting(points[free], radius[free], position, others)
        left = np.flatnonzero(free)
        if len(left):
            pairs, _ = self.place.overlapping(points[left], radius[left])
            free[left[pairs.max(axis=1)]] = False
        return free


def make_room(region: Box | Cylinder, domain: Domain, walls: Walls, present: ParticleSet) -> Room:
    """Return the room in a region; walls at their present pose."""
    place = make_place(region, domain)
    points = place.sample(np.random.Generator(np.random.Philox(0)), np.zeros(SAMPLE))
    bodies = find_bodies(walls, points[place.holds(points, np.zeros(SAMPLE))])
    return Room(place, walls, bodies, *_around(place, domain, present))


def _around(place: Place, domain: Domain, present: ParticleSet) -> tuple[Vectors, Vectors]:
    """Return centres [m] and radii [m] of the spheres that reach into the box around a region, images included.

    The images across the sheared direction of a sheared domain are not known here and left out.
    """
    across = [axis in domain.periodic and not (domain.shear_rate and axis == "y") for axis in "xyz"]
    lengths = np.where(np.array(across) & (place.period == 0.0), np.array(domain.size), 0.0)
    shifts = product(*((-length, 0.0, length) if length else (0.0,) for length in lengths))
    found, inset = [], present.radius[:, None]
    for shift in shifts:
        position = present.position + np.array(shift)
        inside = (position > place.low - inset) & (position < place.high + inset) | (place.period > 0.0)
        close = inside.all(axis=1)
        found.append((position[close], present.radius[close]))
    return np.concatenate([at for at, _ in found]), np.concatenate([radius for _, radius in found])
