"""Slope of a free surface and bulk density of a bed, from the particles of an instant."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dem.case import Domain
from dem.case_observables import FreeSurface
from dem.case_particles import Box, Cylinder
from dem.regions import make_place

Array = NDArray[np.float64]

FITTED = {"heap": (0.2, 0.8), "drum": (-0.5, 0.5)}
"""Range that is fitted, in shares of the radius: the tip, the foot and the ends of the surface are not straight."""
SECTORS = 8
"""Parts around the axis of a heap, or along that of a drum, with a top of their own."""
FEWEST = 4
"""Filled bins that a slope needs."""
POINTS = 256
"""Points of a sphere that tell how much of it is in a region."""


class Slope(NamedTuple):
    """angle against the horizontal and its standard error from the scatter of the fit [rad]; bins: filled ones."""

    angle: float
    error: float
    bins: int


def surface_slope(settings: FreeSurface, gravity: Array, position: Array, radius: Array) -> Slope | None:
    """Return the slope of a line through the tops of the bed in bins; None where too few bins hold particles.

    In each bin the top is the mean, over what lies around the axis or along it, of the highest points z + r. The line
    is that of least squares. gravity [m/s2] (3,); position [m] (n, 3); radius [m] (n,).
    """
    up = -gravity / np.linalg.norm(gravity)
    relative = position - np.asarray(settings.point)
    height = relative @ up + radius
    abscissa, around = _coordinates(settings, relative, up)
    low, high = (share * settings.radius for share in FITTED[settings.kind])
    inside = (abscissa >= low) & (abscissa < high)
    place = ((abscissa[inside] - low) / (high - low) * settings.bins).astype(np.int64)
    column = place * SECTORS + np.minimum((around[inside] * SECTORS).astype(np.int64), SECTORS - 1)
    tops = np.full(settings.bins * SECTORS, -math.inf)
    np.maximum.at(tops, column, height[inside])
    table = np.where(np.isfinite(tops), tops, np.nan).reshape(settings.bins, SECTORS)
    filled = np.isfinite(table).any(axis=1)
    if filled.sum() < FEWEST:
        return None
    x = (low + (np.arange(settings.bins) + 0.5) / settings.bins * (high - low))[filled]
    return _fit(x, np.nanmean(table[filled], axis=1))


def _coordinates(settings: FreeSurface, relative: Array, up: Array) -> tuple[Array, Array]:
    """Return where the surface is looked at [m], and the share of the way around or along the axis, 0 to 1."""
    if settings.kind == "heap":
        first = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
        first /= np.linalg.norm(first)
        u, v = relative @ first, relative @ np.cross(up, first)
        return np.hypot(u, v), np.arctan2(v, u) / (2.0 * math.pi) % 1.0
    axis = np.asarray(settings.axis) / np.linalg.norm(settings.axis)
    across = np.cross(axis, up)
    along = relative @ axis
    span = float(np.ptp(along)) or 1.0
    return relative @ (across / np.linalg.norm(across)), (along - along.min(initial=0.0)) / span


def _fit(x: Array, y: Array) -> Slope:
    """Return the slope of y = a + b x by least squares, as an angle: atan |b|, error s_b/(1 + b^2)."""
    away = x - x.mean()
    slope = float((away * y).sum() / (away**2).sum())
    rest = y - y.mean() - slope * away
    error = math.sqrt(float((rest**2).sum()) / max(len(x) - 2, 1) / float((away**2).sum()))
    return Slope(abs(math.atan(slope)), error / (1.0 + slope**2), len(x))


def shares_inside(region: Box | Cylinder, domain: Domain, position: Array, radius: Array) -> Array:
    """Return the share of each sphere's volume inside a region [-]; across its surface, of POINTS points of it."""
    place = make_place(region, domain)
    shares = place.holds(position, radius).astype(float)
    reach = radius[:, None]
    near = np.all((position > place.low - reach) & (position < place.high + reach), axis=1)
    at = np.flatnonzero(near & (shares == 0.0))
    points = position[at, None, :] + radius[at, None, None] * ball_points(POINTS)
    held = place.holds(points.reshape(-1, 3), np.zeros(len(at) * POINTS)).reshape(len(at), POINTS)
    shares[at] = held.mean(axis=1)
    return shares


def ball_points(count: int) -> Array:
    """Return points that fill a ball of radius 1 evenly: a golden spiral, with radii of equal volumes."""
    number = np.arange(count) + 0.5
    z = 1.0 - 2.0 * number / count
    azimuth = math.pi * (1.0 + math.sqrt(5.0)) * number
    ring = np.sqrt(1.0 - z**2)
    # radii in another order than heights, or the points would lie on one spiral cone
    share = (number * 0.5 * (math.sqrt(13.0) - 3.0)) % 1.0
    return np.stack([ring * np.cos(azimuth), ring * np.sin(azimuth), z], axis=1) * share[:, None] ** (1.0 / 3.0)
