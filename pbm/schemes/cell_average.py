"""Cell average in one or two components: births of a cell are pooled, then shared by the pivots around their mean.

All mergers whose sum falls into one cell are pooled to a number B, displacements b_a from the pivot in each component,
and a mixed one. With steps s_a to the pivots towards the mean, u_a = |b_a|/s_a granules move on along each component
and w of them along both, so that number and every component are kept, and the mixed moment where 0 <= w <= u_a allows
it; liquids and gas follow the solid volume. Kumar, Peglow, Warnecke, Heinrich and Morl, Chem. Eng. Sci. 61 (2006) 3327,
doi 10.1016/j.ces.2005.12.014; in two components Kumar, Peglow, Warnecke and Heinrich, Powder Technol. 182 (2008) 81,
doi 10.1016/j.powtec.2007.05.029, and, for the mixed moment, Vale and McKenna, Ind. Eng. Chem. Res. 44 (2005) 7885,
doi 10.1021/ie050179s.

A merger that leaves its larger partner in its own cell is growth: the partner is not taken out and put back, only what
it gains enters the balance of the cell. Number and solids are those of the published scheme, term by term; what is
gained is that a granule that sweeps up a million fine grains a second limits no time step. Births below the pivot are
first lifted by the growth of their cell.

`pbm.schemes.merging` says what happens above the top pivots: components are kept, the excess number is booked.
"""

from __future__ import annotations

from collections.abc import Callable

from compute.packed import WIDTH, add_shifted, gather_rows
from compute.physics import physics, routine
from pbm.grid import Floats
from pbm.model import (
    CONDITIONS,
    DIAMETER,
    FIRST,
    GRANULE,
    INSIDE,
    LIMIT,
    LOG_FILM,
    LOG_INERTIA,
    MASS,
    MERGERS,
    MIXED,
    NUMBER,
    SECOND,
    SIZE_FACTOR,
    SURPLUS_NUMBER,
    SURPLUS_VOLUME,
    VANISHED,
    WET_SHARE,
    Conditions,
    Granule,
    Parameters,
    Tables,
    Workspace,
)
from pbm.places import QUANTITIES
from pbm.schemes.lumped import begin_lumped, pool_lumped


@physics
def granule(k: int, granules: Floats) -> Granule:
    """What pair laws see of class k."""
    return Granule(
        granules[0, k], granules[1, k], granules[2, k], granules[3, k], granules[4, k], granules[5, k], granules[6, k]
    )


@routine
def hold_conditions(place: int, conditions: Conditions, work: Workspace) -> None:
    """Keep the conditions of a compartment until its pairs are pooled again."""
    for item in range(CONDITIONS):
        work.conditions[place, item] = conditions[item]


@routine
def held_conditions(place: int, work: Workspace) -> Conditions:
    """The conditions kept of a compartment."""
    held = work.conditions[place]
    return Conditions(held[0], held[1], held[2], held[3], held[4], held[5], held[6])


def make_row(rate_law: Callable[..., float], sticking_law: Callable[..., float]) -> Callable[..., None]:
    """Build the loop over the partners of one class for a rate law and a sticking law (`pbm.aggregation` states their
    contract).

    `fill_row(place, i, begin, end, number, conditions, parameters, tables, work)` fills `work.row` from `begin` to
    before `end`, whole packs of it, with b psi / V_s [1/s] for j < i, with half of it times (N_i - 1)/N_i for i itself;
    nil for empty partners, those that do not merge, and what is left of the pack of i.
    """

    def fill_row(
        place: int,
        i: int,
        begin: int,
        end: int,
        number: Floats,
        conditions: Conditions,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
    ) -> None:
        inverse, row, granules = 1.0 / work.solids[place], work.row, work.granules
        first = granule(i, granules)
        for j in range(begin, end):
            second = granule(j, granules)
            meeting = rate_law(first, second, conditions, parameters, tables.kernel) * inverse
            rate = meeting * sticking_law(first, second, conditions, parameters)
            row[j] = rate if granules[GRANULE, j] > 0.0 else 0.0
        if begin <= i < end:
            row[i] *= 0.5 * max(number[i] - 1.0, 0.0) / number[i]
        for j in range(max(i + 1, begin), end):
            row[j] = 0.0
        for at in range(tables.merging.apart[i], tables.merging.apart[i + 1]):
            if begin <= tables.merging.apart_partner[at] < end:
                row[tables.merging.apart_partner[at]] = 0.0

    return fill_row


def make_pool(fill_row: Callable[..., None]) -> Callable[..., None]:
    """Build the loop over pairs.

    `pool(place, state, parameters, tables, work)` fills births, growth, drain and counts of a compartment from the held
    conditions, every pair multiplied by the limits of both partners.
    """

    def pool(place: int, state: Floats, parameters: Parameters, tables: Tables, work: Workspace) -> None:
        begin_pools(place, state, tables, work)
        pack_granules(place, tables, work)
        if state.shape[1] > QUANTITIES:
            begin_lumped(place, state, tables, work)
        conditions, number, limit = held_conditions(place, work), state[place, NUMBER], work.classes[LIMIT, place]
        for i in range(state.shape[2]):
            if work.present[place, i] > 0.0:
                fill_row(place, i, 0, (i // WIDTH + 1) * WIDTH, number, conditions, parameters, tables, work)
                take_partners(i, number[i] * limit[i], work)
                merge_row(place, i, number[i], limit[i], tables, work)
                if state.shape[1] > QUANTITIES:
                    pool_lumped(place, i, state, tables, work)
        for k in range(state.shape[2]):
            work.drain[place, k] += work.taken[k] * limit[k]

    return pool


@routine
def begin_pools(place: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Empty the pools of a compartment, and put what its classes hold side by side, each times its limit."""
    x, births, growth, carried = tables.component, work.births[place], work.growth[place], work.carried
    for k in range(state.shape[2]):
        for column in range(WIDTH):
            births[k, column] = 0.0
            growth[k, column] = 0.0
    for k in range(state.shape[2]):
        limit, present = work.classes[LIMIT, place, k], state[place, NUMBER, k]
        number = limit * present
        carried[k, NUMBER] = number
        carried[k, FIRST] = number * x[0, k]
        carried[k, SECOND] = number * x[1, k]
        carried[k, MIXED] = number * x[0, k] * x[1, k]
        for quantity in range(1, 4):
            carried[k, quantity] = limit * state[place, quantity, k]
            work.own[k, quantity] = state[place, quantity, k] / max(present, VANISHED)
        work.own[k, FIRST] = x[0, k]
        work.own[k, SECOND] = x[1, k]
        work.drain[place, k] = 0.0
        work.outgrown[place, k] = 0.0
        work.surplus[place, k] = 0.0
    for k in range(work.taken.size):
        work.taken[k] = 0.0
    for count in range(3):
        work.counts[place, count] = 0.0


@routine
def pack_granules(place: int, tables: Tables, work: Workspace) -> None:
    """Put what pair laws see of every class side by side, filled up with classes that are not present.

    Of those the laws see a granule of one metre and one kilogram, at which every law is a finite number.
    """
    classes, granules, last = work.classes, work.granules, tables.solid_volume.size - 1
    for j in range(work.row.size):
        k = min(j, last)
        granules[0, j] = tables.solid_volume[k]
        here = work.present[place, k] if j <= last else 0.0
        granules[1, j] = classes[DIAMETER, place, k] if here > 0.0 else 1.0
        granules[2, j] = classes[MASS, place, k] if here > 0.0 else 1.0
        granules[3, j] = classes[LOG_INERTIA, place, k]
        granules[4, j] = classes[WET_SHARE, place, k]
        granules[5, j] = classes[LOG_FILM, place, k]
        granules[6, j] = classes[SIZE_FACTOR, place, k]
        granules[GRANULE, j] = here


@routine
def take_partners(i: int, number: float, work: Workspace) -> None:
    """Add what granules of class i take of their partners [1/s]."""
    row, taken = work.row, work.taken
    for j in range((i // WIDTH + 1) * WIDTH):
        taken[j] += row[j] * number


@routine
def merge_row(place: int, i: int, number: float, limit: float, tables: Tables, work: Workspace) -> None:
    """Book the mergers of class i with those up to it; the row of class i has just been filled.

    Partners that bring granule i into the same cell are summed to what they are and bring per granule, `met`.
    """
    merging, met = tables.merging, work.met[0]
    for segment in range(merging.row[i], merging.row[i + 1]):
        begin, end = merging.start[segment], merging.start[segment + 1]
        gather_rows(work.row, work.carried, merging.partner, begin, end, met)
        if met[NUMBER] > 0.0:
            work.counts[place, MERGERS] += number * limit * met[NUMBER]
            if merging.grows[segment] > 0:
                grow(place, i, merging.rim[segment], number, limit, tables, work)
            else:
                work.drain[place, i] += limit * met[NUMBER]
                if merging.rim[segment] == INSIDE:
                    bear(place, i, merging.target[segment], number * limit, tables, work)
                else:
                    bear_on_rim(place, i, segment, number * limit, tables, work)


@routine
def grow(place: int, i: int, rim: int, number: float, limit: float, tables: Tables, work: Workspace) -> None:
    """Book mergers that leave granule i in its class."""
    growth, counts, met, x = work.growth[place, i], work.counts[place], work.met[0], tables.component
    first, second, mixed = limit * met[FIRST], limit * met[SECOND], limit * met[MIXED]
    if rim != INSIDE:
        made = (second if rim > 0 else first) / x[rim, i]
        work.surplus[place, i] += number * made
        counts[SURPLUS_NUMBER] += number * made
        counts[SURPLUS_VOLUME] += number * (first + second)
        first, second = (0.0, second - made * x[1, i]) if rim == 0 else (first - made * x[0, i], 0.0)
        first, second, mixed = max(first, 0.0), max(second, 0.0), 0.0
    growth[NUMBER] += limit * met[NUMBER]
    for quantity in range(1, 4):
        growth[quantity] += number * limit * met[quantity]
    growth[FIRST] += number * first
    growth[SECOND] += number * second
    growth[MIXED] += number * mixed
    work.outgrown[place, i] += first * tables.outgrowing[0, i] + second * tables.outgrowing[1, i]


@routine
def bear(place: int, i: int, target: int, amount: float, tables: Tables, work: Workspace) -> None:
    """Book mergers of `amount` granules of class i, each with what it met, whose sum falls into another cell."""
    met, x = work.met[0], tables.component
    first, second = x[0, i] - x[0, target], x[1, i] - x[1, target]
    mixed = first * met[SECOND] + second * met[FIRST] + first * second * met[NUMBER]
    add_shifted(amount, met, work.own, i, tables.merging.pivots, target, work.births[place])
    work.births[place, target, MIXED] += amount * mixed


@routine
def bear_on_rim(place: int, i: int, segment: int, amount: float, tables: Tables, work: Workspace) -> None:
    """Book mergers whose sum lies above a top pivot: as many granules on the rim as keep the components."""
    target, rim, x = tables.merging.target[segment], tables.merging.rim[segment], tables.component
    births, counts, met = work.births[place, target], work.counts[place], work.met[0]
    one = amount * (met[FIRST] + x[0, i] * met[NUMBER])
    other = amount * (met[SECOND] + x[1, i] * met[NUMBER])
    copies = (one if rim == 0 else other) / x[rim, target]
    births[NUMBER] += copies
    births[FIRST] += one - copies * x[0, target] if rim == 1 else 0.0
    births[SECOND] += other - copies * x[1, target] if rim == 0 else 0.0
    counts[SURPLUS_NUMBER] += copies - amount * met[NUMBER]
    counts[SURPLUS_VOLUME] += one + other
    for quantity in range(1, 4):
        births[quantity] += amount * (met[quantity] + met[NUMBER] * work.own[i, quantity])
