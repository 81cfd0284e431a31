"""The liquid of an engine: where it is, and that none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.errors import ConservationError
from dem.neighbours import BRIDGED
from dem.walls.arrays import HISTORY, SLOTS

if TYPE_CHECKING:
    from dem.engine import Engine

TOLERANCE = 1e-9
"""Share of all liquid that rounding may change: a million bridges made and broken, each with 2^-53 of a film."""


class LiquidVolumes(NamedTuple):
    """films, bridges: volumes [m3]; joined: number of bridges; added, removed: with particles that came, went [m3].

    Bridges are those of pairs and those to walls.
    """

    films: float
    bridges: float
    joined: int
    added: float
    removed: float

    @property
    def error(self) -> float:
        """Liquid that is there or has left over what was added, less 1 [-]."""
        return (self.films + self.bridges + self.removed) / self.added - 1.0 if self.added else 0.0

    def __str__(self) -> str:
        return (
            f"liquid: {self.films:.6g} m3 in films, {self.bridges:.6g} m3 in {self.joined} bridges, "
            f"of {self.added:.6g} m3 added and {self.removed:.6g} m3 removed, error {self.error:.1e}"
        )


def liquid_volumes(engine: Engine) -> LiquidVolumes:
    """Return the liquid in films and bridges; in a full list a bridge of a pair counts in the row of its lower id."""
    host, numpy, size = engine.host_particles(), engine.backend.numpy, engine.size
    start = numpy(engine.pairs.start[: size + 1])
    entries = int(start[size])
    first = np.repeat(np.arange(size), np.diff(start))
    bridged = numpy(engine.pairs.flags[:entries]) & BRIDGED != 0
    if engine.loops.full:
        bridged &= host.id[first] < host.id[numpy(engine.pairs.other[:entries])]
    volumes = numpy(engine.pairs.history[:entries])[bridged, engine.interaction.solid_history]
    at_walls = _bridges_at_walls(engine)
    held = float(volumes.sum(dtype=np.float64)) + float(at_walls.sum())
    joined = len(volumes) + int((at_walls > 0.0).sum())
    return LiquidVolumes(float(host.film.sum()), held, joined, engine.film_added, engine.film_removed)


def volumes_at_walls(engine: Engine) -> NDArray[np.float64]:
    """Return the liquid in the bridges of each slot to walls [m3], shape (size,)."""
    return _bridges_at_walls(engine).sum(axis=1)


def _bridges_at_walls(engine: Engine) -> NDArray[np.float64]:
    """Return the volume in each wall contact [m3], shape (size, SLOTS)."""
    numpy, touches = engine.backend.numpy, engine.touches
    seat, found = numpy(touches.seat[: engine.size]), np.zeros((engine.size, SLOTS))
    seated = np.flatnonzero(seat >= 0)
    volume = numpy(touches.spring)[seat[seated], :, HISTORY + engine.interaction.solid_history]
    found[seated] = np.where(numpy(touches.wall)[seat[seated]] >= 0, volume, 0.0)
    return found


def require_liquid(engine: Engine) -> LiquidVolumes:
    """Return the liquid volumes.

    Raises:
        ConservationError: liquid was made or lost.
    """
    found = liquid_volumes(engine)
    if not abs(found.error) <= TOLERANCE:
        raise ConservationError(f"{found}: more than rounding ({TOLERANCE:g}) at step {engine.step_number}")
    return found
