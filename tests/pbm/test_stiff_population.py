"""Populations of one coordinate by methods for stiff equations, and runs that are given up with what held them back."""

from __future__ import annotations

import numpy as np
import pytest

import pbm
from compute.errors import SimulationError
from pbm import pace
from pbm.analytic import balance_number
from pbm.grid import Floats

GRID = pbm.geometric_grid(1e-3, 3e3, 30)
TIMES = np.array([0.0, 1.0, 2.0])


def broken(rate: float, compiled: bool = True) -> pbm.Population:
    """Constant kernel against breakage in proportion to volume, into two."""
    law = pbm.breakage_rate("power", rate=rate, reference_volume=1.0, exponent=1.0)
    kernel = pbm.kernel("constant", rate_coefficient=1.0)
    return pbm.Population(GRID, kernel, law, pbm.fragments("uniform"), compiled=compiled)


def exponential() -> Floats:
    return pbm.project_density(lambda volume: np.exp(-volume), GRID)


@pytest.mark.parametrize("method", ["BDF", "Radau", "CVODE"])
def test_methods_agree_with_the_explicit_one(method: str) -> None:
    """Number, square, d50 within ten of the tolerances a step of either; solids to theirs, with a stiff top class.

    S = 2000 v: the top class breaks 5e6 times in a unit of time, which binds the explicit steps alone.
    """
    population = broken(2000.0)
    explicit = population.solve(exponential(), TIMES)
    result = population.solve(exponential(), TIMES, pbm.Stiff(method))  # type: ignore[arg-type]
    for order in (0, 2):
        assert result.moment(order) == pytest.approx(explicit.moment(order), rel=1e-4)
    assert result.d50 == pytest.approx(explicit.d50, rel=1e-4)
    assert max(result.imbalance) < 1e-5
    assert result.numbers.min() >= (0.0 if method == "CVODE" else -1e-5)
    assert 2 * result.steps < explicit.steps


def test_a_stiff_balance_is_that_of_mccoy_and_madras() -> None:
    """phi(2) of aggregation against breakage, S1 = phi_inf^2/2: to 0.5 % for the smallest classes, which cannot break.

    In plain Python, whose right-hand side is that of the compiled one.
    """
    start = exponential()
    start = start / (start @ GRID.pivots)
    result = broken(0.5 * 2.0**2, compiled=False).solve(start, TIMES[[0, 2]], pbm.Stiff("BDF", 1e-4))
    assert result.moment(0)[-1] / result.moment(0)[0] == pytest.approx(balance_number(2.0, 2.0), rel=5e-3)


def test_a_run_that_takes_too_many_steps_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond gelation the top class meets itself 1e7 times as fast as anything is looked at: the message names time,
    class, its rate and the way out, as a member of an ensemble too.
    """
    monkeypatch.setattr(pace, "MOST_STEPS", 40)
    gelling = pbm.Population(GRID, pbm.kernel("product", rate_coefficient=1.0), compiled=False)
    said = r"the step fell to .* s after 40 steps; class 29 \(.* m\) loses its content at .* per second; .*pbm.Stiff"
    with pytest.raises(SimulationError, match=said):
        gelling.solve(np.ones(30), [0.0, 10.0])
    with pytest.raises(SimulationError, match=r"member 0, .*class 29"):
        pbm.Ensemble(gelling, aggregation=np.array([1.0, 1e-9])).solve(np.ones(30), [0.0, 10.0])
