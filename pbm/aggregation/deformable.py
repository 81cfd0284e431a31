"""Which encounters of deformable granules bind: type I on the films alone, type II after contact, by flattening.

Two granules lose u_v = w ln(h/h_a) in the film on the way in, w = 3 pi mu d~^2/(8 m_red), and touch at U_1 = U - u_v:
none left is type I. Contact at U_1, with S = m_red U_1^2/(4 d~^3 Y), leaves them
flattened by delta = sqrt(8 S/(3 pi)) d~ (1 - 7.36 (Y/E*) S^(-1/4)), none below yield, and
rebounding at e U_1, e = 2.46 (Y/E*)^(1/2) S^(-1/8), at most one.
They stay together, type II, where e U_1 < w [ln(h/h_a) + delta (1/h_a - 1/h) + delta^2 (1/h_a^2 - 1/h^2)/2], the film's
hold on flattened granules. The condition is convex in U_1, so that one interval of speeds rebounds and psi is
eta (phi_i + phi_j - phi_i phi_j) (1 - share of the speeds in that interval).

Liu, Litster, Iveson and Ennis, AIChE J. 46 (2000) 529, doi 10.1002/aic.690460309, whose criterion this is: its factor
0.172 is 4/(3 pi)/2.46. There u_0 is half the relative speed and m~ the harmonic mean, twice the reduced mass;
d~ = 2 d_i d_j/(d_i + d_j). Factors as recalled from the paper; the film terms follow from lubrication.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.aggregation.sticking import CERTAIN, log_speed_scale
from pbm.model import Conditions, Granule, Parameters

REBOUND, RECOVERY = 2.46, 7.36
"""Factors of the restitution and of the elastic recovery, as printed."""
FLATTENING = math.sqrt(8.0 / (3.0 * math.pi))
TURNS = 60
"""Newton steps at most; each side of a convex function is approached monotonically, some ten suffice."""
DOUBLINGS = 200
EXACT = 1e-12
"""Relative change at which a speed is found."""


class Impact(NamedTuple):
    """What the criterion needs of a pair."""

    log_film: float  # ln(h/h_a)
    film_speed: float  # w [m/s]
    yielding: float  # sqrt(S)/U_1 [s/m]
    flattening: float  # delta sqrt(3 pi/8)/sqrt(S), d~ [m]
    softness: float  # Y/E*
    linear: float  # 1/h_a - 1/h [1/m]
    square: float  # (1/h_a^2 - 1/h^2)/2 [1/m2]


@physics
def impact_of(first: Granule, second: Granule, parameters: Parameters) -> Impact:
    """Speeds and lengths of a pair."""
    size = 2.0 * first.diameter * second.diameter / (first.diameter + second.diameter)
    mass = first.mass * second.mass / (first.mass + second.mass)
    log_film = math.exp(max(first.log_film, second.log_film))
    low, high = 1.0 / parameters.asperity_height, math.exp(-log_film) / parameters.asperity_height
    return Impact(
        log_film,
        parameters.lubrication * size * size / mass,
        math.sqrt(mass / (4.0 * size * size * size * parameters.yield_strength)),
        size,
        parameters.softness,
        low - high,
        0.5 * (low * low - high * high),
    )


@physics
def hold(speed: float, one: Impact) -> tuple[float, float]:
    """What the film can hold less the rebound, over w, at a contact speed U_1 > 0 [m/s]; and its slope [s/m]."""
    root = math.sqrt(one.yielding * speed)
    part = max(1.0 - RECOVERY * one.softness / root, 0.0)
    deep = FLATTENING * one.flattening * one.yielding * speed * part
    slope = FLATTENING * one.flattening * one.yielding * (0.5 + 0.5 * part) if part > 0.0 else 0.0
    restitution = REBOUND * math.sqrt(one.softness / root)
    soft = restitution < 1.0
    back = restitution * speed if soft else speed
    back_slope = 0.75 * restitution if soft else 1.0
    value = one.log_film + deep * one.linear + deep * deep * one.square - back / one.film_speed
    return value, slope * (one.linear + 2.0 * deep * one.square) - back_slope / one.film_speed


@physics
def descend(speed: float, side: float, one: Impact) -> float:
    """Contact speed [m/s] at which `hold` is nil, by Newton from `speed` on the falling (-1) or rising (1) side.

    Infinite where the slope changes sign before: there is none.
    """
    result = speed
    for _ in range(TURNS):
        value, slope = hold(result, one)
        if slope * side <= 0.0:
            return math.inf
        step = value / slope
        result -= step
        if abs(step) <= EXACT * result:
            return result
    return result


@physics
def rebounding_speeds(one: Impact) -> tuple[float, float]:
    """Contact speeds [m/s] between which a pair rebounds; both infinite if it never does."""
    slow = descend(one.film_speed * one.log_film, -1.0, one)
    if slow == math.inf:
        return math.inf, math.inf
    fast = 2.0 * slow
    for _ in range(DOUBLINGS):
        value, slope = hold(fast, one)
        if value > 0.0 and slope > 0.0:
            return slow, descend(fast, 1.0, one)
        fast = 2.0 * fast
    return slow, math.inf


@physics
def share_below(speed: float, log_scale: float, shape: float) -> float:
    """F(U) = 1 - exp(-(U/lambda)^k)."""
    if speed == math.inf:
        return 1.0
    hazard = shape * (math.log(speed) - log_scale)
    return 1.0 if hazard > CERTAIN else 1.0 - math.exp(-math.exp(hazard))


@physics
def stokes_deformable(first: Granule, second: Granule, conditions: Conditions, parameters: Parameters) -> float:
    """psi of two granules, in [0, eta]."""
    wet = first.wet_share + second.wet_share - first.wet_share * second.wet_share
    one = impact_of(first, second, parameters)
    film = one.film_speed * one.log_film
    if film <= 0.0 or wet <= 0.0:
        return 0.0
    slow, fast = rebounding_speeds(one)
    log_scale = log_speed_scale(first, second, conditions, parameters)
    shape = parameters.pair_speed_shape
    rebounding = share_below(film + fast, log_scale, shape) - share_below(film + slow, log_scale, shape)
    return parameters.efficiency * wet * (1.0 - rebounding)
