"""JKR adhesion: Hertz's force at the true contact radius a, less the tension of a flat punch of that radius.

    overlap = a^2/R* - k sqrt(a),   k = sqrt(2 pi w/E*)
    F = 4/3 E* a^3/R* - 2 E* k a^(3/2)

The contact law is given the overlap a^2/R* of Hertz's contact of radius a, so that its force, stiffness and damping are
those of the true radius. Once touched, surfaces stay in contact up to the gap 3/4 k (k R*/4)^(1/3), and tear off there
with the force -5/9 of the largest, 1.5 pi w R*. A make-and-break cycle takes 7.09 (w^5 R*^4/E*^2)^(1/3) of energy.

With x = sqrt(a) the first equation is x^4/R* - k x = overlap, convex in x: Newton's steps from above its upper root,
here from the smaller of two closed-form bounds, fall towards it. All roots are square roots, which a vector unit has.

A modulus softened for a longer step keeps the energy of the cycle where w is scaled by (E_soft/E)^(2/5).

Sources: Johnson, Kendall, Roberts, Proc. R. Soc. A 324 (1971) 301-313, doi 10.1098/rspa.1971.0141; Thornton, Ning,
Powder Technol. 99 (1998) 154-162, doi 10.1016/S0032-5910(98)00099-0 (energy); Haervig et al., Powder Technol. 319
(2017) 472-482, doi 10.1016/j.powtec.2017.07.006 (softened modulus).
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.adhesion.law import AdhesionLaw
from dem.contact.law import Elasticity, PairProperties
from dem.contact.moduli import effective_youngs_modulus
from dem.elementary import cube_root
from dem.touch import Touch

TINY = 1e-60
"""Below any k R* [m^(3/2)] that occurs: keeps a pair without adhesion from dividing zero by zero."""
FLAT = 1e-9
"""Slope over k below which Newton's step is that of rounding: the contact is about to tear off."""
NEWTON_STEPS = 6
SOFTENING_EXPONENT = 0.4
TORN = 4.0 ** (1.0 / 3.0)
"""x at zero overlap over x where the contact tears off."""
CYCLE = 0.3 + 0.2 * 4.0 ** (-4.0 / 3.0)
"""Energy of a make-and-break cycle over E* k^3 R* (k R*)^(1/3): 7.09/(2 pi)^(5/3)."""


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return (k [m^(1/2)], 2 E* [Pa]) of a pair of materials."""
    modulus = effective_youngs_modulus(first, second)
    work = pair.work_of_adhesion * pair.softening**SOFTENING_EXPONENT
    return math.sqrt(2.0 * math.pi * work / modulus), 2.0 * modulus


@physics
def torn_root(radius: float, tension: float) -> float:
    """Return x = sqrt(a) at which the contact tears off [m^(1/2)]; tension: k."""
    return cube_root(max(0.25 * tension * radius, TINY))


@physics
def separation(radius: float, parameters: Any) -> float:
    """Return the gap up to which touched surfaces stay in contact [m]."""
    tension, _ = parameters
    return 0.75 * tension * torn_root(radius, tension)


@physics
def cycle(radius: float, parameters: Any) -> float:
    """Return the energy of a make-and-break cycle, 7.09 (w^5 R*^4/E*^2)^(1/3) [J]."""
    tension, twice_modulus = parameters
    root = cube_root(max(tension * radius, TINY))
    return 0.5 * CYCLE * twice_modulus * tension * tension * tension * radius * root


@physics
def contact_root(overlap: float, radius: float, tension: float, torn: float) -> float:
    """Return x = sqrt(a) [m^(1/2)] of a contact that has not torn off; tension: k, torn: x where it does."""
    curvature = 1.0 / radius
    beyond = max(overlap + 0.75 * tension * torn, 0.0) * radius
    near = torn + math.sqrt(beyond / (6.0 * torn * torn))
    root = min(near, TORN * torn + math.sqrt(math.sqrt(max(overlap, 0.0) * radius)))
    for _ in range(NEWTON_STEPS):
        cube = curvature * root * root * root
        slope = max(4.0 * cube - tension, FLAT * cube)
        root = min(root, max(torn, root - (cube * root - tension * root - overlap) / slope))
    return root


@physics
def pull(touch: Touch, parameters: Any) -> tuple[float, float]:
    """The overlap of Hertz's contact of the same radius, and the punch's tension; nothing once torn off."""
    tension, twice_modulus = parameters
    torn = torn_root(touch.radius, tension)
    root = contact_root(touch.overlap, touch.radius, tension, torn)
    square = root * root
    holds = touch.overlap > -0.75 * tension * torn
    return (
        square * square / touch.radius if holds else 0.0,
        twice_modulus * tension * square * root if holds else 0.0,
    )


LAW = AdhesionLaw(
    "jkr", pull, parameters_of, 2, needs="work_of_adhesion", separation=separation, cycle=cycle, hertzian=True
)
