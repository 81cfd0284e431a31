"""What `make gpu` times: drums of spheres, one of them in DEM-Engine too, and the windows of the demo."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import dem_engine
from benchmarks.dosta import bed_document
from benchmarks.replicas import rate_of_copies
from benchmarks.scenario import HERE, TEMPLATES
from compute import get_backend
from coupling.case_document import CaseDocument
from coupling.case_file import check_document, read_case
from dem.case import DemCase
from dem.case_limits import sphere_count
from dem.packing import initial_particles
from dem.setup import make_setup
from dem.simulation import Simulation

SEED = 1
PACKED = 0.56
"""Solids fraction in which the spheres of a drum start."""
SETTLING, TIMED = 2000, 1000
"""Steps before and in the timing of a workload."""
DEMO = HERE.parent / "cases" / "high-shear-granulator" / "case.yaml"
COMPILING = "numba-cuda:compiler_lock"

Found = dict[str, Any]


class Workload(NamedTuple):
    """What is timed.

    particles: their number; run: from the name of a backend and the time left [s] to what was found, or why nothing
    was; asked: (what is compared, target, goal), where `rate` is in particle-steps/s, to be reached, seconds of a
    `step` or of `all` are not to be passed, and the name of another workload stands for shares of its rate, to be
    reached; beside: the workload that is asked to be twice as fast as this one.
    """

    particles: int
    run: Callable[[str, float], Found]
    asked: tuple[str, float, float] | None = None
    beside: str = ""


class TimedCase(NamedTuple):
    """The steps of a case: make writes it into a folder; settling, timed: steps before and in the timing."""

    make: Callable[[Path], DemCase]
    settling: int = SETTLING
    timed: int = TIMED

    def __call__(self, backend: str, left: float) -> Found:
        """Return seconds to set it up and of a step, rate, share of rebuilds, memory of the device [GB]."""
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            simulation = Simulation(self.make(Path(folder)), get_backend(backend), SEED)
        engine, ready = simulation.engine, time.perf_counter()
        simulation.advance(self.settling)
        rebuilds, rebuilding, start = engine.rebuilds, engine.rebuild_seconds, time.perf_counter()
        simulation.advance(self.settling + self.timed)
        seconds = time.perf_counter() - start
        return {
            "particles": engine.size,
            "set_up_seconds": ready - began,
            "settling_seconds": start - ready,
            "step_seconds": seconds / self.timed,
            "rate": engine.size * self.timed / seconds,
            "rebuild_share": (engine.rebuild_seconds - rebuilding) / seconds,
            "rebuild_interval": self.timed / max(engine.rebuilds - rebuilds, 1),
            "device_memory_gb": used_memory(backend),
        }


class TimedCopies(NamedTuple):
    """The steps of copies of a case in common launches."""

    case: TimedCase
    copies: int

    def __call__(self, backend: str, left: float) -> Found:
        """Return the rate of all together; a step is one of all of them."""
        with tempfile.TemporaryDirectory() as folder:
            case = self.case.make(Path(folder))
        rate = rate_of_copies(case, self.copies, get_backend(backend), self.case.settling, self.case.timed)
        size = round(sphere_count(case)) * self.copies
        return {
            "particles": size, "copies": self.copies, "rate": rate, "step_seconds": size / rate,
            "device_memory_gb": used_memory(backend),
        }  # fmt: skip


class PeerDrum(NamedTuple):
    """The start of a long drum, stepped by DEM-Engine."""

    drum: TimedCase
    length: float

    def __call__(self, backend: str, left: float) -> Found:
        """Return what its process says; it may take all the time that is left."""
        reason = dem_engine.missing()
        if reason:
            return {"left_out": reason}
        with tempfile.TemporaryDirectory() as folder:
            case = self.drum.make(Path(folder))
            setup = make_setup(case)
            start = initial_particles(case, setup.classes, setup.engine.walls, SEED)
            path = Path(folder) / "drum.npz"
            dem_engine.write_drum(path, start.position, float(start.radius[0]), self.length)
            return dem_engine.compare(path, self.drum.settling, self.drum.timed, left)


class Windows(NamedTuple):
    """The windows of particles of a whole case, one after the other.

    assignments: what is changed in it; steps: of each window, none: all.
    """

    case: Path
    assignments: tuple[str, ...] = ()
    steps: int | None = None

    def __call__(self, backend: str, left: float) -> Found:
        """Return their number and seconds, and the time of it that went into compiling kernels for a device [s]."""
        case = read_case(self.case, self.assignments)
        assert case.coupling is not None
        design, dem, chosen = case.coupling.design, particle_part(case.dem), get_backend(backend)
        speeds = [*design.speeds, design.middle]  # the grown state has the parcels of the feed
        began, steps, size = time.perf_counter(), 0, 0
        with compile_seconds() as compiling:
            for stream, speed in enumerate(speeds):
                simulation = Simulation(dem.with_wall_speed(case.coupling.impeller, speed), chosen, SEED + stream)
                simulation.advance(self.steps or simulation.last_step)
                steps, size = steps + simulation.engine.step_number, simulation.engine.size
        seconds = time.perf_counter() - began
        return {
            "particles": size, "windows": len(speeds), "seconds": seconds, "compile_seconds": sum(compiling),
            "step_seconds": seconds / steps, "rate": size * steps / seconds, "device_memory_gb": used_memory(backend),
        }  # fmt: skip


@contextmanager
def compile_seconds() -> Iterator[list[float]]:
    """Collect the seconds of each kernel that is compiled for a device, once it was left; none on the simulator."""
    found: list[float] = []
    try:
        from numba.cuda.core import event
    except ImportError:
        yield found
        return
    with event.install_recorder(COMPILING) as recorder:
        yield found
    depth, start = 0, 0.0
    for moment, told in recorder.buffer:
        start = moment if told.is_start and depth == 0 else start
        depth += 1 if told.is_start else -1
        if depth == 0:
            found.append(moment - start)


def used_memory(backend: str) -> float | None:
    """Memory that cupy has taken from the device [GB]; None elsewhere."""
    if backend != "cuda" or not hasattr(getattr(get_backend(backend), "xp", None), "get_default_memory_pool"):
        return None
    import cupy

    return float(cupy.get_default_memory_pool().total_bytes()) / 1e9


def drum_maker(particles: int, diameter: float, length: float) -> Callable[[Path], DemCase]:
    """The drum of phasicFlow's comparison, https://github.com/PhasicFlow/phasicFlow, with spheres of a diameter [m]."""
    solids = particles * math.pi / 6.0 * diameter**3
    heap = math.sqrt(solids / (PACKED * 0.98 * length * math.pi))
    values = {"particles": particles, "diameter": diameter, "length": length, "heap": heap}

    def make(folder: Path) -> DemCase:
        path = folder / "case.yaml"
        text = TEMPLATES.get_template("long_drum.yaml.j2").render(**values, low=heap + diameter - 0.2)
        path.write_text(text, encoding="utf-8")
        return particle_part(read_case(path, ()).dem)

    return make


def long_drum(particles: int, diameter: float, length: float) -> Workload:
    """Such a drum, with what is asked of it."""
    return Workload(particles, TimedCase(drum_maker(particles, diameter, length)), ("rate", 5e8, 1e9))


def peer_drum(name: str, particles: int, diameter: float, length: float) -> Workload:
    """The drum of that name in DEM-Engine."""
    return Workload(particles, PeerDrum(TimedCase(drum_maker(particles, diameter, length)), length), beside=name)


def dosta_drum(folder: Path) -> DemCase:
    """The rotating drum of Dosta et al. (2024), doi 10.1016/j.cpc.2023.109066."""
    document = bed_document("drum", folder, walls="mesh", end=5.0)
    return particle_part(check_document(CaseDocument("drum.yaml", document), folder).dem)


def particle_part(case: DemCase | None) -> DemCase:
    """The case of the particles, which is there."""
    assert case is not None
    return case


WORKLOADS = {
    "dosta-drum": Workload(38_000, TimedCase(dosta_drum), ("step", 40e-6, 20e-6)),
    "demo-windows": Workload(4_000, Windows(DEMO), ("all", 10.0, 10.0)),
    "drum-320k": long_drum(320_000, 5.5e-3, 0.8)._replace(asked=None),
    "64-drums-5k": Workload(
        320_000, TimedCopies(TimedCase(drum_maker(5_000, 22e-3, 0.8)), 64), ("drum-320k", 0.7, 1.0)
    ),
    "drum-250k": long_drum(250_000, 6e-3, 0.8),
    "drum-1M": long_drum(1_000_000, 4e-3, 0.8),
    "drum-2M": long_drum(2_000_000, 3e-3, 1.2),
    "drum-4M": long_drum(4_000_000, 3e-3, 1.6),
    "drum-8M": long_drum(8_000_000, 2e-3, 1.6),
    "deme-1M": peer_drum("drum-1M", 1_000_000, 4e-3, 0.8),
}
"""In this order; the peer last, as it compiles for minutes where it never ran before."""
