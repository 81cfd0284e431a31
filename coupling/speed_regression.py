"""Weibull law of impact speeds fitted to histograms: P(U < u) = 1 - exp(-(u/lambda)^k), ln lambda = offset + x . a.

Speeds are those at the first touch of each encounter, so the law is weighted by encounters (by flux), which is what
the share of sticking encounters asks for. Scale and shape maximise the likelihood of the binned counts; the first bin
starts at zero and the last has no end. The covariance is the sandwich over cells (one cell: one pair of classes in one
window), so that cells that deviate from the law widen its error bars.
Weibull, J. Appl. Mech. 18 (1951) 293.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.errors import SimulationError

Array = NDArray[np.float64]

_STEP = 1e-5
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class SpeedTable:
    """Histograms by cell.

    Args:
        covariates: x of each cell, the first column ones, shape (cells, p).
        offset: known part of ln lambda, shape (cells,).
        edges: inner bin edges [m/s or share], shape (cells, bins - 1), rising.
        counts: shape (cells, bins).
    """

    covariates: Array
    offset: Array
    edges: Array
    counts: Array


@dataclass(frozen=True, eq=False)
class SpeedFit:
    """Result of a fit.

    Args:
        coefficients: a, then ln k, shape (p + 1,). covariance: of these, shape (p + 1, p + 1).
        distance: largest difference between measured and fitted cumulative shares of each cell, shape (cells,).
        count: encounters of each cell, shape (cells,).
    """

    coefficients: Array
    covariance: Array
    distance: Array
    count: Array

    @property
    def shape(self) -> float:
        """Shape parameter k [-]."""
        return float(np.exp(self.coefficients[-1]))


def fit_speeds(table: SpeedTable) -> SpeedFit:
    """Fit the law to a table of histograms.

    Raises:
        SimulationError: all counts lie in one bin, or the search does not converge.
    """
    from scipy.optimize import minimize

    count = table.counts.sum(axis=1)
    if np.count_nonzero(table.counts.sum(axis=0)) < 2:
        raise SimulationError("all impact speeds lie in one bin: no speed law follows; use finer or wider bins")
    total = float(count.sum())

    def loss(parameters: Array) -> tuple[float, Array]:
        value, gradient = _log_likelihood(table, parameters)
        return -float(value.sum()) / total, -gradient.sum(axis=0) / total

    found = minimize(loss, _start(table, count), jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500})
    if float(np.max(np.abs(found.jac))) > 1e-4:
        raise SimulationError(f"the speed law does not converge: {found.message}")
    shares = np.cumsum(table.counts, axis=1)[:, :-1] / np.maximum(count, 1.0)[:, None]
    distance = np.max(np.abs(shares + np.expm1(-_power(table, found.x))), axis=1)
    return SpeedFit(found.x, _sandwich(table, found.x), np.where(count > 0, distance, 0.0), count)


def _start(table: SpeedTable, count: Array) -> Array:
    """Scale from the mean of log bin centres, shape two."""
    centres = np.sqrt(table.edges[:, :-1] * table.edges[:, 1:])
    centres = np.concatenate([table.edges[:, :1], centres, table.edges[:, -1:]], axis=1)
    mean = np.sum(table.counts * (np.log(centres) - table.offset[:, None])) / count.sum()
    start = np.zeros(table.covariates.shape[1] + 1)
    start[0], start[-1] = mean, np.log(2.0)
    return start


def _power(table: SpeedTable, parameters: Array) -> Array:
    """(u/lambda)^k at the inner edges, shape (cells, bins - 1)."""
    log_scale = table.offset + table.covariates @ parameters[:-1]
    return np.exp(np.clip(np.exp(parameters[-1]) * (np.log(table.edges) - log_scale[:, None]), -700.0, 50.0))


def _log_likelihood(table: SpeedTable, parameters: Array) -> tuple[Array, Array]:
    """Log likelihood of each cell (cells,) and its gradient (cells, p + 1)."""
    power = _power(table, parameters)
    survival = np.exp(-power)
    ends = (np.ones((len(power), 1)), np.zeros((len(power), 1)))
    share = np.maximum(-np.diff(np.concatenate([ends[0], survival, ends[1]], axis=1), axis=1), _TINY)
    value = np.sum(table.counts * np.log(share), axis=1)
    by_log_power = -power * survival
    weight = table.counts / share
    edge_weight = (weight[:, 1:] - weight[:, :-1]) * by_log_power
    shape = np.exp(parameters[-1])
    by_scale = -np.sum(edge_weight, axis=1) * shape
    by_shape = np.sum(edge_weight * np.log(np.maximum(power, _TINY)), axis=1)
    return value, np.concatenate([by_scale[:, None] * table.covariates, by_shape[:, None]], axis=1)


def _sandwich(table: SpeedTable, parameters: Array) -> Array:
    """H^-1 (sum of squared cell scores) H^-1, or H^-1 where there are no more cells than coefficients."""
    size = len(parameters)
    hessian = np.empty((size, size))
    for column in range(size):
        move = np.zeros(size)
        move[column] = _STEP
        up = _log_likelihood(table, parameters + move)[1].sum(axis=0)
        down = _log_likelihood(table, parameters - move)[1].sum(axis=0)
        hessian[column] = (down - up) / (2.0 * _STEP)
    inverse: Array = np.asarray(np.linalg.inv(0.5 * (hessian + hessian.T)), dtype=float)
    scores = _log_likelihood(table, parameters)[1]
    used = int(np.count_nonzero(table.counts.sum(axis=1)))
    if used <= size:
        return inverse
    return np.asarray(inverse @ (scores.T @ scores) @ inverse * used / (used - size), dtype=float)
