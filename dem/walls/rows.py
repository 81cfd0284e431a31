"""The rows of wall contacts: who has one is found at each rebuild of the lists, and what is remembered goes along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend
from dem.neighbours import GROWTH
from dem.particles import Particles
from dem.walls.arrays import HISTORY, Walls, WallTouches, make_touches
from dem.walls.near import mark_near_walls

STATE = {"touch_wall": "wall", "touch_spring": "spring", "touched": "touched", "near": "near"}
"""Names in a checkpoint of what is remembered in a row."""


def give_rows(
    backend: Backend, size: int, particles: Particles, walls: Walls, touches: WallTouches, margin: float, gap: float
) -> tuple[WallTouches, int]:
    """Return the contacts with a row for each particle that can meet a wall, and how many these are.

    seat: where the row of a particle was so far; margin, gap: as in `mark_near_walls`. Arrays are made anew only where
    they have too few rows.
    """
    before = touches.seat[:size].copy()
    backend.foreach(mark_near_walls, size, particles, walls, touches, margin, gap, 0)
    holder = np.flatnonzero(touches.seat[:size] >= 0)
    count, source = len(holder), before[holder]
    touches.seat[holder] = np.arange(count, dtype=np.int32)
    after = touches
    if count > len(touches.holder):
        after = with_rows(touches, int(GROWTH * count), backend.zeros)
    after.holder[:count] = holder
    new = source < 0
    for name, nothing in (("wall", -1), ("spring", 0), ("touched", 0), ("near", 0)):
        values = getattr(touches, name)[source]
        values[new] = nothing
        getattr(after, name)[:count] = values
    backend.foreach(mark_near_walls, count, particles, walls, after, margin, gap, 1)
    return after, count


def with_rows(touches: WallTouches, rows: int, zeros: Callable[..., Any]) -> WallTouches:
    """Return empty rows, so many of them, with the seats as they are."""
    history, real_type = touches.spring.shape[2] - HISTORY, touches.spring.dtype
    return make_touches(0, history, real_type, max(1, rows), zeros)._replace(seat=touches.seat)


def remembered(touches: WallTouches, size: int, numpy: Callable[..., Any]) -> dict[str, NDArray[Any]]:
    """Return what is remembered of walls by particle, as a checkpoint has it; numpy(array) brings it to the host."""
    seat, found = numpy(touches.seat[:size]), {}
    at_wall = np.flatnonzero(seat >= 0)
    rows = seat[at_wall]
    for name, own in STATE.items():
        values = numpy(getattr(touches, own))
        found[name] = np.full((size, *values.shape[1:]), -1 if own == "wall" else 0, values.dtype)
        found[name][at_wall] = values[rows]
    found["touch_spring"][found["touch_wall"] < 0] = 0.0
    return found


def with_remembered(touches: WallTouches, state: dict[str, NDArray[Any]], backend: Backend) -> WallTouches:
    """Return contacts with rows for the particles of which a checkpoint remembers walls."""
    at_wall = np.flatnonzero((state["near"] != 0) | (state["touch_wall"][:, 0] >= 0))
    rows = len(at_wall)
    after = with_rows(touches, rows, backend.zeros)
    after.seat[:] = -1
    after.seat[backend.array(at_wall)] = backend.array(np.arange(rows, dtype=np.int32))
    after.holder[:rows] = backend.array(at_wall.astype(np.int32))
    for name, own in STATE.items():
        getattr(after, own)[:rows] = backend.array(state[name][at_wall])
    return after
