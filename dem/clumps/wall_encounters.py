"""Encounters of bodies with walls: a body touches a wall while any of its spheres does, and is counted once for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from compute.physics import physics, routine
from compute.single import double
from dem.clock import stands
from dem.interaction import Interaction
from dem.particles import CLASS, COMPARTMENT, Particles
from dem.tally import Tally, make_first_touch, wall_cell
from dem.walls.arrays import SLOTS, Walls, WallTouches
from dem.walls.wrench import make_speeds

if TYPE_CHECKING:
    from dem.clumps.motion import BodyMotion

TOUCHED, NEAR = range(2)
"""Columns of `BodyMotion.met`."""


@physics
def deepest_touch(b: int, w: int, particles: Particles, touches: WallTouches, motion: BodyMotion) -> tuple[int, int]:
    """Return the sphere of body b that is deepest in wall w, the first of equal ones, and its slot."""
    sphere, place, depth = 0, -1, 0.0
    last = touches.fresh.shape[2] - 1
    for at in range(motion.first[b], motion.first[b + 1]):
        i = motion.member[at]
        seat = touches.seat[i]
        for slot in range(SLOTS if seat >= 0 else 0):
            if touches.wall[seat, slot] == w:
                own = -double(touches.fresh[seat, slot, last])
                if place < 0 or own > depth:
                    sphere, place, depth = i, slot, own
    return sphere, place


@cache
def make_meet_walls(interaction: Interaction, add: Callable[..., None]) -> Callable[..., None]:
    """Return `meet_walls(b, chunk, particles, walls, touches, motion, tally)`, run after the walls of a step.

    It books the walls that body b touches and did not touch in the step before, with the speeds of the sphere that is
    deepest, and brings `motion.met` up to date.
    """
    first_touch, speeds = make_first_touch(add), make_speeds(interaction)

    @routine
    def meet_walls(
        b: int, chunk: int, particles: Particles, walls: Walls, touches: WallTouches, motion: BodyMotion, tally: Tally
    ) -> None:
        met, touched, near, last = motion.met, 0, 0, touches.fresh.shape[2] - 1
        for at in range(motion.first[b], motion.first[b + 1]):
            seat = touches.seat[motion.member[at]]
            touched |= touches.touched[seat] if seat >= 0 else 0
            near |= touches.near[seat] if seat >= 0 else 0
        begins = touched & ~met[b, TOUCHED]
        if begins != 0:
            for w in range(walls.shape.shape[0]):
                if begins & (1 << w):
                    i, slot = deepest_touch(b, w, particles, touches, motion)
                    cell = wall_cell(tally.sizes, particles.kind[i, COMPARTMENT], particles.kind[i, CLASS], w)
                    seat = touches.seat[i]
                    spring, gap = touches.spring[seat, slot], double(touches.fresh[seat, slot, last])
                    towards = double(spring[0]), double(spring[1]), double(spring[2])
                    normal, tangential = speeds(i, w, particles, walls, towards, gap)
                    armed = met[b, NEAR] & (1 << w) == 0
                    first_touch(
                        tally.wall_counts, tally.wall_speeds, tally.quanta, chunk, cell, normal, tangential, armed
                    )
        met[b, TOUCHED], met[b, NEAR] = touched, near

    return meet_walls


@cache
def make_meet_body(interaction: Interaction, add: Callable[..., None]) -> Callable[..., None]:
    """Return the body of a launch over bodies that books their encounters with walls, while the clock runs."""
    meet_walls = make_meet_walls(interaction, add)

    @routine
    def meet(
        b: int, particles: Particles, walls: Walls, touches: WallTouches, motion: BodyMotion, tally: Tally, clock: Any
    ) -> None:
        if not stands(clock):
            meet_walls(b, 0, particles, walls, touches, motion, tally)

    return meet
