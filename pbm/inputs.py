"""Inputs over time: piecewise constant, so that every change is an event between two stretches of smooth motion."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats


@dataclass(frozen=True)
class Steps:
    """An input that is constant between the times of its changes: `values[k]` holds from `times[k]` on."""

    times: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse times that do not rise or do not match the values; raises CaseError."""
        if len(self.times) != len(self.values) or not self.times:
            raise CaseError("times and values differ in length", value=(len(self.times), len(self.values)))
        if any(later <= sooner for sooner, later in pairwise(self.times)):
            raise CaseError("times of an input do not rise", value=self.times)
        if not all(np.isfinite(self.times)) or not all(value >= 0.0 for value in self.values):
            raise CaseError("an input has to be finite and not negative", value=self.values)

    def at(self, time: float) -> float:
        """Value that holds just after `time` [s]; the first one before its start."""
        place = bisect_right(self.times, time) - 1
        return float(self.values[max(place, 0)])

    def integral(self, begin: float, end: float) -> float:
        """Integral over time from `begin` to `end` [s]."""
        marks = [begin, *(time for time in self.times if begin < time < end), end]
        return float(sum(self.at(low) * (high - low) for low, high in pairwise(marks)))


def constant(value: float) -> Steps:
    """An input that never changes."""
    return Steps((0.0,), (float(value),))


def stretches(times: Floats, *inputs: Steps) -> list[tuple[float, float]]:
    """Begin and end of what lies between output times and changes of the inputs, from the first to the last time."""
    changes = {float(time) for steps in inputs for time in steps.times if times[0] < time < times[-1]}
    return list(pairwise(sorted(changes.union(float(time) for time in times))))
