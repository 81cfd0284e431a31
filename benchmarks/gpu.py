"""Proof of the CUDA backend on the machine at hand: its tests, then its speed and memory beside what was asked.

    make gpu        or        python -m benchmarks.gpu [--seconds 440] [--only drum-250k]

Writes benchmarks/results/<device>.json after each workload, so that what is done stays whatever comes later, and prints
a table. A workload that would not end in time is left out, aloud. Exit status 1: a
test or a workload failed; 4: there is no device, or something that the backend needs is missing.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.dosta import bed_document
from benchmarks.replicas import rate_of_copies
from benchmarks.scenario import HERE, TEMPLATES
from compute import get_backend
from compute.errors import DempbmError
from coupling.case_document import CaseDocument
from coupling.case_file import check_document, read_case
from dem.case import DemCase
from dem.simulation import Simulation

ROOT = HERE.parent
SEED = 1
PACKED = 0.56
"""Solids fraction in which the spheres of a drum start."""
BALANCES = "tests/device/test_balances.py"
TESTS = (
    "tests/device/test_device.py",
    f"{BALANCES}::test_members_on_the_device",
    f"{BALANCES}::test_granulation_on_the_device",
    f"{BALANCES}::test_adaptive_steps_on_the_device",
)
TESTS_SECONDS = 240
SETTLING, TIMED = 2000, 1000
"""Steps before and in the timing of a workload."""


class Workload(NamedTuple):
    """What is timed.

    particles: their number in all; case: makes the case in a folder; asked: (what is compared, target, goal), where
    `rate` is in particle-steps/s, to be reached, `step` in s a step, not to be passed, and the name of another workload
    stands for shares of its rate, to be reached; copies: how many there are of the case, in common launches.
    """

    particles: int
    case: Callable[[Path], DemCase]
    asked: tuple[str, float, float] | None = None
    copies: int = 1


def long_drum(particles: int, diameter: float, length: float) -> Workload:
    """The drum of phasicFlow's comparison, https://github.com/PhasicFlow/phasicFlow, with spheres of a diameter [m]."""
    solids = particles * math.pi / 6.0 * diameter**3
    heap = math.sqrt(solids / (PACKED * 0.98 * length * math.pi))
    values = {"particles": particles, "diameter": diameter, "length": length, "heap": heap}

    def case(folder: Path) -> DemCase:
        path = folder / "case.yaml"
        text = TEMPLATES.get_template("long_drum.yaml.j2").render(**values, low=heap + diameter - 0.2)
        path.write_text(text, encoding="utf-8")
        return _particle_part(read_case(path, ()).dem)

    return Workload(particles, case, ("rate", 5e8, 1e9))


def _dosta_drum(folder: Path) -> DemCase:
    document = bed_document("drum", folder, walls="mesh", end=5.0)
    return _particle_part(check_document(CaseDocument("drum.yaml", document), folder).dem)


def _particle_part(case: DemCase | None) -> DemCase:
    assert case is not None
    return case


WORKLOADS = {
    "dosta-drum": Workload(38_000, _dosta_drum, ("step", 40e-6, 20e-6)),
    "drum-320k": long_drum(320_000, 5.5e-3, 0.8)._replace(asked=None),
    "64-drums-5k": long_drum(5_000, 22e-3, 0.8)._replace(particles=320_000, copies=64, asked=("drum-320k", 0.7, 1.0)),
    "drum-250k": long_drum(250_000, 6e-3, 0.8),
    "drum-1M": long_drum(1_000_000, 4e-3, 0.8),
    "drum-2M": long_drum(2_000_000, 3e-3, 1.2),
    "drum-4M": long_drum(4_000_000, 3e-3, 1.6),
    "drum-8M": long_drum(8_000_000, 2e-3, 1.6),
}


def measure(workload: Workload, backend: str, settling: int = SETTLING, timed: int = TIMED) -> dict[str, Any]:
    """Run a workload; seconds to set it up and of a step, rate, share of rebuilds, memory of the device [GB]."""
    if workload.copies > 1:
        return measure_copies(workload, backend, settling, timed)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        simulation = Simulation(workload.case(Path(folder)), get_backend(backend), SEED)
    engine = simulation.engine
    ready = time.perf_counter()
    simulation.advance(settling)
    rebuilds, rebuilding, start = engine.rebuilds, engine.rebuild_seconds, time.perf_counter()
    simulation.advance(settling + timed)
    seconds = time.perf_counter() - start
    return {
        "particles": engine.size,
        "set_up_seconds": ready - began,
        "settling_seconds": start - ready,
        "step_seconds": seconds / timed,
        "rate": engine.size * timed / seconds,
        "rebuild_share": (engine.rebuild_seconds - rebuilding) / seconds,
        "rebuild_interval": timed / max(engine.rebuilds - rebuilds, 1),
        "device_memory_gb": used_memory(backend),
    }


def measure_copies(workload: Workload, backend: str, settling: int, timed: int) -> dict[str, Any]:
    """Run copies together; a step is one of all of them."""
    with tempfile.TemporaryDirectory() as folder:
        case = workload.case(Path(folder))
    rate = rate_of_copies(case, workload.copies, get_backend(backend), settling, timed)
    found = {"particles": workload.particles, "copies": workload.copies, "rate": rate, "rebuild_share": None}
    return found | {"step_seconds": workload.particles / rate, "device_memory_gb": used_memory(backend)}


def attempted(workload: Workload, backend: str, known: dict[str, Any]) -> dict[str, Any]:
    """What a workload gave, or why it gave nothing: the others go on, and the record keeps both."""
    try:
        result = measure(workload, backend)
    except (DempbmError, MemoryError, RuntimeError) as error:
        return {"left_out": f"failed: {type(error).__name__}: {error}", "failed": True}
    return result | {"asked": verdict(result, workload.asked, known)}


def used_memory(backend: str) -> float | None:
    """Memory that cupy has taken from the device [GB]; None elsewhere."""
    if backend != "cuda":
        return None
    import cupy

    return float(cupy.get_default_memory_pool().total_bytes()) / 1e9


def machine(backend: str) -> dict[str, Any]:
    """The device and the versions that ran on it."""
    from coupling.provenance import processor, versions

    found: dict[str, Any] = {"versions": versions(), "processor": processor()}
    if backend == "cuda":
        import cupy

        properties = cupy.cuda.runtime.getDeviceProperties(0)
        found["device"] = properties["name"].decode()
        found["capability"] = f"{properties['major']}.{properties['minor']}"
        found["memory_gb"] = properties["totalGlobalMem"] / 1e9
        found["driver"] = cupy.cuda.runtime.driverGetVersion()
    return found


def device_tests() -> dict[str, Any]:
    """Run the tests of the device in a process of their own; their summary and the exit status."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
    environment = os.environ | {"DEMPBM_REQUIRE": "cuda"}
    began = time.perf_counter()
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TESTS_SECONDS)
        status, text = done.returncode, done.stdout
    except subprocess.TimeoutExpired as stopped:
        status, text = 124, (stopped.stdout or b"").decode()
    print(text, flush=True)
    lines = text.strip().splitlines() or ["nothing ran"]
    return {"status": status, "summary": lines[-1], "seconds": time.perf_counter() - began}


def verdict(result: dict[str, Any], asked: tuple[str, float, float] | None, known: dict[str, Any]) -> str:
    """What was asked beside what was got; known: results of other workloads by name."""
    if asked is None:
        return ""
    what, target, goal = asked
    if what not in ("rate", "step"):
        compared = known.get(what, {}).get("rate")
        if compared is None:
            return f"no {what} to compare with"
        what, target, goal = "rate", target * compared, goal * compared
    got = result["rate"] if what == "rate" else 1.0 / result["step_seconds"]
    least, most = (target, goal) if what == "rate" else (1.0 / target, 1.0 / goal)
    return "goal reached" if got >= most else "target reached" if got >= least else f"{got / least:.2f} of the target"


def row(name: str, result: dict[str, Any]) -> str:
    """A line of the table."""
    if "left_out" in result:
        return f"{name:12} {result['left_out']}"
    memory, share = (
        math.nan if result[name] is None else result[name] for name in ("device_memory_gb", "rebuild_share")
    )
    return (
        f"{name:12} {result['particles']:10d} {1e6 * result['step_seconds']:12.1f} {result['rate']:10.2e} "
        f"{100 * share:8.0f} {memory:10.2f}  {result['asked']}"
    )


HEADER = f"{'workload':12} {'particles':>10} {'us a step':>12} {'rate 1/s':>10} {'rebuild %':>8} {'memory GB':>10}"


def run_workloads(record: dict[str, Any], names: list[str], backend: str, end: float, path: Path) -> None:
    """Measure the workloads in turn while time [s of perf_counter] is left, and write the record after each."""
    cost = 0.0
    print(HEADER, flush=True)
    for name in names:
        workload, left = WORKLOADS[name], end - time.perf_counter()
        needed = cost * workload.particles
        began = time.perf_counter()
        if needed > left:
            result: dict[str, Any] = {"left_out": f"left out: needs some {needed:.0f} s, {left:.0f} s are left"}
        else:
            result = attempted(workload, backend, record["workloads"])
            cost = max(cost, (time.perf_counter() - began) / workload.particles)
        record["workloads"][name] = result
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(row(name, result), flush=True)


def lacking() -> list[str]:
    """What the backend lacks here, with what mends it."""
    from coupling.doctor_cuda import examine_cuda

    return [f"{part.name}: not found; mend: {part.remedy}" for part in examine_cuda() if not part.found]


def main() -> int:
    """Test, measure and write; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=440.0, help="wall time after which no workload is begun")
    parser.add_argument("--only", nargs="*", choices=list(WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--skip-tests", action="store_true", help="measure only")
    chosen = parser.parse_args()
    end = time.perf_counter() + chosen.seconds
    try:
        get_backend("cuda")
    except DempbmError as error:
        print(error, *lacking(), sep="\n", file=sys.stderr)
        return 4
    record = machine("cuda") | {"date": datetime.date.today().isoformat(), "workloads": {}}
    path = HERE / "results" / (re.sub(r"[^A-Za-z0-9]+", "-", record["device"]).strip("-").lower() + ".json")
    record["tests"] = {"status": 0, "summary": "not run"} if chosen.skip_tests else device_tests()
    run_workloads(record, chosen.only, "cuda", end, path)
    print(f"tests: {record['tests']['summary']}\nwritten: {path.relative_to(ROOT)}")
    failed = any(result.get("failed") for result in record["workloads"].values())
    return int(record["tests"]["status"] != 0 or failed)


if __name__ == "__main__":
    sys.exit(main())
