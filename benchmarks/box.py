"""The settled box: this engine and LIGGGHTS side by side on the same state, law, step and table of two materials.

    python benchmarks/box.py [--particles 20000] [--cores 1] [--rounds 5] [--steps 1000]

Spheres of 4 mm settled between five frictional planes, Hertz-Mindlin with tangential history, no rolling friction, step
2e-5 s; here with statistics on and exact arithmetic. The two programs take turns in ABBA order, each with the skin that
suited it best; a figure is the time of `steps` steps after `warm` steps, without start and compilation. Results go to
benchmarks/results/ as JSON. States and input of the peer lie in ../shared/peers/box; the peer is Debian's `liggghts`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "peers" / "box"
STEP = 2e-5
DIAMETER = 4e-3
SKINS = (1e-4, 2e-4, 4e-4, 6e-4, 8e-4)
MATERIALS = 2


class Job(NamedTuple):
    """What is timed: particles, threads or ranks, steps before and during the timing."""

    particles: int
    cores: int
    warm: int
    steps: int


class Timing(NamedTuple):
    """Seconds of the timed steps and peak memory of the process [MB]."""

    seconds: float
    memory: float


def write_peer_data(particles: int, path: Path) -> None:
    """Write the state as a data file of the peer; materials alternate."""
    state = np.load(SHARED / f"box_{particles}.npz")
    lines = ["settled box", "", f"{particles} atoms", f"{MATERIALS} atom types", ""]
    bounds = zip("xyz", state["lo"], state["hi"])
    lines += [f"{float(low)!r} {float(high)!r} {axis}lo {axis}hi" for axis, low, high in bounds]
    spheres = np.column_stack([state["d"], state["rho"], state["x"]])
    motion = np.column_stack([state["v"], state["w"]])
    lines += ["", "Atoms", ""] + [f"{i + 1} {1 + i % MATERIALS} {_words(row)}" for i, row in enumerate(spheres)]
    lines += ["", "Velocities", ""] + [f"{i + 1} {_words(row)}" for i, row in enumerate(motion)]
    path.write_text("\n".join(lines) + "\n")


def _words(row: Any) -> str:
    return " ".join(repr(float(value)) for value in row)


def time_peer(job: Job, skin: float, folder: Path) -> Timing:
    """Run LIGGGHTS once."""
    data = folder / f"box_{job.particles}.data"
    if not data.exists():
        write_peer_data(job.particles, data)
    variables = {"data": data, "skin": skin, "steps": job.steps, "warm": job.warm, "dt": STEP}
    command = [shutil.which("liggghts") or "liggghts", "-in", str(SHARED / "liggghts.in"), "-log", "none"]
    for name, value in variables.items():
        command += ["-var", name, str(value)]
    if job.cores > 1:
        ranks = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(job.cores)]
        command = ranks + command + ["-var", "px", str(job.cores), "-var", "py", "1"]
    child = f"import resource, subprocess, sys; r = subprocess.run({command!r}, capture_output=True, text=True)\n"
    child += "print(r.stdout, r.stderr, '\\nPEAK', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    output = subprocess.run([sys.executable, "-c", child], cwd=folder, capture_output=True, text=True).stdout
    loops = re.findall(r"Loop time of ([0-9.e+-]+) on", output)
    peak = re.search(r"PEAK (\d+)", output)
    if len(loops) < 2 or peak is None:
        raise SystemExit(f"LIGGGHTS gave no timing:\n{output}")
    return Timing(float(loops[1]), job.cores * int(peak[1]) / 1e3)


def time_ours(job: Job, skin: float) -> Timing:
    """Run this engine once, in a process of its own."""
    command = [sys.executable, __file__, "--child", str(skin), "--particles", str(job.particles)]
    command += ["--cores", str(job.cores), "--warm", str(job.warm), "--steps", str(job.steps)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the engine failed:\n{done.stderr}")
    return Timing(**json.loads(done.stdout))


def make_box(particles: int, cores: int, skin: float) -> Any:
    """Return an engine with the settled state, two materials and five planes."""
    from compute import get_backend
    from dem.case_statistics import StatisticsSettings
    from dem.case_walls import PlaneWall
    from dem.contact.law import Elasticity, PairProperties
    from dem.domain import make_domain
    from dem.engine import Engine, EngineSettings
    from dem.interaction import make_interaction
    from dem.pairs import PairSettings
    from dem.particle_set import ParticleSet
    from dem.recorder import make_tally
    from dem.walls import build_walls

    state, backend = np.load(SHARED / f"box_{particles}.npz"), get_backend("cpu", cores)
    low, high, radius = state["lo"].astype(float), state["hi"].astype(float), state["d"] / 2
    interaction = make_interaction("hertz-mindlin-liggghts", "none")
    material, pair = Elasticity(5e6, 0.3, 1500.0), PairProperties(0.6, 0.5)
    table = interaction.table([material] * MATERIALS, {(0, 0): pair, (0, 1): pair, (1, 1): pair})
    faces = [(0, low, 1.0), (0, high, -1.0), (1, low, 1.0), (1, high, -1.0), (2, low, 1.0)]
    planes = [
        PlaneWall(
            name=f"face {at}", material="first", shape="plane", point=(corner[0], corner[1], corner[2]),
            normal=(sign * (axis == 0), sign * (axis == 1), sign * (axis == 2)),
        )
        for at, (axis, corner, sign) in enumerate(faces)
    ]  # fmt: skip
    walls, number = build_walls(planes, ["first", "second"], DIAMETER / 2, 0.01), np.arange(particles)
    mass = state["rho"] * 4.0 / 3.0 * np.pi * radius**3
    tally = make_tally(backend, StatisticsSettings(block=1.0), 1, MATERIALS, len(planes), float(mass.mean()))
    domain = make_domain(low, high, (False, False, False), 0.0)
    settings = EngineSettings(
        interaction, domain, PairSettings(table, MATERIALS, 0.01), walls, np.array([0.0, 0.0, -9.81]), STEP, skin,
        DIAMETER / 2, True,
    )  # fmt: skip
    engine, kind = Engine(backend, settings, tally), number % MATERIALS
    engine.add(ParticleSet(state["x"], state["v"], state["w"], radius, mass, kind, kind, number))
    return engine


def run_child(job: Job, skin: float) -> None:
    """Time the engine in this process and print the timing."""
    engine = make_box(job.particles, job.cores, skin)
    engine.run(job.warm)
    began = time.perf_counter()
    engine.run(job.warm + job.steps)
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps(Timing(seconds, memory)._asdict()))


def best_skin(job: Job, timed: Any) -> float:
    """Return the skin with the shortest time [m]."""
    times = {skin: min(timed(job, skin).seconds for _ in range(2)) for skin in SKINS}
    print("  skins [mm]: " + ", ".join(f"{1e3 * skin:g}: {seconds:.2f} s" for skin, seconds in times.items()))
    return min(times, key=lambda skin: times[skin])


def compare(job: Job, rounds: int, skins: tuple[float | None, float | None]) -> dict[str, Any]:
    """Run both programs in ABBA order and return what was measured."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        timers = {"ours": time_ours, "peer": lambda job, skin: time_peer(job, skin, folder)}
        chosen = {who: skin or best_skin(job, timers[who]) for who, skin in zip(timers, skins)}
        found: dict[str, list[Timing]] = {"ours": [], "peer": []}
        for number in range(rounds):
            order = ["ours", "peer"] if number % 2 == 0 else ["peer", "ours"]
            for who in order:
                found[who].append(timers[who](job, chosen[who]))
    rates = {who: [job.particles * job.steps / t.seconds / 1e6 for t in timings] for who, timings in found.items()}
    ratios = [a / b for a, b in zip(rates["ours"], rates["peer"])]
    return {
        **job._asdict(), "skin_m": chosen, "million_particle_steps_per_second": rates, "ratio": ratios,
        "memory_MB": {who: max(t.memory for t in timings) for who, timings in found.items()},
        "machine": _machine(), "load": os.getloadavg(), "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = {line.split(":")[1].strip() for line in lines if line.startswith("model name")}
    return f"{', '.join(sorted(names))}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def row(result: dict[str, Any]) -> str:
    """Return one line of the table."""

    def spread(values: list[float]) -> str:
        return f"{min(values):6.2f} {statistics.median(values):6.2f} {max(values):6.2f}"

    rates, memory = result["million_particle_steps_per_second"], result["memory_MB"]
    sizes = f"{result['particles']:9d} {result['cores']:5d} {result['steps']:6d}"
    speeds = f"{spread(rates['ours'])} | {spread(rates['peer'])} | {spread(result['ratio'])}"
    return f"{sizes} | {speeds} | {memory['ours']:7.0f} {memory['peer']:6.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("particles", 20_000), ("cores", 1), ("rounds", 6), ("steps", 1000), ("warm", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--skin-ours", type=float, help="skin of this engine [m]; without it the best is looked for")
    parser.add_argument("--skin-peer", type=float, help="skin of the peer [m]; without it the best is looked for")
    parser.add_argument("--child", type=float, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    job = Job(chosen.particles, chosen.cores, chosen.warm, chosen.steps)
    if chosen.child is not None:
        run_child(job, chosen.child)
        return
    result = compare(job, chosen.rounds, (chosen.skin_ours, chosen.skin_peer))
    print("particles cores  steps | ours [M/s] min med max | LIGGGHTS [M/s]       | ratio                | memory [MB]")
    print(row(result))
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"box-{job.particles}-{job.cores}.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
