"""How long powder stays, and how disturbances fade on the way: the linear side of a graph of compartments.

Rates act on all contents alike, so one grain moves as a Markov chain in continuous time and every result is linear
algebra of M = K^T - diag(outflow), dm/dt = M m + feed:

    E(t) = o^T exp(M t) e,    moments k! o^T (-M)^-(k+1) e,    H(i w) = o^T (i w - M)^-1 e

with e the entry and o the rates out. Levenspiel, Chemical Reaction Engineering (3rd ed. 1999), chapters 11 to 13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from compute.errors import CaseError
from pbm.graph import Graph
from pbm.grid import Floats

LARGEST_PECLET = 1e6
"""Beyond this a line is plug flow."""


def closed_variance(peclet: float) -> float:
    """Variance over mean squared of the dispersed flow between closed ends: 2/Pe - 2/Pe^2 (1 - exp(-Pe))."""
    if peclet < 1e-3:
        return 1.0 - peclet / 3.0
    return float(2.0 / peclet + 2.0 / peclet**2 * np.expm1(-peclet))


class ResidenceTime:
    """Residence times of what enters at one place, or at several with given shares.

    graph: of the compartments, with an outlet; entry: name of a compartment, or shares by name with the sum one
    exits: names of the outlets that count, all by default; times and moments are then of what leaves there
    Raises CaseError where nothing that enters leaves at these outlets.
    """

    def __init__(self, graph: Graph, entry: str | Mapping[str, float], exits: Sequence[str] | None = None) -> None:
        self.graph, self.entry, self.exit = graph, entry_of(graph, entry), exit_of(graph, exits)
        if not np.all(graph.ways_out()[self.entry > 0.0]):
            raise CaseError("what enters here never leaves", key="entry", value=entry, expected="an outlet on its way")
        self._reached = _reached(graph, self.entry)
        moments = _moments(graph.matrix[np.ix_(self._reached, self._reached)], self._inner(self.entry), 3)
        rates = self._inner(self.exit)
        self.share = float(rates @ moments[0])
        if not self.share > 0.0:
            raise CaseError("nothing leaves there of what enters here", key="exits", value=exits)
        self.mean = float(rates @ moments[1]) / self.share
        self.variance = 2.0 * float(rates @ moments[2]) / self.share - self.mean**2

    @property
    def relative_variance(self) -> float:
        """Variance over mean squared."""
        return self.variance / self.mean**2

    @property
    def tanks(self) -> float:
        """Number of stirred tanks in series with this variance, mean squared over variance."""
        return 1.0 / self.relative_variance

    @property
    def peclet(self) -> float:
        """Peclet number v L/D of the dispersed flow between closed ends with this variance; nil for a stirred tank."""
        from scipy.optimize import brentq

        if self.relative_variance >= 1.0 - 1e-9:
            return 0.0
        if closed_variance(LARGEST_PECLET) > self.relative_variance:
            return float("inf")
        return float(brentq(lambda value: closed_variance(value) - self.relative_variance, 1e-9, LARGEST_PECLET))

    def density(self, times: Sequence[float] | Floats) -> Floats:
        """E(t) [1/s] at rising `times` [s] from the entry on, shape (times,)."""
        return np.array([self.exit @ held for held in self._held(times)]) / self.share

    def cumulative(self, times: Sequence[float] | Floats) -> Floats:
        """F(t), the share that has left by each of the rising `times` [s], shape (times,)."""
        others = self._inner(self.exit) @ np.linalg.inv(self.graph.matrix[np.ix_(self._reached, self._reached)])
        return np.array([1.0 + others @ self._inner(held) / self.share for held in self._held(times)])

    def response(self, frequencies: Sequence[float] | Floats) -> np.ndarray:
        """H(i w) at `frequencies` f = w/(2 pi) [1/s], complex (frequencies,), one at nil: outflow over inflow.

        The modulus damps a disturbance of the feed, the argument is its lag.
        """
        matrix = self.graph.matrix[np.ix_(self._reached, self._reached)]
        unit, entry, rates = np.eye(len(matrix)), self._inner(self.entry), self._inner(self.exit)
        solved = [np.linalg.solve(2j * np.pi * each * unit - matrix, entry) for each in np.asarray(frequencies)]
        return np.array([rates @ column for column in solved]) / self.share

    def plot(self, file: str | None = None) -> Any:
        """E(t) and damping over frequency; written to `file` where one is given. Returns the figure."""
        from pbm.blending_pictures import draw_residence

        return draw_residence(self, file)

    def _inner(self, values: Floats) -> Floats:
        return values[self._reached]

    def _held(self, times: Sequence[float] | Floats) -> list[Floats]:
        marks = np.asarray(times, dtype=float)
        if marks.ndim != 1 or np.any(np.diff(marks) < 0.0) or np.any(marks < 0.0):
            raise CaseError("times do not rise from nil", key="times", expected="rising times >= 0 [s]")
        propagate, held, states, now = Propagator(self.graph.matrix), self.entry, [], 0.0
        for mark in marks:
            held, now = propagate.step(held, mark - now), float(mark)
            states.append(held)
        return states


class Propagator:
    """Exact steps of dm/dt = M m + f with f constant over the step, one matrix exponential per length of step."""

    def __init__(self, matrix: Floats) -> None:
        self.matrix = matrix
        self._known: dict[float, tuple[Floats, Floats]] = {}

    def step(self, held: Floats, length: float, feed: Floats | None = None) -> Floats:
        """State after a step of `length` [s]; columns of `held` and `feed` are independent."""
        if length == 0.0:
            return held
        grown, fed = self._matrices(length)
        return grown @ held if feed is None else grown @ held + fed @ feed

    def _matrices(self, length: float) -> tuple[Floats, Floats]:
        """exp(M h) and its integral from 0 to h, by one exponential of twice the size.

        Van Loan, IEEE Trans. Autom. Control 23 (1978) 395, doi 10.1109/TAC.1978.1101743.
        """
        from scipy.linalg import expm

        # Lengths that differ by round-off alone share one exponential.
        key = float(f"{length:.12e}")
        if key not in self._known:
            size = len(self.matrix)
            block = np.zeros((2 * size, 2 * size))
            block[:size, :size], block[:size, size:] = self.matrix * key, np.eye(size) * key
            whole = expm(block)
            self._known[key] = (whole[:size, :size], whole[:size, size:])
        return self._known[key]


def entry_of(graph: Graph, entry: str | Mapping[str, float]) -> Floats:
    """Shares of what enters by compartment, sum one; CaseError for an unknown name or other sum."""
    shares = np.zeros(graph.size)
    for name, share in ({entry: 1.0} if isinstance(entry, str) else entry).items():
        shares[graph.place(name)] += share
    if np.any(shares < 0.0) or abs(shares.sum() - 1.0) > 1e-9:
        raise CaseError("not shares of what enters", key="entry", value=entry, expected="shares >= 0 with the sum one")
    return shares


def exit_of(graph: Graph, exits: Sequence[str] | None) -> Floats:
    """Rates out at the named outlets [1/s], at all of them by default; CaseError for a name without an outlet."""
    if exits is None:
        return graph.outlet
    rates = np.zeros(graph.size)
    for name in exits:
        rates[graph.place(name)] = graph.outlet[graph.place(name)]
        if rates[graph.place(name)] == 0.0:
            open_ended = ", ".join(np.array(graph.names)[graph.outlet > 0.0])
            raise CaseError("nothing leaves the whole here", key="exits", value=name, expected=f"one of: {open_ended}")
    return rates


def _reached(graph: Graph, entry: Floats) -> np.ndarray:
    """Positions of the compartments that what enters can come to; others may have no way out."""
    inside = entry > 0.0
    for _ in range(graph.size):
        inside = inside | (graph.exchange[inside] > 0.0).any(axis=0)
    return np.flatnonzero(inside)


def _moments(matrix: Floats, entry: Floats, count: int) -> list[Floats]:
    """Integrals of t^k/k! exp(M t) e over all times, k from 0: (-M)^-(k+1) e."""
    found: list[Floats] = []
    column = np.asarray(entry)
    for _ in range(count):
        column = np.asarray(np.linalg.solve(-matrix, column), dtype=np.float64)
        found.append(column)
    return found
