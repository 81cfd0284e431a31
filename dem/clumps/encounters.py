"""Encounters of bodies: two bodies, or a body and a wall, meet when their first spheres do, and are counted once.

Two bodies touch in a step if any of their spheres do; they are apart, and their next touch is a new encounter, when all
of these that touched are apart by the re-arm gap. Of spheres that begin to touch in the same step the deepest one tells
the speeds.

Whether two bodies touched in the step before is read from the flags of all their listed pairs, while other threads
write what holds now. Each pair therefore remembers two steps, in two fields of bits of which a step writes one and
reads the other: whatever the order, everybody reads the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from compute.physics import physics, routine
from dem.domain import make_nearest_image
from dem.neighbours import ALL_FLAGS, NEAR, TOUCHING, PairList
from dem.particles import COMPARTMENT, RADIUS, Particles, X, Y, Z

CONSTITUENT_BITS = 10
"""Lowest bits of the id of a sphere that number it within its body; the others are the id of the body."""

NOTHING, BIRTH, ENCOUNTER = range(3)
"""What a pair of spheres that begins to touch is: no news, a new touch of two bodies that were not apart by the re-arm
gap since their last one, and one of two that were."""

STATE = TOUCHING | NEAR
EVEN_STEP, STEP_BITS = 3, 2
"""First of the bits of even steps, and their number; those of odd steps follow."""


class BodySettings(NamedTuple):
    """What the pair loop needs beside its arrays, as `dem.pairs.PairSettings`, and which spheres are of one body.

    first, member: as in `dem.clumps.motion.BodyMotion`; owner: body of each slot, shape (capacity,).
    """

    parameters: Any
    materials: int
    rearm_gap: float
    first: Any
    member: Any
    owner: Any


@routine
def note_owner(b: int, settings: BodySettings) -> None:
    """Note that the spheres of body b are its own."""
    for at in range(settings.first[b], settings.first[b + 1]):
        settings.owner[settings.member[at]] = b


@routine
def note_compartments(i: int, first: int, starts: Any, member: Any, kind: Any, place: Any) -> None:
    """Take place[i] for the compartment of the spheres of body first + i; starts: `first` of `BodySettings`."""
    for at in range(starts[first + i], starts[first + i + 1]):
        kind[member[at], COMPARTMENT] = place[i]


@physics
def bits_of(step_number: int) -> int:
    """Return the first bit of the state of a pair in this step; that of the step before stays as it is."""
    return EVEN_STEP + STEP_BITS * (step_number & 1)


@cache
def make_remember(bodies: bool) -> Callable[..., None]:
    """Return `remember(entry, flags, step_number)`: notes the state of a listed pair at the end of its step."""
    if not bodies:

        @physics
        def forget(entry: int, flags: Any, step_number: int) -> None:
            pass

        return forget

    @physics
    def remember(entry: int, flags: Any, step_number: int) -> None:
        place, state = bits_of(step_number), int(flags[entry])
        flags[entry] = (state & ALL_FLAGS & ~(STATE << place)) | ((state & STATE) << place)

    return remember


@cache
def make_meeting(kind: int, bodies: bool) -> Callable[..., int]:
    """Return `meeting(a, b, entry, particles, pairs, box, settings, step_number)`: what a touch that begins is.

    a, b: slots of two spheres in overlap, the lower id first, that did not touch in the step before; kind: boundary
    kind. The answer is NOTHING, BIRTH or ENCOUNTER.
    """
    if bodies:
        return _make_meeting_of_bodies(kind)

    @physics
    def of_spheres(
        a: int, b: int, entry: int, particles: Particles, pairs: PairList, box: Any, settings: Any, step_number: int
    ) -> int:
        return BIRTH if pairs.flags[entry] & NEAR else ENCOUNTER

    return of_spheres


@cache
def _make_meeting_of_bodies(kind: int) -> Callable[..., int]:
    nearest = make_nearest_image(kind)

    @physics
    def depth_of(a: int, b: int, particles: Particles, box: Any) -> float:
        row = particles.row
        dx, dy, dz, _ = nearest(box, row[b, X] - row[a, X], row[b, Y] - row[a, Y], row[b, Z] - row[a, Z], 0.0)
        return row[a, RADIUS] + row[b, RADIUS] - math.sqrt(dx * dx + dy * dy + dz * dz)

    @routine
    def of_bodies(
        a: int, b: int, entry: int, particles: Particles, pairs: PairList, box: Any, settings: BodySettings,
        step_number: int,
    ) -> int:  # fmt: skip
        ids, before = particles.id, bits_of(step_number + 1)
        partner, body, depth = ids[b] >> CONSTITUENT_BITS, settings.owner[a], depth_of(a, b, particles, box)
        state, is_deepest = 0, True
        for at in range(settings.first[body], settings.first[body + 1]):
            i = settings.member[at]
            for each in range(pairs.start[i], pairs.start[i + 1]):
                j = pairs.other[each]
                if ids[j] >> CONSTITUENT_BITS == partner:
                    state |= (int(pairs.flags[each]) >> before) & STATE
                    deeper = depth_of(i, j, particles, box) - depth
                    lower = ids[i] < ids[a] or (i == a and ids[j] < ids[b])
                    is_deepest = is_deepest and (deeper < 0.0 or (deeper == 0.0 and not lower))
        if state & TOUCHING or not is_deepest:
            return NOTHING
        return BIRTH if state & NEAR else ENCOUNTER

    return of_bodies
