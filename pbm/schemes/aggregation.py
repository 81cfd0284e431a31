"""Schemes of aggregation in one coordinate: tables of a grid and its rates, and how they turn numbers into changes.

Mergers fall into cells; their numbers and volumes are pooled by cell, and what the volume has too much or too little of
the pivot's is shared with the next pivot above or below. Solids and number are kept by all schemes.

cell-average: cells of the grid. Kumar, Peglow, Warnecke, Heinrich and Morl, Chem. Eng. Sci. 61 (2006) 3327,
doi 10.1016/j.ces.2005.12.014.
fixed-pivot: cells from pivot to pivot; sharing the pool is then sharing each merger. Kumar and Ramkrishna, Chem. Eng.
Sci. 51 (1996) 1311, doi 10.1016/0009-2509(96)88489-2.
finite-volume: births and deaths of a pair carry weights, s/(2 x - s) and x/(2 x - s) with the sum s and the pivot x
of its cell; nothing is shared. Kumar, Kaur and Tsotsas, Kinet. Relat. Models 9 (2016) 373, doi 10.3934/krm.2016.9.373.

Grains so small beside a larger one that their sum stays in its cell are summed row by row, all others pair by pair.
Sums beyond the top pivot go to the top class by volume.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from compute.physics import routine
from pbm.grid import Floats, Grid
from pbm.schemes.pairs import Pairs, Places

SCHEMES = ("cell-average", "fixed-pivot", "finite-volume")


class Merging(NamedTuple):
    """Tables of aggregation of one or more populations p with n classes and up to m listed pairs, (p, ...)."""

    dying: Floats  # b_jk times the weight of deaths [m3/s], (p, n, n)
    far: Places  # first class of those that swallow class j without leaving their cell, (p, n)
    first: Places  # classes i and j <= i of a listed pair, (p, m)
    second: Places
    target: Places  # cell of its sum, (p, m)
    rate: Floats  # b_ij, halved for i = j [m3/s], (p, m)
    born: Floats  # number born per merger, (p, m)
    lifted: Floats  # volume of the sum beyond its cell's pivot; of one beyond the top, what it grows by [m3], (p, m)
    inside: Places  # listed pairs whose sum lies on the grid, (p,)
    listed: Places  # listed pairs, (p,)


def merging_tables(scheme: str, grid: Grid, pairs: Pairs) -> Merging:
    """Tables of one population; CaseError for an unknown scheme, or a grid too coarse for it."""
    if scheme not in SCHEMES:
        near = closest(scheme, SCHEMES)
        raise CaseError("no such scheme", key="scheme", value=scheme, expected=", ".join(SCHEMES), nearest=near)
    top, inside, target = grid.classes - 1, pairs.inside, pairs.target
    weight, born = np.ones(pairs.sums.size), np.ones(pairs.sums.size)
    if scheme == "fixed-pivot":
        below = np.searchsorted(grid.pivots, pairs.sums, side="right") - 1
        target = np.where(inside, np.minimum(below, top - 1), top)
    lifted = pairs.sums - grid.pivots[target]
    swallowed = inside & (target == pairs.first) & (pairs.second < pairs.first)
    if scheme == "finite-volume":
        weight, born = _weights(grid, pairs)
        lifted, swallowed = np.where(inside, 0.0, lifted), np.zeros_like(inside)
    born = np.where(inside, born, pairs.sums / grid.pivots[top])
    lifted = np.where(~inside & (pairs.second == top), 0.0, lifted)
    return _tables(grid, pairs, target, swallowed, weight, born, lifted)


def _weights(grid: Grid, pairs: Pairs) -> tuple[Floats, Floats]:
    """Weights of deaths and births of the finite volume."""
    pivot = grid.pivots[pairs.target]
    rest = np.where(pairs.inside, 2.0 * pivot - pairs.sums, 1.0)
    if np.any(rest <= 0.0):
        raise CaseError(
            "a cell is too wide for the scheme", key="scheme", value="finite-volume",
            expected="sums below twice the pivot of their cell: more classes, or another scheme",
        )  # fmt: skip
    return np.where(pairs.inside, pivot / rest, 1.0), pairs.sums / rest


def _tables(
    grid: Grid, pairs: Pairs, target: Places, swallowed: np.ndarray, weight: Floats, born: Floats, lifted: Floats
) -> Merging:
    classes = grid.classes
    stays = np.zeros((classes, classes), dtype=bool)
    stays[pairs.second[swallowed], pairs.first[swallowed]] = True
    inner = stays[:, : classes - 1]
    far = classes - 1 - np.argmin(np.c_[inner[:, ::-1], np.zeros(classes, dtype=bool)], axis=1)
    whole = pairs.rate * np.where(pairs.first == pairs.second, 2.0, 1.0) * weight
    dying = np.zeros((classes, classes))
    dying[pairs.first, pairs.second] = dying[pairs.second, pairs.first] = whole
    summed = (pairs.first >= far[pairs.second]) & (pairs.first < classes - 1)
    kept = np.flatnonzero(~summed & (pairs.rate > 0.0))
    kept = kept[np.argsort(~pairs.inside[kept], kind="stable")]
    first, second, place = (values[kept][None] for values in (pairs.first, pairs.second, target))
    inside = np.array([np.count_nonzero(pairs.inside[kept])])
    return Merging(
        dying[None], far[None], first, second, place, pairs.rate[kept][None], born[kept][None], lifted[kept][None],
        inside, np.array([kept.size]),
    )  # fmt: skip


@routine
def add_scaled(size: int, factor: float, values: Floats, total: Floats) -> None:
    """Add `factor` times the first `size` values to `total`."""
    for k in range(size):
        total[k] += factor * values[k]


@routine
def swallow(amount: float, volume: float, rates: Floats, born: Floats, lifted: Floats) -> None:
    """Add `amount` grains of one volume to what larger classes take up without leaving their cells."""
    for k in range(born.size):
        events = rates[k] * amount
        born[k] += events
        lifted[k] += events * volume


@routine
def pool_mergers(
    kind: int, numbers: Floats, pivots: Floats, tables: Merging, loss: Floats, born: Floats, lifted: Floats
) -> float:
    """Fill, by class, losses and births [1/(m3 s)] and volume beyond the pivot [1/s]; returns mergers [1/(m3 s)]."""
    top = numbers.size - 1
    for k in range(top + 1):
        loss[k], born[k], lifted[k] = 0.0, 0.0, 0.0
    for j in range(top + 1):
        if numbers[j] != 0.0:
            far, rates = tables.far[kind, j], tables.dying[kind, j]
            add_scaled(numbers.size, numbers[j], rates, loss)
            swallow(numbers[j], pivots[j], rates[far:top], born[far:top], lifted[far:top])
    merged = 0.0
    for k in range(top + 1):
        loss[k] *= numbers[k]
        born[k] *= numbers[k]
        lifted[k] *= numbers[k]
        merged += born[k]
    for pair in range(tables.inside[kind]):
        events = tables.rate[kind, pair] * numbers[tables.first[kind, pair]] * numbers[tables.second[kind, pair]]
        target = tables.target[kind, pair]
        born[target] += tables.born[kind, pair] * events
        lifted[target] += tables.lifted[kind, pair] * events
        merged += events
    return merged


@routine
def share_births(factor: float, pivots: Floats, loss: Floats, born: Floats, lifted: Floats, change: Floats) -> None:
    """Fill the change of every class, `factor` times, from what was pooled."""
    top = change.size - 1
    lifted[top] = min(lifted[top], 0.0)
    for k in range(top + 1):
        change[k] = born[k] - loss[k]
    for k in range(top):
        moved = (max(lifted[k], 0.0) + min(lifted[k + 1], 0.0)) / (pivots[k + 1] - pivots[k])
        change[k] -= moved
        change[k + 1] += moved
    for k in range(top + 1):
        change[k] *= factor


@routine
def merge_beyond(
    kind: int, factor: float, numbers: Floats, tables: Merging, change: Floats
) -> tuple[float, float, float]:
    """Add sums beyond the top pivot to the top class; returns mergers, number gained [1/(m3 s)] and growth [1/s]."""
    merged, gained, volume = 0.0, 0.0, 0.0
    for pair in range(tables.inside[kind], tables.listed[kind]):
        events = tables.rate[kind, pair] * numbers[tables.first[kind, pair]] * numbers[tables.second[kind, pair]]
        merged += events
        gained += events * (tables.born[kind, pair] - 1.0)
        volume += events * tables.lifted[kind, pair]
    change[change.size - 1] += factor * (merged + gained)
    return merged, gained, volume
