"""What was measured against what the model gives: residuals over the stated errors, and plain differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coupling.calibration.experiments import Experiment
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
        curve: the whole measured curve.
    """

    name: str
    used: bool
    log_sizes: Floats
    names: tuple[str, ...]
    measured: Floats
    errors: Floats
    curve: SizeDistribution | None = None

    @classmethod
    def of(cls, experiment: Experiment) -> Target:
        """Read what an experiment measured; CaseError where a table is malformed."""
        values, given = experiment.measured.values, experiment.measured.size_distribution
        curve, log_sizes, shares, error = None, np.zeros(0), np.zeros(0), 0.0
        if given is not None:
            curve, error = read_distribution(given.table), float(given.error or 0.0)
            log_sizes = _log_sizes(curve, given.points)
            shares = volume_below(log_sizes, np.log(curve.diameters), curve.cumulative)
        errors = [value.error for value in values.values()]
        return cls(
            experiment.name,
            experiment.use == "fit",
            log_sizes,
            tuple(values),
            np.r_[shares, [value.value for value in values.values()]],
            np.r_[np.full(log_sizes.size, error), errors].astype(float),
            curve,
        )

    @property
    def curve_error(self) -> float:
        """Standard error of the cumulative volume; nil where no curve was measured."""
        return float(self.errors[0]) if self.curve is not None else 0.0

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
