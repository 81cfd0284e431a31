"""What was measured against what the model gives: residuals over the stated errors, and plain differences."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from compute.errors import CaseError
from coupling.calibration.experiments import Experiment, MeasuredCurve
from coupling.calibration.simulate import SIZES, Answer
from pbm.distribution import SizeDistribution, read_distribution
from pbm.grid import Floats

FIRST, LAST = 0.01, 0.99
"""Shares of the volume between which a measured curve is compared."""


@dataclass(frozen=True, eq=False)
class Target:
    """Measured values of one experiment, as one vector with its errors.

    Attributes:
        name, used: of the experiment, and whether the parameters are fitted to it.
        log_sizes: ln of the diameters [m] at which the curve is compared, (points,); none: empty.
        names: of the further values; measured, errors: curve first, then values, (points + names,).
        curve: the whole measured curve; curve_errors: standard errors of its cumulative volume, (rows,).
    """

    name: str
    used: bool
    log_sizes: Floats
    names: tuple[str, ...]
    measured: Floats
    errors: Floats
    curve: SizeDistribution | None = None
    curve_errors: Floats = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, experiment: Experiment) -> Target:
        """Read what an experiment measured; CaseError where a table is malformed."""
        values, given = experiment.measured.values, experiment.measured.size_distribution
        curve, log_sizes, shares, by_row = None, np.zeros(0), np.zeros(0), np.zeros(0)
        if given is not None:
            curve = read_distribution(given.table)
            by_row, log_sizes = _errors_of(curve, given), _log_sizes(curve, given.points)
            shares = volume_below(log_sizes, np.log(curve.diameters), curve.cumulative)
        errors = [value.error for value in values.values()]
        return cls(
            experiment.name,
            experiment.use == "fit",
            log_sizes,
            tuple(values),
            np.r_[shares, [value.value for value in values.values()]],
            np.r_[_at(log_sizes, curve, by_row), errors].astype(float),
            curve,
            by_row,
        )

    def curve_error(self, log_size: float) -> float:
        """Standard error of the cumulative volume at ln of a diameter; nil where no curve was measured."""
        return 0.0 if self.curve is None else float(_at(np.array([log_size]), self.curve, self.curve_errors)[0])

    def predicted(self, answer: Answer) -> Floats:
        """What the model gives for each measured value, same order."""
        shares = volume_below(self.log_sizes, answer.log_sizes, answer.cumulative)
        return np.r_[shares, [answer.values[name] for name in self.names]]

    def predicted_all(self, answer: Answer) -> Floats:
        """`predicted`, then ln of d10, d50, d90, then the cumulative volume at every point of the measured table."""
        sizes = np.log([answer.values[name] for name in SIZES])
        return np.r_[self.predicted(answer), sizes, self.whole_curve(answer)]

    def whole_curve(self, answer: Answer) -> Floats:
        """Cumulative volume of the model at every point of the measured table; empty where there is none."""
        if self.curve is None:
            return np.zeros(0)
        return volume_below(np.log(self.curve.diameters), answer.log_sizes, answer.cumulative)

    def residuals(self, answer: Answer) -> Floats:
        """Model less measurement over the stated error."""
        return (self.predicted(answer) - self.measured) / self.errors

    def sizes(self) -> dict[str, float]:
        """Measured d10, d50, d90 [m], those stated before those of the curve."""
        stated = dict(zip(self.names, self.measured[self.log_sizes.size :]))
        if self.curve is None:
            return {name: stated[name] for name in SIZES if name in stated}
        return {name: stated.get(name, self.curve.percentile(share)) for name, share in SIZES.items()}


def volume_below(log_sizes: Floats, log_points: Floats, cumulative: Floats) -> Floats:
    """Volume fraction below diameters, linear in ln d between the points of a curve."""
    return np.asarray(np.interp(log_sizes, log_points, cumulative))


def _log_sizes(curve: SizeDistribution, points: int) -> Floats:
    ends = np.log([curve.percentile(FIRST), curve.percentile(LAST)])
    return np.linspace(ends[0], ends[1], points)


def _errors_of(curve: SizeDistribution, given: MeasuredCurve) -> Floats:
    """Standard errors of the rows of a table: its own, or the one stated beside it."""
    if curve.errors is None:
        return np.full(curve.diameters.size, float(given.error or 0.0))
    if given.error is not None:
        expected = "a table without a column of errors, or no error beside it"
        raise CaseError("two errors of one curve", key="error", value=str(given.table), expected=expected)
    return curve.errors


def _at(log_sizes: Floats, curve: SizeDistribution | None, by_row: Floats) -> Floats:
    return np.zeros(0) if curve is None else volume_below(log_sizes, np.log(curve.diameters), by_row)
