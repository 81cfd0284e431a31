"""Estimates and their errors from sums by block: ratios, counted rates, speeds, trends.

Every array has the blocks as its first axis and the compartments as its second. Blocks are taken as independent unless
their lag-1 correlation says otherwise: then 2 or 4 neighbouring blocks are joined into a batch (batch means;
Flegal & Jones 2010, doi:10.1214/09-AOS735) and the correlation left between batches is added, so that slow bursts widen
the errors instead of hiding in them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Numbers = NDArray[Any]

BATCH_LENGTHS = (1, 2, 4)
LEAST_BATCHES = 5
ONE_SIDED_95 = 1.645
"""Normal quantile of the one-sided 5 % test for a positive lag-1 correlation."""
LEAST_COUNT = 5.0
"""Mean count per batch below which a dispersion index of its own is too uncertain (Cochran's rule for chi-square)."""
ZERO_COUNT_LIMIT = 3.0
"""Poisson mean that gives no count with 5 % probability: -ln 0.05."""


class Estimate(NamedTuple):
    """A value and its standard error, arrays of one shape and unit; not a number where nothing was observed."""

    value: Array
    standard_error: Array


class CountedRate(NamedTuple):
    """Counts over exposure: value B/E, dispersion index D [-], variance D B/E^2, upper limit 3/E (95 %) where B = 0.

    Entries without exposure are not a number, and so are dispersion and variance where B = 0, and the limit elsewhere.
    """

    value: Array
    dispersion: Array
    variance: Array
    upper_limit: Array


class Trend(NamedTuple):
    """Mann-Kendall test of block series against time.

    Args:
        statistic: Kendall's tau of each series [-].
        probability: two-sided p value of each series [-].
        change: change over the window relative to the mean, by the Theil-Sen slope [-].
        passed: no series has a trend, at the level stated over all series together.
    """

    statistic: Array
    probability: Array
    change: Array
    passed: bool


def lag_one_correlation(residual: Array) -> float:
    """Correlation of neighbours, sum e_k e_(k+1) / sum e_k^2 over all columns.

    Args:
        residual: deviations from the mean in order of time, shape (blocks, columns).
    """
    square = float(np.sum(residual**2))
    return float(np.sum(residual[1:] * residual[:-1])) / square if square > 0.0 else 0.0


def batch_length(residual: Array) -> int:
    """Return how many neighbouring blocks to join: the first of 1, 2, 4 whose batches show no correlation.

    A correlation is shown where r + 1/m > 1.645/sqrt(m) for m batches (1/m is the bias of r). At least 5 batches are
    left; where that is too few to lose the correlation, the longest allowed is taken.

    Args:
        residual: deviations from the mean in order of time, shape (blocks, columns).
    """
    allowed = [length for length in BATCH_LENGTHS if length == 1 or len(residual) // length >= LEAST_BATCHES]
    for length in allowed:
        batches = batch_sums(residual, length)
        count = len(batches)
        if lag_one_correlation(batches) + 1.0 / count <= ONE_SIDED_95 / np.sqrt(count):
            return length
    return allowed[-1]


def batching(residual: Array) -> tuple[int, float]:
    """Return the batch length and the factor 1 + 2 max(r + 1/m, 0) on the variance of a sum of the m batches.

    The factor is for the correlation that joined batches still have; it is 1 where blocks show none.

    Args:
        residual: deviations from the mean in order of time, shape (blocks, ...).
    """
    columns = residual.reshape(len(residual), -1)
    length = batch_length(columns)
    batches = batch_sums(columns, length)
    remaining = max(lag_one_correlation(batches) + 1.0 / len(batches), 0.0) if length > 1 else 0.0
    return length, 1.0 + 2.0 * remaining


def batch_sums(values: Array, length: int) -> Array:
    """Sum `length` neighbouring blocks at a time; the last batch also takes the remainder."""
    starts = np.arange(max(1, len(values) // length)) * length
    sums: Array = np.add.reduceat(values, starts, axis=0)
    return sums


def divide(numerator: Numbers, denominator: Numbers) -> Array:
    """Quotient, not a number where the denominator is zero."""
    numerator, denominator = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator != 0.0)


def ratio(numerator: Numbers, denominator: Numbers) -> Estimate:
    """Ratio of sums r = sum A / sum W with Var r = m/(m - 1) sum (A_k - r W_k)^2 / (sum W)^2 over m batches.

    Source: Cochran, Sampling Techniques, 3rd ed. (1977), section 6.4.

    Args:
        numerator, denominator: sums by block, shapes (n, C, ...) that broadcast.
    """
    a, w = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    value = divide(a.sum(axis=0), w.sum(axis=0))
    residual = a - np.nan_to_num(value) * w
    error = np.full(value.shape, np.nan)
    for compartment in range(a.shape[1]):
        part = residual[:, compartment]
        length, widening = batching(part)
        batches = batch_sums(part, length)
        if len(batches) > 1:
            spread = widening * len(batches) / (len(batches) - 1) * np.sum(batches**2, axis=0)
            error[compartment] = np.sqrt(spread)
    return Estimate(value, divide(error, np.abs(w.sum(axis=0))))


def counted_rate(counts: NDArray[np.int64], exposure: Array, dispersion_at_least: float = 1.0) -> CountedRate:
    """Rate of counted events with its quasi-Poisson error.

    D = 1/(m - 1) sum (B_k - b E_k)^2 / (b E_k) over m batches, which is variance over mean where exposures are equal
    (McCullagh & Nelder, Generalized Linear Models, 2nd ed. (1989), section 4.5). Entries with fewer than 5 counts per
    batch share one index in their compartment, the mean of theirs weighted with their counts.

    Args:
        counts: B, shape (n, C, ...).
        exposure: E, of the same shape.
        dispersion_at_least: lower bound of D; below 1 the regularity of 20 blocks is more often chance than true.
    """
    total, exposed = counts.sum(axis=0).astype(float), exposure.sum(axis=0)
    value = divide(total, exposed)
    dispersion = np.full(value.shape, np.nan)
    for compartment in range(counts.shape[1]):
        dispersion[compartment] = _dispersion(counts[:, compartment].astype(float), exposure[:, compartment])
    dispersion = np.maximum(dispersion, dispersion_at_least)
    variance = divide(dispersion * total, exposed**2)
    limit = np.where(total == 0.0, divide(np.full(total.shape, ZERO_COUNT_LIMIT), exposed), np.nan)
    return CountedRate(value, dispersion, variance, limit)


def _dispersion(counts: Array, exposure: Array) -> Array:
    total = counts.sum(axis=0)
    expected = np.nan_to_num(divide(total, exposure.sum(axis=0))) * exposure
    length, widening = batching(counts - expected)
    counts, expected = batch_sums(counts, length), batch_sums(expected, length)
    if len(counts) < 2:
        return np.full(total.shape, np.nan)
    share = np.divide((counts - expected) ** 2, expected, out=np.zeros_like(counts), where=expected > 0.0)
    index = np.where(total > 0.0, widening * share.sum(axis=0) / (len(counts) - 1), np.nan)
    few = (total > 0.0) & (total < LEAST_COUNT * len(counts))
    if few.any():
        index[few] = np.average(index[few], weights=total[few])
    return index


def speed_moments(count: NDArray[np.int64], total: Array, square_total: Array) -> tuple[Estimate, Estimate]:
    """Mean speed [m/s] and mean square speed [m2/s2] per encounter.

    The error of the mean is the larger of the blocks' and that of independent encounters, s/sqrt(B) (few encounters
    leave most blocks empty, which would look exact); with fewer than 2 encounters it is not a number.

    Args:
        count, total, square_total: encounters, sums of speed and of its square by block, shapes (n, C, ...).
    """
    mean, square = ratio(total, count), ratio(square_total, count)
    number = count.sum(axis=0).astype(float)
    least = np.sqrt(divide(independent_variance(mean.value, square.value, number), number))
    mean_error = np.where(number > 1, np.fmax(mean.standard_error, least), np.nan)
    # In first order d(v^2) = 2 v dv.
    square_error = np.where(number > 1, np.fmax(square.standard_error, 2.0 * mean.value * least), np.nan)
    return Estimate(mean.value, mean_error), Estimate(square.value, square_error)


def independent_variance(mean: Array, square: Array, number: Array) -> Array:
    """Sample variance of the speed, (<v^2> - <v>^2) B/(B - 1), not a number where B < 2."""
    return np.maximum(square - mean**2, 0.0) * np.where(number > 1.0, divide(number, number - 1.0), np.nan)


def histogram_quantiles(counts: NDArray[np.int64], edges: Array, shares: Array, design_effect: Array) -> Estimate:
    """Quantiles of a binned speed, linear in the logarithm within a bin.

    The error is half the distance between the quantiles at p - d and p + d, d^2 = p (1 - p) q/B with the design effect
    q (Woodruff 1952, doi:10.1080/01621459.1952.10483443).

    Args:
        counts: encounters by bin, shape (..., bins).
        edges: bin edges [m/s], shape (bins + 1,).
        shares: p of each quantile, shape (quantiles,).
        design_effect: variance of a mean over that of independent encounters, shape (...).

    Returns:
        Estimate [m/s], shape (..., quantiles).
    """
    number = counts.sum(axis=-1)
    value, error = np.full((2, *number.shape, len(shares)), np.nan)
    for at in np.argwhere(number > 0):
        index = tuple(at)
        cumulative = np.concatenate([[0.0], np.cumsum(counts[index])]) / number[index]
        # Empty bins have no slope: the rise ahead of them is the quantile.
        rising = np.concatenate([[True], np.diff(cumulative) > 0.0])
        rising[int(np.argmax(rising[1:]))] = True
        places, levels = np.log(edges[rising]), cumulative[rising]
        width = np.sqrt(shares * (1.0 - shares) * max(1.0, np.nan_to_num(design_effect[index])) / number[index])
        below, middle, above = (np.exp(np.interp(shares + shift, levels, places)) for shift in (-width, 0.0, width))
        value[index], error[index] = middle, 0.5 * (above - below)
    return Estimate(value, error)


def trend(series: Array, level: float) -> Trend:
    """Mann-Kendall test of each series, on batches where its residuals about a straight line are correlated.

    Sources: Mann 1945, doi:10.2307/1907187; Theil-Sen slope: Sen 1968, doi:10.1080/01621459.1968.10480934. The level is
    shared among the series (Bonferroni). Series that are not a number everywhere are left out; with fewer than
    5 batches nothing can be told, and the test is not passed.

    Args:
        series: shape (n, series).
        level: probability of a false alarm over all series together [-].
    """
    rows = np.array([_trend(column) for column in series.T]).reshape(-1, 3)
    tested = ~np.all(np.isnan(series), axis=0)
    probability = rows[:, 1]
    passed = bool(tested.any() and np.all(probability[tested] > level / tested.sum()))
    return Trend(rows[:, 0], probability, rows[:, 2], passed)


def _trend(column: Array) -> tuple[float, float, float]:
    from scipy.stats import kendalltau, theilslopes

    column = column[~np.isnan(column)]
    if len(column) < LEAST_BATCHES:
        return (np.nan,) * 3
    place = np.arange(len(column))
    residual = column - np.polynomial.Polynomial.fit(place, column, 1)(place)
    length = batch_length(residual[:, None])
    means = batch_sums(column, length) / batch_sums(np.ones(len(column)), length)
    if np.ptp(means) == 0.0:
        return 0.0, 1.0, 0.0
    result: Any = kendalltau(np.arange(len(means)), means)
    slope = theilslopes(means)[0]
    return float(result.statistic), float(result.pvalue), float(slope * len(means) / np.mean(means))
