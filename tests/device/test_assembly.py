"""The pair law as the processor gets it: in vector instructions, and to the bit what plain Python computes."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.physics import register_laws
from dem.block import BLOCK, DEPTH, FORCE, make_block
from tests.device.pairs_example import LAWS, STEP, Laws, composed, random_block

GATHERS = ("gatherdpd", "gatherqpd", "gatherdps", "gatherqps", "pgatherdq", "pgatherqq")
"""Instructions that fill a vector from scattered places, at the cost of that many loads."""


@cache
def compiled_block(laws: Laws, mixed: bool = False) -> Any:
    """The block function, or that in 32 bits, with the options of the CPU backend, on one thread."""
    import numba

    from compute.nested import LoopCompiler

    block, real = make_block(composed(laws, mixed)), numba.float32 if mixed else numba.float64
    register_laws()
    options: dict[str, Any] = {"error_model": "numpy", "_nrt": False, "pipeline_class": LoopCompiler}
    compiled: Any = numba.njit(**options)(block)
    compiled.compile((real[::1], numba.int64, numba.float64))
    return compiled


def has_avx() -> bool:
    return "avx" in Path("/proc/cpuinfo").read_text().split()


def instruction_counts(text: str, names: Sequence[str]) -> dict[str, int]:
    """How often each instruction stands in an assembly."""
    prefix = "v" if has_avx() else ""
    return {name: len(re.findall(rf"^\s+{prefix}{name}\s", text, re.MULTILINE)) for name in names}


@pytest.mark.parametrize("laws", LAWS, ids=", ".join)
def test_square_roots_and_divisions_are_packed(laws: Laws, capsys: pytest.CaptureFixture[str]) -> None:
    """Each square root and division of the law stands in the loop over vectors, and once more in the loop of the rest.

    One that could not be packed would be in the assembly as a scalar only, and the whole loop with it. The loop of the
    rest may repeat one that the vectors share. Values of neighbours lie side by side: no vector is gathered.
    """
    compiled = compiled_block(laws)
    text = compiled.inspect_asm(compiled.signatures[0])
    count = instruction_counts(text, ("sqrtpd", "divpd", "sqrtsd", "divsd", *GATHERS))
    with capsys.disabled():
        print("\n" + ", ".join(laws) + ": " + ", ".join(f"{number} {name}" for name, number in count.items()))
    assert 4 * count["sqrtpd"] >= 3 * max(1, count["sqrtsd"])
    assert 4 * count["divpd"] >= 3 * max(1, count["divsd"])
    assert sum(count[name] for name in GATHERS) == 0


@pytest.mark.parametrize("laws", LAWS, ids=", ".join)
def test_compiled_equals_python(laws: Laws) -> None:
    """Both do IEEE arithmetic in the order of the text, without fused multiply-add: no tolerance."""
    interaction = composed(laws)
    expected = random_block(interaction)
    found = expected.copy()
    make_block(interaction)(expected.ravel(), BLOCK, STEP)
    compiled_block(laws)(found.ravel(), BLOCK, STEP)
    assert np.isfinite(expected).all()
    assert (expected[DEPTH] > 0.0).all()
    assert laws[0] == "ghost" or (expected[FORCE] != 0.0).all()
    np.testing.assert_array_equal(found, expected)


RATIO_LIMIT = 1.6
"""Largest time of a block over that of the reference loop; 0.8 as measured, more than 2 without vectors."""
ROUNDS, CALLS = 40, 50


def textbook_pairs(place: Any, velocity: Any, radius: Any, first: Any, second: Any, force: Any) -> None:
    """Springs and dashpots along the normal, pair by pair, from rows of particles: what anybody would write first."""
    for pair in range(first.size):
        i, j = first[pair], second[pair]
        dx, dy, dz = place[j, 0] - place[i, 0], place[j, 1] - place[i, 1], place[j, 2] - place[i, 2]
        distance = math.sqrt(dx * dx + dy * dy + dz * dz)
        nx, ny, nz = dx / distance, dy / distance, dz / distance
        vx, vy, vz = (
            velocity[i, 0] - velocity[j, 0],
            velocity[i, 1] - velocity[j, 1],
            velocity[i, 2] - velocity[j, 2],
        )
        push = 1e3 * (radius[i] + radius[j] - distance) + 1e-2 * (vx * nx + vy * ny + vz * nz)
        force[i, 0] -= push * nx
        force[i, 1] -= push * ny
        force[i, 2] -= push * nz
        force[j, 0] += push * nx
        force[j, 1] += push * ny
        force[j, 2] += push * nz


def textbook_arguments() -> tuple[Any, ...]:
    """As many pairs as a block has, of 64 spheres at random places."""
    random = np.random.Generator(np.random.Philox(key=(7, 0)))
    first = random.integers(0, 63, BLOCK)
    second = random.integers(first + 1, 64)
    return *random.normal(size=(2, 64, 3)), np.ones(64), first, second, np.zeros((64, 3))


def test_a_block_keeps_pace_with_a_textbook_loop(capsys: pytest.CaptureFixture[str]) -> None:
    """Hertz-Mindlin with history in vectors, timed in turns with springs along the normal pair by pair.

    The shortest of many rounds each, in one process: a ratio, so that neither the machine nor its load counts. Without
    vectors the block would take as often as long as a vector has values.
    """
    import numba

    laws = LAWS[0]
    block, buffer = compiled_block(laws), random_block(composed(laws)).ravel()
    textbook, arguments = numba.njit(error_model="numpy")(textbook_pairs), textbook_arguments()
    textbook(*arguments)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for calls, spent in ((lambda: block(buffer, BLOCK, STEP), times[0]), (lambda: textbook(*arguments), times[1])):
            began = time.perf_counter()
            for _ in range(CALLS):
                calls()
            spent.append(time.perf_counter() - began)
    ratio = min(times[0]) / min(times[1])
    with capsys.disabled():
        nanoseconds = 1e9 * min(times[1]) / CALLS / BLOCK
        print(f"\nblock over textbook loop: {ratio:.2f}; the latter takes {nanoseconds:.1f} ns a pair")
    assert ratio <= RATIO_LIMIT
