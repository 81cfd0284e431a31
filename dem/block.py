"""The pair law applied to a block of touching pairs.

Touching pairs are gathered into one flat buffer, field by field, so that the law runs over them as a loop without
branches that the compiler turns into vector instructions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import routine
from compute.tuples import Strip, make_loader, make_storer
from dem.interaction import Interaction
from dem.pair_law import make_pair_law

BLOCK = 128
"""Pairs in a block: a multiple of every vector length, small enough to stay in the first cache."""

SEPARATION, VELOCITY, FIRST_SPIN, SECOND_SPIN = 0, 3, 6, 9
FIRST_RADIUS, SECOND_RADIUS, FIRST_MASS, SECOND_MASS = 12, 13, 14, 15
FORCE, FIRST_TORQUE, SECOND_TORQUE, HEAT, DEPTH = 16, 19, 22, 25, 26
PARAMETERS = 27


def field_count(interaction: Interaction) -> int:
    """Return how many fields of BLOCK values the buffer of one block has."""
    return PARAMETERS + interaction.parameter_count + interaction.history_size


@cache
def make_block(interaction: Interaction) -> Callable[[Any, int, float], None]:
    """Return `block(buffer, size, step)`: forces and torques of the first `size` pairs of a buffer.

    In mixed precision DEPTH holds (r1 + r2)^2 - d^2 [m2] before the law has run.
    """
    law, cast = make_pair_law(interaction), interaction.cast
    history = PARAMETERS + interaction.parameter_count
    load_three, store_three = make_loader(3), make_storer(3)

    @routine
    def block(buffer: Any, size: int, step: float) -> None:
        span = cast(step)
        for t in range(size):
            force, first, second, loss, overlap = law(
                buffer[DEPTH * BLOCK + t],
                load_three(buffer, SEPARATION * BLOCK + t, BLOCK),
                load_three(buffer, VELOCITY * BLOCK + t, BLOCK),
                load_three(buffer, FIRST_SPIN * BLOCK + t, BLOCK),
                load_three(buffer, SECOND_SPIN * BLOCK + t, BLOCK),
                (buffer[FIRST_RADIUS * BLOCK + t], buffer[FIRST_MASS * BLOCK + t]),
                (buffer[SECOND_RADIUS * BLOCK + t], buffer[SECOND_MASS * BLOCK + t]),
                span,
                Strip(buffer, PARAMETERS * BLOCK + t, BLOCK),
                Strip(buffer, history * BLOCK + t, BLOCK),
            )
            store_three(buffer, FORCE * BLOCK + t, BLOCK, force)
            store_three(buffer, FIRST_TORQUE * BLOCK + t, BLOCK, first)
            store_three(buffer, SECOND_TORQUE * BLOCK + t, BLOCK, second)
            buffer[HEAT * BLOCK + t] = loss
            buffer[DEPTH * BLOCK + t] = overlap

    return block
