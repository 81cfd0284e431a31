"""One to four components by fixed pivot: the same as one coordinate where there is one, and mistakes."""

from __future__ import annotations

import numpy as np
import pytest

from compute.errors import CaseError
from pbm.grid import geometric_grid
from pbm.laws import kernel
from pbm.population import Population
from pbm.several_components import SeveralComponentPopulation


def test_one_component_is_the_fixed_pivot_of_one_coordinate() -> None:
    """The same scheme written for any number of axes; time integration at 1e-8 and 1e-9 apart, 1e-6."""
    grid = geometric_grid(1e-2, 1e4, 30)
    start = np.where(np.arange(30) == 9, 1.0, 0.0)
    times = np.array([0.0, 3.0])
    several = SeveralComponentPopulation((grid,), 1.0, 1e-9).solve(start, times)
    single = Population(grid, kernel("constant", rate_coefficient=1.0), scheme="fixed-pivot", tolerance=1e-9)
    np.testing.assert_allclose(several.numbers[-1], single.solve(start, times).numbers[-1], rtol=1e-6, atol=1e-12)


def test_components_are_kept_on_a_full_grid() -> None:
    """Pairs beyond a top pivot do not merge: components to round-off, nothing below nil; a rate by function."""
    grid = geometric_grid(1e-1, 1e1, 6)
    start = np.random.Generator(np.random.Philox(key=3)).random((6, 6, 6))

    def rate(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.asarray(one.sum(axis=0) + other.sum(axis=0))

    result = SeveralComponentPopulation((grid,) * 3, rate).solve(start, np.array([0.0, 0.01, 0.1]))
    for axis in np.eye(3):
        moments = result.moment(*axis)
        np.testing.assert_allclose(moments, moments[0], rtol=1e-12)
    assert np.all(result.numbers >= 0.0) and result.moment(0, 0, 0)[-1] < 0.9 * result.moment(0, 0, 0)[0]


def test_mistakes_are_named() -> None:
    """Five axes, a plane of too many cells, a negative rate, a start of another shape."""
    grid = geometric_grid(1e-1, 1e1, 4)
    with pytest.raises(CaseError, match="too many components"):
        SeveralComponentPopulation((grid,) * 5, 1.0)
    with pytest.raises(CaseError, match="fewer classes"):
        SeveralComponentPopulation((geometric_grid(1e-1, 1e1, 100),) * 2, 1.0)
    with pytest.raises(CaseError, match="rate"):
        SeveralComponentPopulation((grid,), -1.0)
    with pytest.raises(CaseError, match="start"):
        SeveralComponentPopulation((grid,), 1.0).solve(np.ones(3), np.array([0.0, 1.0]))
