"""Extended quadrature of moments: mixtures that are found again, and sets that no mixture has."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from compute.errors import CaseError, SimulationError
from pbm.extended_moments import Mixture, fit_mixture
from pbm.laws import breakage_rate, fragments, kernel
from pbm.moments import MomentPopulation

TWO = {
    "lognormal": Mixture("lognormal", np.array([0.7, 0.3]), np.array([0.6, 2.0]), 0.4),
    "gamma": Mixture("gamma", np.array([0.7, 0.3]), np.array([0.6, 3.0]), 0.2),
}


def moments_of(mixture: Mixture, count: int) -> np.ndarray:
    nodes, weights = mixture.quadrature(count)
    return np.array([float(weights @ nodes**k) for k in range(count)])


@pytest.mark.parametrize("kind", TWO)
def test_a_mixture_is_found_from_its_moments(kind: str) -> None:
    """Weights, places and width of two distributions from five moments, in any unit: 1e-9, round-off of the roots."""
    scale = 1e9 * 1e-12 ** np.arange(5)
    found = fit_mixture(moments_of(TWO[kind], 5) * scale, kind)
    np.testing.assert_allclose(found.weights, 1e9 * TWO[kind].weights, rtol=1e-9)
    np.testing.assert_allclose(found.places, 1e-12 * TWO[kind].places, rtol=1e-9)
    width = TWO[kind].width * (1.0 if kind == "lognormal" else 1e-12)
    assert found.width == pytest.approx(width, rel=1e-9)


def test_moments_of_the_distributions() -> None:
    """Lognormal m^k exp(k^2 s^2/2); gamma x (x + s) .. (x + (k - 1) s): by Gauss in their own polynomials, 1e-12."""
    lognormal = moments_of(Mixture("lognormal", np.array([1.0]), np.array([2.0]), 0.5), 7)
    np.testing.assert_allclose(lognormal, [2.0**k * exp(0.125 * k * k) for k in range(7)], rtol=1e-12)
    gamma = moments_of(Mixture("gamma", np.array([1.0]), np.array([1.5]), 0.4), 7)
    expected = np.cumprod(np.r_[1.0, 1.5 + 0.4 * np.arange(6)])
    np.testing.assert_allclose(gamma, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", TWO)
def test_the_density_has_the_moments(kind: str) -> None:
    """Sum of the density over a fine grid in ln x: number and volume to 1e-6."""
    marks = np.geomspace(1e-6, 1e3, 20001)
    middle = np.sqrt(marks[1:] * marks[:-1])
    held = TWO[kind].density(middle) * np.diff(marks)
    np.testing.assert_allclose([held.sum(), held @ middle], moments_of(TWO[kind], 2), rtol=1e-5)


def test_an_exponential_is_one_gamma_distribution() -> None:
    """M_k = k! with five moments: the second distribution is not needed, and all five moments are kept to 1e-12."""
    factorials = np.array([1.0, 1.0, 2.0, 6.0, 24.0])
    mixture = fit_mixture(factorials, "gamma")
    assert mixture.width == pytest.approx(1.0, rel=1e-6)
    assert max(mixture.weights) == pytest.approx(1.0, rel=1e-6)
    np.testing.assert_allclose(moments_of(mixture, 5), factorials, rtol=1e-12)
    single = fit_mixture(factorials[:3], "lognormal")
    np.testing.assert_allclose(moments_of(single, 3), factorials[:3], rtol=1e-12)


def test_breakage_at_a_constant_rate() -> None:
    """Closed for any daughters: M_k grows as exp((mu_k - 1) S t), 1e-9 of the integrator."""
    rate = breakage_rate("power", rate=1.0, reference_volume=1.0, exponent=0.0)
    law = fragments("mass-ratio", ratio=4.0)
    start = moments_of(TWO["lognormal"], 5)
    got = MomentPopulation(None, rate, law, closure="lognormal").solve(start, np.array([0.0, 0.5]))[-1]
    expected = [start[k] * exp(0.5 * (law.moment(k) - 1.0)) for k in range(5)]
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_mistakes_are_named() -> None:
    """An even set, an unknown closure, moments of no population."""
    law = kernel("constant", rate_coefficient=1.0)
    with pytest.raises(CaseError, match="odd count"):
        MomentPopulation(law, closure="gamma").solve(np.array([1.0, 1.0, 2.0, 6.0]), np.array([0.0, 1.0]))
    with pytest.raises(CaseError, match=r"no such closure.*lognormal"):
        MomentPopulation(law, closure="lognorml")
    with pytest.raises(SimulationError, match="no population"):
        fit_mixture(np.array([1.0, 2.0, 3.0, 10.0, 40.0]), "gamma")
