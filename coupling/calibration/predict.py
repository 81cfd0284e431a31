"""What the calibrated model says of every experiment, with intervals, against what was measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coupling.calibration.certainty import NORMAL_95, Certainty
from coupling.calibration.compare import Target
from coupling.calibration.search import Bench
from coupling.calibration.simulate import SIZES, Answer
from pbm.grid import Floats

FLATTEST = 1e-3
"""Least slope dQ/dln d that is used to turn an error of the cumulative volume into one of a diameter."""
LARGEST_LOG = 20.0
"""Reach of an interval of ln d that stands for no bound at all."""


@dataclass(frozen=True)
class Compared:
    """A predicted number, the interval in which a measurement lies with 95 %, and the measured number if there is one.

    SI; a predicted number without a stated error of measurement has the interval of the parameters alone.
    """

    predicted: float
    low: float
    high: float
    measured: float | None = None
    error: float | None = None

    @property
    def relative(self) -> float | None:
        """Prediction over measurement, less one."""
        return None if not self.measured else self.predicted / self.measured - 1.0


@dataclass(frozen=True, eq=False)
class ComparedCurve:
    """Cumulative volume at the points of a measured table, with its interval; each (points,), diameters in m."""

    diameters: Floats
    measured: Floats
    predicted: Floats
    low: Floats
    high: Floats

    @property
    def largest(self) -> float:
        """Largest difference of the two curves."""
        return float(np.abs(self.predicted - self.measured).max())

    @property
    def root_mean_square(self) -> float:
        """Root mean square difference over ln d, between the first and the last percent of either curve."""
        within = (np.maximum(self.measured, self.predicted) > 0.01) & (np.minimum(self.measured, self.predicted) < 0.99)
        return float(np.sqrt(np.mean((self.predicted - self.measured)[within] ** 2))) if within.any() else 0.0

    @property
    def inside(self) -> float:
        """Share of the measured points inside the interval, of those between the first and the last percent."""
        within = (self.measured > 0.01) & (self.measured < 0.99)
        hit = (self.measured >= self.low) & (self.measured <= self.high)
        return float(hit[within].mean()) if within.any() else 1.0


@dataclass(frozen=True, eq=False)
class Prediction:
    """All of one experiment; `used` if the parameters were fitted to it; `chi_square` over its `count` values."""

    name: str
    used: bool
    sizes: dict[str, Compared]
    values: dict[str, Compared]
    curve: ComparedCurve | None
    chi_square: float
    count: int
    warnings: tuple[str, ...]


def predict(bench: Bench, certainty: Certainty) -> list[Prediction]:
    """Predictions of every experiment at the estimates, intervals by linear propagation of the covariance.

    Variance of a measurement: widening^2 (g C g^T + error^2), g the derivative by the places, C their covariance.
    """
    answers = [bench.answer(certainty.places, index) for index in range(len(bench.targets))]
    return [
        _prediction(target, answer, slopes, certainty)
        for target, answer, slopes in zip(bench.targets, answers, certainty.slopes)
    ]


def _prediction(target: Target, answer: Answer, slopes: Floats, certainty: Certainty) -> Prediction:
    variance = np.einsum("vi,ij,vj->v", slopes, certainty.covariance, slopes)
    residuals = target.residuals(answer)
    return Prediction(
        target.name,
        target.used,
        _sizes(target, answer, variance, certainty),
        _values(target, answer, variance, certainty),
        _curve(target, answer, variance, certainty),
        float(residuals @ residuals),
        residuals.size,
        answer.warnings,
    )


def _values(target: Target, answer: Answer, variance: Floats, certainty: Certainty) -> dict[str, Compared]:
    compared = {}
    for at, name in enumerate(target.names, start=target.log_sizes.size):
        got, error = answer.values[name], float(target.errors[at])
        reach = float(_reach(variance[at] + error**2, certainty))
        compared[name] = Compared(got, got - reach, got + reach, float(target.measured[at]), error)
    return compared


def _curve(target: Target, answer: Answer, variance: Floats, certainty: Certainty) -> ComparedCurve | None:
    if target.curve is None:
        return None
    got = target.whole_curve(answer)
    reach = _reach(variance[target.measured.size + len(SIZES) :] + target.curve_errors**2, certainty)
    low, high = np.clip(got - reach, 0.0, 1.0), np.clip(got + reach, 0.0, 1.0)
    return ComparedCurve(target.curve.diameters, target.curve.cumulative, got, low, high)


def _sizes(target: Target, answer: Answer, variance: Floats, certainty: Certainty) -> dict[str, Compared]:
    """d10, d50, d90 [m]; the error of the cumulative volume counts over the slope of the curve there."""
    measured, compared = target.sizes(), {}
    for at, name in enumerate(SIZES):
        got = answer.values[name]
        log_size = float(np.log(got))
        error = target.curve_error(log_size) / max(_slope(answer, log_size), FLATTEST)
        reach = float(_reach(variance[target.measured.size + at] + error**2, certainty))
        factor = float(np.exp(min(reach, LARGEST_LOG)))
        compared[name] = Compared(got, got / factor, got * factor, measured.get(name))
    return compared


def _slope(answer: Answer, log_size: float) -> float:
    """DQ/dln d of the model at a diameter."""
    cell = int(np.clip(np.searchsorted(answer.log_sizes, log_size), 1, answer.log_sizes.size - 1))
    rise = answer.cumulative[cell] - answer.cumulative[cell - 1]
    return float(rise / (answer.log_sizes[cell] - answer.log_sizes[cell - 1]))


def _reach(variance: Floats, certainty: Certainty) -> Floats:
    """Half the width of the interval of 95 %."""
    return np.asarray(NORMAL_95 * certainty.widening * np.sqrt(variance))
