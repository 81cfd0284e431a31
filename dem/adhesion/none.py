"""No adhesion."""

from __future__ import annotations

from typing import Any

from compute.physics import physics
from dem.adhesion.law import AdhesionLaw
from dem.contact.law import Elasticity, PairProperties
from dem.touch import Touch


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return no parameters."""
    return ()


@physics
def pull(touch: Touch, parameters: Any) -> tuple[float, float]:
    """Return the overlap as it is, and no attraction."""
    return touch.overlap, 0.0


LAW = AdhesionLaw("none", pull, parameters_of, 0)
