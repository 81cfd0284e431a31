"""The pair law as the processor gets it: in vector instructions, and to the bit what plain Python computes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.physics import register_laws
from dem.block import BLOCK, DEPTH, FORCE, make_block
from tests.device.pairs_example import LAWS, STEP, Laws, composed, random_block


@cache
def compiled_block(laws: Laws, mixed: bool = False) -> Any:
    """The block function, or that in 32 bits, with the options of the CPU backend, on one thread."""
    import numba

    block, real = make_block(composed(laws, mixed)), numba.float32 if mixed else numba.float64
    register_laws()
    options: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
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
    rest may repeat one that the vectors share.
    """
    compiled = compiled_block(laws)
    text = compiled.inspect_asm(compiled.signatures[0])
    count = instruction_counts(text, ("sqrtpd", "divpd", "sqrtsd", "divsd"))
    with capsys.disabled():
        print("\n" + ", ".join(laws) + ": " + ", ".join(f"{number} {name}" for name, number in count.items()))
    assert 4 * count["sqrtpd"] >= 3 * max(1, count["sqrtsd"])
    assert 4 * count["divpd"] >= 3 * max(1, count["divsd"])


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
