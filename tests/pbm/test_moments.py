"""Quadrature of moments: known nodes, and sets that belong to no population."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest

from compute.errors import CaseError, SimulationError
from pbm.laws import breakage_rate, fragments, kernel
from pbm.moments import MomentPopulation, quadrature


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_exponential_has_the_nodes_of_laguerre(count: int) -> None:
    """M_k = k! has Gauss-Laguerre nodes and weights; 1e-9 for what Wheeler's recursion loses in monomials."""
    nodes, weights = quadrature(np.array([float(factorial(k)) for k in range(2 * count)]))
    expected_nodes, expected_weights = np.polynomial.laguerre.laggauss(count)
    np.testing.assert_allclose(nodes, expected_nodes, rtol=1e-9)
    np.testing.assert_allclose(weights, expected_weights, rtol=1e-9)


def test_impossible_moments_are_refused() -> None:
    """M0 M2 < M1^2 is no population; an odd set is no quadrature."""
    with pytest.raises(SimulationError, match="no population"):
        quadrature(np.array([1.0, 2.0, 3.0, 10.0]))
    with pytest.raises(CaseError, match="even count"):
        MomentPopulation(kernel("constant", rate_coefficient=1.0)).solve(
            np.array([1.0, 1.0, 2.0]), np.array([0.0, 1.0])
        )


def test_units_do_not_matter() -> None:
    """The same population in m3 and in its own mean volume, to the integrator: granules of 1e-12 m3, 1e12 per m3."""
    moments = np.array([1.0, 1.0, 2.0, 6.0])
    scale = 1e12 * 1e-12 ** np.arange(4)
    times = np.array([0.0, 2.0])
    pure = MomentPopulation(kernel("constant", rate_coefficient=1.0)).solve(moments, times)[-1]
    real = MomentPopulation(kernel("constant", rate_coefficient=1e-12)).solve(moments * scale, times)[-1]
    np.testing.assert_allclose(real, pure * scale, rtol=1e-9)


def test_daughters_without_closed_moments_are_named() -> None:
    """Vogel's law is a curve, not a set of moments."""
    law = fragments("vogel", exponent=4.0, fines_volume=1e-15)
    rate = breakage_rate("soos", shear_rate=10.0, strength=0.1)
    with pytest.raises(CaseError, match="no closed moments"):
        MomentPopulation(None, rate, law).change(np.array([1.0, 1.0, 2.0, 6.0]), 1e-12)
