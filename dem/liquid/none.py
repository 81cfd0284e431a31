"""No liquid."""

from __future__ import annotations

from typing import Any

from compute.physics import physics
from dem.liquid.law import LiquidLaw


@physics
def constants(radius: float, volume: float, tension: float, angle: float) -> Any:
    """Return constants of no force."""
    return 0.0, 0.0, 0.0, 0.0, 0.0


@physics
def capillary(gap: float, values: Any) -> float:
    """Return no force."""
    return 0.0


LAW = LiquidLaw("none", constants, capillary, 0.0, 0, 0)
