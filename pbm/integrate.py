"""Time integration, written once for plain Python and for the compiler.

Both methods build on E, an Euler step that is explicit but for the absorption of films, which is implicit.
`make_advance`: third-order extrapolation of one, two and three E with accept and reject, the reference. Here E takes
transport between compartments implicitly with it, so that a step is bound by neither, only by the other losses. A step
that misses the tolerance is rejected; one that would end below nil is mixed with its last level, which never does, and
the difference counts as error. Nothing is clipped, so every sum that E keeps is kept to round-off. Deuflhard, Hairer
and Zugck, Numer. Math. 51 (1987) 501, doi 10.1007/BF01400352.
`make_fixed_rule`: (y0 + E(E(y0)))/2 with a step that is a continuous function of the state, for models that other
languages repeat; losses of E, those by transport with them, are limited, so that it is never negative for any step. Of
second order where films are in balance with what feeds them.
"""

from __future__ import annotations

from collections.abc import Callable

from compute.physics import routine
from pbm.grid import Floats
from pbm.model import BOOKED, Parameters, Tables, Workspace
from pbm.right_hand_side import absorb, limit_losses
from pbm.stages import (
    LEVELS,
    Control,
    Scratch,
    Start,
    add_euler_step,
    begin_levels,
    blend,
    book,
    error_over_tolerance,
    extrapolate,
    settle,
    step_factor,
    write_record,
)
from pbm.transport import fill_moves, hold_absorption, soak_and_move

DONE, FULL, COLLAPSED, NOT_FINITE, NOT_CONSERVED = 0, 1, 2, 3, 4
SAFE_LOSS = 0.9
"""Largest product of step and relative loss, absorption apart, that is tried: no loss is limited below."""


def make_trial(prepare: Callable[..., tuple[float, float]], change_of: Callable[..., None]) -> Callable[..., float]:
    """Build one step under trial from a prepared state; it returns the share of the last level, `extrapolate`."""

    def trial(
        state: Floats,
        step: float,
        speed: float,
        spray: float,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
        scratch: Scratch,
    ) -> float:
        begin_levels(state, scratch)
        hold_absorption(state, work, scratch.soaking)
        limit_losses(step, work)
        change_of(state, spray, parameters, tables, work, scratch.rate[0], scratch.booked[0])
        for level in range(LEVELS):
            part = step / (level + 1.0)
            add_euler_step(level, part, scratch)
            fill_moves(part, tables, scratch.weights, scratch.moves[level])
            soak_and_move(part, level, tables, scratch)
        for level in range(1, LEVELS):
            part = step / (level + 1.0)
            for _ in range(level):
                here = scratch.level[level]
                prepare(here, speed, spray, parameters, tables, work, True)
                hold_absorption(here, work, scratch.soaking)
                limit_losses(part, work)
                change_of(here, spray, parameters, tables, work, scratch.rate[0], scratch.booked[0])
                add_euler_step(level, part, scratch)
                soak_and_move(part, level, tables, scratch)
        return extrapolate(state, scratch)

    return trial


@routine
def after_trial(worst: float, time: float, end: float, step: float, length: float) -> tuple[float, float]:
    """Time and next step after a trial of this length [s]; it is accepted unless its error is `worst` > 1."""
    factor = step_factor(worst)
    if worst > 1.0:
        return time, length * min(factor, 0.8)
    if length >= end - time:
        return end, max(step, length * factor)
    return time + length, length * factor


@routine
def paced(rest: float, loss: float, longest: float, share: float, left: int) -> tuple[float, bool]:
    """Step [s] of the fixed rule with so many steps left, and whether these force a longer one than the rule."""
    wanted, needed = min(longest, share / max(loss, 1e-300)), rest / left
    return min(rest, max(wanted, needed)), needed > wanted


def make_advance(
    prepare: Callable[..., tuple[float, float]], trial: Callable[..., float]
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
        loss, _ = prepare(state, speed, spray, parameters, tables, work, False)
        while time < end:
            if rows == record.shape[0]:
                return FULL, time, step, rows
            step = min(step, SAFE_LOSS / max(loss, 1e-300))
            if not step > control.shortest:
                return COLLAPSED, time, step, rows
            length = min(step, end - time)
            share = trial(state, length, speed, spray, parameters, tables, work, scratch)
            worst = error_over_tolerance(share, control, tables, scratch)
            if worst != worst:
                return NOT_FINITE, time, step, rows
            time, step = after_trial(worst, time, end, step, length)
            if not worst > 1.0:
                book(share, scratch, booked)
                settle(state, scratch.trial)
                drift = write_record(state, time, length, start, tables, booked, record[rows])
                rows += 1
                if not drift <= control.drift:
                    return NOT_CONSERVED, time, step, rows
            loss, _ = prepare(state, speed, spray, parameters, tables, work, False)
        return DONE, time, step, rows

    return advance


def make_fixed_rule(
    prepare: Callable[..., tuple[float, float]], change_of: Callable[..., None]
) -> Callable[..., tuple[int, int]]:
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
            _, loss = prepare(state, speed, spray, parameters, tables, work, False)
            step, longer = paced(rest, loss, longest, share, most - taken)
            forced = 1 if longer else forced
            limit_losses(step, work)
            change_of(state, spray, parameters, tables, work, scratch.rate[0], scratch.booked[0])
            absorb(state, step, work, scratch.rate[0], scratch.booked[0])
            blend(state, step, 1.0, 0.0, scratch)
            prepare(scratch.trial, speed, spray, parameters, tables, work, False)
            limit_losses(step, work)
            change_of(scratch.trial, spray, parameters, tables, work, scratch.rate[1], scratch.booked[1])
            absorb(scratch.trial, step, work, scratch.rate[1], scratch.booked[1])
            blend(state, step, 0.5, 0.5, scratch)
            settle(state, scratch.trial)
            for event in range(BOOKED):
                booked[event] += 0.5 * step * (scratch.booked[0, event] + scratch.booked[1, event])
            rest = 0.0 if step >= rest else rest - step
            taken += 1
        return taken, forced

    return fixed_rule
