"""The state of a simulation over time in files for ParaView: spheres, the bodies that they make up, and walls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dem.clumps.engine import ClumpEngine
from dem.engine import Engine
from dem.particles import CLASS, RADIUS, VX, WX, Particles, X
from dem.snapshots import SnapshotWriter
from dem.wall_snapshots import WallWriter
from dem.walls import Walls

SNAPSHOT_NAME, BODIES_NAME, WALLS_NAME = "particles.vtkhdf", "bodies.vtkhdf", "walls.vtkhdf"


class Output:
    """Writes snapshots into a folder.

    particles.vtkhdf holds all spheres; where there are bodies of several, each with the id of its body, and
    bodies.vtkhdf holds centre, motion and orientation of the bodies, from the shape as described to how it lies, as a
    unit quaternion (w, x, y, z). walls.vtkhdf holds the walls that are meshes, where they are.

    Args:
        walls: as built, on the host.
        names: of all walls.
    """

    def __init__(self, folder: Path, walls: Walls, names: Sequence[str]) -> None:
        self._walls = WallWriter(folder / WALLS_NAME, walls, names)
        self._spheres, self._bodies = SnapshotWriter(folder / SNAPSHOT_NAME), SnapshotWriter(folder / BODIES_NAME)

    def append(self, engine: Engine) -> None:
        """Append the present state; raises what `SnapshotWriter.append` raises."""
        time = engine.step_number * engine.step_size
        self._walls.append(engine.step_number, engine.step_size, engine.backend.numpy(engine.walls.pose))
        particles = engine.host_particles()
        order = np.argsort(particles.id)
        fields = _fields(particles, order, engine.interaction.wet)
        if engine.id_bits:
            fields["body"] = particles.id[order] >> engine.id_bits
        self._spheres.append(time, particles.row[order, X : X + 3], fields)
        if isinstance(engine, ClumpEngine):
            bodies = engine.host_bodies()
            own = _fields(bodies, np.arange(len(bodies.id)), engine.interaction.wet)
            own["orientation"] = engine.host_orientation()
            self._bodies.append(time, bodies.row[:, X : X + 3], own)

    def truncate(self, time: float) -> None:
        """Drop the snapshots of a time [s] and later."""
        for writer in (self._spheres, self._bodies, self._walls):
            writer.truncate(time)


def _fields(particles: Particles, order: NDArray[np.int64], wet: bool) -> dict[str, NDArray[Any]]:
    row = particles.row[order]
    film = {"film_volume": particles.film[order]} if wet else {}
    return film | {
        "id": particles.id[order],
        "class": particles.kind[order, CLASS],
        "radius": row[:, RADIUS],
        "velocity": row[:, VX : VX + 3],
        "angular_velocity": row[:, WX : WX + 3],
    }
