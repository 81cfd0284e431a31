"""Integration of one population on a device: the steps of `pbm.runs`, each entry of the state a thread.

State, stages, error and control of the steps stay there. The host launches trials, each a graph that is a step or the
search for the first one, and reads the clock after each. Sums for the error are added up by chunks of cells, then chunk
by chunk, in a fixed order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, Protocol

import numpy as np

from compute.base import Backend, Launch
from compute.graph import make_graph, run_once
from compute.physics import routine
from compute.tuples import make_loader, make_storer
from pbm.grid import Floats
from pbm.pace import Pace, given_up, judged, pace_after
from pbm.runs import (
    POSITIVE,
    Runs,
    Stages,
    add_stage,
    begin_step,
    copy,
    empty,
    end_step,
    keep,
    least_of,
    lowest_of,
    weight_of,
)

TIME, STEP, FAILED, FAILED_LENGTH, LENGTH, MARK, LEAST, ACCEPTED = 0, 1, 2, 3, 4, 5, 6, 7
STATUS, TAKEN, REPEATED, SHORT, TOLERANCE, LAST = 8, 9, 10, 11, 12, 13
CLOCK = 14
"""The four of `Pace`; length of the present step [s]; place of the next output; content below which a class is empty;
one where the step is accepted; status; steps accepted and rejected; shortest step [s]; tolerance; place of the last
output."""
DONE, RUNNING, STOPPED = 0.0, 1.0, 2.0
"""Status of the clock. A trial that is run without a run under way changes nothing."""
STAGES = 10
CHUNK = 64
"""Cells whose sums one thread adds up."""


class Judgement(NamedTuple):
    """How the error of a step is found, in three parts that can be done side by side.

    sums(begin, end, values, difference, problem): tuple of `number` sums over cells; worst(begin, end, sums, values,
    difference, problem): largest error of cells; error(sums, worst): of the step.
    """

    number: int
    sums: Callable[..., Any]
    worst: Callable[..., float]
    error: Callable[..., float]


class Balance(Protocol):
    """A population whose rates are found on a device."""

    cells: int
    problem: Any
    judgement: Judgement

    def slope(self, values: Any, slope: Any) -> list[Launch]:
        """Launches that fill the slope of a state."""


class Course(NamedTuple):
    """What an integration is about beside its stages, of one member."""

    clock: Floats  # (CLOCK,)
    times: Floats  # of output [s]
    states: Floats  # (times, size)
    sums: Floats  # for the error, by chunk and of all, (chunks + 1, sums)
    worst: Floats  # largest error of the cells, lowest and largest content, by chunk, (3, chunks)


@routine
def aim(item: int, course: Course) -> None:
    """Choose the length of the next step, and find what is empty at its start."""
    clock = course.clock
    clock[LENGTH], clock[ACCEPTED] = 0.0, 0.0
    if clock[STATUS] == RUNNING:
        clock[LENGTH] = min(clock[STEP], course.times[int(clock[MARK])] - clock[TIME])
        clock[LEAST] = least_of(course.worst[2], course.worst.shape[1])


@routine
def find_largest(chunk: int, positive: int, stages: Stages, course: Course) -> None:
    """Find the largest content of a chunk of the state."""
    largest, state = 0.0, stages.state[0]
    for k in range(chunk * CHUNK, min((chunk + 1) * CHUNK, positive)):
        largest = max(largest, state[k])
    course.worst[2, chunk] = largest


@routine
def begin_entry(k: int, positive: int, stages: Stages, course: Course) -> None:
    """Begin the step of one entry."""
    one = slice(k, k + 1)
    moving = stages.moving[0, one]
    begin_step(1, stages.state[0, one], moving, stages.difference[0, one])
    if k < positive:
        empty(1, moving, course.clock[LEAST])


@routine
def move_entry(k: int, stage: int, positive: int, stages: Stages, course: Course) -> None:
    """Take one entry through a stage whose slope is known, as `pbm.runs.make_step` does.

    A step of no length stays where it is, with the slope of its first stage as its difference.
    """
    length, one = course.clock[LENGTH], slice(k, k + 1)
    moving, kept, part = stages.moving[0, one], stages.kept[0, one], length / 6.0
    if stage == STAGES - 1 and length > 0.0:
        end_step(1, kept, moving)
        part = 0.1 * length
    weight = length * weight_of(stage) if length > 0.0 else 1.0 - min(stage, 1)
    add_stage(1, part, weight, stages.slope[0, one], moving, stages.difference[0, one])
    if stage == 4 and length > 0.0:
        keep(1, stages.state[0, one], moving, kept)
    if k < positive:
        empty(1, moving, course.clock[LEAST])


@cache
def make_judging(judgement: Judgement) -> tuple[Callable[..., None], Callable[..., None], Callable[..., None]]:
    """Build the bodies that find the sums of a chunk, its worst error, and what becomes of the step."""
    number, sums_of, worst_of, error_of = judgement
    store, load = make_storer(number), make_loader(number)

    @routine
    def sum_chunk(chunk: int, cells: int, problem: Any, stages: Stages, course: Course) -> None:
        end = min((chunk + 1) * CHUNK, cells)
        found = sums_of(chunk * CHUNK, end, stages.moving[0], stages.difference[0], problem)
        store(course.sums[chunk], 0, 1, found)

    @routine
    def judge_chunk(
        chunk: int, cells: int, positive: int, problem: Any, stages: Stages, course: Course
    ) -> None:  # fmt: skip
        begin, end, moving = chunk * CHUNK, (chunk + 1) * CHUNK, stages.moving[0]
        found = load(course.sums[course.sums.shape[0] - 1], 0, 1)
        course.worst[0, chunk] = worst_of(begin, min(end, cells), found, moving, stages.difference[0], problem)
        course.worst[1, chunk] = lowest_of(moving, begin, min(end, positive))

    @routine
    def judge(item: int, course: Course) -> None:
        clock, chunks = course.clock, course.worst.shape[1]
        if clock[STATUS] != RUNNING:
            return
        worst = 0.0
        for chunk in range(chunks):
            worst = max(worst, course.worst[0, chunk])
        error = error_of(load(course.sums[course.sums.shape[0] - 1], 0, 1), worst)
        error = judged(error, clock[TOLERANCE], clock[LENGTH], lowest_of(course.worst[1], 0, chunks))
        move_clock(error, course)

    return sum_chunk, judge_chunk, judge


@routine
def add_chunks(which: int, course: Course) -> None:
    """Add one of the sums for the error up over all chunks."""
    total, chunks = 0.0, course.sums.shape[0] - 1
    for chunk in range(chunks):
        total += course.sums[chunk, which]
    course.sums[chunks, which] = total


@routine
def move_clock(error: float, course: Course) -> None:
    """Accept or reject a step with this error over tolerance."""
    clock, length = course.clock, course.clock[LENGTH]
    pace = Pace(clock[TIME], clock[STEP], clock[FAILED], clock[FAILED_LENGTH])
    mark = course.times[int(clock[MARK])]
    pace = pace_after(error, clock[TOLERANCE], length, mark, clock[SHORT], pace)
    clock[TIME], clock[STEP], clock[FAILED], clock[FAILED_LENGTH] = pace
    if length > 0.0 and error <= 1.0:
        clock[TAKEN], clock[ACCEPTED] = clock[TAKEN] + 1.0, 1.0
    elif length > 0.0:
        clock[REPEATED] += 1.0
    if length > 0.0 and given_up(error, pace.step, clock[SHORT], clock[TAKEN] + clock[REPEATED]):
        clock[STATUS] = STOPPED


@routine
def settle_entry(k: int, stages: Stages, course: Course) -> None:
    """Take one entry of an accepted step over, and write it where it is time for an output."""
    clock, one = course.clock, slice(k, k + 1)
    if clock[ACCEPTED] > 0.0:
        copy(1, stages.moving[0, one], stages.state[0, one])
        mark = int(clock[MARK])
        if not clock[TIME] < course.times[mark]:
            course.states[mark, k] = stages.state[0, k]


@routine
def pass_mark(item: int, course: Course) -> None:
    """Go on to the next output, or end."""
    clock = course.clock
    if clock[ACCEPTED] > 0.0 and not clock[TIME] < course.times[int(clock[MARK])]:
        clock[MARK] += 1.0
        if clock[MARK] > clock[LAST]:
            clock[MARK], clock[STATUS] = clock[LAST], DONE


def trial(balance: Balance, positive: int, stages: Stages, course: Course) -> list[Launch]:
    """One step, or the search for the first one."""
    size, cells, chunks = stages.state.shape[1], balance.cells, course.worst.shape[1]
    sum_chunk, judge_chunk, judge = make_judging(balance.judgement)
    launches = [Launch(aim, 1, (course,)), Launch(begin_entry, size, (positive, stages, course))]
    for stage in range(STAGES):
        launches += balance.slope(stages.moving[0], stages.slope[0])
        launches.append(Launch(move_entry, size, (stage, positive, stages, course)))
    return [
        *launches,
        Launch(sum_chunk, course.sums.shape[0] - 1, (cells, balance.problem, stages, course)),
        Launch(add_chunks, balance.judgement.number, (course,)),
        Launch(judge_chunk, chunks, (cells, positive, balance.problem, stages, course)),
        Launch(judge, 1, (course,)),
        Launch(settle_entry, size, (stages, course)),
        Launch(pass_mark, 1, (course,)),
        Launch(find_largest, chunks, (positive, stages, course)),
    ]


def slope_on(backend: Backend, balance: Balance, values: Floats) -> Floats:
    """Slope of a state of the host, found on a backend."""
    found = backend.zeros(values.size)
    run_once(backend, balance.slope(backend.array(values), found))
    return np.asarray(backend.numpy(found))


def prepare(backend: Backend, balance: Balance, runs: Runs) -> tuple[Stages, Course]:
    """Stages and course on a backend, with the state at the start and no run under way."""
    positive, zeros = int(runs.sizes[POSITIVE]), backend.zeros
    stages = Stages(*(zeros((1, runs.states.shape[2])) for _ in Stages._fields))
    sums = zeros((-(-balance.cells // CHUNK) + 1, balance.judgement.number))
    worst, states = zeros((3, -(-positive // CHUNK))), zeros(runs.states.shape[1:])
    begin = runs.states[0, 0].copy()
    empty(positive, begin, least_of(begin, positive))
    stages.state[0] = backend.array(begin)
    return stages, Course(zeros(CLOCK), backend.array(runs.times), states, sums, worst)


def solve_on(backend: Backend, balance: Balance, runs: Runs) -> None:
    """Integrate the one member of these runs on a backend; fills the runs of the host."""
    stages, course = prepare(backend, balance, runs)
    graph = make_graph(backend, trial(balance, int(runs.sizes[POSITIVE]), stages, course), 1, course.clock)
    clock, times = np.zeros(CLOCK), runs.times
    clock[[TIME, MARK, STATUS, LAST]] = times[0], 1.0, RUNNING, times.size - 1
    clock[[SHORT, TOLERANCE]] = runs.shortest, runs.tolerance[0]
    course.clock[...] = backend.array(clock)
    found = graph.run()
    while found[STATUS] == RUNNING:
        found = graph.run()
    runs.states[0, 1:] = backend.numpy(course.states)[1:]
    runs.steps[0] = found[TAKEN], found[REPEATED]
    if found[STATUS] == STOPPED:
        runs.stopped[0] = found[TIME], found[STEP]
