"""What this machine can do at most, and what a step of the settled box asks of it.

    python -m benchmarks.machine [--particles 20000]

Bandwidth of a triad from memory, multiply-adds, square roots and divisions on one thread, the best of many rounds; then
list entries and contacts of a particle, and bytes and arithmetic of a particle-step, counted from the widths of the
arrays and the assembly of the law; last the particle-steps/s that each limit alone would allow.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from scipy.spatial import cKDTree

from benchmarks.scenario import DIAMETER, SCENARIOS
from compute.physics import register_laws
from dem.block import make_block
from dem.interaction import Interaction
from dem.pairs import force_columns
from dem.particles import KIND_SIZE, ROW_SIZE
from dem.setup import make_setup

ROUNDS = 40
LONG, SHORT, TURNS, CHAIN = 8_000_000, 1024, 20_000, 16
SKIN, ENTRY_BYTES = 0.1, 5
ARITHMETIC = ("addpd", "subpd", "mulpd", "divpd", "sqrtpd", "maxpd", "minpd")


@numba.njit(error_model="numpy")
def triad(a: Any, b: Any, c: Any) -> None:
    """a = b + 3 c, the memory's own test: 24 bytes a value."""
    for i in range(a.size):
        a[i] = b[i] + 3.0 * c[i]


@numba.njit(fastmath={"contract"}, error_model="numpy")
def four(v: float) -> float:
    """Four multiply-adds that wait for each other."""
    return (((v * 0.999 + 0.001) * 0.999 + 0.001) * 0.999 + 0.001) * 0.999 + 0.001


@numba.njit(fastmath={"contract"}, error_model="numpy")
def multiply_add(x: Any, turns: int) -> None:
    """Sixteen multiply-adds in a chain on each value, `turns` times."""
    for _ in range(turns):
        for i in range(x.size):
            x[i] = four(four(four(four(x[i]))))


@numba.njit(error_model="numpy")
def square_roots(x: Any, turns: int) -> None:
    """A square root of each value, `turns` times."""
    for _ in range(turns):
        for i in range(x.size):
            x[i] = np.sqrt(x[i])


@numba.njit(error_model="numpy")
def divisions(x: Any, turns: int) -> None:
    """A division by each value, `turns` times."""
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


def operations(interaction: Interaction) -> dict[str, int]:
    """Return how often each operation stands in the vector loop of the law: as often as a contact needs it."""
    register_laws()
    block = numba.njit(error_model="numpy", _nrt=False)(make_block(interaction))
    block.compile((numba.float64[::1], numba.int64, numba.float64))
    text = block.inspect_asm(block.signatures[0])
    return {name: len(re.findall(rf"^\s+v?{name}\s", text, re.MULTILINE)) for name in ARITHMETIC}


def demands(particles: int) -> dict[str, float]:
    """Return entries, contacts, bytes, flops, square roots and divisions of a particle-step.

    Bytes: row and force of a particle read and written, its kind and place at the last list read, entries of the list
    with their flags read, history of contacts read and written; partners are taken to be in the cache.
    """
    scenario = SCENARIOS["box"]
    interaction = make_setup(scenario.settled_case(particles, SKIN)).engine.interaction
    table = np.genfromtxt(scenario.state(particles), delimiter=",", names=True, usecols=("x", "y", "z"))
    tree, counted = cKDTree(np.stack([table[axis] for axis in "xyz"], axis=1)), operations(interaction)
    entries, contacts = (len(tree.query_pairs(reach * DIAMETER)) / particles for reach in (1.0 + SKIN, 1.0))
    values = 2 * (ROW_SIZE + force_columns(interaction)) + 3 + 2 * contacts * interaction.history_size
    return {
        "entries": entries, "contacts": contacts, "bytes": 8 * values + 4 * KIND_SIZE + ENTRY_BYTES * entries,
        "flops": contacts * sum(counted.values()),
        "square roots": contacts * counted["sqrtpd"], "divisions": contacts * counted["divpd"],
    }  # fmt: skip


def main() -> None:
    """Print limits, demands, and what each limit would allow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--particles", type=int, default=20_000)
    machine, asked = limits(), demands(parser.parse_args().particles)
    print(f"a particle has {asked['entries']:.1f} entries in its half list and {asked['contacts']:.2f} contacts")
    for name, most in machine.items():
        allowed = most / asked[name]
        print(f"{name:13s} {most / 1e9:6.2f} G/s  {asked[name]:7.1f} a particle-step  allow {allowed / 1e6:6.1f} M/s")


if __name__ == "__main__":
    main()
