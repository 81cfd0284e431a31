"""Rate constants as a particle simulation tabulates them, and what their errors leave of a prediction."""

from __future__ import annotations

import numpy as np
import pytest

import pbm
from compute.errors import CaseError
from tests.pbm.population import kernel_law

SIZES = np.array([1e-4, 3e-4, 1e-3])
SHEARED = 20.0 / 6.0 * np.add.outer(SIZES, SIZES) ** 3
UNEVEN = SHEARED * np.array([[1.0, 2.0, 3.0], [2.0, 0.5, 1.5], [3.0, 1.5, 4.0]])
ERRORS = 0.1 * UNEVEN
GRID = pbm.diameter_grid(30e-6, 3e-3, 24)


def test_a_table_of_shear_is_shear_at_every_size() -> None:
    """Smoluchowski's law, tabulated at three sizes, comes back between and beyond them: round-off of the logarithms."""
    exact = pbm.kernel("shear", shear_rate=20.0).rates(GRID, pbm.Material(porosity=0.3))
    upper = np.where(np.tri(3, k=-1, dtype=bool), np.nan, SHEARED)
    for table in (SHEARED, upper):
        found = pbm.tabulated_kernel(SIZES, table).rates(GRID, pbm.Material(porosity=0.3))
        np.testing.assert_allclose(found, exact, rtol=1e-12)


def test_dimension_symmetry_sign_and_entries() -> None:
    """Every entry at its sizes; b_ij = b_ji > 0; metres and seconds in other units leave b in m3/s what it was."""
    law, volumes = pbm.tabulated_kernel(SIZES, UNEVEN), np.pi / 6.0 * SIZES**3
    np.testing.assert_allclose(law.between(volumes, pbm.Material()), UNEVEN, rtol=1e-12)
    rates = law.rates(GRID, pbm.Material())
    assert np.all(rates > 0.0) and np.array_equal(rates, rates.T)
    metre, second = 0.21, 1.9
    other = pbm.tabulated_kernel(SIZES / metre, UNEVEN * second / metre**3)
    found = other.between(GRID.pivots / metre**3, pbm.Material())
    np.testing.assert_allclose(found * metre**3 / second, rates, rtol=1e-11)


def test_draws_have_the_covariance_of_the_counts() -> None:
    """Logarithms of 4000 draws: independent errors of 10 %, to four standard errors of a variance; the same seed, the
    same draws. Fully correlated errors move all rates by one factor.
    """
    law = pbm.tabulated_kernel(SIZES, UNEVEN, ERRORS)
    drawn = np.log([one.table / UNEVEN for one in law.draws(4000, seed=3)])
    assert np.array_equal(drawn, np.swapaxes(drawn, 1, 2))
    pairs = np.triu_indices(3)
    found = np.cov(drawn[:, pairs[0], pairs[1]].T)
    np.testing.assert_allclose(found, 0.01 * np.eye(6), atol=4.0 * 0.01 * np.sqrt(2.0 / 4000.0))
    assert np.array_equal(law.draws(2, seed=3)[1].table, law.draws(2, seed=3)[1].table)
    together = pbm.tabulated_kernel(SIZES, UNEVEN, 0.01 * np.outer(UNEVEN[pairs], UNEVEN[pairs]))
    moved = np.log(together.draws(1, seed=1)[0].table / UNEVEN)
    np.testing.assert_allclose(moved, moved[0, 0], rtol=1e-6)


def test_errors_of_the_rates_reach_the_prediction() -> None:
    """64 draws as one ensemble: the spread of ln M0 is that of one factor s on all rates times |d ln M0/d ln b|.

    Errors are fully correlated here, 5 %; four standard errors of a standard deviation from 64 draws, 36 %.
    """
    pairs, start = np.triu_indices(3), pbm.lognormal(GRID, median=300e-6, spread=0.3, solids=0.01)
    law = pbm.tabulated_kernel(SIZES, UNEVEN, 0.05**2 * np.outer(UNEVEN[pairs], UNEVEN[pairs]))
    populations = [pbm.Population(GRID, one) for one in law.draws(64, seed=5)]
    numbers = pbm.Ensemble(populations).solve(start, [0.0, 1.0]).moment(0)[:, -1]
    ends = pbm.Ensemble(pbm.Population(GRID, law), aggregation=np.array([0.95, 1.05])).solve(start, [0.0, 1.0])
    slope = np.diff(np.log(ends.moment(0)[:, -1]))[0] / np.log(1.05 / 0.95)
    assert np.log(numbers).std(ddof=1) == pytest.approx(0.05 * abs(slope), rel=0.36)


def test_a_fitted_law_is_drawn_from_its_covariance() -> None:
    """4000 laws: mean and covariance of the encounters to four standard errors, blade hits as fitted."""
    matrix = np.array([[4.0, 1.0, 0, 0], [1.0, 2.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 0.5]]) * 1e-4
    law = kernel_law(encounter_covariance=tuple(map(tuple, matrix.tolist())))
    drawn = law.draws(4000, seed=2)
    rows = np.array([one.encounters for one in drawn])
    np.testing.assert_allclose(np.cov(rows.T), matrix, atol=4.0 * 4e-4 * np.sqrt(2.0 / 4000.0))
    np.testing.assert_allclose(rows.mean(axis=0), law.encounters, atol=4.0 * np.sqrt(4e-4 / 4000.0))
    assert {one.blade_hits for one in drawn} == {law.blade_hits}
    with pytest.raises(CaseError, match="nothing is known of the errors"):
        kernel_law().draws(2)


@pytest.mark.parametrize(
    ("sizes", "rates", "errors", "message"),
    [
        (SIZES[::-1], UNEVEN, None, "not diameters of classes"),
        (SIZES, UNEVEN[:2], None, "not rate constants"),
        (SIZES, UNEVEN * (1.0 - np.eye(3)), None, "upper limit of a pair that never met"),
        (SIZES, UNEVEN + 1e-9 * np.tri(3), None, "depends on its order"),
        (SIZES, UNEVEN, np.ones(3), "not errors of the rates"),
        (SIZES, UNEVEN, -np.eye(6), "not errors of the rates"),
    ],
)
def test_what_is_no_table_is_refused(sizes, rates, errors, message: str) -> None:  # type: ignore[no-untyped-def]
    """Each with what was expected."""
    with pytest.raises(CaseError, match=message):
        pbm.tabulated_kernel(sizes, rates, errors)
