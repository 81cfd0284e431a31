"""Random touching pairs, as the block function reads them."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dem.adhesion import ADHESION_LAWS
from dem.block import (
    BLOCK,
    FIRST_MASS,
    FIRST_RADIUS,
    FIRST_SPIN,
    PARAMETERS,
    SECOND_MASS,
    SECOND_RADIUS,
    SECOND_SPIN,
    SEPARATION,
    VELOCITY,
    field_count,
)
from dem.composition import conflict
from dem.contact import CONTACT_LAWS
from dem.contact.law import Elasticity, PairProperties
from dem.interaction import Interaction, make_interaction
from dem.liquid import LIQUID_LAWS
from dem.liquid.bridge import rupture_gap
from dem.rolling import ROLLING_LAWS
from dem.twisting import TWISTING_LAWS

TABLES: tuple[dict[str, Any], ...] = (
    CONTACT_LAWS, ADHESION_LAWS, ROLLING_LAWS, TWISTING_LAWS, LIQUID_LAWS,
)  # fmt: skip
Laws = tuple[str, str, str, str, str]
"""Names of a contact, an adhesion, a rolling, a twisting and a liquid law."""


def _covered(laws: Laws, strength: int) -> set[frozenset[tuple[int, str]]]:
    """What a composition covers: each law for strength 1, each two laws together for strength 2."""
    return {frozenset(chosen) for chosen in itertools.combinations(enumerate(laws), strength)}


def is_scalar(laws: Laws) -> bool:
    """Whether the compiler makes no vectors of a composition: twisting together with liquid runs one by one."""
    return laws[3] != "none" and laws[4] != "none"


def covering_array(strength: int) -> list[Laws]:
    """Few compositions that have every law (strength 1), or every two laws that can act together (2), in one of them.

    Greedy: of all compositions the one that covers most of what is left, until nothing is. For strength 1 those that
    become vectors.
    """
    candidates = [laws for laws in itertools.product(*TABLES) if conflict(*map(dict.__getitem__, TABLES, laws)) is None]
    candidates = [laws for laws in candidates if strength > 1 or not is_scalar(laws)]
    wanted = set().union(*(_covered(laws, strength) for laws in candidates))
    chosen: list[Laws] = []
    while wanted:
        best = max(candidates, key=lambda laws: len(_covered(laws, strength) & wanted))
        chosen.append(best)
        wanted -= _covered(best, strength)
    return chosen


def composed(laws: Laws, mixed: bool = False) -> Interaction:
    """The composition of these laws; mixed: in 32 bits."""
    contact, adhesion, rolling, twisting, liquid = laws
    return make_interaction(contact, rolling, adhesion, twisting, liquid, mixed)


LAWS, PAIRWISE = covering_array(1), covering_array(2)
STEP = 1e-6
SEED = 5
DENSITY = 2500.0
GLASS = Elasticity(5e6, 0.25, DENSITY)
STEEL = Elasticity(5e7, 0.3, 7800.0)
PROPERTIES = PairProperties(
    0.6,
    0.3,
    0.05,
    normal_stiffness=5e3,
    work_of_adhesion=0.2,
    cohesion_energy_density=1e5,
    softening=0.1,
    plasticity_ratio=0.6,
    adhesive_stiffness_ratio=0.3,
    pull_off_force=1e-5,
    surface_tension=0.07,
    contact_angle=0.3,
    viscosity=0.01,
    smallest_gap=1e-5,
    largest_bridge=0.05,
)


def parameters_of(interaction: Interaction) -> tuple[float, ...]:
    """The parameters for glass and steel."""
    return interaction.parameters_of(GLASS, STEEL, PROPERTIES)


def random_block(interaction: Interaction) -> NDArray[np.float64]:
    """A buffer of BLOCK touching pairs, shape (fields, BLOCK), with springs on both sides of the Coulomb limit."""
    random = np.random.Generator(np.random.Philox(key=(SEED, 0)))
    buffer = np.zeros((field_count(interaction), BLOCK))
    radii = random.uniform(1e-3, 3e-3, (2, BLOCK))
    overlap = radii.min(axis=0) * random.uniform(1e-3, 0.05, BLOCK)
    direction = random.normal(size=(3, BLOCK))
    direction /= np.linalg.norm(direction, axis=0)
    buffer[SEPARATION : SEPARATION + 3] = direction * (radii.sum(axis=0) - overlap)
    buffer[VELOCITY : VELOCITY + 3] = random.normal(scale=0.5, size=(3, BLOCK))
    buffer[FIRST_SPIN : FIRST_SPIN + 3] = random.normal(scale=100.0, size=(3, BLOCK))
    buffer[SECOND_SPIN : SECOND_SPIN + 3] = random.normal(scale=100.0, size=(3, BLOCK))
    buffer[[FIRST_RADIUS, SECOND_RADIUS]] = radii
    buffer[[FIRST_MASS, SECOND_MASS]] = DENSITY * 4.0 / 3.0 * math.pi * radii**3
    history = PARAMETERS + interaction.parameter_count
    buffer[PARAMETERS:history] = np.array(parameters_of(interaction)).reshape(-1, 1)
    buffer[history:] = overlap * random.uniform(-0.3, 0.3, (interaction.history_size, BLOCK))
    if interaction.wet:
        buffer[history + interaction.solid_history :] = bridges(interaction, radii, random).T
    return buffer


def bridges(interaction: Interaction, radii: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """History of a bridge of random volume in each pair, shape (BLOCK, values)."""
    mean = 2.0 * radii.prod(axis=0) / radii.sum(axis=0)
    volume = mean**3 * 10.0 ** random.uniform(-3.5, -1.5, BLOCK)
    angle, tension = PROPERTIES.contact_angle, PROPERTIES.surface_tension
    rows = [
        (v, rupture_gap(v, angle), *interaction.liquid.constants(r, v, tension, angle)) for r, v in zip(mean, volume)
    ]
    return np.array(rows)
