"""Cell average in one dimension: births of a cell are averaged, then shared by two pivots.

All mergers whose sum x_i + x_j falls into one cell are pooled to a number B and a solid volume V. With the mean V/B
above (below) the pivot, the share (V - B x_k)/(x_n - x_k) goes to the next pivot n above (below) and the rest to k, so
that number and solid volume are kept; liquids and gas follow the solid volume. Sums above the top pivot go to the top
class with the number V/x_top: solids are kept, the excess number is booked.
Kumar, Peglow, Warnecke, Heinrich and Morl, Chem. Eng. Sci. 61 (2006) 3327, doi 10.1016/j.ces.2005.12.014.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from compute.physics import physics, routine
from pbm.grid import Floats, Grid
from pbm.model import (
    EXTERNAL,
    GAS,
    INTERNAL,
    MERGED,
    NUMBER,
    OVERFLOW_NUMBER,
    OVERFLOW_VOLUME,
    Classes,
    Conditions,
    Granule,
    Parameters,
    Tables,
    Workspace,
)


def merge_targets(grid: Grid) -> np.ndarray:
    """Cell of x_i + x_j, and `classes` for sums above the top pivot; int64, shape (classes, classes)."""
    sums = grid.pivots[:, None] + grid.pivots[None, :]
    cells = np.searchsorted(grid.edges, sums, side="right") - 1
    beyond = sums > grid.pivots[-1] * (1.0 + 1e-12)
    return np.where(beyond, grid.classes, np.minimum(cells, grid.classes - 1)).astype(np.int64)


@physics
def granule(place: int, k: int, classes: Classes, tables: Tables) -> Granule:
    """What pair laws see of class k in compartment `place`."""
    return Granule(
        tables.solid_volume[k],
        classes.diameter[place, k],
        classes.mass[place, k],
        classes.log_inertia[place, k],
        classes.wet_share[place, k],
        classes.log_film[place, k],
        classes.size_factor[place, k],
    )


def make_pair_rates(rate_law: Callable[..., float], sticking_law: Callable[..., float]) -> Callable[..., None]:
    """Build the loop over pairs for one rate law and one sticking law (`pbm.aggregation` states their contract).

    It fills `pair_rate` = b psi / V_s [1/s] for j <= i and adds the relative loss [1/s] of each class to
    `classes.loss`. Pairs with an empty class have no events and are left at zero.
    """

    def pair_rates(
        place: int, state: Floats, conditions: Conditions, parameters: Parameters, tables: Tables, work: Workspace
    ) -> None:
        number, loss, rates = state[place, NUMBER], work.classes.loss[place], work.pair_rate[place]
        for i in range(number.size):
            first = granule(place, i, work.classes, tables)
            drained = 0.0
            for j in range(i + 1):
                rate = 0.0
                if number[i] > 0.0 and number[j] > 0.0:
                    second = granule(place, j, work.classes, tables)
                    meeting = rate_law(first, second, conditions, parameters) / work.solids[place]
                    rate = meeting * sticking_law(first, second, conditions, parameters)
                rates[i, j] = rate
                if j < i:
                    drained += rate * number[j]
                    loss[j] += rate * number[i]
                else:
                    drained += rate * max(number[i] - 1.0, 0.0)
            loss[i] += drained

    return pair_rates


@routine
def merge(place: int, state: Floats, tables: Tables, work: Workspace, booked: Floats) -> None:
    """Pool the births of all pairs by target cell in `work.births`, and the relative losses in `work.drain`."""
    number, inner, outer, gas = state[place, NUMBER], state[place, INTERNAL], state[place, EXTERNAL], state[place, GAS]
    solid, rates, limit, drain = tables.solid_volume, work.pair_rate[place], work.classes.limit[place], work.drain
    births = work.births
    births[:] = 0.0
    drain[:] = 0.0
    merged = 0.0
    for i in range(number.size):
        drained = 0.0
        for j in range(i):
            rate = rates[i, j] * limit[i] * limit[j]
            target = tables.target[i, j]
            from_i, from_j = rate * number[j], rate * number[i]
            events = from_i * number[i]
            drained += from_i
            drain[j] += from_j
            merged += events
            births[0, target] += events
            births[1, target] += events * (solid[i] + solid[j])
            births[2, target] += from_i * inner[i] + from_j * inner[j]
            births[3, target] += from_i * outer[i] + from_j * outer[j]
            births[4, target] += from_i * gas[i] + from_j * gas[j]
        within = rates[i, i] * limit[i] * limit[i] * max(number[i] - 1.0, 0.0)
        target = tables.target[i, i]
        events = 0.5 * within * number[i]
        merged += events
        births[0, target] += events
        births[1, target] += 2.0 * events * solid[i]
        births[2, target] += within * inner[i]
        births[3, target] += within * outer[i]
        births[4, target] += within * gas[i]
        drain[i] += drained + within
    booked[MERGED] += merged


@routine
def share_births(place: int, births: Floats, solid: Floats, change: Floats, booked: Floats) -> None:
    """Share the pooled births of each cell between two pivots, and add them to `change`."""
    top = solid.size - 1
    for k in range(top + 1):
        volume = births[1, k]
        if volume > 0.0:
            excess = volume - births[0, k] * solid[k]
            other = k + 1 if (excess > 0.0 and k < top) or k == 0 else k - 1
            moved = max(excess / (solid[other] - solid[k]), 0.0)
            part = moved * solid[other] / volume
            change[place, NUMBER, k] += births[0, k] - moved
            change[place, NUMBER, other] += moved
            for quantity in range(1, 4):
                carried = births[quantity + 1, k]
                change[place, quantity, k] += (1.0 - part) * carried
                change[place, quantity, other] += part * carried
    held = births[1, top + 1] / solid[top]
    change[place, NUMBER, top] += held
    for quantity in range(1, 4):
        change[place, quantity, top] += births[quantity + 1, top + 1]
    booked[OVERFLOW_NUMBER] += held - births[0, top + 1]
    booked[OVERFLOW_VOLUME] += births[1, top + 1]
