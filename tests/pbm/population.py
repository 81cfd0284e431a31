"""Populations for tests: starts of one component, programs without liquid, a granulation with plausible numbers."""

from __future__ import annotations

from math import log
from pathlib import Path
from typing import Any

import numpy as np

from pbm.assemble import StatedLaws, bare_parameters, make_tables
from pbm.case import PbmCase
from pbm.distribution import project_density
from pbm.grid import Floats, Grid, geometric_grid
from pbm.law import KernelLaw
from pbm.laws import kernel
from pbm.model import Stated
from pbm.program import Program
from pbm.selection.power import Coefficients as PowerLaw
from pbm.solve import Accuracy, Setup, Solution, solve

NUMBER = 1e12
UNIT = 1e-12
LACTOSE = Path(__file__).resolve().parents[2] / "cases" / "high-shear-granulator" / "feed.csv"
UNEQUAL_BREAKAGE: dict[str, Any] = {
    "rate": {"name": "power", "rate": 0.3, "reference_volume": 1e-12, "exponent": 0.3},
    "fragments": {"name": "diemer-olson", "number": 3, "shape": 1.0},
    "primary_diameter": "20 um",
}
"""Breakage of a case into three unequal parts, faster the larger the granule."""


def wide_grid(classes: int) -> Grid:
    """Cells over 1e-3..3e3 of the mean volume, as in the published comparisons."""
    return geometric_grid(1e-3 * UNIT, 3e3 * UNIT, classes)


def exponential(grid: Grid) -> Floats:
    """State (1, 4, classes) of n = (N0/v0) exp(-v/v0)."""
    return bare_state(project_density(lambda volume: NUMBER / UNIT * np.exp(-volume / UNIT), grid))


def bare_state(numbers: Floats) -> Floats:
    """State (1, 4, classes) of these numbers without liquid and gas."""
    state = np.zeros((1, 4, numbers.size))
    state[0, 0] = numbers
    return state


def moment(state: Floats, grid: Grid, order: int) -> float:
    """M_k in units of N0 v0^k."""
    return float(np.sum(state[0, 0] * (grid.pivots / UNIT) ** order) / NUMBER)


def stated(name: str = "constant", rate: float = 0.0, selection: float = 0.0) -> StatedLaws:
    """A kernel with one coefficient, and breakage at `selection` times the solid volume."""
    meeting = kernel(name, rate_coefficient=rate).coefficients
    return StatedLaws(Stated(1.0, meeting), Stated(1.0, PowerLaw(selection, 1.0)))


def evolve(
    program: Program, grid: Grid, start: Floats, end: float, rate: float, tolerance: float, selection: float = 0.0
) -> Solution:
    """Integrate a population whose rate constant is `rate` times V_s, so that N0 and v0 set the times alone."""
    solids = float(start[:, 0].sum(axis=0) @ grid.pivots)
    tables = make_tables(grid, laws=stated(rate=rate * solids, selection=selection))
    times = np.array([0.0, 0.5 * end, end])
    return solve(Setup(program, start, bare_parameters(), tables), times, Accuracy(tolerance, tolerance**0.5))


def kernel_law(**changes: Any) -> KernelLaw:
    """A law of plausible size: shear of some tens per second, pair speeds of some centimetres per second."""
    values: dict[str, Any] = {
        "encounters": (log(50.0 / 6.0), 1.0, -0.2, 0.1),
        "pair_speed": (log(0.015), 1.0, 0.5, 1.2),
        "pair_speed_shape": 1.5,
        "blade_hits": (log(2.0), 1.0, 0.5, 0.1),
        "blade_share_scale": 0.5,
        "blade_share_shape": 2.0,
        "reference_speed": 100.0,
        "tip_radius": 0.0114,
        "size_ratio_low": 0.2,
        "size_ratio_high": 5.0,
        "d50_feed": 78e-6,
        "d50_grown": 312e-6,
        "speed_low": 75.0,
        "speed_high": 135.0,
    }
    return KernelLaw(**(values | changes))


def granulation_case(**changes: Any) -> PbmCase:
    """Every mechanism on: nucleation, coating, absorption, consolidation, sticking, breakage."""
    values: dict[str, Any] = {
        "feed": {"distribution": str(LACTOSE), "charge": "100 g", "moisture": 0.01, "porosity": 0.45},
        "grid": {"classes": 40},
        "liquid": {
            "spray": {"rate": "0.33 g/s", "start": "5 s", "end": "65 s"},
            "drop_diameter": "200 um",
            "penetration_time": "0.1 s",
        },
        "breakage": {"form": "with-pi"},
        "efficiency": 0.03,
        "end": "90 s",
    }
    return PbmCase.model_validate(values | changes)
