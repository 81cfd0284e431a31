"""Taking particles out of an engine between two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dem.neighbours import BRIDGED, PairList

if TYPE_CHECKING:
    from dem.engine import Engine

Flags = NDArray[np.bool_]


def remove_particles(engine: Engine, gone: Flags) -> None:
    """Take the marked slots out, shape (size,); the others close up in their order, and the list must be made anew.

    Pairs and wall contacts of those that stay are kept bit by bit. A liquid bridge between one that stays and one that
    goes breaks, and each takes half of it.
    """
    numpy, size = engine.backend.numpy, engine.size
    start = numpy(engine.pairs.start[: size + 1])
    first = np.repeat(np.arange(size), np.diff(start))
    other = numpy(engine.pairs.other[: len(first)]).astype(np.int64)
    if engine.interaction.wet:
        _share_bridges(engine, gone, first, other)
    staying = np.flatnonzero(~gone)
    _close_up_list(engine, gone, first, other)
    slots = engine.backend.array(staying)
    touches = engine.touches
    for array in (*engine.particles, touches.wall, touches.spring, touches.touched, touches.near):
        array[: len(staying)] = array[slots]
    engine.size, engine.stale = len(staying), True


def _close_up_list(engine: Engine, gone: Flags, first: Any, other: Any) -> None:
    array, numpy, pairs = engine.backend.array, engine.backend.numpy, engine.pairs
    kept = ~(gone[first] | gone[other])
    place = np.cumsum(~gone) - 1
    count = np.bincount(place[first[kept]], minlength=int((~gone).sum()))
    entries = int(kept.sum())
    new = engine.empty_list(max(1, len(pairs.other)))
    new.start[1 : len(count) + 1] = array(np.cumsum(count))
    new.start[len(count) + 1 :] = entries
    new.other[:entries] = array(place[other[kept]].astype(np.int32))
    new.flags[:entries] = array(numpy(pairs.flags[: len(kept)])[kept])
    new.history[:entries] = array(numpy(pairs.history[: len(kept)])[kept])
    engine.pairs = PairList(*new)


def _share_bridges(engine: Engine, gone: Flags, first: Any, other: Any) -> None:
    """Give the bridges of those that go back to the films, and count the films that go."""
    numpy, size = engine.backend.numpy, engine.size
    bridged = numpy(engine.pairs.flags[: len(first)]) & BRIDGED != 0
    if engine.loops.full:
        ids = numpy(engine.particles.id[:size])
        bridged &= ids[first] < ids[other]
    ended = np.flatnonzero(bridged & (gone[first] | gone[other]))
    half = 0.5 * numpy(engine.pairs.history[: len(first)])[ended, engine.interaction.solid_history]
    film = numpy(engine.particles.film[:size]).copy()
    for ends in (first, other):
        np.add.at(film, ends[ended], half)
    engine.film_removed += float(film[gone].sum())
    engine.particles.film[:size] = engine.backend.array(film)
