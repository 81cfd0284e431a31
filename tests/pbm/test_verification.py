"""Aggregation and breakage against closed solutions (`pbm.analytic`), on cells over 1e-3..3e3 v0.

Errors are measured against the exact evolution of the projected start: what the grid cuts off below 1e-3 v0 is no
error of the scheme. Limits are those that the cell average is known to keep on these grids.
"""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from pbm import analytic
from pbm.grid import Grid, geometric_grid, multiples_grid
from pbm.program import Program, compile_program, load_program
from tests.pbm.population import NUMBER, UNIT, bare_state, evolve, exponential, moment, wide_grid

COALESCENCE = {
    0.5: (0.788993, 1.57201, 0.631931),
    1.0: (0.636835, 2.29923, 0.427552),
    2.0: (0.437688, 4.28631, 0.226611),
}
"""t' = 4 sqrt(pi) sigma d1^2 n0 t: M0, M2, N1 of a gas of one velocity variance in which every encounter merges."""


@pytest.fixture(scope="module")
def constant_kernel() -> Program:
    return compile_program("constant", "always", "power")


def test_constant_kernel_to_98_percent_aggregation(constant_kernel: Program) -> None:
    """M0 = M0(0)/(1 + M0(0) tau/2) and M1 to 1e-6; M2 = M2(0) + tau to 1 %, what 30 cells of ratio 1.64 allow.

    The scheme itself keeps M0 exactly, so its error is the integrator's: 2e-7 at a tolerance of 1e-6 per step.
    """
    grid = wide_grid(30)
    start = exponential(grid)
    end = evolve(constant_kernel, grid, start, 98.0, 1.0 / NUMBER, 1e-6).states[-1]
    number, second = analytic.constant_moments(moment(start, grid, 0), moment(start, grid, 2), 98.0)
    assert moment(end, grid, 0) == pytest.approx(number, rel=1e-6)
    assert moment(end, grid, 1) == pytest.approx(moment(start, grid, 1), rel=1e-12)
    assert moment(end, grid, 2) == pytest.approx(second, rel=1e-2)


def test_sum_kernel_to_86_percent_aggregation() -> None:
    """t' = 2 with 60 cells of ratio 1.28: M2 = M2(0) exp(4) to 2 %; M0 to the time integration's 1e-3."""
    grid = wide_grid(60)
    start = exponential(grid)
    end = evolve(load_program("sum", "always", "power"), grid, start, 2.0, 1.0 / (NUMBER * UNIT), 1e-3).states[-1]
    number, second = analytic.sum_moments(moment(start, grid, 0), moment(start, grid, 2), 2.0)
    assert moment(end, grid, 0) == pytest.approx(number, rel=1e-3)
    assert moment(end, grid, 2) == pytest.approx(second, rel=2e-2)


def test_product_kernel_before_gelation() -> None:
    """T = 0.4 of the gel time 0.5 with 60 cells: M2 = M2(0)/(1 - M2(0) T) of M2(0) = 2, that is 10, to 5 %."""
    grid = wide_grid(60)
    start = exponential(grid)
    program = load_program("product", "always", "power")
    end = evolve(program, grid, start, 0.4, 1.0 / (NUMBER * UNIT**2), 1e-4).states[-1]
    number, second = analytic.product_moments(moment(start, grid, 0), 2.0, 0.4)
    assert moment(end, grid, 0) == pytest.approx(number, rel=1e-5)
    assert moment(end, grid, 2) == pytest.approx(second, rel=5e-2)


def test_binary_breakage_keeps_to_ziff_and_mcgrady(constant_kernel: Program) -> None:
    """S = S1 v, uniform daughters, tau = 3: M0 = 1 + tau, M1 = 1, M2 = 2/(1 + tau).

    M0 to 1 %: parents with no room for two daughters above 1e-3 v0 do not break, which is 0.2 % of the volume at the
    end. M2 to 3 %: a daughter sits on its pivot, which adds the cell's variance, (q - 1)^2/(3 (q + 1)^2) = 0.5 % of x^2
    for the ratio 1.28, a generation.
    """
    grid = wide_grid(60)
    start = exponential(grid)
    end = evolve(constant_kernel, grid, start, 3.0, 0.0, 1e-4, selection=1.0 / UNIT).states[-1]
    assert moment(end, grid, 0) == pytest.approx(analytic.breakage_moment(0, 3.0), rel=1e-2)
    assert moment(end, grid, 1) == pytest.approx(moment(start, grid, 1), rel=1e-12)
    assert moment(end, grid, 2) == pytest.approx(analytic.breakage_moment(2, 3.0), rel=3e-2)


@pytest.mark.parametrize(("steady", "expected"), [(0.5, 0.6397654), (2.0, 1.9757273), (10.0, 10.0000)])
def test_aggregation_against_breakage(constant_kernel: Program, steady: float, expected: float) -> None:
    """phi(2) = M0/N0 of McCoy and Madras for three ratios of the rates; S1 = phi_inf^2/2 at beta0 N0 = M1 = 1.

    To 0.5 %: the start is cut at 1e-3 v0 (0.1 % of M0), and the smallest classes cannot break.
    """
    assert analytic.balance_number(steady, 2.0) == pytest.approx(expected, abs=1e-4)
    grid = geometric_grid(1e-4 * UNIT, 3e2 * UNIT, 60)
    start = exponential(grid)
    solution = evolve(constant_kernel, grid, start, 2.0, 1.0 / NUMBER, 1e-4, selection=0.5 * steady**2 / UNIT)
    assert moment(solution.states[-1], grid, 0) == pytest.approx(expected, rel=5e-3)


def _gas(grid: Grid, end: float, tolerance: float) -> np.ndarray:
    """States of a monodisperse gas at 0, end/2 and end in units of t'; b(1, 1) N0/V_s = 1."""
    numbers = np.zeros(grid.classes)
    first = int(np.argmin(abs(grid.pivots - UNIT)))
    numbers[first] = NUMBER * UNIT / grid.pivots[first]
    diameter_square = (6.0 * UNIT / pi) ** (2.0 / 3.0)
    program = load_program("gas", "always", "power")
    return evolve(program, grid, bare_state(numbers), end, 1.0 / (NUMBER * diameter_square), tolerance).states


def test_coalescence_on_whole_multiples_of_the_first_grain() -> None:
    """Sums of multiples are multiples: the only errors are time integration and the 40th class, both below 1e-5."""
    grid = multiples_grid(UNIT, 40)
    states = _gas(grid, 1.0, 1e-6)
    for state, time in zip(states[1:], (0.5, 1.0)):
        number, second, singles = COALESCENCE[time]
        assert moment(state, grid, 0) == pytest.approx(number, rel=1e-5)
        assert moment(state, grid, 2) == pytest.approx(second, rel=1e-5)
        assert state[0, 0, 0] / NUMBER == pytest.approx(singles, rel=1e-5)


def test_coalescence_on_geometric_cells() -> None:
    """60 cells of ratio 1.17 from below v0 to 1e4 v0 hold M2 to 2 % at t' = 2."""
    grid = geometric_grid(0.9 * UNIT, 1e4 * UNIT, 60)
    end = _gas(grid, 2.0, 1e-3)[-1]
    assert moment(end, grid, 2) == pytest.approx(COALESCENCE[2.0][1], rel=2e-2)
    assert moment(end, grid, 1) == pytest.approx(1.0, rel=1e-12)
