"""Schemes of aggregation in one coordinate. Each turns events per second of every pair into a change of the classes.

`Scheme(grid, pairs)(events) -> (change, number beyond)`: change of the numbers, and what the top class got more or less
in number than was born there because it takes sums beyond the top pivot by volume. Solids are kept by all, number too.

cell-average: births of a cell are pooled, then shared by two pivots. Kumar, Peglow, Warnecke, Heinrich and Morl, Chem.
Eng. Sci. 61 (2006) 3327, doi 10.1016/j.ces.2005.12.014.
fixed-pivot: each birth is shared by the pivots beside it. Kumar and Ramkrishna, Chem. Eng. Sci. 51 (1996) 1311,
doi 10.1016/0009-2509(96)88489-2.
finite-volume: births and deaths of a pair carry weights, s/(2 x - s) and x/(2 x - s) with the sum s and the pivot x
of its cell. Kumar, Kaur and Tsotsas, Kinet. Relat. Models 9 (2016) 373, doi 10.3934/krm.2016.9.373.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from pbm.grid import Floats, Grid
from pbm.schemes.pairs import Pairs

Scheme = Callable[[Floats], tuple[Floats, float]]


def cell_average(grid: Grid, pairs: Pairs) -> Scheme:
    """Pooled births; the published heaviside rule as one split per cell."""
    pivots, top = grid.pivots, grid.classes - 1
    gaps = np.diff(pivots)

    def change(events: Floats) -> tuple[Floats, float]:
        births = np.where(pairs.inside, events, 0.0)
        number = _pool(pairs.target, births, grid)
        excess = _pool(pairs.target, births * pairs.sums, grid) - number * pivots
        excess[top] = min(excess[top], 0.0)
        up = np.maximum(excess[:-1], 0.0) / gaps
        down = np.maximum(-excess[1:], 0.0) / gaps
        number[:-1] += down - up
        number[1:] += up - down
        return _settle(grid, pairs, events, number, events)

    return change


def fixed_pivot(grid: Grid, pairs: Pairs) -> Scheme:
    """Births shared one by one."""
    below = np.minimum(np.searchsorted(grid.pivots, pairs.sums, side="right") - 1, grid.classes - 2)
    above = (pairs.sums - grid.pivots[below]) / np.diff(grid.pivots)[below]
    above = np.where(pairs.inside, np.minimum(above, 1.0), 0.0)
    under = np.where(pairs.inside, 1.0 - above, 0.0)

    def change(events: Floats) -> tuple[Floats, float]:
        number = _pool(below, under * events, grid)
        number += _pool(below + 1, above * events, grid)
        return _settle(grid, pairs, events, number, events)

    return change


def finite_volume(grid: Grid, pairs: Pairs) -> Scheme:
    """Weighted births and deaths."""
    pivot = grid.pivots[pairs.target]
    rest = np.where(pairs.inside, 2.0 * pivot - pairs.sums, 1.0)
    if np.any(rest <= 0.0):
        raise CaseError(
            "a cell is too wide for the scheme", key="scheme", value="finite-volume",
            expected="sums below twice the pivot of their cell: more classes, or another scheme",
        )  # fmt: skip
    born = np.where(pairs.inside, pairs.sums / rest, 0.0)
    died = np.where(pairs.inside, pivot / rest, 1.0)

    def change(events: Floats) -> tuple[Floats, float]:
        return _settle(grid, pairs, events, _pool(pairs.target, born * events, grid), died * events)

    return change


def _pool(place: np.ndarray, amount: Floats, grid: Grid) -> Floats:
    return np.bincount(place, amount, grid.classes).astype(float, copy=False)


def _settle(grid: Grid, pairs: Pairs, events: Floats, number: Floats, deaths: Floats) -> tuple[Floats, float]:
    """Take the partners out, and put what lies beyond the top pivot there by volume."""
    number -= _pool(pairs.first, deaths, grid) + _pool(pairs.second, deaths, grid)
    beyond = np.where(pairs.inside, 0.0, events)
    held = float(beyond @ pairs.sums) / grid.pivots[-1]
    number[-1] += held
    return number, held - float(beyond.sum())


SCHEMES = {"cell-average": cell_average, "fixed-pivot": fixed_pivot, "finite-volume": finite_volume}


def make_scheme(name: str, grid: Grid, pairs: Pairs) -> Scheme:
    """Scheme by name; CaseError for an unknown one."""
    if name not in SCHEMES:
        known = ", ".join(SCHEMES)
        near = closest(name, SCHEMES)
        raise CaseError("no such scheme", key="scheme", value=name, expected=f"one of: {known}", nearest=near)
    return SCHEMES[name](grid, pairs)
