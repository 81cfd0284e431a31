"""Random touching pairs, as the block function reads them."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

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
from dem.contact import CONTACT_LAWS
from dem.contact.law import Elasticity, PairProperties
from dem.interaction import Interaction
from dem.rolling import ROLLING_LAWS

LAWS = list(itertools.product(CONTACT_LAWS, ROLLING_LAWS))
STEP = 1e-6
SEED = 5
DENSITY = 2500.0
GLASS = Elasticity(5e6, 0.25, DENSITY)
STEEL = Elasticity(5e7, 0.3, 7800.0)
PROPERTIES = PairProperties(0.6, 0.3, 0.05, normal_stiffness=5e3)


def parameters_of(interaction: Interaction) -> tuple[float, ...]:
    """The law's parameters for glass and steel; the rolling law's come last."""
    contact = interaction.contact.parameters_of(GLASS, STEEL, PROPERTIES)
    return contact + interaction.rolling.parameters_of(GLASS, STEEL, PROPERTIES)


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
    return buffer
