"""The granulation model: a case and a kernel law, put together and run."""

from __future__ import annotations

from math import exp, log, pi
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from compute.errors import CaseError
from pbm.assemble import make_tables
from pbm.case import PbmCase, Spray
from pbm.case_compartments import WAY_OUT
from pbm.cells import Cells
from pbm.distribution import SizeDistribution
from pbm.feeding import Inflow, charge_contents, distribution_of, make_inflows
from pbm.graph import Graph
from pbm.grid import Floats, Grid, diameter_grid, pivot_grid, solid_volume_of
from pbm.inputs import Steps, constant
from pbm.law import KernelLaw
from pbm.model import (
    BOOKED,
    Parameters,
    Tables,
    Workspace,
    make_workspace,
)
from pbm.nucleation import drop_volume, nucleus_solids
from pbm.outputs import DesignFlags, Outputs, design_flags, outputs_of
from pbm.program import Program, compile_program, load_program
from pbm.result import GranulationResult, make_result
from pbm.solve import Accuracy, solve
from pbm.spray import spray_regime
from pbm.stages import Scratch, make_scratch
from pbm.stated import complete_law, stated_laws
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
    runs the same text as plain Python. `exchange` [1/s] is needed where the case says `exchange: dem`.
    Raises CaseError where case and law do not fit.
    """

    def __init__(
        self, case: PbmCase, law: KernelLaw | None = None, exchange: Floats | None = None, compiled: bool = True
    ) -> None:
        self.case, self.law = case, law
        self.feed: SizeDistribution = distribution_of(case.feed)
        self.cells: Cells = make_cells(case)
        self.grid: Grid = self.cells.sizes
        self.parameters: Parameters = make_parameters(case, complete_law(case, law))
        self.graph: Graph = make_graph(case, exchange)
        self.tables: Tables = _make_case_tables(case, self.cells, self.parameters, self.graph)
        self.inflows: tuple[Inflow, ...] = make_inflows(case, self.cells)
        self._load = compile_program if compiled else load_program
        self._work: Workspace = make_workspace(self.places, self.cells.count)
        self._scratch: Scratch = make_scratch(self.places, self.cells.count)

    @property
    def places(self) -> int:
        """Number of compartments."""
        return int(self.tables.exchange.shape[0])

    @property
    def program(self) -> Program:
        """The compiled or plain program of the model."""
        meeting, breaking = self.case.aggregation, self.case.breakage
        return self._load(meeting.kernel["name"], meeting.sticking, breaking.rate["name"])

    def initial_state(self) -> Floats:
        """State of the charge, shape (compartments, 4, classes): moisture fills pores first, the rest is outside."""
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
        model = (self.program, start, times, self.parameters, self.tables, speed, spray)
        if isinstance(accuracy, Stiff):
            solution = solve_stiff(*model, accuracy, self.inflows)
        else:
            solution = solve(*model, accuracy or Accuracy(self.case.tolerance), self.inflows)
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
        return follow(self.program, start, span, self.parameters, self.tables, speed, spray, accuracy, self.inflows)

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

    def flags(self, state: Floats, speed: float) -> DesignFlags:
        """Whether a state and an impeller speed [rad/s] lie inside the design of the kernel law, where there is one."""
        if self.law is None:
            return DesignFlags(False, False, False, 0.0, 0.0)
        return design_flags(state, speed, self.law, self.parameters, self.tables)


def spray_of(spray: Spray) -> Steps:
    """The spray [kg/s] of a case as a piecewise-constant input."""
    if spray.start > 0.0:
        return Steps((0.0, spray.start, spray.end), (0.0, spray.rate, 0.0))
    return Steps((0.0, spray.end), (spray.rate, 0.0))


def make_cells(case: PbmCase) -> Cells:
    """Classes of a case: those of its solids, or one grid between two diameters."""
    if case.solids is not None:
        return Cells(tuple(pivot_grid(each.first_volume, each.ratio, each.classes) for each in case.solids))
    size = case.grid
    return Cells((diameter_grid(size.smallest_diameter, size.largest_diameter, size.classes, case.feed.porosity),))


def make_parameters(case: PbmCase, law: KernelLaw) -> Parameters:
    """Scalars of the model from a case and a kernel law; `Parameters` says what each is."""
    breaking, liquid = case.breakage, case.liquid
    regime = spray_regime(case)
    drop = regime.drops_per_nucleus * drop_volume(liquid.drop_diameter)
    strength = 2.0 * breaking.deformation_number * (9.0 / 8.0) * (9.0 / 16.0) * liquid.viscosity
    span = log(law.d50_grown / law.d50_feed)
    return Parameters(
        solid_density=case.solid_density,
        liquid_density=liquid.density,
        feed_porosity=case.feed.porosity,
        film_thickness=liquid.film_thickness,
        asperity_height=liquid.asperity_height,
        viscous_factor=(1.0 + 1.0 / case.restitution) * 1.5 * pi * liquid.viscosity,
        lubrication=0.375 * pi * liquid.viscosity,
        yield_strength=case.aggregation.yield_strength or 1.0,
        softness=(case.aggregation.yield_strength or 0.0) / (case.aggregation.modulus or 1.0),
        efficiency=case.efficiency,
        encounter_scale=case.kernel_scale * exp(law.encounters[0]),
        encounter_speed_exponent=law.encounters[1],
        encounter_size_exponent=law.encounters[2],
        encounter_state_slope=law.encounters[3],
        reference_speed=law.reference_speed,
        log_ratio_low=log(law.size_ratio_low),
        log_ratio_high=log(law.size_ratio_high),
        log_pair_speed=law.pair_speed[0],
        pair_speed_exponent=law.pair_speed[1],
        pair_size_exponent=law.pair_speed[2],
        pair_state_slope=law.pair_speed[3],
        pair_speed_shape=law.pair_speed_shape,
        hit_scale=case.breakage_scale * exp(law.blade_hits[0]) if breaking.on else 0.0,
        hit_speed_exponent=law.blade_hits[1],
        hit_size_exponent=law.blade_hits[2],
        hit_state_slope=law.blade_hits[3],
        tip_radius=law.tip_radius,
        blade_share_scale=law.blade_share_scale,
        blade_share_shape=law.blade_share_shape,
        strength_factor=strength * breaking.factor / breaking.primary_diameter,
        log_feed_size=log(law.d50_feed),
        log_growth_span=span if span > 0.0 else 1.0,
        drop_volume=drop,
        nucleus_solids=nucleus_solids(drop, case.feed.porosity, case.nucleus_saturation),
        absorption_time=regime.penetration_time,
        evaporation_speed=liquid.evaporation / liquid.density,
        consolidation_rate=case.consolidation.rate,
        minimum_pore_ratio=case.consolidation.minimum_porosity / (1.0 - case.consolidation.minimum_porosity),
    )


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


def shares_of(given: dict[str, float], graph: Graph, default: float) -> Floats:
    """Values by name as an array by compartment, nil for those not named; `default` for all where none is."""
    return np.array([given.get(name, 0.0) if given else default for name in graph.names])


def _make_case_tables(case: PbmCase, cells: Cells, parameters: Parameters, graph: Graph) -> Tables:
    smallest = float(solid_volume_of(2.0 * case.breakage.primary_diameter, case.feed.porosity))
    regions = case.compartments
    spray = shares_of(regions.spray, graph, 0.0) if regions and regions.spray else None
    stirring = np.array([regions.stirring.get(name, 1.0) for name in graph.names]) if regions else None
    cover = case.liquid.spray.cover / case.solid_density
    laws = stated_laws(case, cells.sizes)
    return make_tables(cells, parameters.nucleus_solids, smallest, graph, spray, stirring, cover, laws)
