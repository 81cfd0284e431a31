"""The granulation model: a case and a kernel law, put together and run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from compute.base import Backend
from compute.errors import CaseError
from pbm.case import PbmCase
from pbm.case_compartments import WAY_OUT
from pbm.case_liquid import Spray
from pbm.case_tables import make_cells, make_parameters, make_tables_of, shares_of
from pbm.cells import Cells
from pbm.distribution import SizeDistribution
from pbm.feeding import Inflow, charge_contents, distribution_of, make_inflows
from pbm.graph import Graph
from pbm.grid import Floats, Grid
from pbm.inputs import Steps, constant
from pbm.law import KernelLaw
from pbm.model import (
    BOOKED,
    Parameters,
    Tables,
    Workspace,
    make_workspace,
)
from pbm.outputs import DesignFlags, Outputs, design_flags, outputs_of
from pbm.program import Program, compile_program, load_program
from pbm.program_device import DeviceProgram
from pbm.result import GranulationResult, make_result
from pbm.solve import Accuracy, Setup, solve
from pbm.stages import Scratch, make_scratch
from pbm.stated import complete_law
from pbm.stiff import Stiff, solve_stiff

if TYPE_CHECKING:
    from pbm.dense import Course
    from pbm.steady import SteadyState

OUTPUT_TIMES = 61
"""Output times of a simulation for which none are given, spread evenly."""


class FixedRule(NamedTuple):
    """Settings of the integration by a fixed rule: longest step [s], share of a class lost per step, most substeps."""

    longest: float = 0.5
    share: float = 0.5
    most: int = 64


class FixedStep(NamedTuple):
    """Outcome of one step by the fixed rule; `forced` where the number of substeps held losses back."""

    state: Floats
    booked: Floats
    substeps: int
    forced: bool


class Granulation:
    """Population balance of a granulator, fed by a kernel law or by the laws that its case states.

    Attributes: case, law, feed (measured size distribution), cells, grid (of sizes), parameters, graph, tables,
    inflows. `compiled=False`
    runs the same text as plain Python; `backend`, a device, runs all integrations but `pbm.Stiff` there, whose rates
    it finds, as those of `steady_state`. `exchange` [1/s] is needed where the case says `exchange: dem`.
    Raises CaseError where case and law do not fit.
    """

    def __init__(
        self,
        case: PbmCase,
        law: KernelLaw | None = None,
        exchange: Floats | None = None,
        compiled: bool = True,
        backend: Backend | None = None,
    ) -> None:
        self.case, self.law = case, law
        self.feed: SizeDistribution = distribution_of(case.feed)
        self.cells: Cells = make_cells(case)
        self.grid: Grid = self.cells.sizes
        self.parameters: Parameters = make_parameters(case, complete_law(case, law))
        self.graph: Graph = make_graph(case, exchange)
        self.tables: Tables = make_tables_of(case, self.cells, self.parameters, self.graph)
        self.inflows: tuple[Inflow, ...] = make_inflows(case, self.cells)
        self._load = compile_program if compiled else load_program
        self._backend = backend
        self._work: Workspace = make_workspace(self.places, self.cells.count)
        self._scratch: Scratch = make_scratch(*np.array(self.tables.feed.shape)[[0, 2, 1]])

    @property
    def places(self) -> int:
        """Number of compartments."""
        return int(self.tables.exchange.shape[0])

    @cached_property
    def program(self) -> Program:
        """The compiled or plain program of the model, or that of its device."""
        meeting, breaking = self.case.aggregation, self.case.breakage
        laws = (meeting.kernel["name"], meeting.sticking, breaking.rate["name"])
        return self._load(*laws) if self._backend is None else DeviceProgram(self._backend, laws).program()

    def initial_state(self) -> Floats:
        """State of the charge, (compartments, quantities, classes): moisture fills pores first, the rest is outside."""
        return self.charged_mass()[:, None, None] * charge_contents(self.case, self.feed, self.cells)

    def charged_mass(self) -> Floats:
        """Dry solids of the charge by compartment [kg], (compartments,)."""
        given = {} if self.case.compartments is None else self.case.compartments.charge
        return self.case.feed.charge * shares_of(given, self.graph, 1.0 / self.places)

    def simulate(
        self,
        speed: Steps | float = 0.0,
        times: Floats | None = None,
        spray: Steps | None = None,
        initial: Floats | None = None,
        accuracy: Accuracy | Stiff | None = None,
    ) -> GranulationResult:
        """Run the batch.

        speed: impeller speed [rad/s], a number or piecewise constant, read by fitted laws only
        times: of output [s], 61 by default
        spray: [kg/s], that of the case by default; initial: state to start from, the charge by default
        accuracy: settings of the reference integration, or `pbm.Stiff` for methods of other libraries
        Raises as `pbm.solve.solve`.
        """
        speed = speed if isinstance(speed, Steps) else constant(speed)
        spray = spray_of(self.case.liquid.spray) if spray is None else spray
        times = np.linspace(0.0, self.case.end, OUTPUT_TIMES) if times is None else np.asarray(times, dtype=float)
        start = self.initial_state() if initial is None else initial
        setup = Setup(self.program, start, self.parameters, self.tables, speed, spray, self.inflows)
        if isinstance(accuracy, Stiff):
            solution = solve_stiff(setup, times, accuracy)
        else:
            solution = solve(setup, times, accuracy or Accuracy(self.case.tolerance))
        return make_result(solution, self, speed, spray)

    def follow(
        self,
        speed: Steps | float = 0.0,
        end: float | None = None,
        spray: Steps | None = None,
        initial: Floats | None = None,
        accuracy: Accuracy | None = None,
    ) -> Course:
        """Run without output times; the course gives the state at any. Inputs as of `simulate`; end: of the run [s]."""
        from pbm.dense import follow

        speed = speed if isinstance(speed, Steps) else constant(speed)
        spray = spray_of(self.case.liquid.spray) if spray is None else spray
        start = self.initial_state() if initial is None else initial
        span = (0.0, self.case.end if end is None else end)
        setup = Setup(self.program, start, self.parameters, self.tables, speed, spray, self.inflows)
        return follow(setup, span, accuracy)

    def steady_state(
        self, speed: float, spray: float | None = None, initial: Floats | None = None, residual: float = 1e-9
    ) -> SteadyState:
        """Where a continuous granulator comes to rest; arguments and errors as `pbm.steady.find_steady_state`."""
        from pbm.steady import find_steady_state

        return find_steady_state(self, speed, spray, initial, residual)

    def step_fixed_rule(
        self, state: Floats, duration: float, speed: float, spray: float, rule: FixedRule | None = None
    ) -> FixedStep:
        """Move a state on by `duration` [s] at constant speed [rad/s] and spray [kg/s], by the fixed rule.

        The result is a continuous function of state and inputs, and never negative; the argument is not changed.
        """
        rule = rule or FixedRule()
        moved, booked = np.array(state, dtype=float, order="C"), np.zeros(BOOKED)
        substeps, forced = self.program.fixed_rule(
            moved,
            float(duration),
            float(speed),
            float(spray),
            rule.longest,
            rule.share,
            rule.most,
            self.parameters,
            self.tables,
            self._work,
            self._scratch,
            booked,
        )
        return FixedStep(moved, booked, int(substeps), bool(forced))

    def outputs(self, state: Floats) -> Outputs:
        """Fractions, percentiles, moisture and porosity of a state."""
        return outputs_of(state, self.parameters, self.tables)

    def flags(self, state: Floats, speed: float, values: Outputs | None = None) -> DesignFlags:
        """Whether a state and an impeller speed [rad/s] lie inside the design of the kernel law, where there is one.

        values: outputs of the state, if they are known
        """
        if self.law is None:
            return DesignFlags(False, False, False, 0.0, 0.0)
        return design_flags(state, speed, self.law, self.parameters, self.tables, values=values)


def spray_of(spray: Spray) -> Steps:
    """The spray [kg/s] of a case as a piecewise-constant input."""
    if spray.start > 0.0:
        return Steps((0.0, spray.start, spray.end), (0.0, spray.rate, 0.0))
    return Steps((0.0, spray.end), (spray.rate, 0.0))


def make_graph(case: PbmCase, exchange: Floats | None = None) -> Graph:
    """Compartments of a case; exchange: measured rates [1/s], where the case asks for them."""
    regions = case.compartments
    if regions is None:
        return Graph(("whole",), [[0.0]])
    if regions.exchange != "dem":
        return regions.graph()
    size = len(regions.names)
    if exchange is None or np.shape(exchange) != (size, size):
        raise CaseError(
            "no measured exchange rates for these compartments",
            key="pbm.compartments.exchange",
            value=None if exchange is None else np.shape(exchange),
            expected=f"rates of {size} compartments from the particle simulation, or links",
        )
    graph = regions.graph(exchange)
    for key, name in regions.stranded(graph):
        where = f"pbm.compartments.{key}"
        raise CaseError("powder fed here can never leave", key=where, value=name, expected=WAY_OUT)
    return graph
