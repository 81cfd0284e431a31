"""The loops of the device run as plain Python, against the loops of the CPU: one law, two orders of summation."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from numpy.typing import NDArray

import compute.graph
import dem.engine
from compute import get_backend
from compute.adding import plain_add
from compute.errors import SimulationError
from dem.clock import STOP, WORDS
from dem.engine import Engine
from dem.gather import make_gather_pairs
from dem.list_kind import as_kind
from dem.loops_gather import GatherLoops
from dem.neighbours import TOUCHING
from dem.pairs import force_columns, make_pair_chunk
from dem.particles import RADIUS, X
from tests.device.comparison import (
    assert_same_motion,
    assert_same_state,
    assert_same_tallies,
    come_and_go,
    copy_of_state,
    rows_by_id,
    states_by_look,
    take_over,
)
from tests.device.systems import SYSTEMS, make_engine

STEPS = 60
EPSILON = float(np.finfo(float).eps)


def block_engine(system: str) -> Engine:
    return make_engine(SYSTEMS[system](), get_backend("python"))


@pytest.fixture
def gather_engine(monkeypatch: pytest.MonkeyPatch) -> object:
    """A function of a system that returns its engine with the loops of the device, on plain Python."""

    def make(system: str) -> Engine:
        with monkeypatch.context() as patch:
            patch.setattr(dem.engine, "make_loops", GatherLoops)
            return block_engine(system)

    return make


def block_forces(engine: Engine) -> NDArray[np.float64]:
    """Force and torque of the pairs at the engine's state, by particle id, shape (n, 6)."""
    scratch = engine.loops.scratch  # type: ignore[attr-defined]
    scratch.force[:] = 0.0
    chunk = make_pair_chunk(engine.interaction, engine.kind, engine.statistics, engine.id_bits > 0)
    chunk(
        0, engine.step_number, engine.particles, engine.pairs, engine.domain.box, scratch, engine.settings,
        engine.tally, engine.step_size, engine.fault,
    )  # fmt: skip
    return scratch.force[0, np.argsort(engine.particles.id[: engine.size])]


def gathered_forces(engine: Engine) -> NDArray[np.float64]:
    """The same by the gather body."""
    body = make_gather_pairs(engine.interaction, engine.kind, engine.statistics, plain_add, engine.id_bits > 0)
    force, clock = np.zeros((1, engine.capacity, force_columns(engine.interaction))), np.zeros(WORDS, np.int64)
    clock[STOP] = 1
    for i in range(engine.size):
        body(
            i, engine.particles, engine.pairs, engine.domain, force, engine.settings, engine.tally,
            engine.step_size, engine.fault, clock,
        )  # fmt: skip
    return force[0, np.argsort(engine.particles.id[: engine.size])]


@pytest.mark.parametrize("system", SYSTEMS)
def test_forces_of_one_step(system: str, gather_engine: object) -> None:
    """A force is a sum of some five terms: two orders differ by a few units of 2^-53 of the largest, 1e-13 is ample.

    Both evaluations of a pair are as its lower id sees it, so they are opposite to the bit and what momentum the sum of
    all forces has is the rounding of each particle's own sum: below 4 eps times the sum of all magnitudes.
    """
    half = block_engine(system)
    half.run(STEPS // 2)
    full = take_over(gather_engine(system), half)  # type: ignore[operator]
    full.domain.box[:] = half.domain.box
    expected, found = block_forces(half), gathered_forces(full)
    assert np.count_nonzero(expected[:, 0]) > 4
    for columns in (slice(0, 3), slice(3, 6)):
        scale = np.abs(expected[:, columns]).max()
        np.testing.assert_allclose(found[:, columns], expected[:, columns], rtol=0.0, atol=1e-13 * scale)
    assert np.abs(found[:, :3].sum(axis=0)).max() <= 4.0 * EPSILON * np.abs(found[:, :3]).sum()


@pytest.mark.parametrize("system", SYSTEMS)
def test_motion_and_tallies(system: str, gather_engine: object) -> None:
    """The whole step with rebuilds, walls and statistics; the tolerance is explained in comparison.py."""
    half, full = block_engine(system), gather_engine(system)  # type: ignore[operator]
    for engine in (half, full):
        engine.run(STEPS)
    assert_same_motion(full, half)
    assert_same_tallies(full, half)
    assert full.rebuilds == half.rebuilds


@pytest.mark.parametrize("system", ["sheared", "walls"])
def test_steps_launched_ahead_leave_no_trace(
    system: str, gather_engine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Launches after the step that makes the lists stale do nothing: looking after each step gives the same bits."""

    def run() -> Engine:
        engine: Engine = gather_engine(system)  # type: ignore[operator]
        engine.run(STEPS)
        assert engine.rebuilds > 2
        return engine

    first, *others = states_by_look(run, monkeypatch)
    for other in others:
        assert_same_state(other, first)


@pytest.mark.parametrize("system", ["periodic"])
def test_particles_come_and_go_whatever_the_graph(
    system: str, gather_engine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The arrays grow and particles are taken out under graphs of 1 to 64 steps: the same bits."""

    def run() -> Engine:
        engine: Engine = gather_engine(system)  # type: ignore[operator]
        come_and_go(engine, SYSTEMS[system]())
        return engine

    first, *others = states_by_look(run, monkeypatch)
    for other in others:
        assert_same_state(other, first)


def test_graph_of_old_arrays_is_noticed(gather_engine: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a graph kept when the arrays are others, the run would go wrong: so these tests see it."""
    expected = gather_engine("periodic")  # type: ignore[operator]
    come_and_go(expected, SYSTEMS["periodic"]())
    monkeypatch.setattr(compute.graph, "same_launches", lambda one, other: True)
    found = gather_engine("periodic")  # type: ignore[operator]
    with suppress(SimulationError, ArithmeticError):
        come_and_go(found, SYSTEMS["periodic"]())
    assert found.step_number < expected.step_number or not np.array_equal(rows_by_id(found), rows_by_id(expected))


def test_spheres_are_held_across_gaps() -> None:
    """The sticky system does what it is there for: some pair without overlap is still in contact."""
    engine = block_engine("sticky")
    held = 0
    for stop in range(STEPS):
        engine.run(stop + 1)
        row, pairs = engine.particles.row, engine.pairs
        first = np.repeat(np.arange(engine.size), np.diff(pairs.start[: engine.size + 1]))
        second, flags = pairs.other[: len(first)], pairs.flags[: len(first)]
        distance = np.linalg.norm(row[first, X : X + 3] - row[second, X : X + 3], axis=1)
        held += np.count_nonzero((flags & TOUCHING != 0) & (distance > row[first, RADIUS] + row[second, RADIUS]))
    assert held > 10


def test_list_turned_and_turned_back(gather_engine: object) -> None:
    """The half list made full has each pair twice with the same memory, and made half again it is what it was."""
    engine = block_engine("periodic")
    engine.run(STEPS // 2)
    half = copy_of_state(engine)
    full = as_kind(half, True)
    rows = np.repeat(np.arange(engine.size), np.diff(full["start"]))
    pairs = {(i, j): k for k, (i, j) in enumerate(zip(rows.tolist(), full["other"].tolist()))}
    assert len(pairs) == 2 * len(half["other"])
    for (i, j), entry in pairs.items():
        assert full["flags"][entry] == full["flags"][pairs[j, i]]
        np.testing.assert_array_equal(full["history"][entry], full["history"][pairs[j, i]])
    again = as_kind(full, False)
    order = np.lexsort((half["other"], np.repeat(np.arange(engine.size), np.diff(half["start"]))))
    for name in ("other", "flags", "history"):
        np.testing.assert_array_equal(again[name], half[name][order])
    np.testing.assert_array_equal(again["start"], half["start"])
