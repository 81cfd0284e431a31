"""From a size distribution to parcels: which share of the volume each parcel class stands for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dem.case import DemCase
from dem.case_materials import Shares
from dem.case_particles import Insertion, Packing
from pbm.distribution import SizeDistribution

Array = NDArray[np.float64]


def share_below(curve: SizeDistribution, diameter: Array) -> Array:
    """Return the share of the volume below these diameters [m], linear in ln d."""
    return np.interp(np.log(diameter), np.log(curve.diameters), curve.cumulative, left=0.0, right=1.0)


def parcel_shares(curve: SizeDistribution, parcel_diameter: Array, scale: float) -> Array:
    """Return the volume share of each parcel class, shape (classes,).

    A class stands for the real sizes between the geometric means with its neighbours, over the scale factor
    s = parcel size / real size; the smallest and the largest class take everything beyond.
    """
    between = np.sqrt(parcel_diameter[1:] * parcel_diameter[:-1]) / scale
    edges = np.concatenate([[0.0], share_below(curve, between), [1.0]])
    return np.diff(edges)


def with_parcel_shares(case: DemCase, shares: Array) -> DemCase:
    """Return the case with these volume shares of its classes in every packing and insertion."""
    total = float(shares.sum())
    of = {each.name: float(share) / total for each, share in zip(case.classes, shares)}
    sources = tuple(
        source.model_copy(update={"shares": Shares(of=of, by="volume")})
        if isinstance(source, (Packing, Insertion))
        else source
        for source in case.particles
    )
    return case.model_copy(update={"particles": sources})
