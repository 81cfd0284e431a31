"""What flows in and out of a simulation: feeders, outlets, their account and its tables.

At an event, every so many steps, the particles in the regions of outlets leave and those due from feeders enter.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.base import module_of
from dem.case import DemCase
from dem.case_flow import EVENT_STEPS
from dem.clumps.orientation import NO_TURN
from dem.engine import Engine
from dem.inflow import Inflow
from dem.ledger import Exits, Ledger
from dem.outflow import KEPT, near_outlets, reached_outlets
from dem.outlet_blends import SAMPLES_COLUMNS, SAMPLES_NAME, OutletBlends
from dem.particle_set import ClassTable, ParticleSet
from dem.particles import CLASS, MASS, MATERIAL, RADIUS, VX, WX, Particles, X
from dem.table import Cell, Table
from dem.walls import Walls

NEVER = np.iinfo(np.int64).max
START = "start"
"""Name of the source of all particles that are there when a run starts."""
FLOW_NAME, EXITS_NAME = "flow.csv", "exits.csv"
FLOW_COLUMNS = ("time [s]", "what", "outlet", "source", "class", "number", "mass [kg]", "mass flow [kg/s]")
EXIT_COLUMNS = ("time [s]", "id", "class", "source", "outlet", "age [s]", "mass [kg]")
PARTS = ("inflow", "ledger", "blends")


class Flow:
    """Feeders and outlets of one simulation; a case without either has no events and writes nothing.

    initial: particles at the start.

    Attributes:
        sources: names of what particles come from, the start first.
        inflow: feeders; ledger: account of the particles; blends: samples of what leaves.
    """

    def __init__(
        self, case: DemCase, classes: ClassTable, walls: Walls, seed: int, step_size: float, initial: ParticleSet
    ) -> None:
        self._case, self._classes, self._step_size = case, classes, step_size
        self.inflow = Inflow(case, classes, walls, seed, step_size)
        self.inflow.next_id = len(initial)
        self.sources = (START, *self.inflow.names)
        self.ledger = Ledger(len(self.sources), len(case.outlets), len(classes.names))
        self.ledger.enter(0, 0, initial.particle_class, 0.0)
        self.blends = OutletBlends(case, classes)
        self._recorded = np.zeros(1 + self.ledger.fed.size + self.ledger.removed.size)
        self._told_waiting = False
        self._tables: dict[str, Table] = {}

    @property
    def active(self) -> bool:
        """Whether anything flows."""
        return len(self.sources) > 1 or bool(self._case.outlets)

    def open(self, folder: Path) -> None:
        """Write tables into this folder."""
        columns = {FLOW_NAME: FLOW_COLUMNS, EXITS_NAME: EXIT_COLUMNS}
        columns |= {SAMPLES_NAME: SAMPLES_COLUMNS} if len(self.blends) else {}
        self._tables = {name: Table(folder / name, columns[name]) for name in columns} if self.active else {}

    def next_event(self, step: int) -> int:
        """Return the first step after `step` at which particles may leave or enter."""
        return (step // EVENT_STEPS + 1) * EVENT_STEPS if self.active else NEVER

    def visit(self, step: int, engine: Engine) -> tuple[int, str]:
        """Let particles leave and enter; return how many entered, and what a reader should know or nothing."""
        self._let_out(step, engine)
        entered = 0
        for number, fresh in enumerate(self.inflow.enter(step, self._present(engine))):
            if len(fresh):
                self.ledger.enter(1 + number, int(fresh.id[0]), fresh.particle_class, step * self._step_size)
                engine.add(fresh)
                entered += len(fresh)
        return entered, self._waiting(step)

    def _present(self, engine: Engine) -> ParticleSet:
        """Return the spheres that may be in the way of those that enter."""
        particles, numpy, xp = engine.particles, engine.backend.numpy, module_of(engine.backend)
        row = particles.row[: engine.size]
        slots = xp.flatnonzero(self.inflow.near(row[:, X : X + 3], row[:, RADIUS], xp))
        return _as_set(Particles(*(numpy(array[slots]) for array in particles)))

    def _waiting(self, step: int) -> str:
        waiting, known = self.inflow.waiting, self._told_waiting
        self._told_waiting = bool(waiting)
        if known or not waiting:
            return ""
        names = ", ".join(f"{name} ({number})" for name, number in waiting.items())
        return (
            f"particles to be inserted find no room (t = {step * self._step_size:.6g} s) and wait: {names}; "
            "enlarge the region of the insertion, or lower its rate"
        )

    def _let_out(self, step: int, engine: Engine) -> None:
        if not self._case.outlets:
            return
        bodies, numpy, xp = engine.bodies(), engine.backend.numpy, module_of(engine.backend)
        position, domain = bodies.row[:, X : X + 3], self._case.domain
        near = xp.flatnonzero(near_outlets(self._case.outlets, domain, position, xp))
        outlet = reached_outlets(self._case.outlets, domain, numpy(position[near]))
        reached = np.flatnonzero(outlet != KEPT)
        if not len(reached):
            return
        slots, ids = numpy(near)[reached], numpy(bodies.id[near])[reached]
        order = np.argsort(ids)
        kinds = numpy(bodies.kind[near])[reached, CLASS].astype(np.int64)[order]
        exits = self.ledger.leave(ids[order], kinds, outlet[reached][order], step * self._step_size)
        gone = np.zeros(engine.body_count, bool)
        gone[slots] = True
        if EXITS_NAME in self._tables:
            self._tables[EXITS_NAME].append(self._exit_rows(exits, step))
        samples = list(self.blends.leave(kinds, exits.outlet, step * self._step_size))
        if samples and SAMPLES_NAME in self._tables:
            self._tables[SAMPLES_NAME].append(samples)
        engine.remove(gone)
        if self.ledger.is_long(engine.body_count):
            self.ledger.forget(numpy(engine.bodies().id))

    def _exit_rows(self, exits: Exits, step: int) -> Iterator[list[Cell]]:
        for number, kind, source, outlet, age in zip(*(column.tolist() for column in exits)):
            names = self._classes.names[kind], self.sources[source], self._case.outlets[outlet].name
            yield [step * self._step_size, number, *names, age, float(self._classes.mass[kind])]

    def record(self, step: int, engine: Engine) -> str:
        """Write the account into its table; return the hold-up and the flows since the last time as text.

        Raises:
            ConservationError: a particle was lost or made.
        """
        held = self.ledger.held(engine.host_bodies())
        counts = np.concatenate([self.ledger.fed.ravel(), self.ledger.removed.ravel()])
        time, own = step * self._step_size, self._classes.mass
        passed = time - self._recorded[0]
        flows = (counts - self._recorded[1:]) / passed if passed > 0.0 else np.zeros(len(counts))
        fed, removed = np.split(flows, [self.ledger.fed.size])
        removed = removed.reshape(self.ledger.removed.shape)
        self._recorded = np.concatenate([[time], counts])
        if FLOW_NAME in self._tables:
            parts = (("fed", "", self.ledger.fed, fed.reshape(held.shape)), ("held", "", held, None))
            outlets = zip(self._case.outlets, self.ledger.removed, removed)
            leaving = tuple(("removed", outlet.name, numbers, flow) for outlet, numbers, flow in outlets)
            self._tables[FLOW_NAME].append(row for part in parts + leaving for row in self._flow_rows(time, *part))
        return (
            f"t = {time:.4g} s: {held.sum()} particles, {held.sum(axis=0) @ own:.4g} kg held; in "
            f"{fed.reshape(held.shape).sum(axis=0) @ own:.4g} kg/s, out {removed.sum(axis=(0, 1)) @ own:.4g} kg/s"
        )

    def _flow_rows(self, time: float, what: str, outlet: str, numbers: Any, flows: Any) -> Iterator[list[Cell]]:
        for source, name in enumerate(self.sources):
            for kind, class_name in enumerate(self._classes.names):
                number, mass = int(numbers[source, kind]), float(self._classes.mass[kind])
                flow: Cell = "" if flows is None else float(flows[source, kind] * mass)
                yield [time, what, outlet, name, class_name, number, number * mass, flow]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold."""
        state = {"recorded": self._recorded, "told": np.array(self._told_waiting)}
        for part in PARTS:
            state |= {f"{part}.{key}": array for key, array in getattr(self, part).state().items()}
        return state

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        self._recorded, self._told_waiting = state["recorded"], bool(state["told"])
        for part in PARTS:
            prefix = f"{part}."
            own = {key.removeprefix(prefix): array for key, array in state.items() if key.startswith(prefix)}
            getattr(self, part).restore(own)

    def rewind(self, time: float) -> None:
        """Drop the rows of the tables from a time [s] on, written by a run that went further."""
        for table in self._tables.values():
            table.truncate(time - 0.5 * self._step_size)


def _as_set(particles: Particles) -> ParticleSet:
    row, kind = particles.row, particles.kind.astype(np.int64)
    return ParticleSet(
        row[:, X : X + 3], row[:, VX : VX + 3], row[:, WX : WX + 3], row[:, RADIUS], row[:, MASS], kind[:, MATERIAL],
        kind[:, CLASS], particles.id, np.broadcast_to(NO_TURN, (len(row), 4)),
    )  # fmt: skip
