"""What a case names and its run never comes to: starts after its end, feeds of no particle, classes nobody brings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from coupling.case import Case
from coupling.checks.contact import fastest_case
from coupling.checks.finding import Finding
from dem.case import DemCase
from dem.case_limits import class_numbers, run_duration, source_number, spheres
from dem.case_particles import Insertion, ParticleFile

NAME = "never"


def check_idle(case: Case) -> Iterator[Finding]:
    """Warn of walls, feeders and nozzles that begin after the end of the run, and of what brings no particle."""
    dem = fastest_case(case)
    if dem is None or not any(True for _ in spheres(dem)):
        return
    yield from _late(dem, run_duration(dem))
    for index, source in enumerate(dem.particles):
        if isinstance(source, Insertion) and source.start < run_duration(dem) and source_number(dem, source) < 1.0:
            text = "It feeds less than one particle before the run ends: is the unit of its rate right?"
            figures = f"{source_number(dem, source):.2g} particles", "at least 1"
            yield Finding("warning", NAME, text, *figures, f"dem.particles.{index}")
        if isinstance(source, Insertion) and source.start < dem.time.settle:
            text = "It feeds while walls are at rest: its times count from the beginning, those of walls and nozzles"
            text += " from the end of settling."
            figures = f"{source.start:.4g} s", f"settling {dem.time.settle:.4g} s"
            yield Finding("note", "feed-start", text, *figures, f"dem.particles.{index}.start")
    if case.coupling is None and not any(isinstance(source, ParticleFile) for source in dem.particles):
        brought = _named(dem)
        for index, each in enumerate(dem.classes):
            if each.name not in brought:
                text = f"No source brings {each.name}: give it a share of one, or leave the class out."
                yield Finding("warning", NAME, text, place=f"dem.classes.{index}")


def _named(dem: DemCase) -> set[str]:
    """Return the classes that some source names, if with nothing."""
    shares = (getattr(source, "shares", None) for source in dem.particles)
    brought = {name for name, number in class_numbers(dem).items() if number}
    return brought.union(*(each.of for each in shares if each is not None))


def _late(dem: DemCase, duration: float) -> Iterator[Finding]:
    """Warn of what begins at the end of the run or later; walls and nozzles count from the end of settling."""
    moving = duration - dem.time.settle
    found = [(f"dem.walls.{at}.motion", wall.name, begins(wall.motion), moving) for at, wall in enumerate(dem.walls)]
    for at, wall in enumerate(dem.walls):
        carrier = begins(getattr(wall.motion, "carrier", None))
        found.append((f"dem.walls.{at}.motion.carrier", f"the carrier of {wall.name}", carrier, moving))
    for at, source in enumerate(dem.particles):
        if isinstance(source, Insertion):
            found.append((f"dem.particles.{at}.start", source.name or "this feeder", source.start, duration))
    for at, spray in enumerate(dem.liquid.sprays if dem.liquid else ()):
        found.append((f"dem.liquid.sprays.{at}.start", spray.name, spray.start, moving))
    for at, blend in enumerate(dem.observables.outlet_blends if dem.observables else ()):
        found.append((f"dem.observables.outlet_blends.{at}.start", blend.name, blend.start, duration))
    for place, name, time, end in found:
        if time >= end > 0.0:
            text = f"The run ends before {name} begins: begin earlier, or run longer."
            yield Finding("warning", NAME, text, f"{time:.4g} s", f"below {end:.4g} s", place)


def begins(motion: Any) -> float:
    """Return when a motion begins [s], with a profile when its share first leaves 0; -inf without a motion."""
    if motion is None:
        return -math.inf
    profile = getattr(motion, "profile", None)
    if not profile:
        return float(motion.start)
    first = next((at for at, (_, share) in enumerate(profile) if share), None)
    if first is None:
        return math.inf
    return float(motion.start + (profile[first - 1][0] if first else 0.0))
