"""Population balances on a device: the published reference granulator, ten thousand populations, and two components.

    python -m benchmarks.gpu_balances --estimate

counts, without a device, what a step of the reference granulator launches and the longest loops of its threads, and
estimates its time on a device from that. `benchmarks.gpu` measures all on the device.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import pbm
from benchmarks.reference_granulator import CASE, HERE
from compute import get_backend
from compute.base import Backend
from coupling.case_file import read_case
from pbm.granulation import Granulation
from pbm.launches_device import DeviceModel
from pbm.model import BOOKED, Tables

GRANULATOR_SECONDS = 0.5
GRANULATED, FASTEST = 100.0, 98.0
"""Seconds of granulation, and the dimensionless time of the fastest of the members."""
MEMBERS, CELLS = 10_000, 60
LAUNCH = 2e-6
"""Of a kernel in a graph that waits for the one before it, with the start of its threads [s]: assumed."""
ROUNDS = (20e-9, 50e-9)
"""Of one round of a loop whose loads do not wait for each other, and of one whose loads do [s]: assumed."""


def reference(backend: Backend | None = None) -> Granulation:
    """The published granulator."""
    case = read_case(CASE).pbm
    assert case is not None
    return Granulation(case, backend=backend)


def granulator(backend: Backend) -> dict[str, Any]:
    """Seconds of the whole run with output at its end, steps, and the largest difference to a run on the CPU."""
    model, times = reference(backend), np.array([0.0, GRANULATED])
    model.simulate(times=1e-3 * times)
    began = time.perf_counter()
    result = model.simulate(times=times)
    seconds = time.perf_counter() - began
    expected = reference().simulate(times=times).states[-1]
    scale = np.maximum(expected.sum(axis=(0, 2))[:, None], 1e-300)
    difference = float(np.abs((result.states[-1] - expected) / scale).max())
    return {"seconds": seconds, "asked": GRANULATOR_SECONDS, "steps": len(result.steps), "difference": difference}


def members(backend: Backend, count: int = MEMBERS) -> dict[str, Any]:
    """Seconds of one call for populations whose rates span a decade, constant kernel to tau 98 at the fastest."""
    grid = pbm.geometric_grid(1e-3, 3e3, CELLS)
    population = pbm.Population(grid, pbm.kernel("constant", rate_coefficient=1.0))
    start, times = pbm.project_density(lambda volume: np.exp(-volume), grid), np.array([0.0, FASTEST])
    models = pbm.Ensemble(population, aggregation=np.linspace(0.1, 1.0, count))
    models.solve(start, 1e-3 * times, backend=backend)
    began = time.perf_counter()
    models.solve(start, times, backend=backend)
    return {"seconds": time.perf_counter() - began, "members": count, "classes": CELLS}


def components(backend: Backend, classes: int = 40) -> dict[str, Any]:
    """Seconds of a population of two components, constant kernel to tau 10, and of one of its steps."""
    grid = pbm.geometric_grid(1e-2, 1e3, classes)
    population = pbm.TwoComponentPopulation((grid, grid), 1.0)
    side = pbm.project_density(lambda volume: np.exp(-volume), grid)
    start = np.outer(side, side)
    population.solve(start, np.array([0.0, 1e-3]), backend=backend)
    began = time.perf_counter()
    result = population.solve(start, np.array([0.0, 10.0]), backend=backend)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "classes": [classes] * 2, "steps": result.steps, "step_seconds": seconds / result.steps}


WORKLOADS: dict[str, Callable[[Backend], dict[str, Any]]] = {
    "reference granulator": granulator, "members": members, "two components": components,
}  # fmt: skip


def measure_balances(backend: str) -> dict[str, Any]:
    """What each gives on a backend, or why one gives nothing, printed."""
    found: dict[str, Any] = {}
    for name, workload in WORKLOADS.items():
        try:
            found[name] = workload(get_backend(backend))
        except Exception as error:  # of the compiler, the driver or the device: the others go on
            found[name] = {"left_out": f"failed: {type(error).__name__}: {error}", "failed": True}
        print(name, found[name], flush=True)
    return found


def longest_loops(tables: Tables) -> dict[str, int]:
    """Rounds that the longest thread of each kernel goes through; kernels that are not named go through few."""
    places, _, classes = tables.feed.shape
    merging = tables.merging
    arrivals = np.bincount(merging.target[merging.grows == 0]).max() + np.diff(merging.row).max()
    parents = np.bincount(tables.fragment_class).max()
    sums = ("describe", "find_losses", "begin_change", "find_worst", "add_up_trial", "add_up_events")
    return dict.fromkeys(sums, classes) | {
        "find_conditions": 2 * classes,
        "find_rates": 8,
        "sum_pairs": int(np.diff(merging.start).max()),
        "pool_cell": int(classes + arrivals),
        "break_class": int(4 * parents),
        "find_moves": 6 * places**2,
        "soak_films": 3 * places**2,
        "move_class": 4 * places,
        "find_error": places,
        "step_level": BOOKED,
        "write_row": places * BOOKED,
    }


def estimate(steps: int) -> dict[str, Any]:
    """Seconds of so many steps of the reference granulator on a device, from launches and the longest loops."""
    model = reference()
    laws = model.case.aggregation.kernel["name"], model.case.aggregation.sticking, model.case.breakage.rate["name"]
    tables = model.tables._replace(coupled=1)
    launched = [
        each.body.__name__ for each in DeviceModel(get_backend("python"), laws, model.parameters, tables).trial()
    ]
    loops = longest_loops(tables)
    rounds = sum(loops.get(name, 1) for name in launched)
    seconds = [steps * (len(launched) * LAUNCH + rounds * each) for each in ROUNDS]
    return {"launches": len(launched), "rounds": rounds, "steps": steps, "seconds": seconds}


def main() -> None:
    """Estimate, or measure on the device."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--estimate", action="store_true", help="without a device")
    if parser.parse_args().estimate:
        record = json.loads((HERE / "results" / "continuous-granulator.json").read_text(encoding="utf-8"))
        print(json.dumps(estimate(record["steps"])))
    else:
        measure_balances("cuda")


if __name__ == "__main__":
    main()
