"""How well a component is mixed: variance of its share among samples of equal mass, and what is left of it for grains.

p mass share of the component, q = 1 - p, M mass of a sample, w = sum m^2/sum m the mean particle mass of the component
(A) or of the rest (B), each weighted by mass. The variance among samples of a random mixture is (Stange 1954, doi
10.1002/cite.330260603)

    s_R^2 = p q (p w_B + q w_A)/M,

that of the separated components s_0^2 = p q. Lacey's index is (s_0^2 - s^2)/(s_0^2 - s_R^2) (Lacey 1954, doi
10.1002/jctb.5010040504), Danckwerts' intensity of segregation s^2/s_0^2 (1952, doi 10.1007/BF03184936).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class MixingState(NamedTuple):
    """A state of mixing.

    share: p [-]; samples: their number; parcels: in a sample, mean; variance: s^2 about p; random_variance: s_R^2 of
    the parcels; lacey, intensity [-]; rsd: sqrt(s^2)/p of the parcels; grain_rsd: that of the grains they stand for,
    sqrt(max(s^2 - s_R^2, 0) + s_R^2 of the grains)/p; error: how far it rises where s^2 does by its standard error,
    s^2 sqrt(2/(samples - 1)).
    """

    share: float
    samples: int
    parcels: float
    variance: float
    random_variance: float
    lacey: float
    intensity: float
    rsd: float
    grain_rsd: float
    error: float


def equal_mass_samples(position: Array, mass: Array, count: int) -> Integers:
    """Return the sample of each particle: the bed is halved by mass across its longest extent, and again.

    position [m], shape (n, 3); mass [kg], shape (n,); count: of samples, any number.
    """
    label = np.zeros(len(mass), np.int64)
    parts = [(np.arange(len(mass)), count, 0)]
    while parts:
        members, pieces, first = parts.pop()
        label[members] = first
        if pieces > 1 and len(members):
            axis = int(np.argmax(np.ptp(position[members], axis=0)))
            ordered = members[np.argsort(position[members, axis], kind="stable")]
            below = pieces // 2
            passed = np.cumsum(mass[ordered]) - 0.5 * mass[ordered]
            cut = int(np.searchsorted(passed, mass[members].sum() * below / pieces))
            parts += [(ordered[:cut], below, first), (ordered[cut:], pieces - below, first + below)]
    return label


def consecutive_samples(mass: Array, sample_mass: float) -> Integers:
    """Return the sample of each particle of a stream: one after the other, each of this mass [kg]; -1 in the last."""
    label = ((np.cumsum(mass) - 0.5 * mass) / sample_mass).astype(np.int64)
    return np.where(label == label[-1], -1, label) if len(label) else label


def random_variance(component: NDArray[np.bool_], mass: Array, sample_mass: float, scale: float = 1.0) -> float:
    """Return s_R^2 of samples of this mass [kg]; scale: diameter of the parcels over that of the grains."""
    mine, rest = mass[component], mass[~component]
    p = mine.sum() / mass.sum()
    own, other = (float((part**2).sum() / part.sum()) if len(part) else 0.0 for part in (mine, rest))
    return float(p * (1.0 - p) * (p * other + (1.0 - p) * own) / (scale**3 * sample_mass))


def mixing_state(
    component: NDArray[np.bool_], mass: Array, label: Integers, sample_mass: float, scale: float = 1.0
) -> MixingState | None:
    """Return how well a component is mixed; None where it is absent, alone, or in one sample.

    component: which particles it is; label: sample of each, below 0 in none; sample_mass [kg]: of the grains' samples.
    """
    used = label >= 0
    component, mass, label = component[used], mass[used], label[used]
    own = np.bincount(label)  # samples without a particle count no more than they weigh
    weight = np.bincount(label, mass)
    samples = int((own > 0).sum())
    p = float(mass[component].sum() / mass.sum()) if len(mass) else 0.0
    if samples < 2 or not 0.0 < p < 1.0:
        return None
    content = np.bincount(label, mass * component)[own > 0] / weight[own > 0]
    square = float((weight[own > 0] * (content - p) ** 2).sum() / mass.sum()) * samples / (samples - 1)
    parcels = random_variance(component, mass, float(mass.sum()) / samples)
    separate = p * (1.0 - p)
    grains = max(square - parcels, 0.0) + random_variance(component, mass, sample_mass, scale)
    rsd = math.sqrt(grains) / p
    error = math.sqrt(rsd**2 + square * math.sqrt(2.0 / (samples - 1)) / p**2) - rsd
    return MixingState(
        p, samples, len(mass) / samples, square, parcels, (separate - square) / (separate - parcels),
        square / separate, math.sqrt(square) / p, rsd, error,
    )  # fmt: skip
