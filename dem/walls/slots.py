"""The slots of a particle's wall contacts: from the last step, and of the step at hand."""

from __future__ import annotations

import math

from compute.physics import physics
from compute.single import double
from dem.walls.arrays import HISTORY, SLOTS, WallTouches

SAME_CONTACT = math.cos(math.radians(30.0))
"""Cosine of the angle between two normals of one wall up to which the contact is taken to be the same as before."""


@physics
def open_slot(
    touches: WallTouches, seat: int, slot: int, w: int, nx: float, ny: float, nz: float, distance: float
) -> None:
    """Begin a slot of this step, with the history of the contact that it continues.

    That is the contact with the same wall whose normal is likest; it is taken off the list, so that it goes on once.
    """
    spring, fresh = touches.spring, touches.fresh
    likest, old = SAME_CONTACT, -1
    for candidate in range(SLOTS):
        if touches.wall[seat, candidate] == w:
            px, py, pz = spring[seat, candidate, 0], spring[seat, candidate, 1], spring[seat, candidate, 2]
            cosine = double(px) * nx + double(py) * ny + double(pz) * nz
            if cosine > likest:
                likest, old = cosine, candidate
    touches.fresh_wall[seat, slot] = w
    fresh[seat, slot, 0], fresh[seat, slot, 1], fresh[seat, slot, 2] = nx, ny, nz
    for k in range(HISTORY, spring.shape[2]):
        fresh[seat, slot, k] = spring[seat, old, k] if old >= 0 else 0.0
    fresh[seat, slot, spring.shape[2]] = distance
    if old >= 0:
        touches.wall[seat, old] = -1


@physics
def keep_slots(touches: WallTouches, seat: int, used: int) -> None:
    """Make the slots of this step the particle's state."""
    for slot in range(used):
        touches.wall[seat, slot] = touches.fresh_wall[seat, slot]
        for k in range(touches.spring.shape[2]):
            touches.spring[seat, slot, k] = touches.fresh[seat, slot, k]
    for slot in range(used, SLOTS):
        touches.wall[seat, slot] = -1
