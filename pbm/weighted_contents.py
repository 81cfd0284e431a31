"""What each weighted particle does by itself: films evaporate and are absorbed, pores shrink, powder deposits."""

from __future__ import annotations

from math import pi

import numpy as np

from pbm.case import PbmCase
from pbm.case_laws import Layering
from pbm.cells import Cells
from pbm.consolidation import LEAST_GAS
from pbm.grid import solid_volume_of
from pbm.model import Parameters
from pbm.weighted import Particles


def evaporate(one: Particles, step: float, p: Parameters) -> float:
    """Evaporation at a film speed j/rho_l: films fall to the thickness of patches, then patches shrink by area.

    Returns what evaporated [m3].
    """
    if p.evaporation_speed == 0.0:
        return 0.0
    surface = pi * one.diameter**2
    film, patch = one.external / surface, p.film_thickness
    whole = np.minimum(np.maximum(film - patch, 0.0) / p.evaporation_speed, step)
    left = (film - p.evaporation_speed * whole) * np.exp(-p.evaporation_speed * (step - whole) / patch)
    gone = float(one.weight @ (one.external - left * surface))
    one.external[:] = left * surface
    return gone


def absorb(one: Particles, step: float, p: Parameters) -> None:
    """Absorption by its closed form."""
    pores = np.maximum(one.internal + one.gas, 1e-300)
    pace = step / (p.absorption_time * pores)
    rest = one.gas - one.external
    exponent = np.clip(rest * pace, -700.0, 700.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(np.abs(exponent) > 1e-12, np.expm1(exponent) / rest, pace)
    film = np.minimum(one.external / (np.exp(exponent) + one.external * slope), one.external)
    soaked = np.minimum(one.external - film, one.gas)
    one.external -= soaked
    one.internal += soaked
    one.gas -= soaked


def consolidate(one: Particles, step: float, p: Parameters) -> None:
    """Pores shrink by the closed form; in the published form gas alone does, by all liquid of a granule."""
    least = one.solid * p.minimum_pore_ratio
    if p.published_squeeze > 0.0:
        liquid, spare = one.internal + one.external, LEAST_GAS * one.solid
        whole = (one.solid + liquid + one.gas) / (one.solid * (1.0 + p.minimum_pore_ratio))
        pace = p.consolidation_rate * whole * (liquid + one.gas - least) / (one.gas + spare)
        grown = (one.gas + spare) * np.exp(-np.minimum(pace, 0.0) * step) - spare
        one.gas[:] = np.where(pace > 0.0, one.gas * np.exp(-np.maximum(pace, 0.0) * step), grown)
        return
    pores = np.maximum(one.internal + one.gas, 1e-300)
    shrunk = np.minimum(pores, least + (pores - least) * np.exp(-p.consolidation_rate * step))
    share = 1.0 - shrunk / pores
    one.external += share * one.internal
    one.internal -= share * one.internal
    one.gas -= share * one.gas


def largest_powder(case: PbmCase, cells: Cells) -> float:
    """Solids [m3] of a grain below which it deposits on others; classes of a single grid are powder as a whole."""
    if case.layering is None:
        return 0.0
    largest = float(solid_volume_of(case.layering.powder_below, case.feed.porosity))
    grid = cells.grids[0]
    return float(grid.edges[np.searchsorted(grid.pivots, largest)]) if len(cells.grids) == 1 else largest


def deposit(one: Particles, step: float, layering: Layering, powder_below: float, p: Parameters) -> None:
    """dd/dt = G phi V_p/(V_p + K V_g): granules gain solids (1 - eps_p) pi/2 d^2 dd, with all that powder holds."""
    powder = one.solid < powder_below
    held = np.where(powder, one.weight, 0.0)
    solids = float(held @ one.solid)
    if solids == 0.0 or powder.all():
        return
    size = one.diameter
    wet = np.minimum(1.0, one.external / (pi * size**2) / p.film_thickness)
    plenty = solids / (solids + layering.half_ratio * (one.solids - solids))
    dense = solids / float(held @ one.volume)
    grown = np.where(powder, 0.0, dense * 0.5 * pi * size**2 * layering.rate * wet * plenty * step)
    share = float(one.weight @ grown) / solids
    if share == 0.0:
        return
    grown *= -np.expm1(-share) / share
    for content in one.contents:
        content += grown * (float(held @ content) / solids)
    one.weight[powder] *= np.exp(-share)
