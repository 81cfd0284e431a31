"""Where things are put: regions and surfaces against the domain, feeders against outlets."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding
from dem.case import DemCase
from dem.case_flow import HalfSpace, Outlet
from dem.case_limits import class_numbers, source_number, sphere_volume
from dem.case_particles import Box, Cylinder, Insertion, Packing, ParticleFile
from dem.case_statistics import BoxGrid

Bounds = tuple[list[float], list[float]]
ROUND_OFF = 1e-9
UPRIGHT = 0.5
"""Cosine of the angle between the axis of a drum and gravity above which nothing flows across the axis."""
VAST = 100.0


def check_regions(case: Case) -> Iterator[Finding]:
    """Refuse regions of sources that reach out of the domain or hold nothing; tell what can never see a particle."""
    if case.dem is None:
        return
    for index, source in enumerate(case.dem.particles):
        if isinstance(source, (Packing, Insertion)):
            yield from _source(case.dem, source, f"dem.particles.{index}")
    yield from _measured(case.dem)
    yield from _compartments(case.dem)
    yield from _vast(case.dem)


def bounds(region: Box | Cylinder) -> Bounds:
    """Return the corners of the box along the axes around a region [m]."""
    if isinstance(region, Box):
        return list(region.low), list(region.high)
    norm = math.hypot(*region.axis)
    low, high = [], []
    for start, part in zip(region.point, region.axis):
        end = start + region.length * part / norm
        across = region.radius * math.sqrt(max(0.0, 1.0 - (part / norm) ** 2))
        low.append(min(start, end) - across)
        high.append(max(start, end) + across)
    return low, high


def _source(dem: DemCase, source: Packing | Insertion, place: str) -> Iterator[Finding]:
    low, high = bounds(source.region)
    if _sticks_out(dem, low, high):
        text = "The region reaches out of the domain: shrink it, or widen dem.domain."
        yield Finding("refused", "start-positions", text, _told(low, high), "", f"{place}.region")
    if isinstance(source, Packing) and source_number(dem, source) < 0.5:
        text = "The amount is less than half a particle: is its unit right?"
        yield Finding("refused", "start-positions", text, f"{source_number(dem, source):.2g} particles", "", place)
    if isinstance(source, Insertion):
        for outlet in dem.outlets:
            if _holds(outlet, [0.5 * (a + b) for a, b in zip(low, high)]):
                text = (
                    f"It feeds into the outlet {outlet.name}, which takes the particles away at once: move one of them."
                )
                yield Finding("warning", "outlet", text, place=f"{place}.region")


def _holds(outlet: Outlet, point: list[float]) -> bool:
    region = outlet.region
    if isinstance(region, HalfSpace):
        return sum((a - b) * n for a, b, n in zip(point, region.point, region.normal)) < 0.0
    low, high = bounds(region)
    return all(a < b < c for a, b, c in zip(low, point, high))


def _measured(dem: DemCase) -> Iterator[Finding]:
    if dem.observables is None:
        return
    for index, bulk in enumerate(dem.observables.densities):
        low, high = bounds(bulk.region)
        if _outside(dem, low, high):
            text = f"The region of {bulk.name} lies outside the domain: it holds nothing, ever. Move it."
            place = f"dem.observables.densities.{index}.region"
            yield Finding("refused", "observable", text, _told(low, high), "", place)
        elif _sticks_out(dem, low, high):
            text = f"The region of {bulk.name} reaches out of the domain; the density is that of all of it: shrink it."
            place = f"dem.observables.densities.{index}.region"
            yield Finding("warning", "observable", text, _told(low, high), "", place)
    yield from _fields(dem)
    yield from _samples(dem)
    for index, surface in enumerate(dem.observables.surfaces):
        place, pull = f"dem.observables.surfaces.{index}", math.hypot(*dem.gravity)
        if any(not a <= b <= c for a, b, c in zip(dem.domain.low, surface.point, dem.domain.high)):
            text = f"The axis of {surface.name} begins outside the domain: there is no surface. Move its point."
            yield Finding("warning", "observable", text, str(surface.point), "", f"{place}.point")
        if surface.radius > max(dem.domain.size):
            text = f"{surface.name} is looked for beyond the domain, in bins that hold nothing: is the unit right?"
            figures = f"{surface.radius:.4g} m", f"{max(dem.domain.size):.4g} m"
            yield Finding("warning", "observable", text, *figures, f"{place}.radius")
        across = sum(a * b for a, b in zip(surface.axis, dem.gravity)) / (math.hypot(*surface.axis) * (pull or 1.0))
        if surface.kind == "drum" and abs(across) > UPRIGHT:
            text = f"The axis of {surface.name} stands upright, and the surface of a drum is looked at across its axis."
            yield Finding("refused", "observable", text, str(surface.axis), "a level axis", f"{place}.axis")
    for key, blend in dem.observables.blends.items():
        if set(blend.of) >= {each.name for each in dem.classes}:
            text = f"{blend.name} is every class there is: nothing is left that it could mix with."
            place = f"dem.observables.{key}.of"
            yield Finding("refused", "observable", text, ", ".join(blend.of), "not all classes", place)


def _sticks_out(dem: DemCase, low: list[float], high: list[float]) -> bool:
    slack = ROUND_OFF * max(dem.domain.size)
    below = any(a < b - slack for a, b in zip(low, dem.domain.low))
    return below or any(a > b + slack for a, b in zip(high, dem.domain.high))


def _outside(dem: DemCase, low: list[float], high: list[float]) -> bool:
    return any(a > b for a, b in zip(low, dem.domain.high)) or any(a < b for a, b in zip(high, dem.domain.low))


def _compartments(dem: DemCase) -> Iterator[Finding]:
    """Refuse a box of compartments that lies outside the domain: nothing is ever counted in it."""
    parts = dem.statistics.partition if dem.statistics is not None else None
    if not isinstance(parts, BoxGrid):
        return
    for axis, low, high in zip("xyz", dem.domain.low, dem.domain.high):
        edges = getattr(parts, axis)
        if edges is not None and (edges[-1] <= low or edges[0] >= high):
            text = (
                f"The compartments lie outside the domain in {axis}: nothing is ever counted in them. Move the edges."
            )
            figures = f"{edges[0]:.4g} to {edges[-1]:.4g} m", f"{low:.4g} to {high:.4g} m"
            yield Finding("refused", "compartments", text, *figures, f"dem.statistics.partition.{axis}")


def _fields(dem: DemCase) -> Iterator[Finding]:
    """Refuse fields outside the domain; warn of a range that no particle or all of the domain is within."""
    fields = dem.observables.fields if dem.observables else None
    if fields is None:
        return
    place = "dem.observables.fields"
    if fields.region is not None and _outside(dem, *bounds(fields.region)):
        text = "The region of the fields lies outside the domain: it holds nothing, ever. Move it."
        yield Finding("refused", "observable", text, _told(*bounds(fields.region)), "", f"{place}.region")
    smallest, largest = 0.5 * min(dem.diameters(), default=0.0), max(dem.domain.size)
    if not smallest <= fields.range <= largest:
        text = (
            "A range below a radius leaves most points empty, one above the domain makes all alike: is its unit right?"
        )
        limit = f"{smallest:.3g} to {largest:.3g} m"
        yield Finding("warning", "observable", text, f"{fields.range:g} m", limit, f"{place}.range")


def _samples(dem: DemCase) -> Iterator[Finding]:
    """Warn of samples below the mass of a particle, and of a mass that does not make two samples."""
    numbers = class_numbers(dem)
    masses = {
        each.name: each.density(dem.materials[each.material]) * sphere_volume(each.diameter) for each in dem.classes
    }
    total = sum(numbers[name] * mass for name, mass in masses.items())
    if not total or any(isinstance(source, ParticleFile) for source in dem.particles):
        return
    lightest = min(mass for name, mass in masses.items() if numbers[name])
    for index, mixing in enumerate(dem.observables.mixing if dem.observables else ()):
        if not lightest < mixing.sample_mass <= 0.5 * total:
            text = f"All particles weigh {total:.3g} kg, the lightest {lightest:.3g} kg: such samples tell nothing."
            limit = f"{lightest:.3g} to {0.5 * total:.3g} kg"
            place = f"dem.observables.mixing.{index}.sample_mass"
            yield Finding("warning", "observable", text, f"{mixing.sample_mass:.3g} kg", limit, place)
    for index, blend in enumerate(dem.observables.outlet_blends if dem.observables else ()):
        if blend.sample_mass <= lightest:
            text, place = (
                "Samples hold less than a particle each.",
                f"dem.observables.outlet_blends.{index}.sample_mass",
            )
            figures = f"{blend.sample_mass:.3g} kg", f"above {lightest:.3g} kg"
            yield Finding("warning", "observable", text, *figures, place)


def _vast(dem: DemCase) -> Iterator[Finding]:
    """Warn of a domain without periods that is far larger than all regions that particles come from."""
    found = [bounds(each.region) for each in dem.particles if isinstance(each, (Packing, Insertion))]
    if not found or dem.domain.periodic:
        return
    spans = [max(high[a] for _, high in found) - min(low[a] for low, _ in found) for a in range(3)]
    share = max(dem.domain.size) / math.hypot(*spans)
    if share > VAST:
        text = "The domain is far larger than all that particles come from: is its unit right?"
        yield Finding("warning", "domain", text, f"{share:.3g} times", f"{VAST:g}", "dem.domain")


def _told(low: list[float], high: list[float]) -> str:
    return f"{', '.join(f'{part:.4g}' for part in low)} to {', '.join(f'{part:.4g}' for part in high)} m"
