"""The bodies that give rows of wall contacts on a target that gathers; what they do is that of `dem.walls.rows`.

Who needs a row is counted, the counts are added up, and each that needs one writes what it had into its new row. A row
may have been another's, so that it is written where a step puts what it finds, and moved to its place after that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from compute.physics import routine
from dem.particles import Particles
from dem.walls.arrays import ROOM, SLOTS, Walls, WallTouches
from dem.walls.near import mark_near_walls

NEW = -2
"""Where the row of a particle was that had none."""
HALF = 31
"""Walls in each of the two words that keep which ones are near."""


@routine
def note_seat(i: int, order: Any, seat: Any, sorted_anew: int, number: Any) -> None:
    """Note where the row of particle i was, which stood elsewhere if the particles were sorted since."""
    number[i + 1] = seat[order[i] if sorted_anew else i]


@routine
def need_row(
    i: int, particles: Particles, walls: Walls, touches: WallTouches, margin: float, gap: float, number: Any
) -> None:
    """Count particle i if it needs a row, and keep where its row was; arguments as in `mark_near_walls`."""
    before = number[i + 1]
    touches.seat[i] = before
    mark_near_walls(i, particles, walls, touches, margin, gap, 0)
    number[i + 1] = 0
    if touches.seat[i] >= 0:
        number[i + 1] = 1
        touches.seat[i] = before if before >= 0 else NEW


@routine
def carry_wall_contacts(i: int, seat: Any, number: Any, before: WallTouches, after: WallTouches) -> None:
    """Write what particle i remembers of walls into its new row, whose number is that of rows before it."""
    source, row = seat[i], number[i]
    if source == -1:
        return
    new = source == NEW
    source = 0 if new else source
    after.holder[row] = i
    after.close[row] = 0 if new else before.touched[source]
    near = 0 if new else before.near[source]
    after.triangle[row * ROOM], after.triangle[row * ROOM + 1] = near & ((1 << HALF) - 1), near >> HALF
    for slot in range(SLOTS):
        after.fresh_wall[row, slot] = -1 if new else before.wall[source, slot]
        for k in range(before.spring.shape[2]):
            after.fresh[row, slot, k] = 0 if new else before.spring[source, slot, k]


@routine
def settle_row(
    row: int, particles: Particles, walls: Walls, touches: WallTouches, margin: float, gap: float
) -> None:  # fmt: skip
    """Make what was carried into a row its state, and list what its particle meets until the next list."""
    touches.seat[touches.holder[row]] = row
    touches.touched[row] = touches.close[row]
    low, high = touches.triangle[row * ROOM], touches.triangle[row * ROOM + 1]
    touches.near[row] = np.int64(low) | np.int64(high) << np.int64(HALF)
    for slot in range(SLOTS):
        touches.wall[row, slot] = touches.fresh_wall[row, slot]
        for k in range(touches.spring.shape[2]):
            touches.spring[row, slot, k] = touches.fresh[row, slot, k]
    mark_near_walls(row, particles, walls, touches, margin, gap, 1)
