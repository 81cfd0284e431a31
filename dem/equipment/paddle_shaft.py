"""Shafts with paddles, pins or knives."""

from __future__ import annotations

import math

import numpy as np

from compute.errors import CaseError
from dem.case_equipment import PaddleShaft
from dem.equipment.solids import Mesh, join_meshes, make_box, make_frustum, turn_about_z

ROOT_SHARE = 0.7
"""Where a paddle begins inside the shaft, as a share of the shaft's inscribed radius."""


def make_paddle_shaft(model: PaddleShaft, key: str = "generate") -> Mesh:
    """Return the shaft and its paddles, closed bodies that overlap where a paddle grows out of the shaft.

    The axis is z, the shaft begins in z = 0; the outermost corners lie on `radius`.

    Raises:
        CaseError: the paddles are too wide for the shaft or for their stations.
    """
    parts = [make_frustum(model.shaft_radius, model.shaft_radius, 0.0, model.length, model.facets)]
    for station in range(model.stations):
        angle = -model.angle if station + 1 in model.reversed_stations else model.angle
        paddle = _paddle(model, angle, key)
        height = model.length * (station + 0.5) / model.stations
        raised = Mesh(paddle.vertices + np.array([0.0, 0.0, height]), paddle.triangles)
        for each in range(model.paddles):
            turned = station * model.twist + 2.0 * math.pi * each / model.paddles
            parts.append(turn_about_z(raised, turned))
    return join_meshes(*parts)


def _paddle(model: PaddleShaft, angle: float, key: str) -> Mesh:
    """Return the paddle along x, turned about x so that its front (towards y) faces along the shaft as well."""
    cosine, sine = math.cos(angle), math.sin(angle)
    half_width, half_thickness = 0.5 * model.paddle_width, 0.5 * model.paddle_thickness
    half_depth = half_width * abs(sine) + half_thickness * cosine
    half_length = half_width * cosine + half_thickness * abs(sine)
    inscribed = model.shaft_radius * math.cos(math.pi / model.facets)
    root = ROOT_SHARE * inscribed
    if math.hypot(root, half_depth) >= inscribed:
        raise CaseError(
            f"the paddles are {2 * half_depth:.4g} m deep, too much to grow out of the shaft",
            key=f"{key}.shaft_radius",
            value=model.shaft_radius,
            expected="a thicker shaft, or narrower paddles",
        )
    if 2.0 * half_length >= model.length / model.stations:
        raise CaseError(
            f"the paddles take {2 * half_length:.4g} m along the shaft, too much for their stations",
            key=f"{key}.paddle_width",
            value=model.paddle_width,
            expected=f"less than {model.length / model.stations:.4g} m along the shaft",
        )
    tip = math.sqrt(model.radius**2 - half_depth**2)
    box = make_box((root, -half_thickness, -half_width), (tip, half_thickness, half_width))
    tilt = np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])
    return Mesh(box.vertices @ tilt.T, box.triangles)
