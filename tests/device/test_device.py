"""The CUDA backend on a device against plain Python; without one these tests skip, and the simulator's stand in."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from compute import get_backend
from compute.errors import StateSaved
from dem.engine import Engine
from dem.loops_gather import GatherLoops
from dem.simulation import Simulation, Watch
from dem.statistics_result import EncounterStatistics
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
from tests.device.systems import EDGE, MIXED, OTHER_LAWS, SYSTEMS, box_case, make_engine

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


@pytest.mark.parametrize("system", SYSTEMS | OTHER_LAWS | MIXED)
def test_one_step(system: str) -> None:
    """A step from the same state, amid contacts: to 1e-12, and in mixed precision to the last bits of 32.

    Fused operations change the last bits of a force, some 1e-13 of it as an overlap is a small difference of places; a
    step changes a speed by some per cent. The rest of a run in mixed precision would not tell more, since each
    collision multiplies such a difference by some ten.
    """
    tolerance = SINGLE if system in MIXED else 1e-12
    before = engine_of(system, "python")
    before.run(STEPS // 2)
    expected, found = (take_over(engine_of(system, backend), before) for backend in ("python", "cuda"))
    for engine in (expected, found):
        engine.run(STEPS // 2 + 1)
    assert system == "ghost" or expected.pairs.flags.any(), "no pair is in touch"
    first, second = rows_by_id(found), rows_by_id(expected)
    for columns in GROUPS:
        scale = np.abs(second[:, columns]).max()
        np.testing.assert_allclose(first[:, columns], second[:, columns], rtol=0.0, atol=tolerance * scale)
    assert_same_tallies(found, expected)


def measured(backends: tuple[str, str], folder: Path, blocks: int = 1, seed: int = 1) -> EncounterStatistics:
    """A sheared box with two compartments, begun on one backend and resumed from its checkpoint on another."""
    partition = {"kind": "box", "x": [0, EDGE / 2, EDGE]}
    settings = {"block": 2e-4, "blocks": blocks, "bins": 8, "speed_range": [1e-3, 10.0], "partition": partition}
    case = box_case(shear_rate=300.0, statistics=settings)
    folder.mkdir()
    stopping = Watch(stop_requested=lambda: True)
    with pytest.raises(StateSaved):
        Simulation(case, get_backend(backends[0]), seed, folder).run(stopping)
    rest = Simulation(case, get_backend(backends[1]), seed, folder)
    statistics = rest.run()
    assert statistics is not None and 0 < rest.particle_steps < rest.last_step * rest.engine.size
    return statistics


@pytest.mark.parametrize("backends", [("python", "cuda"), ("cuda", "python")])
def test_checkpoints_are_exchanged(backends: tuple[str, str], tmp_path: Path) -> None:
    """A run stopped on one backend and resumed on the other counts what plain Python does alone."""
    expected = measured(("python", "python"), tmp_path / "alone")
    found = measured(backends, tmp_path / "exchanged")
    assert expected.encounters.sum() >= 2
    np.testing.assert_array_equal(found.encounters, expected.encounters)
    np.testing.assert_allclose(found.exposure, expected.exposure, rtol=1e-12)


def test_statistics_of_a_long_run(tmp_path: Path) -> None:
    """Rates and energies of encounters over so many collisions that the trajectories have nothing in common any more.

    Counts of blocks scatter as their variance says: four deviations of the difference leave 1 in 10 000 by chance.
    """
    first, second = (measured((backend,) * 2, tmp_path / backend, blocks=40) for backend in ("cpu", "cuda"))
    assert_same_statistics(first, second)


def assert_same_statistics(first: EncounterStatistics, second: EncounterStatistics) -> None:
    """Within four deviations of the difference, rates of all classes in each compartment."""
    seen = first.encounters.sum(axis=0) > 20
    assert seen.any()
    difference = first.rate_constant() - second.rate_constant()
    deviation = np.sqrt(first.rate_variance() + second.rate_variance())
    assert (np.abs(difference[seen]) <= 4.0 * deviation[seen]).all()
