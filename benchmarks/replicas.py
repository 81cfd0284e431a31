"""Copies of a small case in common launches against one case of as many particles, by particle-steps a second.

    python -m benchmarks.replicas [--host] [--copies 10] [--particles 2000] [--backend cpu] [--rounds 3]

Settled boxes of equal spheres. On a CPU, which runs replicas as processes, the loops of the device are compiled for it,
on one thread. What a case gives alone is measured in turn with the copies. `--host` tells instead the processor time
beside the kernels, for each copy and list made anew, and for each copy and sample of the statistics.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time, thread_time
from typing import Any

import dem.engine
from benchmarks.scenario import SCENARIOS, SEED
from compute import get_backend
from compute.base import Backend
from compute.copies import Copies
from dem.case import DemCase
from dem.loops_gather import GatherLoops
from dem.simulation import Simulation

SKIN = 0.1


def rate_of_copies(case: DemCase, copies: int, backend: Backend, warm: int, timed: int) -> float:
    """Return the particle-steps a second of copies that differ by their seed, once all have done `warm` steps.

    From the first that is there to the last that is done; what the others still do before that counts for nothing.

    Raises:
        BaseException: a copy failed.
    """
    begun: list[float] = []
    work_done: list[int] = []

    def work(number: int) -> Callable[[Backend], None]:
        def run(own: Backend) -> None:
            simulation = Simulation(case, own, SEED + number)
            simulation.advance(warm)
            begun.append(perf_counter())
            simulation.advance(warm + timed)
            work_done.append(simulation.engine.size * timed)

        return run

    for error in Copies(backend, [work(number) for number in range(copies)], copies).run():
        if error is not None:
            raise error
    return sum(work_done) / (perf_counter() - min(begun))


def make_list(simulation: Simulation) -> None:
    """Make the list anew, and do a step."""
    simulation.engine.stale = True
    simulation.engine.run(simulation.engine.step_number + 1)


def take_sample(simulation: Simulation) -> None:
    """Take a sample of where particles are."""
    simulation.take_sample()


def host_seconds(case: DemCase, copies: int, backend: Any, warm: int, timed: int, what: Callable[..., None]) -> float:
    """Return the processor time that is spent beside the kernels, for each copy and time that `what` is done [s].

    what: is given the simulation.
    """
    launch, inside, begun = backend.foreach, [0.0], list[float]()

    def foreach(*arguments: Any) -> None:
        start = thread_time()
        launch(*arguments)
        inside[0] += thread_time() - start

    def work(number: int) -> Callable[[Backend], None]:
        def run(own: Backend) -> None:
            simulation = Simulation(case, own, SEED + number)
            simulation.advance(warm)
            what(simulation)
            begun.append(process_time() - inside[0])
            for _ in range(timed):
                what(simulation)

        return run

    backend.foreach = foreach
    errors = Copies(backend, [work(number) for number in range(copies)], copies).run()
    assert errors == [None] * copies, errors
    return (process_time() - inside[0] - begun[-1]) / (copies * timed)


def rate_alone(case: DemCase, backend: Backend, warm: int, timed: int) -> float:
    """Return the particle-steps a second of a case by itself, after `warm` steps."""
    simulation = Simulation(case, backend, SEED)
    simulation.advance(warm)
    begun = perf_counter()
    simulation.advance(warm + timed)
    return simulation.engine.size * timed / (perf_counter() - begun)


def main() -> int:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--particles", type=int, default=2000, help="of a copy")
    parser.add_argument("--host", action="store_true", help="processor time of the host instead")
    parser.add_argument("--backend", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--warm", type=int, default=50)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    backend, box = get_backend(chosen.backend, 1), SCENARIOS["box"]
    small = box.settled_case(chosen.particles, SKIN)
    large = small if chosen.host else box.settled_case(chosen.copies * chosen.particles, SKIN)
    loops: Any = GatherLoops  # on one thread alone: threads of a CPU would sort particles over each other
    dem.engine.make_loops = loops
    if chosen.host:
        for name, what in (("list", make_list), ("sample", take_sample)):
            seconds = host_seconds(small, chosen.copies, backend, chosen.warm, chosen.steps, what)
            print(f"{chosen.copies} copies: {1e6 * seconds:.0f} us of the host for each copy and {name}", flush=True)
        return 0
    shares = list[float]()
    for number in range(chosen.rounds):
        together = rate_of_copies(small, chosen.copies, backend, chosen.warm, chosen.steps)
        alone = rate_alone(large, backend, chosen.warm, chosen.steps)
        shares.append(together / alone)
        print(f"round {number + 1}: {together:.3e} together, {alone:.3e} alone, share {shares[-1]:.2f}", flush=True)
    print(f"{chosen.copies} x {chosen.particles}: {median(shares):.2f} of the rate of one case (median)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
