"""Rows of eight values: the same text on every backend, and on CPUs operations on whole vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from compute.packed import WIDTH, add_shifted, gather_rows, line_zeros, meet_row, move_row, spread_row

ROWS, ENTRIES = 9, 31
RANDOM = np.random.default_rng(1)
TABLE, OTHER = RANDOM.normal(size=(2, ROWS, WIDTH))
WEIGHTS, ROW = RANDOM.normal(size=ENTRIES), RANDOM.normal(size=WIDTH)
PLACES = RANDOM.integers(0, ROWS, ENTRIES)
RATES = RANDOM.normal(size=(5, 2 * WIDTH))
CALLS = {
    gather_rows: (WEIGHTS[:ROWS], TABLE, PLACES, 2, ENTRIES - 3, ROW),
    spread_row: (ROW, WEIGHTS, PLACES, 2, ENTRIES - 3, TABLE),
    move_row: (0.3, ROW, TABLE, 4, 7),
    add_shifted: (0.3, ROW, TABLE, 2, OTHER, 5, TABLE[::-1].copy()),
    meet_row: (TABLE[:3, :5], RATES, WEIGHTS[: 2 * WIDTH], np.ones((2, 10 * WIDTH)), np.ones((2, 2 * WIDTH))),
}


@pytest.mark.parametrize("routine", CALLS, ids=lambda routine: routine.__name__)
def test_vectors_repeat_the_plain_text_to_the_bit(routine: Callable[..., None]) -> None:
    """Every column is summed in the order of the entries, so that no bit may differ; something has to change."""
    from numba import njit

    from compute.physics import register_laws

    register_laws()
    compiled = njit(lambda *arguments: routine(*arguments))
    given, plain, packed = (
        [each.copy() if isinstance(each, np.ndarray) else each for each in CALLS[routine]] for _ in range(3)
    )
    routine(*plain)
    compiled(*packed)
    changed = 0
    for before, one, other in zip(given, plain, packed):
        np.testing.assert_array_equal(one, other)
        changed += int(np.any(before != one))
    assert changed == (2 if routine is meet_row else 1)


def test_gathered_and_spread_rows_are_sums_of_products() -> None:
    """Both against numpy's products of matrices, to the round-off of sums of thirty terms."""
    picked, total, rows = np.zeros((ENTRIES, ROWS)), np.zeros(WIDTH), np.zeros((ROWS, WIDTH))
    picked[np.arange(ENTRIES), PLACES] = 1.0
    gather_rows(WEIGHTS[:ROWS], TABLE, PLACES, 0, ENTRIES, total)
    np.testing.assert_allclose(total, picked.sum(axis=0) * WEIGHTS[:ROWS] @ TABLE, rtol=1e-12)
    spread_row(ROW, WEIGHTS, PLACES, 0, ENTRIES, rows)
    np.testing.assert_allclose(rows, np.outer(WEIGHTS @ picked, ROW), rtol=1e-12, atol=1e-15)


def test_rows_that_meet_are_products() -> None:
    """Events of every pair of columns and their sums against numpy's products, to the round-off of sixteen terms."""
    smaller, larger = TABLE[:2, :5], WEIGHTS[: 2 * WIDTH]
    pairs, lost = np.zeros((2, RATES.size)), np.zeros((2, 2 * WIDTH))
    meet_row(smaller, RATES, larger, pairs, lost)
    events = RATES * larger
    np.testing.assert_allclose(pairs, [(amounts[:, None] * events).ravel() for amounts in smaller], rtol=1e-15)
    np.testing.assert_allclose(lost[0, :5], events.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(lost[1], smaller[0] @ events, rtol=1e-12)


@pytest.mark.parametrize("shape", [3, (2, 5)])
def test_rows_begin_with_a_line_of_cache(shape: int | tuple[int, ...]) -> None:
    """Zeros whose address is a multiple of 64 bytes, whatever numpy gives."""
    zeros = line_zeros(shape)
    assert zeros.ctypes.data % 64 == 0 and not zeros.any() and zeros.flags.c_contiguous
