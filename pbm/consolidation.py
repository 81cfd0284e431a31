"""Consolidation: pores shrink towards a least porosity, liquid in them is squeezed to the surface.

p = I + G, p_min = x N eps_min/(1 - eps_min), C = c max(0, p - p_min): dG = -C G/p, dI = -C I/p, dE = +C I/p.
After Verkoeijen et al. (2002) as used by Barrasso et al., Powder Technol. 241 (2013) 85, made to keep liquid and never
to drive gas below zero.
"""

from __future__ import annotations

from compute.physics import physics


@physics
def squeeze_rate(pores: float, least_pores: float, rate: float) -> float:
    """C/p = c max(0, 1 - p_min/p) [1/s]: the share of gas and of internal liquid that leaves the pores."""
    return rate * max(0.0, 1.0 - least_pores / pores) if pores > 0.0 else 0.0
