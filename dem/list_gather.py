"""The bodies that make a list anew on a target that gathers: rows, and what is remembered of the list before."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from compute.physics import routine
from dem.domain import Domain
from dem.neighbours import CellOrder, PairList, carry_row
from dem.particles import Particles
from dem.search import make_row_walk

SHORT = np.dtype(np.int32).itemsize


@cache
def make_count_body(kind: int) -> Any:
    """Return the body that counts the partners of a row."""
    walk = make_row_walk(kind, True)

    @routine
    def count(i: int, particles: Particles, domain: Domain, cells: CellOrder, skin: float, new: PairList) -> None:
        new.start[i + 1] = walk(i, particles.id, domain, cells, skin, new.other, 0, 0)

    return count


@cache
def make_fill_body(kind: int) -> Any:
    """Return the body that writes a row in the order of its partners' cells, and what is remembered of them."""
    walk = make_row_walk(kind, True)

    @routine
    def fill(
        i: int, particles: Particles, domain: Domain, cells: CellOrder, skin: float, memory: PairList, new: PairList
    ) -> None:
        walk(i, particles.id, domain, cells, skin, new.other, new.start[i], new.start[i + 1] - new.start[i])
        carry_row(i, cells, memory, new)

    return fill


@routine
def count_memory(i: int, pairs: PairList, start: Any) -> None:
    """Count the partners of slot i of which something is to be remembered."""
    total = 0
    for entry in range(pairs.start[i], pairs.start[i + 1]):
        total += 1 if pairs.flags[entry] != 0 else 0
    start[i + 1] = total


@routine
def fill_memory(i: int, pairs: PairList, memory: PairList) -> None:
    """Copy the partners of slot i of which something is to be remembered, with that, into the row of the memory."""
    at = memory.start[i]
    for entry in range(pairs.start[i], pairs.start[i + 1]):
        if pairs.flags[entry] != 0:
            memory.other[at], memory.flags[at] = pairs.other[entry], pairs.flags[entry]
            for k in range(pairs.history.shape[1]):
                memory.history[at, k] = pairs.history[entry, k]
            at += 1


def list_in(array: Any, entries: int, history: Any) -> PairList | None:
    """Return a list of so many entries, with such histories, in the bytes of an array; none if it is too small."""
    width, place = history.shape[1], history.dtype.itemsize * history.shape[1] * entries
    octets = array.reshape(-1).view(np.uint8)
    end = place + SHORT * entries
    if end + entries > len(octets):
        return None
    values = octets[:place].view(history.dtype).reshape(entries, width)
    return PairList(None, octets[place:end].view(np.int32), octets[end : end + entries], values)
