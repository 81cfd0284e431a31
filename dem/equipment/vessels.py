"""Double cones, bins and bowls, seen from inside."""

from __future__ import annotations

import math

import numpy as np

from dem.case_equipment import Bin, Bowl, DoubleCone
from dem.equipment.solids import Mesh, make_loft, make_revolved, turn_inside_out

CORNER_STEPS = 8
"""Facets of a rounding."""


def make_double_cone(model: DoubleCone) -> Mesh:
    """Return a double cone with its normals inwards; its axis is z."""
    half = 0.5 * model.length
    end = half + model.cone_height
    opening, radius = model.opening_radius, model.radius
    profile = [(opening, -end), (radius, -half), (radius, half), (opening, end)]
    return turn_inside_out(make_revolved(profile, model.facets))


def make_bin(model: Bin) -> Mesh:
    """Return a bin with its normals inwards; its outlet lies in z = 0."""
    square = np.array([[-0.5, -0.5, 0.0], [0.5, -0.5, 0.0], [0.5, 0.5, 0.0], [-0.5, 0.5, 0.0]])
    outlet = square * [model.outlet_width, model.outlet_depth, 0.0]
    upright = square * [model.width, model.depth, 0.0]
    heights = (model.hopper_height, model.hopper_height + model.height)
    rings = [outlet, *(upright + [0.0, 0.0, height] for height in heights)]
    return turn_inside_out(make_loft(np.array(rings)))


def make_bowl(model: Bowl) -> Mesh:
    """Return a bowl with its normals inwards; its bottom lies in z = 0."""
    corner = model.corner_radius
    profile = [(model.radius, 0.0)]
    if corner:
        angles = 0.5 * math.pi * np.arange(CORNER_STEPS + 1) / CORNER_STEPS
        inner = model.radius - corner
        profile = [(inner + corner * math.sin(angle), corner * (1.0 - math.cos(angle))) for angle in angles]
    if model.lid_radius is not None:
        profile.append((model.radius, model.height - model.cone_height))
    profile.append((model.lid_radius or model.radius, model.height))
    return turn_inside_out(make_revolved(profile, model.facets))
