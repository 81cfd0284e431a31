"""What grids that are too small do to granules, in words: mergers that do not happen, layers that do not grow."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from pbm.grid import Floats, Grid

TELLING_SHARE = 1e-3
"""Share of a component in granules that the grid holds back which is worth a warning."""


def tell_full_tops(
    grids: Sequence[Grid], numbers: Floats, merges: bool, grown: Sequence[int] | np.ndarray = ()
) -> None:
    """Warn of a component held by granules of more than half its top pivot, of which no two merge, or in its top class,
    where no layers grow.

    numbers: at the end, (n1, n2, ...); merges: whether granules aggregate; grown: components that layers add to
    """
    for axis, grid in enumerate(grids):
        held = np.moveaxis(numbers, axis, 0).reshape(grid.classes, -1).sum(axis=1) * grid.pivots
        whole = max(float(held.sum()), np.finfo(float).tiny)
        halves = float(held[grid.pivots > 0.5 * grid.pivots[-1]].sum()) / whole
        top = float(held[-1]) / whole
        if merges and halves > TELLING_SHARE:
            where = f"granules of more than half its top pivot, {grid.pivots[-1]:.3g} m3"
            _tell(f"{100.0 * halves:.2g} % of component {axis} is in {where}, which do not merge with each other")
        if axis in grown and top > TELLING_SHARE:
            where = f"its top class, {grid.pivots[-1]:.3g} m3"
            _tell(f"{100.0 * top:.2g} % of component {axis} is in {where}, where nothing is added to it")


def _tell(text: str) -> None:
    warnings.warn(f"{text}; enlarge the grid", stacklevel=4)
