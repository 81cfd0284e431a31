"""Pairs of granules on a device: the routines of the CPU, launched side by side over compartments, pairs and cells.

Rates have a thread for each compartment, class and pack of partners; what pairs bring one for each segment of pairs and
column; what is born, grows and is lost one for each compartment and cell. A cell looks up what falls into it, in the
order in which the CPU puts it there, so that sums are the same and nothing is added from two threads. Scratch of one
compartment on the CPU has the compartment, and rows of pairs the class, as further axes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from compute.base import Backend
from compute.packed import WIDTH
from compute.physics import routine
from pbm.grid import Floats
from pbm.model import (
    COUNTS,
    INSIDE,
    LIMIT,
    MERGERS,
    NUMBER,
    STALE,
    Merging,
    Parameters,
    Tables,
    Workspace,
    make_workspace,
)
from pbm.places import QUANTITIES
from pbm.program import rate_law, sticking_law
from pbm.schemes.cell_average import (
    bear,
    bear_on_rim,
    begin_pools,
    grow,
    held_conditions,
    make_row,
    pack_granules,
)
from pbm.schemes.lumped import begin_lumped, pool_lumped
from pbm.views_device import tables_of_class, view, view_class

OF_A_PLACE = ("granules", "carried", "own", "lumped", "gained", "taken", "sizes", "nuclei")
"""Scratch that one compartment after the other uses on the CPU."""


class Arrivals(NamedTuple):
    """Segments of pairs by the class they are of and by the cell their sums fall into."""

    owner: np.ndarray  # class i of each segment, int64 (segments,)
    start: np.ndarray  # first arrival of each cell, int64 (cells + 1,)
    segment: np.ndarray  # segments of the arrivals, in the order of the CPU, int64 (arrivals,)


def make_arrivals(merging: Merging) -> Arrivals:
    """Arrivals of the pairs that leave their class."""
    cells = merging.row.size - 1
    owner = np.repeat(np.arange(cells), np.diff(merging.row))
    leaving = np.flatnonzero(merging.grows == 0)
    segment = leaving[np.argsort(merging.target[leaving], kind="stable")]
    start = np.searchsorted(merging.target[segment], np.arange(cells + 1))
    return Arrivals(owner, start.astype(np.int64), segment.astype(np.int64))


def make_device_workspace(backend: Backend, tables: Tables) -> Workspace:
    """Scratch in which no thread writes where another one does; what fills packs up is a granule of one metre."""
    (compartments, _, classes), segments = tables.feed.shape, tables.merging.target.size
    host, zeros = make_workspace(compartments, classes), backend.zeros
    each = {name: zeros(getattr(host, name).shape) for name in Workspace._fields}
    each |= {name: zeros((compartments, *getattr(host, name).shape)) for name in OF_A_PLACE}
    each["row"] = zeros((compartments, classes, host.row.size))
    each["met"] = zeros((compartments, segments + 1, *host.met.shape))
    each["counts"] = zeros((classes + 1, compartments, COUNTS))
    each["granules"][:, 0], each["granules"][:, 1:3] = float(tables.solid_volume[-1]), 1.0
    return Workspace(**each)


@routine
def begin_class(item: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Empty the pools of a class whose pairs have to be pooled, and lay out what pairs see of it."""
    cells = state.shape[2]
    place, k = item // cells, item % cells
    if work.counts[cells, place, STALE] > 0.0:
        one, own = tables_of_class(k, tables), view_class(place, k, work)
        begin_pools(place, state[:, :, k : k + 1], one, own)
        pack_granules(place, one, own)
        if state.shape[1] > QUANTITIES:
            begin_lumped(place, state[:, :, k : k + 1], one, own)


@cache
def make_find_rates(rate: str, sticking: str) -> Callable[..., None]:
    """Build the body of the rates of one class with one pack of those up to it, for laws by name."""
    fill_row = routine(make_row(rate_law(rate), sticking_law(sticking)))

    @routine
    def find_rates(item: int, state: Floats, parameters: Parameters, tables: Tables, work: Workspace) -> None:
        cells, packs = state.shape[2], work.row.shape[2] // WIDTH
        place, i, pack = item // packs // cells, item // packs % cells, item % packs
        begins = pack * WIDTH
        if begins <= i and work.counts[cells, place, STALE] > 0.0 and work.present[place, i] > 0.0:
            own = view(place, i, 0, 0, work)
            conditions = held_conditions(place, own)
            fill_row(place, i, begins, begins + WIDTH, state[place, NUMBER], conditions, parameters, tables, own)

    return find_rates


@routine
def sum_pairs(item: int, tables: Tables, arrivals: Arrivals, work: Workspace) -> None:
    """Sum up one column of what the partners of one segment are and bring per granule, as `gather_rows` does."""
    segments = arrivals.owner.size
    place, segment, column = item // WIDTH // segments, item // WIDTH % segments, item % WIDTH
    i, merging, total = arrivals.owner[segment], tables.merging, 0.0
    if work.counts[work.counts.shape[0] - 1, place, STALE] == 0.0:
        return
    if work.present[place, i] > 0.0:
        for at in range(merging.start[segment], merging.start[segment + 1]):
            partner = merging.partner[at]
            total += work.row[place, i, partner] * work.carried[place, partner, column]
    work.met[place, segment, 0, column] = total


@routine
def pool_cell(item: int, state: Floats, tables: Tables, arrivals: Arrivals, work: Workspace) -> None:
    """Book what granules of one class grow by and lose, and what is born in their cell."""
    cells = state.shape[2]
    place, k = item // cells, item % cells
    number, limit, counts = state[place, NUMBER], work.classes[LIMIT, place], work.counts[k, place]
    if work.counts[cells, place, STALE] > 0.0:
        for segment in range(tables.merging.row[k], tables.merging.row[k + 1]):
            met = work.met[place, segment, 0, NUMBER]
            if met > 0.0:
                counts[MERGERS] += number[k] * limit[k] * met
                if tables.merging.grows[segment] > 0:
                    own = view(place, k, segment, k, work)
                    grow(place, k, tables.merging.rim[segment], number[k], limit[k], tables, own)
                else:
                    work.drain[place, k] += limit[k] * met
        receive(place, k, number, limit, tables, arrivals, work)
        taken = 0.0
        for i in range(k, cells):
            if work.present[place, i] > 0.0:
                taken += work.row[place, i, k] * (number[i] * limit[i])
        work.drain[place, k] += taken * limit[k]


@routine
def receive(
    place: int, k: int, number: Floats, limit: Floats, tables: Tables, arrivals: Arrivals, work: Workspace
) -> None:
    """Book the mergers whose sums fall into cell k."""
    for at in range(arrivals.start[k], arrivals.start[k + 1]):
        segment = arrivals.segment[at]
        i = arrivals.owner[segment]
        if work.met[place, segment, 0, NUMBER] > 0.0:
            own = view(place, i, segment, k, work)
            if tables.merging.rim[segment] == INSIDE:
                bear(place, i, k, number[i] * limit[i], tables, own)
            else:
                bear_on_rim(place, i, segment, number[i] * limit[i], tables, own)


@routine
def pool_lumped_solid(place: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Pool the lumped solid of a compartment whose pairs are pooled."""
    cells = state.shape[2]
    if work.counts[cells, place, STALE] > 0.0:
        for i in range(cells):
            if work.present[place, i] > 0.0:
                pool_lumped(place, i, state, tables, view(place, i, work.met.shape[1] - 1, cells, work))
