"""Blade strikes and the time step."""

from __future__ import annotations

from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding, graded
from coupling.checks.meshes import reach
from dem.case import DemCase
from dem.case_limits import (
    effective_modulus,
    fastest_speed,
    hertz_contact_time,
    reference_time,
    spheres,
    strike_overlap,
    surface_speed,
    time_step,
)

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
    """Predict how deep a turning wall presses into a particle, (1.25 pi rho v^2/E*)^0.4 of its radius."""
    dem = fastest_case(case)
    if dem is None or dem.contact.law not in ("hertz-mindlin", "eepa"):
        return
    for wall in dem.walls:
        if wall.motion is None:
            continue
        speed = surface_speed(wall, reach(wall))
        if speed is None:
            yield Finding(
                "note", "blade-strike-overlap", f"Not predicted for {wall.name}: its reach is not in the case."
            )
            continue
        overlap = max(_overlap(dem, name, wall.material, speed) for name in dem.particle_materials())
        level = graded(overlap, STRIKE_WARNS, STRIKE_REFUSES)
        text = f"Where {wall.name} strikes at {speed:.3g} m/s it presses {100 * overlap:.2g} % of R into a particle."
        text += "" if level == "note" else " Raise youngs_modulus (overlap falls as E^-0.4) or lower the speed."
        yield Finding(level, "blade-strike-overlap", text, f"{100 * overlap:.3g} % of R", "5 %, refused above 15 %")


def _overlap(dem: DemCase, particle: str, wall: str, speed: float) -> float:
    own, other = dem.materials[particle], dem.materials[wall]
    return strike_overlap(own.density, effective_modulus(own, other), speed)


def check_step(case: Case) -> Iterator[Finding]:
    """Compare the time step with the Rayleigh time, the Hertz contact time, and the travel in a step."""
    dem = fastest_case(case)
    if dem is None or not any(True for _ in spheres(dem)):
        return
    step, reference = time_step(dem), reference_time(dem)
    speed = fastest_speed(dem)
    if dem.contact.law != "ghost":
        yield _against_reference(dem, step, reference)
    if dem.contact.law == "hertz-mindlin" and speed:
        yield _against_contact(dem, step, speed)
    if speed:
        yield _against_travel(dem, step, speed)


def _against_reference(dem: DemCase, step: float, reference: float) -> Finding:
    share = step / reference
    level = graded(share, STEP_WARNS, STEP_REFUSES)
    name = "contact time scale sqrt(m*/k)" if dem.contact.normal_stiffness is not None else "Rayleigh time"
    text = f"The step is {100 * share:.3g} % of the shortest {name}, {reference:.3g} s."
    text += "" if level == "note" else f" Set dem.time.step to at most {STEP_WARNS * reference:.2g} s, or leave it out."
    return Finding(level, "time-step", text, f"{step:.3g} s", f"{STEP_WARNS * reference:.3g} s")


def _against_contact(dem: DemCase, step: float, speed: float) -> Finding:
    contact = min(hertz_contact_time(radius, material, speed) for radius, material in spheres(dem))
    count = contact / step
    text = f"A Hertz contact at {speed:.3g} m/s lasts {contact:.3g} s, {count:.3g} steps."
    level = graded(STEPS_PER_CONTACT / count, 1.0, float("inf"))
    text += "" if level == "note" else " So few steps blur the restitution: shorten the step."
    return Finding(level, "contact-steps", text, f"{count:.3g} steps", f"at least {STEPS_PER_CONTACT}")


def _against_travel(dem: DemCase, step: float, speed: float) -> Finding:
    radius = min(radius for radius, _ in spheres(dem))
    share = speed * step / radius
    level = graded(share, TRAVEL_LIMIT, 1.0)
    text = f"At {speed:.3g} m/s a step carries a particle {100 * share:.2g} % of its radius."
    text += "" if level == "note" else " Contacts are missed: shorten the step."
    return Finding(level, "travel-per-step", text, f"{100 * share:.2g} % of R", f"{100 * TRAVEL_LIMIT:.0f} %")
