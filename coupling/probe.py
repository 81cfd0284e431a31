"""What running a case costs here, measured on its first window: speed by phase, memory, wall time of the run."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from compute import get_backend
from compute.errors import CaseError
from coupling.case import Case
from coupling.checks.windows import windows
from dem.simulation import Simulation
from dem.speed import Phases, Speed, measure_phases

PROBE_STEPS = 200
"""Steps of one measurement of the flow."""


@dataclass(frozen=True)
class Probe:
    """Speed of a case on this machine.

    Attributes:
        backend, threads: where it ran.
        first_step: wall time until the first step was done, loading or compiling kernels included [s].
        settling, moving: speed of the two phases.
        output, checkpoint: wall time of writing one of them [s].
        memory: largest resident memory of this process [bytes].
        wall_time: predicted for all particle windows of the case [s].
    """

    backend: str
    threads: int
    first_step: float
    settling: Speed
    moving: Speed
    output: float
    checkpoint: float
    memory: float
    wall_time: float

    def as_dict(self) -> dict[str, object]:
        """The record as plain values, rates included."""
        speeds = {name: getattr(self, name) for name in ("settling", "moving")}
        return asdict(self) | {name: one._asdict() | {"rate": one.rate} for name, one in speeds.items()}


def probe_case(case: Case, steps: int = PROBE_STEPS) -> Probe:
    """Run the beginning of a case's first window and predict what all windows take.

    Raises:
        CaseError: the case has no particles. BackendUnavailable, SimulationError: as a run does.
    """
    if case.dem is None:
        raise CaseError("nothing to probe: the case has no particles", key="dem", expected="a section dem")
    first = windows(case)[0]
    dem = case.dem if case.coupling is None else case.dem.with_wall_speed(case.coupling.impeller, first.speed)
    backend = get_backend(case.backend, case.threads, dem.numerics.fast)
    with tempfile.TemporaryDirectory() as name:
        simulation = Simulation(dem, backend, case.seed, Path(name))
        phases = measure_phases(simulation, steps)
        output, checkpoint = _timed(simulation.write_output), _timed(simulation.save)
    memory = 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall_time = _predict(case, simulation, phases, output, checkpoint)
    return Probe(
        backend.name,
        backend.threads,
        phases.first,
        phases.settling,
        phases.moving,
        output,
        checkpoint,
        memory,
        wall_time,
    )


def _timed(work: Callable[[], None]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _predict(case: Case, simulation: Simulation, phases: Phases, output: float, checkpoint: float) -> float:
    """Steps of every window at the speed of their phase, and what is written on the way [s]."""
    setup, total = simulation.setup, phases.first
    for window in windows(case):
        steps = round(window.duration / setup.step_size)
        settling = min(setup.settle_steps, steps)
        total += settling * phases.settling.seconds + (steps - settling) * phases.moving.seconds
        outputs = steps // setup.output_steps if setup.output_steps else 1
        checkpoints = steps // setup.checkpoint_steps if setup.checkpoint_steps else 0
        total += output * outputs + checkpoint * checkpoints
    return total
