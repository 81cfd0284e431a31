"""Constant directional torque: M = -mu_r |F_n| R* w/|w|, w the relative angular velocity without its normal part.

Near rest the moment is reduced so that it does not turn the rotation round within a step: |M| <= I* |w|/step with
I* = 2/5 m* R*^2, a bound of the inertia that any two spheres have.
Source: Zhou, Wright, Yang, Xu, Yu, Physica A 269 (1999) 536-553, doi 10.1016/S0378-4371(99)00183-1.
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
    """Constant directional torque against the relative rotation."""
    (rolling_friction,) = parameters
    along = touch.wx * touch.nx + touch.wy * touch.ny + touch.wz * touch.nz
    wx, wy, wz = touch.wx - along * touch.nx, touch.wy - along * touch.ny, touch.wz - along * touch.nz
    rate = math.sqrt(wx * wx + wy * wy + wz * wz)
    resistance = rolling_friction * abs(normal) * touch.radius
    stopping = 0.4 * touch.mass * touch.radius * touch.radius * rate / touch.step
    magnitude = min(resistance, stopping)
    scale = -magnitude / rate if rate > 0.0 else 0.0
    return scale * wx, scale * wy, scale * wz, magnitude * rate, history


LAW = RollingLaw("constant-torque", moment, parameters_of, 1, 0, needs="rolling_friction")
