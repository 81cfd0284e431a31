"""Threads that share the row of a particle: what the pair kernel takes for each number of them, and which is chosen."""

from __future__ import annotations

import re

import pytest

from dem.loops_gather import THREADS_AT_ONCE, lanes_for
from tests.device.ptx import launches_of
from tests.device.systems import HERTZ, bowl_case, box_case
from tests.device.test_ptx import compiler, listed

__all__ = ["compiler"]  # the fixture that skips where nothing compiles

PAIR_REGISTERS = {"double": 128, "mixed": 112}
"""Registers a thread at most, with statistics: 512 threads to a multiprocessor."""
EXCHANGED = 2 * 6
"""Halves of the three components of force and torque."""


@pytest.mark.parametrize(
    ("lanes", "numerics"),
    [
        (8, "mixed"),
        *(pytest.param(lanes, "double", marks=pytest.mark.validate) for lanes in (1, 2, 4, 8)),
        *(pytest.param(lanes, "mixed", marks=pytest.mark.validate) for lanes in (1, 2, 4)),
    ],
)
def test_pair_kernel(lanes: int, numerics: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Lanes exchange six sums at each of log2(lanes) distances, in two halves, and otherwise take what one does."""
    case = bowl_case(contact=HERTZ, numerics=numerics)
    found = listed(launches_of(case, lanes)["step_sphere"], capsys, f"{numerics} precision, {lanes} lanes")
    assert len(re.findall(r"shfl\.sync\.bfly", found.text)) == EXCHANGED * (lanes.bit_length() - 1)
    assert found.calls == set() and (found.spilled, found.stack) == (0, 0)
    assert found.registers <= PAIR_REGISTERS[numerics]


@pytest.mark.parametrize(
    ("size", "lanes"), [(0, 8), (100, 8), (8192, 8), (8193, 4), (16384, 4), (16385, 2), (32769, 1), (50_000_000, 1)]
)
def test_lanes_suit_the_number_of_particles(size: int, lanes: int) -> None:
    """As many as fit on the device at once, and no more than a row is long."""
    assert lanes_for(size) == lanes
    assert lanes == 1 or lanes * size <= THREADS_AT_ONCE


def test_one_lane_where_nothing_can_be_exchanged() -> None:
    """Without a device or its simulator the row of a particle is gone through by one."""
    assert launches_of(box_case())["step_sphere"].place == (3, 1)
