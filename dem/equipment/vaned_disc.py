"""Lids of shear cells: a disc with radial vanes."""

from __future__ import annotations

import math

from dem.case_shear import VanedDisc
from dem.equipment.solids import Mesh, join_meshes, make_box, make_frustum, turn_about_z


def make_vaned_disc(model: VanedDisc) -> Mesh:
    """Return the disc and the vanes, closed bodies; the vanes reach into the disc, to half its thickness.

    Their outer corners lie on the inscribed circle of the disc.
    """
    disc = make_frustum(model.radius, model.radius, 0.0, model.thickness, model.facets)
    half = 0.5 * model.vane_thickness
    inscribed = model.radius * math.cos(math.pi / model.facets)
    tip = math.sqrt(inscribed**2 - half**2)
    vane = make_box((model.inner_radius, -half, -model.vane_height), (tip, half, 0.5 * model.thickness))
    return join_meshes(disc, *(turn_about_z(vane, 2.0 * math.pi * k / model.vanes) for k in range(model.vanes)))
