"""`dempbm verify pbm`: every closed solution within its limit, which `pbm.verification` explains row by row."""

from __future__ import annotations

import numpy as np
import pytest

from compute.errors import CaseError
from pbm.grid import diameter_grid, geometric_grid
from pbm.laws import Material, breakage_rate, fragments, kernel
from pbm.population import Population
from pbm.verification import CASES, population_checks


@pytest.mark.parametrize("case", CASES)
def test_case_keeps_its_limits(case: str) -> None:
    """The limits are those that the schemes are published with, or follow from the grid, as each case says."""
    rows = population_checks([case])
    failed = [
        f"{row.case}: {row.quantity} {row.got:.8g}, expected {row.expected:.8g}" for row in rows if not row.passed
    ]
    assert rows and not failed


def test_unknown_case_is_named() -> None:
    """A user's mistake: what, where, and the nearest."""
    with pytest.raises(CaseError, match=r"constnt.*constant"):
        population_checks(["constnt"])


@pytest.mark.parametrize("scheme", ["cell-average", "fixed-pivot", "finite-volume"])
def test_balances_hold_with_everything_on(scheme: str) -> None:
    """Solids and number against events to 1e-12 and no class below nil, with a full top class, which warns."""
    grid = geometric_grid(1e-15, 1e-11, 30)
    start = np.zeros(30)
    start[[3, 15]] = 1e12, 1e9
    population = Population(
        grid,
        kernel("sum", rate_coefficient=3e3),
        breakage_rate("power", rate=0.05, reference_volume=1e-12, exponent=0.5),
        fragments("symmetric", number=4),
        scheme=scheme,
    )
    with pytest.warns(UserWarning, match="beyond the top class"):
        result = population.solve(start, np.array([0.0, 0.1, 1.0]))
    assert max(result.imbalance) < 1e-12
    assert np.all(result.numbers >= 0.0)
    assert result.booked[-1, 3] > 1e-3 * result.moment(1)[0]


def test_numbers_scale_out() -> None:
    """Twice the granules at half the rate constant change by twice as much: classes agree to the tolerance."""
    grid = geometric_grid(1e-3, 1e3, 40)
    start = np.where(np.arange(40) == 15, 1.0, 0.0)
    times = np.array([0.0, 3.0])
    once = Population(grid, kernel("constant", rate_coefficient=1.0)).solve(start, times).numbers[-1]
    twice = Population(grid, kernel("constant", rate_coefficient=0.5)).solve(2.0 * start, times).numbers[-1]
    np.testing.assert_allclose(twice, 2.0 * once, rtol=1e-10)


def test_lognormal_start_has_its_median() -> None:
    """d50 within the cell that holds it, solids exactly; the number by exp(4.5 s^2)/(pi d50^3/6) to 1e-6."""
    import pbm

    grid = diameter_grid(1e-6, 1e-2, 80)
    numbers = pbm.lognormal(grid, median=100e-6, spread=0.4, solids=0.1)
    assert numbers @ grid.pivots == pytest.approx(0.1, rel=1e-12)
    assert numbers.sum() == pytest.approx(0.1 * np.exp(0.72) / (np.pi / 6.0 * 1e-12), rel=1e-6)
    assert np.all(numbers >= 0.0)
    with pytest.raises(CaseError, match="cannot hold"):
        pbm.lognormal(diameter_grid(1e-6, 1e-4, 80), median=100e-6, spread=0.4)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: kernel("shaer", shear_rate=1.0), "shear"),
        (lambda: kernel("shear"), "shear_rate"),
        (lambda: kernel("shear", shear_rate="20 um"), "does not fit"),
        (lambda: kernel("shear", shear_rate=-1.0), "out of range"),
        (lambda: kernel("shear", rate=1.0), "no such coefficient"),
        (lambda: Material(porosity=1.0), "no such granule"),
        (lambda: Population(geometric_grid(1.0, 9.0, 9), scheme="pivot"), "scheme"),
        (
            lambda: Population(geometric_grid(1.0, 9.0, 9), None, breakage_rate("soos", shear_rate=1, strength=1)),
            "both",
        ),
    ],
)
def test_mistakes_are_named(make, match: str) -> None:  # type: ignore[no-untyped-def]
    """One message with key, value and what was expected."""
    with pytest.raises(CaseError, match=match):
        make()


def test_kernel_of_wet_granules_needs_liquid() -> None:
    """Madec's law is nil between dry granules, which is told; with liquid in the pores it is not."""
    grid = geometric_grid(1e-13, 1e-10, 12)
    law = kernel(
        "madec", rate=1e-6, content_exponent=1, dryness_exponent=1, solid_density=1540, liquid_density="1000 kg/m^3"
    )
    with pytest.warns(UserWarning, match="madec is nil"):
        Population(grid, law, material=Material(porosity=0.4))
    wet = Population(grid, law, material=Material(porosity=0.4, moisture=0.2))
    assert np.all(wet.pairs.rate > 0.0)


def test_text_with_units_is_the_number_in_si() -> None:
    """20 1/min and 0.1 mm^3, exactly."""
    law = breakage_rate("power", rate="20 1/min", reference_volume="0.1 mm^3")
    assert law.coefficients.rate == pytest.approx(1.0 / 3.0, rel=1e-15)
    assert law.coefficients.reference_volume == pytest.approx(1e-10, rel=1e-15)
