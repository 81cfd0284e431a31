"""How a listed pair is noted to be in contact and apart again, in its flags."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics, routine
from dem.clumps.encounters import make_remember
from dem.interaction import Interaction
from dem.neighbours import ALL_FLAGS, NEAR, TOUCHING, PairList


@cache
def make_touch(bodies: bool) -> Callable[..., None]:
    """Return `touch(entry, flags, apart, step_number)`: notes that a pair is in contact, drawn apart or not."""
    remember = make_remember(bodies)

    @physics
    def touch(entry: int, flags: Any, apart: bool, step_number: int) -> None:
        flags[entry] |= 0 if apart else TOUCHING | NEAR
        remember(entry, flags, step_number)

    return touch


@cache
def make_part(interaction: Interaction, bodies: bool = False) -> Callable[..., None]:
    """Return the function that ends a contact, and re-arms the pair once it is apart by the re-arm gap."""
    history_size, remember = interaction.history_size, make_remember(bodies)

    @routine
    def part(entry: int, pairs: PairList, square: float, reach: float, rearm_gap: float, step_number: int) -> None:
        if pairs.flags[entry] & TOUCHING:
            for k in range(history_size):
                pairs.history[entry, k] = 0.0
            pairs.flags[entry] &= ~TOUCHING & ALL_FLAGS
        apart = reach * (1.0 + rearm_gap)
        if square > apart * apart:
            pairs.flags[entry] &= ~(TOUCHING | NEAR) & ALL_FLAGS
        remember(entry, pairs.flags, step_number)

    return part
