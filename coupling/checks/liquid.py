"""Whether the capillary law holds for the bridges that a case will have."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding, Level, graded
from dem.case import DemCase
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
