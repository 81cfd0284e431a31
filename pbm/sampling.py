"""What a sample shows: the variance of a random mixture of real grains, and that of parcels taken off.

Of a mass M with the mass share p of grains A in grains B, drawn at random,

    s_R^2 = p q (q w_A + p w_B)/M,    q = 1 - p,    w = sum f_i m_i,

w the mean mass of a grain weighted by mass: Poole, Taylor and Wall, Trans. Inst. Chem. Eng. 42 (1964) T305. With equal
grains it is p q/n. A simulation with parcels shows s^2 with its parcels' own random part, which powder does not have.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import NamedTuple

import numpy as np

from compute.errors import CaseError
from pbm.distribution import SizeDistribution
from pbm.grid import Floats


def mean_grain_mass(distribution: SizeDistribution, density: float) -> float:
    """w = rho pi/6 sum f_i d_i^3 [kg], f by mass, volume uniform in ln d between the points of the curve.

    density: of a grain with its pores [kg/m3]. Coarse grains dominate: of a lactose from 5 um to 2 mm with a median of
    78 um it is 19 ug, of grains of 78 um 0.38 ug.
    """
    sizes, shares = distribution.diameters, np.diff(distribution.cumulative)
    cubes = (sizes[1:] ** 3 - sizes[:-1] ** 3) / (3.0 * np.log(sizes[1:] / sizes[:-1]))
    return float(density * pi / 6.0 * (shares @ cubes) / shares.sum())


def sphere_mass(diameter: float, density: float) -> float:
    """m = rho pi d^3/6 [kg] of grains of one diameter [m]."""
    return density * pi / 6.0 * diameter**3


def random_variance(share: float, grain: float, other: float, sample: float) -> float:
    """s_R^2 of the mass share in samples of `sample` [kg]; grain, other: w of the component and of the rest [kg]."""
    if not 0.0 <= share <= 1.0 or not (grain > 0.0 and other > 0.0 and sample > 0.0):
        given = (share, grain, other, sample)
        raise CaseError("no random mixture", key="sample", value=given, expected="a share 0 to 1 and masses > 0 [kg]")
    rest = 1.0 - share
    return share * rest * (rest * grain + share * other) / sample


class Uniformity(NamedTuple):
    """Uniformity of samples of real grains.

    variance: s^2 - s_R^2(parcels) + s_R^2(grains); structure: the first two terms, what mixing left, nil at least;
    below_noise: s^2 was not above the parcels' own part, so that nothing of the structure is resolved.
    """

    rsd: float
    variance: float
    structure: float
    random: float
    below_noise: bool


def uniformity_of_grains(
    share: float,
    variance: float,
    sample: float,
    grains: tuple[float, float],
    parcels: tuple[float, float] | None = None,
) -> Uniformity:
    """From the variance s^2 of a mass share among simulated samples [kg] to that of real grains in the same mass.

    grains, parcels: w of the component and of the rest [kg]; no parcels where the simulation has no grains at all
    """
    own = 0.0 if parcels is None else random_variance(share, *parcels, sample)
    structure = max(variance - own, 0.0)
    random = random_variance(share, *grains, sample)
    total = structure + random
    rsd = sqrt(total) / share if share > 0.0 else float("nan")
    return Uniformity(rsd, total, structure, random, parcels is not None and variance <= own)


def variance_of_samples(shares: Floats) -> float:
    """s^2 of the shares of samples, about their mean, with n - 1; CaseError for fewer than two."""
    if len(shares) < 2:
        raise CaseError("one sample has no variance", key="samples", value=len(shares), expected="at least two")
    return float(np.var(shares, ddof=1))
