"""Rolling resistance: the moment that opposes the relative rotation of two touching surfaces.

A law is one file with a `LAW` of type `RollingLaw`, and one line in `ROLLING_LAWS`. Its `moment(touch, normal,
stiffness, parameters, history)` takes the repulsive normal force [N] and the tangential stiffness [N/m] of the contact
law and returns `(mx, my, mz, loss, history)`.
"""

from __future__ import annotations

from dem.rolling import constant_torque, epsd2, none
from dem.rolling.law import RollingLaw

ROLLING_LAWS: dict[str, RollingLaw] = {
    "none": none.LAW,
    "constant-torque": constant_torque.LAW,
    "epsd2": epsd2.LAW,
}
