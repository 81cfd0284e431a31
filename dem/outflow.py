"""Which particles have reached an outlet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dem.case import Domain
from dem.case_flow import HalfSpace, Outlet
from dem.regions import make_place

KEPT = -1
"""Instead of an outlet's number: the particle stays."""


def reached_outlets(outlets: Sequence[Outlet], domain: Domain, position: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the first outlet whose region each centre [m] lies in, or KEPT; shape (n,)."""
    found = np.full(len(position), KEPT)
    point = np.zeros(len(position))
    for number, outlet in reversed(list(enumerate(outlets))):
        region = outlet.region
        if isinstance(region, HalfSpace):
            inside = (position - np.asarray(region.point)) @ np.asarray(region.normal) < 0.0
        else:
            inside = make_place(region, domain).holds(position, point)
        found[inside] = number
    return found


def near_outlets(outlets: Sequence[Outlet], domain: Domain, position: Any, xp: Any) -> Any:
    """Return which centres [m] may have reached an outlet: those behind a plane or in the box around a region.

    position: array of the module xp, numpy's or that of a device, where the answer stays; shape (n, 3).
    """
    near = xp.zeros(len(position), bool)
    for outlet in outlets:
        region = outlet.region
        if isinstance(region, HalfSpace):
            near |= (position - xp.asarray(region.point)) @ xp.asarray(region.normal) < 0.0
        else:
            place = make_place(region, domain)
            near |= ((position >= xp.asarray(place.low)) & (position <= xp.asarray(place.high))).all(axis=1)
    return near
