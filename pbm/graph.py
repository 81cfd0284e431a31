"""Compartments as a directed graph: names, rates from one to another, rates out of the whole.

    graph = Graph(("mixing", "bowl"), [[0.0, 0.5], [0.2, 0.0]], [0.0, 0.1])

Builders: `axial_line`, `tanks`, `Graph.joined`, `Graph.recycled`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from compute.case_model import closest
from compute.errors import CaseError
from pbm.grid import Floats


@dataclass(frozen=True, eq=False, init=False)
class Graph:
    """Well-mixed compartments and the rates [1/s] at which their contents move.

    names: of the compartments, each once; exchange: k_ab from a to b [1/s], (compartments, compartments), diagonal nil
    outlet: rate out of the whole [1/s], (compartments,); none: nothing leaves
    Raises CaseError for what is no such set of rates.
    """

    names: tuple[str, ...]
    exchange: Floats
    outlet: Floats

    def __init__(self, names: Iterable[str], exchange: ArrayLike, outlet: ArrayLike | None = None) -> None:
        object.__setattr__(self, "names", tuple(names))
        size = len(self.names)
        object.__setattr__(self, "exchange", np.array(exchange, dtype=float))
        object.__setattr__(self, "outlet", np.array(np.zeros(size) if outlet is None else outlet, dtype=float))
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise CaseError("two compartments have one name", key="compartments", value=twice[0])
        for key, rates, shape in (("exchange", self.exchange, (size, size)), ("outlets", self.outlet, (size,))):
            if rates.shape != shape:
                raise CaseError("not one rate each", key=f"compartments.{key}", value=rates.shape, expected=str(shape))
            if not np.all(np.isfinite(rates)) or np.any(rates < 0.0):
                raise CaseError("not a set of rates", key=f"compartments.{key}", expected="numbers >= 0 [1/s]")
        if np.any(np.diag(self.exchange) != 0.0):
            raise CaseError("a compartment exchanges with itself", key="compartments.exchange", expected="diagonal 0")

    @property
    def size(self) -> int:
        """Number of compartments."""
        return len(self.names)

    @property
    def outflow(self) -> Floats:
        """Rate at which contents leave each compartment, out of the whole or to another [1/s], (compartments,)."""
        return np.asarray(self.outlet + self.exchange.sum(axis=1))

    @property
    def matrix(self) -> Floats:
        """M of dm/dt = M m + feed [1/s], (compartments, compartments): columns are where contents come from."""
        return np.asarray(self.exchange.T - np.diag(self.outflow))

    def place(self, name: str) -> int:
        """Position of a compartment; CaseError for an unknown name, with the nearest."""
        if name not in self.names:
            listed = ", ".join(self.names)
            raise CaseError("no such compartment", value=name, expected=listed, nearest=closest(name, self.names))
        return self.names.index(name)

    def ways_out(self) -> np.ndarray:
        """Whether contents of each compartment can ever leave the whole, bool (compartments,)."""
        open_ended = self.outlet > 0.0
        for _ in range(self.size):
            open_ended = open_ended | ((self.exchange > 0.0) & open_ended).any(axis=1)
        return open_ended

    def beside(self, other: Graph) -> Graph:
        """This graph and another one without a rate between them."""
        size, start = self.size + other.size, self.size
        exchange = np.zeros((size, size))
        exchange[:start, :start], exchange[start:, start:] = self.exchange, other.exchange
        return Graph((*self.names, *other.names), exchange, np.concatenate((self.outlet, other.outlet)))

    def joined(self, other: Graph, exit: str, entry: str) -> Graph:
        """This graph and another behind it: what left here at `exit` goes to `entry` of the other."""
        both, at = self.beside(other), self.place(exit)
        exchange, outlet = both.exchange.copy(), both.outlet.copy()
        exchange[at, self.size + other.place(entry)], outlet[at] = outlet[at], 0.0
        return Graph(both.names, exchange, outlet)

    def recycled(self, exit: str, entry: str, share: float) -> Graph:
        """This graph with a share of what left at `exit` sent back to `entry`."""
        if not 0.0 <= share < 1.0:
            raise CaseError("not a share that can be recycled", key="recycle.share", value=share, expected="0 to 1")
        start, back = self.place(exit), self.place(entry)
        if start == back:
            raise CaseError("recycled to where it left", key="recycle.to", value=entry, expected="another compartment")
        exchange, outlet = self.exchange.copy(), self.outlet.copy()
        exchange[start, back] += share * outlet[start]
        outlet[start] *= 1.0 - share
        return Graph(self.names, exchange, outlet)


def tanks(count: int, residence_time: float, name: str = "tank") -> Graph:
    """Stirred tanks in series, `name-1` to `name-n`, with one mean residence time [s] over all; variance 1/n."""
    if count < 1 or not residence_time > 0.0:
        raise CaseError("no tanks", key=name, value=(count, residence_time), expected="at least one, longer than 0 s")
    rate = count / residence_time
    return Graph(numbered(name, count), np.diag(np.full(count - 1, rate), 1), rate * np.eye(count)[-1])


def axial_line(count: int, length: float, velocity: float, dispersion: float, name: str = "line") -> Graph:
    """A line of `length` [m] with a velocity [m/s] and axial dispersion D [m2/s], closed at both ends.

    Compartments of h = L/n are stirred, which by itself disperses v h/2; the rest is exchange at (D - v h/2)/h^2 both
    ways, beside v/h forward and out. Its variance is 2/Pe - (2/Pe^2 - 1/(2 n^2)) (1 - ((2n - Pe)/(2n + Pe))^n),
    Pe = v L/D: that of the closed-closed dispersed flow but for the order 1/n^2. Without the correction it would be 1/n
    too large. CaseError where the compartments alone disperse more than D: fewer than Pe/2 of them.
    """
    if count < 1 or not (length > 0.0 and velocity > 0.0 and dispersion > 0.0):
        given = (count, length, velocity, dispersion)
        raise CaseError(
            "no line", key=name, value=given, expected="compartments >= 1; length, velocity, dispersion > 0"
        )
    step, needed = length / count, 0.5 * velocity * length / dispersion
    back = dispersion / step**2 - 0.5 * velocity / step
    if back < 0.0:
        raise CaseError(
            "the compartments of the line disperse more than it does",
            key=f"{name}.compartments",
            value=count,
            expected=f"at least {int(np.ceil(needed))}, or no dispersion for tanks in series",
        )
    forward = velocity / step
    exchange = np.diag(np.full(count - 1, forward + back), 1) + np.diag(np.full(count - 1, back), -1)
    return Graph(numbered(name, count), exchange, forward * np.eye(count)[-1])


def numbered(name: str, count: int) -> tuple[str, ...]:
    """`name-1` to `name-n`."""
    return tuple(f"{name}-{at + 1}" for at in range(count))
