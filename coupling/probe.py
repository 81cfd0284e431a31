"""What running a case costs here, measured on its first window: speed by phase, memory, wall time of the run."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time

from compute import get_backend
from compute.compiling import Compiling, tell_compiling
from compute.errors import CaseError
from coupling.balance_cost import balance_seconds
from coupling.case import Case
from coupling.checks.windows import windows
from coupling.prediction import Costs, predict
from coupling.report.page import write_report
from dem.case import DemCase
from dem.simulation import Simulation
from dem.speed import Phases, Speed, measure_phases

PROBE_STEPS = 200
"""Steps of one measurement of the flow."""


@dataclass(frozen=True)
class Probe:
    """Speed of a case on this machine.

    Attributes:
        backend, threads: where it ran.
        first_step: wall time until the first step was done, kernels loaded, compilation apart [s].
        compiled: wall time of compilation, which runs that follow do not spend again [s].
        settling, moving: speed of the two phases.
        output, checkpoint: wall time of writing one of them [s].
        memory: largest resident memory of this process [bytes].
        parts: predicted wall time of each part of the case [s]; wall_time: of all.
    """

    backend: str
    threads: int
    first_step: float
    compiled: float
    settling: Speed
    moving: Speed
    output: float
    checkpoint: float
    memory: float
    parts: dict[str, float]

    @property
    def wall_time(self) -> float:
        """Predicted for the whole case, its code compiled [s]."""
        return sum(self.parts.values())

    def as_dict(self) -> dict[str, object]:
        """The record as plain values, rates included."""
        speeds = {name: getattr(self, name) for name in ("settling", "moving")}
        rates = {name: one._asdict() | {"rate": one.rate} for name, one in speeds.items()}
        return asdict(self) | rates | {"wall_time": self.wall_time}


class CompileClock:
    """Adds up what compilation takes, and passes on what it is told.

    seconds: wall time [s].
    """

    def __init__(self, told: Callable[[Compiling], None]) -> None:
        self.seconds, self._told = 0.0, told

    def __call__(self, state: Compiling) -> None:
        """Take note of a state of the compiler."""
        self.seconds += state.seconds if state.done else 0.0
        self._told(state)


def probe_case(case: Case, steps: int = PROBE_STEPS, told: Callable[[Compiling], None] = lambda state: None) -> Probe:
    """Run the beginning of a case's first window and predict what the whole case takes.

    told: hears of compilation. Raises CaseError: the case has no particles; BackendUnavailable, SimulationError: as a
    run does.
    """
    if case.dem is None:
        raise CaseError("nothing to probe: the case has no particles", key="dem", expected="a section dem")
    first = windows(case)[0]
    dem = case.dem if case.coupling is None else case.dem.with_wall_speed(case.coupling.impeller, first.speed)
    compiling = CompileClock(told)
    with tell_compiling(compiling), tempfile.TemporaryDirectory() as name:
        simulation, phases, costs = _measure(case, dem, steps, Path(name), compiling, first.speed)
    return Probe(
        backend=simulation.backend.name,
        threads=simulation.backend.threads,
        first_step=phases.first,
        compiled=compiling.seconds,
        settling=phases.settling,
        moving=phases.moving,
        output=costs.output,
        checkpoint=costs.checkpoint,
        memory=1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        parts=predict(windows(case), simulation.setup, simulation.records, costs),
    )


def _measure(
    case: Case, dem: DemCase, steps: int, folder: Path, compiling: CompileClock, speed: float
) -> tuple[Simulation, Phases, Costs]:
    backend = get_backend(case.backend, case.threads, dem.numerics.fast)
    window = folder / "dem" / windows(case)[0].name
    window.mkdir(parents=True)
    start, began = process_time(), perf_counter()
    simulation = Simulation(dem, backend, case.seed, window)
    packing = perf_counter() - began
    phases = measure_phases(simulation, steps)
    phases = phases._replace(first=phases.first - compiling.seconds)
    sample = _timed(simulation.take_sample) if simulation.recorder else 0.0
    record = _timed(simulation.record) if simulation.records else 0.0
    output, checkpoint = _timed(simulation.write_output), _timed(simulation.save)
    balance = balance_seconds(case, speed)
    before = compiling.seconds
    report = _timed(lambda: write_report(case, folder, case.backend != "python")) - (compiling.seconds - before)
    costs = Costs(
        start + phases.first, packing, phases.settling, phases.moving, speed, sample, record, output, checkpoint,
        balance, report,
    )  # fmt: skip
    return simulation, phases, costs


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
