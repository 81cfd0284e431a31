"""The step of the CPU: contacts, walls and motion, many steps to a call.

Leapfrog: positions at whole steps, velocities half a step before. The state a step starts from is (x^n, v^(n-1/2)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import prange

from compute.adding import plain_add
from compute.physics import physics, routine
from dem.domain import LENGTH, OFFSET, SHEAR_RATE, SHEARED, Domain, slide_of_image
from dem.faults import CODE, NONE, UNSTABLE, note_fault
from dem.interaction import Interaction
from dem.liquid.pairs import FILM
from dem.neighbours import PairList
from dem.pairs import PairScratch, PairSettings, make_pair_chunk
from dem.particles import INERTIA, MASS, RADIUS, VX, WX, Particles, X
from dem.tally import Tally
from dem.walls import Walls, WallTouches, set_pose
from dem.walls.arrays import COSINE, LISTED_COSINE, LISTED_SHIFT, LISTED_SINE, SHIFT, SINE
from dem.walls.motion import bear_load, turned_too_far
from dem.walls.wrench import make_wall_wrench

HALF_SKIN, BUILT, DISTANCE = range(3)


class Motion(NamedTuple):
    """What moves the particles and when lists are stale.

    gravity [m/s2] (3,); reference: positions at the last rebuild [m], shape (capacity, 3 or 4); moved: largest squared
    displacement of each chunk [m2]; reach: half the skin [m], the step number of the last rebuild, and the square of
    how far a particle may go in the present step [m2], shape (3,).
    """

    gravity: Any
    reference: Any
    moved: Any
    reach: Any


@routine
def note_list(i: int, walls: Walls, motion: Motion, step_number: int) -> None:
    """Note the step of the list and where the walls are then, which limits how long it holds; one item runs it."""
    pose, motion.reach[BUILT] = walls.pose, step_number
    for w in range(pose.shape[0]):
        pose[w, LISTED_COSINE], pose[w, LISTED_SINE] = pose[w, COSINE], pose[w, SINE]
        pose[w, LISTED_SHIFT] = pose[w, SHIFT]


@routine
def advance(
    i: int, c: int, particles: Particles, after: Any, wrench: Any, motion: Motion, step: float, fault: Any
) -> float:
    """Kick and drift particle i by its force and moment; return its squared displacement since the rebuild [m2].

    after: rows that take its new state, the present ones or others.
    """
    row = particles.row
    fx, fy, fz, mx, my, mz = wrench
    inverse_mass, inverse_inertia = 1.0 / row[i, MASS], 1.0 / row[i, INERTIA]
    vx = row[i, VX] + (fx * inverse_mass + motion.gravity[0]) * step
    vy = row[i, VX + 1] + (fy * inverse_mass + motion.gravity[1]) * step
    vz = row[i, VX + 2] + (fz * inverse_mass + motion.gravity[2]) * step
    x, y, z = row[i, X] + vx * step, row[i, X + 1] + vy * step, row[i, X + 2] + vz * step
    after[i, X], after[i, X + 1], after[i, X + 2] = x, y, z
    after[i, VX], after[i, VX + 1], after[i, VX + 2] = vx, vy, vz
    after[i, WX] = row[i, WX] + mx * inverse_inertia * step
    after[i, WX + 1] = row[i, WX + 1] + my * inverse_inertia * step
    after[i, WX + 2] = row[i, WX + 2] + mz * inverse_inertia * step
    travel = 0.5 * row[i, RADIUS]
    if not (vx * vx + vy * vy + vz * vz) * step * step < travel * travel:
        note_fault(fault, c, UNSTABLE, particles.id[i])
    dx, dy, dz = x - motion.reference[i, 0], y - motion.reference[i, 1], z - motion.reference[i, 2]
    return dx * dx + dy * dy + dz * dz


@cache
def make_wall_part(
    interaction: Interaction, statistics: bool, has_walls: bool, add: Callable[..., None], bodies: bool = False
) -> Callable[..., Any]:
    """Return the function that gives force and moment of all walls on a particle, zero where there are none.

    wall_part(i, c, particles, walls, touches, settings, tally, step, fault, film) -> as `dem.walls.wrench` has it.
    """
    wall_wrench = make_wall_wrench(interaction, add, statistics, bodies)

    @physics
    def wall_part(
        i: int,
        c: int,
        particles: Particles,
        walls: Walls,
        touches: WallTouches,
        settings: PairSettings,
        tally: Tally,
        step: float,
        fault: Any,
        film: float,
    ) -> Any:
        if has_walls and touches.seat[i] >= 0:
            return wall_wrench(
                i, c, particles, walls, touches, settings.parameters, tally, settings.rearm_gap, step, fault, film
            )
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0

    return wall_part


@physics
def taken_changes(i: int, scratch: PairScratch) -> float:
    """Return how the pairs of a step change the film of particle i [m3], and take it out of the force arrays."""
    force, span, change = scratch.force, scratch.span, 0.0
    for part in range(force.shape[0]):
        if span[part, 0] <= i <= span[part, 1]:
            change += force[part, i, FILM]
            force[part, i, FILM] = 0.0
    return change


@cache
def make_particle_chunk(interaction: Interaction, statistics: bool, has_walls: bool) -> Callable[..., None]:
    """Return `particle_chunk(c, ...)`: walls and motion of the particles of chunk c, and its largest displacement."""
    wall_part, wet = make_wall_part(interaction, statistics, has_walls, plain_add), interaction.wet

    @routine
    def particle_chunk(
        c: int,
        size: int,
        particles: Particles,
        scratch: PairScratch,
        settings: PairSettings,
        walls: Walls,
        touches: WallTouches,
        motion: Motion,
        tally: Tally,
        step: float,
        fault: Any,
    ) -> None:
        chunks = scratch.force.shape[0]
        force, span = scratch.force, scratch.span
        largest = 0.0
        for i in range(size * c // chunks, size * (c + 1) // chunks):
            film = 0.0
            if wet:
                film = particles.film[i] + taken_changes(i, scratch)
            fx, fy, fz, mx, my, mz, change = wall_part(
                i, c, particles, walls, touches, settings, tally, step, fault, film
            )
            if wet:
                particles.film[i] = film + change
            for part in range(chunks):
                if span[part, 0] <= i <= span[part, 1]:
                    fx += force[part, i, 0]
                    fy += force[part, i, 1]
                    fz += force[part, i, 2]
                    mx += force[part, i, 3]
                    my += force[part, i, 4]
                    mz += force[part, i, 5]
                    for k in range(6):
                        force[part, i, k] = 0.0
            wrench = fx, fy, fz, mx, my, mz
            largest = max(largest, advance(i, c, particles, particles.row, wrench, motion, step, fault))
        motion.moved[c] = largest

    return particle_chunk


@routine
def slide_image(domain: Domain, step_number: int, step: float) -> None:
    """Note how far the image across y has slid at this step."""
    domain.box[OFFSET] = slide_of_image(domain.box, step_number, step)


@routine
def place_walls(walls: Walls, step_number: int, step: float) -> None:
    """Put all walls where they are at a step."""
    for w in range(walls.shape.shape[0]):
        set_pose(w, walls, step_number, step)


@routine
def move_walls(walls: Walls, step_number: int, step: float) -> None:
    """Move what bears a load by the forces of a step, and put all walls where they are at the next."""
    for r in range(walls.pose.shape[0]):
        bear_load(r, walls, step_number, step)
    place_walls(walls, step_number + 1, step)


@routine
def lists_are_stale(step_number: int, motion: Motion, fault: Any, domain: Domain, step: float, walls: Walls) -> bool:
    """Return whether somebody moved half the skin, an image slid with it, a wall turned, or something failed."""
    largest = 0.0
    for c in range(motion.moved.shape[0]):
        largest = max(largest, motion.moved[c])
    slid = abs(domain.box[SHEAR_RATE]) * domain.box[LENGTH + 1] * step * (step_number - motion.reach[BUILT])
    failed = False
    for c in range(fault.shape[0]):
        failed = failed or fault[c, CODE] != NONE
    return failed or math.sqrt(largest) + 0.5 * slid > motion.reach[HALF_SKIN] or turned_too_far(walls)


@cache
def make_run(
    interaction: Interaction,
    kind: int,
    statistics: bool,
    has_walls: bool,
    particle_chunk: Callable[..., None],
    bodies: bool = False,
) -> Callable[..., int]:
    """Return `run(first, last, size, ...)`: steps from `first` up to `last`, or to where lists become stale.

    particle_chunk moves the chunks of `size` particles, bodies or spheres. It returns the number of the next step;
    lists are stale, or a fault is set, if that is not `last`, and may be if it is.
    """
    pair_chunk = make_pair_chunk(interaction, kind, statistics, bodies)

    def run(
        first: int,
        last: int,
        size: int,
        step: float,
        particles: Particles,
        pairs: PairList,
        domain: Domain,
        scratch: PairScratch,
        settings: PairSettings,
        walls: Walls,
        touches: WallTouches,
        motion: Motion,
        tally: Tally,
        fault: Any,
    ) -> int:
        chunks = scratch.force.shape[0]
        n = first
        if has_walls:
            place_walls(walls, n, step)
        while n < last:
            if kind == SHEARED:
                slide_image(domain, n, step)
            for c in prange(chunks):  # forces at x^n with v^(n-1/2)
                pair_chunk(np.int64(c), n, particles, pairs, domain.box, scratch, settings, tally, step, fault)
            for c in prange(chunks):  # walls at x^n; v^(n+1/2), x^(n+1)
                particle_chunk(
                    np.int64(c), size, particles, scratch, settings, walls, touches, motion, tally, step, fault
                )
            if has_walls:
                move_walls(walls, n, step)
            n += 1
            if lists_are_stale(n, motion, fault, domain, step, walls):
                break
        return n

    return run
