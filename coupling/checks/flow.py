"""What flows in and out: whether a feed can pass its region, and whether an outlet sees who passes it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

from coupling.case import Case
from coupling.checks.contact import fastest
from coupling.checks.finding import Finding, graded
from coupling.checks.regions import bounds
from dem.case import DemCase
from dem.case_flow import EVENT_STEPS, HalfSpace, Outlet
from dem.case_limits import mean_particle, run_duration, time_step
from dem.case_particles import Box, Cylinder, Insertion

LOOSE, SATURATED = 0.2, 0.38
"""Solids fractions up to which spheres soon find room when drawn at random, and at which no more do (Widom 1966,
doi 10.1063/1.1726548: random sequential addition saturates near 0.38)."""


def check_flow(case: Case) -> Iterator[Finding]:
    """Check feeders and outlets."""
    if case.dem is None:
        return
    for index, source in enumerate(case.dem.particles):
        if isinstance(source, Insertion):
            yield _feed(case.dem, source, index)
            yield from _pulses(case.dem, source, f"dem.particles.{index}.pulse")
    for index, outlet in enumerate(case.dem.outlets):
        yield _outlet(case.dem, outlet, index)


def _feed(dem: DemCase, source: Insertion, index: int) -> Finding:
    """Predict the solids fraction of a feeder's region: volume flow x time to clear it, over its volume.

    The time is that between two events if this is longer, and no longer than a pulse.
    """
    volume, mass = mean_particle(dem, source.shares)
    rate = (source.number_rate or (source.mass_rate or 0.0) / mass) * volume
    peak = rate if source.pulse is None else rate / source.pulse.duty
    most = rate * source.fed_time(run_duration(dem)) if source.pulse is None else rate * source.pulse.period
    time = max(_clearing_time(dem, source), EVENT_STEPS * time_step(dem))
    share = min(peak * time, most) / source.region.volume
    text = f"Solids in its region while it feeds {1e6 * peak:.3g} mL/s, with what has to clear it."
    level = graded(share, LOOSE, SATURATED)
    if level != "note":
        text += " Particles will wait: enlarge the region across the flow, raise the velocity, or lower the rate."
    return Finding(
        level, "feed-room", text, f"{share:.2%}", f"{LOOSE:.0%}, at most {SATURATED:.0%}", f"dem.particles.{index}"
    )


def _pulses(dem: DemCase, source: Insertion, place: str) -> Iterator[Finding]:
    """Warn of pulses that the events of a feeder do not see, and of a run within the first period."""
    if source.pulse is None:
        return
    event, fed = EVENT_STEPS * time_step(dem), source.pulse.period * source.pulse.duty
    if fed < event:
        text = f"A pulse is shorter than the time between two looks at feeders, {EVENT_STEPS} steps: it is not seen."
        yield Finding("warning", "pulse", text, f"{fed:.3g} s", f"at least {event:.3g} s", place)
    if source.pulse.period > run_duration(dem):
        text = "The run ends within the first period, before the mean rate is that of the feeder: run longer."
        figures = f"{source.pulse.period:.3g} s", f"at most {run_duration(dem):.3g} s"
        yield Finding("warning", "pulse", text, *figures, place)


def _clearing_time(dem: DemCase, source: Insertion) -> float:
    """Return the time to cross the region from end to end with the feeder's velocity and gravity [s].

    L = v t + g t^2/2 along the velocity, or along gravity without one; a mean particle crosses half of it.
    """
    speed, gravity = math.hypot(*source.velocity), math.hypot(*dem.gravity)
    along = source.velocity if speed > 0.0 else dem.gravity
    norm = math.hypot(*along)
    if norm == 0.0:
        return math.inf
    direction = [part / norm for part in along]
    pull = max(0.0, sum(a * b for a, b in zip(dem.gravity, direction))) if gravity else 0.0
    length = _extent(source.region, direction)
    return 0.5 * (length / speed if pull == 0.0 else (math.sqrt(speed**2 + 2.0 * pull * length) - speed) / pull)


def _extent(region: Box | Cylinder, direction: Sequence[float]) -> float:
    """Return the length of a region along a unit vector [m]."""
    if isinstance(region, Box):
        return sum(abs(d) * (high - low) for d, low, high in zip(direction, region.low, region.high))
    cosine = abs(sum(a * d for a, d in zip(region.axis, direction))) / math.hypot(*region.axis)
    return cosine * region.length + 2.0 * region.radius * math.sqrt(max(0.0, 1.0 - cosine**2))


def _outlet(dem: DemCase, outlet: Outlet, index: int) -> Finding:
    depth = _depth(dem, outlet)
    fall = math.hypot(*dem.gravity) * max(dem.domain.size)
    speed = math.sqrt(fastest(dem)[0] ** 2 + 2.0 * fall)
    passed = EVENT_STEPS * time_step(dem) * speed
    figures = f"{depth:.3g} m deep", f"{passed:.3g} m in {EVENT_STEPS} steps at {speed:.3g} m/s", f"dem.outlets.{index}"
    if depth <= 0.0:
        text = "The outlet lies outside the domain: nothing can reach it. Move it, or widen dem.domain."
        return Finding("refused", "outlet", text, *figures)
    if depth < passed:
        text = "The outlet is shallow: the fastest pass it unseen, or leave the domain. Deepen it or dem.domain."
        return Finding("warning", "outlet", text, *figures)
    return Finding("note", "outlet", f"{outlet.name} is deep enough to see all that pass.", *figures)


def _depth(dem: DemCase, outlet: Outlet) -> float:
    """Return how deep an outlet is where it is least [m]; of a half space, what of it lies in the domain."""
    region, domain = outlet.region, dem.domain
    if isinstance(region, HalfSpace):
        norm = math.hypot(*region.normal)
        heights = [
            sum((a - b) * n for a, b, n in zip(corner, region.point, region.normal)) / norm
            for corner in product(*zip(domain.low, domain.high))
        ]
        return -min(heights)
    ends = [(max(a, low), min(b, high)) for a, b, low, high in zip(*bounds(region), domain.low, domain.high)]
    within = min(high - low for low, high in ends)
    return min(within, region.length, 2.0 * region.radius) if isinstance(region, Cylinder) else within
