"""What counting encounters and finer meshes add to a step: a settled bed with and without, in turns in one process.

    python -m benchmarks.added_cost [statistics|triangles ...] [--particles 20000] [--cores 1] [--rounds 10]

`statistics`: the box with and without statistics by class pair. `triangles`: the drum of 12 288 triangles against that
of 192. A ratio is that of two runs of `steps` steps next to each other, in ABBA order. Results go to
benchmarks/results/ as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import trimesh

from benchmarks.against_liggghts import machine, spread
from benchmarks.mixed_precision import in_turns
from benchmarks.scenario import HERE, SCENARIOS, SEED, STATES
from compute import get_backend
from dem.case import DemCase
from dem.case_walls import ORIGIN, UPWARDS, MeshWall
from dem.simulation import Simulation
from dem.walls.placement import place_mesh

SKIN = 0.1
END = 10.0
"""Of a run that is timed long before [s]."""
SUBDIVISIONS = 3
"""Of the drum's triangles into four: 192 become 12 288."""


def without_statistics(case: DemCase) -> DemCase:
    """The same bed, nothing counted."""
    return case.model_copy(update={"statistics": None, "time": case.time.model_copy(update={"end": END})})


def finer(case: DemCase) -> DemCase:
    """The same drum of more triangles."""
    drum = case.walls[0]
    assert isinstance(drum, MeshWall)
    corners = place_mesh(drum, "dem.walls.0").reshape(-1, 3)
    mesh = trimesh.Trimesh(corners, np.arange(len(corners)).reshape(-1, 3))
    for _ in range(SUBDIVISIONS):
        mesh = mesh.subdivide()
    path = STATES / "fine-drum.stl"
    mesh.export(path)
    placed = {"generate": None, "file": path, "scale": 1.0, "point": ORIGIN, "axis": UPWARDS}
    fine = drum.model_copy(update=placed)
    return case.model_copy(update={"walls": [fine, *case.walls[1:]]})


COMPARISONS: dict[str, tuple[str, Callable[[DemCase], DemCase], bool]] = {
    "statistics": ("box", without_statistics, False),
    "triangles": ("drum", finer, True),
}
"""Scenario, what is changed, and whether the changed bed is the one that costs more."""


def compare(name: str, particles: int, cores: int, steps: int, rounds: int) -> dict[str, Any]:
    """Time a bed with and without the addition; returns what was measured."""
    scenario, change, adds = COMPARISONS[name]
    plain = SCENARIOS[scenario].settled_case(particles, SKIN)
    beds = dict(zip(("with", "without") if not adds else ("without", "with"), (plain, change(plain))))
    runs = {which: Simulation(case, get_backend("cpu", cores), SEED) for which, case in beds.items()}
    for simulation in runs.values():
        simulation.advance(steps)

    def advance(simulation: Simulation) -> Callable[[], None]:
        return lambda: simulation.advance(simulation.engine.step_number + steps)

    times = in_turns(rounds, {which: advance(runs[which]) for which in ("with", "without")})
    return {
        "addition": name, "scenario": scenario, "particles": particles, "cores": cores, "steps": steps,
        "skin_over_diameter": SKIN, "seconds": times,
        "ratio": [a / b for a, b in zip(times["with"], times["without"])],
        "machine": machine(), "load": os.getloadavg(), "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip


def main() -> None:
    """Compare what was chosen, print a table and store what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("additions", nargs="*", choices=[*COMPARISONS, "all"], default="all")
    for name, default in (("particles", 20_000), ("cores", 1), ("rounds", 10), ("steps", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    print("addition    particles cores   time with / without: min median max")
    for name in COMPARISONS if "all" in chosen.additions else chosen.additions:
        result = compare(name, chosen.particles, chosen.cores, chosen.steps, chosen.rounds)
        print(f"{name:11s} {chosen.particles:9d} {chosen.cores:5d}   {spread(result['ratio'])}", flush=True)
        path = HERE / "results" / f"added-{name}-{chosen.particles}-{chosen.cores}.json"
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
