"""Whether the capillary law holds for the bridges that a case will have."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding, Level, graded
from dem.case import DemCase
from dem.case_limits import sphere_volume, spheres, time_step
from dem.case_liquid import Liquid

ANGLE_WARNS = {"bagheri": math.radians(20.0), "willett": math.radians(40.0)}
"""Contact angle up to which a law is within 4 % of the Young-Laplace equation, up to 0.8 of the rupture gap [rad]."""


def check_liquid(case: Case) -> Iterator[Finding]:
    """Report the largest contact angle and the bridges of each class with itself."""
    dem = case.dem
    if dem is None or dem.liquid is None:
        return
    yield _angle(dem, dem.liquid)
    yield from _gap(dem, dem.liquid)
    yield from _viscosity(dem, dem.liquid)
    for size_class in dem.classes:
        content = dem.liquid.content_of(size_class.name)
        if content:
            yield _bridge(dem.liquid, size_class.name, content)


def _angle(dem: DemCase, liquid: Liquid) -> Finding:
    own = [pair.contact_angle for pair in dem.pairs]
    angle = max(liquid.contact_angle if each is None else each for each in own)
    limit = ANGLE_WARNS[liquid.law]
    text = f"The largest contact angle is {math.degrees(angle):.3g} degrees, and {liquid.law} holds to 4 % up to "
    text += f"{math.degrees(limit):g}."
    if angle > limit and liquid.law == "bagheri":
        text += " It is too weak near rupture (by 10 % at 30 degrees, 20 % at 40): take willett for bridges above 1e-4."
    return Finding(
        graded(angle, limit, math.inf),
        "contact-angle",
        text,
        f"{math.degrees(angle):.3g} deg",
        f"{math.degrees(limit):g} deg",
    )


def _gap(dem: DemCase, liquid: Liquid) -> Iterator[Finding]:
    """Warn where asperities are no small part of a particle: viscous forces then hardly grow on approach."""
    radius = 0.5 * min(dem.diameters(), default=math.inf)
    if liquid.smallest_gap > GAP_WARNS * radius:
        text = "That is no roughness of these particles, and keeps viscous forces small: is its unit right?"
        figures = f"{liquid.smallest_gap:g} m", f"at most {GAP_WARNS:g} R = {GAP_WARNS * radius:.2g} m"
        yield Finding("warning", "smallest-gap", text, *figures, "dem.liquid.smallest_gap")


GAP_WARNS = 0.1


def _viscosity(dem: DemCase, liquid: Liquid) -> Iterator[Finding]:
    """Report the viscosity up to which the step resolves the forces of the largest bridge in touch, on each sphere."""
    from dem.contact.tangential import SLIP_COMPLIANCE
    from dem.liquid.bridge import LARGEST_SHARE, viscous_coefficients

    step, resolved = time_step(dem), math.inf
    for radius, material in spheres(dem):
        mass = 0.5 * material.density * sphere_volume(2.0 * radius)
        largest = liquid.largest_bridge * radius**3
        normal, tangential = viscous_coefficients(0.5 * radius, largest, liquid.smallest_gap, 1.0)
        resolved = min(resolved, LARGEST_SHARE * mass / step / max(normal, SLIP_COMPLIANCE * tangential))
    if math.isinf(resolved):
        return
    text = f"The step resolves viscous forces of the largest bridges in touch up to {resolved:.3g} Pa s."
    if liquid.viscosity > resolved:
        longest = step * resolved / liquid.viscosity
        text += f" Above it they are held to less than they are: a step of {longest:.2g} s resolves them."
    level = graded(liquid.viscosity, resolved, math.inf)
    figures = f"{liquid.viscosity:g} Pa s", f"{resolved:.3g} Pa s"
    yield Finding(level, "bridge-viscosity", text, *figures, "dem.time.step")


def _bridge(liquid: Liquid, name: str, content: float) -> Finding:
    from dem.liquid import LIQUID_LAWS
    from dem.liquid.bridge import facing_share

    volume = min(2.0 * facing_share(1.0, 1.0) * content * 4.0 / 3.0 * math.pi, liquid.largest_bridge)
    smallest = LIQUID_LAWS[liquid.law].smallest
    text = f"A bridge of two spheres of {name} begins with {volume:.3g} R^3."
    if volume <= smallest:
        text += f" {liquid.law} needs {smallest:g}: none forms. Raise content, or take bagheri from 1e-6."
    level: Level = "warning" if volume <= smallest else "note"
    return Finding(level, "bridge-volume", text, f"{volume:.3g} R^3", f"> {smallest:g} R^3")
