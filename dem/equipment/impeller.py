"""Impellers: a hub with straight, pitched blades."""

from __future__ import annotations

import math

import numpy as np

from compute.errors import CaseError
from dem.case_walls import Impeller
from dem.equipment.solids import Mesh, join_meshes, make_box, make_frustum, turn_about_z

ROOT_SHARE = 0.7
"""Where a blade begins inside the hub, as a share of the hub's inscribed radius."""


def make_impeller(model: Impeller, key: str = "generate") -> Mesh:
    """Return the hub and the blades, closed bodies that overlap where a blade grows out of the hub.

    The axis is z and the lowest faces lie in z = 0; the outermost corners of the blades lie on `radius`.

    Raises:
        CaseError: the blade is too thick for its height and pitch, or too wide for the hub.
    """
    hub = make_frustum(model.hub_radius, model.hub_radius, 0.0, model.hub_height, model.facets)
    blade = _blade(model, key)
    blades = [turn_about_z(blade, 2.0 * math.pi * k / model.blades) for k in range(model.blades)]
    return join_meshes(hub, *blades)


def _blade(model: Impeller, key: str) -> Mesh:
    """Return the blade along x, its leading edge (towards y) down."""
    cosine, sine = math.cos(model.pitch), math.sin(model.pitch)
    width = (model.blade_height - model.blade_thickness * sine) / cosine
    if width <= 0.0:
        raise CaseError(
            "the pitched blade is thicker than it is high",
            key=f"{key}.blade_thickness",
            value=model.blade_thickness,
            expected=f"less than {model.blade_height / sine:.4g} m at this height and pitch",
        )
    half_depth = 0.5 * (width * sine + model.blade_thickness * cosine)
    root = ROOT_SHARE * model.hub_radius * math.cos(math.pi / model.facets)
    if math.hypot(root, half_depth) >= model.hub_radius * math.cos(math.pi / model.facets):
        raise CaseError(
            f"the blades are {2 * half_depth:.4g} m deep, too much to grow out of the hub",
            key=f"{key}.hub_radius",
            value=model.hub_radius,
            expected="a larger hub_radius, a smaller pitch or a lower blade",
        )
    tip = math.sqrt(model.radius**2 - half_depth**2)
    box = make_box((root, -0.5 * model.blade_thickness, -0.5 * width), (tip, 0.5 * model.blade_thickness, 0.5 * width))
    tilt = np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])
    return Mesh(box.vertices @ tilt.T + np.array([0.0, 0.0, 0.5 * model.blade_height]), box.triangles)
