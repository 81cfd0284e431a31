"""The spheres that bodies are made of, as particles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dem.clumps.encounters import CONSTITUENT_BITS
from dem.clumps.orientation import Array, inverse, turned
from dem.clumps.shape import Shape
from dem.particle_set import Integers, ParticleSet


def counts_of(shapes: Sequence[Shape], classes: Integers) -> Integers:
    """Return how many spheres each body has; classes: of the bodies, shapes: of the classes."""
    return np.array([len(shape.radius) for shape in shapes], np.int64)[classes]


def spheres_of(bodies: ParticleSet, shapes: Sequence[Shape]) -> ParticleSet:
    """Return the spheres of bodies, body by body.

    Each has its place, velocity and radius, the mass of its body (which damps its contacts), and an id made of that of
    its body and its number in it.
    """
    count = counts_of(shapes, bodies.particle_class)
    body = np.repeat(np.arange(len(bodies)), count)
    number = np.arange(len(body)) - np.repeat(np.cumsum(count) - count, count)
    arm, radius = np.zeros((len(body), 3)), np.zeros(len(body))
    for at, shape in enumerate(shapes):
        own = bodies.particle_class[body] == at
        arm[own] = turned(bodies.orientation[body[own]], shape.place[number[own]])
        radius[own] = shape.radius[number[own]]
    every = bodies.chosen(body)
    return ParticleSet(
        every.position + arm, every.velocity + np.cross(every.spin, arm), every.spin, radius, every.mass,
        every.material, every.particle_class, every.id << CONSTITUENT_BITS | number, every.orientation,
    )  # fmt: skip


def angular_momentum(bodies: ParticleSet, inertia: Array) -> Array:
    """Return the angular momentum of bodies about their centres [kg m2/s]; inertia: principal moments, shape (n, 3)."""
    return turned(bodies.orientation, inertia * turned(inverse(bodies.orientation), bodies.spin))
