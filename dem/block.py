"""The pair law applied to a block of touching pairs.

Touching pairs are gathered into one flat buffer, field by field, so that the law runs over them as a loop without
branches that the compiler turns into vector instructions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import routine
from compute.tuples import make_group_loader, make_group_storer, make_loader, make_storer
from dem.interaction import Interaction
from dem.touch import cross, pair_touch

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
    """Return `block(buffer, size, step)`: forces and torques of the first `size` pairs of a buffer."""
    law = interaction.law
    velocity_arm, torque_arm = interaction.contact.velocity_arm, interaction.contact.torque_arm
    history = PARAMETERS + interaction.parameter_count
    load_parameters = make_group_loader(interaction.parameter_counts)
    load_history = make_group_loader(interaction.history_sizes)
    store_history = make_group_storer(interaction.changing_sizes)
    load_three, store_three = make_loader(3), make_storer(3)

    @routine
    def block(buffer: Any, size: int, step: float) -> None:
        for t in range(size):
            touch = pair_touch(
                buffer[SEPARATION * BLOCK + t],
                buffer[(SEPARATION + 1) * BLOCK + t],
                buffer[(SEPARATION + 2) * BLOCK + t],
                buffer[VELOCITY * BLOCK + t],
                buffer[(VELOCITY + 1) * BLOCK + t],
                buffer[(VELOCITY + 2) * BLOCK + t],
                load_three(buffer, FIRST_SPIN * BLOCK + t, BLOCK),
                load_three(buffer, SECOND_SPIN * BLOCK + t, BLOCK),
                (buffer[FIRST_RADIUS * BLOCK + t], buffer[FIRST_MASS * BLOCK + t]),
                (buffer[SECOND_RADIUS * BLOCK + t], buffer[SECOND_MASS * BLOCK + t]),
                step,
                velocity_arm,
            )
            wrench, memory = law(
                touch,
                load_parameters(buffer, PARAMETERS * BLOCK + t, BLOCK),
                load_history(buffer, history * BLOCK + t, BLOCK),
            )
            force = (
                wrench.fx - wrench.normal * touch.nx,
                wrench.fy - wrench.normal * touch.ny,
                wrench.fz - wrench.normal * touch.nz,
            )
            tx, ty, tz = cross(touch.nx, touch.ny, touch.nz, wrench.fx, wrench.fy, wrench.fz)
            first_arm = buffer[FIRST_RADIUS * BLOCK + t] - torque_arm * touch.overlap
            second_arm = buffer[SECOND_RADIUS * BLOCK + t] - torque_arm * touch.overlap
            first = (first_arm * tx + wrench.mx, first_arm * ty + wrench.my, first_arm * tz + wrench.mz)
            second = (second_arm * tx - wrench.mx, second_arm * ty - wrench.my, second_arm * tz - wrench.mz)
            store_three(buffer, FORCE * BLOCK + t, BLOCK, force)
            store_three(buffer, FIRST_TORQUE * BLOCK + t, BLOCK, first)
            store_three(buffer, SECOND_TORQUE * BLOCK + t, BLOCK, second)
            buffer[HEAT * BLOCK + t] = wrench.loss
            buffer[DEPTH * BLOCK + t] = touch.overlap
            store_history(buffer, history * BLOCK + t, BLOCK, memory)

    return block
