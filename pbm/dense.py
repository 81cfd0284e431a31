"""The course of a run at any time: interpolation between the ends of its steps, which no output time cuts.

Between two ends the state is the cubic through the four nearest ends of the same stretch of constant inputs, of fourth
order in the step where four are there. Weights have the sum one, so solids, liquid, gas and number with the ledger are
kept as at the ends. Where the cubic is below nil, as much of the straight line is mixed in as it takes: second order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats
from pbm.solve import Accuracy, Setup, Solution, check_state, make_run

POINTS = 4
"""Ends of steps that an interpolation uses, one more than its degree."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """Ends of the steps between two events: times [s] (n,), states (n, places, 4, classes), ledger (n, BOOKED)."""

    times: Floats
    states: Floats
    booked: Floats

    def at(self, time: float) -> tuple[Floats, Floats]:
        """State and ledger at a time within."""
        above = min(max(bisect_left(self.times, time), 1), len(self.times) - 1)
        first = min(max(above - POINTS // 2, 0), max(len(self.times) - POINTS, 0))
        near = slice(first, first + POINTS)
        weights = _cubic(self.times[near], time)
        line = np.zeros_like(weights)
        after = (time - self.times[above - 1]) / (self.times[above] - self.times[above - 1])
        line[above - 1 - first], line[above - first] = 1.0 - after, after
        state, straight = (np.tensordot(each, self.states[near], 1) for each in (weights, line))
        low = state < 0.0
        share = float(np.max(state[low] / (state[low] - straight[low]), initial=0.0))
        mixed = (1.0 - share) * weights + share * line
        state = (1.0 - share) * state + share * straight
        # What was to end at nil may miss it by the last digit.
        return np.where(low, np.maximum(state, 0.0), state), np.tensordot(mixed, self.booked[near], 1)


@dataclass(frozen=True, eq=False)
class Course:
    """A run as a function of time: its stretches between events, and what each accepted step left of the balances."""

    stretches: tuple[Stretch, ...]
    steps: Floats

    def at(self, times: Iterable[float]) -> Solution:
        """States and ledger at rising `times` [s] within the run; CaseError for others."""
        marks = np.array(list(times), dtype=float)
        first, last = self.stretches[0].times[0], self.stretches[-1].times[-1]
        if marks.size == 0 or np.any(np.diff(marks) <= 0.0) or marks[0] < first or marks[-1] > last:
            raise CaseError("not times of the run", key="times", expected=f"rising, within {first:g} to {last:g} s")
        ends = [stretch.times[-1] for stretch in self.stretches]
        found = [self.stretches[bisect_left(ends, time)].at(time) for time in marks]
        states, booked = (np.array(each) for each in zip(*found))
        return Solution(marks, states, booked, self.steps)


def _cubic(knots: Floats, time: float) -> Floats:
    """Weights of Lagrange's polynomial through the knots at a time."""
    weights = np.ones(len(knots))
    for at, knot in enumerate(knots):
        for other in np.delete(knots, at):
            weights[at] *= (time - other) / (knot - other)
    return weights


def follow(setup: Setup, span: tuple[float, float], accuracy: Accuracy | None = None) -> Course:
    """Integrate over a span of time [s] and keep the end of every step; errors as of `pbm.solve.solve`."""
    begin, end = float(span[0]), float(span[1])
    if not end > begin:
        raise CaseError("the run has no length", key="span", value=span, expected="an end after its begin")
    check_state(setup.initial, setup.tables, bool(setup.inflows))
    run = make_run(setup, accuracy or Accuracy(), end - begin)
    found = []
    for low, high in setup.stretches(np.array([begin, end])):
        knots = [(low, run.state.copy(), run.booked.copy())]
        run.advance(low, high, setup.speed.at(low), setup.spray.at(low), knots)
        times, states, booked = (np.array(each) for each in zip(*knots))
        found.append(Stretch(times, states, booked))
    return Course(tuple(found), np.concatenate(run.record))
