"""Asking a processor for a line of memory before it is needed."""

from __future__ import annotations

from typing import Any

from compute.physics import cpu_routine


@cpu_routine("compute.prefetch_cpu")
def prefetch(rows: Any, i: int, k: int) -> None:
    """Ask a CPU to bring the line of cache with rows[i, k] near; nothing anywhere else.

    It pays where a loop meets a row first in no order that the processor could guess, and data exceed its caches.
    """
