"""Blade strikes and the time step."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding, graded
from coupling.checks.meshes import reach
from dem.case import DemCase
from dem.case_limits import (
    ReferenceTime,
    fastest_start,
    hertz_contact_time,
    reference_time,
    sphere_volume,
    spheres,
    strike_overlap,
    time_step,
)
from dem.case_walls import Wall
from dem.contact.moduli import effective_youngs_modulus
from dem.pair_properties import contacts_of
from dem.wall_speed import surface_speed

STRIKE_WARNS, STRIKE_REFUSES = 0.05, 0.15
STEP_WARNS, STEP_REFUSES = 0.20, 0.40
STEPS_PER_CONTACT = 10
TRAVEL_LIMIT = 0.1


def fastest_case(case: Case) -> DemCase | None:
    """Return the particle simulation at the highest speed of the design."""
    if case.dem is None or case.coupling is None:
        return case.dem
    design = case.coupling.design
    speed = max(*design.speeds, design.grown.speed or 0.0)
    return case.dem.with_wall_speed(case.coupling.impeller, speed)


def check_strikes(case: Case) -> Iterator[Finding]:
    """Predict how deep a moving wall presses into a particle.

    Hertz: (1.25 pi rho v^2/E*)^0.4 of its radius; a linear spring: v sqrt(m/k).
    """
    dem = fastest_case(case)
    if dem is None or dem.contact.law == "ghost" or not any(True for _ in spheres(dem)):
        return
    for index, wall in enumerate(dem.walls):
        if wall.motion is None:
            continue
        speed = surface_speed(wall, reach(wall))
        if speed is None:
            yield Finding(
                "note", "blade-strike-overlap", f"Not predicted for {wall.name}: its reach is not in the case."
            )
            continue
        overlap = _deepest(dem, wall, speed)
        level = graded(overlap, STRIKE_WARNS, STRIKE_REFUSES)
        text = f"Where {wall.name} strikes at {speed:.3g} m/s it presses {100 * overlap:.2g} % of R into a particle."
        if level != "note" and any(each.normal_stiffness for each in contacts_of(dem)):
            text += " Raise normal_stiffness (overlap falls as k^-0.5) or lower the speed."
        elif level != "note":
            text += " Raise youngs_modulus (overlap falls as E^-0.4) or lower the speed."
        figures = f"{100 * overlap:.3g} % of R", "5 %, refused above 15 %"
        yield Finding(level, "blade-strike-overlap", text, *figures, f"dem.walls.{index}.motion")


def _deepest(dem: DemCase, wall: Wall, speed: float) -> float:
    """Return the largest overlap over radius of a particle that the wall strikes at a speed [m/s]."""
    return max(_overlap(dem, name, wall.material, speed) for name in dem.particle_materials())


def _overlap(dem: DemCase, particle: str, wall: str, speed: float) -> float:
    (pair,) = (each for each in dem.pairs if set(each.between) == {particle, wall})
    stiffness = dem.contact.of(pair).normal_stiffness
    if stiffness is None:
        own, other = dem.materials[particle], dem.materials[wall]
        return strike_overlap(own.density, effective_youngs_modulus(own.elasticity, other.elasticity), speed)
    solids = ((radius, each.density * sphere_volume(2.0 * radius)) for radius, each in spheres(dem, (particle,)))
    return max((speed * math.sqrt(mass / stiffness) / radius for radius, mass in solids), default=0.0)


def check_step(case: Case) -> Iterator[Finding]:
    """Compare the time step with the Rayleigh time, the Hertz contact time, and the travel in a step."""
    dem = fastest_case(case)
    if dem is None or not any(True for _ in spheres(dem)):
        return
    step, reference = time_step(dem), reference_time(dem)
    speed, of, place = fastest(dem)
    if dem.contact.law != "ghost":
        yield _against_reference(step, reference)
    if speed and any(each.law == "hertz-mindlin" for each in contacts_of(dem)):
        yield _against_contact(dem, step, speed)
    if speed:
        yield _against_travel(dem, step, speed, of, place)


def fastest(dem: DemCase) -> tuple[float, str, str]:
    """Return the highest speed that the case names [m/s], of what, and the key that gives it."""
    found = [(fastest_start(dem), "the fastest particle", "dem.time.step")]
    for index, wall in enumerate(dem.walls):
        speed = surface_speed(wall, reach(wall))
        if speed is not None:
            found.append((speed, wall.name, f"dem.walls.{index}.motion"))
    return max(found)


def _against_reference(step: float, shortest: ReferenceTime) -> Finding:
    reference, name = shortest
    share = step / reference
    level = graded(share, STEP_WARNS, STEP_REFUSES)
    text = f"The step is {100 * share:.3g} % of the shortest {name}, {reference:.3g} s."
    text += "" if level == "note" else f" Set dem.time.step to at most {STEP_WARNS * reference:.2g} s, or leave it out."
    return Finding(level, "time-step", text, f"{step:.3g} s", f"{STEP_WARNS * reference:.3g} s", "dem.time.step")


def _against_contact(dem: DemCase, step: float, speed: float) -> Finding:
    contact = min(hertz_contact_time(radius, material, speed) for radius, material in spheres(dem))
    count = contact / step
    text = f"A Hertz contact at {speed:.3g} m/s lasts {contact:.3g} s, {count:.3g} steps."
    level = graded(STEPS_PER_CONTACT / count, 1.0, float("inf"))
    if level != "note":
        text += f" So few steps blur the restitution: set dem.time.step to at most {contact / STEPS_PER_CONTACT:.2g} s."
    return Finding(level, "contact-steps", text, f"{count:.3g} steps", f"at least {STEPS_PER_CONTACT}", "dem.time.step")


def _against_travel(dem: DemCase, step: float, speed: float, of: str, place: str) -> Finding:
    """Compare the travel in a step with the smallest radius; a run fails where an overlap passes the largest one."""
    radius = min(radius for radius, _ in spheres(dem))
    share = speed * step / radius
    level = graded(share, TRAVEL_LIMIT, dem.contact.largest_overlap)
    text = f"At {speed:.3g} m/s {of} travels {100 * share:.2g} % of the smallest radius in a step of {step:.2g} s."
    if level != "note":
        text += f" It sweeps through particles: set dem.time.step to at most {TRAVEL_LIMIT * radius / speed:.2g} s,"
        text += " or lower the speed."
    limit = f"{100 * TRAVEL_LIMIT:.0f} %, refused above {100 * dem.contact.largest_overlap:g} %"
    return Finding(level, "travel-per-step", text, f"{100 * share:.2g} % of R", limit, place)
