"""Liquid: spray shared by solid volume, and its way from the surface into the pores.

Addition: a granule of solid volume s gets s (rho_s/rho_l) m_dot/m_solid, so that the sum is the spray; the published
form lacks rho_s/rho_l. Absorption: A = (E/t_abs) G/(G + I), first order in surface liquid and in unfilled pore share,
t_abs the drop penetration time of Hapgood et al., J. Colloid Interface Sci. 253 (2002) 353, doi 10.1006/jcis.2002.8527.
"""

from __future__ import annotations

from compute.physics import physics


@physics
def addition(spray_rate: float, share: float, liquid_density: float) -> float:
    """Volume of liquid [m3/s] from a spray [kg/s] that gives `share` of itself."""
    return spray_rate * share / liquid_density


@physics
def caught_share(solids: float, cover: float) -> float:
    """Share of a spray that meets powder, min(1, V_s/V_c): a bed of less than the cover V_c [m3] leaves walls bare."""
    return min(1.0, solids / cover) if cover > 0.0 else 1.0


@physics
def absorption_coefficient(pores: float, absorption_time: float) -> float:
    """1/(t_abs p) [1/(m3 s)], so that A = coefficient E G; nil without pores p = G + I [m3]."""
    return 1.0 / (absorption_time * pores) if pores > 0.0 else 0.0
