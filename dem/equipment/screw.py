"""Twin screws: self-wiping sections, conveying and kneading elements, and the barrel around them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from compute.errors import CaseError
from dem.case_screws import Barrel, KneadingElement, Screw
from dem.equipment.solids import Mesh, join_meshes, make_frustum, make_loft, make_prism, turn_inside_out

CORE_SHARE = 0.9
"""Radius of the shaft that joins the elements, as a share of the smallest radius of their section."""
LAYER_TURN = math.radians(8.0)
"""Turn of a thread from one layer of corners to the next, at most."""

Outline = NDArray[np.float64]


def make_barrel(model: Barrel) -> Mesh:
    """Return the two bores with their normals inwards."""
    half = 0.5 * model.centre_distance
    edge = math.acos(half / model.radius)
    turn = np.linspace(edge - math.pi, math.pi - edge, model.facets + 1)
    right = np.column_stack((half + model.radius * np.cos(turn), model.radius * np.sin(turn)))
    return turn_inside_out(make_prism(np.concatenate([right[:-1], -right[:-1]]), 0.0, model.length))


def make_screw(model: Screw, key: str = "generate") -> Mesh:
    """Return a shaft and the elements on it, closed bodies; elements and discs end half a clearance early.

    Raises:
        CaseError: there is no self-wiping section of these measures, or an element is shorter than the clearance.
    """
    section = screw_section(model, key)
    core = CORE_SHARE * (model.centre_distance - model.clearance - model.radius)
    length = sum(element.length for element in model.elements)
    parts = [make_frustum(core, core, 0.0, length, model.facets)]
    low, turned = 0.0, partner_turn(model) if model.second else 0.0
    for at, element in enumerate(model.elements):
        pieces = element.discs if isinstance(element, KneadingElement) else 1
        twist = 0.0 if isinstance(element, KneadingElement) else -2.0 * math.pi * element.length / element.lead
        step = element.length / pieces
        if step <= model.clearance:
            raise CaseError(
                f"a piece of {step:.4g} m is no longer than the clearance",
                key=f"{key}.elements.{at}.length",
                value=element.length,
                expected=f"more than {model.clearance * pieces:.4g} m",
            )
        for piece in range(pieces):
            parts.append(_piece(section, low + piece * step, step, turned, twist, model.clearance))
            turned -= element.stagger if isinstance(element, KneadingElement) and piece < pieces - 1 else 0.0
        low, turned = low + element.length, turned + twist
    return join_meshes(*parts)


def partner_turn(model: Screw) -> float:
    """Return the turn [rad] that puts a root of the second screw where a tip of the first one points."""
    return math.pi / model.starts if model.starts % 2 == 0 else 0.0


def _piece(section: Outline, low: float, length: float, turned: float, twist: float, gap: float) -> Mesh:
    """Return the section lifted through a length, less gap/2 at both ends, while it turns by `twist` [rad] in it."""
    layers = max(1, math.ceil(abs(twist) / LAYER_TURN))
    rings = []
    for height in np.linspace(0.5 * gap, length - 0.5 * gap, layers + 1):
        angle = turned + twist * height / length
        cosine, sine = math.cos(angle), math.sin(angle)
        flat = section @ np.array([[cosine, sine], [-sine, cosine]])
        rings.append(np.column_stack((flat, np.full(len(flat), low + height))))
    return make_loft(np.array(rings))


def screw_section(model: Screw, key: str = "generate") -> Outline:
    """Return the corners of the self-wiping section in x and y [m], shape (corners, 2); a tip lies on the x axis.

    With C the centre distance less the clearance and n starts: tips of radius R and angle a = pi/n - 2 psi,
    cos psi = C/(2 R), roots of radius C - R, and flanks that are arcs of radius C about the edges of the other screw's
    tips. The widths of the section and of its partner add to C in every direction: two convex screws that are a
    clearance farther apart keep it at every angle.

    Source: Booy, Polym. Eng. Sci. 18 (1978) 973-984, doi 10.1002/pen.760181212.

    Raises:
        CaseError: the tips would have no width, or the roots no radius.
    """
    radius, reach = model.radius, model.centre_distance - model.clearance
    least = 2.0 * radius * math.cos(0.5 * math.pi / model.starts)
    if not max(least, radius) < reach < 2.0 * radius:
        raise CaseError(
            f"no self-wiping section with {model.starts} starts",
            key=f"{key}.centre_distance",
            value=model.centre_distance,
            expected=f"clearance plus more than {max(least, radius):.4g} m and less than {2 * radius:.4g} m",
        )
    psi = math.acos(0.5 * reach / radius)
    tip = 0.5 * math.pi / model.starts - psi
    end = tip + 2.0 * psi
    arcs = [(0.0, radius, 0.0, tip), (radius, reach, end - psi, end), (0.0, reach - radius, end, end + tip)]
    backwards = -np.array([math.cos(end), math.sin(end)])
    lobe = np.concatenate([_arc(model, shift * backwards, size, first, last) for shift, size, first, last in arcs])
    mirrored = lobe[:0:-1] * [1.0, -1.0]
    lobe = np.concatenate([mirrored, lobe])
    angles = 2.0 * math.pi * np.arange(model.starts) / model.starts
    turns = [np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]]) for a in angles]
    return np.concatenate([lobe @ turn for turn in turns])


def _arc(model: Screw, centre: Outline, radius: float, first: float, last: float) -> Outline:
    """Return the points of an arc between two angles [rad] without its end, as fine as the facets ask."""
    pieces = max(1, math.ceil((last - first) * radius / model.radius * model.facets / (2.0 * math.pi)))
    angle = np.linspace(first, last, pieces + 1)[:-1]
    return np.asarray(centre + radius * np.column_stack((np.cos(angle), np.sin(angle))))
