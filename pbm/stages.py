"""The parts of a step: Euler steps, extrapolation, measuring errors and balances, taking a trial over."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compute.physics import routine
from pbm.grid import Floats
from pbm.model import (
    BOOKED,
    DISPLACED,
    EVAPORATED,
    EXTERNAL,
    FED_GAS,
    FED_LIQUID,
    FED_NUMBER,
    FED_SECOND,
    FED_SOLIDS,
    FRAGMENTED,
    GAS,
    GAS_OWED,
    INTERNAL,
    LAYERED_NUMBER,
    LEFT_GAS,
    LEFT_LIQUID,
    LEFT_NUMBER,
    LEFT_SECOND,
    LEFT_SOLIDS,
    LIQUID_LOST,
    MERGED,
    NUCLEATED,
    NUCLEI,
    NUMBER,
    OVERFLOW_NUMBER,
    SPRAYED,
    VANISHED,
    Tables,
)
from pbm.places import ABSENT, QUANTITIES

LEVELS = 3
"""Levels of the extrapolation: a step taken as one, two and three Euler steps."""
RECORD = 6
"""Values kept per accepted step: time, step [s]; relative errors of solids, liquid, gas, number."""
ABOVE_NIL = 1.0 + 1e-6
"""Factor by which a mixture that would end at nil is kept above it."""
LEAST = 1e-300
"""Stands for nothing in a denominator."""


class Control(NamedTuple):
    """Settings of the adaptive method."""

    tolerance: float  # of a class relative to its own content
    floor: float  # share of the solids below which a class counts as this share in the tolerance
    shortest: float  # step [s] at which the integration is given up
    drift: float  # relative error of a balance at which the integration is given up


class Scratch(NamedTuple):
    """Stages of one step: rates and their ledger, levels of the extrapolation and theirs, the state under trial."""

    rate: Floats  # (2, compartments, quantities, classes)
    booked: Floats  # (2, BOOKED)
    level: Floats  # (LEVELS, compartments, quantities, classes)
    ledger: Floats  # (LEVELS, BOOKED)
    trial: Floats  # (compartments, quantities, classes)
    moves: Floats  # of an implicit step of transport, (LEVELS, compartments, compartments + 1)
    weights: Floats  # of its elimination, (compartments, compartments)
    leaving: Floats  # of its elimination, (compartments,)
    soaking: Floats  # relative absorption of films [1/s], (compartments, classes)
    films: Floats  # films after the step [m3], (compartments, classes)


class Start(NamedTuple):
    """Sums of the first state, what the balances are measured against."""

    solids: float  # [m3]
    liquid: float  # [m3]
    gas: float  # [m3]
    number: float  # [-]
    second: float  # of the second solid [m3]


def make_scratch(compartments: int, classes: int, quantities: int = QUANTITIES) -> Scratch:
    """Zeroed stages for a state of this shape."""
    shape = (compartments, quantities, classes)
    pair, levels = np.zeros((2, *shape)), np.zeros((LEVELS, *shape))
    moves, weights = np.zeros((LEVELS, compartments, compartments + 1)), np.zeros((compartments, compartments))
    ledgers, films = (np.zeros((2, BOOKED)), np.zeros((LEVELS, BOOKED))), np.zeros((2, compartments, classes))
    transport = (moves, weights, np.zeros(compartments), films[0], films[1])
    return Scratch(pair, ledgers[0], levels, ledgers[1], np.zeros(shape), *transport)


@routine
def blend(state: Floats, step: float, first: float, second: float, scratch: Scratch) -> None:
    """Fill `trial` with state + step (first k1 + second k2)."""
    for place in range(state.shape[0]):
        for quantity in range(state.shape[1]):
            for k in range(state.shape[2]):
                slope = first * scratch.rate[0, place, quantity, k] + second * scratch.rate[1, place, quantity, k]
                scratch.trial[place, quantity, k] = state[place, quantity, k] + step * slope


@routine
def add_euler_step(level: int, step: float, scratch: Scratch) -> None:
    """Move a level on by step k1, and its ledger."""
    for place in range(scratch.trial.shape[0]):
        for quantity in range(scratch.trial.shape[1]):
            for k in range(scratch.trial.shape[2]):
                scratch.level[level, place, quantity, k] += step * scratch.rate[0, place, quantity, k]
    for event in range(BOOKED):
        scratch.ledger[level, event] += step * scratch.booked[0, event]


@routine
def begin_levels(state: Floats, scratch: Scratch) -> None:
    """Put every level at the start of the step."""
    for level in range(LEVELS):
        for place in range(state.shape[0]):
            for quantity in range(state.shape[1]):
                for k in range(state.shape[2]):
                    scratch.level[level, place, quantity, k] = state[place, quantity, k]
        for event in range(BOOKED):
            scratch.ledger[level, event] = 0.0


@routine
def extrapolated(first: float, second: float, third: float) -> float:
    """T_33 = (T_1 - 8 T_2 + 9 T_3)/2, of third order."""
    return 0.5 * first - 4.0 * second + 4.5 * third


@routine
def extrapolate(state: Floats, scratch: Scratch) -> float:
    """Fill `trial` from the state and the changes of the levels; returns the share of the last level in it.

    That level is never negative. Where the extrapolation is, as it can be by next to nothing in compartments that are
    just being reached, so much of the last level is mixed in, everywhere alike so that sums are kept.
    """
    share = extrapolate_levels(state, scratch)
    if share > 0.0:
        mix_last_in(share, scratch)
    return share


@routine
def extrapolate_levels(state: Floats, scratch: Scratch) -> float:
    """Fill `trial` with the extrapolation alone; returns the share of the last level that it needs."""
    level, share = scratch.level, 0.0
    for place in range(state.shape[0]):
        for quantity in range(state.shape[1]):
            for k in range(state.shape[2]):
                start = state[place, quantity, k]
                one, two = level[0, place, quantity, k] - start, level[1, place, quantity, k] - start
                last = level[2, place, quantity, k]
                value = start + extrapolated(one, two, last - start)
                scratch.trial[place, quantity, k] = value
                if value < 0.0:
                    share = max(share, min(ABOVE_NIL * value / (value - last), 1.0))
    return share


@routine
def mix_last_in(share: float, scratch: Scratch) -> None:
    """Mix a share of the last level into `trial`."""
    for place in range(scratch.trial.shape[0]):
        for quantity in range(scratch.trial.shape[1]):
            for k in range(scratch.trial.shape[2]):
                value, last = scratch.trial[place, quantity, k], scratch.level[2, place, quantity, k]
                scratch.trial[place, quantity, k] = (1.0 - share) * value + share * last


@routine
def error_over_tolerance(share: float, control: Control, tables: Tables, scratch: Scratch) -> float:
    """Largest error of the step over its tolerance, each content measured as a share of all solids present.

    The error is T_33 - T_32 = (T_1 - 4 T_2 + 3 T_3)/2, of the second-order result beside the third-order one, and
    `share` of T_33 - T_3 where `extrapolate` mixed that in. It is no number where a value of the step is none.
    """
    return error_beside(sums(scratch.trial, tables)[0], share, control, tables, scratch)


@routine
def error_beside(present: float, share: float, control: Control, tables: Tables, scratch: Scratch) -> float:
    """The same with the solids present [m3] given."""
    worst, total, level, solids = 0.0, 0.0, scratch.level, max(present, LEAST)
    for place in range(scratch.trial.shape[0]):
        for quantity in range(scratch.trial.shape[1]):
            for k in range(scratch.trial.shape[2]):
                weight = (tables.solid_volume[k] if quantity == 0 else 1.0) / solids
                one, two, last = (
                    level[0, place, quantity, k],
                    level[1, place, quantity, k],
                    level[2, place, quantity, k],
                )
                error = abs(0.5 * one - 2.0 * two + 1.5 * last)
                if share > 0.0:
                    error += share * abs(extrapolated(one, two, last) - last)
                allowed = control.tolerance * (scratch.trial[place, quantity, k] * weight + control.floor)
                ratio = error * weight / allowed
                worst, total = max(worst, ratio), total + ratio
    return worst + 0.0 * total


@routine
def sums(state: Floats, tables: Tables) -> tuple[float, float, float, float, float]:
    """Solids, liquid, gas [m3], number and second solid [m3] of a state."""
    solids, liquid, gas, number, second = 0.0, 0.0, 0.0, 0.0, 0.0
    for place in range(state.shape[0]):
        for k in range(state.shape[2]):
            solids += tables.solid_volume[k] * state[place, NUMBER, k]
            liquid += state[place, INTERNAL, k] + state[place, EXTERNAL, k]
            gas += state[place, GAS, k]
            number += state[place, NUMBER, k]
            second += tables.component[1, k] * state[place, NUMBER, k]
            if tables.places.content != ABSENT:
                second += state[place, tables.places.content, k]
    return solids, liquid, gas, number, second


@routine
def imbalance(state: Floats, start: Start, booked: Floats, tables: Tables) -> tuple[float, float, float, float]:
    """Relative errors of solids (the worse of all and of the second), of liquid, of gas against what pores lost, and of
    number against the booked events; what published forms lose counts as booked.

    Each is the error of present + left = start + fed, spray and events with it, over all that was ever there.
    """
    return imbalance_beside(sums(state, tables), start, booked)


@routine
def imbalance_beside(
    present: tuple[float, float, float, float, float], start: Start, booked: Floats
) -> tuple[float, float, float, float]:
    """The same with the sums of the state given."""
    solids, liquid, gas, number, second = present
    events = booked[FRAGMENTED] + booked[NUCLEI] + booked[OVERFLOW_NUMBER]
    events -= booked[MERGED] + booked[NUCLEATED] + booked[LAYERED_NUMBER]
    all_solids = start.solids + booked[FED_SOLIDS]
    all_liquid = start.liquid + booked[FED_LIQUID] + booked[SPRAYED]
    all_gas = start.gas + booked[FED_GAS]
    all_number = start.number + booked[FED_NUMBER]
    all_second = start.second + booked[FED_SECOND]
    second_error = abs(second + booked[LEFT_SECOND] - all_second) / max(all_second, LEAST)
    return (
        max(abs(solids + booked[LEFT_SOLIDS] - all_solids) / max(all_solids, LEAST), second_error),
        abs(liquid + booked[LEFT_LIQUID] + booked[EVAPORATED] + booked[LIQUID_LOST] - all_liquid)
        / max(all_liquid, LEAST),
        abs(gas + booked[LEFT_GAS] + booked[DISPLACED] - booked[GAS_OWED] - all_gas) / max(all_gas, LEAST),
        abs(number + booked[LEFT_NUMBER] - all_number - events) / max(max(all_number, number), LEAST),
    )


@routine
def settle(state: Floats, trial: Floats) -> bool:
    """Copy `trial` into `state`; a class of vanishing number becomes empty. Returns whether one did."""
    emptied = False
    for place in range(state.shape[0]):
        for k in range(state.shape[2]):
            kept = trial[place, NUMBER, k] > VANISHED
            emptied = emptied or (not kept and trial[place, NUMBER, k] > 0.0)
            for quantity in range(state.shape[1]):
                state[place, quantity, k] = trial[place, quantity, k] if kept else 0.0
    return emptied


@routine
def step_factor(worst: float) -> float:
    """Growth of the step for an error `worst` times the tolerance, between 0.2 and 4."""
    return min(max(0.9 * max(worst, 1e-12) ** (-1.0 / 3.0), 0.2), 4.0)


@routine
def book(share: float, scratch: Scratch, booked: Floats) -> None:
    """Add the events of an accepted step to the ledger; share: what `extrapolate` returned."""
    ledger = scratch.ledger
    for event in range(BOOKED):
        value = extrapolated(ledger[0, event], ledger[1, event], ledger[2, event])
        booked[event] += (1.0 - share) * value + share * ledger[2, event]


@routine
def write_record(
    state: Floats, time: float, step: float, start: Start, tables: Tables, booked: Floats, row: Floats
) -> float:
    """Write time, step and imbalances of an accepted step; returns the worst imbalance."""
    row[0], row[1] = time, step
    row[2], row[3], row[4], row[5] = imbalance(state, start, booked, tables)
    return max(max(row[2], row[3]), max(row[4], row[5]))
