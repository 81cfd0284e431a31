"""How strong an adhesion is: the largest pull of two equal spheres, and the overlap in which they rest together."""

from __future__ import annotations

from typing import NamedTuple

from compute.tuples import Strip
from dem.interaction import Interaction, history_sizes
from dem.skin import largest_separation
from dem.touch import Touch

POINTS, HALVINGS = 400, 60
HOLDS = 1
"""Which part of the history tells that the solids have touched."""
DEEPEST = 0.5
"""Overlap over the radius beyond which no rest is looked for."""


class Strength(NamedTuple):
    """pull_off: largest attraction [N]; rest: overlap at which attraction and repulsion balance [m]."""

    pull_off: float
    rest: float


def strength(interaction: Interaction, parameters: tuple[float, ...], radius: float, mass: float) -> Strength:
    """Return pull-off force and rest overlap of two equal spheres from the force that the law gives at rest.

    Args:
        parameters: of the pair of materials, as `Interaction.parameters_of` gives them.
        radius: of both spheres [m].
        mass: of both spheres [kg].
    """
    sizes, strip = history_sizes(interaction.parts), Strip(parameters, 0, 1)
    memory = [float(part == HOLDS) for part, size in enumerate(sizes) for _ in range(size)]

    def push(overlap: float) -> float:
        touch = Touch(overlap, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5 * radius, 0.5 * mass, 1.0, 0.5 / radius)
        return float(interaction.law(touch, strip, Strip(memory.copy(), 0, 1)).normal)

    low, high = 0.0, DEEPEST * radius
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if push(middle) < 0.0 else (low, middle)
    begin = -largest_separation(interaction, [parameters], 0.5 * radius)
    curve = [push(begin + (high - begin) * (at + 1) / POINTS) for at in range(POINTS)]
    return Strength(max(0.0, -min(curve)), high)
