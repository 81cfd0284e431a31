"""Integration that keeps what is positive positive: ten stages, fourth order, each stage an average of Euler steps.

Ketcheson, SIAM J. Sci. Comput. 30 (2008) 2113, doi 10.1137/07070485X; the third-order result for the error by Conde,
Fekete and Shadid, J. Comput. Appl. Math. 412 (2022) 114325. Every stage keeps every linear sum that
the right-hand side keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from compute.errors import CaseError, SimulationError
from compute.physics import physics, routine
from pbm.grid import Floats
from pbm.pace import Pace, given_up, judged, pace_after

SHORTEST = 1e-13
"""Share of the time span below which a step means collapse."""
VANISHED = 1e-100
"""A content below this share of the largest, far below the round-off of any sum, is nil: no product underflows, which
would slow a processor down."""
POSITIVE = 1
"""Where `Runs.sizes` says how many values may not fall below nil."""


class Stages(NamedTuple):
    """Vectors of a step, each of shape (members, size)."""

    state: Floats
    slope: Floats  # slope of a stage
    moving: Floats  # stage; at last the end of the step
    kept: Floats
    difference: Floats  # end less the third-order result


class Runs(NamedTuple):
    """What is integrated, and what came of it, for every member of an ensemble."""

    order: np.ndarray  # member to be run at each place, (members,)
    times: Floats  # of output [s], (times,)
    shortest: float  # step whose rejection means collapse [s]
    tolerance: Floats  # error of a step, (members,)
    sizes: np.ndarray  # values of a member, and how many leading ones may not fall below nil, (2,)
    states: Floats  # (members, times, size); the first of them is the start
    steps: np.ndarray  # accepted and rejected steps, (members, 2)
    stopped: Floats  # time and step at which a run was given up [s], not a number for one that was not, (members, 2)


def make_stages(members: int, size: int) -> Stages:
    """Zeroed vectors."""
    return Stages(*(np.zeros((members, size)) for _ in Stages._fields))


def make_runs(starts: Floats, times: Floats, tolerance: Floats, positive: int) -> Runs:
    """Runs from `starts`, shape (members, size); neighbours are spread over the threads, as they take like times."""
    members, size = starts.shape
    states = np.zeros((members, times.size, size))
    states[:, 0] = starts
    order = np.argsort((np.arange(members) * 0.6180339887498949) % 1.0, kind="stable")
    steps, stopped = np.zeros((members, 2), dtype=np.int64), np.full((members, 2), np.nan)
    shortest = SHORTEST * float(times[-1] - times[0])
    return Runs(order, times, shortest, tolerance, np.array([size, positive]), states, steps, stopped)


def check_times(times: Floats) -> None:
    """Refuse output times [s] that are none; raises CaseError."""
    if times.ndim != 1 or times.size < 2 or not np.all(np.diff(times) > 0.0):
        raise CaseError("output times have to rise", key="times", expected="at least two, rising")


def check_runs(runs: Runs, blame: Callable[[int], str] | None = None) -> None:
    """Raise SimulationError for the first member that was given up.

    blame: says of a member what loses its content fastest, and what else may be done
    """
    failed = np.flatnonzero(np.isfinite(runs.stopped[:, 0]))
    if not failed.size:
        return
    member, (time, step) = int(failed[0]), runs.stopped[failed[0]]
    place = f"member {member}, {time:.6g} s" if len(runs.order) > 1 else f"{time:.6g} s"
    taken = int(runs.steps[member].sum())
    raise SimulationError(
        f"population balance at {place}: the step fell to {step:.3g} s after {taken} steps; "
        f"{blame(member) if blame else ''}expected rates that change over the run: lower the kernel or the breakage "
        "rate, or shorten the run"
    )


@routine
def add_stage(size: int, length: float, weight: float, slope: Floats, moving: Floats, difference: Floats) -> None:
    """Move the stage on by `length` times the slope, and the difference by `weight` times it."""
    for k in range(size):
        moving[k] += length * slope[k]
        difference[k] += weight * slope[k]


@routine
def begin_step(size: int, state: Floats, moving: Floats, difference: Floats) -> None:
    """Put the stage at the state, and the difference at nil."""
    for k in range(size):
        moving[k], difference[k] = state[k], 0.0


@routine
def keep(size: int, state: Floats, moving: Floats, kept: Floats) -> None:
    """After five stages: average what is kept for the end, and go back."""
    for k in range(size):
        kept[k] = (state[k] + 9.0 * moving[k]) / 25.0
        moving[k] = 15.0 * kept[k] - 5.0 * moving[k]


@routine
def end_step(size: int, kept: Floats, moving: Floats) -> None:
    """Put the end of the step together, but for its last slope."""
    for k in range(size):
        moving[k] = kept[k] + 0.6 * moving[k]


@routine
def weight_of(stage: int) -> float:
    """Share of a stage's slope in the difference to the third-order result, over the length of the step."""
    if stage == 3 or stage == 8:
        return -0.2
    return -0.1 if stage == 0 or stage == 6 else 0.1


@physics
def turn_of(place: int, runs: Runs) -> tuple[int, int]:
    """Return the member whose turn it is at one place of the order, and how many values it has.

    They are looked up anew for each part of a step: on a device the addresses and numbers of rounds that follow from
    them would else be kept in registers from one part to the next.
    """
    return runs.order[place], runs.sizes[0]


@physics
def begin(place: int, stages: Stages, runs: Runs) -> float:
    """Begin a step; returns the content below which a class is empty."""
    member, size = turn_of(place, runs)
    begin_step(size, stages.state[member], stages.moving[member], stages.difference[member])
    return least_of(stages.state[member], runs.sizes[POSITIVE])


@physics
def move(place: int, stage: int, length: float, stages: Stages, runs: Runs) -> None:
    """Move a stage on along its slope.

    A step of no length leaves the slope of the state as its difference.
    """
    part = length / 6.0
    if stage == 9:
        member, size = turn_of(place, runs)
        end_step(size, stages.kept[member], stages.moving[member])
        part = 0.1 * length
    weight = length * weight_of(stage) if length > 0.0 else 1.0
    member, size = turn_of(place, runs)
    add_stage(size, part, weight, stages.slope[member], stages.moving[member], stages.difference[member])


@physics
def turn_back(place: int, stages: Stages, runs: Runs) -> None:
    """Keep what the end is made of after five stages, and go back."""
    member, size = turn_of(place, runs)
    keep(size, stages.state[member], stages.moving[member], stages.kept[member])


@physics
def empty_contents(place: int, values: Floats, least: float, runs: Runs) -> None:
    """Put nil where next to nothing is of what may not fall below nil."""
    empty(runs.sizes[POSITIVE], values[runs.order[place]], least)


def make_step(slope_of: Callable[..., None]) -> Callable[..., None]:
    """Build one step of a member: `stages.moving` becomes its end, `stages.difference` the error."""

    def step(place: int, length: float, problem: Any, work: Any, stages: Stages, runs: Runs) -> None:
        least = begin(place, stages, runs)
        for stage in range(10 if length > 0.0 else 1):
            empty_contents(place, stages.moving, least, runs)
            member, size = turn_of(place, runs)
            slope_of(member, stages.moving[member, :size], problem, work, stages.slope[member, :size])
            move(place, stage, length, stages, runs)
            if stage == 4:
                turn_back(place, stages, runs)
        empty_contents(place, stages.moving, least, runs)

    return step


@physics
def start_run(place: int, stages: Stages, runs: Runs) -> None:
    """Put a member at its start."""
    member, size = turn_of(place, runs)
    copy(size, runs.states[member, 0], stages.state[member])
    positive = runs.sizes[POSITIVE]
    empty(positive, stages.state[member], least_of(stages.state[member], positive))


@physics
def write_state(place: int, mark: int, stages: Stages, runs: Runs) -> None:
    """Write the state of a member at an output."""
    member, size = turn_of(place, runs)
    copy(size, stages.state[member], runs.states[member, mark])


@physics
def end_of_step(place: int, error: float, pace: Pace, stages: Stages, runs: Runs) -> bool:
    """Count a step, take it on if its error allows; returns whether the run is given up."""
    if error <= 1.0:
        member, size = turn_of(place, runs)
        copy(size, stages.moving[member], stages.state[member])
    member, _ = turn_of(place, runs)
    runs.steps[member, 0 if error <= 1.0 else 1] += 1
    stops = given_up(error, pace.step, runs.shortest, runs.steps[member, 0] + runs.steps[member, 1])
    if stops:
        runs.stopped[member, 0], runs.stopped[member, 1] = pace.time, pace.step
    return stops


def make_judge(error_of: Callable[..., float]) -> Callable[..., float]:
    """Build what finds the error of a step over the tolerance of its member."""

    def judge(place: int, length: float, problem: Any, stages: Stages, runs: Runs) -> float:
        member, size = turn_of(place, runs)
        error = error_of(member, stages.moving[member, :size], stages.difference[member, :size], problem)
        lowest = lowest_of(stages.moving[member], 0, runs.sizes[POSITIVE])
        return judged(error, runs.tolerance[member], length, lowest)

    return judge


def make_run(slope_of: Callable[..., None], error_of: Callable[..., float]) -> Callable[..., None]:
    """Build the adaptive integration over all times of the member whose turn it is at one place of the order.

    slope_of(member, values, problem, work, slope) fills a slope; error_of(member, values, difference, problem) is the
    relative error of a step.
    """
    take_step, judge = physics(make_step(slope_of)), physics(make_judge(error_of))

    def run(place: int, problem: Any, work: Any, stages: Stages, runs: Runs) -> None:
        times = runs.times
        start_run(place, stages, runs)
        pace = Pace(times[0], 0.0, 0.0, 0.0)
        for mark in range(1, times.size):
            while pace.time < times[mark]:
                length = min(pace.step, times[mark] - pace.time)
                take_step(place, length, problem, work, stages, runs)
                error, tolerance = judge(place, length, problem, stages, runs), runs.tolerance[runs.order[place]]
                pace = pace_after(error, tolerance, length, times[mark], runs.shortest, pace)
                if length > 0.0 and end_of_step(place, error, pace, stages, runs):
                    return
            write_state(place, mark, stages, runs)

    return run


@routine
def lowest_of(values: Floats, begin: int, end: int) -> float:
    """Lowest of some values, nil if none is below."""
    lowest = 0.0
    for k in range(begin, end):
        lowest = min(lowest, values[k])
    return lowest


@routine
def least_of(values: Floats, positive: int) -> float:
    """Content below which a class is empty."""
    largest = 0.0
    for k in range(positive):
        largest = max(largest, values[k])
    return VANISHED * largest


@routine
def empty(size: int, values: Floats, least: float) -> None:
    """Put nil where next to nothing is."""
    for k in range(size):
        values[k] = 0.0 if abs(values[k]) < least else values[k]


@routine
def copy(size: int, values: Floats, place: Floats) -> None:
    """Copy values to their place."""
    for k in range(size):
        place[k] = values[k]
