"""Run by test_simulator.py in a process of its own, in which numba's CUDA simulator stands for the device.

The kernels are those of the device; the reference is the half list of plain Python. An index that is out of range or
negative, silent on the device, is an error here.
"""

from __future__ import annotations

import os
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dem.loops_gather
from compute import get_backend
from compute.base import Backend
from compute.copies import Copies
from compute.errors import BackendUnavailable, SimulationError
from dem.contact_forces import contacts_of
from dem.engine import Engine
from dem.liquid.spray import meet_spheres
from dem.loops_gather import GatherLoops
from dem.particles import RADIUS, VX, X
from dem.removal import remove_particles
from dem.setup import make_setup
from dem.tally import BIRTHS
from tests.device.comparison import (
    assert_conserved,
    assert_same_motion,
    assert_same_state,
    assert_same_tallies,
    come_and_go,
    copy_of_state,
    rows_by_id,
    states_by_look,
    take_over,
)
from tests.device.pairs_example import TABLES
from tests.device.systems import MILLIMETRE, MIXED, OTHER_LAWS, SYSTEMS, bowl_case, make_engine

STEPS = 48


@pytest.fixture(autouse=True)
def short_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that only find the clock standing cost the simulator as much as others."""
    monkeypatch.setattr(dem.loops_gather, "LOOK_STEPS", 4)


def engine_of(system: str, backend: str) -> Engine:
    engine = make_engine((SYSTEMS | OTHER_LAWS | MIXED)[system](), get_backend(backend))
    if backend == "cuda":
        use_lanes(engine, 1)
    return engine


def use_lanes(engine: Engine, lanes: int) -> None:
    assert isinstance(engine.loops, GatherLoops)
    engine.loops.lanes = lanes


def test_is_the_simulator() -> None:
    """Without it the other tests of this file would need a device; the note says so to the user too."""
    assert os.environ["NUMBA_ENABLE_CUDASIM"] == "1"
    assert get_backend("cuda").note == "CUDA simulator"


@pytest.mark.parametrize(("system", "lanes"), [("wet", 2), ("sheared", 4), ("wet", 8)])
def test_lanes_share_a_particle(system: str, lanes: int) -> None:
    """Amid contacts the same motion and encounters as with one thread to a particle, but for the order of sums."""
    before = engine_of(system, "python")
    before.run(STEPS // 2)
    expected, found = (take_over(engine_of(system, "cuda"), before) for _ in range(2))
    use_lanes(found, lanes)
    for engine in (expected, found):
        engine.run(STEPS // 2 + 4)
    assert expected.pairs.flags[: int(expected.pairs.start[expected.size])].any(), "no pair is in touch"
    assert_same_motion(found, expected)
    assert_same_tallies(found, expected)


def test_too_little_memory() -> None:
    """More than there is: what was needed, and what to use instead, with the exit status of a missing backend."""
    with pytest.raises(
        BackendUnavailable, match=r"no room for another 9\.01e\+06 GB .*; use fewer .* --backend cpu"
    ) as told:
        get_backend("cuda").zeros((2**50, 1))
    assert told.value.exit_code == 4


@pytest.mark.parametrize("number", range(1, 11))
def test_kernels_pass_every_argument_on(number: int) -> None:
    """The body gets its index and all arguments in their order, whatever their number."""
    backend = get_backend("cuda")
    out = backend.zeros((3, number))

    def body(i: int, *arguments: Any) -> None:
        for k in range(number):
            arguments[0].out[i, k] = (k + 1) * (i + 1) if k == 0 else arguments[k] * (i + 1)

    backend.foreach(body, 3, namedtuple("Out", "out")(out), *range(2, number + 1))
    np.testing.assert_array_equal(out, np.outer(np.arange(1, 4), np.arange(1, number + 1)))


@pytest.mark.parametrize("place", [-1, (-1, 0), (0, -1), 3, (3, 0), (0, 2), slice(1, 4), (0, slice(-1, 2))], ids=str)
def test_an_index_outside_is_an_error(place: Any) -> None:
    """Read and written, in arrays as they come and in tuples; numpy alone would count from the end, or take less."""
    backend, told = get_backend("cuda"), "outside an array|out of bounds"
    pair = namedtuple("Pair", "given")(backend.zeros((3, 2)))

    def read(i: int, array: Any, pair: Any) -> None:
        array[0, 0] = 1.0
        pair.given[place]

    def write(i: int, array: Any, pair: Any) -> None:
        pair.given[0][1] = 1.0
        array[place] = 0.0

    for body in (read, write):
        with pytest.raises(IndexError, match=told):
            backend.foreach(body, 1, backend.zeros((3, 2)), pair)
    assert pair.given[0, 1] == 1.0


def test_every_law_is_in_a_system() -> None:
    """Each contact, adhesion, rolling, twisting and liquid law runs on the simulator in a test of this file."""
    interactions = [make_setup(make()).engine.interaction for make in (SYSTEMS | OTHER_LAWS).values()]
    for at, table in enumerate(TABLES):
        kinds = ("contact", "adhesion", "rolling", "twisting", "liquid")
        names = [getattr(each, kinds[at]).name.split(" or ") for each in interactions]
        assert set().union(*names) == {law.name for law in table.values()}


@pytest.mark.parametrize("system", [*SYSTEMS, *OTHER_LAWS, "mixed, sticky"])
def test_kernels_equal_plain_python(system: str) -> None:
    """The same motion and the same encounters, over many rebuilds of the list; every wall is met.

    The plain Python that is compared with keeps momentum and makes no energy.
    """
    expected, found = engine_of(system, "python"), engine_of(system, "cuda")
    before = rows_by_id(expected)
    for engine in (expected, found):
        engine.run(STEPS)
    assert expected.built > STEPS // 2
    assert expected.tally.pair_counts[..., BIRTHS].sum() > 10
    if system == "walls":
        walls = expected.tally.wall_counts[..., BIRTHS].reshape(-1, expected.wall_count)
        assert walls.sum(axis=0).min() > 0
    if not (expected.wall_count or expected.id_bits or system == "sheared"):
        assert_conserved(expected, before)
    assert_same_motion(found, expected)
    assert_same_tallies(found, expected)


@pytest.mark.parametrize("system", [*SYSTEMS.keys() - {"powder", "plastic"}, "mixed, wet"])
def test_state_goes_on_on_the_other_backend(system: str) -> None:
    """A state saved in the middle of contacts, twice: no encounter begins anew, no spring is lost, nothing jumps."""
    straight, begun = engine_of(system, "python"), engine_of(system, "python")
    straight.run(STEPS)
    begun.run(STEPS // 3)
    assert begun.pairs.flags[: int(begun.pairs.start[begun.size])].any(), "no pair is in touch"
    middle = take_over(engine_of(system, "cuda"), begun)
    middle.run(STEPS // 2)
    rest = take_over(engine_of(system, "python"), middle)
    rest.run(STEPS)
    assert_same_motion(rest, straight)
    assert_same_tallies(rest, straight)


@pytest.mark.parametrize("system", ["sheared", "walls"])
def test_state_goes_on_to_the_bit_on_the_same_backend(system: str) -> None:
    """The full list keeps the order of its rows, so that every sum is that of the uninterrupted run: no tolerance."""
    straight, begun = engine_of(system, "cuda"), engine_of(system, "cuda")
    straight.run(STEPS // 2)
    begun.run(STEPS // 4 + 2)
    rest = take_over(engine_of(system, "cuda"), begun)
    rest.run(STEPS // 2)
    assert_same_state(copy_of_state(rest), copy_of_state(straight))
    for counted, again in zip(straight.tally[:4], rest.tally[:4]):
        np.testing.assert_array_equal(counted, again)


def put(engine: Engine, particle: int, columns: slice | int, values: Any) -> None:
    """Change the state of a particle by its id."""
    engine.particles.row[int(np.flatnonzero(engine.particles.id == particle)[0]), columns] = values


def make_not_a_number(engine: Engine) -> None:
    put(engine, 7, VX, np.nan)


def make_too_fast(engine: Engine) -> None:
    put(engine, 8, VX, 1e3)


def press_together(engine: Engine) -> None:
    row = engine.host_particles().row[engine.host_particles().id == 3][0]
    put(engine, 4, slice(X, X + 3), row[X : X + 3] + [0.3 * row[RADIUS], 0.0, 0.0])


def take_outside(engine: Engine) -> None:
    put(engine, 5, X, 1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (make_not_a_number, "particle 7 at .* not a number.*step 2"),
        (make_too_fast, "particle 8 at .* moved more than half its radius.*step 2"),
        (press_together, "particle 3 at .* pressed into a particle or a wall.*step 2"),
        (take_outside, "particle 5 at .* left the domain.*step 1"),
    ],
)
def test_errors_name_particle_and_step_as_on_the_cpu(
    change: Callable[[Engine], None], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words whatever the steps of a graph: the clock stands at the step that failed."""
    told = []
    for backend, look in (("python", 2), ("cuda", 2), ("cuda", 8)):
        monkeypatch.setattr(dem.loops_gather, "LOOK_STEPS", look)
        engine = engine_of("walls", backend)
        engine.run(1)
        change(engine)
        engine.stale = True
        with pytest.raises(SimulationError, match=message) as caught:
            engine.run(6)
        told.append(str(caught.value))
    assert told[1:] == told[:1] * 2


def test_nothing_depends_on_the_steps_of_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebuilds, arrays that grow and particles that come and go, under graphs of 1 to 64 steps: the same bits."""

    def run() -> Engine:
        engine = engine_of("periodic", "cuda")
        come_and_go(engine, SYSTEMS["periodic"](), 3)
        return engine

    first, *others = states_by_look(run, monkeypatch)
    for other in others:
        assert_same_state(other, first)


@pytest.mark.parametrize("system", ["walls", "wet"])
def test_contact_forces_equal_plain_python(system: str) -> None:
    """After some steps, and again without every fifth particle: the same contacts, forces to round-off."""
    expected, found = engine_of(system, "python"), engine_of(system, "cuda")
    for engine in (expected, found):
        engine.run(12)
        engine.rebuild()
    take_over(found, expected)
    for _ in range(2):
        tables = []
        for engine in (expected, found):
            contacts, ids = contacts_of(engine), engine.host_particles().id
            other = np.where(contacts.other >= 0, ids[contacts.other], -1)
            order = np.lexsort((*contacts.branch.T, other, ids[contacts.slot]))
            tables.append((ids[contacts.slot][order], other[order], contacts.force[order], contacts.branch[order]))
            remove_particles(engine, ids % 5 == 0)
        for one, two in zip(*tables):
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-15)
        assert len(tables[0][0]) > 1


def test_drops_meet_the_same_spheres() -> None:
    """Flights and slots of twelve drops among the spheres in the bowl, from kernels and in plain Python."""
    particles, size = engine_of("wet", "python").host_particles(), 6
    centres = particles.row[:size, X : X + 3]
    apex = np.array([0.0, 0.0, 0.1])
    lines = np.concatenate([centres, centres + 3.0 * MILLIMETRE]) - apex
    lines /= np.linalg.norm(lines, axis=1)[:, None]
    expected, found = (meet_spheres(get_backend(name), apex, lines, particles, size) for name in ("python", "cuda"))
    assert np.isfinite(expected[0]).sum() >= size
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one, other)


def test_copies_in_one_launch() -> None:
    """Two systems of walls with other particles in company, and each alone: the same bits; both shared their graphs."""
    cases, engines = [bowl_case(number=number) for number in (6, 9)], {}

    def work(number: int) -> Callable[[Backend], None]:
        def run(backend: Backend) -> None:
            engines[number] = make_engine(cases[number], backend)
            use_lanes(engines[number], 2)
            engines[number].run(3)

        return run

    copies = Copies(get_backend("cuda"), [work(0), work(1)], 2)
    assert (copies.run(), copies.together) == ([None, None], [[0, 1]])
    together = [copy_of_state(engines[number]) for number in range(2)]
    for number in range(2):
        work(number)(get_backend("cuda"))
        assert_same_state(copy_of_state(engines[number]), together[number])
