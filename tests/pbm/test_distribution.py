"""Grids and measured distributions: what is read, what is kept by the projection, what is refused."""

from __future__ import annotations

from math import pi
from pathlib import Path

import numpy as np
import pytest

from compute.errors import CaseError
from pbm.distribution import mean_diameter, percentile, project, project_density, read_distribution
from pbm.grid import diameter_grid, geometric_grid, multiples_grid, solid_volume_of
from tests.pbm.population import LACTOSE


def _table(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_measured_blend_has_its_published_percentiles() -> None:
    """d10, d50, d90 of the lactose/MCC/PVP blend are tabulated as 38, 78 and 148 um."""
    blend = read_distribution(LACTOSE)
    assert [round(blend.percentile(share) * 1e6) for share in (0.1, 0.5, 0.9)] == [38, 78, 148]
    assert blend.cumulative[-1] == 1.0 and np.all(np.diff(blend.diameters) > 0.0)


def test_projection_keeps_number_and_solids() -> None:
    """Both moments of the curve to round-off, where the grid reaches below it.

    By hand: the number of a piece of the curve, uniform in ln d, is its share over ln(d2/d1) times the integral of
    6/(pi d^3) d ln d.
    """
    blend = read_distribution(LACTOSE)
    grid = diameter_grid(3e-6, 5e-3, 40, 0.3)
    numbers = project(blend, grid, 1e-6, 0.3).numbers
    low, high = blend.diameters[:-1], blend.diameters[1:]
    share = np.diff(blend.cumulative) / np.log(high / low)
    counted = float(np.sum(share * 2.0 / pi * (low**-3 - high**-3))) * 1e-6 / 0.7
    assert numbers.min() >= 0.0
    assert numbers @ grid.pivots == pytest.approx(1e-6, rel=1e-13)
    assert numbers.sum() == pytest.approx(counted, rel=1e-12)


def test_projected_percentiles_are_those_of_the_curve() -> None:
    """With 200 classes of ratio 1.11 the volume median is within 1 %, half a class."""
    blend = read_distribution(LACTOSE)
    grid = diameter_grid(3e-6, 5e-3, 200)
    volumes = project(blend, grid, 1.0, 0.0).numbers * grid.pivots
    median = percentile(np.r_[0.0, np.cumsum(volumes)], np.log(grid.edge_diameters()), 0.5)
    assert median == pytest.approx(blend.percentile(0.5), rel=0.01)


def test_projection_of_a_density_keeps_both_moments_of_every_cell() -> None:
    """exp(-x) between the edges: number and volume by their antiderivatives, but for the first cell's slope."""
    grid = geometric_grid(1e-3, 30.0, 30)
    numbers = project_density(lambda volume: np.exp(-volume), grid)
    low, high = grid.edges[0], grid.edges[-1]
    assert numbers.sum() == pytest.approx(np.exp(-low) - np.exp(-high), rel=1e-6)
    assert numbers @ grid.pivots == pytest.approx((1.0 + low) * np.exp(-low) - (1.0 + high) * np.exp(-high), rel=1e-12)


def test_means_of_two_sizes() -> None:
    """d32 and d43 of two grains of 1 and 2: (1 + 8)/(1 + 4) and (1 + 16)/(1 + 8)."""
    numbers, sizes = np.array([1.0, 1.0]), np.array([1.0, 2.0])
    assert mean_diameter(numbers, sizes, 3, 2) == pytest.approx(9.0 / 5.0)
    assert mean_diameter(numbers, sizes, 4, 3) == pytest.approx(17.0 / 9.0)


def test_repeated_points_headers_and_fractions_are_read(tmp_path: Path) -> None:
    """A byte-order mark, a header, a repeated diameter (the larger value counts), fractions instead of percent."""
    path = _table(tmp_path, "\ufeffd [um],Q3\n10,0\n20,0.2\n20,0.3\n30,0.299\n40,1\n")
    curve = read_distribution(path)
    assert curve.diameters == pytest.approx(np.array([10e-6, 20e-6, 30e-6, 40e-6]))
    assert curve.cumulative == pytest.approx([0.0, 0.3, 0.3, 1.0])


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("10,0\n20,abc\n30,100\n", 2, "not a point"),
        ("10,0\n20\n30,100\n", 2, "not a point"),
        ("10,0\n30,50\n20,100\n", 3, "diameter smaller"),
        ("10,0\n-20,50\n30,100\n", 2, "diameter"),
        ("10,0\n20,60\n30,50\n40,100\n", 3, "cumulative volume falls"),
        ("10,0\n20,nan\n30,100\n", 2, "cumulative volume"),
        ("10,0\n20,50\n30,60\n", 3, "not complete"),
        ("10,0\n20,150\n30,100\n", 2, "cumulative volume"),
    ],
)
def test_a_wrong_table_is_named_with_its_line(tmp_path: Path, text: str, line: int, problem: str) -> None:
    """Each fault: file, line, what is wrong."""
    path = _table(tmp_path, text)
    with pytest.raises(CaseError, match=rf"table\.csv:{line}: .*{problem}"):
        read_distribution(path)


@pytest.mark.parametrize("text", ["", "10,100\n", "d,Q\n"])
def test_a_table_without_points_is_refused(tmp_path: Path, text: str) -> None:
    """Nothing, one point, or a header alone."""
    with pytest.raises(CaseError, match="too few points"):
        read_distribution(_table(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"absent\.csv: the size distribution cannot be read"):
        read_distribution(tmp_path / "absent.csv")


@pytest.mark.parametrize(("smallest", "largest", "key"), [(20e-6, 5e-3, "smallest"), (3e-6, 150e-6, "largest")])
def test_a_grid_that_cannot_hold_the_feed_is_refused(smallest: float, largest: float, key: str) -> None:
    """More than one percent of the volume beyond an end: the share, the end, and the diameter that would do."""
    blend = read_distribution(LACTOSE)
    with pytest.raises(CaseError, match=rf"grid\.{key}_diameter: the grid cannot hold the feed.*expected about"):
        project(blend, diameter_grid(smallest, largest, 20), 1.0, 0.0)


def test_little_volume_beyond_an_end_is_kept_at_it() -> None:
    """0.9 % lies below 17 um: its solids are booked in the first class, and reported."""
    blend = read_distribution(LACTOSE)
    grid = diameter_grid(17e-6, 5e-3, 24)
    projection = project(blend, grid, 2.0, 0.0)
    assert 0.0 < projection.below < 0.01
    assert projection.numbers @ grid.pivots == pytest.approx(2.0, rel=1e-13)


def test_grids() -> None:
    """One ratio throughout, pivots between edges, multiples exact; an empty range is refused."""
    grid = diameter_grid(1e-5, 1e-3, 30, 0.4)
    assert grid.edges[1:] / grid.edges[:-1] == pytest.approx(grid.ratio)
    assert np.all((grid.pivots > grid.edges[:-1]) & (grid.pivots < grid.edges[1:]))
    assert grid.edge_diameters(0.4)[[0, -1]] == pytest.approx([1e-5, 1e-3])
    assert float(solid_volume_of(grid.diameters(0.4)[3], 0.4)) == pytest.approx(grid.pivots[3])
    assert multiples_grid(2.0, 4).pivots == pytest.approx([2.0, 4.0, 6.0, 8.0])
    with pytest.raises(CaseError, match="size range is empty"):
        geometric_grid(1.0, 1.0, 10)
    with pytest.raises(CaseError, match="at least three"):
        geometric_grid(1.0, 2.0, 2)
