"""The size laws: encounters of pairs, and hits of the blades, as rates of speed, size and state, fitted to counts.

    b_ij = exp(c0) (w/w0)^c1 (d_i + d_j)^3 (f_i f_j)^c2 exp(c3 z)            pair encounters [m3/s]
    r_i  = exp(q0) (w/w0)^q1 f_i^q2 exp(q3 z)                                blade hits per granule [1/s]

with f = d/d32 (within the design's own range by construction), w the impeller speed and z the PSD state: 0 at the
feed, 1 at the grown end of the design. A covariate that the design does not vary is left out and its coefficient is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.errors import SimulationError
from coupling.count_regression import CountFit, CountTable, fit_counts
from coupling.window import Window
from dem.parcels import ParcelLaw

Array = NDArray[np.float64]

_CONSTANT = 1e-9


@dataclass(frozen=True)
class Design:
    """What the windows of one design share.

    Args:
        windows: the windows; law: the parcel law.
        reference_speed: w0, geometric mean of the speeds [rad/s].
        feed_diameter, grown_diameter: d50 at both ends of the state axis [m], equal when one state was measured.
    """

    windows: tuple[Window, ...]
    law: ParcelLaw
    reference_speed: float
    feed_diameter: float
    grown_diameter: float

    def state(self, window: Window) -> float:
        """z = ln(d50/d50_feed)/ln(d50_grown/d50_feed) [-], zero when one state was measured."""
        span = np.log(self.grown_diameter / self.feed_diameter)
        return float(np.log(window.median_diameter / self.feed_diameter) / span) if span > _CONSTANT else 0.0

    def log_speed(self, window: Window) -> float:
        """ln(w/w0) [-]."""
        return float(np.log(window.impeller_speed / self.reference_speed))

    def ratio_range(self) -> tuple[float, float]:
        """Smallest and largest d/d32 of the design [-]."""
        ratios = [window.size_ratio[window.particle_time.sum(axis=0) > 0.0] for window in self.windows]
        return float(min(r.min() for r in ratios)), float(max(r.max() for r in ratios))


def make_design(windows: Sequence[Window], law: ParcelLaw) -> Design:
    """Order the design of these windows.

    Raises:
        SimulationError: there is no window.
    """
    if not windows:
        raise SimulationError("no DEM window: a law needs at least one; run the design first")
    medians = [window.median_diameter for window in windows]
    speed = float(np.exp(np.mean([np.log(window.impeller_speed) for window in windows])))
    return Design(tuple(windows), law, speed, min(medians), max(medians))


def varied(covariates: Array) -> NDArray[np.bool_]:
    """Columns that the design varies, and the constant one; `covariates` has the shape (cells, p)."""
    return (np.ptp(covariates, axis=0) > _CONSTANT) | (np.arange(covariates.shape[1]) == 0)


def spread(coefficients: Array, covariance: Array, kept: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Put coefficients and covariance back among the zeros of the columns left out."""
    full, matrix = np.zeros(len(kept)), np.zeros((len(kept), len(kept)))
    full[kept] = coefficients
    matrix[np.ix_(kept, kept)] = covariance
    return full, matrix


@dataclass(frozen=True, eq=False)
class RateFit:
    """A fitted rate law.

    Args:
        coefficients: of 1, ln(w/w0), ln f (pairs: ln f_i f_j), z, shape (4,). covariance: shape (4, 4).
        fit: the regression with its dispersions, deviance and residuals.
        cells: window number and classes of each cell, shape (cells, 2 or 3). count: encounters, shape (cells,).
        log_rate: ln of the law in every cell, as b [m3/s] or r [1/s] of real grains; log_rate_error: its standard
            error, shapes (cells,).
    """

    coefficients: Array
    covariance: Array
    fit: CountFit
    cells: NDArray[np.int64]
    count: Array
    log_rate: Array
    log_rate_error: Array


def fit_pair_rates(design: Design) -> RateFit:
    """Fit b_ij to the encounters of all pairs of classes in all windows."""

    def cells_of(window: Window) -> _Cells:
        first, second = np.triu_indices(len(window.size_ratio))
        diameter, ratio = window.real_diameter(design.law), window.size_ratio
        offset = 3.0 * np.log(diameter[first] + diameter[second])
        rows = window.encounters[:, first, second], window.exposure[:, first, second]
        return _Cells(np.stack([first, second], axis=1), np.log(ratio[first] * ratio[second]), offset, *rows)

    return _fit(design, cells_of, design.law.rate_constant)


def fit_blade_rates(design: Design, blades: tuple[str, ...]) -> RateFit:
    """Fit r_i to the encounters of all classes with the blades in all windows."""

    def cells_of(window: Window) -> _Cells:
        ratio = window.size_ratio
        labels = np.arange(len(ratio))[:, None]
        rows = window.blade_encounters(blades), window.particle_time
        return _Cells(labels, np.log(ratio), np.zeros(len(ratio)), *rows)

    return _fit(design, cells_of, design.law.wall_rate)


@dataclass(frozen=True, eq=False)
class _Cells:
    """Cells of one window: labels, size covariate and offset (cells, ...); counts and exposures (blocks, cells)."""

    labels: NDArray[np.int64]
    size: Array
    offset: Array
    count: Array
    exposure: Array


def _fit(design: Design, cells_of: Callable[[Window], _Cells], exponent: float) -> RateFit:
    """Stack the cells of all windows and fit; `exponent` carries a parcel's rate to a grain's."""
    stacked, labels, first_cell, first_block = [], [], 0, 0
    for number, window in enumerate(design.windows):
        cells = cells_of(window)
        used = cells.exposure.sum(axis=0) > 0.0
        size, blocks = int(used.sum()), len(cells.count)
        covariates = np.stack(
            [
                np.ones(size),
                np.full(size, design.log_speed(window)),
                cells.size[used],
                np.full(size, design.state(window)),
            ],
            axis=1,
        )
        cell = np.tile(np.arange(size) + first_cell, blocks)
        block = np.repeat(np.arange(blocks) + first_block, size)
        rows = cells.count[:, used].ravel(), cells.exposure[:, used].ravel()
        scaled = cells.offset[used] - exponent * np.log(window.scale)
        stacked.append((covariates, cells.offset[used], scaled, *rows, cell, block))
        labels.append(np.concatenate([np.full((size, 1), number), cells.labels[used]], axis=1))
        first_cell, first_block = first_cell + size, first_block + blocks
    covariates, offset, scaled, count, exposure, cell, block = (np.concatenate(part) for part in zip(*stacked))
    kept = varied(covariates)
    table = CountTable(covariates[:, kept], scaled, count, exposure, cell, block)
    fit = fit_counts(table)
    log_rate = offset + table.covariates @ fit.coefficients
    error = np.sqrt(np.einsum("ci,ij,cj->c", table.covariates, fit.covariance, table.covariates))
    full = spread(fit.coefficients, fit.covariance, kept)
    return RateFit(*full, fit, np.concatenate(labels), table.totals()[0], log_rate, error)
