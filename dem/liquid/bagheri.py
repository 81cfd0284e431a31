"""Capillary force of a pendular bridge by the rational fit of Bagheri et al. (2024).

With V* = V/R^3, R = 2 R*, L = ln V*, t the contact angle and S = gap/(R S_r), S_r = (1 + t/2)(V*^(1/3) + 0.1 V*^(2/3)):

    F(0) = R g f0 (1 - a sin^b t),   F = F(0) (1 + a_s S)/(1 + a_t b_s a_s S + a_t b_s S^2)

Source: Bagheri, Roy, Poschel, Comput. Part. Mech. 11 (2024) 2179-2190, doi 10.1007/s40571-024-00772-5.
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.elementary import cube_root, exponential, logarithm, power, sine
from dem.liquid.law import LiquidLaw

SMALLEST, LEAST = 1e-6, 1e-9


@physics
def constants(radius: float, volume: float, tension: float, angle: float) -> Any:
    """Return (force in touch [N], a_s, a_t b_s a_s, a_t b_s [-], 1/(R S_r) [1/m])."""
    v = volume / (radius * radius * radius)
    ln_v, root = logarithm(v), cube_root(v)
    f0 = 2.0 * math.pi * (1.0 - 0.3823 * exponential(0.2586 * ln_v))
    a = 0.4158 * exponential(0.2835 * ln_v) + 0.6474
    b = -0.2087 * exponential(0.3113 * ln_v) + 2.267
    touching = radius * tension * f0 * (1.0 - a * power(max(sine(angle), LEAST), b))
    a_s = -0.3319 * exponential(0.4974 * ln_v) + 0.6717 * exponential(0.1995 * ln_v)
    b_s = 13.84 * exponential(-0.3909 * ln_v) - 12.11 * exponential(-0.3945 * ln_v)
    a_ta = -0.007815 * ln_v * ln_v - 0.2105 * ln_v - 1.426
    b_ta = -1.78 * exponential(0.8351 * ln_v) + 0.6669 * exponential(-0.01391 * ln_v)
    a_t = a_ta * angle * angle * angle + b_ta * angle + 1.0
    reach = (1.0 + 0.5 * angle) * (root + 0.1 * root * root)
    return touching, a_s, a_t * b_s * a_s, a_t * b_s, 1.0 / (radius * reach)


@physics
def capillary(gap: float, values: Any) -> float:
    """Rational function of the gap."""
    touching, over, linear, square, scale = values
    s = gap * scale
    return touching * (1.0 + over * s) / (1.0 + linear * s + square * s * s)


LAW = LiquidLaw("bagheri", constants, capillary, SMALLEST)
