"""What every stage of a run shares: case, folder, backend, progress and the request to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from compute.base import Backend
from compute.errors import StateSaved
from coupling.case import Case
from coupling.interrupt import StopRequest
from coupling.progress import Progress
from dem.case import DemCase
from dem.simulation import STATISTICS_NAME, Simulation, Watch
from dem.statistics_result import EncounterStatistics


@dataclass
class Session:
    """One run of a case by this process.

    Attributes:
        particle_steps, dem_seconds: work and wall time of the particle simulations of this process.
        seconds: wall time of each stage done by this process [s].
    """

    case: Case
    folder: Path
    backend: Backend
    progress: Progress
    stop: StopRequest
    particle_steps: float = 0.0
    dem_seconds: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def device(self) -> Backend | None:
        """The backend where it is a device, on which population balances run then too."""
        return self.backend if self.backend.name == "cuda" else None

    def seed_of(self, stream: int) -> int:
        """Return the seed of one window: a function of the case's seed and the window's number."""
        return int(np.random.SeedSequence([self.case.seed, stream]).generate_state(1, np.uint64)[0] >> 1)

    def timed(self, name: str, work: Callable[[], Any]) -> Any:
        """Do a stage, note how long it took, and stop before it if that was asked for."""
        if self.stop:
            raise StateSaved(f"stopped before the stage {name}; resume to go on")
        self.progress.stage(name, 1)
        began = monotonic()
        result = work()
        self.seconds[name] = monotonic() - began
        self.progress.advance(1)
        return result

    def simulate(self, name: str, case: DemCase, stream: int) -> EncounterStatistics | None:
        """Run the DEM window `name`, or go on with it; a finished window is read, not run again."""
        folder = self.folder / "dem" / name
        if (folder / STATISTICS_NAME).exists():
            return EncounterStatistics.load(folder / STATISTICS_NAME)
        if self.stop:
            raise StateSaved(f"stopped before the window {name}; resume to go on")
        folder.mkdir(parents=True, exist_ok=True)
        began = monotonic()
        simulation = Simulation(case, self.backend, self.seed_of(stream), folder)
        self.progress.stage(f"particles: {name}", simulation.last_step)
        self.progress.event("window", name=name, particles=simulation.engine.size, step=simulation.step_size)
        watch = Watch(
            advanced=lambda done, total: self.progress.advance(done),
            told=self.progress.message,
            stop_requested=lambda: bool(self.stop),
        )
        try:
            return simulation.run(watch)
        finally:
            self.particle_steps += simulation.particle_steps
            self.dem_seconds += monotonic() - began
            self.seconds[f"particles: {name}"] = monotonic() - began

    def facts(self) -> dict[str, Any]:
        """Return what the manifest should say about this process's work."""
        rate = self.particle_steps / self.dem_seconds if self.dem_seconds else None
        return {
            "backend": self.backend.name,
            "threads": self.backend.threads,
            "backend_note": self.backend.note,
            "numerics": self.case.dem.numerics.model_dump() if self.case.dem else None,
            "particle_steps": self.particle_steps,
            "particle_steps_per_second": rate,
            "stage_seconds": {name: round(seconds, 3) for name, seconds in self.seconds.items()},
        }
