"""Breakage by blades, and how daughters fall on the grid.

Contract of a fitted law: `law(parent: Parent, conditions: Conditions, parameters: Parameters) -> S [1/s]`.
Blade hits: S = breakage_scale r P(v > U_break), r = exp(q0) (w/w0)^q1 (d/d32 clamped)^q2 exp(q3 z) [1/s]; impact speed
is tip speed times a Weibull share. Strength: U_break = (2 St_def/rho_g)(9/8)((1 - eps)^2/eps^2)(9/16)(mu/d_p) as
printed by Sampat et al., doi 10.1016/j.compchemeng.2018.08.006, after van den Dries et al. (2003), whose form carries a
further pi ("with-pi").
Daughters: two, uniform in solid volume, none below the lowest edge of the grid.
"""

from __future__ import annotations

import math

import numpy as np

from compute.physics import physics
from pbm.aggregation.dem import clamped_log_ratio
from pbm.cells import Cells, spread
from pbm.grid import Floats, Grid
from pbm.laws import Fragments
from pbm.model import Conditions, Parameters, Parent
from pbm.selection.impact_speed import breaking_speed, share_above

LEAST_SPAN = 1e-9
"""Range of the daughters, as a share of the parent, below which they are halves."""
FITTED_LAWS = {"impact": "pbm.breakage:impact_selection"}
"""Breakage rates with coefficients fitted to a particle simulation."""


@physics
def hit_prefactor(log_speed: float, state: float, parameters: Parameters) -> float:
    """breakage_scale exp(q0) (w/w0)^q1 exp(q3 z): blade hits of a granule of the mean size [1/s]."""
    exponent = parameters.hit_speed_exponent * log_speed + parameters.hit_state_slope * state
    return parameters.hit_scale * math.exp(exponent)


@physics
def impact_selection(parent: Parent, conditions: Conditions, parameters: Parameters) -> float:
    """S [1/s]: blade hits times the chance that the impact exceeds the strength."""
    speed = breaking_speed(parent, parameters.strength_factor)
    share = speed / max(conditions.tip_speed * parameters.blade_share_scale, 1e-30)
    survival = share_above(share, parameters.blade_share_shape)
    ratio = clamped_log_ratio(parent.log_diameter, conditions.log_mean, parameters)
    return conditions.hit_prefactor * math.exp(parameters.hit_size_exponent * ratio) * survival


def breakable_classes(cells: Cells, smallest: float) -> Floats:
    """1 where a class may break, else 0, shape (classes,): solid volume above `smallest` [m3] and room for two
    with some of every component that it has.
    """
    room = np.any(cells.components > 0.0, axis=0)
    for held, grid in zip(cells.components, cells.grids):
        room &= (held >= 2.0 * grid.least) | (held == 0.0)
    return np.where((cells.solid_volume > smallest) & room, 1.0, 0.0)


def fragment_lists(cells: Cells, fragments: Fragments | None = None) -> tuple[np.ndarray, np.ndarray, Floats, Floats]:
    """Daughters as lists: first entry of each class, int64 (classes + 1,); class and number of every entry; grains that
    one breakage adds, (classes,). `fragments`: as a case states them; none: two, uniform in solid volume.
    """
    if len(cells.grids) > 1:
        rows = proportionate_fragments(cells, fragments)
    else:
        rows = fragment_table(cells.grids[0]) if fragments is None else fragments.table(cells.grids[0])
    filled = [np.flatnonzero(row) for row in rows]
    starts = np.cumsum([0, *(places.size for places in filled)])
    numbers = np.concatenate([row[places] for row, places in zip(rows, filled)])
    return starts.astype(np.int64), np.concatenate(filled).astype(np.int64), numbers, rows.sum(axis=1) - 1.0


def proportionate_fragments(cells: Cells, fragments: Fragments | None = None) -> Floats:
    """Daughters of one breakage of class k in class j, shape (classes, classes): of the composition of their parent.

    Where the line from the origin to the parent crosses a cell, daughters are shared by the pivots around their mean:
    rows sum to the parent's solids in both components. None holds less than the least of a component that it has: two
    uniform daughters are so from the start, of other laws the fines are put there by volume.
    """
    table = np.zeros((cells.count, cells.count))
    for parent in np.flatnonzero(breakable_classes(cells, 0.0)):
        solids = cells.components[:, parent]
        held = [(grid, part) for grid, part in zip(cells.grids, solids) if part > 0.0]
        least = max(grid.least / part for grid, part in held)
        marks = np.concatenate([grid.edges / part for grid, part in held])
        if fragments is None:
            mean, number = _two_uniform(marks, least)
        else:
            marks = np.unique(np.clip(marks, least, 1.0))
            number, volume = fragments.shares(marks[:-1], marks[1:], float(solids.sum()))
            mean = np.append(volume[number > 0.0] / number[number > 0.0], least)
            number = np.append(number[number > 0.0], max(1.0 - volume.sum(), 0.0) / least)
        np.add.at(table[parent], *spread(cells, np.outer(solids, mean), number))
    return table


def _two_uniform(marks: Floats, least: float) -> tuple[Floats, Floats]:
    """Mean share of the parent and number of two daughters between marks, uniform from `least` to 1 - least."""
    if least >= 0.5 * (1.0 - LEAST_SPAN):
        return np.array([0.5]), np.array([2.0])
    inner = np.unique(np.clip(marks, least, 1.0 - least))
    return 0.5 * (inner[1:] + inner[:-1]), 2.0 * np.diff(inner) / (1.0 - 2.0 * least)


def fragment_table(grid: Grid) -> Floats:
    """Daughters of one breakage of class k booked at pivot j, shape (classes, classes).

    Uniform density on (e_0, x_k - e_0), cell by cell averaged: rows sum to two, and to x_k in solid volume. Rows of
    parents with no room for two daughters are zero.
    """
    table = np.zeros((grid.classes, grid.classes))
    for parent in np.flatnonzero(breakable_classes(Cells((grid,)), 0.0)):
        _book_daughters(table[parent], grid, grid.pivots[parent] - grid.edges[0])
    return table


def _book_daughters(row: Floats, grid: Grid, last: float) -> None:
    density = 2.0 / (last - grid.edges[0])
    for cell in range(grid.classes):
        low, high = grid.edges[cell], min(grid.edges[cell + 1], last)
        if high <= low:
            return
        number = density * (high - low)
        excess = number * (0.5 * (low + high) - grid.pivots[cell])
        neighbour = cell if cell == 0 or high == grid.edges[cell + 1] else cell - 1
        moved = 0.0 if neighbour == cell else excess / (grid.pivots[neighbour] - grid.pivots[cell])
        row[cell] += number - moved
        row[neighbour] += moved
