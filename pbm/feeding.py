"""Powder as contents of classes: the charge at the start, and feeds that bring powder over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.errors import CaseError
from pbm.cells import Cells, spread
from pbm.distribution import SizeDistribution, project, read_distribution
from pbm.grid import Floats, diameter_of
from pbm.inputs import Steps
from pbm.places import ABSENT, Places, make_places

if TYPE_CHECKING:
    from pbm.case import Feed, PbmCase
    from pbm.case_compartments import PowderFeed
    from pbm.case_solids import Grains

ONE_SIZE = 1e-6
"""Half the relative width of a distribution of grains of one size."""
LEAST = 1e-300
"""Stands for nothing in a denominator."""
ROUND_OFF = 1e-9
"""Relative error of a stated volume that counts as the pivot itself."""


@dataclass(frozen=True, eq=False)
class Inflow:
    """Powder that flows into compartment `place`.

    contents: of one kilogram of dry solids, number [1/kg], liquids and gas [m3/kg], shape (quantities, classes)
    rate: mass flow of dry solids [kg/s]
    """

    place: int
    contents: Floats
    rate: Steps


def powder(
    grains: Floats,
    solid_volume: Floats,
    moisture: float,
    porosity: float,
    solid_density: float,
    liquid_density: float,
    places: Places,
) -> Floats:
    """Contents of one kilogram of dry solids, shape (quantities, classes): moisture fills pores first, the rest is
    outside; all grains have the same.

    grains: their number by class, in any unit, and what they hold of the second solid per unit, (1 to 3, classes);
    solid_volume: of a grain [m3], (classes,)
    """
    grains = grains / (solid_density * float(grains[0] @ solid_volume))
    volume = grains[0] * solid_volume
    pores = volume * porosity / (1.0 - porosity)
    liquid = volume * moisture * solid_density / liquid_density
    inside = np.minimum(liquid, pores)
    wetness = [] if places.wetness == ABSENT else [liquid * moisture * solid_density / liquid_density]
    return np.array([grains[0], inside, liquid - inside, pores - inside, *grains[1:], *wetness])


def distribution_of(feed: Feed) -> SizeDistribution:
    """Size distribution of the charge of a case, from its table or its grains."""
    if feed.distribution is not None:
        return read_distribution(feed.distribution)
    solids = np.array([sum(each.solids) for each in feed.grains])
    volumes = np.array([each.number for each in feed.grains]) * solids
    sizes, kinds = np.unique(diameter_of(solids[volumes > 0.0], feed.porosity), return_inverse=True)
    held = np.cumsum(np.bincount(kinds, volumes[volumes > 0.0]))
    if sizes.size == 1:
        return SizeDistribution(sizes[0] * np.array([1.0 - ONE_SIZE, 1.0 + ONE_SIZE]), np.array([0.0, 1.0]))
    return SizeDistribution(sizes, held / held[-1])


def grain_numbers(
    distribution: SizeDistribution | None,
    grains: tuple[Grains, ...],
    second_share: float,
    porosity: float,
    cells: Cells,
    lumped: int = 0,
) -> Floats:
    """Numbers of grains by class, in any unit, and after them as many lumped quantities of the second solid as asked
    for [m3], shape (1 + lumped, classes).

    Number and components are kept. CaseError where the grid cannot hold them.
    """
    if distribution is not None and len(cells.grids) == 1:
        numbers = project(distribution, cells.grids[0], 1.0, porosity).numbers
        return _with_second(np.arange(cells.count), numbers, np.full(cells.count, second_share), cells, lumped)
    if distribution is not None:
        numbers = project(distribution, cells.sizes, 1.0, porosity).numbers
        places = np.outer([1.0 - second_share, second_share], cells.sizes.pivots)
        shares = np.full(numbers.size, second_share)
    else:
        numbers = np.array([each.number for each in grains])
        solids = np.transpose([each.solids for each in grains])
        places, shares = np.zeros((2, numbers.size)), solids[-1] / np.maximum(solids.sum(axis=0), LEAST)
        places[: len(cells.grids)] = solids.sum(axis=0) if len(cells.grids) == 1 else solids
    filled = numbers > 0.0
    numbers, places, shares = numbers[filled], places[:, filled], shares[filled]
    for axis in range(len(cells.grids)):
        _check_held(places[axis], cells, axis)
    held, shared = spread(cells, places, numbers)
    return _with_second(held, shared, np.tile(shares, held.size // shares.size), cells, lumped)


def _check_held(volumes: Floats, cells: Cells, axis: int) -> None:
    """Refuse grains with these volumes [m3] of a solid that its grid cannot hold."""
    grid = cells.grids[axis]
    held = volumes[volumes > 0.0] if grid.pivots[0] == 0.0 else volumes
    if not held.size:
        return
    low, high = float(held.min()), float(held.max())
    if low < grid.least * (1.0 - ROUND_OFF) or high > grid.pivots[-1] * (1.0 + ROUND_OFF):
        instead = "`may_be_absent: true`" if low == 0.0 else "a wider grid"
        raise CaseError(
            "the grid cannot hold the powder",
            key=f"pbm.solids.{axis}" if len(cells.grids) > 1 else "pbm.grid",
            value=f"grains with {low:.3g} to {high:.3g} m3 of it",
            expected=f"{grid.least:.3g} to {grid.pivots[-1]:.3g} m3, or {instead}",
        )


def _with_second(held: np.ndarray, numbers: Floats, shares: Floats, cells: Cells, lumped: int) -> Floats:
    """Sums by class of numbers, and of their solids times shares of the second solid to rising powers."""
    solids = numbers * cells.solid_volume[held]
    columns = [numbers, *(solids * shares**power for power in range(1, lumped + 1))]
    return np.array([np.bincount(held, column, cells.count) for column in columns], dtype=float)


def charge_contents(case: PbmCase, distribution: SizeDistribution, cells: Cells) -> Floats:
    """Contents of one kilogram of the charge of a case."""
    feed = case.feed
    table = None if feed.grains else distribution
    grains = grain_numbers(table, feed.grains, feed.second_share, feed.porosity, cells, _lumped(places_of(case)))
    densities = case.solid_density, case.liquid.density
    return powder(grains, cells.solid_volume, feed.moisture, feed.porosity, *densities, places_of(case))


def places_of(case: PbmCase) -> Places:
    """Where the state has what a case follows beside the quantities of every case."""
    second = case.second_solid
    return make_places(second is not None, second is not None and second.scatter, case.liquid.scatter)


def _lumped(places: Places) -> int:
    """Quantities of a lumped second solid."""
    return sum(place != ABSENT for place in (places.content, places.square))


def make_inflows(case: PbmCase, cells: Cells) -> tuple[Inflow, ...]:
    """Feeds of a case; CaseError, with the name of the feed, where the grid cannot hold it."""
    regions = case.compartments
    if regions is None:
        return ()
    return tuple(
        Inflow(regions.places.index(feed.to), _contents(case, feed, cells), _rate(feed)) for feed in regions.feeds
    )


def _contents(case: PbmCase, feed: PowderFeed, cells: Cells) -> Floats:
    charge = case.feed
    own = feed.distribution is not None or bool(feed.grains)
    file, grains = (feed.distribution, feed.grains) if own else (charge.distribution, charge.grains)
    distribution = None if file is None else read_distribution(file)
    moisture = charge.moisture if feed.moisture is None else feed.moisture
    porosity = charge.porosity if feed.porosity is None else feed.porosity
    share = charge.second_share if feed.second_share is None else feed.second_share
    try:
        held = grain_numbers(distribution, grains, share, porosity, cells, _lumped(places_of(case)))
    except CaseError as error:
        where = f"pbm.{(error.key or '').removeprefix('pbm.')}, for the feed {feed.name!r}"
        raise CaseError(error.problem, key=where, value=error.value, expected=error.expected) from None
    densities = case.solid_density, case.liquid.density
    return powder(held, cells.solid_volume, moisture, porosity, *densities, places_of(case))


def _rate(feed: PowderFeed) -> Steps:
    first = () if feed.steps[0].time == 0.0 else ((0.0, 0.0),)
    times, values = zip(*first, *((step.time, step.rate) for step in feed.steps))
    return Steps(times, values)


def feed_rates(inflows: Sequence[Inflow], time: float, shape: tuple[int, int, int]) -> Floats:
    """What comes in per second just after `time` [s], of the shape (compartments, quantities, classes) of the state."""
    rates = np.zeros(shape)
    for inflow in inflows:
        rates[inflow.place] += inflow.rate.at(time) * inflow.contents
    return rates
