"""The same spheres in the same drum in DEM-Engine, https://github.com/projectchrono/DEM-Engine: seconds of a step.

    python -m benchmarks.dem_engine DRUM.npz --settling 2000 --timed 1000

Prints one JSON object. The drum is a cylinder between two planes where ours has 60 facets; forces are its own
Hertz-Mindlin with history and rolling resistance; it chooses itself how often it searches for contacts. Install it with
`pip install deme`, beside a toolkit of CUDA 12 with headers, which it compiles its kernels with when it starts.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
MODULE = "deme"
DENSITY, YOUNG, POISSON = 2500.0, 2.0 * 1e6 * (1.0 - 0.25**2), 0.25
FRICTION, ROLLING, RESTITUTION, WALL_RESTITUTION = 0.65, 0.1, 0.97, 0.85
DRUM_RADIUS, DRUM_SPEED, STEP = 0.2, 1.256, 1e-5
WALLS = 100
"""Number of the family of the walls."""


def write_drum(path: Path, position: NDArray[np.float64], radius: float, length: float) -> None:
    """Write what both codes begin with: centres [m], radius of the spheres and length of the drum [m]."""
    np.savez(path, position=position, radius=radius, length=length)


def missing() -> str:
    """Return why there is nothing to compare with, empty if there is."""
    found = importlib.util.find_spec(MODULE) is not None
    return "" if found else f"left out: DEM-Engine is not installed (pip install {MODULE})"


def compare(path: Path, settling: int, timed: int, seconds: float) -> dict[str, Any]:
    """Time the drum of a file in a process of its own; what it gave, or why it gave nothing.

    seconds: of wall time that it may take, kernels compiled and all.
    """
    command = [sys.executable, "-m", "benchmarks.dem_engine", str(path)]
    command += ["--settling", str(settling), "--timed", str(timed)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        hint = "it compiles for minutes when it first runs: once --skip-tests --only deme-1M --seconds 3600"
        return {"left_out": f"left out: DEM-Engine took more than the {seconds:.0f} s that were left; {hint}"}
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        return {"left_out": f"failed: DEM-Engine ended with {done.returncode}: {told}", "failed": True}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def make_solver(drum: Any) -> Any:
    """Return the solver of a drum, initialised."""
    import deme

    radius, length = float(drum["radius"]), float(drum["length"])
    solver = deme.DEMSolver([0])
    solver.SetVerbosity("ERROR")
    same = {"E": YOUNG, "nu": POISSON, "CoR": RESTITUTION, "mu": FRICTION, "Crr": ROLLING}
    glass, shell = solver.LoadMaterial(same), solver.LoadMaterial(same | {"CoR": WALL_RESTITUTION})
    solver.SetMaterialPropertyPair("CoR", glass, shell, WALL_RESTITUTION)
    sphere = solver.LoadSphereType(DENSITY * 4.0 / 3.0 * np.pi * radius**3, radius, glass)
    walls = solver.AddExternalObject()
    walls.AddCylinder([0, 0, 0], [1, 0, 0], DRUM_RADIUS, shell)
    for side in (-1.0, 1.0):
        walls.AddPlane([0.5 * side * length, 0, 0], [-side, 0, 0], shell)
    walls.SetMass(1.0)
    walls.SetMOI([1.0, 1.0, 1.0])
    walls.SetFamily(WALLS)
    solver.SetFamilyPrescribedLinVel(WALLS, "0", "0", "0", False)
    solver.SetFamilyPrescribedAngVel(WALLS, str(DRUM_SPEED), "0", "0")
    solver.AddClumps(sphere, drum["position"].tolist())
    solver.InstructBoxDomainDimension(1.1 * length, 2.2 * DRUM_RADIUS, 2.2 * DRUM_RADIUS)
    solver.SetTimeStepSize(STEP)
    solver.SetGravitationalAcceleration([0, 0, -9.81])
    solver.SetExpandSafetyAdder(DRUM_SPEED * DRUM_RADIUS)
    solver.Initialize()
    return solver


def main() -> int:
    """Settle, time and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drum", type=Path)
    parser.add_argument("--settling", type=int, required=True)
    parser.add_argument("--timed", type=int, required=True)
    chosen = parser.parse_args()
    drum, began = np.load(chosen.drum), time.perf_counter()
    solver, particles = make_solver(drum), len(drum["position"])
    ready = time.perf_counter()
    solver.DoDynamicsThenSync(chosen.settling * STEP)
    start = time.perf_counter()
    solver.DoDynamicsThenSync(chosen.timed * STEP)
    step = (time.perf_counter() - start) / chosen.timed
    found = {
        "particles": particles, "set_up_seconds": ready - began, "settling_seconds": start - ready,
        "step_seconds": step, "rate": particles / step,
    }  # fmt: skip
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
