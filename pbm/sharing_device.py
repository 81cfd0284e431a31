"""How granules of a class merge, are shared and break on a device, each class looking up what comes to it.

On the CPU a class hands on what is born in it or what its fragments are. Here every class repeats what those around it
and its parents hand on, and keeps its own part, in the order of the CPU.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compute.physics import routine
from pbm.grid import Floats
from pbm.model import (
    BOOKED,
    EXTERNAL,
    FRAGMENTED,
    GAS,
    INTERNAL,
    LIMIT,
    MERGED,
    MERGERS,
    NUMBER,
    OVERFLOW_NUMBER,
    OVERFLOW_VOLUME,
    SELECTION,
    SURPLUS_NUMBER,
    SURPLUS_VOLUME,
    Tables,
    Workspace,
)
from pbm.schemes.lumped import share_lumped
from pbm.schemes.sharing import Pool, moves_of, pools_of
from pbm.views_device import view

Held = tuple[float, float, float, float]
"""Of a class: number [1/s], liquids and gas [m3/s]."""


class Neighbours(NamedTuple):
    """Whence something comes to each class, in the order in which the CPU brings it."""

    near_start: np.ndarray  # first class that may share with this one, int64 (classes + 1,)
    near: np.ndarray  # classes that may, rising, int64
    parent_start: np.ndarray  # first parent of fragments of this class, int64 (classes + 1,)
    parent: np.ndarray  # classes that break into this one, rising, int64
    share: Floats  # share of the parent's solids that they hold


def make_neighbours(tables: Tables) -> Neighbours:
    """Neighbours on the grid, and parents, of every class."""
    classes, (along, across) = tables.solid_volume.size, tables.stride
    steps = sorted({a * along + b * across for a in (-1, 0, 1) for b in (-1, 0, 1)})
    rows = [[k + step for step in steps if 0 <= k + step < classes] for k in range(classes)]
    owner = np.repeat(np.arange(classes), np.diff(tables.fragment_start))
    order = np.argsort(tables.fragment_class, kind="stable")
    parents = np.searchsorted(tables.fragment_class[order], np.arange(classes + 1))
    starts = np.concatenate(([0], np.cumsum([len(row) for row in rows])))
    flat = np.array([each for row in rows for each in row])
    start, near, first, parent = (each.astype(np.int64) for each in (starts, flat, parents, owner[order]))
    return Neighbours(start, near, first, parent, tables.fragment_share[order])


class Rates(NamedTuple):
    """Results of the right-hand side."""

    change: Floats  # [1/s, m3/s], shape of the state
    booked: Floats  # rates of the ledger, (BOOKED, compartments, classes + 1)


@routine
def begin_change(item: int, state: Floats, tables: Tables, near: Neighbours, work: Workspace, rates: Rates) -> None:
    """Begin the change of one class with what pairs bring, and the ledger, behind all classes with the mergers."""
    cells = state.shape[2]
    place, k = item // (cells + 1), item % (cells + 1)
    for event in range(BOOKED):
        rates.booked[event, place, k] = 0.0
    if k == cells:
        if work.solids[place] > 0.0:
            book_mergers(place, work, rates.booked[:, place, k])
        return
    for quantity in range(state.shape[1]):
        rates.change[place, quantity, k] = 0.0
    if work.solids[place] > 0.0:
        number, inside, outside, gas = shared_with(place, k, state, tables, near, work)
        drain = work.drain[place, k]
        rates.change[place, NUMBER, k] = number
        rates.change[place, INTERNAL, k] = inside - drain * state[place, INTERNAL, k]
        rates.change[place, EXTERNAL, k] = outside - drain * state[place, EXTERNAL, k]
        rates.change[place, GAS, k] = gas - drain * state[place, GAS, k]


@routine
def book_mergers(place: int, work: Workspace, booked: Floats) -> None:
    """Add up the mergers of all classes of a compartment."""
    mergers, number, volume = 0.0, 0.0, 0.0
    for k in range(work.counts.shape[0] - 1):
        mergers += work.counts[k, place, MERGERS]
        number += work.counts[k, place, SURPLUS_NUMBER]
        volume += work.counts[k, place, SURPLUS_VOLUME]
    booked[MERGED], booked[OVERFLOW_NUMBER], booked[OVERFLOW_VOLUME] = mergers, number, volume


@routine
def shared_with(
    place: int, k: int, state: Floats, tables: Tables, near: Neighbours, work: Workspace
) -> Held:  # fmt: skip
    """What a class has of its births and growth once all around it have shared theirs, as `share_pools` does."""
    births, growth = work.births[place], work.growth[place]
    number = births[k, NUMBER] + work.surplus[place, k] - work.drain[place, k] * state[place, NUMBER, k]
    inside, outside = births[k, INTERNAL] + growth[k, INTERNAL], births[k, EXTERNAL] + growth[k, EXTERNAL]
    held = (number, inside, outside, births[k, GAS] + growth[k, GAS])
    for at in range(near.near_start[k], near.near_start[k + 1]):
        source = near.near[at]
        if births[source, NUMBER] > 0.0 or growth[source, NUMBER] > 0.0:
            row, grown = growth[source], growth[source, NUMBER]
            stayed, arrived = pools_of(place, source, state, tables, work)
            inside = row[INTERNAL] + grown * state[place, INTERNAL, source]
            outside = row[EXTERNAL] + grown * state[place, EXTERNAL, source]
            gas = row[GAS] + grown * state[place, GAS, source]
            held = handed_on(k, source, stayed, (grown, inside, outside, gas), tables, held)
            row = births[source]
            held = handed_on(k, source, arrived, (row[NUMBER], row[INTERNAL], row[EXTERNAL], row[GAS]), tables, held)
    return held


@routine
def handed_on(k: int, source: int, pool: Pool, row: Held, tables: Tables, held: Held) -> Held:
    """What class k holds after a pool of another class, or its own, has been handed on; row: contents of the pool."""
    if not pool[0] > 0.0:
        return held
    along, across, low, high, under, one, other, both = moves_of(source, pool, tables)
    whole = 1.0 / pool[4]
    held = moved(k, source, source + along - across, low, whole, row, tables, held)
    held = moved(k, source, source - along + across, high, whole, row, tables, held)
    held = moved(k, source, source - along - across, under, whole, row, tables, held)
    held = moved(k, source, source + along, one, whole, row, tables, held)
    held = moved(k, source, source + across, other, whole, row, tables, held)
    return moved(k, source, source + along + across, both, whole, row, tables, held)


@routine
def moved(
    k: int, source: int, target: int, number: float, whole: float, row: Held, tables: Tables, held: Held
) -> Held:  # fmt: skip
    """What class k holds after granules [1/s] moved from one class to another."""
    if not (number > 0.0 and k in (source, target)):
        return held
    sign = -1.0 if k == source else 1.0
    part = sign * (number * tables.solid_volume[target] * whole)
    return held[0] + sign * number, held[1] + part * row[1], held[2] + part * row[2], held[3] + part * row[3]


@routine
def share_lumped_solid(place: int, state: Floats, tables: Tables, work: Workspace, rates: Rates) -> None:
    """Share what pairs brought of the lumped solid of a compartment."""
    if work.solids[place] > 0.0:
        own = view(place, 0, work.met.shape[1] - 1, state.shape[2], work)
        share_lumped(place, state, tables, own, rates.change)


@routine
def break_class(item: int, state: Floats, tables: Tables, near: Neighbours, work: Workspace, rates: Rates) -> None:
    """Break the granules of one class, and gather fragments that fall into it, as `shatter` does."""
    cells = state.shape[2]
    place, k = item // cells, item % cells
    if not work.solids[place] > 0.0:
        return
    rate = work.classes[SELECTION, place, k] * work.classes[LIMIT, place, k]
    if rate * state[place, NUMBER, k] > 0.0:
        rates.booked[FRAGMENTED, place, k] += rate * state[place, NUMBER, k] * tables.gained[k]
        for quantity in range(state.shape[1]):
            rates.change[place, quantity, k] -= rate * state[place, quantity, k]
    for quantity in range(state.shape[1]):
        gained = 0.0
        for at in range(near.parent_start[k], near.parent_start[k + 1]):
            parent = near.parent[at]
            rate = work.classes[SELECTION, place, parent] * work.classes[LIMIT, place, parent]
            if rate * state[place, NUMBER, parent] > 0.0:
                broken = rate * state[place, quantity, parent]
                broken *= tables.solid_volume[parent] if quantity == NUMBER else 1.0
                gained += near.share[at] * broken
        rates.change[place, quantity, k] += gained / tables.solid_volume[k] if quantity == NUMBER else gained
