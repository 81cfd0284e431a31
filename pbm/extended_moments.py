"""Extended quadrature of moments (EQMOM): the population is a sum of lognormal or of gamma distributions of one width.

2 n + 1 moments fix n weights, n places and the common width. For a given width s the moments are those of a discrete
measure, up to a triangular change: lognormal M_k = exp(k^2 s^2/2) M*_k; gamma M_k = sum_j S(k, j) s^(k - j) M*_j with
Stirling's numbers of the first kind. n nodes have M*_0 .. M*_(2 n - 1), and s is the least width at which they have
M_(2 n) too. Integrals use a second quadrature in each distribution, of Gauss in its own polynomials, Stieltjes and
Wigert's or Laguerre's, so that all moments kept are exact. Yuan, Laurent and Fox, J. Aerosol Sci. 51 (2012) 1,
doi 10.1016/j.jaerosci.2012.04.003.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma, log, pi, sqrt

import numpy as np

from compute.errors import SimulationError
from pbm.grid import Floats
from pbm.quadrature import nodes_of, quadrature

SEARCH = 12
"""Widths tried between none and the largest, before the least root is refined."""
EXACT = 1e-15
"""Relative width at which the bisection ends."""


@dataclass(frozen=True)
class Mixture:
    """Sum of distributions of one width: weights [-] and places, (n,), of the kind "lognormal" or "gamma".

    A lognormal has its median at its place and the width in ln x; a gamma distribution its mean at its place and the
    variance place times width.
    """

    kind: str
    weights: Floats
    places: Floats
    width: float

    def density(self, volumes: Floats) -> Floats:
        """Number density at volumes > 0 in the unit of the places."""
        one = np.asarray(volumes, dtype=float)[:, None]
        if self.kind == "lognormal":
            deviation = np.log(one / self.places) / self.width
            each = np.exp(-0.5 * deviation**2) / (one * self.width * sqrt(2.0 * pi))
        else:
            shape = self.places / self.width
            norm = np.array([lgamma(value) for value in shape])
            each = np.exp((shape - 1.0) * np.log(one / self.width) - one / self.width - norm) / self.width
        return np.asarray(each @ self.weights)

    def quadrature(self, points: int) -> tuple[Floats, Floats]:
        """Nodes and weights, (n points,), that are exact for powers up to 2 points - 1 of every distribution."""
        if self.width == 0.0:
            return self.places, self.weights
        inner = _lognormal_points if self.kind == "lognormal" else _gamma_points
        parts = [inner(place, self.width, points) for place in self.places]
        weights = [weight * own for weight, (_, own) in zip(self.weights, parts)]
        return np.concatenate([nodes for nodes, _ in parts]), np.concatenate(weights)


def _lognormal_points(place: float, width: float, points: int) -> tuple[Floats, Floats]:
    """By the recurrence of Stieltjes and Wigert's polynomials, p = exp(s^2/2)."""
    order, p = np.arange(float(points)), exp(0.5 * width**2)
    mean = p ** (2.0 * order - 1.0) * (p ** (2.0 * order) * (p * p + 1.0) - 1.0)
    square = p ** (6.0 * order[1:] - 4.0) * np.expm1(order[1:] * width**2)
    nodes, weights = nodes_of(mean, square)
    return place * nodes, weights


def _gamma_points(place: float, width: float, points: int) -> tuple[Floats, Floats]:
    """By the recurrence of Laguerre's polynomials of the order place/width - 1."""
    order, shape = np.arange(float(points)), place / width
    nodes, weights = nodes_of(width * (2.0 * order + shape), width**2 * order[1:] * (order[1:] + shape - 1.0))
    return nodes, weights


def _lognormal_measure(moments: Floats, width: float) -> Floats:
    return moments * np.exp(-0.5 * (np.arange(moments.size) * width) ** 2)


def _gamma_measure(moments: Floats, width: float) -> Floats:
    result, count = moments.copy(), moments.size
    stirling = np.zeros((count, count))
    stirling[0, 0] = 1.0
    for k in range(1, count):
        stirling[k, 1:] = stirling[k - 1, :-1] + (k - 1) * stirling[k - 1, 1:]
        result[k] -= sum(stirling[k, j] * width ** (k - j) * result[j] for j in range(k))
    return result


MEASURES: dict[str, Callable[[Floats, float], Floats]] = {"lognormal": _lognormal_measure, "gamma": _gamma_measure}


def fit_mixture(moments: Floats, kind: str) -> Mixture:
    """The mixture that has 2 n + 1 moments; SimulationError where no mixture of this kind has them.

    Moments are taken in units of the mean volume.
    """
    mean = float(moments[1] / moments[0])
    scaled = moments / (moments[0] * mean ** np.arange(moments.size))
    largest = _largest_width(scaled, kind)
    widths = np.linspace(0.0, largest, SEARCH + 1)
    low, excess = 0.0, _excess(scaled, kind, 0.0)
    if excess < 0.0:
        raise SimulationError("the moments belong to no population; use fewer nodes, or a smaller tolerance")
    for high in widths[1:]:
        if not _excess(scaled, kind, float(high)) > 0.0:
            width = _refine(scaled, kind, low, float(high))
            nodes, weights = quadrature(MEASURES[kind](scaled, width)[:-1])
            return Mixture(kind, moments[0] * weights, mean * nodes, width if kind == "lognormal" else mean * width)
        low = float(high)
    raise SimulationError(f"no sum of {kind} distributions has these moments; use nodes, or the other kind")


def _largest_width(scaled: Floats, kind: str) -> float:
    """Width at which one distribution alone has the variance."""
    variance = float(scaled[2] - 1.0)
    return sqrt(log(1.0 + variance)) if kind == "lognormal" else variance


def _excess(scaled: Floats, kind: str, width: float) -> float:
    """M*_(2 n) less that of the nodes, relative; not a number where the width leaves no population."""
    measure = MEASURES[kind](scaled, width)
    try:
        nodes, weights = quadrature(measure[:-1])
    except SimulationError:
        return float("nan")
    return float(1.0 - weights @ nodes ** (scaled.size - 1) / measure[-1]) if np.all(nodes > 0.0) else float("nan")


def _refine(scaled: Floats, kind: str, low: float, high: float) -> float:
    """The width at which the excess falls to nil, from the side where it is positive: bisection, and secants inside."""
    at_low, at_high = _excess(scaled, kind, low), _excess(scaled, kind, high)
    halve = True
    while high - low > EXACT * high:
        middle = 0.5 * (low + high)
        if not halve and at_low + abs(at_high) > 0.0:
            middle = low + (high - low) * min(max(at_low / (at_low - at_high), 0.01), 0.99)
        if middle in (low, high):
            break
        value, before = _excess(scaled, kind, middle), high - low
        if value > 0.0:
            low, at_low = middle, value
        else:
            high, at_high = middle, value
        halve = not at_high <= 0.0 or high - low > 0.5 * before
    return low
