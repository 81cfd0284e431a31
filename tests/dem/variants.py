"""How a bed is computed again, to see what step, threads and precision change."""

from __future__ import annotations

from typing import NamedTuple


class Variant(NamedTuple):
    """How a bed is computed: in how many parts a time step is cut, by how many threads, kind of walls, numerics."""

    parts: int = 1
    threads: int = 1
    walls: str = "surfaces"
    numerics: str = "exact"


PLAIN = Variant()
REPEATS = {
    "half the step": Variant(parts=2),
    "two threads": Variant(threads=2),
    "mixed precision": Variant(numerics="mixed"),
}
