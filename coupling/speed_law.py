"""The speed laws: Weibull distributions of the normal speed of encounters, fitted to the windows' histograms.

    pairs:  ln lambda_ij = a0 + a1 ln(w/w0) + a2 ln((d_i + d_j)/(2 d32)) + a3 z     [m/s], one shape k
    blades: share of the tip speed, Weibull with scale u and shape m

Speeds are those of real grains: the parcel law says how a parcel's speed carries over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coupling.size_law import Design, spread, varied
from coupling.speed_regression import SpeedFit, SpeedTable, fit_speeds

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SpeedLawFit:
    """A fitted speed law.

    Args:
        coefficients: of 1, ln(w/w0), ln of the mean size ratio, z, then ln of the shape; for blades ln u and ln m.
        covariance: of these. fit: the regression. cells: window number and classes of each cell.
    """

    coefficients: Array
    covariance: Array
    fit: SpeedFit
    cells: NDArray[np.int64]


def fit_pair_speeds(design: Design) -> SpeedLawFit:
    """Fit the normal speeds of all pairs of classes in all windows."""
    covariates, edges, counts, cells = [], [], [], []
    for number, window in enumerate(design.windows):
        factor = window.scale**design.law.pair_speed
        first, second = np.triu_indices(len(window.size_ratio))
        histogram = window.pair_speed_counts()[first, second]
        used = histogram.sum(axis=1) > 0
        size = np.log(0.5 * (window.size_ratio[first] + window.size_ratio[second]))[used]
        ones = np.ones(len(size))
        covariates.append(np.stack([ones, ones * design.log_speed(window), size, ones * design.state(window)], axis=1))
        edges.append(np.tile(window.statistics.speed_edges[1:-1] * factor, (len(size), 1)))
        counts.append(histogram[used])
        cells.append(np.stack([np.full(len(size), number), first[used], second[used]], axis=1))
    return _fit(np.concatenate(covariates), np.concatenate(edges), np.concatenate(counts), np.concatenate(cells))


def fit_blade_shares(design: Design, blades: tuple[str, ...], tip_radius: float) -> SpeedLawFit:
    """Fit the share of the tip speed in the normal speed of blade hits, over all classes and windows.

    Args:
        design: the design; blades: names of the blade walls; tip_radius: of the blades [m].
    """
    edges, counts, cells = [], [], []
    for number, window in enumerate(design.windows):
        histogram = window.blade_speed_counts(blades)
        used = np.flatnonzero(histogram.sum(axis=1) > 0)
        factor = window.scale**design.law.wall_speed / (window.impeller_speed * tip_radius)
        edges.append(np.tile(window.statistics.speed_edges[1:-1] * factor, (len(used), 1)))
        counts.append(histogram[used])
        cells.append(np.stack([np.full(len(used), number), used], axis=1))
    covariates = np.ones((sum(len(part) for part in cells), 1))
    return _fit(covariates, np.concatenate(edges), np.concatenate(counts), np.concatenate(cells))


def _fit(covariates: Array, edges: Array, counts: Array, cells: NDArray[np.int64]) -> SpeedLawFit:
    kept = varied(covariates)
    fit = fit_speeds(SpeedTable(covariates[:, kept], np.zeros(len(counts)), edges, counts))
    with_shape = np.append(kept, True)
    return SpeedLawFit(*spread(fit.coefficients, fit.covariance, with_shape), fit, cells)
