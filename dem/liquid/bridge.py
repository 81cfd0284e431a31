"""What a bridge does besides its capillary force: viscous forces, its volume, and where it breaks.

The history of a bridge is (volume [m3], rupture gap [m], the constants of its capillary force); a volume of 0 is no
bridge. With D the gap, at least the smallest one, and R = 2 R*:

    F_n = g_n v_n,  g_n = 6 pi mu R*^2/D (1 - 1/sqrt(1 + 2 V/(pi R D^2)))^2, at most s m*/step
    F_t = -g_t v_t, g_t = 6 pi mu R* (8/15 ln(R*/D) + 0.9588),              at most s m*/(3.5 step)

A bridge takes at most the share s = 1/4 of the motion of its pair in a step, where a force of 1 N turns the slip of
solid spheres by 3.5/m*. So no motion of a sphere among twelve equal neighbours grows: against all of them it loses (4 +
8/3.5) s = 1.57 of its velocity in a step, and turning with them 20 s/3.5 = 1.43, less than 2.

A bridge forms at the first touch from the share of each film that faces the partner, (1 - sqrt(1 - r_j^2/(r_i +
r_j)^2))/2, breaks at the gap (1 + angle/2) V^(1/3), and leaves half its volume to each film.

Sources: Pitois, Moucheront, Chateau, J. Colloid Interface Sci. 231 (2000) 26-31, doi 10.1006/jcis.2000.7096 (normal);
Goldman, Cox, Brenner, Chem. Eng. Sci. 22 (1967) 637-651, doi 10.1016/0009-2509(67)80047-2 (tangential); Lian,
Thornton, Adams, J. Colloid Interface Sci. 161 (1993) 138-147, doi 10.1006/jcis.1993.1452 (rupture); Shi, McCarthy,
Powder Technol. 184 (2008) 64-75, doi 10.1016/j.powtec.2007.08.011 (shares of the films).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics
from dem.contact.law import PairProperties
from dem.contact.tangential import SLIP_COMPLIANCE, mid_approach, mid_slip_square
from dem.elementary import cube_root, logarithm
from dem.liquid.law import LiquidLaw
from dem.touch import Touch

LARGEST_SHARE = 0.25
"""Of the relative motion of a pair that viscous forces take in one step, at most [-]."""


def parameters_of(pair: PairProperties) -> tuple[float, ...]:
    """Return (surface tension [N/m], contact angle [rad], viscosity [Pa s], smallest gap [m], largest V* [-])."""
    return pair.surface_tension, pair.contact_angle, pair.viscosity, pair.smallest_gap, pair.largest_bridge


@physics
def facing_share(own: float, other: float) -> float:
    """Return the share of a sphere's surface that faces its partner [-]; radii [m]."""
    sine = other / (own + other)
    return 0.5 * (1.0 - math.sqrt(1.0 - sine * sine))


@physics
def rupture_gap(volume: float, angle: float) -> float:
    """Return the gap at which a bridge breaks [m]."""
    return (1.0 + 0.5 * angle) * cube_root(max(volume, 1e-60))


@physics
def viscous_coefficients(radius: float, volume: float, distance: float, viscosity: float) -> tuple[float, float]:
    """Return force over velocity of approach and of slip across a bridge [N s/m], without the limit of a step.

    radius: R* [m]; volume: of the bridge [m3]; distance: D [m]; viscosity: [Pa s].
    """
    filled = 1.0 - 1.0 / math.sqrt(1.0 + volume / (math.pi * radius * distance * distance))
    stokes = 6.0 * math.pi * viscosity * radius
    log = logarithm(max(radius / distance, 1.0))
    return stokes * radius / distance * filled * filled, stokes * (8.0 / 15.0 * log + 0.9588)


@cache
def make_bridge_force(law: LiquidLaw) -> Callable[..., Any]:
    """Return `bridge_force(touch, parameters, history)` -> (attraction [N], fx, fy, fz [N], loss [W])."""
    capillary = law.capillary

    @physics
    def bridge_force(touch: Touch, parameters: Any, history: Any) -> Any:
        _, _, viscosity, smallest, _ = parameters
        volume, rupture, c0, c1, c2, c3, c4 = history
        gap = max(-touch.overlap, 0.0)
        wet = volume > 0.0 and gap < rupture
        normal, tangential = viscous_coefficients(touch.radius, volume, max(gap, smallest), viscosity)
        most = LARGEST_SHARE * touch.mass / touch.step
        normal = min(normal, most) if wet else 0.0
        tangential = min(tangential, most / SLIP_COMPLIANCE) if wet else 0.0
        approach = touch.ux * touch.nx + touch.uy * touch.ny + touch.uz * touch.nz
        tx, ty = touch.ux - approach * touch.nx, touch.uy - approach * touch.ny
        tz = touch.uz - approach * touch.nz
        fx, fy, fz = -tangential * tx, -tangential * ty, -tangential * tz
        pull = capillary(gap, (c0, c1, c2, c3, c4)) if wet else 0.0
        attraction = pull - normal * approach
        squeezed = normal * approach * mid_approach(touch, approach, -attraction)
        return attraction, fx, fy, fz, squeezed + tangential * mid_slip_square(touch, (tx, ty, tz), (fx, fy, fz))

    return bridge_force


@physics
def no_bridge(touch: Touch, parameters: Any, history: Any) -> Any:
    """Return no force."""
    return 0.0, 0.0, 0.0, 0.0, 0.0
