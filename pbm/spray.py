"""What a spray does to a powder bed: how drops cover it, how many make one nucleus, how long they take to sink in.

Dimensionless spray flux Psi = 3 V/(2 A d): footprints pi d^2/4 of the drops of a volume flow V [m3/s] over the area of
powder A that passes under the spray [m2/s]. Drops land at random, so that the share 1 - exp(-Psi) of the area is
covered, and exp(-4 Psi) of the drops overlap with no other. Nuclei of one footprint each, as many as the covered area
holds, take Psi/(1 - exp(-Psi)) drops each, drops of
every size alike. Litster, Hapgood, Michaels, Sims, Roberts, Kameneni and Hsu, Powder
Technol. 114 (2001) 32, doi 10.1016/S0032-5910(00)00259-8; Hapgood, Litster, White, Mort and Jones, Powder Technol. 141
(2004) 20. Penetration of a drop V into a bed of porosity eps and pore radius R = d32 eps/(3 (1 - eps)):
t = 1.35 V^(2/3) mu/(eps^2 R gamma cos theta), Hapgood, Litster, Biggs and Howes, J. Colloid Interface Sci. 253 (2002)
353, doi 10.1006/jcis.2002.8527, after Middleman (1995).
Drop-controlled below Psi = 0.1 where drops sink in within a tenth of the time between two passes: Hapgood, Litster and
Smith, AIChE J. 49 (2003) 350, doi 10.1002/aic.690490207.
"""

from __future__ import annotations

from math import cos, exp, expm1
from typing import NamedTuple

from pbm.case import PbmCase
from pbm.drops import drop_sizes
from pbm.nucleation import drop_volume

SPARSE = 0.1
"""Spray flux below which drops rarely meet."""
CAKING = 1.0
"""Spray flux above which the bed is wet all over and nuclei form by mechanical dispersion."""


class SprayRegime(NamedTuple):
    """What follows from a spray. penetration_time in s; the rest are pure numbers, flux nil where no area is given."""

    flux: float
    covered_share: float
    single_share: float
    drops_per_nucleus: float
    penetration_time: float
    regime: str


def spray_flux(volume_rate: float, area_rate: float, drop_diameter: float) -> float:
    """Psi = 3 V/(2 A d) of a spray [m3/s] on powder that passes [m2/s], drops [m]."""
    return 3.0 * volume_rate / (2.0 * area_rate * drop_diameter)


def drops_per_nucleus(flux: float) -> float:
    """Psi/(1 - exp(-Psi)), one for a sparse spray."""
    return -flux / expm1(-flux) if flux > 0.0 else 1.0


def penetration_time(
    drop: float, viscosity: float, porosity: float, grain_diameter: float, surface_tension: float, contact_angle: float
) -> float:
    """t [s] of a drop [m3] of this viscosity [Pa s] into grains of a surface-mean diameter [m]; [N/m], [rad]."""
    pores = grain_diameter * porosity / (3.0 * (1.0 - porosity))
    return 1.35 * drop ** (2.0 / 3.0) * viscosity / (porosity**2 * pores * surface_tension * cos(contact_angle))


def spray_regime(case: PbmCase) -> SprayRegime:
    """Flux, coverage and penetration of the spray of a case.

    Of drops of several sizes, the flux is that of the Sauter mean, which has the same footprints, and the penetration
    time the mean over the liquid.
    """
    liquid = case.liquid
    sizes, flux, time = drop_sizes(liquid), 0.0, liquid.penetration_time
    drop = drop_volume(sizes.mean_power(2.0) ** 0.5)
    if liquid.spray.area_rate is not None:
        flux = spray_flux(liquid.spray.rate / liquid.density, liquid.spray.area_rate, 1.0 / sizes.mean_power(-1.0))
    if liquid.wetting is not None:
        powder = (case.feed.porosity, liquid.wetting.grain_diameter)
        surface = (liquid.wetting.surface_tension, liquid.wetting.contact_angle)
        time = penetration_time(drop, liquid.viscosity, *powder, *surface)
    regime = "drop-controlled" if flux < SPARSE else "intermediate" if flux < CAKING else "mechanical dispersion"
    return SprayRegime(flux, -expm1(-flux), exp(-4.0 * flux), drops_per_nucleus(flux), time, regime)
