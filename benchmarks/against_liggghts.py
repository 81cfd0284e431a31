"""This engine and LIGGGHTS side by side on the same state, law, step and table of two materials.

    python -m benchmarks.against_liggghts [box|drum|paddle|sticky ...] [--particles 20000] [--cores 1] [--rounds 6]

Statistics are on and arithmetic is exact here. The two programs take turns in ABBA order, each with the skin that
suited it best; a figure is the time of `steps` steps after `warm` steps, without start and compilation. Results go to
benchmarks/results/ as JSON. The peer is Debian's `liggghts`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.scenario import DIAMETER, HERE, SCENARIOS

ROOT = HERE.parent
SKINS = (0.025, 0.05, 0.1, 0.2)


class Job(NamedTuple):
    """What is timed: scenario, particles, threads or ranks, steps before and during the timing."""

    scenario: str
    particles: int
    cores: int
    warm: int
    steps: int


class Timing(NamedTuple):
    """Seconds of the timed steps and peak memory of all processes [MB]."""

    seconds: float
    memory: float


def time_peer(job: Job, skin: float) -> Timing:
    """Run LIGGGHTS once; skin over the smallest diameter [-]."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        values = {"skin": skin * DIAMETER, "warm": job.warm, "steps": job.steps}
        scenario = SCENARIOS[job.scenario]
        script = scenario.peer_input(job.particles, scenario.state(job.particles), folder, dump="", **values)
        command = [shutil.which("liggghts") or "liggghts", "-in", script.name, "-log", "none"]
        if job.cores > 1:
            command = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(job.cores), *command]
        child = f"import resource, subprocess; r = subprocess.run({command!r}, capture_output=True, text=True)\n"
        child += "print(r.stdout, r.stderr, '\\nPEAK', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        output = subprocess.run([sys.executable, "-c", child], cwd=folder, capture_output=True, text=True).stdout
    loops = re.findall(r"Loop time of ([0-9.e+-]+) on", output)
    peak = re.search(r"PEAK (\d+)", output)
    if len(loops) < 2 or peak is None:
        raise SystemExit(f"LIGGGHTS gave no timing:\n{output}")
    return Timing(float(loops[1]), job.cores * int(peak[1]) / 1e3)


def time_ours(job: Job, skin: float) -> Timing:
    """Run this engine once, in a process of its own; skin over the smallest diameter [-]."""
    command = [sys.executable, "-m", "benchmarks.against_liggghts", job.scenario, "--child", str(skin)]
    for name in ("particles", "cores", "warm", "steps"):
        command += [f"--{name}", str(getattr(job, name))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the engine failed:\n{done.stderr}")
    return Timing(**json.loads(done.stdout))


def run_child(job: Job, skin: float) -> None:
    """Time the engine in this process and print the timing."""
    from compute import get_backend
    from dem.simulation import Simulation

    case = SCENARIOS[job.scenario].settled_case(job.particles, skin)
    simulation = Simulation(case, get_backend("cpu", job.cores), 1)
    simulation.advance(job.warm)
    began = time.perf_counter()
    simulation.advance(job.warm + job.steps)
    seconds = time.perf_counter() - began
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    memory = int(peak.split()[1]) / 1e3
    print(json.dumps(Timing(seconds, memory)._asdict()))


Timer = Callable[[Job, float], Timing]


def best_skin(job: Job, timed: Timer) -> float:
    """Return the skin with the shortest time, over the diameter [-]."""
    times = {skin: min(timed(job, skin).seconds for _ in range(2)) for skin in SKINS}
    print("  skins [d]: " + ", ".join(f"{skin:g}: {seconds:.2f} s" for skin, seconds in times.items()), flush=True)
    return min(times, key=lambda skin: times[skin])


def compare(job: Job, rounds: int) -> dict[str, Any]:
    """Run both programs in ABBA order and return what was measured."""
    SCENARIOS[job.scenario].state(job.particles)
    timers: dict[str, Timer] = {"ours": time_ours, "peer": time_peer}
    chosen = {who: best_skin(job, timed) for who, timed in timers.items()}
    found: dict[str, list[Timing]] = {"ours": [], "peer": []}
    for number in range(rounds):
        order = ["ours", "peer"] if number % 2 == 0 else ["peer", "ours"]
        for who in order:
            found[who].append(timers[who](job, chosen[who]))
    rates = {who: [job.particles * job.steps / t.seconds / 1e6 for t in timings] for who, timings in found.items()}
    return {
        **job._asdict(), "skin_over_diameter": chosen, "million_particle_steps_per_second": rates,
        "ratio": [a / b for a, b in zip(rates["ours"], rates["peer"])],
        "memory_MB": {who: max(t.memory for t in timings) for who, timings in found.items()},
        "machine": machine(), "load": os.getloadavg(), "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip


def machine() -> str:
    """Return processor, cores and system."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = {line.split(":")[1].strip() for line in lines if line.startswith("model name")}
    return f"{', '.join(sorted(names))}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


HEADER = "scenario particles cores  steps | ours [M/s] min med max | LIGGGHTS [M/s]       | ratio                | [MB]"


def spread(values: list[float]) -> str:
    """Return minimum, median and maximum as they stand in a table."""
    return f"{min(values):6.2f} {statistics.median(values):6.2f} {max(values):6.2f}"


def row(result: dict[str, Any]) -> str:
    """Return one line of the table."""
    rates, memory = result["million_particle_steps_per_second"], result["memory_MB"]
    job = f"{result['scenario']:8s} {result['particles']:9d} {result['cores']:5d} {result['steps']:6d}"
    speeds = f"{spread(rates['ours'])} | {spread(rates['peer'])} | {spread(result['ratio'])}"
    return f"{job} | {speeds} | {memory['ours']:.0f} {memory['peer']:.0f}"


def main() -> None:
    """Compare the chosen scenarios, print a table and store what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, "all"], default="all")
    for name, default in (("particles", 20_000), ("cores", 1), ("rounds", 6), ("steps", 1000), ("warm", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--child", type=float, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    names = SCENARIOS if "all" in chosen.scenarios else chosen.scenarios
    jobs = [Job(name, chosen.particles, chosen.cores, chosen.warm, chosen.steps) for name in names]
    if chosen.child is not None:
        run_child(jobs[0], chosen.child)
        return
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    print(HEADER)
    for job in jobs:
        result = compare(job, chosen.rounds)
        print(row(result), flush=True)
        path = folder / f"{job.scenario}-{job.particles}-{job.cores}.json"
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
