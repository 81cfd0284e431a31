"""Several simulations whose launches are common, as plain Python: each is to the bit what it is alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import compute.copies
import dem.engine
import dem.loops_gather
from compute import get_backend
from compute.base import Backend
from compute.copies import Copies, Copy
from compute.cuda import JOINT_REGISTERS
from compute.errors import SimulationError
from compute.joint import Request, Requests
from compute.python import PythonBackend
from compute.running_sums import add_up_part
from dem.case import DemCase
from dem.case_statistics import CylinderGrid
from dem.engine import Engine
from dem.launch_kind import launch_groups
from dem.loops_gather import GatherLoops
from dem.particles import VX
from dem.simulation import Simulation
from dem.transport import Transport
from tests.device.comparison import assert_same_state, come_and_go, copy_of_state
from tests.device.ptx import (
    ASSEMBLED_FOR,
    Launch,
    Listing,
    assemble,
    compile_to_ptx,
    functions_called,
    launches_of,
)
from tests.device.systems import CLASSES, HERTZ, PAIRS, SEED, TABLETS, WALLS, bowl_case, box_case, make_engine

STEPS = 16


@pytest.fixture(autouse=True)
def loops_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loops that launch, with graphs short enough for plain Python."""
    monkeypatch.setattr(dem.engine, "make_loops", GatherLoops)
    monkeypatch.setattr(dem.loops_gather, "LOOK_STEPS", 4)


def other_cases() -> list[DemCase]:
    """The bowl with other particles, gravity, time step, friction and speed of the impeller, and a box."""
    rougher = [PAIRS[0] | {"friction": 0.9}, PAIRS[1]]
    slower = [*WALLS[:2], WALLS[2] | {"motion": {"speed": 60.0, "ramp": 1e-3}}]
    return [
        bowl_case(number=16),
        bowl_case(number=20, gravity=[0, 0, -20.0], time={"step": 1.5e-5}, pairs=rougher),
        bowl_case(number=12, walls=slower),
        box_case(number=16),
    ]


def leave(number: int, engine: Engine) -> None:
    """Change nothing."""


def run_together(cases: list[DemCase], change: Any = leave) -> tuple[list[Engine], Copies, list[Any]]:
    """The engines of cases run in company; change: what is done to an engine at half time."""
    engines: dict[int, Engine] = {}

    def work(number: int, case: DemCase) -> Any:
        def run(backend: Backend) -> None:
            engines[number] = make_engine(case, backend)
            engines[number].run(STEPS // 2)
            change(number, engines[number])
            engines[number].run(STEPS)

        return run

    copies = Copies(get_backend("python"), [work(*each) for each in enumerate(cases)], len(cases))
    ends = copies.run()
    return [engines[number] for number in range(len(cases))], copies, ends


def alone(case: DemCase) -> Engine:
    engine = make_engine(case, get_backend("python"))
    engine.run(STEPS // 2)
    engine.run(STEPS)
    return engine


def assert_same(found: Engine, expected: Engine) -> None:
    """State, list and every count to the bit."""
    assert_same_state(copy_of_state(found), copy_of_state(expected))
    for one, other in zip(found.tally[:5], expected.tally[:5]):
        np.testing.assert_array_equal(one, other)


def test_copies_are_what_they_are_alone() -> None:
    """Whatever differs; those of one law share launches, and the box, without walls and periodic, has its own."""
    cases = other_cases()
    engines, copies, ends = run_together(cases)
    assert ends == [None] * 4
    assert copies.together == launch_groups(cases) == [[0, 1, 2], [3]]
    for case, engine in zip(cases, engines):
        assert engine.tally.pair_counts.sum() + engine.tally.wall_counts.sum() > 0
        assert_same(engine, alone(case))


REQUESTS = 7
AT_FIRST = 2
"""Arrays that each copy brings to the host as it begins: the box, to divide it into cells, and its quanta."""


class Counting(PythonBackend):
    """Plain Python that counts launches and what is brought to the host, and has nothing for whole arrays."""

    xp = SimpleNamespace()

    def __init__(self) -> None:
        self.launches, self.brought, self._inner = 0, 0, False

    def foreach(self, *arguments: Any) -> None:
        """Count a launch, but not the rows of one that is common to several."""
        inner, self._inner = self._inner, True
        self.launches += not inner
        super().foreach(*arguments)
        self._inner = inner

    def numpy(self, array: Any) -> Any:
        self.brought += 1
        return super().numpy(array)


def test_more_copies_launch_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies in step, over steps and lists made anew: as many launches, and reads of the host, for three as for two.

    Work on whole arrays by the library of the device, which each copy would launch by itself, is refused. What a copy
    asks for wakes it: of a list made anew the faults and four numbers, then its steps, and their faults.
    """
    counts, asked = [], []
    ask = Copy._ask

    def count_requests(self: Copy, request: Request) -> Any:
        asked[-1] += 1
        return ask(self, request)

    monkeypatch.setattr(Copy, "_ask", count_requests)
    for number in (2, 3):
        shared, rebuilds, requests = Counting(), [], list[int]()
        asked.append(0)

        def work(backend: Backend, rebuilds: list[int] = rebuilds, requests: list[int] = requests) -> None:
            engine = make_engine(bowl_case(number=4), backend)
            engine.run(6)
            before = asked[-1]
            engine.stale = True
            engine.run(7)
            requests.append(asked[-1] - before)
            rebuilds.append(engine.rebuilds)

        assert Copies(shared, [work] * number, number).run() == [None] * number
        assert min(rebuilds) > 1
        assert max(requests) == REQUESTS * number
        counts.append((shared.launches, shared.brought - AT_FIRST * number))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("changes", [{}, {"classes": [CLASSES[0], TABLETS]}], ids=["spheres", "tablets"])
def test_samples_are_common(changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """As many launches for three copies as for two, and each samples what it does alone.

    A sample wakes a copy once, and brings nothing to the host. Of spheres nothing else does more for three copies.
    """
    statistics = {"block": 12e-5, "blocks": 1, "bins": 8, "sample_interval": 2e-5, "lag": 2e-5}
    partition = {"partition": {"kind": "cylinder", "angular": 4, "axial": [0, 5e-3, 40e-3]}}
    case = bowl_case(number=4, statistics=statistics | partition, time={"step": 1e-5}, **changes)
    counts, asked, found = [], [0], list[Any]()
    ask = Copy._ask

    def count_requests(self: Copy, request: Request) -> Any:
        asked[0] += 1
        return ask(self, request)

    def work(backend: Backend) -> None:
        simulation = Simulation(case, backend, SEED)
        simulation.advance(7)
        before = asked[0], getattr(backend, "brought", 0)
        simulation.take_sample()
        recorder = simulation.recorder
        assert recorder is not None
        requests = asked[0] - before[0], getattr(backend, "brought", 0) - before[1]
        found.append((requests, simulation.engine, recorder.transport))

    monkeypatch.setattr(Copy, "_ask", count_requests)
    work(PythonBackend())
    _, expected, sampled = found.pop()
    assert sampled.sums().transitions.sum(axis=(1, 2)).tolist() == [16, 12]
    for number in (2, 3):
        shared = Counting()
        assert Copies(shared, [work] * number, number).run() == [None] * number
        assert max(requests[0] for requests, *_ in found) == number
        assert [requests[1] for requests, *_ in found] == [0] * number
        counts.append((shared.launches, 0 if changes else shared.brought - AT_FIRST * number))
        for _, engine, transport in found:
            np.testing.assert_array_equal(engine.bodies().kind, expected.bodies().kind)
            assert_same_state(transport.state(), sampled.state())
        found.clear()
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("many", "apart"), [(2**17, 0), (100, 3)], ids=["together", "speeds and loads apart"])
def test_blocks_of_copies_end_together(many: int, apart: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tallies and integrals of a block come to the host at once, but for long ones, and are those of a case alone.

    apart: arrays of a block that are longer than `many` words, which each copy brings by itself.
    """
    monkeypatch.setattr(compute.copies, "MANY", many)
    statistics = {"block": 24e-5, "blocks": 2, "bins": 64, "sample_interval": 12e-5, "lag": 12e-5}
    case = bowl_case(number=16, statistics=statistics, time={"step": 4e-5})
    found, brought = list[Any](), list[int]()

    def work(backend: Backend) -> None:
        simulation = Simulation(case, backend, SEED)
        recorder = simulation.recorder
        assert recorder is not None
        simulation.advance(recorder.schedule.last)
        recorder.visit(recorder.schedule.last, simulation.engine)
        found.append(recorder.blocks)

    work(PythonBackend())
    (alone,) = found
    assert [block["wall_counts"].sum() > 0 for block in alone] == [True, True]
    assert alone[1]["pair_counts"].sum() > 0
    for number in (2, 3):
        shared = Counting()
        assert Copies(shared, [work] * number, number).run() == [None] * number
        brought.append(shared.brought - AT_FIRST * number)
    assert brought[1] - brought[0] == apart * len(alone)
    assert len(found) == 6
    for blocks in found[1:]:
        for one, other in zip(blocks, alone):
            assert_same_state(one, other)


def kind_of_steps(case: DemCase) -> Any:
    """What the steps of a case have in common with those that can be launched with them."""
    engine = make_engine(case, get_backend("python"))
    engine.rebuild()
    assert isinstance(engine.loops, GatherLoops)
    here, then = engine.particles, engine.particles._replace(row=engine.spare.row, film=engine.spare.film)
    return Requests().make(engine.loops._step_of(engine, here, then), 1, engine.loops.clock).kind


def test_launches_are_foreseen() -> None:
    """What a case says of laws, precision, boundaries, walls, bins and bodies tells who shares launches, no more."""
    statistics = bowl_case().model_dump(by_alias=True)["statistics"]
    domain = {"low": [-12e-3, -12e-3, -1e-3], "high": [12e-3, 12e-3, 40e-3], "periodic": ["x"]}
    cases = [
        bowl_case(number=8), bowl_case(number=6, classes=[*CLASSES, CLASSES[0] | {"name": "fine", "diameter": 2e-3}]),
        bowl_case(number=8, statistics=statistics | {"bins": 16}), bowl_case(number=8, walls=WALLS[:2]),
        bowl_case(number=8, domain=domain), bowl_case(number=8, numerics="mixed"),
        bowl_case(number=6, neighbour={"skin": 0.2}), bowl_case(number=8, contact=HERTZ | {"largest_overlap": 0.2}),
    ]  # fmt: skip
    kinds = [kind_of_steps(case) for case in cases]
    assert launch_groups(cases) == [[0, 1, 6], [2], [3], [4], [5], [7]]
    assert [[at for at, kind in enumerate(kinds) if kind == kinds[group[0]]] for group in launch_groups(cases)] == (
        launch_groups(cases)
    )


def test_a_fault_in_one_leaves_the_others() -> None:
    """The second loses a particle at half time: it names particle and step, the others are as alone to the bit."""

    def take_outside(number: int, engine: Engine) -> None:
        if number == 1:
            engine.particles.row[0, VX] = 1e4

    cases = other_cases()[:3]
    engines, _, ends = run_together(cases, take_outside)
    assert [ends[0], ends[2]] == [None, None]
    message = rf"particle \d+ at .* moved more than half its radius.*step {STEPS // 2 + 1}"
    with pytest.raises(SimulationError, match=message):
        raise ends[1]
    for number in (0, 2):
        assert_same(engines[number], alone(cases[number]))


def test_particles_come_and_go() -> None:
    """Arrays that grow and lists that shrink, in one copy at other steps than in the other: both as alone."""
    cases: list[tuple[DemCase, int]] = [(box_case(), 1), (box_case(gravity=[0, 0, -9.81]), 2)]
    found: list[Any] = [None, None]

    def work(number: int) -> Any:
        def run(backend: Backend) -> None:
            engine = make_engine(cases[number][0], backend)
            come_and_go(engine, *cases[number])
            found[number] = copy_of_state(engine)

        return run

    for number in range(2):
        work(number)(get_backend("python"))
    expected = list(found)
    assert Copies(get_backend("python"), [work(0), work(1)], 2).run() == [None, None]
    for one, other in zip(found, expected):
        assert_same_state(one, other)


def of_particles() -> Launch:
    return launches_of(bowl_case(number=4))["move_particle"]


def of_sums() -> Launch:
    return Launch(add_up_part, (np.zeros(4, np.int32), np.zeros(2, np.int64), 2))


def of_samples(name: str) -> Launch:
    """A body that samples in compartments about an axis; it compiles with the device's way to add."""
    listing = Listing()
    grid = CylinderGrid(kind="cylinder", radial=(0.0, 1.0, 2.0), angular=3, axial=(0.0, 1.0, 2.0))
    particles = launches_of(bowl_case(number=4))["move_particle"].arguments[1]
    Transport(listing, grid, 2, 1, None).sample(particles, 0.5, 4)
    return listing.launches[name]


DIVIDING = [partial(of_samples, name) for name in ("follow", "integrate")]


@pytest.mark.parametrize("make", [of_particles, of_sums, partial(of_samples, "add_up_share"), *DIVIDING])
def test_joint_kernel_is_assembled(make: Callable[[], Launch]) -> None:
    """Arguments out of a table, nothing called or spilled; where nothing is divided, memory known to be global."""
    text = compile_to_ptx(make(), joint=True)
    assert not functions_called(text)
    addresses = re.search(r"\b(ld|st)\.[bfsu]\d+", text)
    assert make in DIVIDING or not addresses, "an address that is not known to be one of global memory"
    for architecture in ASSEMBLED_FOR:
        told = assemble(text, architecture)
        assert (told.spills, told.stack) == (0, 0)
        assert told.registers <= JOINT_REGISTERS
