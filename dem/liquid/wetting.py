"""Liquid that comes and goes while a simulation runs: sprays wet the particles they see, and films evaporate.

Both happen at the end of an interval of so many steps. The drops of an event are functions of (seed, nozzle, event).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.base import module_of
from dem.case import DemCase
from dem.case_liquid import Liquid, Spray
from dem.case_walls import MeshWall
from dem.engine import Engine
from dem.liquid.balance import LiquidVolumes
from dem.liquid.spray import drop_directions, meet_spheres, meet_triangles
from dem.packing import generator
from dem.setup import Setup
from dem.table import Table
from dem.walls import Walls, set_pose
from dem.walls.motion import point_to_body
from dem.walls.placement import place_mesh

NEVER = np.iinfo(np.int64).max
STREAM = 1 << 63
"""First stream of random numbers that belongs to nozzles; those of packings and feeders are below it."""

FATES = ("on particles", "on meshes", "past both")
LIQUID_NAME = "liquid.csv"
LIQUID_COLUMNS = (
    "time [s]", "films [m3]", "bridges [m3]", "number of bridges", "added [m3]", "removed [m3]", "evaporated [m3]",
)  # fmt: skip


def in_body(
    walls: Walls, w: int, apex: NDArray[np.float64], directions: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a point [m], shape (3,), and directions, shape (n, 3), in the body frame of wall w at its pose."""
    origin, *ends = (np.array(point_to_body(walls, w, *point)) for point in np.vstack([np.zeros(3), np.eye(3)]))
    axes = np.array(ends) - origin
    return origin + apex @ axes, directions @ axes


class Outcome(NamedTuple):
    """Volumes [m3]: what a nozzle put on particles, on meshes and past both, and what has evaporated."""

    caught: NDArray[np.float64]
    on_meshes: NDArray[np.float64]
    past: NDArray[np.float64]
    evaporated: float


class Wetting:
    """Sprays and evaporation of one simulation; a case without either has no events."""

    def __init__(self, setup: Setup, seed: int) -> None:
        self._case: DemCase = setup.case
        self._step_size, self._settled, self._seed = setup.step_size, setup.settle_steps * setup.step_size, seed
        liquid = self._case.liquid
        self._sprays = liquid.sprays if liquid else ()
        self._every = max(1, round(liquid.interval / setup.step_size)) if liquid else 1
        self.active = bool(liquid and (liquid.sprays or liquid.evaporation))
        self._volumes, self._evaporated = np.zeros((len(self._sprays), 3)), 0.0
        self._table: Table | None = None
        self._walls = setup.engine.walls
        walls = self._case.walls if self._sprays else ()
        self._meshes = [(w, place_mesh(wall, "walls")) for w, wall in enumerate(walls) if isinstance(wall, MeshWall)]

    def open(self, folder: Path) -> None:
        """Write the account of the liquid into this folder."""
        if self._case.liquid:
            nozzles = (f"{spray.name} {fate} [m3]" for spray in self._sprays for fate in FATES)
            self._table = Table(folder / LIQUID_NAME, (*LIQUID_COLUMNS, *nozzles))

    def record(self, time: float, volumes: LiquidVolumes) -> None:
        """Add a row to the account at a time [s]."""
        if self._table:
            held = [volumes.films, volumes.bridges, volumes.joined, volumes.added, volumes.removed]
            self._table.append([[time, *held, self._evaporated, *self._volumes.ravel().tolist()]])

    def rewind(self, time: float) -> None:
        """Drop the rows from a time [s] on, written by a run that went further."""
        if self._table:
            self._table.truncate(time - 0.5 * self._step_size)

    def next_event(self, step: int) -> int:
        """Return the first step after `step` at which films change."""
        return (step // self._every + 1) * self._every if self.active else NEVER

    @property
    def outcome(self) -> Outcome:
        """What has happened so far."""
        caught, on_meshes, past = self._volumes.T
        return Outcome(caught, on_meshes, past, self._evaporated)

    def visit(self, step: int, engine: Engine) -> None:
        """Let what was on its way since the last event arrive, and what has evaporated go."""
        liquid, xp = self._case.liquid, module_of(engine.backend)
        assert liquid is not None
        if liquid.evaporation:
            depth = liquid.evaporation / liquid.density * self._every * self._step_size
            gone = xp.minimum(engine.particles.film[: engine.size], depth * engine.surfaces())
            self._evaporated += float(engine.backend.numpy(gone.sum()))
            engine.change_films(-gone)
        walls = self._placed(step, engine)
        for number, spray in enumerate(self._sprays):
            drop = self._due(spray, step, liquid) / liquid.density / liquid.drops
            if drop > 0.0:
                caught, fates = self._arrive(number, spray, step, engine, walls, liquid.drops)
                volume, (slots, drops) = engine.backend.zeros(engine.size), np.unique(caught, return_counts=True)
                volume[engine.backend.array(slots)] = engine.backend.array(drops * drop)
                engine.change_films(volume)
                self._volumes[number] += fates * drop

    def _placed(self, step: int, engine: Engine) -> Walls:
        """Return the walls, the meshes where they are at this step: what bears a load, where the engine has it."""
        walls = self._walls._replace(pose=np.array(engine.backend.numpy(engine.walls.pose)))
        for w, _ in self._meshes:
            set_pose(w, walls, step, self._step_size)
        return walls

    def _due(self, spray: Spray, step: int, liquid: Liquid) -> float:
        """Mass [kg] that left the nozzle in the interval that ends at this step."""
        end = step * self._step_size - self._settled
        begin = max(end - self._every * self._step_size, spray.start)
        last = end if spray.end is None else min(end, spray.end)
        return spray.rate * max(last - begin, 0.0)

    def _arrive(
        self, number: int, spray: Spray, step: int, engine: Engine, walls: Walls, drops: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the slot of each drop that is caught by one, and how many meet each fate."""
        stream = STREAM + (step // self._every) * len(self._sprays) + number
        directions, apex = drop_directions(spray, generator(self._seed, stream), drops), np.array(spray.position)
        flight, slot = meet_spheres(engine.backend, apex, directions, engine.particles, engine.size)
        barred = np.full(drops, np.inf)
        for w, corners in self._meshes:
            barred = np.minimum(barred, meet_triangles(*in_body(walls, w, apex, directions), corners))
        caught = flight < barred
        on_meshes = (barred <= flight) & np.isfinite(barred)
        fates = np.array([caught.sum(), on_meshes.sum(), drops - caught.sum() - on_meshes.sum()])
        return slot[caught], fates

    def state(self) -> dict[str, NDArray[np.float64]]:
        """Return the arrays a checkpoint must hold."""
        return {"volumes": self._volumes, "evaporated": np.array(self._evaporated)}

    def restore(self, state: dict[str, NDArray[np.float64]]) -> None:
        """Take over the arrays of a checkpoint."""
        self._volumes, self._evaporated = state["volumes"], float(state["evaporated"])
