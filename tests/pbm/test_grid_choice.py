"""The grid that is chosen reaches the error that was asked for, by closed solutions."""

from __future__ import annotations

import numpy as np
import pytest

import pbm
from compute.errors import CaseError
from pbm.analytic import constant_moments, sum_moments
from pbm.grid import Floats

SMALLEST, LARGEST = (float(np.cbrt(6.0 / np.pi * volume)) for volume in (1e-3, 3e3))


def moments(name: str, end: float, grid: pbm.Grid) -> tuple[Floats, Floats]:
    """M0 and M2 of a run from exp(-v) on a grid, and exactly."""
    start = pbm.project_density(lambda volume: np.exp(-volume), grid)
    start /= float(start @ grid.pivots)
    population = pbm.Population(grid, pbm.kernel(name, rate_coefficient=1.0))
    result = population.solve(start, np.array([0.0, end]))
    exact = {"constant": constant_moments, "sum": sum_moments}[name]
    return np.array([result.moment(0)[-1], result.moment(2)[-1]]), np.array(
        exact(float(result.moment(0)[0]), float(result.moment(2)[0]), end)
    )


@pytest.mark.parametrize(
    ("name", "end", "error"), [("constant", 98.0, 0.02), ("constant", 98.0, 0.007), ("sum", 2.0, 0.05)]
)
def test_error_is_reached(name: str, end: float, error: float) -> None:
    """M0 and M2 of Smoluchowski's and Scott's solutions: the true error is below the estimate, that below the limit."""
    choice = pbm.choose_grid(SMALLEST, LARGEST, error, lambda grid: moments(name, end, grid)[0])
    got, exact = moments(name, end, choice.grid)
    assert np.max(np.abs(got / exact - 1.0)) <= choice.error <= error
    assert max(choice.errors) == choice.grid.classes


def test_stricter_errors_take_more_classes() -> None:
    """A model of second order, 1 + (5/n)^2, known to every digit: classes follow the error."""
    counts = [
        pbm.choose_grid(1e-6, 1e-3, error, lambda grid: 1.0 + (5.0 / grid.classes) ** 2).grid.classes
        for error in (0.5, 0.02, 0.002)
    ]
    assert counts[0] < counts[1] < counts[2]
    assert (5.0 / counts[2]) ** 2 <= 0.002


def test_mistakes_are_named() -> None:
    """A range that is none, and an error that no grid reaches, with what was reached."""
    with pytest.raises(CaseError, match="asked for"):
        pbm.choose_grid(1e-3, 1e-6, 0.01, lambda grid: np.ones(1))
    with pytest.raises(CaseError, match="classes 0"):
        pbm.choose_grid(1e-6, 1e-3, 1e-9, lambda grid: 1.0 + 1.0 / grid.classes, most=200)
