"""The liquid of an engine: where it is, and that none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.errors import ConservationError
from compute.physics import routine
from compute.single import double
from dem.neighbours import BRIDGED, PairList
from dem.particles import SLOT, Particles
from dem.transport_sums import MOST_SHARES, SHARE_LENGTH
from dem.walls.arrays import HISTORY, SLOTS, WallTouches

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


@routine
def add_up_liquid(
    share: int, size: int, particles: Particles, pairs: PairList, touches: WallTouches, place: int, sums: Any
) -> None:
    """Add up the liquid of every so many slots, from one on; a bridge of a pair counts in the row of its lower id.

    place: of the volume in the history of a contact; sums: films, bridges [m3] and their number, shape (shares, 3).
    """
    films, bridges, joined = 0.0, 0.0, 0.0
    for slot in range(share, size, sums.shape[0]):
        films += particles.film[slot]
        for entry in range(pairs.start[slot], pairs.start[slot + 1]):
            if pairs.flags[entry] & BRIDGED != 0 and particles.id[slot] < particles.id[pairs.other[entry] & SLOT]:
                bridges += double(pairs.history[entry, place])
                joined += 1.0
        if touches.seat[slot] >= 0:
            seat = touches.seat[slot] & SLOT
            for at in range(SLOTS):
                if touches.wall[seat, at] >= 0 and touches.spring[seat, at, HISTORY + place] > 0.0:
                    bridges += double(touches.spring[seat, at, HISTORY + place])
                    joined += 1.0
    sums[share, 0], sums[share, 1], sums[share, 2] = films, bridges, joined


def liquid_volumes(engine: Engine) -> LiquidVolumes:
    """Return the liquid in films and bridges, added up where the arrays are, in the same order every time."""
    backend, shares = engine.backend, max(1, min(MOST_SHARES, -(-engine.size // SHARE_LENGTH)))
    sums, place = backend.zeros((shares, 3)), engine.interaction.solid_history
    backend.foreach(add_up_liquid, shares, engine.size, engine.particles, engine.pairs, engine.touches, place, sums)
    films, bridges, joined = backend.numpy(sums.sum(axis=0)).tolist()
    return LiquidVolumes(films, bridges, round(joined), engine.film_added, engine.film_removed)


def volumes_at_walls(engine: Engine, slots: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the liquid in the bridges of these slots to walls [m3], shape (len(slots),)."""
    backend, touches = engine.backend, engine.touches
    seat, found = backend.numpy(touches.seat[backend.array(slots)]), np.zeros((len(slots), SLOTS))
    seated = np.flatnonzero(seat >= 0)
    rows = backend.array(seat[seated])
    volume = backend.numpy(touches.spring[rows, :, HISTORY + engine.interaction.solid_history])
    found[seated] = np.where(backend.numpy(touches.wall[rows]) >= 0, volume, 0.0)
    return np.asarray(found.sum(axis=1))


def require_liquid(engine: Engine) -> LiquidVolumes:
    """Return the liquid volumes.

    Raises:
        ConservationError: liquid was made or lost.
    """
    found = liquid_volumes(engine)
    if not abs(found.error) <= TOLERANCE:
        raise ConservationError(f"{found}: more than rounding ({TOLERANCE:g}) at step {engine.step_number}")
    return found
