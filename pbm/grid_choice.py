"""A grid for a range of sizes and an error, found by running the model on grids of more and more classes.

    choice = pbm.choose_grid(10e-6, 3e-3, 0.01, lambda grid: run(grid).diameter(0.5))

The error of a grid is estimated by what its answers change over two doublings, added up without their signs, with the
last change once more for what lies beyond, as errors of first order leave. Signs are dropped because errors of the cell
average change theirs as a grid is refined, so that one doubling may show next to no change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats, Grid, diameter_grid

COARSEST = 3.0
"""Volume ratio of neighbours on the first grid."""
FEWEST = 8


@dataclass(frozen=True)
class GridChoice:
    """The grid, the estimated error of its answers, relative, and those of every number of classes tried."""

    grid: Grid
    error: float
    errors: dict[int, float]


def choose_grid(
    smallest: float,
    largest: float,
    error: float,
    respond: Callable[[Grid], Floats],
    porosity: float = 0.0,
    most: int = 640,
) -> GridChoice:
    """Grid with the fewest classes, of numbers that double, that answers to a relative error.

    smallest, largest: granule diameters of its ends [m]; respond: what matters of a run on a grid, numbers that are not
    nil; most: classes of the finest grid that may be run, four times as many as the choice.
    Raises CaseError for a range or an error that is none, and where no grid reaches the error.
    """
    if not error > 0.0 or not 0.0 < smallest < largest:
        expected = "smallest < largest, error > 0"
        raise CaseError("no grid is asked for", key="grid", value=(smallest, largest, error), expected=expected)
    classes = max(FEWEST, ceil(3.0 * log(largest / smallest) / log(COARSEST)))
    answers: list[Floats] = []
    errors: dict[int, float] = {}
    for count in (classes * 2**level for level in range(64)):
        if count > most:
            break
        answers.append(
            np.atleast_1d(np.asarray(respond(diameter_grid(smallest, largest, count, porosity)), dtype=float))
        )
        if len(answers) > 2:
            errors[count // 4] = _estimate(*answers[-3:])
            if errors[count // 4] <= error:
                grid = diameter_grid(smallest, largest, count // 4, porosity)
                return GridChoice(grid, errors[count // 4], errors)
    reached = ", ".join(f"{count} classes {value:.2g}" for count, value in errors.items())
    raise CaseError(
        f"no grid of up to {most // 4} classes reaches the error: {reached or 'none was tried'}",
        key="error", value=error, expected="a larger error, a smaller range, or more classes (`most`)",
    )  # fmt: skip


def _estimate(coarse: Floats, middle: Floats, fine: Floats) -> float:
    """Largest relative error of the coarse answers; infinite where one is no number."""
    last = np.abs(fine - middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (np.abs(middle - coarse) + 2.0 * last) / np.abs(fine)
    worst = float(np.max(ratio))
    return worst if np.isfinite(worst) else float("inf")
