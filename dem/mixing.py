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


class Samples(NamedTuple):
    """Sums over the particles of each sample, shape (samples,).

    number: of particles; mass: of all of them, own_mass: of the component [kg]; own_square, rest_square: sums of m^2
    over the component and over the rest [kg2].
    """

    number: Array
    mass: Array
    own_mass: Array
    own_square: Array
    rest_square: Array


def sample_sums(component: NDArray[np.bool_], mass: Array, label: Integers, count: int) -> Samples:
    """Return the sums over samples; component: which particles it is; label: sample of each; count: of samples."""
    weights = np.ones(len(mass)), mass, mass * component, mass**2 * component, mass**2 * ~component
    return Samples(*(np.bincount(label, weight, count).astype(float) for weight in weights))


def random_variance(samples: Samples, sample_mass: float, scale: float = 1.0) -> float:
    """Return s_R^2 of samples of this mass [kg] of these particles; scale: diameter of parcels over that of grains."""
    _, mass, own, own_square, rest_square = (float(column.sum()) for column in samples)
    p, rest = own / mass, mass - own
    mine, other = own_square / own if own > 0.0 else 0.0, rest_square / rest if rest > 0.0 else 0.0
    return p * (1.0 - p) * (p * other + (1.0 - p) * mine) / (scale**3 * sample_mass)


def mixing_of(samples: Samples, sample_mass: float, scale: float = 1.0) -> MixingState | None:
    """Return how well a component is mixed; None where it is absent, alone, or in one sample.

    sample_mass [kg]: of the grains' samples; scale: diameter of the parcels over that of the grains. Samples without a
    particle count no more than they weigh.
    """
    samples = Samples(*(column[samples.number > 0.0] for column in samples))
    count, total = len(samples.mass), float(samples.mass.sum())
    p = float(samples.own_mass.sum()) / total if count else 0.0
    if count < 2 or not (samples.own_square.any() and samples.rest_square.any()):
        return None
    content = samples.own_mass / samples.mass
    square = float((samples.mass * (content - p) ** 2).sum()) / total * count / (count - 1)
    parcels = random_variance(samples, total / count)
    separate = p * (1.0 - p)
    grains = max(square - parcels, 0.0) + random_variance(samples, sample_mass, scale)
    rsd = math.sqrt(grains) / p
    error = math.sqrt(rsd**2 + square * math.sqrt(2.0 / (count - 1)) / p**2) - rsd
    return MixingState(
        p, count, float(samples.number.sum()) / count, square, parcels, (separate - square) / (separate - parcels),
        square / separate, math.sqrt(square) / p, rsd, error,
    )  # fmt: skip


def mixing_state(
    component: NDArray[np.bool_], mass: Array, label: Integers, sample_mass: float, scale: float = 1.0
) -> MixingState | None:
    """Return the same for particles: component: which it is; label: sample of each, below 0 in none; mass [kg]."""
    used = label >= 0
    count = int(label.max(initial=-1)) + 1
    return mixing_of(sample_sums(component[used], mass[used], label[used], count), sample_mass, scale)
