"""Powder as contents of classes: the charge at the start, and feeds that bring powder over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.errors import CaseError
from pbm.distribution import SizeDistribution, project, read_distribution
from pbm.grid import Floats, Grid
from pbm.inputs import Steps
from pbm.model import EXTERNAL, GAS, INTERNAL, NUMBER, QUANTITIES

if TYPE_CHECKING:
    from pbm.case import PbmCase
    from pbm.case_compartments import PowderFeed


@dataclass(frozen=True, eq=False)
class Inflow:
    """Powder that flows into compartment `place`.

    contents: of one kilogram of dry solids, number [1/kg], liquids and gas [m3/kg], shape (4, classes)
    rate: mass flow of dry solids [kg/s]
    """

    place: int
    contents: Floats
    rate: Steps


def powder(
    distribution: SizeDistribution,
    grid: Grid,
    moisture: float,
    porosity: float,
    solid_density: float,
    liquid_density: float,
) -> Floats:
    """Contents of one kilogram of dry solids, shape (4, classes): moisture fills pores first, the rest is outside."""
    numbers = project(distribution, grid, 1.0 / solid_density, porosity).numbers
    volume = numbers * grid.pivots
    pores = volume * porosity / (1.0 - porosity)
    liquid = volume * moisture * solid_density / liquid_density
    contents = np.zeros((QUANTITIES, grid.classes))
    contents[NUMBER], contents[INTERNAL] = numbers, np.minimum(liquid, pores)
    contents[EXTERNAL], contents[GAS] = liquid - contents[INTERNAL], pores - contents[INTERNAL]
    return contents


def charge_contents(case: PbmCase, distribution: SizeDistribution, grid: Grid) -> Floats:
    """Contents of one kilogram of the charge of a case."""
    feed, liquid = case.feed, case.liquid.density
    return powder(distribution, grid, feed.moisture, feed.porosity, case.solid_density, liquid)


def make_inflows(case: PbmCase, grid: Grid) -> tuple[Inflow, ...]:
    """Feeds of a case; CaseError, with the name of the feed, where the grid cannot hold it."""
    regions = case.compartments
    if regions is None:
        return ()
    return tuple(
        Inflow(regions.places.index(feed.to), _contents(case, feed, grid), _rate(feed)) for feed in regions.feeds
    )


def _contents(case: PbmCase, feed: PowderFeed, grid: Grid) -> Floats:
    charge = case.feed
    distribution = read_distribution(feed.distribution or charge.distribution)
    moisture = charge.moisture if feed.moisture is None else feed.moisture
    porosity = charge.porosity if feed.porosity is None else feed.porosity
    try:
        return powder(distribution, grid, moisture, porosity, case.solid_density, case.liquid.density)
    except CaseError as error:
        where = f"pbm.{error.key}, for the feed {feed.name!r}"
        raise CaseError(error.problem, key=where, value=error.value, expected=error.expected) from None


def _rate(feed: PowderFeed) -> Steps:
    first = () if feed.steps[0].time == 0.0 else ((0.0, 0.0),)
    times, values = zip(*first, *((step.time, step.rate) for step in feed.steps))
    return Steps(times, values)


def feed_rates(inflows: Sequence[Inflow], time: float, shape: tuple[int, int, int]) -> Floats:
    """What comes in per second just after `time` [s], of the shape (compartments, 4, classes) of the state."""
    rates = np.zeros(shape)
    for inflow in inflows:
        rates[inflow.place] += inflow.rate.at(time) * inflow.contents
    return rates
