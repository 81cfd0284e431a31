"""Taking particles out of an engine between two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from compute.base import module_of
from dem.liquid.balance import volumes_at_walls
from dem.neighbours import BRIDGED, PairList

if TYPE_CHECKING:
    from dem.engine import Engine


def remove_particles(engine: Engine, gone: Any) -> None:
    """Take the marked slots out; the others close up in their order, and the list must be made anew.

    gone: flags on the host or the backend, shape (size,).
    Pairs and wall contacts of those that stay are kept bit by bit. A liquid bridge between one that stays and one that
    goes breaks, and each takes half of it; bridges to walls go with their particle.
    """
    xp, size, pairs = module_of(engine.backend), engine.size, engine.pairs
    start = pairs.start[: size + 1]
    first = xp.searchsorted(start[1:], xp.arange(int(start[size])), side="right")
    away = engine.backend.array(gone)
    if engine.interaction.wet:
        _share_bridges(engine, away, first)
    _close_up_list(pairs, away, first, xp)
    slots = xp.flatnonzero(~away)
    for array in (*engine.particles, engine.touches.seat):
        array[: len(slots)] = array[slots]
    engine.size, engine.stale = len(slots), True


def _close_up_list(pairs: PairList, away: Any, first: Any, xp: Any) -> None:
    """Take the pairs of those that go out of the list, where it is; first: slot of the row of each entry."""
    other = pairs.other[: len(first)]
    kept = xp.flatnonzero(~(away[first] | away[other]))
    place = xp.cumsum(~away) - 1
    count = xp.bincount(place[first[kept]], minlength=int((~away).sum()))
    pairs.other[: len(kept)] = place[other[kept]]
    pairs.flags[: len(kept)] = pairs.flags[kept]
    pairs.history[: len(kept)] = pairs.history[kept]
    pairs.start[1 : len(count) + 1] = xp.cumsum(count)
    pairs.start[len(count) + 1 :] = len(kept)


def _share_bridges(engine: Engine, away: Any, first: Any) -> None:
    """Give the bridges of those that go back to the films, and count the films that go.

    first: slot of the row of each entry. What comes to the host are the bridges that end and the films at their ends
    and of those that go; it adds them up in the order of the list.
    """
    numpy, array, xp = engine.backend.numpy, engine.backend.array, module_of(engine.backend)
    other, ids, place = engine.pairs.other[: len(first)], engine.particles.id, engine.interaction.solid_history
    bridged = (engine.pairs.flags[: len(first)] & BRIDGED != 0) & (away[first] | away[other])
    if engine.loops.full:
        bridged &= ids[first] < ids[other]
    ended = xp.flatnonzero(bridged)
    ends = numpy(first[ended]), numpy(other[ended])
    half = 0.5 * numpy(engine.pairs.history[ended, place])
    leaving = numpy(xp.flatnonzero(away))
    slots = np.unique(np.concatenate([*ends, leaving]))
    film = numpy(engine.particles.film[array(slots)])
    for each in ends:
        np.add.at(film, np.searchsorted(slots, each), half)
    films, at_walls = film[np.searchsorted(slots, leaving)], volumes_at_walls(engine, leaving)
    engine.film_removed += float(films.sum()) + float(at_walls.sum())
    engine.particles.film[array(slots)] = array(film)
