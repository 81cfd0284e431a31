"""Measured size distributions: reading, projection on a grid, percentiles and means.

A measured table is a cumulative volume fraction against diameter; between its points the volume is uniform in ln d.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from math import erfc, pi, sqrt
from pathlib import Path

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats, Grid

MICROMETRE = 1e-6
PERCENT = 100.0
LARGEST_FRACTION = 1.5
"""A curve that ends above this is in percent."""
LARGEST_DROP = 1.0
"""A cumulative curve may fall by this many percent before it counts as wrong and not as noise."""
LARGEST_REST = 1.0
"""Percent by which the last value may miss one hundred, and of the volume that may lie beyond a grid."""


@dataclass(frozen=True)
class SizeDistribution:
    """Cumulative volume fraction, rising from the first to one, at rising `diameters` [m]; both of shape (points,).

    errors: standard errors of the fraction, where they were measured (points,).
    """

    diameters: Floats
    cumulative: Floats
    errors: Floats | None = None

    def percentile(self, fraction: float) -> float:
        """Diameter [m] below which this share of the volume lies."""
        return percentile(self.cumulative, np.log(self.diameters), fraction)


@dataclass(frozen=True)
class Projection:
    """Numbers per class (classes,) of a projected distribution, and the share of its solids beyond either end."""

    numbers: Floats
    below: float
    above: float


def read_distribution(path: Path | str) -> SizeDistribution:
    """Read a table: diameter [um], cumulative volume [%] or fraction, and its standard error, which may be left out.

    A header line is allowed; the error has the unit of the volume.
    Repeated diameters count once, with the larger value; small falls of the curve are noise and are levelled.
    Raises CaseError with file and line for anything else.
    """
    rows = _read_rows(Path(path))
    diameters, values = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    percent = values if values[-1] > LARGEST_FRACTION else values * PERCENT
    _check_rows(str(path), [int(row[0]) for row in rows], diameters, percent)
    errors = _read_errors(str(path), rows)
    keep = np.r_[np.diff(diameters) > 0.0, True]
    cumulative = np.maximum.accumulate(values)[keep]
    errors = None if errors is None else errors[keep] / cumulative[-1]
    return SizeDistribution(diameters[keep] * MICROMETRE, cumulative / cumulative[-1], errors)


def _read_errors(file: str, rows: list[tuple[float, ...]]) -> Floats | None:
    if len(rows[0]) == 3:
        return None
    errors = np.array([row[3] for row in rows])
    wrong = ~(np.isfinite(errors) & (errors > 0.0))
    if wrong.any():
        row, expected = int(np.argmax(wrong)), "a positive number, in the unit of the volume"
        raise CaseError("error of the volume", file=file, line=int(rows[row][0]), value=errors[row], expected=expected)
    return errors


def _read_rows(path: Path) -> list[tuple[float, ...]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            cells = [(number, row) for number, row in enumerate(csv.reader(handle), start=1) if any(row)]
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"the size distribution cannot be read: {error}", file=str(path)) from None
    columns = 3 if cells and len(cells[-1][1]) == 3 else 2
    rows = [_read_row(path, number, row, columns) for number, row in cells[:1] if _is_number(row[0])]
    rows += [_read_row(path, number, row, columns) for number, row in cells[1:]]
    if len(rows) < 2:
        raise CaseError("too few points for a size distribution", file=str(path), value=len(rows), expected=">= 2")
    return rows


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_row(path: Path, line: int, row: list[str], columns: int) -> tuple[float, ...]:
    if len(row) != columns or not all(_is_number(cell) for cell in row):
        error = ", its standard error" if columns == 3 else ""
        raise CaseError(
            "not a point of a size distribution",
            file=str(path),
            line=line,
            value=",".join(row),
            expected=f"{'three' if error else 'two'} numbers: diameter [um], cumulative volume [%]{error}",
        )
    return (line, *map(float, row))


def _check_rows(file: str, lines: list[int], diameters: Floats, percent: Floats) -> None:
    falls = np.maximum.accumulate(percent) - percent
    faults: list[tuple[np.ndarray, str, Floats, str]] = [
        (~np.isfinite(diameters) | (diameters <= 0.0), "diameter", diameters, "a positive number [um]"),
        (np.r_[False, np.diff(diameters) < 0.0], "diameter smaller than the one before", diameters, "rising diameters"),
        (~((percent >= 0.0) & (percent <= PERCENT + LARGEST_REST)), "cumulative volume", percent, "0 to 100 %"),
        (falls > LARGEST_DROP, "cumulative volume falls", percent, f"a fall of at most {LARGEST_DROP} %"),
    ]
    for wrong, problem, values, expected in faults:
        if np.any(wrong):
            row = int(np.argmax(wrong))
            raise CaseError(problem, file=file, line=lines[row], value=float(values[row]), expected=expected)
    if percent[-1] < PERCENT - LARGEST_REST or diameters[0] == diameters[-1]:
        raise CaseError(
            "the curve is not complete",
            file=file,
            line=lines[-1],
            value=float(percent[-1]),
            expected="100 % at the end",
        )


def project(distribution: SizeDistribution, grid: Grid, solids: float, porosity: float) -> Projection:
    """Numbers per class of grains with solids `solids` [m3] in all, one porosity and this distribution.

    Cell by cell the number and the solid volume of the curve are kept, by the split of the cell average. Volume beyond
    the grid, and a first cell whose mean lies below its pivot, are booked at the outermost pivots by volume. CaseError
    if more than one percent lies beyond an end.
    """
    log_edges = np.log(grid.edge_diameters(porosity))
    log_points = np.log(distribution.diameters)
    marks = np.unique(np.concatenate((log_edges, log_points)))
    held = np.diff(np.interp(marks, log_points, distribution.cumulative)) * solids
    unit = (1.0 - porosity) * pi / 6.0
    per_volume = (np.exp(-3.0 * marks[:-1]) - np.exp(-3.0 * marks[1:])) / (3.0 * np.diff(marks) * unit)
    cell = np.searchsorted(log_edges, 0.5 * (marks[:-1] + marks[1:])) - 1
    inside = (cell >= 0) & (cell < grid.classes)
    volumes = np.bincount(cell[inside], held[inside], grid.classes).astype(float)
    numbers = np.bincount(cell[inside], (held * per_volume)[inside], grid.classes).astype(float)
    _add_first(distribution, solids, unit, log_edges, numbers, volumes)
    below, above = float(held[cell < 0].sum()), float(held[cell >= grid.classes].sum())
    _check_ends(distribution, grid, porosity, below / solids, above / solids)
    return Projection(_share(grid, numbers, volumes, below, above), below / solids, above / solids)


def _add_first(
    distribution: SizeDistribution, solids: float, unit: float, log_edges: Floats, numbers: Floats, volumes: Floats
) -> None:
    """What the table holds below its first diameter counts as grains of that diameter."""
    size = float(distribution.diameters[0])
    place = int(np.searchsorted(log_edges, np.log(size))) - 1
    place = min(max(place, 0), volumes.size - 1)
    volumes[place] += float(distribution.cumulative[0]) * solids
    numbers[place] += float(distribution.cumulative[0]) * solids / (unit * size**3)


def project_density(density: Callable[[Floats], Floats], grid: Grid, points: int = 64) -> Floats:
    """Numbers per class (classes,) of a number density over solid volume [1/m3], number and volume kept.

    Gauss-Legendre quadrature with `points` nodes per cell.
    """
    nodes, weights = np.polynomial.legendre.leggauss(points)
    width, middle = 0.5 * np.diff(grid.edges), 0.5 * (grid.edges[1:] + grid.edges[:-1])
    volume = middle[:, None] + width[:, None] * nodes
    amount = np.asarray(density(volume)) * weights * width[:, None]
    return _share(grid, amount.sum(axis=1), (amount * volume).sum(axis=1), 0.0, 0.0)


def lognormal(grid: Grid, median: float, spread: float, solids: float = 1.0, porosity: float = 0.0) -> Floats:
    """Numbers per class (classes,) of grains whose volume is lognormal over the diameter, with solids `solids` in all.

    median: diameter d50 by volume [m]; spread: standard deviation of ln d. Number and volume of each cell are exact:
    the number has its median at d50 exp(-3 spread^2). What lies beyond the grid goes to its ends by volume. CaseError
    if that is more than one percent.
    """
    if not (median > 0.0 and spread > 0.0 and solids > 0.0):
        values = (median, spread, solids)
        raise CaseError("not a distribution", key="lognormal", value=values, expected="median, spread, solids > 0")
    log_edges = np.log(grid.edge_diameters(porosity))
    deviations = (log_edges - np.log(median)) / spread
    held = _normal_between(deviations) * solids
    mean_inverse = np.exp(4.5 * spread**2) / ((1.0 - porosity) * pi / 6.0 * median**3) * solids
    numbers = _normal_between(deviations + 3.0 * spread) * mean_inverse
    below, above = (0.5 * erfc(sign * deviations[end] / sqrt(2.0)) * solids for sign, end in ((-1.0, 0), (1.0, -1)))
    for share, key in ((below / solids, "smallest"), (above / solids, "largest")):
        if share * PERCENT > LARGEST_REST:
            text = f"the grid cannot hold the distribution: {share * PERCENT:.2g} % of its volume lies beyond"
            raise CaseError(text, key=f"{key} diameter", expected="a wider grid")
    return _share(grid, numbers, held, below, above)


def _normal_between(deviations: Floats) -> Floats:
    """Probability between neighbouring values of a standard normal, from the nearer tail so that none is lost."""
    lower = np.array([0.5 * erfc(-value / sqrt(2.0)) for value in deviations])
    upper = np.array([0.5 * erfc(value / sqrt(2.0)) for value in deviations])
    return np.where(deviations[1:] < 0.0, np.diff(lower), -np.diff(upper))


def _share(grid: Grid, numbers: Floats, volumes: Floats, below: float, above: float) -> Floats:
    """Split number and volume of each cell between two pivots; at the ends the volume decides."""
    pivots, last = grid.pivots, grid.classes - 1
    result = np.zeros(grid.classes)
    for k in range(grid.classes):
        excess = volumes[k] - numbers[k] * pivots[k]
        other = k + 1 if excess > 0.0 else k - 1
        if 0 <= other <= last and volumes[k] <= numbers[k] * grid.edges[k + 1]:
            moved = excess / (pivots[other] - pivots[k])
            result[k] += numbers[k] - moved
            result[other] += moved
        else:
            result[k] += volumes[k] / pivots[k]
    result[0] += below / pivots[0]
    result[last] += above / pivots[last]
    return result


def _check_ends(distribution: SizeDistribution, grid: Grid, porosity: float, below: float, above: float) -> None:
    ends = grid.edge_diameters(porosity)[[0, -1]]
    for share, key, end, place in ((below, "smallest", ends[0], 0), (above, "largest", ends[1], -1)):
        if share * PERCENT > LARGEST_REST:
            raise CaseError(
                f"the grid cannot hold the feed: {share * PERCENT:.2g} % of its volume lies beyond",
                key=f"grid.{key}_diameter",
                value=f"{end / MICROMETRE:.4g} um",
                expected=f"about {distribution.diameters[place] / MICROMETRE:.4g} um",
            )


def percentile(cumulative: Floats, log_sizes: Floats, fraction: float) -> float:
    """Diameter [m] where a cumulative curve over ln d, points of equal length, passes `fraction` of its last value."""
    level = fraction * cumulative[-1]
    place = int(np.searchsorted(cumulative, level, side="left"))
    if place == 0:
        return float(np.exp(log_sizes[0]))
    share = (level - cumulative[place - 1]) / (cumulative[place] - cumulative[place - 1])
    return float(np.exp(log_sizes[place - 1] + share * (log_sizes[place] - log_sizes[place - 1])))


def mean_diameter(numbers: Floats, diameters: Floats, upper: int, lower: int) -> float:
    """Moment mean d_pq = (sum N d^p / sum N d^q)^(1/(p - q)) [m]: d32 Sauter, d43 volume mean."""
    ratio = float(np.sum(numbers * diameters**upper) / np.sum(numbers * diameters**lower))
    return float(ratio ** (1.0 / (upper - lower)))
