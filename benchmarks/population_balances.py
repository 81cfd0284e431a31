"""Population balances alone: time, steps and errors of moments beside published codes, and ensembles.

    python -m benchmarks.population_balances [--rounds 9] [--members 1000]

Constant kernel to tau = 98 and sum kernel to t' = 2 on cells over 1e-3..3e3 mean volumes; in two coordinates constant
kernel to tau = 100 on cells over 1e-3..1e4. Start exp(-x); errors of M2 (M20) are against the exact evolution of the
projected start. A figure is the time of `solve`, compiled code in memory; set-up is the making of rates and tables.
Peers' figures were taken on another machine (2-core Xeon): dPBE (Python, numba; cell average), pbepack and FixedPivot2D
(Fortran, fixed pivot). None of them installs from a package index, so that ratios hold between like processors only.
Results go to benchmarks/results/ as JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import pbm
from compute.cpu import available_threads
from pbm.analytic import constant_moments, sum_moments
from pbm.classes import compiled_solve, single_member, start_runs
from pbm.grid import Floats

FILE = Path(__file__).resolve().parent / "results" / "population-balances.json"


class Peer(NamedTuple):
    """A published figure: time [ms] and error of M2 or M20 [%]."""

    name: str
    milliseconds: float
    error: float


class Job(NamedTuple):
    """A case: name, kernel, cells (of one coordinate), end of the run, and the peers at that many cells."""

    name: str
    kernel: str
    cells: int
    end: float
    peers: tuple[Peer, ...]


ONE = (
    Job("constant, tau 98", "constant", 30, 98.0, (Peer("pbepack", 0.95, 12.6), Peer("dPBE", 22.0, -0.55))),
    Job("constant, tau 98", "constant", 60, 98.0, (Peer("pbepack", 3.9, 3.1), Peer("dPBE", 183.0, -0.71))),
    Job("constant, tau 98", "constant", 120, 98.0, (Peer("pbepack", 15.5, 0.8), Peer("dPBE", 2060.0, -0.28))),
    Job("sum, t' 2", "sum", 30, 2.0, (Peer("dPBE", 18.0, 28.5),)),
    Job("sum, t' 2", "sum", 36, 2.0, (Peer("dPBE, 30 cells", 18.0, 28.5),)),
    Job("sum, t' 2", "sum", 60, 2.0, (Peer("dPBE", 239.0, -1.33),)),
    Job("sum, t' 2", "sum", 90, 2.0, (Peer("dPBE, 60 cells", 239.0, -1.33),)),
    Job("sum, t' 2", "sum", 120, 2.0, (Peer("dPBE", 1780.0, -0.15),)),
    Job("sum, t' 2", "sum", 240, 2.0, (Peer("dPBE, 120 cells", 1780.0, -0.15),)),
)
TWO = (
    Job("two coordinates, tau 100", "constant", 10, 100.0, (Peer("FixedPivot2D, 16 squared", 37.0, 63.0),)),
    Job("two coordinates, tau 100", "constant", 16, 100.0, (Peer("FixedPivot2D", 37.0, 63.0),)),
    Job("two coordinates, tau 100", "constant", 30, 100.0, (Peer("FixedPivot2D", 720.0, 16.0),)),
    Job("two coordinates, tau 100", "constant", 40, 100.0, (Peer("FixedPivot2D", 4800.0, 8.7),)),
    Job("two coordinates, tau 100", "constant", 50, 100.0, (Peer("FixedPivot2D", 14000.0, 5.3),)),
)


def exponential(grid: pbm.Grid) -> Floats:
    """Numbers of n = exp(-v), as the grid holds them."""
    return np.asarray(pbm.project_density(lambda volume: np.exp(-volume), grid))


def percent(got: float, expected: float) -> float:
    """Relative error [%]."""
    return 100.0 * (got / expected - 1.0)


def timed(run: Callable[[], Any], rounds: int) -> tuple[Any, list[float]]:
    """Result and times [ms], from the least to the most; one run before them loads what is compiled."""
    result, times = run(), []
    for _ in range(rounds):
        begin = time.perf_counter()
        result = run()
        times.append(1e3 * (time.perf_counter() - begin))
    return result, sorted(times)


def one_coordinate(job: Job, rounds: int) -> dict[str, Any]:
    """Time one case in one coordinate, with errors against the exact evolution of its own start."""
    grid = pbm.geometric_grid(1e-3, 3e3, job.cells)
    start = exponential(grid)
    start /= float(start @ grid.pivots)
    law = pbm.kernel(job.kernel, rate_coefficient=1.0)
    population, setup = timed(lambda: pbm.Population(grid, law), 3)
    result, times = timed(lambda: population.solve(start, np.array([0.0, job.end])), rounds)
    moments = {k: result.moment(k) for k in range(4)}
    exact = {"constant": constant_moments, "sum": sum_moments}[job.kernel]
    number, second = exact(float(moments[0][0]), float(moments[2][0]), job.end)
    third = {"constant": 6.0 + 6.0 * job.end + 1.5 * job.end**2, "sum": 12.0 * np.exp(8.0) - 6.0 * np.exp(6.0)}[
        job.kernel
    ]
    expected = (number, float(moments[1][0]), second, third)
    errors = {f"M{k}": percent(float(moments[k][-1]), value) for k, value in enumerate(expected)}
    calls, slopes = timed(lambda: count_slopes(population, start, job.end), 5)
    return record(job, times, setup[0], result.steps, errors, errors["M2"], 1e3 * slopes[2] / calls)


def count_slopes(population: pbm.Population, start: Floats, end: float) -> int:
    """Take the run's compiled part alone, and count its right-hand sides: ten a step, nine where one is repeated."""
    work, stages, runs = start_runs(start[None], np.array([0.0, end]), np.array([population.tolerance]))
    tables = population.classes, population.merging, population.layering, single_member()
    compiled_solve()(0, 1, *tables, work, stages, runs)
    return int(10 * runs.steps[0, 0] + 9 * runs.steps[0, 1])


def two_coordinates(job: Job, rounds: int) -> dict[str, Any]:
    """Time one case in two coordinates, with errors against the exact evolution of its own start."""
    grid = pbm.geometric_grid(1e-3, 1e4, job.cells)
    start = np.outer(exponential(grid), exponential(grid))
    population, setup = timed(lambda: pbm.TwoComponentPopulation((grid, grid), 1.0), 3)
    result, times = timed(lambda: population.solve(start, np.array([0.0, job.end])), rounds)
    moments = {order: result.moment(*order) for order in ((0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (3, 0))}
    first = {order: float(values[0]) for order, values in moments.items()}
    expected = {
        (0, 0): first[0, 0] / (1.0 + 0.5 * first[0, 0] * job.end),
        (1, 0): first[1, 0],
        (0, 1): first[0, 1],
        (1, 1): first[1, 1] + first[1, 0] * first[0, 1] * job.end,
        (2, 0): first[2, 0] + first[1, 0] ** 2 * job.end,
        (3, 0): 6.0 * (1.0 + job.end + 0.25 * job.end**2),
    }
    errors = {f"M{a}{b}": percent(float(moments[a, b][-1]), value) for (a, b), value in expected.items()}
    return record(job, times, setup[0], result.steps, errors, errors["M20"], None)


def record(
    job: Job, times: list[float], setup: float, steps: int, errors: dict[str, float], error: float, slope: float | None
) -> dict[str, Any]:
    """One row of the table, printed and kept."""
    middle = statistics.median(times)
    row = {
        "case": job.name, "cells": job.cells,
        "milliseconds": [times[0], middle, times[-1]], "setup_milliseconds": setup,
        "steps": steps, "right_hand_side_microseconds": slope, "errors_percent": errors,
        "peers": [peer._asdict() | {"ratio": peer.milliseconds / middle} for peer in job.peers],
    }  # fmt: skip
    beside = "; ".join(
        f"{peer.name} {peer.milliseconds:.4g} ms at {peer.error:+.3g} %: {peer.milliseconds / middle:.3g}x"
        for peer in job.peers
    )
    spread = f"{middle:8.2f} ms ({times[0]:.2f} to {times[-1]:.2f})"
    each = "" if slope is None else f", {slope:.2f} us each right-hand side"
    print(
        f"{job.name:26s} {job.cells:4d} cells {spread}, {steps} steps{each}, error {error:+.3g} % | {beside}",
        flush=True,
    )
    return row


def ensemble(cells: int, members: int) -> dict[str, Any]:
    """Members with rates over a decade, constant kernel to tau = 98 at the fastest."""
    grid = pbm.geometric_grid(1e-3, 3e3, cells)
    population = pbm.Population(grid, pbm.kernel("constant", rate_coefficient=1.0))
    models = pbm.Ensemble(population, aggregation=np.linspace(0.1, 1.0, members))
    start = exponential(grid)
    seconds = {}
    for threads in dict.fromkeys((1, available_threads())):
        _, times = timed(lambda threads=threads: models.solve(start, np.array([0.0, 98.0]), threads), 3)
        seconds[threads] = times[1] / 1e3
        print(f"ensemble of {members}, {cells} cells: {seconds[threads]:.2f} s on {threads} thread(s)", flush=True)
    return {"cells": cells, "members": members, "seconds_by_threads": seconds}


def plane_ensemble(cells: int, members: int) -> dict[str, Any]:
    """Populations of two components on all threads."""
    grid = pbm.geometric_grid(1e-3, 1e4, cells)
    start = np.outer(exponential(grid), exponential(grid))
    models = [pbm.TwoComponentPopulation((grid, grid), rate) for rate in np.linspace(0.1, 1.0, members)]
    _, times = timed(lambda: pbm.run_all(lambda one: one.solve(start, np.array([0.0, 100.0])), models), 1)
    print(
        f"ensemble of {members}, {cells} squared: {times[0] / 1e3:.2f} s on {available_threads()} threads", flush=True
    )
    seconds = {available_threads(): times[0] / 1e3}
    return {"cells": cells, "coordinates": 2, "members": members, "seconds_by_threads": seconds}


def main() -> None:
    """Run all cases, print the table and store it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--members", type=int, default=1000)
    options = parser.parse_args()
    rows = [one_coordinate(job, options.rounds) for job in ONE]
    rows += [two_coordinates(job, min(options.rounds, 5)) for job in TWO]
    ensembles = [ensemble(cells, options.members) for cells in (30, 60, 120)]
    ensembles.append(plane_ensemble(16, options.members))
    machine = {"processor": platform.processor() or platform.machine(), "threads": available_threads()}
    found = {"date": time.strftime("%Y-%m-%d"), "machine": machine, "cases": rows, "ensembles": ensembles}
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
