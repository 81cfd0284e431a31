"""Whether a simulation can start from where its particles are."""

from __future__ import annotations

import math

import numpy as np

from compute.errors import SimulationError
from dem.case import Domain
from dem.case_particles import Box
from dem.clumps.encounters import CONSTITUENT_BITS
from dem.clumps.shape import Shape
from dem.clumps.spheres import spheres_of
from dem.particle_set import ParticleSet
from dem.regions import make_place
from dem.walls import Walls
from dem.walls.clearance import wall_clearance

LARGEST_OVERLAP = 0.1
"""Overlap over the smaller radius above which a start is refused: a settled bed has a few percent at most."""


def require_clear_start(
    particles: ParticleSet, walls: Walls, domain: Domain, overlap_limit: float, shapes: tuple[Shape, ...] = ()
) -> None:
    """Raise SimulationError if particles overlap each other or a wall so far that they would fly apart.

    overlap_limit: that of the contact law; spheres that exert no force (infinite limit) may overlap. shapes: of the
    classes, where there are others than spheres.
    """
    if not len(particles) or math.isinf(overlap_limit):
        return
    particles = spheres_of(particles, shapes) if shapes else particles
    radius, ids = particles.radius, particles.id >> (CONSTITUENT_BITS if shapes else 0)
    place = make_place(Box(shape="box", low=domain.low, high=domain.high), domain)
    pairs, overlap = place.overlapping(particles.position, radius)
    apart = ids[pairs[:, 0]] != ids[pairs[:, 1]]
    pairs, overlap = pairs[apart], overlap[apart]
    smaller = radius[pairs].min(axis=1)
    deep = overlap - LARGEST_OVERLAP * smaller
    if (deep > 0.0).any():
        at = int(np.argmax(deep))
        first, second = ids[pairs[at]]
        raise SimulationError(_message(f"particles {first} and {second} overlap", overlap[at], smaller[at]))
    sunk = radius - wall_clearance(walls, particles.position)
    deep = sunk - LARGEST_OVERLAP * radius
    if (deep > 0.0).any():
        at = int(np.argmax(deep))
        raise SimulationError(_message(f"particle {ids[at]} reaches into a wall", sunk[at], radius[at]))


def _message(what: str, overlap: float, radius: float) -> str:
    return (
        f"{what} by {overlap:.4g} m at the start (t = 0 s), {overlap / radius:.0%} of the radius; "
        f"move them apart in dem.particles, to {LARGEST_OVERLAP:.0%} at most"
    )
