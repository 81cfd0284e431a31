"""Edinburgh elasto-plastic adhesive contact (EEPA) with Hertzian branches, n = 3/2.

    F = -f0 + min(k1 d^n, k2 (d^n - p^n))  held at -f0 - k_a d^n or above,   d: overlap, p: plastic overlap

k1 = 4/3 E* sqrt(R*) on first loading, k2 = k1/(1 - lambda) on unloading and reloading, and k_a on the adhesive branch.
Loading to d leaves p^n = lambda d^n, so that the contact unloads to zero at p; lambda is the plasticity ratio. On the
adhesive branch p shrinks with the overlap, p^n = (1 + k_a/k2) d^n, from where it reloads along k2. So one number,
P = p^n, is what a contact remembers: P <- min(max(P, lambda d^n), (1 + k_a/k2) d^n), and F = -f0 + k2 (d^n - P).

The largest pull-off force of a contact that was loaded to d is f0 + k_a lambda d^n/(1 + k_a/k2). A damper with the
restitution of the pair acts in all branches, as in dem.contact.hertz_mindlin. Friction is limited to
mu (F + f0 + k_a d^n) without the damper; the tangential spring and damper are those of Hertz-Mindlin.

Sources: Thakur, Morrissey, Sun, Chen, Ooi, Granular Matter 16 (2014) 383-400, doi 10.1007/s10035-014-0506-4; Morrissey,
thesis, University of Edinburgh (2013).
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.contact.damping import tsuji_coefficient
from dem.contact.law import ContactLaw, Elasticity, PairProperties
from dem.contact.moduli import effective_shear_modulus, effective_youngs_modulus
from dem.contact.tangential import mid_approach, spring_limited, tangent_spring
from dem.touch import Touch


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return the parameters of a pair of materials.

    E* [Pa], G* [Pa], damping [-], friction [-], 1/(1 - lambda) [-], lambda [-], k_a/k2 [-], f0 [N], and the shares
    p/d on first loading and on the adhesive branch, lambda^(2/3) and (1 + k_a/k2)^(2/3) [-].
    """
    plasticity = pair.plasticity_ratio
    adhesive = pair.adhesive_stiffness_ratio * (1.0 - plasticity)
    return (
        effective_youngs_modulus(first, second), effective_shear_modulus(first, second),
        tsuji_coefficient(pair.restitution), pair.friction, 1.0 / (1.0 - plasticity), plasticity, adhesive,
        pair.pull_off_force, plasticity ** (2.0 / 3.0), (1.0 + adhesive) ** (2.0 / 3.0),
    )  # fmt: skip


@physics
def force(touch: Touch, parameters: Any, history: Any) -> Any:
    """Elasto-plastic adhesive normal force, the tangential spring alone held to the Coulomb limit while it slips."""
    modulus, shear_modulus, damping, friction, hardening, plasticity, adhesive, pull, loaded, drawn = parameters
    sx, sy, sz, before = history
    a = math.sqrt(touch.radius * touch.overlap)
    approach = touch.ux * touch.nx + touch.uy * touch.ny + touch.uz * touch.nz
    raised = touch.overlap * math.sqrt(touch.overlap)
    first = 4.0 / 3.0 * modulus * math.sqrt(touch.radius)
    second = hardening * first
    floor, ceiling = plasticity * raised, (1.0 + adhesive) * raised
    plastic = min(max(before, floor), ceiling)
    hysteretic = second * (raised - plastic)
    damper = damping * math.sqrt(2.0 * modulus * a * touch.mass)
    constant = pull if touch.overlap > 0.0 else 0.0
    share = loaded if plastic > before else drawn
    yielding = second * (1.0 - share) * touch.overlap * (plastic - before) / touch.step
    limit = friction * second * (ceiling - plastic)
    moved = tangent_spring(touch, (sx, sy, sz), approach)
    fx, fy, fz, heat, (sx, sy, sz) = spring_limited(moved, 8.0 * shear_modulus * a, damping, limit, touch)
    normal = hysteretic + damper * approach - constant
    loss = damper * approach * mid_approach(touch, approach, normal) + yielding + heat
    return normal, fx, fy, fz, loss, (sx, sy, sz, plastic)


@physics
def shear(touch: Touch, parameters: Any) -> tuple[float, float]:
    """Return 8 G* a [N/m] and the tangential damping [N s/m]."""
    shear_modulus, damping = parameters[1], parameters[2]
    stiffness = 8.0 * shear_modulus * math.sqrt(touch.radius * touch.overlap)
    return stiffness, damping * math.sqrt(stiffness * touch.mass)


LAW = ContactLaw("eepa", force, parameters_of, 10, 4, shear=shear, needs="plasticity_ratio")
