"""Consolidation: pores shrink towards a least porosity, liquid in them is squeezed to the surface.

p = I + G, p_min = x N eps_min/(1 - eps_min), C = c max(0, p - p_min): dG = -C G/p, dI = -C I/p, dE = +C I/p.
After Verkoeijen et al. (2002) as used by Barrasso et al., Powder Technol. 241 (2013) 85, made to keep liquid and never
to drive gas below zero.

The published form, dG = -c (s + l + g)(1 - eps_min)/s (l + g - s eps_min/(1 - eps_min)) with all liquid l of a granule,
is there by name: its force is positive at g = 0 where l/s > eps_min/(1 - eps_min). Gas is taken while there is some,
the share g/(g + LEAST_GAS s) of what the form asks; the rest is owed.
"""

from __future__ import annotations

from compute.physics import physics

LEAST_GAS = 1e-3
"""Gas over solids of a class around which the published form finds none left."""


@physics
def squeeze_rate(pores: float, least_pores: float, rate: float) -> float:
    """C/p = c max(0, 1 - p_min/p) [1/s]: the share of gas and of internal liquid that leaves the pores."""
    return rate * max(0.0, 1.0 - least_pores / pores) if pores > 0.0 else 0.0


@physics
def published_squeeze_rate(solids: float, liquid: float, gas: float, least_ratio: float, rate: float) -> float:
    """What the published form asks for, over the gas and LEAST_GAS of the solids [1/s]; below nil where pores grow."""
    if solids <= 0.0:
        return 0.0
    force = liquid + gas - least_ratio * solids
    return rate * (solids + liquid + gas) / (solids * (1.0 + least_ratio)) * force / (gas + LEAST_GAS * solids)
