"""Daughters on a grid: fragments of each class by number and volume, shared by two pivots.

Cell by cell the fragments' number and volume are kept by the split of the cell average (Kumar et al., Powder Technol.
182 (2008) 81, doi 10.1016/j.powtec.2007.05.029). What lies below the first edge, and a first cell whose mean lies below
its pivot, goes to the first pivot by volume: solids are kept, the number of fines is cut off there.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from pbm.daughters import DAUGHTERS
from pbm.grid import Floats, Grid


def daughter_table(grid: Grid, name: str, coefficients: Any) -> Floats:
    """Daughters of one breakage of class k at pivot j, shape (classes, classes); rows add up to x_k in volume.

    Classes without room for the fragments above the first pivot do not break: their rows are zero. CaseError for an
    unknown name.
    """
    if name not in DAUGHTERS:
        raise CaseError(
            "no such daughters", key="daughters", value=name, expected="one of: " + ", ".join(DAUGHTERS),
            nearest=closest(name, DAUGHTERS),
        )  # fmt: skip
    law = import_module(DAUGHTERS[name])
    number = law.daughters(coefficients)
    room = max(number, 2.0) if np.isfinite(number) else 2.0
    table = np.zeros((grid.classes, grid.classes))
    for parent in np.flatnonzero(grid.pivots >= room * grid.pivots[0]):
        table[parent] = _row(grid, grid.pivots[parent], law, coefficients)
    return table


def _row(grid: Grid, parent: float, law: Any, coefficients: Any) -> Floats:
    marks = np.minimum(grid.edges / parent, 1.0)
    numbers, shares = law.shares(marks[:-1], marks[1:], parent, coefficients)
    empty = marks[1:] <= marks[:-1]
    volumes = np.where(empty, 0.0, shares) * parent
    row = share_in_pairs(grid, np.where(empty, 0.0, numbers), volumes)
    row[0] += max(parent - volumes.sum(), 0.0) / grid.pivots[0]
    return row


def share_in_pairs(grid: Grid, numbers: Floats, volumes: Floats) -> Floats:
    """Split the number and volume of each cell between its pivot and the next in the direction of their mean."""
    row, pivots = np.zeros(grid.classes), grid.pivots
    for k in np.flatnonzero(volumes > 0.0):
        excess = volumes[k] - numbers[k] * pivots[k]
        other = k + 1 if excess > 0.0 else k - 1
        if 0 <= other < grid.classes:
            moved = excess / (pivots[other] - pivots[k])
            row[k] += numbers[k] - moved
            row[other] += moved
        else:
            row[k] += volumes[k] / pivots[k]
    return row
