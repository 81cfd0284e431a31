"""Drums, seen from inside."""

from __future__ import annotations

import math

from compute.errors import CaseError
from dem.case_equipment import Drum
from dem.equipment.solids import Mesh, join_meshes, make_box, make_frustum, turn_about_z, turn_inside_out


def make_drum(model: Drum, key: str = "generate") -> Mesh:
    """Return a drum with its normals inwards, and its lifters, closed bodies with their normals outwards.

    The axis is z, the middle is the origin, the edges between the facets lie on `radius`.

    Raises:
        CaseError: a lifter is too thick for the drum.
    """
    half = 0.5 * model.length
    shell = make_frustum(model.radius, model.radius, -half, half, model.facets, model.ends)
    parts = [turn_inside_out(shell)]
    if model.lifters:
        lifter = _lifter(model, key)
        parts += [turn_about_z(lifter, 2.0 * math.pi * k / model.lifters) for k in range(model.lifters)]
    return join_meshes(*parts)


def _lifter(model: Drum, key: str) -> Mesh:
    """Return the rib on the side of x; its foot reaches to the drum's edges, so that no gap stays behind the facets."""
    half = 0.5 * model.lifter_thickness
    top = model.radius - model.lifter_height
    if half >= model.radius:
        raise CaseError(
            "a lifter is as thick as the drum",
            key=f"{key}.lifter_thickness",
            value=model.lifter_thickness,
            expected=f"less than {2 * model.radius:.4g} m",
        )
    return make_box((top, -half, -0.5 * model.length), (model.radius, half, 0.5 * model.length))
