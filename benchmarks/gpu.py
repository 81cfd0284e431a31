"""Proof of the CUDA backend on the machine at hand: its tests, then its speed and memory beside what was asked.

    make gpu        or        python -m benchmarks.gpu [--seconds 440] [--only drum-250k]

Writes benchmarks/results/<device>.json after each workload, so that what is done stays whatever comes later, and prints
a table. A workload that would not end in time, or whose peer is not installed, is left out, aloud. Exit status 1: a
test or a workload failed; 4: there is no device, or something that the backend needs is missing. With `--backend cpu`
all runs but the tests of a device; choose small workloads then.
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
import time
import traceback
from pathlib import Path
from typing import Any

from benchmarks.gpu_balances import measure_balances
from benchmarks.gpu_workloads import WORKLOADS, Workload
from benchmarks.scenario import HERE
from compute import BACKENDS, get_backend
from compute.cuda import simulated
from compute.device_errors import device_failures_told
from compute.errors import DempbmError

ROOT = HERE.parent
BALANCES = "tests/device/test_balances.py"
TESTS = (
    "tests/device/test_device.py",
    f"{BALANCES}::test_members_on_the_device",
    f"{BALANCES}::test_granulation_on_the_device",
    f"{BALANCES}::test_adaptive_steps_on_the_device",
    f"{BALANCES}::test_several_components_on_the_device",
    f"{BALANCES}::test_two_components_on_the_device",
)
TESTS_SECONDS, BALANCES_SECONDS = 240, 90
"""What the tests may take, and the balances about do, their kernels compiled. A peer compiles longer, and is last."""
MOST_TOLD, KEPT_LINES = 500, 200
"""Characters of an error in the table, and last lines of the tests in the record."""
MANY = 250_000
"""Particles from which on a workload takes time in proportion to them."""


def attempted(workload: Workload, backend: str, left: float) -> dict[str, Any]:
    """What a workload gave, or why it gave nothing: the others go on, and the record keeps both.

    Whatever the compiler, the driver or the device raises counts as a failure of this workload alone.
    """
    try:
        with device_failures_told():
            return workload.run(backend, left)
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())[:MOST_TOLD]
        return {"left_out": f"failed: {told}", "failed": True, "traceback": traceback.format_exc().splitlines()}


def machine(backend: str) -> dict[str, Any]:
    """The device and the versions that ran on it."""
    from coupling.provenance import processor, versions

    found: dict[str, Any] = {"versions": versions(), "processor": processor(), "device": backend}
    if backend == "cuda" and not simulated():
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
        status, text = done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired as stopped:
        status, text = 124, (stopped.stdout or b"").decode() + f"\nstopped after {TESTS_SECONDS} s"
    print(text, flush=True)
    lines = text.strip().splitlines() or ["nothing ran"]
    told = {"output": lines[-KEPT_LINES:]} if status else {}
    return {"status": status, "summary": lines[-1], "seconds": time.perf_counter() - began} | told


def verdict(result: dict[str, Any], workload: Workload, others: dict[str, dict[str, Any]]) -> str:
    """What was asked beside what was got; others: results of other workloads by name."""
    if workload.beside:
        ours = others.get(workload.beside, {}).get("rate")
        return f"{workload.beside} is {ours / result['rate']:.2f} times as fast, asked 2" if ours else ""
    if workload.asked is None:
        return ""
    what, target, goal = workload.asked
    if what not in ("rate", "step", "all"):
        compared = others.get(what, {}).get("rate")
        if compared is None:
            return f"no {what} to compare with"
        what, target, goal = "rate", target * compared, goal * compared
    seconds = result["seconds"] - result["compile_seconds"] if what == "all" else result["step_seconds"]
    got = result["rate"] if what == "rate" else 1.0 / seconds
    least, most = (target, goal) if what == "rate" else (1.0 / target, 1.0 / goal)
    spent = f"{seconds:.1f} s and {result['compile_seconds']:.1f} s of compiling: " if what == "all" else ""
    return spent + (
        "goal reached" if got >= most else "target reached" if got >= least else f"{got / least:.2f} of the target"
    )


def row(name: str, result: dict[str, Any]) -> str:
    """A line of the table."""
    if "left_out" in result:
        return f"{name:12} {result['left_out']}"
    memory, rebuilds = result.get("device_memory_gb"), result.get("rebuild_share", math.nan)
    return (
        f"{name:12} {result['particles']:10d} {1e6 * result['step_seconds']:12.1f} {result['rate']:10.2e} "
        f"{100 * rebuilds:9.0f} {memory if memory is not None else math.nan:10.2f}  {result['asked']}"
    )


HEADER = f"{'workload':12} {'particles':>10} {'us a step':>12} {'rate 1/s':>10} {'rebuild %':>9} {'memory GB':>10}"


def foreseen(workload: Workload, done: list[tuple[int, float]]) -> float:
    """Return how long a workload will take [s] from those done before, (particles, seconds) each.

    As long as the largest, and in proportion to the particles where these are many: a small one compiles as much.
    """
    particles, seconds = max(done, default=(workload.particles, 0.0))
    return seconds * max(1.0, workload.particles / max(particles, MANY))


def run_workloads(record: dict[str, Any], names: list[str], backend: str, end: float, path: Path) -> None:
    """Measure the workloads in turn while time [s of perf_counter] is left, and write the record after each."""
    done: list[tuple[int, float]] = []
    print(HEADER if names else "", flush=True)
    for name in names:
        workload, began = WORKLOADS[name], time.perf_counter()
        left, needed = end - began, foreseen(workload, done)
        if needed > left:
            result: dict[str, Any] = {"left_out": f"left out: needs some {needed:.0f} s, {left:.0f} s are left"}
        else:
            result = attempted(workload, backend, left)
        if "left_out" not in result:
            done.append((workload.particles, time.perf_counter() - began))
            result["asked"] = verdict(result, workload, record["workloads"])
        record["workloads"][name] = result
        write(record, path)
        print(row(name, result), flush=True)


def write(record: dict[str, Any], path: Path) -> None:
    """Write what is known so far."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def lacking() -> list[str]:
    """What the backend lacks here, with what mends it."""
    from coupling.doctor_cuda import examine_cuda

    return [f"{part.name}: not found; mend: {part.remedy}" for part in examine_cuda() if not part.found]


def parse() -> argparse.Namespace:
    """The choices of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=440.0, help="wall time after which no workload is begun")
    parser.add_argument("--only", nargs="*", choices=list(WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--skip-tests", action="store_true", help="measure only")
    parser.add_argument("--backend", choices=BACKENDS, default="cuda")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="folder of the record")
    return parser.parse_args()


def main() -> int:
    """Test, measure and write; return the exit status."""
    chosen = parse()
    end = time.perf_counter() + chosen.seconds
    try:
        get_backend(chosen.backend)
    except DempbmError as error:
        print(error, *lacking(), sep="\n", file=sys.stderr)
        return 4
    record = machine(chosen.backend) | {"date": datetime.date.today().isoformat(), "workloads": {}}
    path = chosen.results / (re.sub(r"[^A-Za-z0-9]+", "-", record["device"]).strip("-").lower() + ".json")
    tested = chosen.backend == "cuda" and not chosen.skip_tests
    record["tests"] = device_tests() if tested else {"status": 0, "summary": "not run"}
    write(record, path)
    peers = [name for name in chosen.only if WORKLOADS[name].beside]
    run_workloads(record, [name for name in chosen.only if name not in peers], chosen.backend, end, path)
    whole = chosen.backend == "cuda" and chosen.only == list(WORKLOADS) and not simulated()
    if whole and time.perf_counter() + BALANCES_SECONDS < end:
        record["balances"] = measure_balances(chosen.backend)
        write(record, path)
    elif whole:
        print(f"population balances left out: need some {BALANCES_SECONDS:.0f} s", flush=True)
    run_workloads(record, peers, chosen.backend, end, path)
    print(f"tests: {record['tests']['summary']}\nwritten: {path}")
    results = [*record["workloads"].values(), *record.get("balances", {}).values()]
    failed = any(result.get("failed") for result in results)
    return int(record["tests"]["status"] != 0 or failed)


if __name__ == "__main__":
    sys.exit(main())
