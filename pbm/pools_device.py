"""Pairs of granules on a device: the routines of the CPU, launched side by side over compartments, pairs and cells.

Rates have a thread for each compartment and class, what pairs bring one for each compartment and segment of pairs, and
what is born, grows and is lost one for each compartment and cell. A cell looks up what falls into it, in the order in
which the CPU puts it there, so that sums are the same and nothing is added from two threads. Scratch of one
compartment on the CPU has the compartment, and rows of pairs the class, as further axes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from compute.base import Backend
from compute.packed import gather_rows
from compute.physics import physics, routine
from pbm.grid import Floats
from pbm.model import (
    CONTENT,
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


def make_device_workspace(backend: Backend, compartments: int, classes: int, segments: int) -> Workspace:
    """Scratch in which no thread writes where another one does."""
    host, zeros = make_workspace(compartments, classes), backend.zeros
    each = {name: zeros(getattr(host, name).shape) for name in Workspace._fields}
    each |= {name: zeros((compartments, *getattr(host, name).shape)) for name in OF_A_PLACE}
    each["row"] = zeros((compartments, classes, host.row.size))
    each["met"] = zeros((compartments, segments + 1, *host.met.shape))
    each["counts"] = zeros((classes + 1, compartments, COUNTS))
    return Workspace(**each)


@physics
def view_of(classes: Floats, counts: Floats, place: int, i: int, segment: int, work: Workspace) -> Workspace:
    """The scratch that a thread sees: of a compartment, a class and a segment of pairs.

    classes, counts: those that it sees, (CLASS_VALUES, compartments, classes) and (compartments, COUNTS)
    """
    return Workspace(
        classes, work.conditions, work.granules[place], work.row[place, i], work.carried[place], work.own[place],
        work.met[place, segment], work.lumped[place], work.lumped_births, work.lumped_growth, work.births, work.growth,
        work.gained[place], work.surplus, work.drain, work.outgrown, work.taken[place], counts,
        work.solids, work.present, work.layers, work.sizes[place], work.nuclei[place],
    )  # fmt: skip


@physics
def view(place: int, i: int, segment: int, counter: int, work: Workspace) -> Workspace:
    """The same with all classes, and the counts of a cell, or of all together behind them."""
    return view_of(work.classes, work.counts[counter], place, i, segment, work)


@routine
def sum_pairs(item: int, tables: Tables, arrivals: Arrivals, work: Workspace) -> None:
    """Sum up what the partners of one segment are and bring per granule."""
    segments = arrivals.owner.size
    place, segment = item // segments, item % segments
    i, merging = arrivals.owner[segment], tables.merging
    if work.counts[work.counts.shape[0] - 1, place, STALE] == 0.0:
        return
    if work.present[place, i] > 0.0:
        begin, end, met = merging.start[segment], merging.start[segment + 1], work.met[place, segment, 0]
        gather_rows(work.row[place, i], work.carried[place], merging.partner, begin, end, met)
    else:
        work.met[place, segment, 0, NUMBER] = 0.0


@routine
def pool_cell(item: int, state: Floats, tables: Tables, arrivals: Arrivals, work: Workspace) -> None:
    """Book what granules of one class grow by and lose, and what is born in their cell."""
    cells = state.shape[2]
    place, k = item // cells, item % cells
    number, limit, counts = state[place, NUMBER], work.classes[LIMIT, place], work.counts[k, place]
    if work.counts[cells, place, STALE] > 0.0:
        for count in range(COUNTS):
            counts[count] = 0.0
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
def add_up_cells(place: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Add up the counts of the cells of a compartment, and pool its lumped solid; its pairs are pooled then."""
    cells = state.shape[2]
    if work.counts[cells, place, STALE] > 0.0:
        for count in range(STALE):
            work.counts[cells, place, count] = 0.0
            for k in range(cells):
                work.counts[cells, place, count] += work.counts[k, place, count]
        for i in range(cells if state.shape[1] > CONTENT else 0):
            if work.present[place, i] > 0.0:
                pool_lumped(place, i, state, tables, view(place, i, work.met.shape[1] - 1, cells, work))
        work.counts[cells, place, STALE] = 0.0


@routine
def begin_pairs(place: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Empty the pools of a compartment whose pairs have to be pooled, and lay out what the pairs see."""
    own = view(place, 0, 0, state.shape[2], work)
    if own.counts[place, STALE] > 0.0:
        begin_pools(place, state, tables, own)
        pack_granules(place, tables, own)
        if state.shape[1] > CONTENT:
            begin_lumped(place, state, tables, own)


@cache
def make_find_rates(rate: str, sticking: str) -> Callable[..., None]:
    """Build the body of the rates of one class with those up to it, for laws by name."""
    fill_row = routine(make_row(rate_law(rate), sticking_law(sticking)))

    @routine
    def find_rates(item: int, state: Floats, parameters: Parameters, tables: Tables, work: Workspace) -> None:
        cells = state.shape[2]
        place, i = item // cells, item % cells
        if work.counts[cells, place, STALE] > 0.0 and work.present[place, i] > 0.0:
            own = view(place, i, 0, 0, work)
            fill_row(place, i, state[place, NUMBER], held_conditions(place, own), parameters, tables, own)

    return find_rates
