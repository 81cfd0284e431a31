"""Granules break down to the smallest that do: by classes and by weighted particles, beside a closed solution."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from pbm.granulation import Granulation
from pbm.grid import diameter_grid, solid_volume_of
from pbm.model import BOOKED, NUMBER, make_workspace
from pbm.program import load_program
from pbm.weighted import Particles
from pbm.weighted_events import Breakage
from pbm.weighted_laws import WeightedLaws
from tests.pbm.test_stated_laws import stated_case

PRIMARY = 47e-6
"""Diameter of the primary grains [m]: half classes away from the edges of geometric grids of 24 and of 40."""
SIZE = 8.0
"""Solids of granules at the start, over those of the smallest that break."""


def cut_number(size: float, limit: float, cuts: float) -> float:
    """Fragments at t of a granule of a `size` that is cut at random places at the rate s x, down to a limit x_l.

    cuts: a = s t [1/m3]. Above the limit the density is that of Ziff and McGrady, J. Phys. A 18 (1985) 3027,
    exp(-a x) (2 a + a^2 (x0 - x)) beside the granules still whole, for nothing below it comes back. Granules that may
    break hold exp(-a x_l) (x0 + a x_l (x0 - x_l)), and s times that are cut per second; its integral is the number.
    """
    left = exp(-cuts * limit)
    return 1.0 + (size * (1.0 - left) + (size - limit) * (1.0 - left * (1.0 + cuts * limit))) / limit


def cut_granules(classes: int, **changes: Any) -> Granulation:
    """Granules cut at random at the rate x/x_l [1/s], x_l that of the smallest that break; they meet hardly ever."""
    limit = float(solid_volume_of(2.0 * PRIMARY, stated_case().feed.porosity))
    breakage = {
        "rate": {"name": "power", "rate": 1.0, "reference_volume": limit, "exponent": 1.0},
        "fragments": {"name": "diemer-olson", "number": 2, "shape": 0.0},
        "primary_diameter": PRIMARY,
    }
    apart = {"sticking": "always", "kernel": {"name": "constant", "rate_coefficient": 1e-40}}
    grid = {"classes": classes, "smallest_diameter": "2 um"}
    case = stated_case(breakage=breakage | changes, aggregation=apart, grid=grid)
    return Granulation(case, compiled=False)


def rates_of_change(model: Granulation) -> np.ndarray:
    """dN/dt = A N of breakage alone, A [1/s] column by column from the right-hand side with one class filled."""
    classes, tables = model.grid.classes, model.tables
    work, program = make_workspace(1, classes), load_program("constant", "always", "power")
    columns = []
    for k in range(classes):
        state = np.zeros_like(model.initial_state())
        state[0, NUMBER, k], change, booked = 1e6, np.zeros_like(state), np.zeros(BOOKED)
        program.right_hand_side(state, 0.0, 0.0, model.parameters, tables, work, change, booked)
        columns.append(change[0, NUMBER] / 1e6)
    return np.array(columns).T


@pytest.mark.parametrize(("classes", "share"), [(24, 0.03), (40, 0.008), (80, 0.0016)])
def test_classes_break_down_to_the_smallest_that_do(classes: int, share: float) -> None:
    """Exact in time, at a x_l = 1: second order in the width, 2.5 %, 0.69 % and 0.13 %, for an edge is at the limit.

    With edges in one ratio it would lie half a class from one of 24 and of 40: 7.5 % and 5.1 % fewer fragments.
    """
    model = cut_granules(classes)
    limit = float(solid_volume_of(2.0 * PRIMARY, model.case.feed.porosity))
    start = int(np.argmin(np.abs(np.log(model.grid.pivots / limit) - log(SIZE))))
    got = float(expm(rates_of_change(model))[:, start].sum())
    assert got == pytest.approx(cut_number(float(model.grid.pivots[start]), limit, 1.0 / limit), rel=share)


class Cutting(WeightedLaws):
    """S = s x, as a power law has it, with s [1/(s m3)], of all particles at once."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def breaking(self, one: Particles, speed: float) -> np.ndarray:
        """S [1/s]."""
        return self.rate * one.solid


def test_particles_break_down_to_the_smallest_that_do() -> None:
    """4.8 fragments at a x_l = 1/2, 7.9 at one.

    Within three standard errors of ten lots, 2 % each at most, and 0.5 % of the step and of a grid that ends at 2 um.
    With the pivot of the first class that breaks for a limit, 1.7 x_l among 24, there are 8 % and 15 % fewer.
    """
    model, lots, steps = cut_granules(24), 10, 100
    limit = float(solid_volume_of(2.0 * PRIMARY, model.case.feed.porosity))
    random = np.random.Generator(np.random.Philox(key=7))
    bed, event = whole_granules(SIZE * limit, lots * 2500), Breakage(model, Cutting(1.0 / limit), random)
    for end in (0.5, 1.0):
        for _ in range(steps):
            event.apply(bed, 0.5 / steps, 0.0)
        got = bed.weight.reshape(lots, -1).mean(axis=1)
        expected, error = cut_number(SIZE * limit, limit, end / limit), got.std(ddof=1) / np.sqrt(lots)
        assert abs(got.mean() - expected) <= 3.0 * error + 0.005 * expected
        assert error < 0.02 * expected


def whole_granules(solid: float, count: int) -> Particles:
    """Equal dry granules, one to a particle."""
    nothing = np.zeros(count)
    return Particles(np.ones(count), np.full(count, solid), *(nothing.copy() for _ in range(4)))


def test_an_edge_lies_at_the_smallest_that_break() -> None:
    """The nearest one; the ends stay, and so do all where nothing breaks, or nothing that the grid holds."""
    plain = diameter_grid(2e-6, 5e-3, 24, stated_case().feed.porosity)
    snapped = cut_granules(24).grid
    limit = float(solid_volume_of(2.0 * PRIMARY, stated_case().feed.porosity))
    place = int(np.argmin(np.abs(plain.edges - limit)))
    assert snapped.edges[[0, place, -1]] == pytest.approx([plain.edges[0], limit, plain.edges[-1]], rel=1e-14)
    ratios = snapped.edges[1:] / snapped.edges[:-1]
    assert ratios[:place] == pytest.approx(ratios[0]) and ratios[place:] == pytest.approx(ratios[-1])
    for changes in ({"on": False}, {"primary_diameter": 0.5e-6}, {"primary_diameter": 5e-3}):
        assert np.array_equal(cut_granules(24, **changes).grid.edges, plain.edges)
