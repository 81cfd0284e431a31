"""The lengths of steps: from the error of one to the next, for one member on any backend."""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.elementary import exponential, logarithm
from compute.physics import routine

MOST_STEPS = 5_000_000
"""Steps, accepted or not, after which a run is given up: minutes of the smallest populations."""
FAILED, NEGATIVE = 1e4, 8.0
"""Stand for the error, over the tolerance, of a step that left the numbers, and of one that went below nil."""


class Pace(NamedTuple):
    """Where an integration is: time and next step [s]; error over tolerance and length of a step that failed."""

    time: float
    step: float
    failed: float  # nil after a step that did not
    failed_length: float


@routine
def given_up(error: float, step: float, shortest: float, taken: int) -> bool:
    """Whether to give up after a step: one that was rejected for a length below every use, or the last one allowed."""
    return (error > 1.0 and step < shortest) or taken >= MOST_STEPS


@routine
def pace_after(error: float, tolerance: float, length: float, mark: float, shortest: float, pace: Pace) -> Pace:
    """Time and next step after a step with this error over tolerance, on the way to `mark`.

    A step of no length finds the first step from its error, the relative change per second.
    """
    rest = mark - pace.time
    if length == 0.0:
        first = math.sqrt(math.sqrt(tolerance)) / max(error, 1e-300)
        return Pace(pace.time, max(min(rest, first), shortest), pace.failed, pace.failed_length)
    factor = step_factor(error, length, pace.failed, pace.failed_length)
    if error > 1.0:
        return Pace(pace.time, length * min(factor, 0.8), error, length)
    if length >= rest:
        return Pace(mark, max(pace.step, length * factor), 0.0, pace.failed_length)
    return Pace(pace.time + length, length * factor, 0.0, pace.failed_length)


@routine
def judged(error: float, tolerance: float, length: float, lowest: float) -> float:
    """Error over tolerance; a step that leaves the numbers or goes below nil counts as far too long.

    That of a step of no length, which goes nowhere, stays as it is.
    """
    if length == 0.0:
        return error
    error = error / tolerance
    if not error < FAILED:
        return FAILED
    return error if lowest >= 0.0 else max(error, NEGATIVE)


@routine
def step_factor(error: float, length: float, failed: float, failed_length: float) -> float:
    """Change of the step for an error over tolerance.

    The error of a smooth step goes with its fourth power; after a step that failed, with the power that shows, which is
    less where a rate has a kink.
    """
    power = 4.0
    if failed > 0.0 and error > 1.0:
        power = min(max(logarithm(max(failed / error, 1.0)) / logarithm(failed_length / length), 1.0), 4.0)
    return min(max(0.9 * exponential(-logarithm(max(error, 1e-10)) / power), 0.05), 4.0)
