"""Troughs of continuous blenders, seen from inside, with a weir."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dem.case_equipment import Trough
from dem.equipment.solids import Mesh, join_meshes, make_prism, turn_inside_out

ALONG_X = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""Takes z to x, x to y and y to z."""


def make_trough(model: Trough) -> Mesh:
    """Return a lying tube with its normals inwards, and its weir, a closed body that fills the tube's own facets."""
    turn = 2.0 * math.pi * np.arange(model.facets) / model.facets
    section = model.radius * np.column_stack((np.cos(turn), np.sin(turn)))
    parts = [turn_inside_out(make_prism(section, 0.0, model.length))]
    if model.weir_height:
        end = model.length - model.outlet
        parts.append(make_prism(cut_off(section, model.weir_height - model.radius), end - model.weir_thickness, end))
    mesh = join_meshes(*parts)
    return Mesh(mesh.vertices @ ALONG_X.T, mesh.triangles)


def cut_off(outline: NDArray[np.float64], height: float) -> NDArray[np.float64]:
    """Return the part of a convex outline, shape (corners, 2), below a height y [m], counter-clockwise.

    Source: the clipping of Sutherland and Hodgman, Commun. ACM 17 (1974) 32-42, doi 10.1145/360767.360802.
    """
    kept: list[NDArray[np.float64]] = []
    for here, there in zip(outline, np.roll(outline, -1, axis=0)):
        if here[1] < height:
            kept.append(here)
        if (here[1] - height) * (there[1] - height) < 0.0:
            kept.append(here + (height - here[1]) / (there[1] - here[1]) * (there - here))
        elif here[1] == height:
            kept.append(here)
    return np.array(kept)
