"""Each mechanism alone in one class, against its own closed form; time integration at 1e-6 sets the tolerance."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
import pytest

from pbm import analytic
from pbm.aggregation.sticking import stokes
from pbm.assemble import bare_parameters, make_tables
from pbm.breakage import fragment_table
from pbm.graph import Graph
from pbm.grid import geometric_grid
from pbm.inputs import constant
from pbm.model import EXTERNAL, GAS, INTERNAL, NUMBER, Conditions, Granule, Parent
from pbm.program import load_program
from pbm.selection.impact_speed import breaking_speed
from pbm.solve import Accuracy, Setup, solve
from tests.pbm.population import stated

GRID = geometric_grid(1e-12, 1e-9, 8)
ACCURACY = Accuracy(1e-6, 1e-6)
CLASS = 4
COUNT = 1e6


def _one_class(internal: float = 0.0, external: float = 0.0, gas: float = 0.0) -> np.ndarray:
    """One class filled; liquids and gas in units of its solid volume."""
    state = np.zeros((1, 4, GRID.classes))
    volume = COUNT * GRID.pivots[CLASS]
    state[0, :, CLASS] = COUNT, internal * volume, external * volume, gas * volume
    return state


def _run(state: np.ndarray, end: float, spray: float = 0.0, **values: Any) -> np.ndarray:
    """Content of the class at the end, liquids and gas in units of its solid volume."""
    still = {"absorption_time": 1e30, "drop_volume": 1e-12, "minimum_pore_ratio": 0.0} | values
    parameters = bare_parameters()._replace(**still)
    program = load_program("constant", "always", "power")
    times = np.array([0.0, end])
    solution = solve(
        Setup(program, state, parameters, make_tables(GRID, laws=stated()), spray=constant(spray)), times, ACCURACY
    )
    assert max(solution.worst_imbalance) <= 1e-12
    final = solution.states[-1][0, :, CLASS]
    return np.r_[final[0], final[1:] / (COUNT * GRID.pivots[CLASS])]


def test_sprayed_liquid_coats_by_solid_volume() -> None:
    """E(t) = E(0) + m_dot t/rho_l exactly: one class gets the whole spray."""
    spray, density = 1e-6, 1000.0
    final = _run(_one_class(external=0.1, gas=0.5), 10.0, spray, liquid_density=density, addition_density=density)
    added = spray * 10.0 / density / (COUNT * GRID.pivots[CLASS])
    assert final[EXTERNAL] == pytest.approx(0.1 + added, rel=1e-12)


def test_surface_liquid_is_absorbed_into_pores() -> None:
    """dE/dt = -E G/(t_abs p), with G - E and p constant: the logistic solution, and pores keep their volume."""
    final = _run(_one_class(internal=0.2, external=0.3, gas=0.5), 1.5, absorption_time=2.0)
    assert final[EXTERNAL] == pytest.approx(analytic.absorbed_film(0.3, 0.5, 0.7, 0.75), rel=1e-5)
    assert final[INTERNAL] + final[GAS] == pytest.approx(0.7, rel=1e-12)
    assert final[INTERNAL] + final[EXTERNAL] == pytest.approx(0.5, rel=1e-12)


def test_pores_consolidate_and_squeeze_liquid_out() -> None:
    """p = p_min + (p0 - p_min) exp(-c t); the share of liquid in the pores stays, the rest is outside."""
    least = 0.25
    final = _run(_one_class(internal=0.3, gas=0.7), 3.0, consolidation_rate=0.4, minimum_pore_ratio=least)
    pores = analytic.consolidated_pores(1.0, least, 1.2)
    assert final[INTERNAL] + final[GAS] == pytest.approx(pores, rel=1e-5)
    assert final[INTERNAL] == pytest.approx(0.3 * pores, rel=1e-5)
    assert final[EXTERNAL] == pytest.approx(0.3 * (1.0 - pores), rel=1e-5)


def test_pores_at_their_least_do_not_change() -> None:
    """max(0, p - p_min): pores below the least neither grow nor shrink."""
    final = _run(_one_class(internal=0.1, gas=0.1), 5.0, consolidation_rate=1.0, minimum_pore_ratio=0.25)
    assert final[INTERNAL] == 0.1 and final[GAS] == 0.1


def test_drops_on_powder_make_nuclei() -> None:
    """A spray Q makes Q/V_drop nuclei a second of x_nuc each; the powder loses their solids, exp(-Q x_nuc/(V V_s) t).

    Nuclei are booked above the powder's class, so nothing is nucleated twice.
    """
    nucleus, drop, spray, density = 2.0 * GRID.pivots[5], 1e-10, 1e-6, 1000.0
    values = {"absorption_time": 1e30, "drop_volume": drop, "nucleus_solids": nucleus}
    values |= {"liquid_density": density, "addition_density": density}
    tables = make_tables(GRID, nucleus, laws=stated())
    tables = tables._replace(powder=np.where(np.arange(GRID.classes) == CLASS, 1.0, 0.0))
    state, program = _one_class(gas=0.8), load_program("constant", "always", "power")
    parameters = bare_parameters()._replace(**values)
    times = np.array([0.0, 2.0])
    solution = solve(Setup(program, state, parameters, tables, spray=constant(spray)), times, ACCURACY)
    final, solids = solution.states[-1][0], COUNT * GRID.pivots[CLASS]
    lost = spray / density / drop * nucleus / solids
    assert final[NUMBER, CLASS] == pytest.approx(COUNT * exp(-2.0 * lost), rel=1e-5)
    assert float(final[NUMBER] @ GRID.pivots) == pytest.approx(solids, rel=1e-12)
    assert max(solution.worst_imbalance) <= 1e-12


def test_exchange_levels_two_compartments() -> None:
    """N_a - N_b k_ba/k_ab decays with k_ab + k_ba; liquids and gas go along."""
    state = np.concatenate((_one_class(0.1, 0.2, 0.3), 1e-3 * _one_class(0.1, 0.2, 0.3)))
    rates = np.array([[0.0, 0.5], [0.25, 0.0]])
    parameters = bare_parameters()._replace(absorption_time=1e30)
    program, times = load_program("constant", "always", "power"), np.array([0.0, 2.0])
    tables = make_tables(GRID, graph=Graph("ab", rates), laws=stated())
    final = solve(Setup(program, state, parameters, tables), times, ACCURACY).states[-1]
    total, start = state[:, NUMBER, CLASS].sum(), state[0, NUMBER, CLASS]
    level = total * 0.25 / 0.75
    expected = level + (start - level) * exp(-0.75 * 2.0)
    assert final[0, NUMBER, CLASS] == pytest.approx(expected, rel=1e-5)
    assert final[0, INTERNAL, CLASS] / final[0, NUMBER, CLASS] == pytest.approx(0.1 * GRID.pivots[CLASS], rel=1e-12)
    assert Graph("ab", rates).outflow == pytest.approx([0.5, 0.25])


@pytest.mark.parametrize(
    ("diameter", "speed"),
    [(38e-6, 32.0), (78e-6, 15.0), (148e-6, 8.2), (500e-6, 2.4), (1e-3, 1.2), (2e-3, 0.60)],
)
def test_critical_speed_of_the_stokes_criterion(diameter: float, speed: float) -> None:
    """U_crit at mu 0.05 Pa s, e 0.4, h/h_a 10, 1500 kg/m3 as tabulated to two digits; F there is 1 - 1/e at lambda."""
    mass = 1500.0 * np.pi / 6.0 * diameter**3
    granule = Granule(0.0, diameter, mass, log(diameter**2 / mass), 1.0, log(log(10.0)), 1.0)
    factor = (1.0 + 1.0 / 0.4) * 1.5 * np.pi * 0.05
    conditions = Conditions(1.0, log(factor), log(speed), log(2.0 * diameter), log(diameter), 0.0, 0.0)
    parameters = bare_parameters()._replace(efficiency=1.0, pair_speed_shape=1.0)
    hazard = -log(1.0 - stokes(granule, granule, conditions, parameters))
    assert hazard == pytest.approx(1.0, rel=0.05)


def test_breaking_speed_of_a_granule() -> None:
    """U_break = (2 St/rho)(9/8)((1-eps)^2/eps^2)(9/16)(mu/d_p), evaluated by hand: 0.30 m/s at eps 0.4, 1200 kg/m3."""
    volume = 1e-12
    strength = 2.0 * 0.2 * (9.0 / 8.0) * (9.0 / 16.0) * 0.05 / 78e-6
    parent = Parent(0.6 * volume, volume, 0.0, 1200.0 * volume)
    assert breaking_speed(parent, strength) == pytest.approx(0.3042, rel=1e-3)


@pytest.mark.parametrize("classes", [8, 20, 60])
def test_daughters_keep_number_and_solids(classes: int) -> None:
    """Each breakage yields two daughters and the parent's solids, whatever the ratio of the grid: to round-off."""
    grid = geometric_grid(1e-15, 1e-9, classes)
    table = fragment_table(grid)
    able = table.sum(axis=1) > 0.0
    assert able[grid.pivots >= 2.0 * grid.pivots[0]].all()
    assert table.min() >= 0.0
    assert table[able].sum(axis=1) == pytest.approx(2.0, rel=1e-12)
    assert table[able] @ grid.pivots == pytest.approx(grid.pivots[able], rel=1e-12)
