"""The same right-hand side through integrators of other libraries: BDF and Radau of scipy, CVODE of SUNDIALS.

They step over losses that are much faster than anything a user looks at, which bind the extrapolation of
`pbm.integrate`, and are an independent check of it. Contents are scaled to shares of all powder; the Jacobian is that
of `pbm.rates`. What they keep of the balances is their tolerance, not round-off, and with scipy a content may end below
nil by as much; CVODE is told that none may.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError, MissingComponent, SimulationError
from pbm.feeding import feed_rates
from pbm.grid import Floats
from pbm.model import BOOKED, LEFT_GAS, LEFT_LIQUID, LEFT_NUMBER, LEFT_SECOND, LEFT_SOLIDS, NUMBER, Tables
from pbm.places import ABSENT
from pbm.rates import Rates
from pbm.solve import Setup, Solution, check_state
from pbm.stages import Start, imbalance, sums

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

Method = Literal["BDF", "Radau", "CVODE"]
METHODS = ("BDF", "Radau", "CVODE")
UNCOUNTED = 1e300
"""Absolute tolerance of the ledger: it follows from the state and is not controlled by itself."""
MOST_STEPS = 1_000_000


@dataclass(frozen=True)
class Stiff:
    """Settings of an integration by a method for stiff equations.

    method: "BDF" or "Radau" of scipy, "CVODE" of SUNDIALS (extra `sundials`)
    tolerance: of a content, relative; floor: share of all powder below which a content counts as this share
    """

    method: Method = "BDF"
    tolerance: float = 1e-6
    floor: float = 1e-3

    def __post_init__(self) -> None:
        """Refuse an unknown method; raises CaseError."""
        if self.method not in METHODS:
            nearest = closest(self.method, METHODS)
            raise CaseError(
                "no such method", key="method", value=self.method, expected=", ".join(METHODS), nearest=nearest
            )


class _System:
    """Flat, scaled state with the ledger behind it, at constant inputs."""

    def __init__(self, rates: Rates, solids: float) -> None:
        self.rates = rates
        self.scale = np.concatenate((rates.weights().ravel() / solids, np.ones(BOOKED)))
        self.size = rates.size + BOOKED

    def pack(self, state: Floats, booked: Floats) -> Floats:
        return np.concatenate((state.ravel(), booked)) * self.scale

    def unpack(self, packed: Floats) -> tuple[Floats, Floats]:
        plain = packed / self.scale
        return plain[:-BOOKED].reshape(self.rates.shape), plain[-BOOKED:]

    def change(self, _time: float, packed: Floats) -> Floats:
        return self.pack(*self.rates.change(self.unpack(packed)[0]))

    def jacobian(self, _time: float, packed: Floats) -> csc_matrix:
        from scipy.sparse import bmat, csc_matrix, diags

        inner = self.rates.jacobian(self.unpack(packed)[0])
        ledger = csc_matrix(self._ledger_rows())
        scale, back = diags(self.scale), diags(1.0 / self.scale)
        whole = bmat([[inner, None], [ledger, csc_matrix((BOOKED, BOOKED))]])
        return csc_matrix(scale @ whole @ back)

    def _ledger_rows(self) -> Floats:
        """Of the ledger, what left depends on the state linearly; the events are left out."""
        rows = np.zeros((BOOKED, *self.rates.shape))
        outlet = self.rates.tables.outlet[:, None]
        rows[LEFT_NUMBER, :, NUMBER] = outlet
        rows[LEFT_SOLIDS, :, NUMBER] = outlet * self.rates.tables.solid_volume
        rows[LEFT_SECOND, :, NUMBER] = outlet * self.rates.tables.component[1]
        if self.rates.tables.places.content != ABSENT:
            rows[LEFT_SECOND, :, self.rates.tables.places.content] = outlet
        rows[LEFT_LIQUID, :, 1] = rows[LEFT_LIQUID, :, 2] = rows[LEFT_GAS, :, 3] = outlet
        return rows.reshape(BOOKED, -1)


def solve_stiff(setup: Setup, times: Floats, accuracy: Stiff | None = None) -> Solution:
    """Integrate as `pbm.solve.solve` does, by a method for stiff equations, restarted at every change of an input.

    Raises: CaseError for a bad start, MissingComponent where CVODE is not installed, SimulationError where it gives up.
    """
    accuracy, times = accuracy or Stiff(), np.asarray(times, dtype=float)
    tables, inflows = setup.tables, setup.inflows
    check_state(setup.initial, tables, bool(inflows))
    state, booked = np.array(setup.initial, dtype=float), np.zeros(BOOKED)
    start = Start(*sums(state, tables))
    fed = sum(inflow.rate.integral(times[0], times[-1]) * _solids(inflow.contents, tables) for inflow in inflows)
    states, ledger = [state], [booked]
    record: list[tuple[float, ...]] = []
    for low, high in setup.stretches(times):
        feed = feed_rates(inflows, low, state.shape)
        rates = Rates(setup.program, setup.parameters, tables, setup.speed.at(low), setup.spray.at(low), feed)
        system = _System(rates, start.solids + fed)
        allowed = np.concatenate((np.full(rates.size, accuracy.tolerance * accuracy.floor), np.full(BOOKED, UNCOUNTED)))
        step = steppers()[accuracy.method](system, system.pack(state, booked), (low, high), accuracy.tolerance, allowed)
        for at, packed in step:
            state, booked = system.unpack(packed)
            last = record[-1][0] if record else times[0]
            record.append((at, at - last, *imbalance(state, start, booked, tables)))
        if high in times:
            states.append(state)
            ledger.append(booked)
    return Solution(times, np.array(states), np.array(ledger), np.array(record))


def _solids(contents: Floats, tables: Tables) -> float:
    return float(contents[NUMBER] @ tables.solid_volume)


Course = list[tuple[float, Floats]]


class System(Protocol):
    """What is integrated: a flat state of some size, its change and the Jacobian of that."""

    size: int

    def change(self, time: float, packed: Floats, /) -> Floats:
        """Change of the state per second, (size,)."""

    def jacobian(self, time: float, packed: Floats, /) -> csc_matrix:
        """Its derivatives by the state, (size, size)."""


def steppers() -> dict[str, Callable[[System, Floats, tuple[float, float], float, Floats], Course]]:
    """Methods by name: from a system, a state, a span of time and two tolerances to times and states of all steps."""
    return {"BDF": _scipy("BDF"), "Radau": _scipy("Radau"), "CVODE": _cvode}


def _scipy(method: str) -> Callable[..., Course]:
    def integrate(
        system: System, start: Floats, span: tuple[float, float], tolerance: float, allowed: Floats
    ) -> Course:
        from scipy.integrate import solve_ivp

        found = solve_ivp(system.change, span, start, method, jac=system.jacobian, rtol=tolerance, atol=allowed)
        if not found.success:
            raise _given_up(method, float(found.t[-1]), found.message)
        return list(zip(found.t[1:], found.y.T[1:]))

    return integrate


def _cvode(system: System, start: Floats, span: tuple[float, float], tolerance: float, allowed: Floats) -> Course:
    try:
        from sksundae.cvode import CVODE
    except ImportError:
        raise MissingComponent(
            "CVODE is part of SUNDIALS, which is not installed; expected: pip install 'dempbm[sundials]'"
        ) from None

    def change(time: float, packed: Floats, out: Floats) -> None:
        out[:] = system.change(time, packed)

    def jacobian(time: float, packed: Floats, _change: Floats, out: Any) -> None:
        out[:, :] = system.jacobian(time, packed).toarray()

    solver = CVODE(
        change,
        rtol=tolerance,
        atol=allowed,
        linsolver="dense",
        jacfn=jacobian,
        max_num_steps=MOST_STEPS,
        # Of all, also of the ledger, which only grows: scikit-sundae 1.2 leaves what is not named to chance.
        constraints_idx=np.arange(system.size),
        constraints_type=np.ones(system.size),
    )
    found = solver.solve(np.array(span), start)
    if not found.success:
        raise _given_up("CVODE", float(found.t[-1]), found.message)
    return list(zip(found.t[1:], found.y[1:]))


def _given_up(method: str, time: float, why: str) -> SimulationError:
    return SimulationError(
        f"population balance at {time:.6g} s: {method} gave up ({why}); expected rates that change over the run, "
        "lower the kernel, the spray rate or the breakage rate"
    )
