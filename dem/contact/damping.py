"""Damping coefficients from the coefficient of restitution, for dampers c sqrt(S m*) v of Hertzian contacts."""

from __future__ import annotations

import math
from collections.abc import Callable

THORNTON = (
    -6.918798, -16.41105, 146.8049, -796.4559, 2928.711, -7206.864, 11494.29, -11342.18, 6276.757, -1489.915,
)  # fmt: skip
"""Coefficients h1 to h10 of the fit."""


FIT_END = 0.93
"""Restitution above which the fit misses by more than 1e-3 (0.015 at e = 1), and clipping changes e by less."""


def damping_ratio(restitution: float) -> float:
    """beta = -ln e/sqrt(ln^2 e + pi^2) [-], the damping ratio of a linear contact; 1 for e = 0."""
    if restitution <= 0.0:
        return 1.0
    logarithm = math.log(restitution)
    return -logarithm / math.hypot(logarithm, math.pi)


def tsuji_coefficient(restitution: float) -> float:
    """2 sqrt(5/6) beta [-]: gives e exactly where the damper may attract at the end of the contact.

    Source: Tsuji, Tanaka, Ishida, Powder Technol. 71 (1992) 239-250, doi 10.1016/0032-5910(92)88030-L.
    """
    return 2.0 * math.sqrt(5.0 / 6.0) * damping_ratio(restitution)


def thornton_coefficient(restitution: float) -> float:
    """2 gamma [-] with gamma = sqrt(1/(1 - (1 + e)^2 exp(alpha)) - 1), alpha = e (h1 + e (h2 + ... + e h10)).

    Gives e to 1e-3 where the normal force is clipped at zero; above e = 0.93 Tsuji's coefficient does, and is returned.
    Source: Thornton, Cummins, Cleary, Powder Technol. 233 (2013) 30-46, doi 10.1016/j.powtec.2012.08.012.
    """
    if restitution > FIT_END:
        return tsuji_coefficient(restitution)
    alpha = 0.0
    for coefficient in reversed(THORNTON):
        alpha = restitution * (coefficient + alpha)
    return 2.0 * math.sqrt(max(0.0, 1.0 / (1.0 - (1.0 + restitution) ** 2 * math.exp(alpha)) - 1.0))


DAMPINGS: dict[str, Callable[[float], float]] = {"tsuji": tsuji_coefficient, "thornton": thornton_coefficient}
