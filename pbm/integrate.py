"""Time integration, written once for plain Python and for the compiler.

`make_advance`: Bogacki-Shampine 3(2) with accept and reject, the reference. A step that would make any content
negative, or that misses the tolerance, is rejected; nothing is clipped, so every sum that the right-hand side keeps is
kept to round-off. Bogacki and Shampine, Appl. Math. Lett. 2 (1989) 321, doi 10.1016/0893-9659(89)90079-7.
`make_fixed_rule`: Heun's method with a step that is a continuous function of the state, for models that other languages
repeat: (y0 + E(E(y0)))/2 with E an explicit Euler step whose losses are limited, hence never negative for any step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from compute.physics import routine
from pbm.grid import Floats
from pbm.model import (
    BOOKED,
    EXTERNAL,
    FRAGMENTED,
    INTERNAL,
    MERGED,
    NUCLEATED,
    NUCLEI,
    NUMBER,
    OVERFLOW_NUMBER,
    QUANTITIES,
    SPRAYED,
    Parameters,
    Tables,
    Workspace,
)
from pbm.right_hand_side import change_of, limit_losses

DONE, FULL, COLLAPSED, NOT_FINITE, NOT_CONSERVED = 0, 1, 2, 3, 4
SAFE_LOSS = 1.2
"""Largest product of step and relative loss that is tried: the method stays positive up to 1.59."""
VANISHED = 1e-150
"""A class with fewer granules than this is emptied: what it holds is far below the round-off of any sum."""
RECORD = 5
"""Values kept per accepted step: time, step [s]; relative errors of solids, liquid, number."""


class Control(NamedTuple):
    """Settings of the adaptive method."""

    tolerance: float  # of a class relative to its own content
    floor: float  # share of the solids below which a class counts as this share in the tolerance
    shortest: float  # step [s] at which the integration is given up
    drift: float  # relative error of a balance at which the integration is given up


class Scratch(NamedTuple):
    """Stages of one step: rates and ledger of the four stages, and the state under trial."""

    rate: Floats  # (4, compartments, 4, classes)
    booked: Floats  # (4, BOOKED)
    trial: Floats  # (compartments, 4, classes)


class Start(NamedTuple):
    """What the balances are measured against."""

    solids: float  # [m3]
    liquid: float  # [m3]
    number: float  # [-]


def make_scratch(compartments: int, classes: int) -> Scratch:
    """Zeroed stages for a state of this shape."""
    shape = (compartments, QUANTITIES, classes)
    return Scratch(np.zeros((4, *shape)), np.zeros((4, BOOKED)), np.zeros(shape))


@routine
def blend(state: Floats, step: float, first: float, second: float, third: float, scratch: Scratch) -> float:
    """Fill `trial` with state + step (first k1 + second k2 + third k3); returns its lowest value."""
    lowest = 0.0
    for place in range(state.shape[0]):
        for quantity in range(4):
            for k in range(state.shape[2]):
                slope = first * scratch.rate[0, place, quantity, k] + second * scratch.rate[1, place, quantity, k]
                value = state[place, quantity, k] + step * (slope + third * scratch.rate[2, place, quantity, k])
                scratch.trial[place, quantity, k] = value
                lowest = min(lowest, value)
    return lowest


@routine
def error_over_tolerance(
    state: Floats, step: float, solids: float, control: Control, tables: Tables, scratch: Scratch
) -> float:
    """Largest error of the step over its tolerance, each content measured as a share of the solids."""
    worst = 0.0
    for place in range(state.shape[0]):
        for quantity in range(4):
            for k in range(state.shape[2]):
                weight = (tables.solid_volume[k] if quantity == 0 else 1.0) / solids
                first, second = scratch.rate[0, place, quantity, k], scratch.rate[1, place, quantity, k]
                third, fourth = scratch.rate[2, place, quantity, k], scratch.rate[3, place, quantity, k]
                error = step * abs(-5.0 / 72.0 * first + second / 12.0 + third / 9.0 - 0.125 * fourth)
                allowed = control.tolerance * (scratch.trial[place, quantity, k] * weight + control.floor)
                ratio = error * weight / allowed
                worst = ratio if not ratio <= worst else worst
    return worst


@routine
def sums(state: Floats, tables: Tables) -> tuple[float, float, float]:
    """Solids [m3], liquid [m3] and number of a state."""
    solids, liquid, number = 0.0, 0.0, 0.0
    for place in range(state.shape[0]):
        for k in range(state.shape[2]):
            solids += tables.solid_volume[k] * state[place, NUMBER, k]
            liquid += state[place, INTERNAL, k] + state[place, EXTERNAL, k]
            number += state[place, NUMBER, k]
    return solids, liquid, number


@routine
def imbalance(state: Floats, start: Start, booked: Floats, tables: Tables) -> tuple[float, float, float]:
    """Relative errors of solids, of liquid against start and spray, of number against the booked events."""
    solids, liquid, number = sums(state, tables)
    events = booked[FRAGMENTED] + booked[NUCLEI] + booked[OVERFLOW_NUMBER] - booked[MERGED] - booked[NUCLEATED]
    expected_liquid = start.liquid + booked[SPRAYED]
    solids_error = abs(solids - start.solids) / start.solids
    liquid_error = abs(liquid - expected_liquid) / expected_liquid if expected_liquid > 0.0 else abs(liquid)
    return solids_error, liquid_error, abs(number - start.number - events) / max(start.number, number)


@routine
def settle(state: Floats, trial: Floats) -> bool:
    """Copy `trial` into `state`; a class of vanishing number becomes empty. Returns whether one did."""
    emptied = False
    for place in range(state.shape[0]):
        for k in range(state.shape[2]):
            kept = trial[place, NUMBER, k] > VANISHED
            emptied = emptied or (not kept and trial[place, NUMBER, k] > 0.0)
            for quantity in range(4):
                state[place, quantity, k] = trial[place, quantity, k] if kept else 0.0
    return emptied


@routine
def step_factor(worst: float) -> float:
    """Growth of the step for an error `worst` times the tolerance, between 0.2 and 4."""
    return min(max(0.9 * max(worst, 1e-12) ** (-1.0 / 3.0), 0.2), 4.0)


@routine
def book(step: float, scratch: Scratch, booked: Floats) -> None:
    """Add the events of an accepted step to the ledger, with the weights of the method."""
    for event in range(BOOKED):
        slope = 2.0 * scratch.booked[0, event] + 3.0 * scratch.booked[1, event] + 4.0 * scratch.booked[2, event]
        booked[event] += step / 9.0 * slope


@routine
def reuse_last_stage(scratch: Scratch) -> None:
    """Make the last stage the first of the next step."""
    for place in range(scratch.trial.shape[0]):
        for quantity in range(4):
            for k in range(scratch.trial.shape[2]):
                scratch.rate[0, place, quantity, k] = scratch.rate[3, place, quantity, k]
    for event in range(BOOKED):
        scratch.booked[0, event] = scratch.booked[3, event]


@routine
def write_record(
    state: Floats, time: float, step: float, start: Start, tables: Tables, booked: Floats, row: Floats
) -> float:
    """Write time, step and imbalances of an accepted step; returns the worst imbalance."""
    solids_error, liquid_error, number_error = imbalance(state, start, booked, tables)
    row[0], row[1], row[2], row[3], row[4] = time, step, solids_error, liquid_error, number_error
    return max(solids_error, max(liquid_error, number_error))


def make_trial(prepare: Callable[..., tuple[float, float]]) -> Callable[..., tuple[float, float]]:
    """Build one step under trial: stages two to four, given the first.

    It returns (lowest content met, largest relative loss [1/s] at the end); with a negative content the trial is
    broken off.
    """

    def trial(
        state: Floats,
        step: float,
        speed: float,
        spray: float,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
        scratch: Scratch,
    ) -> tuple[float, float]:
        loss = 0.0
        for stage in range(1, 4):
            first = 0.5 if stage == 1 else (0.0 if stage == 2 else 2.0 / 9.0)
            second = 0.0 if stage == 1 else (0.75 if stage == 2 else 1.0 / 3.0)
            third = 4.0 / 9.0 if stage == 3 else 0.0
            lowest = blend(state, step, first, second, third, scratch)
            if lowest < 0.0:
                return lowest, loss
            loss, _ = prepare(scratch.trial, speed, spray, parameters, tables, work)
            change_of(scratch.trial, spray, parameters, tables, work, scratch.rate[stage], scratch.booked[stage])
        return 0.0, loss

    return trial


def make_advance(
    prepare: Callable[..., tuple[float, float]], trial: Callable[..., tuple[float, float]]
) -> Callable[..., tuple[int, float, float, int]]:
    """Build the adaptive integration over one stretch of constant inputs.

    `advance(state, time, end, step, speed, spray, start, control, parameters, tables, work, scratch, booked, record)`
    moves `state` and the ledger `booked` on, writes one row of `record` per accepted step, and returns (status, time,
    next step, rows written).
    """

    def advance(
        state: Floats,
        time: float,
        end: float,
        step: float,
        speed: float,
        spray: float,
        start: Start,
        control: Control,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
        scratch: Scratch,
        booked: Floats,
        record: Floats,
    ) -> tuple[int, float, float, int]:
        rows = 0
        loss, _ = prepare(state, speed, spray, parameters, tables, work)
        change_of(state, spray, parameters, tables, work, scratch.rate[0], scratch.booked[0])
        while time < end:
            if rows == record.shape[0]:
                return FULL, time, step, rows
            step = min(step, SAFE_LOSS / max(loss, 1e-300))
            if not step > control.shortest:
                return COLLAPSED, time, step, rows
            length = min(step, end - time)
            lowest, next_loss = trial(state, length, speed, spray, parameters, tables, work, scratch)
            if lowest < 0.0:
                step = 0.5 * length
                continue
            worst = error_over_tolerance(state, length, start.solids, control, tables, scratch)
            if worst != worst:
                return NOT_FINITE, time, step, rows
            factor = step_factor(worst)
            if worst > 1.0:
                step = length * min(factor, 0.8)
                continue
            ends = length >= end - time
            time = end if ends else time + length
            step = max(step, length * factor) if ends else length * factor
            book(length, scratch, booked)
            loss = next_loss
            reuse_last_stage(scratch)
            if settle(state, scratch.trial):
                loss, _ = prepare(state, speed, spray, parameters, tables, work)
                change_of(state, spray, parameters, tables, work, scratch.rate[0], scratch.booked[0])
            drift = write_record(state, time, length, start, tables, booked, record[rows])
            rows += 1
            if not drift <= control.drift:
                return NOT_CONSERVED, time, step, rows
        return DONE, time, step, rows

    return advance


def make_fixed_rule(prepare: Callable[..., tuple[float, float]]) -> Callable[..., tuple[int, int]]:
    """Build the integration by a fixed rule.

    `fixed_rule(state, duration, speed, spray, longest, share, most, parameters, tables, work, scratch, booked)`: steps
    of max(rest/steps left, min(longest, share/loss, rest)), at most `most` of them, loss the weighted largest loss of
    `prepare`. Returns (substeps, 1 if `most` forced a longer step than the rule, else 0).
    """

    def fixed_rule(
        state: Floats,
        duration: float,
        speed: float,
        spray: float,
        longest: float,
        share: float,
        most: int,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
        scratch: Scratch,
        booked: Floats,
    ) -> tuple[int, int]:
        rest, taken, forced = duration, 0, 0
        while rest > 0.0:
            _, loss = prepare(state, speed, spray, parameters, tables, work)
            wanted = min(longest, share / max(loss, 1e-300))
            needed = rest / (most - taken)
            if needed > wanted:
                forced = 1
            step = min(rest, max(wanted, needed))
            limit_losses(step, work)
            change_of(state, spray, parameters, tables, work, scratch.rate[0], scratch.booked[0])
            blend(state, step, 1.0, 0.0, 0.0, scratch)
            prepare(scratch.trial, speed, spray, parameters, tables, work)
            limit_losses(step, work)
            change_of(scratch.trial, spray, parameters, tables, work, scratch.rate[1], scratch.booked[1])
            blend(state, step, 0.5, 0.5, 0.0, scratch)
            settle(state, scratch.trial)
            for event in range(BOOKED):
                booked[event] += 0.5 * step * (scratch.booked[0, event] + scratch.booked[1, event])
            rest = 0.0 if step >= rest else rest - step
            taken += 1
        return taken, forced

    return fixed_rule
