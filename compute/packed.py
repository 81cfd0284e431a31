"""Rows of eight values, what a register of 512 bits holds: sums over rows that are picked one by one.

Loops over picked rows do not vectorise by themselves. Each routine here is plain text for every backend; the CPU runs
the version of the same name in `compute.packed_cpu`, one operation a row, in the same order and so with the same bits.
A row is contiguous; a table of rows has the shape (rows, WIDTH).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.physics import cpu_routine

Floats = NDArray[np.float64]
WIDTH = 8
packed_routine = cpu_routine("compute.packed_cpu")
LINE = 64
"""Bytes of a line of cache."""


def line_zeros(shape: Any, dtype: Any = np.float64) -> NDArray[Any]:
    """Return an array of zeros that begins with a line of cache."""
    length = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(length + LINE, np.uint8)
    begin = -memory.ctypes.data % LINE
    return memory[begin : begin + length].view(dtype).reshape(shape)


@packed_routine
def gather_rows(weights: Floats, rows: Floats, places: NDArray[np.int64], begin: int, end: int, total: Floats) -> None:
    """Fill `total` with the sum of weights[p] rows[p] over the places p of the entries from `begin` to before `end`."""
    for column in range(WIDTH):
        total[column] = 0.0
    for at in range(begin, end):
        place = places[at]
        for column in range(WIDTH):
            total[column] += weights[place] * rows[place, column]


@packed_routine
def spread_row(row: Floats, weights: Floats, places: NDArray[np.int64], begin: int, end: int, rows: Floats) -> None:
    """Add weights[at] times a row to rows[places[at]] for the entries from `begin` to before `end`."""
    for at in range(begin, end):
        for column in range(WIDTH):
            rows[places[at], column] += weights[at] * row[column]


@packed_routine
def move_row(part: float, row: Floats, rows: Floats, source: int, target: int) -> None:
    """Take `part` times a row from rows[source], and add it to rows[target], another."""
    for column in range(WIDTH):
        moved = part * row[column]
        rows[source, column] -= moved
        rows[target, column] += moved


@packed_routine
def add_shifted(
    amount: float, total: Floats, own: Floats, i: int, base: Floats, target: int, rows: Floats
) -> None:  # fmt: skip
    """Add `amount` times total + total[0] (own[i] - base[target]) to rows[target]."""
    for column in range(WIDTH):
        rows[target, column] += amount * (total[column] + total[0] * (own[i, column] - base[target, column]))


@packed_routine
def meet_row(smaller: Floats, rates: Floats, larger: Floats, pairs: Floats, lost: Floats) -> None:
    """Add the events rates[m, k] larger[k], smaller[q, m] times each, to pairs[q, m, k] for q of 0 and 1.

    `pairs` has the shape (2, m k) or more rows, and the columns k are a multiple of WIDTH. Fills lost[0, m] with the
    sum of events over k, by eight partial sums, and lost[1, k] with that of smaller[0, m] times events over m.
    """
    width = rates.shape[1]
    for k in range(width):
        lost[1, k] = 0.0
    for m in range(rates.shape[0]):
        partial = [0.0] * WIDTH
        for k in range(width):
            events = rates[m, k] * larger[k]
            pairs[0, m * width + k] += smaller[0, m] * events
            pairs[1, m * width + k] += smaller[1, m] * events
            lost[1, k] += smaller[0, m] * events
            partial[k % WIDTH] += events
        fourths = [partial[k] + partial[k + 4] for k in range(4)]
        lost[0, m] = (fourths[0] + fourths[2]) + (fourths[1] + fourths[3])
