"""The loops of the schemes in one coordinate against their published rules, merger by merger."""

from __future__ import annotations

import numpy as np
import pytest

import pbm
from pbm.grid import Floats, Grid, geometric_grid
from pbm.population import Population

GRIDS = [geometric_grid(1e-3, 3e2, 25), Grid(np.arange(13.0) + 0.5, np.arange(1.0, 13.0))]


def split(grid: Grid, below: int, number: float, volume: float, change: Floats) -> None:
    """Number and volume of grains between two pivots go to these two, both kept."""
    above = (volume - number * grid.pivots[below]) / (grid.pivots[below + 1] - grid.pivots[below])
    change[below] += number - above
    change[below + 1] += above


def published(scheme: str, grid: Grid, rates: Floats, numbers: Floats) -> Floats:
    """Kumar and Ramkrishna (1996), Kumar et al. (2006) and Kumar, Kaur and Tsotsas (2016), as sums over mergers.

    What lies beyond the top pivot goes to the top class by volume.
    """
    top, pivots, change = grid.classes - 1, grid.pivots, np.zeros(grid.classes)
    born, volume = np.zeros(grid.classes), np.zeros(grid.classes)
    for i in range(grid.classes):
        for j in range(i + 1):
            events = rates[i, j] * numbers[i] * numbers[j] * (0.5 if i == j else 1.0)
            total = pivots[i] + pivots[j]
            cell = min(int(np.searchsorted(grid.edges, total, side="right")) - 1, top)
            weighted = scheme == "finite-volume" and total <= pivots[top]
            rest = 2.0 * pivots[cell] - total
            change[[i, j]] -= events * (pivots[cell] / rest if weighted else 1.0)
            change[i] -= events * (pivots[cell] / rest if weighted else 1.0) if i == j else 0.0
            if total > pivots[top] * (1.0 + 1e-14):
                change[top] += events * total / pivots[top]
            elif scheme == "fixed-pivot":
                below = min(int(np.searchsorted(pivots, total, side="right")) - 1, top - 1)
                split(grid, below, events, events * total, change)
            else:
                born[cell] += events * (total / rest if weighted else 1.0)
                volume[cell] += events * total
    for cell in range(grid.classes):
        if scheme == "finite-volume":
            change[cell] += born[cell]
        elif born[cell] > 0.0:
            mean_above = volume[cell] > born[cell] * pivots[cell] and cell < top
            split(grid, cell if mean_above else cell - 1, born[cell], volume[cell], change)
    return change


@pytest.mark.parametrize("grid", GRIDS, ids=["geometric", "linear"])
@pytest.mark.parametrize("scheme", ["cell-average", "fixed-pivot", "finite-volume"])
def test_change_is_the_published_one(scheme: str, grid: Grid) -> None:
    """Rows of swallowed grains and listed pairs together are the sum over all mergers, to round-off of that sum."""
    numbers = np.random.default_rng(5).lognormal(sigma=2.0, size=grid.classes) / grid.pivots
    law = pbm.kernel("sum", rate_coefficient=0.7)
    population = Population(grid, law, scheme=scheme, compiled=False)
    change, booked = population.change(numbers)
    rates = law.rates(grid, population.material)
    expected = published(scheme, grid, rates, numbers)
    scale = np.max(np.abs(expected) * grid.pivots)
    np.testing.assert_allclose(change * grid.pivots / scale, expected * grid.pivots / scale, atol=1e-13)
    events = 0.5 * numbers @ rates @ numbers
    assert booked[0] == pytest.approx(events, rel=1e-12)


def test_compiled_loops_repeat_plain_python() -> None:
    """One text, IEEE arithmetic: every mechanism on, the same bits and the same steps."""
    grid = geometric_grid(1e-3, 3e2, 12)
    start = np.zeros(12)
    start[5] = 1.0
    compiled, plain = (
        Population(
            grid,
            pbm.kernel("sum", rate_coefficient=1.0),
            pbm.breakage_rate("power", rate=0.05, reference_volume=1.0, exponent=0.5),
            pbm.fragments("symmetric", number=3),
            pbm.Growth(0.01, 1.0),
            compiled=compiled,
        ).solve(start, np.array([0.0, 0.3]))
        for compiled in (True, False)
    )
    assert compiled.steps == plain.steps
    np.testing.assert_array_equal(compiled.numbers, plain.numbers)
    np.testing.assert_array_equal(compiled.booked, plain.booked)
