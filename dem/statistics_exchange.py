"""Exchange between compartments from transition matrices at two lags, so that chatter at a border does not count.

P_ab(tau) is the share of the particles in a that are in b a lag tau later. For a Markov chain P(2 tau) = P(tau)^2 and
P(tau) = exp(Q tau), with the rates k_ab = Q_ab, a != b, and the mean residence time 1/sum_b k_ab.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dem.statistics_analysis import ZERO_COUNT_LIMIT, batch_sums, batching, divide

Array = NDArray[np.float64]

ERRORS_ALLOWED = 3.0
SHARE_ALLOWED = 0.01
"""P(2 tau) = P(tau)^2 is accepted within 3 standard errors + 1 % in every element."""
SMALLEST_EIGENVALUE = 1e-6
"""Below it a mode has decayed within the lag, and the logarithm of the matrix holds noise only."""


class ExchangeRates(NamedTuple):
    """Exchange between C compartments.

    Args:
        rate: k_ab from a (row) to b [1/s], shape (C, C), zero on the diagonal; not a number in rows never occupied.
        standard_error: of the rates [1/s], by the jackknife over batches of blocks, shape (C, C).
        upper_limit: 3 / Int N_a dt [1/s] (95 %) where no particle went from a to b, else not a number, shape (C, C).
        residence_time: 1/sum_b k_ab [s], infinite where nothing leaves, shape (C,).
        residence_time_error: its standard error [s], shape (C,).
        accepted: P(2 tau) = P(tau)^2 within errors.
        deviation: P(2 tau) - P(tau)^2 in standard errors, shape (C, C).
        lag: lag that the rates come from [s]: tau if accepted, else 2 tau, which chatter raises less.
        method: "matrix logarithm", or "first order", k_ab = P_ab/tau, where the logarithm is not real.
    """

    rate: Array
    standard_error: Array
    upper_limit: Array
    residence_time: Array
    residence_time_error: Array
    accepted: bool
    deviation: Array
    lag: float
    method: str


def exchange_rates(transitions: NDArray[np.int64], lag: float, particle_time: Array) -> ExchangeRates:
    """Estimate the rates of exchange.

    Args:
        transitions: particles by first and later compartment, shape (n, 2, C, C), at the lags tau and 2 tau.
        lag: tau [s].
        particle_time: Int N_a dt [s], shape (C,).
    """
    counts, widening = _batches(transitions.astype(float))
    total = counts.sum(axis=0)
    left_out = total - counts if len(counts) > 1 else total[None]
    deviation = _markov_deviation(total)
    error = widening * _jackknife(np.array([_markov_deviation(part) for part in left_out]))
    allowed = ERRORS_ALLOWED * np.nan_to_num(error) + SHARE_ALLOWED * transition_matrix(total[1])
    accepted = bool(np.all(np.abs(deviation) <= allowed))
    at = 0 if accepted else 1
    used = lag * (at + 1)
    rate, method = generator(transition_matrix(total[at]), used)
    rates_left_out = np.array([generator(transition_matrix(part[at]), used)[0] for part in left_out])
    rate[total[at].sum(axis=1) == 0.0] = np.nan
    limit = np.where(total[at] == 0.0, divide(np.full(len(rate), ZERO_COUNT_LIMIT), particle_time)[:, None], np.nan)
    rate_error = widening * _jackknife(rates_left_out)
    time, time_error = _residence(rate, widening * _jackknife(rates_left_out.sum(axis=2)))
    scaled = np.where(deviation == 0.0, 0.0, divide(deviation, error))
    return ExchangeRates(rate, rate_error, limit, time, time_error, accepted, scaled, used, method)


def transition_matrix(counts: Array) -> Array:
    """Rows of counts over their sums; a row without counts stays where it is.

    Args:
        counts: shape (C, C).
    """
    rows = counts.sum(axis=1, keepdims=True)
    return np.where(rows > 0.0, np.divide(counts, np.where(rows > 0.0, rows, 1.0)), np.eye(len(counts)))


def generator(matrix: Array, lag: float) -> tuple[Array, str]:
    """Rates k_ab [1/s], zero on the diagonal, from the logarithm of a transition matrix, and the method's name.

    Negative rates, which only noise or memory can give, are set to zero (diagonal adjustment: Israel, Rosenthal & Wei
    2001, doi:10.1111/1467-9965.00114).

    Args:
        matrix: P, shape (C, C).
        lag: [s].
    """
    values = np.linalg.eigvals(matrix)
    negative = (np.abs(values.imag) < SMALLEST_EIGENVALUE) & (values.real < SMALLEST_EIGENVALUE)
    method = "first order" if negative.any() else "matrix logarithm"
    rates = matrix / lag if negative.any() else _logarithm(matrix) / lag
    rates = np.maximum(rates, 0.0)
    np.fill_diagonal(rates, 0.0)
    return rates, method


def _logarithm(matrix: Array) -> Array:
    from scipy.linalg import logm

    return np.array(np.real(logm(matrix)), dtype=float)


def _batches(transitions: Array) -> tuple[Array, float]:
    """Join neighbouring blocks whose transitions are correlated; the batches and the factor left on their errors."""
    first = transitions[:, 0]
    expected = transition_matrix(first.sum(axis=0)) * first.sum(axis=2, keepdims=True)
    length, widening = batching(first - expected)
    return batch_sums(transitions, length), float(np.sqrt(widening))


def _markov_deviation(counts: Array) -> Array:
    single = transition_matrix(counts[0])
    return transition_matrix(counts[1]) - single @ single


def _residence(rate: Array, leaving_error: Array) -> tuple[Array, Array]:
    """Residence times T = 1/k, and their errors T^2 dk from those of the total rates of leaving [1/s]."""
    total = rate.sum(axis=1)
    time = np.where(total == 0.0, np.inf, divide(np.ones(len(total)), total))
    finite = np.where(np.isfinite(time), time, np.nan)
    return time, finite**2 * leaving_error


def _jackknife(left_out: Array) -> Array:
    """Standard error from the estimates that leave out one batch each, first axis."""
    count = len(left_out)
    if count < 2:
        return np.full(left_out.shape[1:], np.nan)
    error: Array = np.sqrt((count - 1) / count * np.sum((left_out - left_out.mean(axis=0)) ** 2, axis=0))
    return error
