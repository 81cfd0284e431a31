"""Elastic-plastic spring without dashpot: a moment that grows with the angle rolled and is held to mu_r R* |F_n|.

    dM = -k_r w dt,   k_r = k_t R*^2,   |M| <= mu_r R* |F_n|

w is the relative angular velocity without its normal part, k_t the tangential stiffness of the contact law; the moment
is turned into the tangent plane of each step. A body at rest is held by the spring and does not creep.

Sources: Ai, Chen, Rotter, Ooi, Powder Technol. 206 (2011) 269-282, doi 10.1016/j.powtec.2010.09.030 (model C, without
its viscous part); the stiffness of Iwashita, Oda, J. Eng. Mech. 124 (1998) 285-292, doi
10.1061/(ASCE)0733-9399(1998)124:3(285), as in LIGGGHTS's rolling model `epsd2`.
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.contact.law import Elasticity, PairProperties
from dem.rolling.law import RollingLaw
from dem.touch import Touch


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return (rolling friction coefficient [-],) of a pair of materials."""
    return (pair.rolling_friction,)


@physics
def moment(touch: Touch, normal: float, stiffness: float, parameters: Any, history: Any) -> Any:
    """Spring moment held to its limit; the history is the moment [N m]."""
    (rolling_friction,) = parameters
    mx, my, mz = history
    spring = stiffness * touch.radius * touch.radius
    gain = spring * touch.step
    mx, my, mz = mx - gain * touch.wx, my - gain * touch.wy, mz - gain * touch.wz
    along = mx * touch.nx + my * touch.ny + mz * touch.nz
    mx, my, mz = mx - along * touch.nx, my - along * touch.ny, mz - along * touch.nz
    trial = math.sqrt(mx * mx + my * my + mz * mz)
    limit = rolling_friction * touch.radius * abs(normal)
    yields = trial > limit
    share = limit / trial if yields else 1.0
    heat = limit * (1.0 - share) * trial / gain if gain > 0.0 else 0.0
    mx, my, mz = share * mx, share * my, share * mz
    return mx, my, mz, heat, (mx, my, mz)


LAW = RollingLaw("epsd2", moment, parameters_of, 1, 3, needs="rolling_friction", elastic=True)
