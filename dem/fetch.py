"""What the pair loop of the CPU asks for before it gets there."""

from __future__ import annotations

from typing import Any

from compute.physics import routine
from compute.prefetch import prefetch
from dem.particles import WX, X


@routine
def fetch(slot: int, row: Any, kinds: Any, force: Any) -> None:
    """Ask for what pairs need of a particle: rows begin with a line of cache or half way, and have one and a half."""
    prefetch(row, slot, X)
    prefetch(row, slot, WX)
    prefetch(force, slot, 0)
    prefetch(kinds, slot, 0)
