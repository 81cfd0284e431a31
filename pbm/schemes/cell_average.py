"""Cell average in one dimension: births of a cell are averaged, then shared by two pivots.

All mergers whose sum x_i + x_j falls into one cell are pooled to a number B and a solid volume V. With the mean V/B
above (below) the pivot, the share (V - B x_k)/(x_n - x_k) goes to the next pivot n above (below) and the rest to k, so
that number and solid volume are kept; liquids and gas follow the solid volume.
Kumar, Peglow, Warnecke, Heinrich and Morl, Chem. Eng. Sci. 61 (2006) 3327, doi 10.1016/j.ces.2005.12.014.

A merger that leaves its larger partner in its own cell is growth: the partner is not taken out and put back, only the
volume it gains enters the balance of the cell. Number and solids are those of the published scheme, term by term; what
is gained is that a granule that sweeps up a million fine grains a second limits no time step.

Sums above the top pivot go to the top class with the number V/x_top: solids are kept, the excess number is booked.
Granules of the top class do not merge with each other.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from compute.physics import physics, routine
from pbm.grid import Floats, Grid
from pbm.model import (
    DIAMETER,
    LIMIT,
    LOG_FILM,
    LOG_INERTIA,
    LOSS,
    MASS,
    NUMBER,
    OVERFLOW_NUMBER,
    OVERFLOW_VOLUME,
    SIZE_FACTOR,
    VANISHED,
    WET_SHARE,
    Conditions,
    Granule,
    Parameters,
    Tables,
    Workspace,
)

ROUND_OFF = 1e-14
"""Relative excess over the top pivot that counts as the pivot itself."""


def merge_targets(grid: Grid) -> np.ndarray:
    """Cell of x_i + x_j for j <= i, and `classes` for sums above the top pivot; int64, shape (classes, classes).

    The top class keeps what it sweeps up: its row names itself.
    """
    sums = grid.pivots[:, None] + grid.pivots[None, :]
    cells = np.searchsorted(grid.edges, sums, side="right") - 1
    beyond = sums > grid.pivots[-1] * (1.0 + ROUND_OFF)
    targets = np.where(beyond, grid.classes, np.minimum(cells, grid.classes - 1)).astype(np.int64)
    targets[-1] = grid.classes - 1
    return targets


def leaving_shares(grid: Grid) -> Floats:
    """Largest share of granule i that a merger with j <= i takes out of its class, shape (classes, classes).

    One where it leaves its cell; x_j x_n/(x_i (x_n - x_i)) with the next pivot n where it stays; none in the top class.
    """
    pivots = grid.pivots
    shares = np.ones((grid.classes, grid.classes))
    above = np.append(pivots[1:] / (pivots[:-1] * np.diff(pivots)), 0.0)
    stays = merge_targets(grid) == np.arange(grid.classes)[:, None]
    return np.where(stays, above[:, None] * pivots, shares)


@physics
def granule(place: int, k: int, classes: Floats, tables: Tables) -> Granule:
    """What pair laws see of class k in compartment `place`."""
    return Granule(
        tables.solid_volume[k],
        classes[DIAMETER, place, k],
        classes[MASS, place, k],
        classes[LOG_INERTIA, place, k],
        classes[WET_SHARE, place, k],
        classes[LOG_FILM, place, k],
        classes[SIZE_FACTOR, place, k],
    )


def make_pair_rates(rate_law: Callable[..., float], sticking_law: Callable[..., float]) -> Callable[..., None]:
    """Build the loop over pairs for one rate law and one sticking law (`pbm.aggregation` states their contract).

    It fills `pair_rate` = b psi / V_s [1/s] for j <= i and adds the relative loss [1/s] of each class to
    `work.classes`. Pairs with an empty class have no events and are left at zero.
    """

    def pair_rates(
        place: int, state: Floats, conditions: Conditions, parameters: Parameters, tables: Tables, work: Workspace
    ) -> None:
        number, loss, rates = state[place, NUMBER], work.classes[LOSS, place], work.pair_rate[place]
        top = number.size - 1
        for i in range(top + 1):
            first = granule(place, i, work.classes, tables)
            lost = 0.0
            for j in range(i + 1):
                rate = 0.0
                if number[i] > VANISHED and number[j] > VANISHED and j < top:
                    second = granule(place, j, work.classes, tables)
                    meeting = rate_law(first, second, conditions, parameters, tables.kernel) / work.solids[place]
                    rate = meeting * sticking_law(first, second, conditions, parameters)
                rates[i, j] = rate
                if j < i:
                    lost += rate * number[j] * tables.leaving[i, j]
                    loss[j] += rate * number[i]
                else:
                    lost += rate * max(number[i] - 1.0, 0.0)
            loss[i] += lost

    return pair_rates


@routine
def merge(place: int, state: Floats, tables: Tables, work: Workspace) -> float:
    """Pool births by cell in `work.births`, growth by class in `work.growth`, relative losses in `work.drain`.

    Returns the mergers per second.
    """
    number, limit, rates = state[place, NUMBER], work.classes[LIMIT, place], work.pair_rate[place]
    births, growth, drain = work.births, work.growth, work.drain
    births[:] = 0.0
    growth[:] = 0.0
    drain[:] = 0.0
    merged = 0.0
    for i in range(number.size):
        for j in range(i):
            rate = rates[i, j] * limit[i] * limit[j]
            if rate > 0.0:
                from_i, from_j, target = rate * number[j], rate * number[i], tables.target[i, j]
                merged += from_i * number[i]
                drain[j] += from_j
                if target == i:
                    growth[0, i] += from_i
                    growth[1, i] += from_j * number[j] * tables.solid_volume[j]
                    for quantity in range(1, 4):
                        growth[quantity + 1, i] += from_j * state[place, quantity, j]
                else:
                    drain[i] += from_i
                    births[0, target] += from_i * number[i]
                    births[1, target] += from_i * number[i] * (tables.solid_volume[i] + tables.solid_volume[j])
                    for quantity in range(1, 4):
                        pair = from_i * state[place, quantity, i] + from_j * state[place, quantity, j]
                        births[quantity + 1, target] += pair
        within = rates[i, i] * limit[i] * limit[i] * max(number[i] - 1.0, 0.0)
        target = tables.target[i, i]
        merged += 0.5 * within * number[i]
        drain[i] += within
        births[0, target] += 0.5 * within * number[i]
        births[1, target] += within * number[i] * tables.solid_volume[i]
        for quantity in range(1, 4):
            births[quantity + 1, target] += within * state[place, quantity, i]
    return merged


@routine
def share_births(place: int, state: Floats, tables: Tables, work: Workspace, change: Floats) -> None:
    """Share pooled births and growth of each cell between two pivots, and add them to `change`.

    Moves up take from births as far as these lie above the pivot, and from grown granules beyond; moves down take from
    births. Liquids and gas move with the solid volume of the pool they are taken from.
    """
    solid, births, growth = tables.solid_volume, work.births, work.growth
    top = solid.size - 1
    for k in range(top + 1):
        born = births[1, k] - births[0, k] * solid[k]
        excess = born + growth[1, k] if k < top else min(born, 0.0)
        other = k + 1 if excess > 0.0 or k == 0 else k - 1
        step = solid[other] - solid[k]
        moved = max(excess / step, 0.0)
        of_births = min(max(born / step, 0.0), moved)
        change[place, NUMBER, k] += births[0, k] - moved
        change[place, NUMBER, other] += moved
        pool = growth[0, k] * state[place, NUMBER, k] * solid[k] + growth[1, k]
        birth_part = of_births * solid[other] / births[1, k] if births[1, k] > 0.0 else 0.0
        growth_part = (moved - of_births) * solid[other] / pool if pool > 0.0 else 0.0
        for quantity in range(1, 4):
            gained = growth[quantity + 1, k]
            grown = growth[0, k] * state[place, quantity, k] + gained
            carried = birth_part * births[quantity + 1, k] + growth_part * grown
            change[place, quantity, k] += births[quantity + 1, k] + gained - carried
            change[place, quantity, other] += carried


@routine
def fill_top(place: int, tables: Tables, work: Workspace, change: Floats, booked: Floats) -> None:
    """Put what lies above the top pivot into the top class, by solid volume, and book it."""
    top = tables.solid_volume.size - 1
    volume = work.births[1, top + 1] + work.growth[1, top]
    held = volume / tables.solid_volume[top]
    change[place, NUMBER, top] += held
    for quantity in range(1, 4):
        change[place, quantity, top] += work.births[quantity + 1, top + 1]
    booked[OVERFLOW_NUMBER] += held - work.births[0, top + 1]
    booked[OVERFLOW_VOLUME] += volume
