"""Twisting friction: the moment about the normal that opposes the relative spin of two touching surfaces.

A law is one file with a `LAW` of type `TwistingLaw`, and one line in `TWISTING_LAWS`. Its `moment(touch, normal,
stiffness, damping, parameters, history)` takes the repulsive normal force [N], the tangential stiffness [N/m] and the
tangential damping [N s/m] of the contact law and returns `(mx, my, mz, loss, history)`.
"""

from __future__ import annotations

from dem.twisting import marshall, none
from dem.twisting.law import TwistingLaw

TWISTING_LAWS: dict[str, TwistingLaw] = {"none": none.LAW, "marshall": marshall.LAW}
