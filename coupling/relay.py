"""How replicas tell the run that they belong to how far they are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from coupling.progress import Progress

PARTICLES = "particles"
"""Beginning of the name of the stages whose progress is told."""


class Relay(Progress):
    """Progress of a replica: its own log, and to the parent the share of its particle windows that is done."""

    def __init__(self, log: Path, number: int, parts: int, channel: Any) -> None:
        super().__init__(log, io.StringIO())
        self._number, self._parts, self._channel = number, max(parts, 1), channel

    def advance(self, amount: float = 1.0) -> None:
        """Report `amount` more units of work as done."""
        super().advance(amount)
        if self._name.startswith(PARTICLES) and self._total > 0:
            self._channel.put((self._number, amount / self._total / self._parts, ""))
