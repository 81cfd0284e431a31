"""How large a run is and how long it will take."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from coupling.case import Case
from coupling.checks.finding import Finding
from coupling.checks.windows import windows
from dem.case import DemCase
from dem.case_limits import particle_count, sphere_count, time_step

# Orders of magnitude of a dense bed with a turning mesh and statistics; a finished run replaces them by its own rate.
PARTICLE_STEPS_PER_SECOND = {"python": 2e3, "cpu": 5e6, "cuda": 1e8}
BYTES_PER_PARTICLE = 3000
BYTES_OF_PROGRAM = 350e6
STATISTICS_ARRAYS = 8
SPEED_FILE = "speed.json"


def check_effort(case: Case) -> Iterator[Finding]:
    """Predict particles, steps, memory and wall time."""
    if case.dem is None:
        return
    count, spheres = particle_count(case.dem), sphere_count(case.dem)
    steps = sum(each.duration for each in windows(case)) / time_step(case.dem)
    text = "Particles in a window, insertions complete" + (", if none had left." if case.dem.outlets else ".")
    yield Finding("note", "particles", text, f"{count:.0f}")
    if spheres > count:
        yield Finding("note", "spheres", "Spheres that these particles are made of.", f"{spheres:.0f}")
    yield Finding("note", "steps", "Time steps over all windows.", f"{steps:.3g}")
    yield Finding("note", "memory", "Estimate for that many particles.", f"{memory(case.dem, spheres) / 1e6:.0f} MB")
    rate, source = expected_rate(case)
    text = f"Estimate for the particles alone, from {rate:.2g} particle-steps/s ({source})."
    yield Finding("note", "wall-time", text, clock(spheres * steps / rate))


def memory(dem: DemCase, count: float) -> float:
    """Return an estimate of the memory a run needs [bytes]."""
    if dem.statistics is None or not dem.statistics.enabled:
        return BYTES_OF_PROGRAM + BYTES_PER_PARTICLE * count
    compartments = dem.statistics.partition.count if dem.statistics.partition is not None else 1
    cells = compartments * max(1, len(dem.classes)) ** 2
    each = dem.statistics.blocks * STATISTICS_ARRAYS + 2 * dem.statistics.bins
    return BYTES_OF_PROGRAM + BYTES_PER_PARTICLE * count + 8 * cells * each


def expected_rate(case: Case) -> tuple[float, str]:
    """Return the expected particle-steps per second and where the figure comes from."""
    threads = case.threads or len(os.sched_getaffinity(0))
    measured = _measurements().get(_label(case.backend, threads))
    if measured is not None:
        return float(measured), "measured here by an earlier run"
    share = threads if case.backend == "cpu" else 1
    return PARTICLE_STEPS_PER_SECOND[case.backend] * share, "typical figure, not measured here"


def remember_rate(backend: str, threads: int, rate: float) -> None:
    """Keep the rate [particle-steps/s] a run reached, for the next prediction; failing to keep it is no error."""
    path = _speed_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_measurements() | {_label(backend, threads): rate}), encoding="utf-8")
    except OSError:
        return


def _label(backend: str, threads: int) -> str:
    return f"{backend}-{threads}"


def _speed_file() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "dempbm" / SPEED_FILE


def _measurements() -> dict[str, float]:
    try:
        return dict(json.loads(_speed_file().read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def clock(seconds: float) -> str:
    """A wall time as text, in seconds, minutes or hours."""
    if seconds < 120:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.2g} min" if seconds < 7200 else f"{seconds / 3600:.2g} h"
