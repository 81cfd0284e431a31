"""How pooled births and growth of a cell go to its pivot and to those around it: `pbm.schemes.cell_average`."""

from __future__ import annotations

import math

from compute.packed import WIDTH, move_row
from compute.physics import routine
from pbm.grid import Floats
from pbm.model import FIRST, MIXED, NUMBER, SECOND, Tables, Workspace

Pool = tuple[float, float, float, float, float]
"""Of granules to be shared: number [1/s], displacements [m3/s], mixed one [m6/s], solid volume [m3/s]."""
Moves = tuple[int, int, float, float, float, float, float, float]
"""Where the granules of a pool go: `moves_of`."""


@routine
def share_pools(place: int, state: Floats, tables: Tables, work: Workspace, change: Floats) -> None:
    """Share pooled births and growth of each cell between pivots, and add them to `change`, less what merged away."""
    births, growth, gained, held = work.births[place], work.growth[place], work.gained, work.met[0]
    numbers = change[place, NUMBER]
    for k in range(state.shape[2]):
        for column in range(WIDTH):
            gained[k, column] = births[k, column] + growth[k, column]
        numbers[k] += births[k, NUMBER] + work.surplus[place, k] - work.drain[place, k] * state[place, NUMBER, k]
    for k in range(state.shape[2]):
        if births[k, NUMBER] > 0.0 or growth[k, NUMBER] > 0.0:
            for quantity in range(1, 4):
                held[quantity] = growth[k, quantity] + growth[k, NUMBER] * state[place, quantity, k]
            stayed, arrived = pools_of(place, k, state, tables, work)
            hand_on(k, stayed, held, tables, numbers, gained)
            hand_on(k, arrived, births[k], tables, numbers, gained)
    for quantity in range(1, 4):
        for k in range(state.shape[2]):
            change[place, quantity, k] += gained[k, quantity] - work.drain[place, k] * state[place, quantity, k]


@routine
def pools_of(place: int, k: int, state: Floats, tables: Tables, work: Workspace) -> tuple[Pool, Pool]:
    """What of cell k is to be shared: granules that grew in it, and those born there, lifted by the growth first."""
    births, growth = work.births[place, k], work.growth[place, k]
    born, grown = births[NUMBER], growth[NUMBER] * state[place, NUMBER, k]
    lift_first = min(max(-births[FIRST], 0.0), growth[FIRST])
    lift_second = min(max(-births[SECOND], 0.0), growth[SECOND])
    first, second, mixed = growth[FIRST] - lift_first, growth[SECOND] - lift_second, 0.0
    if first > 0.0 and second > 0.0:
        mixed = growth[MIXED] * (first / growth[FIRST]) * (second / growth[SECOND])
    rest = births[MIXED] + growth[MIXED] - mixed
    grown_volume = grown * tables.solid_volume[k] + growth[FIRST] + growth[SECOND]
    born_volume = born * tables.solid_volume[k] + births[FIRST] + births[SECOND]
    stayed = (grown, first, second, mixed, grown_volume)
    return stayed, (born, births[FIRST] + lift_first, births[SECOND] + lift_second, rest, born_volume)


@routine
def hand_on(k: int, pool: Pool, row: Floats, tables: Tables, numbers: Floats, gained: Floats) -> None:
    """Move a pool of cell k on: granules in `numbers`, the contents in its row in `gained`."""
    if not pool[0] > 0.0:
        return
    along, across, low, high, under, one, other, both = moves_of(k, pool, tables)
    whole = 1.0 / pool[4]
    move(k, k + along - across, low, whole, row, tables, numbers, gained)
    move(k, k - along + across, high, whole, row, tables, numbers, gained)
    move(k, k - along - across, under, whole, row, tables, numbers, gained)
    move(k, k + along, one, whole, row, tables, numbers, gained)
    move(k, k + across, other, whole, row, tables, numbers, gained)
    move(k, k + along + across, both, whole, row, tables, numbers, gained)


@routine
def moves_of(k: int, pool: Pool, tables: Tables) -> Moves:
    """Cells from k towards the mean of its pool, along and across; granules [1/s] for the three corners away from it,
    and for the places along, across and both.
    """
    number, first, second, mixed, _ = pool
    along, across = tables.stride[0], tables.stride[1]
    length, back, width, aside = tables.up[0, k], tables.down[0, k], tables.up[1, k], tables.down[1, k]
    if first < 0.0:
        along, length, back, first, mixed = -along, back, length, -first, -mixed
    if second < 0.0:
        across, width, aside, second, mixed = -across, aside, width, -second, -mixed
    one, other, both = first / length, second / width, mixed / (length * width)
    low, high, under = 0.0, 0.0, 0.0
    if not 0.0 <= both <= min(one, other) and back + aside < math.inf:
        away, aside = back / length, aside / width
        low, high, under = corners(number, one, other, both, away, aside)
        number -= low + high + under
        one += (high + under) * away - low
        other += (low + under) * aside - high
        both += low * aside + high * away - under * away * aside
    both = max(min(max(both, 0.0), min(one, other)), one + other - number)
    return along, across, low, high, under, one - both, other - both, both


@routine
def corners(
    number: float, one: float, other: float, both: float, away: float, aside: float
) -> tuple[float, float, float]:
    """Granules for the three corners away from the mean, so that the other three places can take the mixed moment.

    one, other, both: moments in steps towards the mean; away, aside: steps away from it, in the same unit. For a mixed
    moment out of reach they get no granules: it is then lost, as all are at the rim.
    """
    low, high, under = 0.0, 0.0, 0.0
    if both < 0.0:
        low, high = -0.5 * both / aside, -0.5 * both / away
    else:
        under = max((both - one) / (away * (1.0 + aside)), (both - other) / (aside * (1.0 + away)))
    rest_one, rest_other = one + (high + under) * away - low, other + (low + under) * aside - high
    rest = both + low * aside + high * away - under * away * aside
    left = number - low - high - under - rest_one - rest_other + max(rest, 0.0)
    reached = rest_one >= 0.0 and rest_other >= 0.0 and left >= 0.0
    return (low, high, under) if reached else (0.0, 0.0, 0.0)


@routine
def move(
    k: int, other: int, number: float, whole: float, row: Floats, tables: Tables, numbers: Floats, gained: Floats
) -> None:
    """Move granules [1/s] of a pool from cell k to another, with what their share of the solids holds.

    whole: one over the solid volume of the pool [s/m3]; row: contents of the pool
    """
    if number > 0.0:
        numbers[k] -= number
        numbers[other] += number
        move_row(number * tables.solid_volume[other] * whole, row, gained, k, other)
