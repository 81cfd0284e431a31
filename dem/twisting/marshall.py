"""Twisting friction of a disc of contact: spring, damper and a limit that follow from those of sliding.

With a = sqrt(R* overlap), k_t and g_t stiffness and damping of sliding, W the relative spin about the normal:

    M = -k_t a^2/2 angle - g_t a^2/2 W,   the spring held to 2/3 a mu |F_n|

While the spring is at its limit the damper is left out. The limit is that of a disc under uniform pressure (under that
of Hertz it would be 3 pi/16 for 2/3).

Source: Marshall, J. Comput. Phys. 228 (2009) 1541-1561, doi 10.1016/j.jcp.2008.10.020.
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.contact.law import Elasticity, PairProperties
from dem.touch import Touch
from dem.twisting.law import TwistingLaw


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return (friction coefficient [-],) of a pair of materials."""
    return (pair.friction,)


@physics
def moment(touch: Touch, normal: float, stiffness: float, damping: float, parameters: Any, history: Any) -> Any:
    """Spring and damper about the normal; the history is the angle [rad]."""
    (friction,) = parameters
    (angle,) = history
    spin = touch.wx * touch.nx + touch.wy * touch.ny + touch.wz * touch.nz
    angle = angle + spin * touch.step
    square = touch.radius * touch.overlap
    spring = 0.5 * stiffness * square
    trial, limit = spring * abs(angle), 2.0 / 3.0 * friction * math.sqrt(square) * abs(normal)
    slips = trial > limit
    share = limit / trial if slips else 1.0
    damper = 0.0 if slips else 0.5 * damping * square
    heat = damper * spin * spin + (1.0 - share) * abs(angle) / touch.step * limit
    angle = share * angle
    along = -spring * angle - damper * spin
    return along * touch.nx, along * touch.ny, along * touch.nz, heat, (angle,)


LAW = TwistingLaw("marshall", moment, parameters_of, 1, 1, elastic=True)
