"""The kernels of bodies in PTX: they compile, and the assembler for both devices finds room for all they hold."""

from __future__ import annotations

import pytest

from dem.case import DemCase
from tests.device.systems import CLASSES, NEEDLES, SLOW_CONTACTS, SYSTEMS, WATER, box_case
from tests.device.test_ptx import compiler, launches_of, listed

__all__ = ["compiler"]  # the fixture that skips where nothing compiles

REGISTERS = {"move": 128, "meet": 96, "gather_pairs": 128}
"""Registers a thread at most: 512 threads to a multiprocessor."""
MIXED: DemCase = box_case(number=28, classes=[CLASSES[0], NEEDLES], liquid=WATER, numerics="mixed", **SLOW_CONTACTS)


def assert_fits(case: DemCase, kernel: str, capsys: pytest.CaptureFixture[str], law: str) -> None:
    """No function called, no stack, no register spilled, and no more of them than stated."""
    found = listed(launches_of(case)[kernel], capsys, law)
    assert found.calls == set() and "__local_depot" not in found.text
    assert (found.spilled, found.stack) == (0, 0)
    assert found.registers <= REGISTERS[kernel]


@pytest.mark.parametrize("kernel", ["move", "meet"])
def test_kernels_of_bodies(kernel: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What only bodies launch: their motion, and their encounters with walls."""
    assert_fits(SYSTEMS["tablets"](), kernel, capsys, "tablets")


@pytest.mark.validate
@pytest.mark.parametrize(
    ("system", "kernel"), [("tablets", "gather_pairs"), ("needles", "gather_pairs"), ("needles", "move")]
)
def test_kernels_of_bodies_and_their_spheres(system: str, kernel: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The pairs of spheres with the encounters of bodies, dry and wet, and films that spread."""
    assert_fits(SYSTEMS[system](), kernel, capsys, system)


@pytest.mark.validate
def test_kernels_of_bodies_in_mixed_precision(capsys: pytest.CaptureFixture[str]) -> None:
    """Contacts in 32 bits between bodies that move in 64."""
    assert_fits(MIXED, "gather_pairs", capsys, "wet needles, mixed")
