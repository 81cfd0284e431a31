"""Profiles of the likelihood on models whose profiles are known, without a population balance."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from coupling.calibration.certainty import NORMAL_95, Certainty
from coupling.calibration.problem import Variable
from coupling.calibration.profile import profile_of, profile_warnings, profiles_of

Residuals = Callable[[np.ndarray], np.ndarray]


def bench_of(residuals: Residuals, names: str) -> Any:
    """A bench with residuals in closed form, unknowns from nil to one."""

    def slopes(places: np.ndarray) -> np.ndarray:
        steps = np.where(places > 0.5, -1e-6, 1e-6)
        moved = places + np.diag(steps)
        return np.array([(residuals(row) - residuals(places)) / step for row, step in zip(moved, steps)]).T

    variables = tuple(Variable(name, 0.0, 1.0, False) for name in names)
    return SimpleNamespace(problem=SimpleNamespace(variables=variables), residuals=residuals, slopes=slopes)


def certainty_at(bench: Any, places: list[float]) -> Certainty:
    """Covariance by the slopes, as wide as the bounds where there are no data."""
    point = np.array(places)
    jacobian, residuals = bench.slopes(point), bench.residuals(point)
    covariance = np.linalg.inv(jacobian.T @ jacobian + 12.0 * np.eye(point.size))
    return Certainty(point, covariance, float(residuals @ residuals), 10, 1.0, [], np.ones(point.size), ())


def test_profile_of_a_linear_model_is_the_covariance() -> None:
    """r = A (p - q): chi-square rises as (p - q)^2/C_ii with C = (A^T A)^-1, so both intervals agree; 1 %."""
    matrix = np.array([[60.0, 25.0], [-10.0, 40.0], [5.0, 30.0]])
    bench = bench_of(lambda places: matrix @ (places - np.array([0.5, 0.4])), "ab")
    exact = np.linalg.inv(matrix.T @ matrix)
    certainty = certainty_at(bench, [0.5, 0.4])
    for at, profile in enumerate(profiles_of(bench, certainty)):
        reach, centre = NORMAL_95 * np.sqrt(exact[at, at]), (0.5, 0.4)[at]
        assert profile.interval == pytest.approx((centre - reach, centre + reach), rel=0.01)
        np.testing.assert_allclose(profile.chi_squares, (profile.places - centre) ** 2 / exact[at, at], atol=1e-3)
        assert not list(profile.warnings())


def test_a_product_leaves_both_factors_open() -> None:
    """r = (a b - 1/4)/0.01 between bounds: only the product has data, so that neither factor ends on its upper side.

    b may take up a down to a = 1/4, where b = 1: there the profile ends, at chi-square 3.84: a = 0.25 - 0.0196.
    """
    bench = bench_of(lambda places: np.array([(places[0] * places[1] - 0.25) / 0.01]), "ab")
    certainty = certainty_at(bench, [0.5, 0.5])
    profile = profile_of(bench, certainty, 0)
    assert profile.high is None and profile.low == pytest.approx(0.25 - 0.0196, abs=0.06)
    told = " ".join(profile_warnings(profiles_of(bench, certainty), certainty))
    assert "no end above its estimate" in told and "the data set a " in told and "the data set b " in told


def test_a_flat_profile_is_named() -> None:
    """An unknown on which residuals hardly depend stays open on both sides."""
    bench = bench_of(lambda places: np.array([(places[0] - 0.3) / 0.02, 1e-6 * places[1]]), "ab")
    profiles = profiles_of(bench, certainty_at(bench, [0.3, 0.6]))
    assert profiles[1].interval == (None, None)
    assert list(profiles[1].warnings()) == [
        "b cannot be told from these data: its profile stays flat between its bounds"
    ]
    assert profiles[0].interval == pytest.approx((0.3 - 0.0392, 0.3 + 0.0392), rel=0.01)


def test_profile_finds_what_the_search_missed() -> None:
    """From an end that is no minimum a profile falls below it, and says so."""
    bench = bench_of(lambda places: (places - np.array([0.5, 0.5])) / 0.02, "ab")
    certainty = certainty_at(bench, [0.4, 0.5])
    told = profile_warnings(profiles_of(bench, certainty), certainty)
    assert any("below that of the best search" in text for text in told)
