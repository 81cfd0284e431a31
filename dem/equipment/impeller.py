"""Impellers: a hub with straight, pitched blades."""

from __future__ import annotations

import math

import numpy as np

from compute.errors import CaseError
from dem.case_equipment import Impeller
from dem.equipment.solids import Mesh, join_meshes, make_box, make_frustum, turn_about_z

ROOT_SHARE = 0.7
"""Where a blade begins inside the hub, as a share of the hub's inscribed radius."""


def make_impeller(model: Impeller, key: str = "generate") -> Mesh:
    """Return the hub and the blades, closed bodies that overlap where a blade grows out of the hub.

    The axis is z and the lowest faces lie in z = 0; the outermost corners of the blades lie on `radius`.

    Raises:
        CaseError: the blades are too deep for the hub.
    """
    hub = make_frustum(model.hub_radius, model.hub_radius, 0.0, model.hub_height, model.facets)
    blade = _blade(model, key)
    blades = [turn_about_z(blade, 2.0 * math.pi * k / model.blades) for k in range(model.blades)]
    return join_meshes(hub, *blades)


def _blade(model: Impeller, key: str) -> Mesh:
    """Return the blade along x: level above and below, its front and back tilted, the leading edge (towards y) down.

    The section is a parallelogram, so that no part of the underside opens towards the front, where it would press
    particles to the floor.
    """
    slope = math.tan(model.pitch)
    depth = model.blade_thickness / math.cos(model.pitch)
    half_depth = 0.5 * (depth + model.blade_height * slope)
    inscribed = model.hub_radius * math.cos(math.pi / model.facets)
    root = ROOT_SHARE * model.hub_radius * math.cos(math.pi / model.facets)
    if math.hypot(root, half_depth) >= inscribed:
        raise CaseError(
            f"the blades are {2 * half_depth:.4g} m deep, too much to grow out of the hub",
            key=f"{key}.hub_radius",
            value=model.hub_radius,
            expected="a larger hub_radius, a smaller pitch, or a thinner or lower blade",
        )
    tip = math.sqrt(model.radius**2 - half_depth**2)
    half = 0.5 * model.blade_height
    box = make_box((root, -0.5 * depth, -half), (tip, 0.5 * depth, half))
    sheared = box.vertices + np.outer(box.vertices[:, 2], [0.0, -slope, 0.0])
    return Mesh(sheared + np.array([0.0, 0.0, half]), box.triangles)
