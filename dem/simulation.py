"""One particle simulation: from a case to a window of statistics, with outputs, checkpoints and resume."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from compute.base import Backend
from compute.errors import CaseError, StateSaved
from dem.case import DemCase
from dem.checkpoint import CheckpointStore
from dem.clumps.engine import new_engine
from dem.flow import Flow
from dem.grains import GRAINS_NAME, save_grains
from dem.liquid.balance import require_liquid
from dem.liquid.wetting import Wetting
from dem.observation import Observation
from dem.output import Output
from dem.packing import initial_particles
from dem.results import RESULTS_NAME, measure_results, save_results
from dem.setup import make_recorder, make_setup
from dem.start import require_clear_start
from dem.statistics_result import EncounterStatistics

PATROL_STEPS = 500
"""Steps between two looks at the clock and at requests to stop."""

STATISTICS_NAME, LOADS_NAME = "statistics.h5", "walls.csv"

TELLINGS = 10
"""How often in a run what flows is told."""

CHECKPOINT_SECONDS = 60.0
"""Wall time between checkpoints that the case does not ask for: how much a killed run loses at most."""


DIGITS = 9
"""Digits of a number that tell one case from another; shares of parcels that follow from a table of sizes may differ
in their last bits from one processor to another."""


STATELESS = {"end", "output_interval", "checkpoint_interval"}
"""Times of a case that change no state that a run goes through."""


def digest(case: DemCase, seed: int) -> str:
    """Return the SHA-256 of a case and its seed, by which a checkpoint knows what it belongs to.

    A run may be lengthened, and write more or less often: what only says that is left out.
    """
    text = case.model_dump_json(by_alias=True, exclude={"time": STATELESS})
    plain = json.loads(text, parse_float=lambda text: f"{float(text):.{DIGITS}g}")
    return hashlib.sha256(json.dumps([seed, plain]).encode()).hexdigest()


@dataclass
class Watch:
    """What the outside sees and asks of a running simulation.

    advanced: called with the number of steps done since the last call and the number done in all; told: called with
    what a reader should know; stop_requested: whether the run should save its state and end.
    """

    advanced: Callable[[int, int], None] = lambda done, total: None
    told: Callable[[str], None] = lambda text: None
    stop_requested: Callable[[], bool] = lambda: False


class Simulation:
    """A particle simulation that can be run, stopped and resumed without a trace in its results.

    Attributes:
        setup: what it is made of.
        flow: feeders and outlets; wetting: sprays and evaporation; observation: what is measured on the bed.
        engine: particles, lists and loops.
        recorder: encounter statistics, None if the case asks for none.
        particle_steps: particle-steps done by this process.
    """

    def __init__(self, case: DemCase, backend: Backend, seed: int, folder: Path | None = None) -> None:
        self.backend, self.folder = backend, folder
        self.setup = make_setup(case)
        self._digest = digest(case, seed)
        classes, walls = self.setup.classes, self.setup.engine.walls
        self._start = particles = initial_particles(case, classes, walls, seed)
        self.flow = Flow(case, classes, walls, seed, self.setup.step_size, particles)
        self.wetting = Wetting(self.setup, seed)
        self.observation = Observation(case, classes, self.setup.step_size)
        if folder:
            self.flow.open(folder)
            self.wetting.open(folder)
            self.observation.open(folder)
        mass = particles.mass if len(particles) else classes.mass
        tally, self.recorder = make_recorder(self.setup, backend, float(mass.mean()))
        self.engine = new_engine(backend, self.setup.engine, tally)
        self.engine.add(particles)
        self.particle_steps = 0.0
        self._store = CheckpointStore(folder) if folder else None
        self._output = Output(folder, walls, [wall.name for wall in case.walls]) if folder else None
        self._saved_at = time.monotonic()

    @property
    def step_size(self) -> float:
        """Time step [s]."""
        return self.setup.step_size

    @property
    def last_step(self) -> int:
        """Number of steps of the whole run."""
        return self.setup.last_step

    def run(self, watch: Watch | None = None) -> EncounterStatistics | None:
        """Run to the end, or resume from the newest good checkpoint of the folder; return the statistics.

        Raises StateSaved when asked to stop, SimulationError when the simulation fails.
        """
        watch = watch or Watch()
        self._resume(watch)
        self.advance(self.last_step, watch)
        self._visit(watch)
        return self._finish(watch)

    def advance(self, last: int, watch: Watch | None = None) -> None:
        """Run up to step number `last`, with all that is due on the way; raises as `run`."""
        watch = watch or Watch()
        while self.engine.step_number < last:
            self._visit(watch)
            before = self.engine.step_number
            self.engine.run(min(self._next_stop(before), last))
            done = self.engine.step_number - before
            self.particle_steps += done * self.engine.size
            watch.advanced(done, self.engine.step_number)
            self._save_if_due(watch)

    def _visit(self, watch: Watch) -> None:
        step, engine = self.engine.step_number, self.engine
        if step > 0 and self.flow.next_event(step - 1) == step:
            self._let_flow(watch)
        if step > 0 and self.wetting.next_event(step - 1) == step:
            self.wetting.visit(step, engine)
        if self.recorder:
            self.recorder.visit(step, engine)
        record = step % self.setup.record_steps == 0 or step == self.last_step
        if engine.interaction.wet:
            self._account_for_liquid(watch, record)
        if self.records and record:
            self.record(watch)
        if self._output_due(step):
            self.write_output()

    def _let_flow(self, watch: Watch) -> None:
        step, engine = self.engine.step_number, self.engine
        entered, message = self.flow.visit(step, engine)
        if message:
            watch.told(message)
        if self.recorder and entered:
            first = engine.body_count - entered
            engine.set_compartments(self.recorder.transport.locate(engine.bodies().row, first), first)

    def _account_for_liquid(self, watch: Watch, record: bool) -> None:
        liquid = require_liquid(self.engine)
        if record:
            self.wetting.record(self.engine.step_number * self.step_size, liquid)
        if self.engine.step_number == self.last_step:
            watch.told(str(liquid))

    @property
    def records(self) -> bool:
        """Whether something is measured, or an account kept, on the way."""
        return self.flow.active or self.setup.case.observables is not None

    def record(self, watch: Watch | None = None) -> None:
        """Write what is measured and the account of what flows, and tell that a number of times in a run."""
        step, every = self.engine.step_number, self.setup.record_steps
        self.observation.visit(step, self.engine, self.flow.blends)
        if not self.flow.active:
            return
        text = self.flow.record(step, self.engine)
        before = (step - 1) // every * every
        if TELLINGS * step // self.last_step > TELLINGS * max(before, 0) // self.last_step:
            (watch or Watch()).told(text)

    def take_sample(self) -> None:
        """Take a sample of the statistics that weighs nothing."""
        if self.recorder:
            self.recorder.sample(self.engine, 0.0)

    @property
    def _saving_steps(self) -> int:
        """Steps between the checkpoints the case asks for, 0 where there are none."""
        return self.setup.checkpoint_steps if self._store else 0

    def _next_stop(self, step: int) -> int:
        stops = [self.last_step, (step // PATROL_STEPS + 1) * PATROL_STEPS]
        if self.recorder:
            stops.append(self.recorder.schedule.next_event(step))
        stops += [(step // every + 1) * every for every in (self.setup.output_steps, self._saving_steps) if every]
        if self.records or self.engine.interaction.wet:
            stops += [self.flow.next_event(step), self.wetting.next_event(step)]
            stops.append((step // self.setup.record_steps + 1) * self.setup.record_steps)
        return min(stop for stop in stops if stop > step)

    def _output_due(self, step: int) -> bool:
        every = self.setup.output_steps
        return bool(self.folder) and (step == self.last_step or (every > 0 and step % every == 0))

    def write_output(self) -> None:
        """Append the present state to the output file of the folder."""
        assert self._output is not None
        self._output.append(self.engine)

    def _save_if_due(self, watch: Watch) -> None:
        step, every = self.engine.step_number, self._saving_steps
        asked = every > 0 and step % every == 0
        overdue = time.monotonic() - self._saved_at > CHECKPOINT_SECONDS
        stop = watch.stop_requested() and step < self.last_step
        if self._store and (asked or overdue or stop):
            self.save()
        if stop:
            raise StateSaved(f"state saved at step {step} of {self.last_step}; resume to go on")

    def save(self) -> None:
        """Write a checkpoint of the state as it is."""
        if self._store:
            arrays = {f"engine.{name}": array for name, array in self.engine.state().items()}
            if self.recorder:
                arrays |= {f"recorder.{name}": array for name, array in self.recorder.state().items()}
            arrays |= {f"flow.{name}": array for name, array in self.flow.state().items()}
            arrays |= {f"wetting.{name}": array for name, array in self.wetting.state().items()}
            attributes = {"time": self.engine.step_number * self.step_size, "case": self._digest}
            self._store.save(self.engine.step_number, arrays, attributes)
        self._saved_at = time.monotonic()

    def _resume(self, watch: Watch) -> None:
        checkpoint = self._store.load_latest() if self._store else None
        if checkpoint is None:
            case, engine = self.setup.case, self.setup.engine
            self._rewind(0.0)
            limit = engine.interaction.contact.overlap_limit
            require_clear_start(self._start, engine.walls, case.domain, limit, engine.shapes)
            return
        if checkpoint.attributes.get("case") != self._digest:
            raise CaseError(
                "the checkpoint is of another case or seed", file=str(checkpoint.path),
                expected="the case.yaml that the run began with; a changed case takes a new run",
            )  # fmt: skip
        self.engine.restore(_part(checkpoint.arrays, "engine."))
        for message in checkpoint.skipped:
            watch.told(message)
        self.flow.restore(_part(checkpoint.arrays, "flow."))
        self.wetting.restore(_part(checkpoint.arrays, "wetting."))
        if self.recorder:
            self.recorder.restore(_part(checkpoint.arrays, "recorder."))
        assert self._output is not None
        self._output.truncate(self.engine.step_number * self.step_size)
        self._rewind(self.engine.step_number * self.step_size)
        watch.told(f"resumed at step {self.engine.step_number} of {self.last_step}")

    def _rewind(self, time: float) -> None:
        """Drop the lines that a run which got further than the last checkpoint has written from a time [s] on."""
        for part in (self.flow, self.wetting, self.observation):
            part.rewind(time)

    def _finish(self, watch: Watch) -> EncounterStatistics | None:
        statistics = self.recorder.result() if self.recorder else None
        loads = self.recorder.loads() if self.recorder else None
        if statistics and loads and self.folder:
            parcels = self.setup.case.parcels
            if parcels is not None and parcels.scale_factor != 1.0:
                save_grains(self.folder / GRAINS_NAME, statistics, self.setup.classes.names, parcels)
            statistics.save(self.folder / STATISTICS_NAME)
            loads.save(self.folder / LOADS_NAME)
        observables = self.setup.case.observables
        if self.folder and observables and (observables.results or observables.outlet_blends):
            results = measure_results(self.setup.case, self.folder, loads)
            save_results(results, self.folder / RESULTS_NAME)
            for result in results:
                watch.told(str(result))
        return statistics


def _part(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
