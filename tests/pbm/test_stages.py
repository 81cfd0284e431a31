"""The measure of a step's error."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pbm.assemble import make_tables
from pbm.model import NUMBER
from pbm.stages import Control, error_over_tolerance, make_scratch
from tests.pbm.population import wide_grid

GRID = wide_grid(6)


@pytest.mark.parametrize("where", [(0, 0, 0), (2, 1, 3), (1, 3, 5)])
def test_a_value_that_is_no_number_is_never_lost(where: tuple[int, int, int]) -> None:
    """Comparisons with one are false (IEEE 754), so that a maximum can pass over it: the error has to be none either,
    wherever it stands.
    """
    scratch, control = make_scratch(1, GRID.classes), Control(1e-4, 1e-2, 1e-12, 1e-10)
    scratch.trial[0, NUMBER] = 1.0
    scratch.level[:, 0, NUMBER] = 1.0
    tables = make_tables(GRID)
    assert error_over_tolerance(0.0, control, tables, scratch) == 0.0
    level, quantity, k = where
    scratch.level[level, 0, quantity, k] = math.nan
    assert not np.isfinite(error_over_tolerance(0.0, control, tables, scratch))
