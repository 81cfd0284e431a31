"""Where particles are at the start: inside the domain, clear of each other and of the walls."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding
from dem.case import DemCase
from dem.case_limits import mean_particle, source_number
from dem.case_particles import Given, GivenParticle, Packing
from dem.case_shapes import ParticleShape
from dem.case_walls import PlaneWall

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
