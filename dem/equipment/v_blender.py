"""V-blenders, seen from inside."""

from __future__ import annotations

import math

import numpy as np

from dem.case_equipment import VBlender
from dem.equipment.solids import Mesh, make_loft, turn_inside_out


def make_v_blender(model: VBlender) -> Mesh:
    """Return the two legs with their normals inwards.

    A generator of the right leg, at q = R (cos t u + sin t y) from its axis d, ends in the plane x = 0 between the legs
    at q - R cos t cot(angle/2) d; u is across d in the plane of the legs.
    """
    half = 0.5 * model.angle
    axis = np.array([math.sin(half), 0.0, math.cos(half)])
    across = np.array([math.cos(half), 0.0, -math.sin(half)])
    turn = 2.0 * math.pi * np.arange(model.facets) / model.facets
    around = model.radius * (np.outer(np.cos(turn), across) + np.outer(np.sin(turn), [0.0, 1.0, 0.0]))
    seam = around - np.outer(model.radius * np.cos(turn) / math.tan(half), axis)
    seam[:, 0] = 0.0
    end = around + model.leg_length * axis
    return turn_inside_out(make_loft(np.array([end * [-1.0, 1.0, 1.0], seam, end])))
