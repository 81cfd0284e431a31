"""The CUDA backend on a device against plain Python; without one these tests skip, and the simulator's stand in."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from compute import get_backend
from dem.engine import Engine
from dem.loops_gather import GatherLoops
from tests.conftest import Require
from tests.device.comparison import (
    GROUPS,
    SINGLE,
    assert_same_motion,
    assert_same_state,
    assert_same_tallies,
    copy_of_state,
    rows_by_id,
    take_over,
)
from tests.device.systems import MIXED, OTHER_LAWS, SYSTEMS, make_engine

STEPS = 60


@pytest.fixture(scope="module", autouse=True)
def device_arrays(cuda_device: None, require: Require) -> None:
    """Skips unless the arrays of a device are there too."""
    found = importlib.util.find_spec("cupy") is not None
    require("cuda", found, "cupy is not installed; pip install 'dempbm[cuda13]'")


def engine_of(system: str, backend: str) -> Engine:
    return make_engine((SYSTEMS | OTHER_LAWS | MIXED)[system](), get_backend(backend))


@pytest.mark.parametrize("system", SYSTEMS | OTHER_LAWS)
def test_device_equals_plain_python(system: str) -> None:
    """The device fuses multiplications with additions: differences of the size that comparison.py explains."""
    expected, found = engine_of(system, "python"), engine_of(system, "cuda")
    for engine in (expected, found):
        engine.run(STEPS)
    assert_same_motion(found, expected)
    assert_same_tallies(found, expected)


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
def test_lanes_share_a_particle(lanes: int) -> None:
    """Threads that share a row add its forces in another order than plain Python, and the same one every time."""
    expected, *found = (engine_of("walls", backend) for backend in ("python", "cuda", "cuda"))
    for engine in found:
        assert isinstance(engine.loops, GatherLoops)
        engine.loops.lanes = lanes
    for engine in (expected, *found):
        engine.run(STEPS)
    assert_same_motion(found[0], expected)
    assert_same_tallies(found[0], expected)
    assert_same_state(copy_of_state(found[0]), copy_of_state(found[1]))


@pytest.mark.parametrize("system", SYSTEMS)
def test_state_goes_from_the_device_to_plain_python(system: str) -> None:
    straight, begun = engine_of(system, "python"), engine_of(system, "cuda")
    straight.run(STEPS)
    begun.run(STEPS // 2)
    rest = take_over(engine_of(system, "python"), begun)
    rest.run(STEPS)
    assert_same_motion(rest, straight)
    assert_same_tallies(rest, straight)


@pytest.mark.parametrize("system", MIXED)
def test_one_step_in_mixed_precision(system: str) -> None:
    """A step from the same state, amid contacts: fused operations in 32 bits change the last bits of a force.

    The rest of a run would not tell more, since each collision multiplies such a difference by some ten.
    """
    before = engine_of(system, "python")
    before.run(STEPS // 2)
    expected, found = (take_over(engine_of(system, backend), before) for backend in ("python", "cuda"))
    for engine in (expected, found):
        engine.run(STEPS // 2 + 1)
    assert expected.pairs.flags.any(), "no pair is in touch"
    first, second = rows_by_id(found), rows_by_id(expected)
    for columns in GROUPS:
        scale = np.abs(second[:, columns]).max()
        np.testing.assert_allclose(first[:, columns], second[:, columns], rtol=0.0, atol=SINGLE * scale)
    assert_same_tallies(found, expected)
