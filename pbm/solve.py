"""Simulation over time: stretches of constant inputs, output at the times asked for, balances kept at every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compute.errors import CaseError, ConservationError, SimulationError
from pbm.feeding import Inflow, feed_rates
from pbm.grid import Floats
from pbm.inputs import Steps, constant, stretches
from pbm.integrate import COLLAPSED, DONE, FULL, NOT_CONSERVED, NOT_FINITE
from pbm.model import BOOKED, LOSS, NUMBER, Parameters, Tables, Workspace, make_workspace
from pbm.places import ABSENT
from pbm.program import Program
from pbm.stages import RECORD, Control, Scratch, Start, make_scratch, sums

SLACK = 1.0 + 1e-9
"""Round-off by which a part may exceed the whole."""
NOTHING = constant(0.0)
RECORD_ROWS = 4096
"""Accepted steps between two visits of the host."""


@dataclass(frozen=True, eq=False)
class Setup:
    """What is integrated, whatever the method.

    program, parameters, tables: the equations
    initial: first state, shape (compartments, quantities, classes), all nil for empty equipment that is fed
    speed: of the impeller [rad/s]; spray [kg/s]; inflows: powder that comes in
    """

    program: Program
    initial: Floats
    parameters: Parameters
    tables: Tables
    speed: Steps = NOTHING
    spray: Steps = NOTHING
    inflows: Sequence[Inflow] = ()

    def stretches(self, times: Floats) -> list[tuple[float, float]]:
        """Spans of constant inputs between output times [s]."""
        return stretches(times, self.speed, self.spray, *(inflow.rate for inflow in self.inflows))


@dataclass(frozen=True)
class Accuracy:
    """Settings of the reference integration.

    tolerance: error of a class per step, relative to its content
    floor: share of the solids that the smallest class counts as
    shortest: share of the time span below which a step means collapse
    drift: relative error of a balance that stops the run
    """

    tolerance: float = 1e-4
    floor: float = 1e-2
    shortest: float = 1e-12
    drift: float = 1e-10


@dataclass(frozen=True)
class Solution:
    """States at the times asked for, and what every accepted step left of the balances.

    times [s] (n,); states (n, compartments, quantities, classes); booked (n, BOOKED), ledger since the start; steps
    (accepted, 6): time, length [s], relative errors of solids, liquid, gas, number.
    """

    times: Floats
    states: Floats
    booked: Floats
    steps: Floats

    @property
    def worst_imbalance(self) -> tuple[float, ...]:
        """Largest relative error of solids, liquid, gas and number over all accepted steps."""
        return tuple(float(worst) for worst in self.steps[:, 2:].max(axis=0))


Knot = tuple[float, Floats, Floats]
"""Time, state and ledger."""


@dataclass
class Run:
    """An integration under way: what it needs, and where it is."""

    program: Program
    parameters: Parameters
    tables: Tables
    control: Control
    start: Start
    state: Floats
    booked: Floats
    work: Workspace
    scratch: Scratch
    step: float
    record: list[Floats]
    inflows: Sequence[Inflow]
    rows: Floats

    def advance(self, time: float, end: float, speed: float, spray: float, knots: list[Knot] | None = None) -> None:
        """Move on to `end` [s] at constant inputs; the end of every step is added to `knots`, where given."""
        rows = self.rows if knots is None else self.rows[:1]
        coupled = 1 if np.any(self.tables.outflow > 0.0) else 0
        tables = self.tables._replace(feed=feed_rates(self.inflows, time, self.state.shape), coupled=coupled)
        status = FULL
        while status == FULL:
            status, time, self.step, filled = self.program.advance(
                self.state,
                time,
                end,
                self.step,
                speed,
                spray,
                self.start,
                self.control,
                self.parameters,
                tables,
                self.work,
                self.scratch,
                self.booked,
                rows,
            )
            self.record.append(rows[:filled].copy())
            if knots is not None:
                knots.append((time, self.state.copy(), self.booked.copy()))
        if status != DONE:
            raise _failure(status, time, self)


def solve(setup: Setup, times: Floats, accuracy: Accuracy | None = None) -> Solution:
    """Integrate from times[0] on and return the states at all `times` [s].

    Raises: CaseError for a bad start, SimulationError when the step collapses, ConservationError beyond `drift`.
    """
    times = np.asarray(times, dtype=float)
    check_state(setup.initial, setup.tables, bool(setup.inflows))
    if times.ndim != 1 or times.size < 2 or np.any(np.diff(times) <= 0.0):
        raise CaseError("output times have to rise", key="times", expected="at least two, rising")
    run = make_run(setup, accuracy or Accuracy(), float(times[-1] - times[0]))
    states, booked = [run.state.copy()], [run.booked.copy()]
    for low, high in setup.stretches(times):
        run.advance(low, high, setup.speed.at(low), setup.spray.at(low))
        if high in times:
            states.append(run.state.copy())
            booked.append(run.booked.copy())
    return Solution(times, np.array(states), np.array(booked), np.concatenate(run.record))


def check_state(state: Floats, tables: Tables, fed: bool = False) -> None:
    """Refuse a state that is misshapen, negative or not finite, or empty where nothing is fed; raises CaseError."""
    shape = tables.feed.shape
    if state.shape != shape:
        raise CaseError("the state has another shape than the tables", value=state.shape, expected=str(shape))
    if not np.all(np.isfinite(state)) or np.any(state < 0.0):
        raise CaseError("a content of the state is negative or not finite", expected="finite numbers >= 0")
    if not fed and not np.any(state[:, NUMBER] > 0.0):
        raise CaseError("there is no powder", key="state", expected="granules in a class, or a feed")
    content = tables.places.content
    if content != ABSENT and np.any(state[:, content] > SLACK * state[:, NUMBER] * tables.solid_volume):
        raise CaseError("more of the lumped solid than solids", key="state", expected="a part of every class's solids")
    if np.any((state[:, NUMBER] == 0.0) & (state.sum(axis=1) > 0.0)):
        raise CaseError("liquid or gas without granules", key="state", expected="contents where there are granules")


def make_run(setup: Setup, accuracy: Accuracy, span: float) -> Run:
    """Begin an integration over `span` [s]."""
    state = np.array(setup.initial, dtype=float, order="C")
    control = Control(accuracy.tolerance, accuracy.floor, accuracy.shortest * span, accuracy.drift)
    places, classes = state.shape[0], state.shape[2]
    return Run(
        setup.program,
        setup.parameters,
        setup.tables,
        control,
        Start(*sums(state, setup.tables)),
        state,
        np.zeros(BOOKED),
        make_workspace(places, classes),
        make_scratch(places, classes, state.shape[1]),
        span,
        [],
        setup.inflows,
        np.zeros((RECORD_ROWS, RECORD)),
    )


def _failure(status: int, time: float, run: Run) -> SimulationError:
    where: dict[str, Any] = {"time": time, "step": run.step}
    loss = run.work.classes[LOSS]
    place, worst = np.unravel_index(int(np.argmax(np.nan_to_num(loss, nan=np.inf))), loss.shape)
    culprit = (
        f"class {worst} (solid volume {run.tables.solid_volume[worst]:.3g} m3, compartment {place}) "
        f"loses its content at {loss[place, worst]:.3g} per second"
    )
    at = f"population balance at {where['time']:.6g} s"
    if status == COLLAPSED:
        return SimulationError(
            f"{at}: the step fell to {where['step']:.3g} s; {culprit}; expected rates that change over the run, "
            "lower the kernel scale, the spray rate or the breakage scale; if the spray meets an almost empty "
            "compartment, give liquid.spray.cover"
        )
    if status == NOT_FINITE:
        return SimulationError(f"{at}: a rate is not a number; {culprit}; check kernel law and material values")
    assert status == NOT_CONSERVED
    solids, liquid, gas, number = run.record[-1][-1, 2:]
    return ConservationError(
        f"{at}: relative error of solids {solids:.2e}, liquid {liquid:.2e}, gas {gas:.2e}, number {number:.2e}; "
        f"expected at most {run.control.drift:.1e}; {culprit}; lower the rates or the accuracy's tolerance"
    )
