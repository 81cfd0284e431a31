"""Integration that keeps what is positive positive: ten stages, fourth order, each stage an average of Euler steps.

Ketcheson, SIAM J. Sci. Comput. 30 (2008) 2113, doi 10.1137/07070485X; the third-order result for the error by Conde,
Fekete and Shadid, J. Comput. Appl. Math. 412 (2022) 114325. Every stage keeps every linear sum that
the right-hand side keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from compute.errors import SimulationError
from pbm.grid import Floats

EMBEDDED = np.array([0.2, 0.0, 0.0, 0.3, 0.0, 0.0, 0.2, 0.0, 0.3, 0.0])
SHORTEST = 1e-13
"""Share of the time span below which a step means collapse."""
FAILED, NEGATIVE = 1e4, 8.0
"""Stand for the error, over the tolerance, of a step that left the numbers, and of one that went below nil."""


def stages(state: Floats, step: float, slope: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """State after one step of this length, and its difference to the third-order result."""
    moving, kept, slopes = state, state, np.empty((10, state.size))
    for stage in range(9):
        slopes[stage] = slope(moving)
        moving = moving + step / 6.0 * slopes[stage]
        if stage == 4:
            kept = (state + 9.0 * moving) / 25.0
            moving = 15.0 * kept - 5.0 * moving
    slopes[9] = slope(moving)
    end = kept + 0.6 * moving + 0.1 * step * slopes[9]
    return end, step * ((0.1 - EMBEDDED) @ slopes)


def integrate(
    slope: Callable[[Floats], Floats],
    start: Floats,
    times: Floats,
    error_of: Callable[[Floats, Floats], float],
    positive: int,
) -> tuple[Floats, int]:
    """States at `times`, shape (times, size), and the number of accepted steps.

    error_of(state, difference): error of a step over its tolerance; positive: how many leading values may not fall
    below nil. Raises SimulationError when the step collapses or a rate is no number.
    """
    state, step, accepted = np.array(start, dtype=float), float(times[1] - times[0]), 0
    states = [state]
    for begin, end in pairwise(times):
        time = float(begin)
        while time < end:
            length = min(step, float(end) - time)
            error, trial = _try(state, length, slope, error_of, positive)
            factor = min(max(0.9 * max(error, 1e-10) ** -0.25, 0.05), 4.0)
            if error <= 1.0:
                ends = length >= end - time
                time = float(end) if ends else time + length
                state, accepted = trial, accepted + 1
                step = max(step, length * factor) if ends else length * factor
            else:
                step = length * min(factor, 0.8)
                _check_step(step, times, time)
        states.append(state)
    return np.array(states), accepted


def _try(
    state: Floats,
    length: float,
    slope: Callable[[Floats], Floats],
    error_of: Callable[[Floats, Floats], float],
    positive: int,
) -> tuple[float, Floats]:
    """Error over tolerance and end of a step; one that leaves the numbers or goes below nil counts as far too long."""
    with np.errstate(all="ignore"):
        trial, difference = stages(state, length, slope)
        error = error_of(trial, difference)
    if not np.isfinite(error):
        return FAILED, trial
    return (error if np.all(trial[:positive] >= 0.0) else max(error, NEGATIVE)), trial


def _check_step(step: float, times: Floats, time: float) -> None:
    if step < SHORTEST * float(times[-1] - times[0]):
        raise collapse(time, step)


def collapse(time: float, step: float, member: int = 0, members: int = 1) -> SimulationError:
    """The error of a step that fell below every use, of one of several members."""
    place = f"member {member}, {time:.6g} s" if members > 1 else f"{time:.6g} s"
    return SimulationError(
        f"population balance at {place}: the step fell to {step:.3g} s; expected rates that change over the "
        "run: lower the kernel or the breakage rate, or shorten the run"
    )
