"""The functions of `math` that laws use, of 32-bit floats: as a compiled law computes them, in plain Python too."""

from __future__ import annotations

import math

import numpy as np

from compute.physics import physics

pi = np.float32(math.pi)


@physics
def sqrt(value: float) -> float:
    """Return the square root, rounded to 32 bits."""
    return np.float32(math.sqrt(value))  # type: ignore[return-value]
