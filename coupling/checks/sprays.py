"""Whether the drops of a nozzle fly towards particles."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from compute.errors import CaseError
from coupling.case import Case
from coupling.checks.finding import Finding, Level
from coupling.checks.meshes import placed_corners
from coupling.checks.regions import Bounds, bounds
from dem.case import DemCase
from dem.case_liquid import Spray
from dem.case_particles import Given, Insertion, Packing
from dem.case_walls import MeshWall

if TYPE_CHECKING:
    from numpy.typing import NDArray

DROPS = 1000
WARNS = 0.01
"""Share of the drops that fly towards particles below which a nozzle is aimed at something else."""


def check_sprays(case: Case) -> Iterator[Finding]:
    """Tell which share of each nozzle's drops passes where particles are to be expected, before any mesh."""
    dem = case.dem
    if dem is None or dem.liquid is None:
        return
    for index, spray in enumerate(dem.liquid.sprays):
        share = _share(dem, spray)
        text = f"{100 * share:.3g} % of the drops of {spray.name} fly to where particles start or are fed, or below."
        if share < WARNS:
            text += " Is it aimed at the bed? See position, direction and half_angle, and meshes in its way."
        level: Level = "warning" if share < WARNS else "note"
        limit, place = f"at least {100 * WARNS:g} %", f"dem.liquid.sprays.{index}"
        yield Finding(level, "spray", text, f"{100 * share:.3g} %", limit, place)


def box_of_particles(dem: DemCase) -> Bounds:
    """Return the corners of the box [m] that particles are expected in: their regions, and what lies below them.

    Streams go anywhere on their way to an outlet, and what a file holds is not read: the box is then the domain, as
    high as the regions.
    """
    found = [each for source in dem.particles for each in _places(dem, source)]
    if not found:
        return list(dem.domain.low), list(dem.domain.high)
    low, high = ([pick(corner) for corner in zip(*each)] for pick, each in zip((min, max), zip(*found)))
    streams = bool(dem.outlets) or any(isinstance(source, Insertion) for source in dem.particles)
    for axis, pull in enumerate(dem.gravity):
        if pull < 0.0 or (not pull and streams):
            low[axis] = dem.domain.low[axis]
        if pull > 0.0 or (not pull and streams):
            high[axis] = dem.domain.high[axis]
    return low, high


def _places(dem: DemCase, source: object) -> Iterator[Bounds]:
    if isinstance(source, (Packing, Insertion)):
        yield bounds(source.region)
    elif isinstance(source, Given):
        reach = 0.5 * max(dem.diameters(), default=0.0)
        for item in source.items:
            own = item.radius or reach
            yield [at - own for at in item.position], [at + own for at in item.position]
    else:
        yield list(dem.domain.low), list(dem.domain.high)


def _share(dem: DemCase, spray: Spray) -> float:
    """Return the share of the drops that enter the box of particles, and before they meet a mesh."""
    import numpy as np

    from dem.liquid.spray import drop_directions, meet_triangles

    random = np.random.Generator(np.random.Philox(key=(0, 0)))
    directions, apex = drop_directions(spray, random, DROPS), np.array(spray.position)
    flight = _entry(apex, directions, box_of_particles(dem))
    for index, wall in enumerate(dem.walls):
        if isinstance(wall, MeshWall):
            try:
                corners = placed_corners(wall, f"dem.walls.{index}", math.inf, lambda text: None)
            except CaseError:  # told by the mesh's own check
                continue
            flight = np.where(meet_triangles(apex, directions, corners) < flight, np.inf, flight)
    return float(np.isfinite(flight).mean())


def _entry(apex: NDArray, directions: NDArray, box: Bounds) -> NDArray:
    """Return the flight [m] of each drop into a box along the axes, 0 from inside, infinite for none."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        sides = (np.array(box)[:, None, :] - apex) / directions
    first, last = np.nanmin(sides, axis=0).max(axis=1), np.nanmax(sides, axis=0).min(axis=1)
    first = np.maximum(first, 0.0)
    return np.where(last > first, first, np.inf)
