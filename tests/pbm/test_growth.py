"""Layering: no new extremum, sharp limiters, solids against what the layers hold."""

from __future__ import annotations

import numpy as np
import pytest

from compute.errors import CaseError
from pbm.grid import Grid, solid_volume_of
from pbm.growth import LIMITERS, Growth
from pbm.laws import kernel
from pbm.population import Population


def block(limiter: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges of diameter, density over diameter at the start and after growth by 100 um, of a block of 100..200 um."""
    sizes = np.linspace(50e-6, 500e-6, 181)
    edges = solid_volume_of(sizes)
    grid = Grid(edges, 0.5 * (edges[1:] + edges[:-1]))
    middle = 0.5 * (sizes[1:] + sizes[:-1])
    start = np.where((middle > 100e-6) & (middle < 200e-6), 1e9, 0.0)
    population = Population(grid, growth=Growth(1e-6, limiter=limiter))
    result = population.solve(start, np.array([0.0, 100.0]))
    assert max(result.imbalance) < 1e-12
    return sizes, start, result.numbers[-1]


@pytest.mark.parametrize("limiter", LIMITERS)
def test_block_moves_without_new_extrema(limiter: str) -> None:
    """n(d, t) = n0(d - G t): after 100 s at 1 um/s the block lies at 200..300 um.

    Positive everywhere; the mean diameter grows by 100 um to one cell of 2.5 um; the maximum of the density over volume
    stays below that of the start, for the law dv/dt ~ d^2 thins the density out.
    """
    sizes, start, end = block(limiter)
    middle = 0.5 * (sizes[1:] + sizes[:-1])
    assert np.all(end >= 0.0)
    assert end.sum() == pytest.approx(start.sum(), rel=1e-12)
    assert (end @ middle - start @ middle) / start.sum() == pytest.approx(100e-6, abs=2.5e-6)
    widths = np.diff(solid_volume_of(sizes))
    assert np.max(end / widths) < np.max(start / widths)


def test_limiters_are_sharper_than_upwind() -> None:
    """Error of the block against the moved block: every limiter beats upwind by a third; Gunawan et al. (2008)."""

    def error(limiter: str) -> float:
        _, start, end = block(limiter)
        return float(np.abs(end - np.roll(start, 40)).sum() / start.sum())

    upwind = error("upwind")
    assert all(error(limiter) < 0.67 * upwind for limiter in LIMITERS if limiter != "upwind")


def test_growth_beside_aggregation() -> None:
    """dv/dt = s v and a constant kernel: the number falls as without growth and the solids grow as without merging.

    M0 = M0(0)/(1 + M0(0) b t/2) to the tolerance, M1 = M1(0) exp(s t) to 1 %, the growth scheme's own error.
    """
    from pbm.grid import geometric_grid

    grid = geometric_grid(1e-4, 1e3, 120)
    start = np.where(np.arange(120) == 68, 1.0, 0.0)
    population = Population(grid, kernel("constant", rate_coefficient=2.0), growth=Growth(0.1, 1.0))
    result = population.solve(start, np.array([0.0, 2.0]))
    assert result.moment(0)[-1] == pytest.approx(1.0 / 3.0, rel=1e-6)
    assert result.moment(1)[-1] / result.moment(1)[0] == pytest.approx(np.exp(0.6), rel=1e-2)


@pytest.mark.parametrize(("values", "match"), [({"rate": -1.0}, "rate"), ({"rate": 1.0, "limiter": "mimod"}, "minmod")])
def test_mistakes_are_named(values: dict, match: str) -> None:  # type: ignore[type-arg]
    """Key and what was expected."""
    with pytest.raises(CaseError, match=match):
        Growth(**values)
