"""Equipment generated as triangle meshes.

Contract: a generator returns (vertices [m], shape (n, 3); triangles, shape (m, 3)), counter-clockwise as seen from the
side the normal points to. Bodies are closed, with outward normals; vessels have their normals inwards.
"""

from __future__ import annotations

from typing import Any

from dem.case_equipment import Bin, Bowl, DoubleCone, Drum, GeneratedModel, Impeller, PaddleShaft, Trough, VBlender
from dem.case_screws import Barrel, Screw
from dem.case_shear import VanedDisc
from dem.equipment.drum import make_drum
from dem.equipment.impeller import make_impeller
from dem.equipment.paddle_shaft import make_paddle_shaft
from dem.equipment.screw import make_barrel, make_screw
from dem.equipment.solids import Mesh, join_meshes, make_box, make_frustum, turn_inside_out
from dem.equipment.trough import make_trough
from dem.equipment.v_blender import make_v_blender
from dem.equipment.vaned_disc import make_vaned_disc
from dem.equipment.vessels import make_bin, make_bowl, make_double_cone

VESSELS = (Drum, VBlender, DoubleCone, Bin, Trough, Bowl, Barrel)
"""Models of meshes that hold the particles."""

__all__ = [
    "VESSELS",
    "Mesh",
    "join_meshes",
    "make_box",
    "make_drum",
    "make_frustum",
    "make_generated",
    "make_impeller",
    "turn_inside_out",
]


def make_generated(model: GeneratedModel, key: str = "generate") -> Mesh:
    """Return the mesh of a generated wall.

    key: where the model stands in the case, for the message.

    Raises:
        CaseError: its measures do not go together.
    """
    if isinstance(model, Impeller):
        return make_impeller(model, key)
    if isinstance(model, Drum):
        return make_drum(model, key)
    if isinstance(model, PaddleShaft):
        return make_paddle_shaft(model, key)
    if isinstance(model, Screw):
        return make_screw(model, key)
    if isinstance(model, VanedDisc):
        return make_vaned_disc(model)
    return _make_vessel(model)


def _make_vessel(model: VBlender | DoubleCone | Bin | Trough | Bowl | Barrel) -> Mesh:
    makers: dict[type, Any] = {
        VBlender: make_v_blender, DoubleCone: make_double_cone, Bin: make_bin, Trough: make_trough, Bowl: make_bowl,
        Barrel: make_barrel,
    }  # fmt: skip
    mesh: Mesh = makers[type(model)](model)
    return mesh
