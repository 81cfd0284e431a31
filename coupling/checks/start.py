"""Where particles are at the start: inside the domain, clear of each other and of the walls."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

from compute.errors import CaseError
from coupling.case import Case
from coupling.checks.finding import Finding
from coupling.checks.meshes import placed_corners
from coupling.checks.regions import bounds
from dem.case import DemCase
from dem.case_limits import mean_particle, source_number
from dem.case_particles import Box, Given, GivenParticle, Insertion, Packing
from dem.case_shapes import ParticleShape
from dem.case_walls import CylinderWall, MeshWall, PlaneWall, Wall

OVERLAP_TOLERANCE = 0.01
DENSEST_PACKING = 0.60
NAME = "start-positions"

Sphere = tuple[int, tuple[float, float, float], float]


def check_start(case: Case) -> Iterator[Finding]:
    """Check particles given one by one, and that packings and insertions fit their regions."""
    if case.dem is None:
        return
    given = _given(case.dem)
    yield from _outside(case.dem, given)
    yield from _in_planes(case.dem, given)
    yield from _overlapping(given)
    for index, source in enumerate(case.dem.particles):
        if isinstance(source, Packing):
            yield from _check_room(case.dem, source, index)
        if isinstance(source, (Packing, Insertion)):
            yield from _check_width(case.dem, source, f"dem.particles.{index}.region")
            yield from _check_walls(case.dem, source, f"dem.particles.{index}.region")
            yield from _check_bodies(case.dem, source, f"dem.particles.{index}.region")


def _given(dem: DemCase) -> list[Sphere]:
    """Return number (from 0), and position and radius of every sphere, of all particles given one by one."""
    classes = {each.name: each for each in dem.classes}
    items = [item for source in dem.particles if isinstance(source, Given) for item in source.items]
    found: list[Sphere] = []
    for number, item in enumerate(items):
        own = classes.get(item.size_class or "")
        if own is not None and own.shape is not None:
            found += _spheres(number, item, own.shape)
        else:
            found.append((number, item.position, item.radius or (own.diameter / 2 if own else 0.0)))
    return found


def _spheres(number: int, item: GivenParticle, model: ParticleShape) -> Iterator[Sphere]:
    from dem.clumps.orientation import NO_TURN, about_axis, product, turned
    from dem.clumps.shape import shape_of

    shape, turn = shape_of(model), item.orientation
    whole = product(about_axis(turn.axis, turn.angle) if turn else NO_TURN, shape.turn)
    for arm, radius in zip(turned(whole, shape.place).tolist(), shape.radius.tolist()):
        x, y, z = (centre + part for centre, part in zip(item.position, arm))
        yield number, (x, y, z), radius


def _outside(dem: DemCase, given: list[Sphere]) -> Iterator[Finding]:
    for number, position, _ in given:
        for axis, at, low, high in zip("xyz", position, dem.domain.low, dem.domain.high):
            if not low <= at <= high:
                text = f"Given particle {number} lies outside the domain in {axis}: move it, or widen dem.domain."
                yield Finding("refused", NAME, text, f"{axis} = {at:.4g} m", f"{low:.4g} to {high:.4g} m")


def _in_planes(dem: DemCase, given: list[Sphere]) -> Iterator[Finding]:
    for wall in (wall for wall in dem.walls if isinstance(wall, PlaneWall)):
        norm = math.hypot(*wall.normal)
        for number, position, radius in given:
            height = sum((a - b) * n for a, b, n in zip(position, wall.point, wall.normal)) / norm
            if height < (1 - OVERLAP_TOLERANCE) * radius:
                text = f"Given particle {number} reaches into the wall {wall.name}: move it along the wall's normal."
                yield Finding("refused", NAME, text, f"{height:.4g} m from it", f"radius {radius:.4g} m")


def _overlapping(given: list[Sphere]) -> Iterator[Finding]:
    ordered = sorted(given, key=lambda sphere: sphere[1][0] - sphere[2])
    for at, (number, position, radius) in enumerate(ordered):
        for other, place, own in ordered[at + 1 :]:
            if place[0] - own > position[0] + radius:
                break
            if other == number:
                continue
            overlap = radius + own - math.dist(position, place)
            if overlap > OVERLAP_TOLERANCE * min(radius, own):
                text = f"Given particles {min(number, other)} and {max(number, other)} overlap: move them apart."
                yield Finding("refused", NAME, text, f"{overlap:.3g} m", f"{OVERLAP_TOLERANCE:.0%} of the radius")


def _check_room(dem: DemCase, source: Packing, index: int) -> Iterator[Finding]:
    share = source_number(dem, source) * mean_particle(dem, source.shares)[0] / source.region.volume
    if share > DENSEST_PACKING:
        text = "It does not fit its region without overlap: enlarge the region or take fewer."
        yield Finding(
            "refused", NAME, text, f"{share:.0%} solids", f"at most {DENSEST_PACKING:.0%}", f"dem.particles.{index}"
        )


def _radii(dem: DemCase, source: Packing | Insertion) -> list[float]:
    """Return the radii of all spheres that a source brings [m]."""
    return [radius for each in dem.classes if source.shares.of.get(each.name) for radius in each.radii]


def _check_width(dem: DemCase, source: Packing | Insertion, place: str) -> Iterator[Finding]:
    """Refuse a region that is narrower than the largest sphere that is to lie in it."""
    region = source.region
    if isinstance(region, Box):
        axes = zip("xyz", region.low, region.high, dem.domain.low, dem.domain.high)
        endless = {name for name, low, high, a, b in axes if name in dem.domain.periodic and low <= a and high >= b}
        sides = [high - low for name, low, high in zip("xyz", region.low, region.high) if name not in endless]
    else:
        sides = [region.length, region.radius - region.inner_radius if region.inner_radius else 2.0 * region.radius]
    width, largest = min(sides, default=math.inf), 2.0 * max(_radii(dem, source), default=0.0)
    if width < (1.0 - OVERLAP_TOLERANCE) * largest:
        text = "The region is narrower than the largest of its particles: enlarge it, or take smaller ones."
        yield Finding("refused", NAME, text, f"{width:.4g} m", f"at least {largest:.4g} m", place)


def _check_walls(dem: DemCase, source: Packing | Insertion, place: str) -> Iterator[Finding]:
    """Refuse a region all of which lies where a wall, at its first place, leaves no room for a particle's centre."""
    smallest = min(_radii(dem, source), default=0.0)
    corners = list(product(*zip(*bounds(source.region))))
    for wall in dem.walls:
        room = max((_room(wall, corner) for corner in corners), default=math.inf)
        if room < smallest and (wall.motion is None or isinstance(source, Packing)):
            text = f"All of the region lies behind the wall {wall.name}, or too close to it: move it, or turn the wall."
            yield Finding("refused", NAME, text, f"{room:.4g} m before it", f"radius {smallest:.4g} m", place)


def _check_bodies(dem: DemCase, source: Packing | Insertion, place: str) -> Iterator[Finding]:
    """Refuse a region all of whose corners lie inside a generated body, at its first place."""
    bodies = [(index, wall) for index, wall in enumerate(dem.walls) if isinstance(wall, MeshWall) and wall.generate]
    if not bodies:
        return
    import numpy as np

    from dem.walls.clearance import INSIDE, winding_number

    corners = np.array(list(product(*zip(*bounds(source.region)))))
    for index, wall in bodies:
        try:
            surface = placed_corners(wall, f"dem.walls.{index}", math.inf, lambda text: None)
        except CaseError:
            continue
        if (winding_number(corners, surface) > INSIDE).all():
            text = f"The region lies inside the solid of the wall {wall.name}: move one of them."
            yield Finding("refused", NAME, text, place=place)


def _room(wall: Wall, point: tuple[float, ...]) -> float:
    """Return how far a point lies before a plane or outside a cylinder without ends [m]; infinite for other walls."""
    if isinstance(wall, PlaneWall):
        return sum((a - b) * n for a, b, n in zip(point, wall.point, wall.normal)) / math.hypot(*wall.normal)
    if isinstance(wall, CylinderWall) and not wall.inside and wall.low is None and wall.high is None:
        offset = [a - b for a, b in zip(point, wall.point)]
        along = sum(a * b for a, b in zip(offset, wall.axis)) / math.hypot(*wall.axis)
        return math.sqrt(max(0.0, sum(each**2 for each in offset) - along**2)) - wall.radius
    return math.inf
