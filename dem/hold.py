"""What holds touched surfaces together across a gap, and up to which one.

An adhesion law that acts beyond contact states its `separation`; pairs and walls that have touched are then evaluated
until they are that far apart. A contact so drawn out is still the one that began when the surfaces met: it is counted
once, as one encounter. Where no law acts beyond contact these functions say so without a look at anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics
from compute.tuples import make_loader
from dem.interaction import Interaction
from dem.neighbours import TOUCHING
from dem.particles import MATERIAL, RADIUS, Particles


@cache
def make_held(interaction: Interaction) -> Callable[..., bool]:
    """Return `held(i, j, particles, flag, square, settings)` for slots i and j without overlap.

    flag: of the pair; square: of the distance of the centres [m2].
    """
    separation = interaction.adhesion.separation
    if separation is None:

        @physics
        def never(i: int, j: int, particles: Particles, flag: int, square: float, settings: Any) -> bool:
            return False

        return never
    load, place = make_loader(interaction.adhesion.parameter_count), interaction.contact.parameter_count

    @physics
    def held(i: int, j: int, particles: Particles, flag: int, square: float, settings: Any) -> bool:
        if flag & TOUCHING == 0:
            return False
        first, second = particles.row[i, RADIUS], particles.row[j, RADIUS]
        base = particles.kind[i, MATERIAL] * settings.materials + particles.kind[j, MATERIAL]
        gap = math.sqrt(square) - (first + second)
        return gap < separation(first * second / (first + second), load(settings.parameters[base], place, 1))

    return held


@cache
def make_wall_limit(interaction: Interaction) -> Callable[..., float]:
    """Return `wall_limit(begins, radius, parameters, base)`: up to which distance a wall acts on a sphere [m].

    begins: the wall was not touched in the step before; base: row of sphere and wall in the interaction's table.
    """
    separation = interaction.adhesion.separation
    if separation is None:

        @physics
        def own_radius(begins: bool, radius: float, parameters: Any, base: int) -> float:
            return radius

        return own_radius
    load, place = make_loader(interaction.adhesion.parameter_count), interaction.contact.parameter_count

    @physics
    def wall_limit(begins: bool, radius: float, parameters: Any, base: int) -> float:
        return radius if begins else radius + separation(radius, load(parameters[base], place, 1))

    return wall_limit


def largest_separation(interaction: Interaction, table: Any, radius: float) -> float:
    """Return the largest gap [m] across which anything acts.

    table: the interaction's parameters; radius: of the largest sphere [m], at a wall.
    """
    law, place = interaction.adhesion, interaction.contact.parameter_count
    if law.separation is None:
        return 0.0
    return max(law.separation(radius, tuple(row[place : place + law.parameter_count])) for row in table)
