"""The clock of targets whose steps are launched ahead: it counts steps and stops when lists are stale or a step failed.

Words that the kernels look up, so that launches made once serve every step and every number of particles. Whoever finds
in step n that the lists do not hold for step n + 1 makes n + 1 the step before which everything stands still; the step
itself is finished by all. A clock of zeros stands.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics, routine
from dem.domain import LENGTH, SHEAR_RATE, SHEARED, Domain
from dem.faults import CODE, NONE
from dem.step import BUILT, DISTANCE, HALF_SKIN, Motion, move_walls, place_walls, slide_image
from dem.walls import Walls
from dem.walls.motion import turned_too_far

NOW, STOP, STALE, SIZE, BODIES, AT_WALLS = range(6)
"""The present step; the step that nobody begins; whether lists are stale then; numbers of particles, of bodies and of
particles that can meet a wall."""
WORDS = 6
LOOK_STEPS = 16
"""Steps launched between two looks of the host at the clock."""


@physics
def stands(clock: Any) -> bool:
    """Return whether everything stands still."""
    return clock[NOW] >= clock[STOP]


@physics
def halt(clock: Any) -> None:
    """Let everything stand still from the next step on, for lists that are stale then."""
    clock[STALE] = 1
    clock[STOP] = clock[NOW] + 1


@cache
def make_begin(kind: int) -> Callable[..., None]:
    """Return `begin(n, domain, motion, step)`: the image where it is at step n, and how far a particle may go in it.

    Lists hold in step n + 1 for particles that moved at most half the skin less half of what the image slid since.
    """

    @physics
    def begin(n: int, domain: Domain, motion: Motion, step: float) -> None:
        reach = motion.reach
        left = reach[HALF_SKIN]
        if kind == SHEARED:
            slide_image(domain, n, step)
            left -= 0.5 * abs(domain.box[SHEAR_RATE]) * domain.box[LENGTH + 1] * step * (n + 1 - reach[BUILT])
        reach[DISTANCE] = left * left if left > 0.0 else -1.0

    return begin


@cache
def make_start_step(kind: int) -> Callable[..., None]:
    """Return the body that sets the clock to the words that the host gives, and begins its step; one item runs it."""
    begin = make_begin(kind)

    @routine
    def start_step(
        i: int, walls: Walls, domain: Domain, motion: Motion, step: float, clock: Any, words: tuple[int, ...]
    ) -> None:
        clock[NOW], clock[STOP], clock[STALE], clock[SIZE], clock[BODIES], clock[AT_WALLS] = words
        place_walls(walls, words[0], step)
        begin(words[0], domain, motion, step)

    return start_step


@cache
def make_tick(kind: int) -> Callable[..., None]:
    """Return the body that ends a step and begins the next, unless the clock stands; a single one runs it."""
    begin = make_begin(kind)

    @routine
    def tick(i: int, walls: Walls, domain: Domain, motion: Motion, step: float, fault: Any, clock: Any) -> None:
        if stands(clock):
            return
        n = clock[NOW]
        move_walls(walls, n, step)
        begin(n + 1, domain, motion, step)
        if fault[0, CODE] != NONE or turned_too_far(walls):
            halt(clock)
        clock[NOW] = n + 1

    return tick
