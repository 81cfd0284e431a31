"""How far beyond touch pairs are listed: the skin, and the gaps across which something acts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dem.case import DemCase
from dem.case_limits import class_numbers
from dem.interaction import Interaction
from dem.liquid.bridge import rupture_gap
from dem.pair_properties import pair_properties
from dem.particle_set import ClassTable

DEFAULT_REARM_GAP = 0.01
BRIDGE_MARGIN = 1.5
"""Skin over the largest rupture gap: between two looks at a bridge its spheres move on."""


def mean_diameter_by_number(case: DemCase) -> float:
    """Return the number-weighted mean diameter of the classes [m]; of particles from a file alone, of the sizes."""
    numbers, sizes = class_numbers(case), case.diameters()
    total = sum(numbers.values())
    if not total:
        return sum(sizes) / len(sizes) if sizes else 0.0
    return sum(numbers[each.name] * each.diameter for each in case.classes) / total


def largest_separation(interaction: Interaction, table: Any, radius: float) -> float:
    """Return the largest gap [m] across which anything acts.

    table: the interaction's parameters; radius: of the largest sphere [m], at a wall.
    """
    law, place = interaction.adhesion, interaction.contact.parameter_count
    if law.separation is None:
        return 0.0
    return max(law.separation(radius, tuple(row[place : place + law.parameter_count])) for row in table)


def largest_gap_of_walls(interaction: Interaction, table: Any, radius: float) -> float:
    """Return the largest gap [m] across which a wall acts on a sphere.

    table: the interaction's parameters; radius: of the largest sphere [m], half the mean radius of a bridge to a wall.
    """
    solid = largest_separation(interaction, table, radius)
    return max(solid, 2.0 * radius * _widest_bridge(interaction, table))


def _widest_bridge(interaction: Interaction, table: Any) -> float:
    """Return the largest rupture gap over the harmonic mean radius [-], 0 without liquid."""
    if not interaction.wet:
        return 0.0
    bridges = [(row[interaction.parameter_count - 4], row[interaction.parameter_count - 1]) for row in table]
    return max(rupture_gap(largest, angle) for angle, largest in bridges)


def required_skin(interaction: Interaction, table: Any, radius: float) -> float:
    """Return how long the skin of the lists must be for everything that acts across a gap [m].

    A pair in contact or bridged must be found again at each rebuild; a wall, whose gap is looked for within half the
    skin, too. table, radius: as in `largest_separation`.
    """
    solid = 2.0 * largest_separation(interaction, table, radius)
    return max(solid, BRIDGE_MARGIN * radius * _widest_bridge(interaction, table))


def rearm_gap_of(case: DemCase) -> float:
    """Return the re-arm gap of a case [-]."""
    return case.statistics.rearm_gap if case.statistics else DEFAULT_REARM_GAP


def skin_lengths(
    case: DemCase, classes: ClassTable, interaction: Interaction, parameters: NDArray[np.float64]
) -> dict[str, float]:
    """Return how far beyond touch pairs are to be listed [m], by what asks for it; the longest is the skin."""
    largest = float(classes.radii.max())
    return {
        "dem.neighbour.skin": case.neighbour.skin * (mean_diameter_by_number(case) or float(classes.diameter.mean())),
        "what acts across a gap": required_skin(interaction, parameters, largest),
        "dem.statistics.rearm_gap": 2.0 * rearm_gap_of(case) * largest,  # a pair is remembered until it is re-armed
    }


def parameter_table(case: DemCase, interaction: Interaction) -> NDArray[np.float64]:
    """Return the law's parameters of every pair of materials, shape (materials^2, parameter_count)."""
    names = list(case.materials)
    materials = [material.elasticity for material in case.materials.values()]
    pairs = {}
    for pair in case.pairs:
        first, second = (case.materials[name] for name in pair.between)
        places = names.index(pair.between[0]), names.index(pair.between[1])
        pairs[places] = pair_properties(case.contact.of(pair), first, second, pair, case.liquid)
    return interaction.table(materials, pairs)
