"""Running sums in place: by the library of a device, or as bodies where several copies of the work launch together.

The bodies sum parts of about the root of the length, one thread each, then the sums of the parts, one thread for all.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np

from compute.base import Backend, copies_beside, module_of
from compute.physics import routine


@routine
def clear_word(i: int, words: Any) -> None:
    """Put nil into one word."""
    words[i] = 0


@routine
def add_up_part(i: int, counts: Any, sums: Any, width: int) -> None:
    """Replace each count of a part by the sum of all up to it within the part."""
    total = 0
    for k in range(i * width, min((i + 1) * width, counts.shape[0])):
        total += counts[k]
        counts[k] = total
    sums[i] = total


@routine
def add_up_sums(i: int, sums: Any, parts: int) -> None:
    """Replace the sum of each part by that of all before it."""
    total = 0
    for part in range(parts):
        own = sums[part]
        sums[part] = total
        total += own


@routine
def raise_part(i: int, counts: Any, sums: Any, width: int) -> None:
    """Add what stands before a part to all of it."""
    for k in range(i * width, min((i + 1) * width, counts.shape[0])):
        counts[k] += sums[i]


class RunningSums:
    """Running sums on one backend, and room for those of the parts."""

    def __init__(self, backend: Backend) -> None:
        self._backend, self._sums = backend, backend.zeros(1, np.int64)

    def add_up(self, counts: Any) -> None:
        """Replace each count by the sum of all up to it, in place."""
        if copies_beside(self._backend) == 1:
            module_of(self._backend).cumsum(counts, dtype=counts.dtype, out=counts)
            return
        width = isqrt(max(len(counts), 1) - 1) + 1
        parts = -(-len(counts) // width)
        if parts > len(self._sums):
            self._sums = self._backend.zeros(2 * parts, np.int64)
        self._backend.foreach(add_up_part, parts, counts, self._sums, width)
        self._backend.foreach(add_up_sums, 1, self._sums, parts)
        self._backend.foreach(raise_part, parts, counts, self._sums, width)
