"""Time of the published reference granulator, and of its right-hand side with 16 and with 32 compartments.

    python -m benchmarks.reference_granulator [--rounds 3]

One core; of the whole run its processor time is taken. Compilation and start are excluded. Results go to
benchmarks/results/continuous-granulator.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from coupling.case_file import read_case
from pbm.case import PbmCase
from pbm.granulation import Granulation
from pbm.model import BOOKED, make_workspace

HERE = Path(__file__).resolve().parent
CASE = HERE.parent / "cases" / "continuous-granulator" / "case.yaml"
REPEATS = 20
EVALUATIONS = 4
"""Pair loops of one step: at its start and three inside the extrapolation."""


def lengthened(case: PbmCase, compartments: int) -> PbmCase:
    """The case with another number of compartments along the same line."""
    assert case.compartments is not None
    line = case.compartments.lines[0].model_copy(update={"compartments": compartments})
    return case.model_copy(update={"compartments": case.compartments.model_copy(update={"lines": (line,)})})


def timed_run(model: Granulation, rounds: int) -> dict[str, Any]:
    """Median processor time of the whole run [s], its steps and the worst error of a balance."""
    model.simulate(times=np.array([0.0, 0.1]))
    seconds = []
    for _ in range(rounds):
        began = time.thread_time()
        result = model.simulate()
        seconds.append(time.thread_time() - began)
    pairs = int(model.tables.merging.partner.size)
    return {
        "seconds": statistics.median(seconds),
        "all_seconds": seconds,
        "steps": len(result.steps),
        "pair_updates": len(result.steps) * EVALUATIONS * model.places * pairs,
        "worst_imbalance": max(result.worst_imbalance),
        "end": result.states[-1],
    }


def right_hand_side(model: Granulation, state: np.ndarray, spray: float) -> float:
    """Shortest time of one right-hand side [us] per compartment."""
    work, change, booked = make_workspace(model.places, model.cells.count), np.zeros_like(state), np.zeros(BOOKED)
    arguments = (np.ascontiguousarray(state), 0.0, spray, model.parameters, model.tables, work, change, booked)
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        model.program.right_hand_side(*arguments)
        times.append(time.perf_counter() - began)
    return 1e6 * min(times) / model.places


def measure(rounds: int) -> dict[str, Any]:
    """Times of the case as shipped, and of its right-hand side at the end of the run and with every class filled."""
    case = read_case(CASE).pbm
    assert case is not None
    model = Granulation(case)
    run = timed_run(model, rounds)
    end = run.pop("end")
    twice = Granulation(lengthened(case, 2 * model.places))
    spray, full = case.liquid.spray.rate, np.maximum(end, 1e-3 * end.max(axis=2, keepdims=True))
    states = {"end": end, "full": full}
    found = {
        f"{name}-{each.places}": right_hand_side(each, np.tile(state, (each.places // model.places, 1, 1)), spray)
        for name, state in states.items()
        for each in (model, twice)
    }
    return {
        "case": CASE.parent.name, "compartments": model.places, "classes": model.cells.shape,
        "pairs": int(model.tables.merging.partner.size), "kernel": case.aggregation.kernel["name"],
        "sticking": case.aggregation.sticking, **run, "right_hand_side_us_per_compartment": found,
        "time_of_32_over_16_compartments": 2.0 * found["end-32"] / found["end-16"],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip


def main() -> None:
    """Measure, print a table and store what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    result = measure(parser.parse_args().rounds)
    for key, value in result.items():
        print(f"{key:36s} {value}")
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / "continuous-granulator.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
