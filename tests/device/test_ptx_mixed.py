"""The kernels of mixed precision in PTX: what they compute in 64 bits, and how many registers they take."""

from __future__ import annotations

from collections import Counter

import pytest

from dem.case import DemCase
from tests.device.ptx import launches_of, operations
from tests.device.systems import HERTZ, MIXED, bowl_case
from tests.device.test_ptx import Listed, compiler, listed

__all__ = ["compiler"]  # the fixture that skips where nothing compiles

REGISTERS = 128
"""Registers a thread at most, whatever the law: 512 threads to a multiprocessor."""
PAIR_REGISTERS = 96
"""Of the pair kernel: 640 threads."""
DIFFERENCES, SUMS, GAPS, OVERLAP = (
    Counter({"sub": 7, "mul": 2, "fma": 2, "add": 1, "setp": 1}),
    Counter({"add": 6}),
    Counter({"add": 1, "mul": 2, "setp": 1}),
    Counter({"mul": 1, "min": 1, "setp": 1}),
)
"""Positions and velocities apart, squares of distance and reach and their difference; sums of forces and torques;
whether a pair is apart by the re-arm gap; whether an overlap is beyond the limit of the law."""
INVERSE = Counter({"rcp": 1, "fma": 7, "neg": 1, "abs": 1, "setp": 1, "selp": 1})
"""One over a number, as `compute.division` has it."""
MOTION = Counter({"fma": 16, "mul": 9, "add": 6, "sub": 3, "setp": 2}) + INVERSE + INVERSE
"""Of a particle: the wrench of walls, kick, drift and how far it went, with one over its mass and moment of inertia."""
PLAIN: dict[str, DemCase] = {
    "liggghts, constant-torque": bowl_case(contact=HERTZ, statistics=None, time={"end": 1.0}, numerics="mixed"),
}


def gather_of(case: DemCase, capsys: pytest.CaptureFixture[str], law: str) -> Listed:
    """The pair kernel, which no function calls, no stack and no spilled register slow down."""
    found = listed(launches_of(case)["step_sphere"], capsys, f"{law} in mixed precision")
    assert found.calls == set() and "__local_depot" not in found.text
    assert (found.spilled, found.stack) == (0, 0)
    assert found.registers <= PAIR_REGISTERS
    return found


def test_pair_kernel_computes_differences_and_sums_alone_in_64_bits(capsys: pytest.CaptureFixture[str]) -> None:
    """Each 64-bit operation is one of those named: no root, and divisions in the motion alone; the law is in 32."""
    law = "liggghts, constant-torque"
    text = gather_of(PLAIN[law], capsys, law).text
    assert operations(text, 64) == DIFFERENCES + SUMS + GAPS + OVERLAP + MOTION
    single = operations(text, 32)
    assert single["sqrt"] >= 5 and single["div"] + single["rcp"] >= 4


LEFT = {
    "mixed, sticky": {"rsqrt": 3, "rcp": 6},
    "mixed, wet": {"rsqrt": 5, "rcp": 10},
}
"""Square roots and divisions in 64 bits with statistics: speeds of a first touch take two roots, a division and two
more of their logarithms; a gap that is held one root, and the radius of JKR a division; films that meet two roots and
five divisions; the motion two."""


@pytest.mark.validate
@pytest.mark.parametrize("system", MIXED)
def test_pair_kernel_of_other_laws(system: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Adhesion, twisting, EPSD2 and bridges leave no more in 64 bits than what is named."""
    found = operations(gather_of(MIXED[system](), capsys, system).text, 64)
    assert found["sqrt"] == 0
    assert {name: found[name] for name in ("rsqrt", "rcp")} == LEFT[system]


@pytest.mark.validate
def test_wall_kernels(capsys: pytest.CaptureFixture[str]) -> None:
    """Where a surface is stays in 64 bits; the law of the contact has its roots and divisions in 32.

    Pressing takes one root and two divisions in 64 bits. Both kernels take more than four roots in 32 for one in 64.
    """
    launches, single, wide = launches_of(MIXED["mixed, sticky"]()), Counter[str](), Counter[str]()
    for name in ("find", "press"):
        found = listed(launches[name], capsys, "mixed, sticky")
        assert (found.spilled, found.stack) == (0, 0)
        assert found.registers <= REGISTERS
        single += operations(found.text, 32)
        wide += operations(found.text, 64)
    pressing = operations(found.text, 64)
    assert {name: pressing[name] for name in ("sqrt", "rsqrt", "div", "rcp")} == {
        "sqrt": 0,
        "rsqrt": 1,
        "div": 0,
        "rcp": 2,
    }
    assert single["sqrt"] >= 20 and single["sqrt"] > 4 * (wide["sqrt"] + wide["rsqrt"])
