"""Daughters of breakage: what a fragment law must keep, alone and on a grid."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from pbm.daughters import DAUGHTERS
from pbm.daughters.table import daughter_table
from pbm.grid import geometric_grid

GRID = geometric_grid(1e-15, 1e-9, 40)
SAMPLES: dict[str, tuple[float, ...]] = {
    "symmetric": (3.0,),
    "austin": (0.4, 4.0, 7.0),
    "diemer-olson": (3.0, 2.0),
    "vogel": (4.5, 1e-13),
    "erosion": (2e-13, 3.0),
}


def law_of(name: str) -> tuple[Any, Any]:
    module = import_module(DAUGHTERS[name])
    return module, module.Coefficients(*SAMPLES.get(name, ()))


@pytest.mark.parametrize("name", DAUGHTERS)
def test_fragments_add_up_to_their_parent(name: str) -> None:
    """Volumes over 0..1 add up to one, to 1e-12 of a sum; the number of Vogel's pieces is a quadrature, 1e-3."""
    module, coefficients = law_of(name)
    marks = np.r_[0.0, np.geomspace(1e-12, 1.0, 200)]
    number, volume = module.shares(marks[:-1], marks[1:], 1e-11, coefficients)
    assert np.sum(volume) == pytest.approx(1.0, rel=1e-9)
    assert np.all(number >= 0.0) and np.all(volume >= 0.0)
    if np.isfinite(module.daughters(coefficients)):
        assert np.sum(number) == pytest.approx(module.daughters(coefficients), rel=1e-3)


@pytest.mark.parametrize("name", DAUGHTERS)
def test_volume_of_fragments_lies_inside_their_interval(name: str) -> None:
    """z1 n <= V <= z2 n in every interval, or the law contradicts itself; 1e-3 for Vogel's quadrature."""
    module, coefficients = law_of(name)
    marks = np.geomspace(1e-6, 1.0, 60)
    number, volume = module.shares(marks[:-1], marks[1:], 1e-11, coefficients)
    assert np.all(volume >= marks[:-1] * number * (1.0 - 1e-3) - 1e-15)
    assert np.all(volume <= marks[1:] * number * (1.0 + 1e-3) + 1e-15)


@pytest.mark.parametrize("name", DAUGHTERS)
def test_table_keeps_solids_and_number(name: str) -> None:
    """Rows add up to the parent's volume, to round-off; to the law's number where no fines lie below the grid."""
    module, coefficients = law_of(name)
    table = daughter_table(GRID, name, coefficients)
    rows = table.sum(axis=1) > 0.0
    assert rows[-20:].all() and not rows[0]
    assert np.all(table >= 0.0) and np.all(np.triu(table, 1) == 0.0)
    np.testing.assert_allclose(table[rows] @ GRID.pivots, GRID.pivots[rows], rtol=1e-12)
    if name in ("uniform", "symmetric", "diemer-olson", "erosion", "mass-ratio"):
        assert table[-1].sum() == pytest.approx(module.daughters(coefficients), rel=1e-4)


def test_product_form_of_two_with_no_shape_is_uniform() -> None:
    """p = 2, m = 0: b = 2, Diemer and Olson (2002)."""
    uniform = daughter_table(GRID, "uniform", None)
    module = import_module(DAUGHTERS["diemer-olson"])
    np.testing.assert_allclose(daughter_table(GRID, "diemer-olson", module.Coefficients()), uniform, atol=1e-9)


def test_many_fines_are_cut_off_by_volume() -> None:
    """Austin's quartz has no finite number of fines: the table stays finite and keeps the solids."""
    module = import_module(DAUGHTERS["austin"])
    assert module.daughters(module.Coefficients()) == np.inf
    table = daughter_table(GRID, "austin", module.Coefficients())
    np.testing.assert_allclose(table[-1] @ GRID.pivots, GRID.pivots[-1], rtol=1e-12)
    assert table[-1].sum() > 100.0
