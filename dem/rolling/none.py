"""No rolling resistance."""

from __future__ import annotations

from typing import Any

from compute.physics import physics
from dem.contact.law import Elasticity, PairProperties
from dem.rolling.law import RollingLaw
from dem.touch import Touch


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return no parameters."""
    return ()


@physics
def moment(touch: Touch, normal: float, stiffness: float, parameters: Any, history: Any) -> Any:
    """Return no moment."""
    return 0.0, 0.0, 0.0, 0.0, history


LAW = RollingLaw("none", moment, parameters_of, 0, 0)
