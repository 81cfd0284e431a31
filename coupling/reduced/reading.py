"""What is read from a state: class fractions, percentiles, moisture and porosity, and the standard errors of these.

Order of a reading's values: class fractions by granule volume, then d10, d50, d90 [m], moisture [kg/kg dry],
porosity [-]. The exported C repeats this arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coupling.reduced.description import ErrorTerms
from pbm.model import Parameters, Tables
from pbm.outputs import outputs_of

Floats = NDArray[np.float64]

SCALARS = ("d10", "d50", "d90", "moisture", "porosity")


@dataclass(frozen=True, eq=False)
class Reading:
    """Outputs at one time.

    Args:
        time: [s]; fractions: of granule volume by class, (classes,); d10, d50, d90: [m]; moisture: [kg/kg dry];
        porosity: [-]; errors: standard error of each value, (classes + 5,); flag: see `coupling.reduced.flags`.
    """

    time: float
    fractions: Floats
    d10: float
    d50: float
    d90: float
    moisture: float
    porosity: float
    errors: Floats
    flag: int

    @property
    def d50_error(self) -> float:
        """Standard error of d50 [m]."""
        return float(self.errors[len(self.fractions) + 1])

    def values(self) -> Floats:
        """All values in the order of the errors, shape (classes + 5,)."""
        return np.array([*self.fractions, self.d10, self.d50, self.d90, self.moisture, self.porosity])


def read_state(state: Floats, parameters: Parameters, tables: Tables) -> Floats:
    """Values of one state of shape (1, 4, classes): fractions, d10, d50, d90, moisture, porosity."""
    values = outputs_of(state, parameters, tables)
    return np.array([*values.fractions, values.d10, values.d50, values.d90, values.moisture, values.porosity])


def standard_errors(values: Floats, members: list[Floats], terms: ErrorTerms, log_class_width: float) -> Floats:
    """Root of the summed squares of the members' differences and of the named terms, for each value.

    A relative error of the diameters moves the histogram along ln d: fractions change by the difference of neighbours
    times the error over the width of a class.
    """
    variance = np.zeros(len(values))
    for member in members:
        variance = variance + (member - values) ** 2
    classes = len(values) - len(SCALARS)
    relative = [a * a + b * b for a, b in zip(terms.discretisation, terms.frozen_kernel)]
    for place, square in enumerate(relative):
        variance[classes + place] += square * values[classes + place] ** 2
    variance[classes + 3] += terms.moisture * terms.moisture
    variance[classes + 4] += terms.porosity * terms.porosity
    fractions = values[:classes]
    left = np.abs(fractions - np.concatenate([[0.0], fractions[:-1]]))
    right = np.abs(fractions - np.concatenate([fractions[1:], [0.0]]))
    slope = np.maximum(left, right) / log_class_width
    variance[:classes] += relative[1] * slope**2
    return np.sqrt(variance)
