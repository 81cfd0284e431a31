"""Rolling resistance: the moment that opposes the relative rotation of two touching surfaces.

A law is one file with a `LAW` of type `RollingLaw`, and one line in `ROLLING_LAWS`. Its `moment(touch, normal,
parameters, history)` takes the normal force [N] of the contact law and returns `(mx, my, mz, loss, history)`.
"""

from __future__ import annotations

from dem.rolling import constant_torque, none
from dem.rolling.law import RollingLaw

ROLLING_LAWS: dict[str, RollingLaw] = {"none": none.LAW, "constant-torque": constant_torque.LAW}
