"""Time and steps of an integration on a device: what one thread decides there, and what the host reads of it.

The clock stands in device memory: the host sets inputs and status, and runs the same launches again and again until
the status is another. A trial that is run without one under way changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from compute.base import Backend
from compute.physics import physics, routine
from pbm.grid import Floats
from pbm.integrate import COLLAPSED, DONE, FULL, NOT_CONSERVED, NOT_FINITE, SAFE_LOSS, after_trial, paced
from pbm.model import BOOKED
from pbm.stages import RECORD, Control, Start, imbalance_beside

TIME, END, STEP, LENGTH, SPEED, SPRAY, STATUS, ROWS, ACCEPTED, SHARE = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
LONGEST, LOST, MOST, TAKEN, FORCED, ROOM = 10, 11, 12, 13, 14, 15
CLOCK = 16
"""Time, end, next step and length of the present one [s]; speed [rad/s], spray [kg/s]; status; rows written; one where
the trial is accepted; share of the last level in it. Of the fixed rule: longest step [s], share lost, most steps, steps
taken, one where `most` forced one. Rows that the record may have."""
RUNNING = -1.0
"""Status of an integration under way; the others are those of `pbm.integrate`."""
SUMS = 5


class Course(NamedTuple):
    """What an integration is about beside its state."""

    clock: Floats  # (CLOCK,)
    control: Floats  # `Control`, (4,)
    start: Floats  # `Start`, (SUMS,)
    loss: Floats  # largest relative losses [1/s] of `largest_loss`, (compartments, 2)
    needed: Floats  # share of the last level that a class needs, and its error, (2, compartments, classes)
    worst: Floats  # the largest of both by compartment, (2, compartments)
    present: Floats  # sums of the trial as those of `Start`, (compartments, SUMS)
    booked: Floats  # ledger of the accepted steps, (BOOKED, compartments, classes + 1)
    totals: Floats  # the same by compartment, (compartments, BOOKED)
    ledger: Floats  # of the whole, (BOOKED,)
    record: Floats  # of accepted steps, (rows, RECORD)


def make_course(backend: Backend, compartments: int, classes: int, rows: int) -> Course:
    """Zeroed, on a backend."""
    zeros, places = backend.zeros, compartments
    return Course(
        zeros(CLOCK), zeros(len(Control._fields)), zeros(SUMS), zeros((places, 2)), zeros((2, places, classes)),
        zeros((2, places)), zeros((places, SUMS)), zeros((BOOKED, places, classes + 1)),
        zeros((places, BOOKED)), zeros(BOOKED), zeros((rows, RECORD)),
    )  # fmt: skip


@physics
def largest_of(values: Floats) -> float:
    """Largest of some values, none of them below nil; not a number where one is none."""
    largest, total = 0.0, 0.0
    for each in range(values.size):
        largest, total = max(largest, values[each]), total + values[each]
    return largest + 0.0 * total


@physics
def control_of(course: Course) -> Control:
    """Settings of the adaptive method."""
    return Control(course.control[0], course.control[1], course.control[2], course.control[3])


@routine
def aim(item: int, course: Course) -> None:
    """Choose the length of the next trial as `make_advance` does."""
    clock, shortest = course.clock, control_of(course).shortest
    clock[LENGTH], clock[ACCEPTED] = 0.0, 0.0
    if clock[STATUS] == RUNNING:
        clock[STEP] = min(clock[STEP], SAFE_LOSS / max(largest_of(course.loss[:, 0]), 1e-300))
        if clock[STEP] > shortest:
            clock[LENGTH] = min(clock[STEP], clock[END] - clock[TIME])
        else:
            clock[STATUS] = COLLAPSED


@routine
def judge(item: int, course: Course) -> None:
    """Accept or reject the trial."""
    clock = course.clock
    if clock[STATUS] == RUNNING:
        worst = largest_of(course.worst[1])
        if worst != worst:
            clock[STATUS] = NOT_FINITE
            return
        clock[TIME], clock[STEP] = after_trial(worst, clock[TIME], clock[END], clock[STEP], clock[LENGTH])
        clock[ACCEPTED] = 0.0 if worst > 1.0 else 1.0


@routine
def write_row(item: int, course: Course) -> None:
    """Write the record of an accepted step, and stop at the end, for a full record or for a balance that is lost."""
    clock, present, start, places = course.clock, course.present, course.start, course.present.shape[0]
    if clock[ACCEPTED] == 0.0:
        return
    for event in range(BOOKED):
        course.ledger[event] = 0.0
        for place in range(places):
            course.ledger[event] += course.totals[place, event]
    solids, liquid, gas, number, second = 0.0, 0.0, 0.0, 0.0, 0.0
    for place in range(places):
        solids, liquid, gas = solids + present[place, 0], liquid + present[place, 1], gas + present[place, 2]
        number, second = number + present[place, 3], second + present[place, 4]
    began = Start(start[0], start[1], start[2], start[3], start[4])
    row = course.record[int(clock[ROWS])]
    row[0], row[1] = clock[TIME], clock[LENGTH]
    row[2], row[3], row[4], row[5] = imbalance_beside((solids, liquid, gas, number, second), began, course.ledger)
    drift, clock[ROWS] = max(max(row[2], row[3]), max(row[4], row[5])), clock[ROWS] + 1.0
    if not drift <= control_of(course).drift:
        clock[STATUS] = NOT_CONSERVED
    elif not clock[TIME] < clock[END]:
        clock[STATUS] = DONE
    elif clock[ROWS] == clock[ROOM]:
        clock[STATUS] = FULL


@routine
def pace(item: int, course: Course) -> None:
    """Choose the length of the next step of the fixed rule; of nil where there is none."""
    clock = course.clock
    clock[LENGTH], clock[ACCEPTED] = 0.0, 0.0
    if clock[STATUS] == RUNNING:
        loss, left = largest_of(course.loss[:, 1]), clock[MOST] - clock[TAKEN]
        clock[LENGTH], longer = paced(clock[END], loss, clock[LONGEST], clock[LOST], left)
        clock[FORCED] = 1.0 if longer else clock[FORCED]
        clock[ACCEPTED] = 1.0


@routine
def end_step(item: int, course: Course) -> None:
    """Move on by a step of the fixed rule: the end comes nearer by it."""
    clock = course.clock
    if clock[ACCEPTED] > 0.0:
        clock[END], clock[TAKEN] = max(clock[END] - clock[LENGTH], 0.0), clock[TAKEN] + 1.0
        if clock[END] == 0.0:
            clock[STATUS] = DONE
