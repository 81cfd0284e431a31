"""Drop-controlled nucleation: one drop that lands on powder makes one nucleus.

A drop of volume V fills the share S_n of the pores it draws together, so a nucleus takes solids
x_nuc = V (1 - eps0)/(eps0 S_n). Hapgood, Litster and Smith, AIChE J. 49 (2003) 350, doi 10.1002/aic.690490207.
"""

from __future__ import annotations

from math import pi

from compute.physics import physics


def drop_volume(diameter: float) -> float:
    """V = pi d^3/6 [m3] of a drop of this diameter [m]."""
    return pi / 6.0 * diameter**3


def nucleus_solids(volume: float, porosity: float, saturation: float) -> float:
    """x_nuc = V (1 - eps0)/(eps0 S_n) [m3]."""
    return volume * (1.0 - porosity) / (porosity * saturation)


@physics
def nucleation_loss(spray: float, drop: float, solids: float, compartment_solids: float) -> float:
    """Share of the powder taken up by nuclei per second [1/s]: drops [1/s] times x_nuc over V_s.

    spray: liquid that meets the compartment [m3/s]; drop: V_drop [m3]; solids: x_nuc [m3].
    """
    return spray / drop * solids / compartment_solids


@physics
def liquid_inside(drop_liquid: float, gas: float) -> float:
    """Liquid of the drops that finds room in the consumed pores [m3/s]; the rest stays outside."""
    return min(drop_liquid, gas)
