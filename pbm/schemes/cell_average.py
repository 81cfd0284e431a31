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

from compute.physics import physics, routine
from pbm.grid import Floats
from pbm.model import (
    CARRIED,
    CONDITIONS,
    CONTENT,
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
    PACK,
    SECOND,
    SIZE_FACTOR,
    SURPLUS_NUMBER,
    SURPLUS_VOLUME,
    WET_SHARE,
    Conditions,
    Granule,
    Parameters,
    Tables,
    Workspace,
)
from pbm.schemes.lumped import begin_lumped, pool_lumped

Sums = tuple[float, float, float, float, float, float, float]


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

    `fill_row(place, i, number, conditions, parameters, tables, work)` fills `work.row` with b psi / V_s [1/s] for
    j < i, with half of it times (N_i - 1)/N_i for i itself; nil for empty partners, those that do not merge, and what
    is left of the last pack.
    """

    def fill_row(
        place: int,
        i: int,
        number: Floats,
        conditions: Conditions,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
    ) -> None:
        inverse, row, granules = 1.0 / work.solids[place], work.row, work.granules
        first, end = granule(i, granules), (i // PACK + 1) * PACK
        for j in range(end):
            second = granule(j, granules)
            meeting = rate_law(first, second, conditions, parameters, tables.kernel) * inverse
            rate = meeting * sticking_law(first, second, conditions, parameters)
            row[j] = rate if granules[GRANULE, j] > 0.0 else 0.0
        row[i] *= 0.5 * max(number[i] - 1.0, 0.0) / number[i]
        for j in range(i + 1, end):
            row[j] = 0.0
        for at in range(tables.merging.apart[i], tables.merging.apart[i + 1]):
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
        if state.shape[1] > CONTENT:
            begin_lumped(place, state, tables, work)
        conditions, number, limit = held_conditions(place, work), state[place, NUMBER], work.classes[LIMIT, place]
        for i in range(state.shape[2]):
            if work.present[place, i] > 0.0:
                fill_row(place, i, number, conditions, parameters, tables, work)
                take_partners(i, number[i] * limit[i], work)
                for segment in range(tables.merging.row[i], tables.merging.row[i + 1]):
                    sums = sum_segment(segment, limit[i], tables, work)
                    if sums[0] > 0.0:
                        if tables.merging.grows[segment] > 0:
                            grow(place, i, segment, number[i], sums, tables, work)
                        else:
                            bear(place, i, segment, state, sums, tables, work)
                if state.shape[1] > CONTENT:
                    pool_lumped(place, i, state, tables, work)
        for k in range(state.shape[2]):
            work.drain[place, k] += work.taken[k] * limit[k]

    return pool


@routine
def begin_pools(place: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Empty the pools of a compartment, and put what its classes hold side by side, each times its limit."""
    x = tables.component
    for k in range(state.shape[2]):
        limit = work.classes[LIMIT, place, k]
        number = limit * state[place, NUMBER, k]
        for column in range(CARRIED):
            work.births[place, k, column] = 0.0
            work.growth[place, k, column] = 0.0
        for quantity in range(1, 4):
            work.carried[k, quantity] = limit * state[place, quantity, k]
        work.carried[k, NUMBER] = number
        work.carried[k, FIRST] = number * x[0, k]
        work.carried[k, SECOND] = number * x[1, k]
        work.carried[k, MIXED] = number * x[0, k] * x[1, k]
        work.drain[place, k] = 0.0
        work.outgrown[place, k] = 0.0
        work.surplus[place, k] = 0.0
    for k in range(work.taken.size):
        work.taken[k] = 0.0
    for count in range(3):
        work.counts[place, count] = 0.0


@routine
def pack_granules(place: int, tables: Tables, work: Workspace) -> None:
    """Put what pair laws see of every class side by side, filled up with classes that are not present."""
    classes, granules, last = work.classes, work.granules, tables.solid_volume.size - 1
    for j in range(work.row.size):
        k = min(j, last)
        granules[0, j] = tables.solid_volume[k]
        granules[1, j] = classes[DIAMETER, place, k]
        granules[2, j] = classes[MASS, place, k]
        granules[3, j] = classes[LOG_INERTIA, place, k]
        granules[4, j] = classes[WET_SHARE, place, k]
        granules[5, j] = classes[LOG_FILM, place, k]
        granules[6, j] = classes[SIZE_FACTOR, place, k]
        granules[GRANULE, j] = work.present[place, k] if j <= last else 0.0


@routine
def take_partners(i: int, number: float, work: Workspace) -> None:
    """Add what granules of class i take of their partners [1/s]."""
    row, taken = work.row, work.taken
    for j in range((i // PACK + 1) * PACK):
        taken[j] += row[j] * number


@routine
def sum_segment(segment: int, limit: float, tables: Tables, work: Workspace) -> Sums:
    """Mergers of one granule with the partners of a segment [1/s], and the contents of these partners [m3/s]."""
    row, carried, partner = work.row, work.carried, tables.merging.partner
    number, inner, outer, gas, first, second, mixed = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for at in range(tables.merging.start[segment], tables.merging.start[segment + 1]):
        j = partner[at]
        rate = row[j]
        number += rate * carried[j, 0]
        inner += rate * carried[j, 1]
        outer += rate * carried[j, 2]
        gas += rate * carried[j, 3]
        first += rate * carried[j, 4]
        second += rate * carried[j, 5]
        mixed += rate * carried[j, 6]
    return limit * number, limit * inner, limit * outer, limit * gas, limit * first, limit * second, limit * mixed


@routine
def grow(place: int, i: int, segment: int, number: float, sums: Sums, tables: Tables, work: Workspace) -> None:
    """Book mergers that leave granule i in its class."""
    growth, counts = work.growth[place, i], work.counts[place]
    rim = tables.merging.rim[segment]
    first, second, mixed = sums[FIRST], sums[SECOND], sums[MIXED]
    if rim != INSIDE:
        made = sums[FIRST + rim] / tables.component[rim, i]
        first, second, mixed = first - made * tables.component[0, i], second - made * tables.component[1, i], 0.0
        first, second = (0.0, max(second, 0.0)) if rim == 0 else (max(first, 0.0), 0.0)
        work.surplus[place, i] += number * made
        counts[SURPLUS_NUMBER] += number * made
        counts[SURPLUS_VOLUME] += number * (sums[FIRST] + sums[SECOND])
    growth[NUMBER] += sums[NUMBER]
    for quantity in range(1, 4):
        growth[quantity] += number * sums[quantity]
    growth[FIRST] += number * first
    growth[SECOND] += number * second
    growth[MIXED] += number * mixed
    counts[MERGERS] += number * sums[NUMBER]
    work.outgrown[place, i] += first * tables.outgrowing[0, i] + second * tables.outgrowing[1, i]


@routine
def bear(place: int, i: int, segment: int, state: Floats, sums: Sums, tables: Tables, work: Workspace) -> None:
    """Book mergers whose sum falls into another cell."""
    target, rim, x = tables.merging.target[segment], tables.merging.rim[segment], tables.component
    births, counts, number = work.births[place, target], work.counts[place], state[place, NUMBER, i]
    born = number * sums[NUMBER]
    if rim == INSIDE:
        first, second = x[0, i] - x[0, target], x[1, i] - x[1, target]
        births[NUMBER] += born
        births[FIRST] += number * (sums[FIRST] + first * sums[NUMBER])
        births[SECOND] += number * (sums[SECOND] + second * sums[NUMBER])
        mixed = sums[MIXED] + first * sums[SECOND] + second * sums[FIRST] + first * second * sums[NUMBER]
        births[MIXED] += number * mixed
    else:
        one, other = number * (sums[FIRST] + x[0, i] * sums[NUMBER]), number * (sums[SECOND] + x[1, i] * sums[NUMBER])
        copies = (one if rim == 0 else other) / x[rim, target]
        births[NUMBER] += copies
        births[FIRST] += one - copies * x[0, target] if rim == 1 else 0.0
        births[SECOND] += other - copies * x[1, target] if rim == 0 else 0.0
        counts[SURPLUS_NUMBER] += copies - born
        counts[SURPLUS_VOLUME] += one + other
    for quantity in range(1, 4):
        births[quantity] += number * sums[quantity] + sums[NUMBER] * state[place, quantity, i]
    counts[MERGERS] += born
    work.drain[place, i] += sums[NUMBER]
