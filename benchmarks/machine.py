"""What this machine can do at most, and what a step of the settled box asks of it.

    python -m benchmarks.machine [--particles 20000]

Bandwidth of a triad from memory, multiply-adds, square roots and divisions on one thread, the best of several rounds;
then list entries and contacts of a particle, and bytes and arithmetic of a particle-step, counted from the arrays and
from the assembly of the law. Last the particle-steps/s that each limit alone would allow, and those reached.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from benchmarks.scenario import SCENARIOS
from compute import get_backend
from compute.physics import register_laws
from dem.block import make_block
from dem.neighbours import TOUCHING
from dem.simulation import Simulation

ROUNDS = 7
LONG, SHORT, TURNS, CHAIN = 8_000_000, 1024, 20_000, 16
SKIN, WARM, STEPS = 0.1, 200, 400
ARITHMETIC = ("addpd", "subpd", "mulpd", "divpd", "sqrtpd", "maxpd", "minpd")


@numba.njit(error_model="numpy")
def triad(a: Any, b: Any, c: Any) -> None:
    for i in range(a.size):
        a[i] = b[i] + 3.0 * c[i]


@numba.njit(fastmath={"contract"}, error_model="numpy")
def four(v: float) -> float:
    return (((v * 0.999 + 0.001) * 0.999 + 0.001) * 0.999 + 0.001) * 0.999 + 0.001


@numba.njit(fastmath={"contract"}, error_model="numpy")
def multiply_add(x: Any, turns: int) -> None:
    for _ in range(turns):
        for i in range(x.size):
            x[i] = four(four(four(four(x[i]))))


@numba.njit(error_model="numpy")
def square_roots(x: Any, turns: int) -> None:
    for _ in range(turns):
        for i in range(x.size):
            x[i] = np.sqrt(x[i])


@numba.njit(error_model="numpy")
def divisions(x: Any, turns: int) -> None:
    for _ in range(turns):
        for i in range(x.size):
            x[i] = 1.5 / x[i]


def best(work: Callable[[], Any]) -> float:
    """Return the shortest time of several rounds [s]; the first one, which compiles, does not count."""
    times = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def limits() -> dict[str, float]:
    """Return bytes, flops, square roots and divisions per second of one thread."""
    a, b, c = (np.ones(LONG) for _ in range(3))
    x, turns = np.full(SHORT, 1.1), TURNS
    return {
        "bytes": 3 * a.nbytes / best(lambda: triad(a, b, c)),
        "flops": 2.0 * CHAIN * x.size * turns / best(lambda: multiply_add(x, turns)),
        "square roots": x.size * turns / best(lambda: square_roots(x, turns)),
        "divisions": x.size * turns / best(lambda: divisions(x, turns)),
    }


def operations(simulation: Simulation) -> dict[str, int]:
    """Return how often each operation stands in the vector loop of the law: as often as a contact needs it."""
    register_laws()
    block = numba.njit(error_model="numpy", _nrt=False)(make_block(simulation.engine.interaction))
    block.compile((numba.float64[::1], numba.int64, numba.float64))
    text = block.inspect_asm(block.signatures[0])
    return {name: len(re.findall(rf"^\s+v?{name}\s", text, re.MULTILINE)) for name in ARITHMETIC}


def demands(simulation: Simulation) -> dict[str, float]:
    """Return entries, contacts, bytes, flops, square roots and divisions of a particle-step.

    Bytes: each row, kind and force once, entries of the list once, history of contacts read and written; partners are
    taken to be in the cache.
    """
    engine, counted = simulation.engine, operations(simulation)
    entries = int(engine.pairs.start[engine.size])
    contacts = float((engine.pairs.flags[:entries] & TOUCHING != 0).sum()) / engine.size
    row, pairs = engine.particles.row, engine.pairs
    own = 2 * row[0].nbytes + engine.particles.kind[0].nbytes + 3 * 6 * 8 + engine.motion.reference[0].nbytes
    listed = entries / engine.size * (pairs.other.itemsize + pairs.flags.itemsize)
    return {
        "entries": entries / engine.size, "contacts": contacts,
        "bytes": own + listed + 2 * contacts * pairs.history[0].nbytes,
        "flops": contacts * sum(counted.values()),
        "square roots": contacts * counted["sqrtpd"], "divisions": contacts * counted["divpd"],
    }  # fmt: skip


def main() -> None:
    """Print limits, demands, and what each limit would allow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--particles", type=int, default=20_000)
    particles = parser.parse_args().particles
    simulation = Simulation(SCENARIOS["box"].settled_case(particles, SKIN), get_backend("cpu", 1), 1)
    simulation.advance(WARM)
    step, machine, asked = simulation.engine.step_number, limits(), demands(simulation)
    began = time.perf_counter()
    simulation.advance(step + STEPS)
    reached = particles * STEPS / (time.perf_counter() - began)
    print(f"a particle has {asked['entries']:.1f} entries in its half list and {asked['contacts']:.2f} contacts")
    for name, most in machine.items():
        allowed = most / asked[name]
        print(f"{name:13s} {most / 1e9:6.2f} G/s  {asked[name]:7.1f} a particle-step  allow {allowed / 1e6:6.1f} M/s")
    print(f"reached {reached / 1e6:.1f} M/s")


if __name__ == "__main__":
    main()
