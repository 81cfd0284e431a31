"""The slots of a particle's wall contacts: from the last step, and of the step at hand."""

from __future__ import annotations

import math

from compute.physics import physics
from compute.single import double
from dem.particles import SLOT
from dem.walls.arrays import HISTORY, SLOTS, WallTouches

SAME_CONTACT = math.cos(math.radians(30.0))
"""Cosine of the angle between two normals of one wall up to which the contact is taken to be the same as before."""


FIRST, BEGINS, ARMED = 64, 128, 256
"""Marks of a contact of the step at hand, above the number of its wall: the first of solids with this wall; the wall
was not touched in the step before; nor since it was apart by the re-arm gap."""
WALL = FIRST - 1


@physics
def seat_of(i: int, touches: WallTouches) -> int:
    """Return the row of a particle's contacts.

    It is looked up anew for each part of a step: on a device the places that follow from it would else be kept in
    registers from one part to the next.
    """
    return touches.seat[i] & SLOT


@physics
def note_contact(
    touches: WallTouches, seat: int, slot: int, marks: int, nx: float, ny: float, nz: float, gap: float
) -> None:
    """Write a contact into a slot of this step: wall and marks, normal in the body frame, gap [m]."""
    fresh = touches.fresh
    touches.fresh_wall[seat, slot] = marks
    fresh[seat, slot, 0], fresh[seat, slot, 1], fresh[seat, slot, 2] = nx, ny, nz
    fresh[seat, slot, fresh.shape[2] - 1] = gap


@physics
def end_slots(touches: WallTouches, seat: int, used: int) -> None:
    """Note behind the last contact of this step that there is no other."""
    if used < SLOTS:
        touches.fresh_wall[seat, used] = -1


@physics
def slots_used(touches: WallTouches, seat: int) -> int:
    """Return how many contacts were found in this step."""
    used = 0
    while used < SLOTS and touches.fresh_wall[seat, used] >= 0:
        used += 1
    return used


@physics
def go_on(touches: WallTouches, seat: int, slot: int, width: int) -> int:
    """Give a contact of this step the history of that which it continues, and return its wall and marks.

    That is the contact with the same wall whose normal is likest; it is taken off the list, so that it goes on once.
    """
    spring, fresh, marks = touches.spring, touches.fresh, touches.fresh_wall[seat, slot]
    nx, ny, nz = double(fresh[seat, slot, 0]), double(fresh[seat, slot, 1]), double(fresh[seat, slot, 2])
    likest, old = SAME_CONTACT, -1
    for candidate in range(SLOTS):
        if touches.wall[seat, candidate] == marks & WALL:
            px, py, pz = spring[seat, candidate, 0], spring[seat, candidate, 1], spring[seat, candidate, 2]
            cosine = double(px) * nx + double(py) * ny + double(pz) * nz
            if cosine > likest:
                likest, old = cosine, candidate
    for k in range(HISTORY, width):
        fresh[seat, slot, k] = spring[seat, old, k] if old >= 0 else 0.0
    if old >= 0:
        touches.wall[seat, old] = -1
    return marks


@physics
def keep_slots(touches: WallTouches, seat: int, used: int, width: int) -> None:
    """Make the slots of this step the particle's state."""
    for slot in range(used):
        touches.wall[seat, slot] = touches.fresh_wall[seat, slot] & WALL
        for k in range(width):
            touches.spring[seat, slot, k] = touches.fresh[seat, slot, k]
    for slot in range(used, SLOTS):
        touches.wall[seat, slot] = -1
