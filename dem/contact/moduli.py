"""Elastic constants of two materials in contact."""

from __future__ import annotations

from dem.contact.law import Elasticity


def effective_youngs_modulus(first: Elasticity, second: Elasticity) -> float:
    """E* = [(1 - nu1^2)/E1 + (1 - nu2^2)/E2]^-1 [Pa]."""
    return 1.0 / sum((1.0 - m.poisson_ratio**2) / m.youngs_modulus for m in (first, second))


def effective_shear_modulus(first: Elasticity, second: Elasticity) -> float:
    """G* = [(2 - nu1)/G1 + (2 - nu2)/G2]^-1 [Pa]."""
    return 1.0 / sum((2.0 - m.poisson_ratio) / m.shear_modulus for m in (first, second))
