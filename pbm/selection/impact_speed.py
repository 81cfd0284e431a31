"""Breakage by impacts whose speed exceeds the strength: S = f P(v > U_break), P = exp(-(U_break/u)^m) by Weibull.

U_break = (strength/rho_g) ((1 - eps)/eps)^2 with strength = 2 St_def (9/8)(9/16) mu/d_p [Pa s/m], rho_g the granule's
density, eps its porosity: viscous dissipation in pores, as printed by Sampat et al., Comput. Chem. Eng. 119 (2018) 128,
doi 10.1016/j.compchemeng.2018.08.006. The integral of the impact speeds above U_break is in closed form.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Parent

UNITS = {"impact_rate": "1/s", "impact_speed": "m/s", "speed_shape": "1", "strength": "Pa s/m"}
DOMAIN = {"impact_speed": "> 0", "speed_shape": "> 0"}
LEAST_PORE_SHARE = 1e-6
"""Below this porosity a granule counts as this porous: its strength is beyond any impact."""


class Coefficients(NamedTuple):
    """What the law needs beside the granule."""

    impact_rate: float  # f, impacts per granule [1/s]
    impact_speed: float  # u, Weibull scale of impact speeds [m/s]
    speed_shape: float  # m, its shape
    strength: float  # 2 St_def (9/8)(9/16) mu/d_p [Pa s/m]


@physics
def breaking_speed(parent: Parent, strength: float) -> float:
    """U_break [m/s] of a granule: strength over density and the square of the pore ratio."""
    porosity = max(1.0 - parent.solid_volume / parent.volume, LEAST_PORE_SHARE)
    solidity = 1.0 - porosity
    looseness = solidity / porosity
    return strength * parent.volume / parent.mass * looseness * looseness


@physics
def share_above(ratio: float, shape: float) -> float:
    """Share of a Weibull distribution above `ratio` times its scale."""
    return math.exp(-min(math.pow(min(ratio, 1e30), shape), 700.0))


@physics
def rate(parent: Parent, conditions: Conditions, coefficients: Coefficients) -> float:
    """S [1/s]."""
    ratio = breaking_speed(parent, coefficients.strength) / coefficients.impact_speed
    return coefficients.impact_rate * share_above(ratio, coefficients.speed_shape)
