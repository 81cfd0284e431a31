"""How pooled births and growth of a cell go to its pivot and to those around it: `pbm.schemes.cell_average`."""

from __future__ import annotations

import math

from compute.physics import routine
from pbm.grid import Floats
from pbm.model import FIRST, MIXED, NUMBER, SECOND, Tables, Workspace

Pool = tuple[float, float, float, float, float, float, float, float]


@routine
def share_pools(place: int, state: Floats, tables: Tables, work: Workspace, change: Floats) -> None:
    """Share pooled births and growth of each cell between pivots, and add them to `change`, less what merged away."""
    for k in range(state.shape[2]):
        births, growth = work.births[place, k], work.growth[place, k]
        born, grown = births[NUMBER], growth[NUMBER] * state[place, NUMBER, k]
        change[place, NUMBER, k] += born + work.surplus[place, k] - work.drain[place, k] * state[place, NUMBER, k]
        for quantity in range(1, 4):
            gained = births[quantity] + growth[quantity]
            change[place, quantity, k] += gained - work.drain[place, k] * state[place, quantity, k]
        if born > 0.0 or grown > 0.0:
            stayed, arrived = pools_of(place, k, state, tables, work)
            hand_on(place, k, stayed, tables, change)
            hand_on(place, k, arrived, tables, change)


@routine
def pools_of(place: int, k: int, state: Floats, tables: Tables, work: Workspace) -> tuple[Pool, Pool]:
    """What of cell k is to be shared: granules that grew in it, and those born there, lifted by the growth first."""
    births, growth = work.births[place, k], work.growth[place, k]
    born, grown = births[NUMBER], growth[NUMBER] * state[place, NUMBER, k]
    lift_first = min(max(-births[FIRST], 0.0), growth[FIRST])
    lift_second = min(max(-births[SECOND], 0.0), growth[SECOND])
    first, second = growth[FIRST] - lift_first, growth[SECOND] - lift_second
    mixed = 0.0
    if first > 0.0 and second > 0.0:
        mixed = growth[MIXED] * (first / growth[FIRST]) * (second / growth[SECOND])
    volume = grown * tables.solid_volume[k] + growth[FIRST] + growth[SECOND]
    share = growth[NUMBER]
    inner = share * state[place, 1, k] + growth[1]
    outer = share * state[place, 2, k] + growth[2]
    gas = share * state[place, 3, k] + growth[3]
    stayed = (grown, first, second, mixed, volume, inner, outer, gas)
    volume = born * tables.solid_volume[k] + births[FIRST] + births[SECOND]
    rest = births[MIXED] + growth[MIXED] - mixed
    first, second = births[FIRST] + lift_first, births[SECOND] + lift_second
    return stayed, (born, first, second, rest, volume, births[1], births[2], births[3])


@routine
def hand_on(place: int, k: int, pool: Pool, tables: Tables, change: Floats) -> None:
    """Move a pool of cell k on: number, displacements, mixed one, solid volume, liquids and gas."""
    number, first, second, mixed = pool[0], pool[1], pool[2], pool[3]
    along, across = tables.stride[0], tables.stride[1]
    length, back, width, aside = tables.up[0, k], tables.down[0, k], tables.up[1, k], tables.down[1, k]
    if first < 0.0:
        along, length, back, first, mixed = -along, back, length, -first, -mixed
    if second < 0.0:
        across, width, aside, second, mixed = -across, aside, width, -second, -mixed
    one, other, both = first / length, second / width, mixed / (length * width)
    away = back / length if back < math.inf else math.inf
    aside = aside / width if aside < math.inf else math.inf
    low, high, under = corners(number, one, other, both, away, aside)
    move(place, k, k + along - across, low, pool, tables, change)
    move(place, k, k - along + across, high, pool, tables, change)
    move(place, k, k - along - across, under, pool, tables, change)
    if low + high + under > 0.0:
        number -= low + high + under
        one += (high + under) * away - low
        other += (low + under) * aside - high
        both += low * aside + high * away - under * away * aside
    both = max(min(max(both, 0.0), min(one, other)), one + other - number)
    move(place, k, k + along, one - both, pool, tables, change)
    move(place, k, k + across, other - both, pool, tables, change)
    move(place, k, k + along + across, both, pool, tables, change)


@routine
def corners(
    number: float, one: float, other: float, both: float, away: float, aside: float
) -> tuple[float, float, float]:
    """Granules for the three corners away from the mean, so that the other three places can take the mixed moment.

    one, other, both: moments in steps towards the mean; away, aside: steps away from it, in the same unit. A mixed
    moment out of reach, and all of them at the rim, get no granules: they are then lost.
    """
    low, high, under = 0.0, 0.0, 0.0
    if 0.0 <= both <= min(one, other) or away + aside == math.inf:
        return low, high, under
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
    place: int,
    k: int,
    other: int,
    number: float,
    pool: Pool,
    tables: Tables,
    change: Floats,
) -> None:
    """Move granules [1/s] of a pool from cell k to another, with what their share of the solids holds."""
    if number > 0.0:
        part = number * tables.solid_volume[other] / pool[4]
        change[place, NUMBER, k] -= number
        change[place, NUMBER, other] += number
        for quantity in range(1, 4):
            carried = part * pool[quantity + 4]
            change[place, quantity, k] -= carried
            change[place, quantity, other] += carried
