"""Mixed precision against double: both in one process, in turns, from the same settled state.

    python -m benchmarks.mixed_precision [box|drum|paddle|sticky ...] [--particles 20000] [--cores 1] [--rounds 8]

Statistics are on and arithmetic is exact. A ratio is that of two runs of `steps` steps next to each other, in ABBA
order; the pair law alone is timed in the same way on a block of contacts of the bed. Results go to
benchmarks/results/ as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numba

from benchmarks.against_liggghts import machine, spread
from benchmarks.scenario import HERE, SCENARIOS, SEED
from compute import get_backend
from dem.block import BLOCK, DEPTH, make_block
from dem.loops_block import BlockLoops
from dem.neighbours import TOUCHING
from dem.simulation import Simulation

PRECISIONS = ("double", "mixed")
SKIN = 0.1
CALLS = 20_000
"""Of the pair law in one turn."""


class Job(NamedTuple):
    """What is timed: scenario, particles, threads, steps before and in one turn."""

    scenario: str
    particles: int
    cores: int
    warm: int
    steps: int


class Side(NamedTuple):
    """One precision: the simulation, and a call that applies its pair law to a block CALLS times."""

    simulation: Simulation
    apply: Callable[[], None]


def make_side(job: Job, precision: str) -> Side:
    """Return a precision with everything compiled and the bed in motion."""
    case = SCENARIOS[job.scenario].settled_case(job.particles, SKIN)
    numerics = case.numerics.model_copy(update={"precision": precision})
    simulation = Simulation(case.model_copy(update={"numerics": numerics}), get_backend("cpu", job.cores), SEED)
    simulation.advance(job.warm)
    engine = simulation.engine
    assert isinstance(engine.loops, BlockLoops)
    block, buffer, step = make_block(engine.interaction), engine.loops.scratch.buffer[0].copy(), simulation.step_size

    def repeat(values: Any, depth: Any, calls: int, step_size: float) -> None:
        for _ in range(calls):
            for t in range(BLOCK):
                values[DEPTH * BLOCK + t] = depth[t]
            block(values, BLOCK, step_size)

    depth = buffer[DEPTH * BLOCK : (DEPTH + 1) * BLOCK].copy()
    if engine.interaction.mixed:
        depth *= 2.0 * case.classes[0].diameter
    compiled = numba.njit(error_model="numpy", _nrt=False)(repeat)
    compiled(buffer, depth, 1, step)
    return Side(simulation, lambda: compiled(buffer, depth, CALLS, step))


def seconds_of(work: Callable[[], None]) -> float:
    """Return how long a piece of work takes [s]."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turns(rounds: int, works: dict[str, Callable[[], None]]) -> dict[str, list[float]]:
    """Time the two works in ABBA order [s]."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name in list(works)[:: 1 if number % 2 == 0 else -1]:
            found[name].append(seconds_of(works[name]))
    return found


def compare(job: Job, rounds: int) -> dict[str, Any]:
    """Time both precisions and return what was measured."""
    sides = {name: make_side(job, name) for name in PRECISIONS}

    def advance(side: Side) -> Callable[[], None]:
        return lambda: side.simulation.advance(side.simulation.engine.step_number + job.steps)

    times = in_turns(rounds, {name: advance(side) for name, side in sides.items()})
    laws = in_turns(rounds, {name: side.apply for name, side in sides.items()})
    engines = {name: side.simulation.engine for name, side in sides.items()}
    rates = {name: [job.particles * job.steps / each / 1e6 for each in values] for name, values in times.items()}
    return {
        **job._asdict(), "skin_over_diameter": SKIN, "million_particle_steps_per_second": rates,
        "ratio": [a / b for a, b in zip(times["double"], times["mixed"])],
        "pair_law_ns": {name: [each / CALLS / BLOCK * 1e9 for each in values] for name, values in laws.items()},
        "pair_law_ratio": [a / b for a, b in zip(laws["double"], laws["mixed"])],
        "contacts_per_particle": {name: touching(engine) / job.particles for name, engine in engines.items()},
        "history_MB": {name: engine.pairs.history.nbytes / 1e6 for name, engine in engines.items()},
        "machine": machine(), "load": os.getloadavg(), "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip


def touching(engine: Any) -> int:
    """Return the number of listed pairs in touch."""
    return int((engine.pairs.flags[: engine.pairs.start[engine.size]] & TOUCHING != 0).sum())


HEADER = "scenario particles cores | double [M/s]         | mixed [M/s]          | ratio                | law [ns]"


def row(result: dict[str, Any]) -> str:
    """Return one line of the table; figures are minimum, median and maximum."""
    rates, laws = result["million_particle_steps_per_second"], result["pair_law_ns"]
    job = f"{result['scenario']:8s} {result['particles']:9d} {result['cores']:5d}"
    law = " ".join(f"{statistics.median(laws[name]):.2f}" for name in PRECISIONS)
    ratio = statistics.median(result["pair_law_ratio"])
    return f"{job} | {' | '.join(spread(each) for each in (*rates.values(), result['ratio']))} | {law} {ratio:.2f}"


def main() -> None:
    """Compare the chosen scenarios, print a table and store what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, "all"], default="all")
    for name, default in (("particles", 20_000), ("cores", 1), ("rounds", 8), ("steps", 200), ("warm", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    print(HEADER)
    for name in SCENARIOS if "all" in chosen.scenarios else chosen.scenarios:
        job = Job(name, chosen.particles, chosen.cores, chosen.warm, chosen.steps)
        result = compare(job, chosen.rounds)
        print(row(result), flush=True)
        path = folder / f"mixed-{name}-{job.particles}-{job.cores}.json"
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
