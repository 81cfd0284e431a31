"""The parts of a step on a device: the routines of `pbm.stages` and `pbm.transport` by compartment and class.

Events have a row of their own behind the classes of a compartment; a thread of it sees no class.
"""

from __future__ import annotations

from compute.base import Backend
from compute.physics import physics, routine
from pbm.clock_device import ACCEPTED, LENGTH, SHARE, SUMS, Course, control_of, largest_of
from pbm.compartments import book_left
from pbm.grid import Floats
from pbm.model import BOOKED, DISPLACED, Tables, Workspace
from pbm.right_hand_side import limit_losses
from pbm.stages import (
    LEVELS,
    Scratch,
    add_euler_step,
    begin_levels,
    blend,
    book,
    error_beside,
    extrapolate_levels,
    make_scratch,
    mix_last_in,
    settle,
    sums,
)
from pbm.transport import fill_moves, hold_absorption, lay_films, soak_class
from pbm.views_device import stages_of, stages_of_class, tables_of_class, view_compartment


def make_device_scratch(backend: Backend, compartments: int, quantities: int, classes: int) -> Scratch:
    """Stages in which no thread writes where another one does."""
    host, rows = make_scratch(compartments, classes, quantities), max(classes + 1, LEVELS)
    shapes = {name: getattr(host, name).shape for name in Scratch._fields}
    shapes["booked"], shapes["ledger"] = ((len(each), BOOKED, compartments, classes + 1) for each in (host[1], host[3]))
    shapes["weights"], shapes["leaving"] = (*host.weights.shape, rows), (compartments, rows)
    return Scratch(**{name: backend.zeros(shape) for name, shape in shapes.items()})


@routine
def begin_step(item: int, state: Floats, scratch: Scratch) -> None:
    """Put every level of a class at the start of the step."""
    cells = state.shape[2]
    place, k = item // (cells + 1), item % (cells + 1)
    own = state[place : place + 1, :, min(k, cells) : min(k + 1, cells)]
    begin_levels(own, stages_of(place, k, scratch))


@routine
def limit_class(item: int, parts: float, state: Floats, course: Course, work: Workspace, scratch: Scratch) -> None:
    """Hold the absorption of a class, and limit its losses, for a step of so many parts."""
    cells = state.shape[2]
    place, k = item // cells, item % cells
    own = view_compartment(place, k, cells, work)
    hold_absorption(state[place : place + 1, :, k : k + 1], own, scratch.soaking[place : place + 1, k : k + 1])
    limit_losses(course.clock[LENGTH] / parts, own)


@routine
def step_level(item: int, level: int, course: Course, scratch: Scratch) -> None:
    """Move a class of a level on by an Euler step."""
    cells = scratch.trial.shape[2]
    place, k = item // (cells + 1), item % (cells + 1)
    add_euler_step(level, course.clock[LENGTH] / (level + 1.0), stages_of(place, k, scratch))


@routine
def find_moves(level: int, course: Course, tables: Tables, scratch: Scratch) -> None:
    """Find the shares that move between compartments in an Euler step of a level."""
    fill_moves(course.clock[LENGTH] / (level + 1.0), tables, scratch.weights[:, :, level], scratch.moves[level])


@routine
def soak_films(k: int, level: int, course: Course, tables: Tables, scratch: Scratch) -> None:
    """Absorb the films of a class in all compartments."""
    own = stages_of_class(k, scratch)
    soaked = soak_class(0, course.clock[LENGTH] / (level + 1.0), own.level[level], tables, own)
    scratch.ledger[level, DISPLACED, 0, k] += soaked


@routine
def move_class(item: int, level: int, tables: Tables, scratch: Scratch) -> None:
    """Gather what moves to one compartment of one class, in the order of the CPU, and book what leaves."""
    (size, quantities, cells), moves = scratch.trial.shape, scratch.moves[level]
    place, k = item // cells, item % cells
    state, booked = scratch.level[level], scratch.ledger[level, :, place, k]
    if moves[place, size] > 0.0:
        book_left(place, k, moves[place, size], state, tables, booked)
    for quantity in range(quantities):
        moved = 0.0
        for source in range(size):
            if moves[source, place] > 0.0:
                moved += moves[source, place] * state[source, quantity, k]
        scratch.trial[place, quantity, k] = moved


@routine
def take_moved(item: int, level: int, tables: Tables, scratch: Scratch) -> None:
    """Take over what has moved of a class, and its films."""
    cells = scratch.trial.shape[2]
    place, k = item // cells, item % cells
    own = stages_of(place, k, scratch)
    if tables.coupled == 1:
        settle_all(own.trial, own.level[level])
    lay_films(own.level[level], own.films)


@physics
def settle_all(values: Floats, place: Floats) -> None:
    """Copy the values of one class to their place."""
    for quantity in range(values.shape[1]):
        place[0, quantity, 0] = values[0, quantity, 0]


@routine
def extrapolate_class(item: int, state: Floats, course: Course, scratch: Scratch) -> None:
    """Extrapolate a class, and note the share of the last level that it needs."""
    cells = state.shape[2]
    place, k = item // cells, item % cells
    needed = extrapolate_levels(state[place : place + 1, :, k : k + 1], stages_of(place, k, scratch))
    course.needed[0, place, k] = needed


@routine
def find_worst(place: int, which: int, course: Course) -> None:
    """Find the largest share needed, or error, of a compartment."""
    course.worst[which, place] = largest_of(course.needed[which, place])


@routine
def mix_trial(item: int, course: Course, scratch: Scratch) -> None:
    """Mix as much of the last level into a class as the neediest class of all asks for."""
    cells = scratch.trial.shape[2]
    share = largest_of(course.worst[0])
    if item == 0:
        course.clock[SHARE] = share
    if share > 0.0:
        mix_last_in(share, stages_of(item // cells, item % cells, scratch))


@routine
def add_up_trial(place: int, tables: Tables, course: Course, scratch: Scratch) -> None:
    """Add up what a compartment holds after the trial."""
    found = sums(scratch.trial[place : place + 1], tables)
    for each in range(SUMS):
        course.present[place, each] = found[each]


@routine
def find_error(item: int, tables: Tables, course: Course, scratch: Scratch) -> None:
    """Find the error of a class over its tolerance."""
    cells, solids = scratch.trial.shape[2], 0.0
    place, k = item // cells, item % cells
    for each in range(course.present.shape[0]):
        solids += course.present[each, 0]
    one, own = tables_of_class(k, tables), stages_of(place, k, scratch)
    error = error_beside(solids, course.clock[SHARE], control_of(course), one, own)
    course.needed[1, place, k] = error


@routine
def settle_class(item: int, state: Floats, course: Course, scratch: Scratch) -> None:
    """Take a class of an accepted trial over, and its events."""
    cells = state.shape[2]
    place, k = item // (cells + 1), item % (cells + 1)
    own = state[place : place + 1, :, min(k, cells) : min(k + 1, cells)]
    if course.clock[ACCEPTED] > 0.0:
        stages = stages_of(place, k, scratch)
        book(course.clock[SHARE], stages, course.booked[:, place, k])
        settle(own, stages.trial)


@routine
def add_up_events(item: int, course: Course) -> None:
    """Add up one kind of events of a compartment over its classes."""
    place, event, total = item // BOOKED, item % BOOKED, 0.0
    if course.clock[ACCEPTED] > 0.0:
        for k in range(course.booked.shape[2]):
            total += course.booked[event, place, k]
        course.totals[place, event] = total


@routine
def blend_class(item: int, first: float, second: float, state: Floats, course: Course, scratch: Scratch) -> None:
    """Put together the trial of a class for the fixed rule."""
    place, k = item // state.shape[2], item % state.shape[2]
    blend(state[place : place + 1, :, k : k + 1], course.clock[LENGTH], first, second, stages_of(place, k, scratch))


@routine
def settle_blend(item: int, state: Floats, course: Course, scratch: Scratch) -> None:
    """Take a class of a step of the fixed rule over, and its events."""
    cells = state.shape[2]
    place, k = item // (cells + 1), item % (cells + 1)
    own = state[place : place + 1, :, min(k, cells) : min(k + 1, cells)]
    if course.clock[ACCEPTED] > 0.0:
        stages, booked = stages_of(place, k, scratch), course.booked[:, place, k]
        settle(own, stages.trial)
        for event in range(BOOKED):
            booked[event] += 0.5 * course.clock[LENGTH] * (stages.booked[0, event] + stages.booked[1, event])
