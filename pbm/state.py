"""From the state to granules, and to what a user reads of it: percentiles, means, moisture, porosity."""

from __future__ import annotations

import math

from compute.physics import routine
from pbm.grid import Floats
from pbm.model import (
    DIAMETER,
    EXTERNAL,
    GAS,
    GRANULE_VOLUME,
    INTERNAL,
    LIMIT,
    LOG_DIAMETER,
    LOG_INERTIA,
    MASS,
    NUMBER,
    VANISHED,
    Parameters,
    Tables,
    Workspace,
)


@routine
def describe_granules(
    place: int, state: Floats, parameters: Parameters, tables: Tables, work: Workspace, held: bool
) -> float:
    """Fill volume, diameter, mass, inertia of the classes that are not negligible; returns V_s [m3].

    Volume v = x + (I + G)/N, d = (6 v/pi)^(1/3), mass rho_s x + rho_l (I + E)/N. Limits become one unless held.
    """
    solids = solids_of(place, state, tables)
    for k in range(state.shape[2]):
        if not held:
            work.classes[LIMIT, place, k] = 1.0
        describe_class(place, k, solids, state, parameters, tables, work)
    work.solids[place] = solids
    return solids


@routine
def solids_of(place: int, state: Floats, tables: Tables) -> float:
    """V_s of a compartment [m3]."""
    solids = 0.0
    for k in range(state.shape[2]):
        solids += tables.solid_volume[k] * state[place, NUMBER, k]
    return solids


@routine
def describe_class(
    place: int, k: int, solids: float, state: Floats, parameters: Parameters, tables: Tables, work: Workspace
) -> None:
    """Fill what `describe_granules` does of one class; solids: V_s of the compartment [m3]."""
    classes, number, solid = work.classes, state[place, NUMBER, k], tables.solid_volume[k]
    work.present[place, k] = 0.0
    if number > VANISHED and solid * number > tables.negligible * solids:
        work.present[place, k] = 1.0
        pores = (state[place, INTERNAL, k] + state[place, GAS, k]) / number
        liquid = (state[place, INTERNAL, k] + state[place, EXTERNAL, k]) / number
        mass = parameters.solid_density * solid + parameters.liquid_density * liquid
        log_diameter = math.log(6.0 / math.pi * (solid + pores)) / 3.0
        classes[GRANULE_VOLUME, place, k] = solid + pores
        classes[LOG_DIAMETER, place, k] = log_diameter
        classes[DIAMETER, place, k] = math.exp(log_diameter)
        classes[MASS, place, k] = mass
        classes[LOG_INERTIA, place, k] = 2.0 * log_diameter - math.log(mass)


@routine
def surface_mean_log_diameter(place: int, state: Floats, classes: Floats) -> float:
    """ln d32 = ln(sum N d^3 / sum N d^2) of one compartment that is not empty."""
    cubes, squares = 0.0, 0.0
    for k in range(state.shape[2]):
        size = classes[DIAMETER, place, k]
        cubes += state[place, NUMBER, k] * size * size * size
        squares += state[place, NUMBER, k] * size * size
    return math.log(cubes / squares)


@routine
def median_log_diameter(place: int, state: Floats, tables: Tables, work: Workspace) -> float:
    """ln d50 by granule volume: linear in ln d over the class of sizes where the cumulative volume passes one half.

    Edges carry the mean pore ratio of the compartment, sum v N / sum x N.
    """
    granules, solids, sizes = 0.0, 0.0, work.sizes
    for size in range(tables.log_edge_diameter.size - 1):
        sizes[size] = 0.0
    for k in range(state.shape[2]):
        volume = work.classes[GRANULE_VOLUME, place, k] * state[place, NUMBER, k]
        sizes[tables.size_class[k]] += volume
        granules += volume
        solids += tables.solid_volume[k] * state[place, NUMBER, k]
    log_size, below = 0.0, 0.0
    for size in range(tables.log_edge_diameter.size - 1):
        volume = sizes[size]
        if below < 0.5 * granules and volume > 0.0:
            low, high = tables.log_edge_diameter[size], tables.log_edge_diameter[size + 1]
            log_size = low + (high - low) * min((0.5 * granules - below) / volume, 1.0)
        below += volume
    return log_size + math.log(granules / solids) / 3.0
