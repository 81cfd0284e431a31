"""Equipment generated as triangle meshes.

Contract: a generator returns (vertices [m], shape (n, 3); triangles, shape (m, 3)), counter-clockwise as seen from the
side the normal points to. Bodies are closed, with outward normals; vessels have their normals inwards.
"""

from __future__ import annotations

from dem.case_walls import Drum, Impeller
from dem.equipment.drum import make_drum
from dem.equipment.impeller import make_impeller
from dem.equipment.solids import Mesh, join_meshes, make_box, make_frustum, turn_inside_out

__all__ = [
    "Mesh",
    "join_meshes",
    "make_box",
    "make_drum",
    "make_frustum",
    "make_generated",
    "make_impeller",
    "turn_inside_out",
]


def make_generated(model: Impeller | Drum, key: str = "generate") -> Mesh:
    """Return the mesh of a generated wall.

    key: where the model stands in the case, for the message.

    Raises:
        CaseError: its measures do not go together.
    """
    return make_impeller(model, key) if isinstance(model, Impeller) else make_drum(model, key)
