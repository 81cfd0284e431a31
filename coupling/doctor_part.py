"""One thing that a machine is looked through for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One thing looked for.

    Attributes:
        name: what it is.
        found: what was found; empty if it is missing.
        needed: whether plain runs need it.
        serves: what it is for.
        remedy: the command that mends its absence.
    """

    name: str
    found: str
    needed: bool
    serves: str
    remedy: str = ""
