"""The balance of a population in one coordinate as loops over classes, for one or many members of an ensemble.

A member is one of the populations whose tables are stacked, with factors on its rates and a start of its own. The state
is the numbers of the classes, followed by the ledger.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from compute.physics import physics, routine
from pbm.grid import Floats
from pbm.growth import Layering, add_layers
from pbm.runs import Runs, Stages, make_run, make_runs, make_stages
from pbm.schemes.aggregation import Merging, add_scaled, merge_beyond, pool_mergers, share_births

MERGED, GAINED, BEYOND_NUMBER, BEYOND_VOLUME, LAYERED = 0, 1, 2, 3, 4
BOOKED = 5
"""Ledger beside the classes: mergers; grains gained by breakage; number the top class got more than was born above its
pivot, and the volume by which it grew beyond; solid volume gained by growth."""
AGGREGATION, BREAKAGE, GROWTH = 0, 1, 2
FLOOR = 1e-2
"""Share of the solids that the smallest class counts as in the error of a step."""
CLASS_WEIGHT = 0.1
"""What the error of a class counts beside that of a moment."""


class Classes(NamedTuple):
    """Tables of one or more populations p with n classes, (p, ...)."""

    pivots: Floats  # [m3], (p, n)
    aggregates: np.ndarray  # whether anything merges, (p,)
    breaks: np.ndarray  # whether anything breaks, (p,)
    fragments: Floats  # what a grain of class k adds to class j by breaking [1/s], (p, n, n)
    gained: Floats  # grains a grain of class k gains by breaking [1/s], (p, n)


class Members(NamedTuple):
    """Which population a member is, (members,), and the factors on its rates, (members, 3)."""

    kind: np.ndarray
    factors: Floats


class Problem(NamedTuple):
    """All tables of an ensemble."""

    classes: Classes
    merging: Merging
    layering: Layering
    members: Members


class Work(NamedTuple):
    """Pooled values of the classes, (members, n)."""

    loss: Floats
    born: Floats
    lifted: Floats


def stack(tables: list[Any]) -> Any:
    """Tables of several populations as one; lists of pairs are filled up with nil."""
    columns = []
    for parts in zip(*tables):
        width = max(part.shape[1] for part in parts) if parts[0].ndim > 1 else 0
        filled = [_filled(part, width) for part in parts]
        columns.append(np.concatenate(filled))
    return type(tables[0])(*columns)


def _filled(part: Any, width: int) -> Any:
    if part.ndim != 2:
        return part
    return np.pad(part, ((0, 0), (0, width - part.shape[1])))


def single_member() -> Members:
    """One member with the rates of the one population."""
    return Members(np.zeros(1, dtype=np.int64), np.ones((1, 3)))


def make_work(members: int, classes: int) -> Work:
    """Zeroed values."""
    return Work(*(np.zeros((members, classes)) for _ in Work._fields))


@routine
def slope_of(member: int, values: Floats, problem: Problem, work: Work, slope: Floats) -> None:
    """Fill the change of numbers [1/(m3 s)] and ledger."""
    for k in range(slope.size):
        slope[k] = 0.0
    aggregate(member, values, problem, work, slope)
    break_up(member, values, problem, slope)
    lay_on(member, values, problem, slope)


@physics
def aggregate(member: int, values: Floats, problem: Problem, work: Work, slope: Floats) -> None:
    """Add aggregation to a slope. Each mechanism looks up anew which population a member is, as in `pbm.runs`."""
    kind, classes = problem.members.kind[member], values.size - BOOKED
    if not problem.classes.aggregates[kind]:
        return
    numbers, change, pivots = values[:classes], slope[:classes], problem.classes.pivots[kind]
    loss, born, lifted = work.loss[member], work.born[member], work.lifted[member]
    merged = pool_mergers(kind, numbers, pivots, problem.merging, loss, born, lifted)
    kind, factor = problem.members.kind[member], problem.members.factors[member, AGGREGATION]
    share_births(factor, pivots, loss, born, lifted, change)
    beyond, gained, volume = merge_beyond(kind, factor, numbers, problem.merging, change)
    slope[classes + MERGED] = factor * (merged + beyond)
    slope[classes + BEYOND_NUMBER] = factor * gained
    slope[classes + BEYOND_VOLUME] = factor * volume


@physics
def break_up(member: int, values: Floats, problem: Problem, slope: Floats) -> None:
    """Add breakage to a slope."""
    tables, kind, classes = problem.classes, problem.members.kind[member], values.size - BOOKED
    if not tables.breaks[kind]:
        return
    for k in range(classes):
        broken = problem.members.factors[member, BREAKAGE] * values[k]
        add_scaled(classes, broken, tables.fragments[kind, k], slope)
        slope[classes + GAINED] += broken * tables.gained[kind, k]


@physics
def lay_on(member: int, values: Floats, problem: Problem, slope: Floats) -> None:
    """Add growth to a slope."""
    kind, classes = problem.members.kind[member], values.size - BOOKED
    if problem.layering.limiter[kind] < 0:
        return
    factor, pivots = problem.members.factors[member, GROWTH], problem.classes.pivots[kind]
    slope[classes + LAYERED] = add_layers(kind, factor, values[:classes], pivots, problem.layering, slope[:classes])


@routine
def error_of(member: int, values: Floats, difference: Floats, problem: Problem) -> float:
    """Largest relative error of the classes, each as a share of the solids, and of the moments 0, 1 and 2.

    Infinite for values that are no numbers.
    """
    pivots = problem.classes.pivots[problem.members.kind[member]]
    number, solids, square, worst = 0.0, 0.0, 0.0, 0.0
    number_error, solids_error, square_error = 0.0, 0.0, 0.0
    for k in range(values.size - BOOKED):
        volume, error = values[k] * pivots[k], difference[k] * pivots[k]
        number, solids, square = number + values[k], solids + volume, square + volume * pivots[k]
        number_error += difference[k]
        solids_error += error
        square_error += error * pivots[k]
    for k in range(values.size - BOOKED):
        ratio = abs(difference[k] * pivots[k]) / (values[k] * pivots[k] + FLOOR * solids)
        worst = max(worst, CLASS_WEIGHT * ratio)
    worst = max(max(worst, abs(number_error) / number), max(abs(solids_error) / solids, abs(square_error) / square))
    total = number + square + number_error + square_error
    return worst if total - total == 0.0 else math.inf


run_member = routine(make_run(slope_of, error_of))


@routine
def solve_member(
    place: int,
    classes: Classes,
    merging: Merging,
    layering: Layering,
    members: Members,
    work: Work,
    stages: Stages,
    runs: Runs,
) -> None:
    """Integrate the member whose turn it is at one place of the order."""
    run_member(place, Problem(classes, merging, layering, members), work, stages, runs)


def solve_members(
    begin: int,
    end: int,
    classes: Classes,
    merging: Merging,
    layering: Layering,
    members: Members,
    work: Work,
    stages: Stages,
    runs: Runs,
) -> None:
    """Integrate the members whose turn it is from one place of the order to before another."""
    for place in range(begin, end):
        solve_member(place, classes, merging, layering, members, work, stages, runs)


def start_runs(starts: Floats, times: Floats, tolerance: Floats) -> tuple[Work, Stages, Runs]:
    """Everything that changes during the runs of members from `starts`, shape (members, classes)."""
    members, classes = starts.shape
    states = np.concatenate((starts, np.zeros((members, BOOKED))), axis=1)
    return make_work(members, classes), make_stages(*states.shape), make_runs(states, times, tolerance, classes)


@cache
def compiled_slope() -> Callable[..., None]:
    """`slope_of` compiled, for integrators of other libraries."""
    from numba import njit

    from compute.cache import use_cache_folder
    from compute.physics import register_laws

    use_cache_folder()
    register_laws()
    return njit(cache=True, error_model="numpy")(slope_of)


@cache
def compiled_solve() -> Callable[..., None]:
    """`solve_members` compiled; it leaves other Python threads free."""
    from numba import njit

    from compute.cache import use_cache_folder
    from compute.physics import register_laws

    use_cache_folder()
    register_laws()
    return njit(cache=True, nogil=True, error_model="numpy")(solve_members)
