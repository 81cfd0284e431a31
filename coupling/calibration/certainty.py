"""How certain the estimates are: covariance, directions the data say nothing about, what hangs together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from coupling.calibration.problem import Variable
from coupling.calibration.search import Comparison, Found
from pbm.grid import Floats

STEP = 1e-2
"""Half the distance of the two places a derivative is taken from, as a share of the distance between the bounds."""
BOUNDS_PRECISION = 12.0
"""Inverse variance of a number known to lie between nil and one, and no more."""
STRONG_CORRELATION = 0.95
AT_BOUND = 5e-3
SHARE_OF_DIRECTION = 0.3
NORMAL_95 = 1.959964
ALIKE = 4.0
"""Difference in chi-square below which two ends of a search explain the data alike: two standard deviations."""
APART = 3.0


@dataclass(frozen=True, eq=False)
class Certainty:
    """Uncertainty of the estimates, on the scale of the places between the bounds.

    Attributes:
        places: of the estimates (variables,); covariance: (variables, variables), from the stated errors
        chi_square, freedom: of all residuals; likelihood: that errors as stated give so large a chi-square
        slopes: of all that is predicted, see `Target.predicted_all`, by the places; one array an experiment
        singular_values: of the Jacobian of the residuals by the places; warnings: for the user
    """

    places: Floats
    covariance: Floats
    chi_square: float
    freedom: int
    likelihood: float
    slopes: list[Floats]
    singular_values: Floats
    warnings: tuple[str, ...]

    @property
    def widening(self) -> float:
        """Factor on all errors: one, or the square root of chi-square per degree of freedom where that is larger.

        Birge, Phys. Rev. 40 (1932) 207, doi 10.1103/PhysRev.40.207: where the model misses the data by more than the
        stated errors, they are taken to be too small by one factor.
        """
        return float(np.sqrt(max(1.0, self.chi_square / max(self.freedom, 1))))

    @property
    def deviations(self) -> Floats:
        """Standard errors of the places, by the stated errors."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlations(self) -> Floats:
        """Correlation matrix of the estimates."""
        return self.covariance / np.outer(self.deviations, self.deviations)

    def interval(self, variable: Variable, at: int) -> tuple[float, float]:
        """Values between which the variable lies with 95 %, kept to its bounds."""
        reach = NORMAL_95 * self.widening * self.deviations[at]
        low, high = (min(max(self.places[at] + sign * reach, 0.0), 1.0) for sign in (-1.0, 1.0))
        return variable.value(low), variable.value(high)


def certainty_of(bench: Comparison[Any], best: Found, found: list[Found]) -> Certainty:
    """Covariance (J^T J + 12)^-1 of the places at the best end: Gauss-Newton, and before it no more than the bounds.

    J holds the derivatives of the residuals by the places, central; 12 is the inverse variance of an even distribution
    between the bounds, so that a direction without data has the width of the bounds and no more.
    """
    places = np.array(best.places)
    slopes = [slopes_of(bench, places, index) for index in range(len(bench.targets))]
    jacobian = np.concatenate([_scaled(slopes[index], bench.targets[index].errors) for index in bench.fitted])
    information = jacobian.T @ jacobian
    covariance = np.linalg.inv(information + BOUNDS_PRECISION * np.eye(places.size))
    freedom = jacobian.shape[0] - places.size
    _, singular, directions = np.linalg.svd(jacobian, full_matrices=True)
    singular = np.r_[singular, np.zeros(places.size - singular.size)]
    variables = bench.problem.variables
    told = [
        *_fit_warnings(best, freedom),
        *_bound_warnings(variables, places),
        *_direction_warnings(variables, singular, directions),
        *_correlation_warnings(variables, covariance),
        *_ambiguity_warnings(variables, covariance, best, found),
        *(
            f"could not be run in {count} places of the search: {reason}"
            for reason, count in bench.failed.most_common(3)
        ),
    ]
    likelihood = float(chi2.sf(best.chi_square, freedom)) if freedom > 0 else 1.0
    return Certainty(places, covariance, best.chi_square, freedom, likelihood, slopes, singular, tuple(told))


def _scaled(slopes: Floats, errors: Floats) -> Floats:
    """Derivatives of the residuals: of the measured values, which come first, over their errors."""
    return slopes[: errors.size] / errors[:, None]


def slopes_of(bench: Comparison[Any], places: Floats, index: int) -> Floats:
    """Derivative of all that is predicted of one experiment by the places (values, variables), central."""
    columns = []
    for at in range(places.size):
        bench.between()
        low, high = places.copy(), places.copy()
        low[at], high[at] = max(places[at] - STEP, 0.0), min(places[at] + STEP, 1.0)
        ends = [bench.targets[index].predicted_all(bench.answer(row, index)) for row in (low, high)]
        columns.append((ends[1] - ends[0]) / (high[at] - low[at]))
    return np.array(columns).T


def _fit_warnings(best: Found, freedom: int) -> list[str]:
    told = []
    if not best.converged:
        told.append("the best search ended at its limit of evaluations, not at a minimum; raise evaluations")
    if freedom <= 0:
        told.append(f"no more measured values than parameters ({freedom:+d}): chi-square says nothing of the model")
    elif chi2.sf(best.chi_square, freedom) < 1e-3:
        told.append(
            f"the model misses the data by more than their errors: chi-square {best.chi_square:.4g} for {freedom}"
            f" degrees of freedom; intervals are widened by {np.sqrt(best.chi_square / freedom):.3g}"
        )
    return told


def _bound_warnings(variables: tuple[Variable, ...], places: Floats) -> list[str]:
    told = []
    for variable, place in zip(variables, places):
        if place < AT_BOUND or place > 1.0 - AT_BOUND:
            side, bound = ("lower", variable.low) if place < 0.5 else ("upper", variable.high)
            told.append(f"{variable.name} lies at its {side} bound {bound:.4g}: widen it, or fix the parameter")
    return told


def _direction_warnings(variables: tuple[Variable, ...], singular: Floats, directions: Floats) -> list[str]:
    told = []
    for value, direction in zip(singular, directions):
        if value**2 < BOUNDS_PRECISION:
            parts = [
                f"{share:+.2f} {variable.name}"
                for share, variable in zip(direction, variables)
                if abs(share) > SHARE_OF_DIRECTION
            ]
            told.append(f"the data say less than the bounds about the combination {' '.join(parts)} (singular value"
                        f" {value:.2g})")  # fmt: skip
    return told


def _correlation_warnings(variables: tuple[Variable, ...], covariance: Floats) -> list[str]:
    deviations = np.sqrt(np.diag(covariance))
    told = []
    for i, first in enumerate(variables):
        for j in range(i):
            value = covariance[i, j] / (deviations[i] * deviations[j])
            if abs(value) > STRONG_CORRELATION:
                told.append(f"{variables[j].name} and {first.name} are correlated by {value:+.3f}: fix one of them")
    return told


def _ambiguity_warnings(
    variables: tuple[Variable, ...], covariance: Floats, best: Found, found: list[Found]
) -> list[str]:
    deviations = np.sqrt(np.diag(covariance))
    for other in found:
        if other.chi_square < best.chi_square + ALIKE:
            apart = np.abs(np.array(other.places) - np.array(best.places)) / deviations
            if apart.max() > APART:
                name = variables[int(apart.argmax())].name
                return [
                    f"another set of parameters explains the data alike (chi-square {other.chi_square:.4g}), with "
                    f"{name} {variables[int(apart.argmax())].value(other.places[int(apart.argmax())]):.4g}"
                ]
    return []
