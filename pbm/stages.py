"""The parts of a step: blending stages, measuring errors and balances, taking a trial over."""

from __future__ import annotations

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
    VANISHED,
    Tables,
)

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
