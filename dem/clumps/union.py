"""Volume, centre and second moments of a union of balls, by surface integrals over its exposed spheres.

With the divergence theorem the integral of a homogeneous polynomial f of degree k over a body is that of
f (x . n)/(k + 3) over its surface. On each sphere the surface is what no other ball covers: at a height z along an axis
the covered angles are arcs known in closed form, so that only an integral over z is left. It is divided where an arc
begins, ends or meets another, and each part is integrated in the angle whose cosine is z, in which its integrand is
smooth: the error falls exponentially with the number of nodes.
"""

from __future__ import annotations

import itertools
import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NODES = 24
"""Nodes in each part of a sphere: relative errors are below 1e-13 for rods and tablets, as closed forms and more
nodes show, and below 1e-10 for balls thrown together at random, as other axes show."""
TURN = 2.0 * math.pi
GRADING = 8.0
NARROWEST = 1e-9
"""Shortest part of a sphere's axis over its radius; closer breaks are one."""
TINY = 1e-300
SLIGHT = 1e-12
"""Share of a radius by which a point counts as covered, so that rounding leaves none out that matters."""
POWERS = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3))
"""Powers of cosine and sine up to the third degree, in the order of `_antiderivatives`."""


class Moments(NamedTuple):
    """volume [m3]; first: integral of x [m4], shape (3,); second: integral of x x [m5], shape (3, 3); area: of what is
    exposed of each ball [m2], shape (n,).
    """

    volume: float
    first: Array
    second: Array
    area: Array


def union_moments(centre: Array, radius: Array, nodes: int = NODES) -> Moments:
    """Return the moments of the union of balls about the origin.

    centre [m], shape (n, 3); radius [m], shape (n,); no two balls may be the same.
    """
    origin = centre.mean(axis=0)
    volume, first, second, area = 0.0, np.zeros(3), np.zeros((3, 3)), np.zeros(len(radius))
    for at in range(len(radius)):
        others = np.delete(np.arange(len(radius)), at)
        patch = _exposed(centre[at], radius[at], centre[others], radius[others], nodes)
        parts = _add(centre[at] - origin, radius[at], *patch)
        volume, first, second = volume + parts[0], first + parts[1], second + parts[2]
        area[at] = patch[0] * radius[at] ** 2
    shifted = second + np.outer(first, origin) + np.outer(origin, first) + volume * np.outer(origin, origin)
    return Moments(volume, first + volume * origin, shifted, area)


def _add(c: Array, r: float, area: float, one: Array, two: Array, three: Array) -> tuple[float, Array, Array]:
    """Return what the exposed part of a sphere adds; area, one, two, three: its integrals of 1, n, n n, n n n."""
    flux, along = r * area + c @ one, r * one + two @ c
    volume = r**2 / 3.0 * flux
    first = r**2 / 4.0 * (c * flux + r * along)
    mixed = np.outer(c, along)
    second = r**2 / 5.0 * (np.outer(c, c) * flux + r * (mixed + mixed.T) + r**2 * (r * two + three @ c))
    return float(volume), first, second


def _exposed(
    centre: Array, radius: float, others: Array, radii: Array, nodes: int
) -> tuple[float, Array, Array, Array]:
    """Return the integrals of 1, n, n n and n n n over the part of a sphere that no other ball covers."""
    away = others - centre
    distance = np.sqrt((away**2).sum(axis=1))
    near = distance < radius + radii
    away, distance, radii = away[near], distance[near], radii[near]
    height = (radius**2 + distance**2 - radii**2) / (2.0 * radius)  # covered where n . away > height
    z, weight = _nodes(_breaks(away, distance, height), nodes)
    return _integrals(z, weight, _arcs(z, away, height))


def _breaks(away: Array, distance: Array, height: Array) -> Array:
    """Return the heights where the exposed arcs change: their rims cross, a cap begins or ends, and the poles.

    Places that a further ball covers change nothing and are left out.
    """
    cutting = np.abs(height) < distance
    unit = away[cutting] / distance[cutting, None]
    share = height[cutting] / distance[cutting]
    points = np.concatenate([_extremes(unit, share), _crossings(unit, share)])
    covered = (points @ away.T > height + SLIGHT * distance).any(axis=1)
    heights = np.unique(np.clip(points[~covered, 2], -1.0, 1.0))
    inner = heights[(heights > NARROWEST - 1.0) & (heights < 1.0 - NARROWEST)]
    return _graded(np.concatenate([[-1.0], inner, [1.0]]))


def _graded(breaks: Array) -> Array:
    """Return the breaks with more of them, so that no part is more than GRADING times as long as its neighbour.

    Where the arcs change twice within a short part, they are not smooth just outside of it.
    """
    breaks = breaks[np.concatenate([[True], np.diff(breaks) > NARROWEST])]
    while True:
        length = np.diff(breaks)
        left, right = length[1:] > GRADING * length[:-1], length[:-1] > GRADING * length[1:]
        if not (left.any() or right.any()):
            return breaks
        more = [breaks[1:-1][left] + 2.0 * length[:-1][left], breaks[1:-1][right] - 2.0 * length[1:][right]]
        breaks = np.unique(np.concatenate([breaks, *more]))


def _extremes(unit: Array, share: Array) -> Array:
    """Return the highest and the lowest point of the rims n . unit = share, shape (2 n, 3)."""
    upwards = np.array([0.0, 0.0, 1.0]) - unit[:, 2:] * unit
    upwards /= np.maximum(np.linalg.norm(upwards, axis=1, keepdims=True), TINY)
    foot, rise = share[:, None] * unit, np.sqrt(1.0 - share**2)[:, None] * upwards
    return np.concatenate([foot + rise, foot - rise])


def _crossings(unit: Array, share: Array) -> Array:
    """Return the points where two rims n . unit = share meet."""
    i, j = np.triu_indices(len(share), 1)
    skew = np.linalg.norm(np.cross(unit[i], unit[j]), axis=1) > SLIGHT  # rims about one axis do not meet
    a, b, p, q = unit[i[skew]], unit[j[skew]], share[i[skew], None], share[j[skew], None]
    cosine = (a * b).sum(axis=1, keepdims=True)
    square = 1.0 - cosine**2
    foot = ((p - q * cosine) * a + (q - p * cosine) * b) / square
    rest = (1.0 - (foot**2).sum(axis=1, keepdims=True)) / square
    meet = rest[:, 0] > 0.0
    foot, rise = foot[meet], np.sqrt(rest[meet]) * np.cross(a, b)[meet]
    return np.concatenate([foot + rise, foot - rise])


def _nodes(breaks: Array, nodes: int) -> tuple[Array, Array]:
    """Return heights and weights: Gauss-Legendre in the angle t with z = middle - half cos(t), part by part."""
    place, weight = _legendre(nodes)
    angle = 0.5 * math.pi * (place + 1.0)
    middle, half = 0.5 * (breaks[1:] + breaks[:-1]), 0.5 * np.diff(breaks)
    z = middle[:, None] - half[:, None] * np.cos(angle)
    return z.ravel(), (0.5 * math.pi * half[:, None] * weight * np.sin(angle)).ravel()


@cache
def _legendre(nodes: int) -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(nodes)


def _arcs(z: Array, away: Array, height: Array) -> Array:
    """Return the integrals of cos^a sin^b over the exposed angles at each height, shape (heights, POWERS)."""
    rho = np.sqrt(np.maximum(1.0 - z**2, 0.0))[:, None]
    across = np.hypot(away[:, 0], away[:, 1])
    cosine = (height - away[:, 2] * z[:, None]) / np.maximum(rho * across, TINY)
    half = np.arccos(np.clip(cosine, -1.0, 1.0))
    begin = (np.arctan2(away[:, 1], away[:, 0]) - half) % TURN
    begin = np.concatenate([begin, np.zeros((len(z), 1))], axis=1)  # an empty arc where there is none
    end = begin + np.concatenate([2.0 * half, np.zeros((len(z), 1))], axis=1)
    order = np.argsort(begin, axis=1)
    begin, end = np.take_along_axis(begin, order, 1), np.take_along_axis(end, order, 1)
    wrapped = end.max(axis=1, keepdims=True) - TURN
    reached = np.maximum.accumulate(np.concatenate([wrapped, end[:, :-1]], axis=1), axis=1)
    found = np.zeros((len(z), len(POWERS)))
    at, gap = np.nonzero(begin > reached)
    np.add.at(found, at, _antiderivatives(begin[at, gap]) - _antiderivatives(reached[at, gap]))
    return found


def _antiderivatives(angle: Array) -> Array:
    """Return the antiderivatives of the POWERS of cosine and sine at each angle, along a last axis."""
    c, s = np.cos(angle), np.sin(angle)
    bend = 0.5 * c * s
    parts = (
        angle, s, -c, 0.5 * angle + bend, 0.5 * s**2, 0.5 * angle - bend,
        s - s**3 / 3.0, -(c**3) / 3.0, s**3 / 3.0, c**3 / 3.0 - c,
    )  # fmt: skip
    return np.stack(parts, axis=-1)


def _integrals(z: Array, weight: Array, moments: Array) -> tuple[float, Array, Array, Array]:
    """Return the integrals of 1, n, n n and n n n from those of the powers of cosine and sine at each height."""
    rho = np.sqrt(np.maximum(1.0 - z**2, 0.0))

    @cache
    def power(a: int, b: int, c: int) -> float:
        return float(weight @ (rho ** (a + b) * z**c * moments[:, POWERS.index((a, b))]))

    def tensor(rank: int) -> Array:
        found = np.zeros((3,) * rank)
        for index in itertools.product(range(3), repeat=rank):
            found[index] = power(index.count(0), index.count(1), index.count(2))
        return found

    return power(0, 0, 0), tensor(1), tensor(2), tensor(3)
