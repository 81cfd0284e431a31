"""Log-linear law of a rate fitted to counts: E[B] = E exp(offset + x . c), Var[B] = D E[B] (quasi-Poisson).

Counts come in blocks, so that the noise is measured and not assumed: blade passages come in bursts, and a burst
raises the counts of many cells at once. The covariance of the coefficients is

    A^-1 M A^-1 + max(0, D_fit - D_blocks) A^-1,    A = X' W X,  W = expected counts,

with M the scatter of the blocks' scores about their own cell's rate (the "sandwich" of Liang and Zeger, Biometrika 73
(1986) 13, doi 10.1093/biomet/73.1.13, one cluster per block) and D_fit the Pearson dispersion of whole cells about the
law: what the law fails to describe widens its error bars. Cells without a single count stay in as what they are.
McCullagh and Nelder, Generalized Linear Models, 2nd ed. (1989), ch. 6 and 9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.errors import SimulationError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_ITERATIONS = 100
_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class CountTable:
    """Counts by cell and block.

    Args:
        covariates: x of each cell, the first column ones, shape (cells, p).
        offset: known part of the log rate of each cell, shape (cells,).
        count, exposure: of each row, one row per cell and block, shape (rows,).
        cell, block: row's cell and its block (blocks of different windows have different numbers), shape (rows,).
    """

    covariates: Array
    offset: Array
    count: Array
    exposure: Array
    cell: Integers
    block: Integers

    def totals(self) -> tuple[Array, Array]:
        """Count and exposure of each cell over its blocks, shapes (cells,)."""
        size = len(self.offset)
        totals = (np.bincount(self.cell, values, size) for values in (self.count, self.exposure))
        count, exposure = (np.asarray(total, dtype=float) for total in totals)
        return count, exposure


@dataclass(frozen=True, eq=False)
class CountFit:
    """Result of a fit.

    Args:
        coefficients: c, shape (p,). covariance: shape (p, p).
        block_dispersion: variance over mean of block counts [-]; fit_dispersion: Pearson dispersion of cells about
            the law [-]; deviance: Poisson deviance; degrees_of_freedom: cells less coefficients.
        expected: counts by the law, shape (cells,); residual: Pearson residuals (B - E[B])/sqrt(E[B]), (cells,).
        relative_misfit: root mean square of B/E[B] - 1 beyond what noise explains, weighted by expected counts [-].
    """

    coefficients: Array
    covariance: Array
    block_dispersion: float
    fit_dispersion: float
    deviance: float
    degrees_of_freedom: int
    expected: Array
    residual: Array
    relative_misfit: float


def fit_counts(table: CountTable) -> CountFit:
    """Fit the law to a table of counts.

    Raises:
        SimulationError: no count at all, or covariates that the cells cannot tell apart.
    """
    count, exposure = table.totals()
    if count.sum() <= 0:
        raise SimulationError(
            f"no encounter in a total exposure of {exposure.sum():.3g}: only an upper limit "
            f"{3.0 / max(exposure.sum(), 1e-300):.3g} on the rate follows; lengthen the window"
        )
    coefficients, expected = _maximise_likelihood(table.covariates, table.offset, count, exposure)
    information = table.covariates.T @ (expected[:, None] * table.covariates)
    bread = np.linalg.inv(information)
    freedom = len(count) - len(coefficients)
    residual = (count - expected) / np.sqrt(expected)
    block_dispersion, scatter = _block_noise(table, count, exposure)
    scatter = scatter if np.bincount(table.cell).max() > 1 else information
    fit_dispersion = float(residual @ residual / freedom) if freedom > 0 else block_dispersion
    excess = max(0.0, fit_dispersion - block_dispersion)
    return CountFit(
        coefficients,
        bread @ scatter @ bread + excess * bread,
        block_dispersion,
        fit_dispersion,
        _deviance(count, expected),
        freedom,
        expected,
        residual,
        float(np.sqrt(excess * len(count) / expected.sum())),
    )


def _maximise_likelihood(covariates: Array, offset: Array, count: Array, exposure: Array) -> tuple[Array, Array]:
    """Iteratively reweighted least squares with halved steps where the likelihood would fall."""
    if np.linalg.matrix_rank(covariates) < covariates.shape[1]:
        raise SimulationError("the design cannot tell the coefficients of the law apart: add speeds, sizes or states")
    log_exposure = np.log(exposure) + offset
    coefficients = np.zeros(covariates.shape[1])
    coefficients[0] = np.log(count.sum() / np.exp(log_exposure).sum())
    likelihood = -np.inf
    for _ in range(_ITERATIONS):
        linear = covariates @ coefficients
        expected = np.exp(log_exposure + linear)
        weighted = covariates * expected[:, None]
        step = np.linalg.solve(covariates.T @ weighted, covariates.T @ (count - expected))
        if np.max(np.abs(step)) < _TOLERANCE:
            return coefficients, expected
        factor, previous = 1.0, likelihood
        while True:
            trial = log_exposure + covariates @ (coefficients + factor * step)
            likelihood = float(count @ trial - np.exp(np.minimum(trial, 500.0)).sum())
            if likelihood >= previous - 1e-9 * abs(previous) or factor < 1e-6:
                break
            factor *= 0.5
        coefficients = coefficients + factor * step
    raise SimulationError("the law of the rate does not converge on these counts")


def _block_noise(table: CountTable, count: Array, exposure: Array) -> tuple[float, Array]:
    """Pooled index of dispersion of block counts, and the scatter M of the blocks' scores."""
    mean = (count / exposure)[table.cell] * table.exposure
    deviation = table.count - mean
    blocks_of_cell = np.bincount(table.cell, minlength=len(count))
    counted = mean > 0
    freedom = float(np.sum(blocks_of_cell[count > 0] - 1))
    dispersion = float(np.sum(deviation[counted] ** 2 / mean[counted]) / freedom) if freedom > 0 else 1.0
    scores = np.zeros((int(table.block.max()) + 1, table.covariates.shape[1]))
    np.add.at(scores, table.block, table.covariates[table.cell] * deviation[:, None])
    width = blocks_of_cell[table.cell].astype(float)
    correction = np.ones(len(scores))
    np.maximum.at(correction, table.block, np.where(width > 1, width / np.maximum(width - 1, 1), 1.0))
    few = len(scores) / max(len(scores) - scores.shape[1], 1)
    return dispersion, few * (scores.T @ (correction[:, None] * scores))


def _deviance(count: Array, expected: Array) -> float:
    positive = np.where(count > 0, count, 1.0)
    return float(2.0 * np.sum(np.where(count > 0, count * np.log(positive / expected), 0.0) - (count - expected)))
