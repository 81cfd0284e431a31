"""The DEM windows of a case: which parcels stand for a state, and what a window of them measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend
from coupling.case import Case, CouplingSettings
from coupling.exchange import Exchange, fit_exchange
from coupling.parcel_sizes import parcel_shares, with_parcel_shares
from coupling.session import Session
from coupling.window import Window, measured_exchange
from dem.case import DemCase
from dem.case_parcels import Parcels
from dem.wall_speed import wall_reach
from pbm.case import PbmCase
from pbm.distribution import SizeDistribution
from pbm.feeding import distribution_of
from pbm.granulation import Granulation
from pbm.law import KernelLaw
from pbm.result import GranulationResult

FEED, GROWN = 0, 1


@dataclass(frozen=True)
class Sections:
    """The three sections of a case that has all of them."""

    dem: DemCase
    pbm: PbmCase
    coupling: CouplingSettings

    @property
    def parcels(self) -> Parcels:
        """What the particles stand for where they are those of the feed."""
        assert self.dem.parcels is not None
        return self.dem.parcels

    @property
    def tip_radius(self) -> float:
        """Largest distance of the impeller from its axis [m]."""
        wall = next(wall for wall in self.dem.walls if wall.name == self.coupling.impeller)
        return float(wall_reach(wall) or _mesh_reach(self.dem, self.coupling.impeller))


def sections_of(case: Case) -> Sections:
    """Return the sections of a case whose models are joined."""
    assert case.dem is not None and case.pbm is not None and case.coupling is not None
    return Sections(case.dem, case.pbm, case.coupling)


def _mesh_reach(case: DemCase, name: str) -> float:
    """Return the reach of a mesh read from a file [m]: its vertices' largest distance from the motion axis."""
    from dem.setup import make_setup
    from dem.walls.arrays import SWEPT_RADIUS

    walls = make_setup(case).engine.walls
    return float(walls.geometry[[wall.name for wall in case.walls].index(name), SWEPT_RADIUS])


@dataclass(frozen=True)
class State:
    """A state of the powder that parcels stand for.

    Attributes:
        curve: its size distribution by volume.
        scale: scale factor s of its parcels [-].
    """

    curve: SizeDistribution
    scale: float

    @property
    def median(self) -> float:
        """Volume median d50 [m]."""
        return self.curve.percentile(0.5)


def feed_state(sections: Sections) -> State:
    """Return the state of the feed."""
    return State(distribution_of(sections.pbm.feed), sections.parcels.scale_factor)


def grown_state(sections: Sections, curve: SizeDistribution) -> State:
    """Return the state of a grown distribution: the same parcels, so that s falls as d50 grows."""
    feed = feed_state(sections)
    return State(curve, feed.scale * feed.median / curve.percentile(0.5))


def curve_of(model: Granulation, state: NDArray[np.float64]) -> SizeDistribution:
    """Return the size distribution by volume of a state of the population balance."""
    outputs = model.outputs(state)
    solids = state[:, 0].sum(axis=0) * model.grid.pivots
    swelling = float(solids.sum() / (1.0 - outputs.porosity) / solids.sum())
    diameters = (6.0 / np.pi * model.grid.edges * swelling) ** (1.0 / 3.0)
    cumulative = np.concatenate(([0.0], np.cumsum(outputs.fractions)))
    return SizeDistribution(diameters, cumulative / cumulative[-1])


def curve_at_growth(model: Granulation, result: GranulationResult, growth: float) -> SizeDistribution:
    """Return the distribution when d50 first is `growth` times that of the feed, or the last one of the batch."""
    reached = np.flatnonzero(result.d50 >= growth * result.d50[0])
    return curve_of(model, result.states[reached[0] if len(reached) else -1])


def window_case(sections: Sections, speed: float, state: State) -> DemCase:
    """Return the particle simulation of a speed [rad/s] and a state: its parcels stand for the grains of that state."""
    parcels = sections.parcels.model_copy(update={"scale_factor": state.scale})
    dem = sections.dem.with_wall_speed(sections.coupling.impeller, speed).model_copy(update={"parcels": parcels})
    if sections.coupling.parcel_shares == "given":
        return dem
    diameters = np.array([each.diameter for each in dem.classes])
    return with_parcel_shares(dem, parcel_shares(state.curve, diameters, state.scale))


def measure(session: Session, sections: Sections, name: str, speed: float, state: State, stream: int) -> Window:
    """Run the DEM window of a speed [rad/s] and a state; a finished one is read."""
    statistics = session.simulate(name, window_case(sections, speed, state), stream)
    assert statistics is not None
    return Window(name, speed, state.median, state.scale, statistics)


def population_balance(
    sections: Sections, law: KernelLaw, windows: list[Window], device: Backend | None = None
) -> Granulation:
    """Return the population balance of a law, with the exchange of the middle speed's window where the case says so.

    device: on which it runs, the CPU for none
    """
    regions, exchange = sections.pbm.compartments, None
    if regions is not None and regions.exchange == "dem":
        exchange = measured_exchange(windows, sections.coupling.design.middle)
    return Granulation(sections.pbm, law, exchange, backend=device)


def fit(sections: Sections, windows: list[Window]) -> Exchange:
    """Return the laws that these windows give."""
    coupling = sections.coupling
    return fit_exchange(windows, sections.parcels.law, [coupling.impeller], sections.tip_radius)
