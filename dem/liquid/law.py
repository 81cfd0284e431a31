"""What a liquid law has to state about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CONSTANTS = 5
"""Values that a capillary force keeps of its bridge."""


@dataclass(frozen=True)
class LiquidLaw:
    """A capillary force.

    constants(radius, volume, tension, angle) -> the five constants of a bridge: harmonic mean radius 2 R* [m], volume
    [m3], surface tension [N/m], contact angle [rad]. capillary(gap, constants) -> attraction [N] at a gap [m] up to the
    rupture of the bridge. smallest: volume over radius^3 below which no bridge forms [-].
    """

    name: str
    constants: Callable[..., Any]
    capillary: Callable[..., float]
    smallest: float
    parameter_count: int = 5
    history_size: int = CONSTANTS + 2
