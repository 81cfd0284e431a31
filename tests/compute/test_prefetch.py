"""Prefetching: an instruction on a CPU, nothing in plain Python."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from compute.physics import register_laws
from compute.prefetch import prefetch


def test_is_an_instruction_and_changes_nothing() -> None:
    """x86 calls it prefetcht0 to prefetcht2, 64-bit ARM prfm; sums of the rows are the same."""

    def total(rows: Any, ahead: int) -> float:
        found = 0.0
        for i in range(rows.shape[0]):
            prefetch(rows, min(i + ahead, rows.shape[0] - 1), 0)
            found += rows[i, 0]
        return found

    register_laws()
    compiled = numba.njit(total, _nrt=False)  # type: ignore[call-overload]
    rows = np.arange(30.0).reshape(10, 3)
    assert compiled(rows, 4) == total(rows, 4) == rows[:, 0].sum()
    (assembly,) = compiled.inspect_asm().values()
    assert "prefetch" in assembly or "prfm" in assembly
