"""The reduced model over the batch of the run: the same inputs, read at the same times."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coupling.reduced.description import Description
from coupling.reduced.model import ReducedModel
from coupling.reduced.reading import SCALARS, Reading
from pbm.case import PbmCase
from pbm.granulation import spray_of
from pbm.result import GranulationResult

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Readings of a reduced model. edges: of its classes in solid volume [m3], shape (classes + 1,)."""

    readings: tuple[Reading, ...]
    edges: Array

    @property
    def times(self) -> Array:
        """Times of the readings [s]."""
        return np.array([reading.time for reading in self.readings])

    def series(self, name: str) -> tuple[Array, Array]:
        """Values of d10, d50, d90, moisture or porosity over time and their standard errors."""
        place = len(self.readings[0].fractions) + SCALARS.index(name)
        values = np.array([reading.values()[place] for reading in self.readings])
        return values, np.array([reading.errors[place] for reading in self.readings])

    def flags(self) -> dict[int, float]:
        """Share of the readings at which each bit of the flag was set, for those that were."""
        words = np.array([reading.flag for reading in self.readings])
        shares = {1 << bit: float(np.mean(words >> bit & 1)) for bit in range(16)}
        return {bit: share for bit, share in shares.items() if share > 0.0}


def follow(description: Description, case: PbmCase, batch: GranulationResult, compiled: bool) -> Trajectory:
    """Run the reduced model at the batch's speed and spray.

    Args:
        description: of the model; case: whose spray is followed; batch: whose times and speeds are;
        compiled: through numba.
    """
    model, spray = ReducedModel(description, compiled), spray_of(case.liquid.spray)
    readings = [model.read()]
    for place, (begin, end) in enumerate(pairwise(batch.time)):
        marks = [begin, *(time for time in spray.times if begin < time < end), end]
        for low, high in pairwise(marks):
            model.advance(float(high - low), float(batch.speed[place]), float(spray.at(low)))
        readings.append(model.read())
    return Trajectory(tuple(readings), description.edges)


def class_diameters(edges: Array, porosity: float) -> Array:
    """Diameters [m] of classes with edges in solid volume [m3] at a porosity: d = (6 x/(pi (1 - eps)))^(1/3)."""
    return np.asarray((6.0 / np.pi * edges / (1.0 - porosity)) ** (1.0 / 3.0))
