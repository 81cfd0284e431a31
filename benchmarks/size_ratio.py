"""What a step costs at a size ratio of ten, over that of as many equal spheres.

Settled beds in a box: of 4 mm spheres, of 4 and 40 mm with half of the volume each, and of ten sizes from 4 to 40 mm
with the same volume of each; timed in turns in one process, each at its own best skin.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from functools import partial
from math import pi
from typing import Any

from benchmarks.against_liggghts import machine
from benchmarks.scenario import DIAMETER, HERE, PACKED, Scenario

RATIO = 10.0
SIZES = 10
SKINS = (0.05, 0.1, 0.2, 0.4)
BEDS = {
    "equal": [DIAMETER],
    "two": [DIAMETER, RATIO * DIAMETER],
    "broad": [DIAMETER * RATIO ** (k / (SIZES - 1)) for k in range(SIZES)],
}


def bed_sizes(diameters: list[float], particles: int) -> dict[str, Any]:
    """Width of a box [m] filled as high as it is wide, and the diameters [m]."""
    volume = particles * pi / 6.0 * len(diameters) / sum(diameter**-3 for diameter in diameters)
    return {"width": (volume / PACKED) ** (1 / 3), "diameters": diameters}


def make_bed(name: str) -> Scenario:
    """The bed of this name as a scenario."""
    return Scenario(f"bed-{name}", "bed", partial(bed_sizes, BEDS[name]), lambda sizes: [])


def start(name: str, particles: int, cores: int, skin: float, warm: int) -> Any:
    """A simulation of a settled bed that has run `warm` steps; skin: over the smallest diameter [-]."""
    from compute import get_backend
    from dem.simulation import Simulation

    simulation = Simulation(make_bed(name).settled_case(particles, skin), get_backend("cpu", cores), 1)
    simulation.advance(warm)
    return simulation


def timed(simulation: Any, steps: int) -> float:
    """Seconds that a simulation needs for more steps."""
    began = time.perf_counter()
    simulation.advance(simulation.engine.step_number + steps)
    return time.perf_counter() - began


def compare(particles: int, cores: int, steps: int, rounds: int) -> dict[str, Any]:
    """Time the beds in turns; returns what was measured."""
    skins, beds = {}, {}
    for name in BEDS:
        tried = {skin: start(name, particles, cores, skin, steps) for skin in SKINS}
        times = {skin: timed(simulation, steps) for skin, simulation in tried.items()}
        skins[name] = min(times, key=lambda skin: times[skin])
        beds[name] = tried[skins[name]]
    seconds: dict[str, list[float]] = {name: [] for name in BEDS}
    for _ in range(rounds):
        for name, simulation in beds.items():
            seconds[name].append(timed(simulation, steps))
    engines = {name: simulation.engine for name, simulation in beds.items()}
    return {
        "particles": particles, "cores": cores, "steps": steps, "skin_over_smallest": skins, "seconds": seconds,
        "over_equal": {name: [a / b for a, b in zip(seconds[name], seconds["equal"])] for name in BEDS},
        "listed_per_particle": {name: int(e.pairs.start[e.size]) / e.size for name, e in engines.items()},
        "rebuild_seconds": {name: e.rebuild_seconds / e.rebuilds for name, e in engines.items()},
        "machine": machine(), "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip


def main() -> None:
    """Compare the beds, print a table and store what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("particles", 10_000), ("cores", 1), ("rounds", 5), ("steps", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    result = compare(chosen.particles, chosen.cores, chosen.steps, chosen.rounds)
    print("bed    skin [d]  ms/step   over equal: min median max   listed per particle   rebuild [ms]")
    for name in BEDS:
        step = 1e3 * statistics.median(result["seconds"][name]) / chosen.steps
        over = result["over_equal"][name]
        spread = f"{min(over):.2f} {statistics.median(over):.2f} {max(over):.2f}"
        skin, listed = result["skin_over_smallest"][name], result["listed_per_particle"][name]
        rebuild = 1e3 * result["rebuild_seconds"][name]
        print(f"{name:6s} {skin:8g} {step:8.2f}   {spread:26s} {listed:21.2f} {rebuild:14.2f}")
    path = HERE / "results" / f"size-ratio-{chosen.particles}-{chosen.cores}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
