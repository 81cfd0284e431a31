"""The memory of a case on a device: predicted by formulas, and counted in the arrays of the device's own loops."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import coupling.checks.device
import dem.engine
import dem.memory
from compute import get_backend
from compute.base import Backend
from compute.errors import BackendUnavailable
from compute.python import PythonBackend
from coupling.case import Case
from coupling.case_file import read_case
from coupling.checks.device import check_device, require_device_memory
from coupling.shipped import find_case
from dem.case import DemCase
from dem.clumps.engine import new_engine
from dem.engine import Engine
from dem.loops_gather import GatherLoops
from dem.memory import CONTEXT_BYTES, FULL_CONTACTS, capacity, device_memory, expected_entries, of_copies
from dem.neighbours import PairList
from dem.packing import initial_particles
from dem.setup import make_recorder, make_setup
from tests.device.systems import CLASSES, MIXED, SEED, SYSTEMS, bowl_case, box_case, make_engine

WITHIN = 0.1


def arrays_of(value: Any) -> Iterator[np.ndarray]:
    """Arrays in tuples of tuples."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from arrays_of(each)


def bytes_of(engine: Engine) -> int:
    """Bytes of every array that the engine and its loops hold, each once."""
    loops = engine.loops
    assert isinstance(loops, GatherLoops)
    held = (
        engine.particles, engine.spare, engine.pairs, engine.touches, engine.cells, tuple(engine.motion), engine.tally,
        loops.force, loops.wrench, loops.memory, loops.apart,
    )  # fmt: skip
    owners = {id(array): array.nbytes for array in arrays_of(held) if array.base is None}
    return sum(owners.values())


@pytest.mark.parametrize("system", [*SYSTEMS, *MIXED])
def test_arrays_take_what_is_predicted(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given the rows that there are, which a small loose system has shorter than a dense bed."""
    monkeypatch.setattr(dem.engine, "make_loops", GatherLoops)
    case = (SYSTEMS | MIXED)[system]()
    engine = make_engine(case, get_backend("python"))
    engine.rebuild()
    loops = engine.loops
    assert isinstance(loops, GatherLoops)
    entries, kept = (len(pairs.other) / 1.15 / engine.size for pairs in (engine.pairs, loops.apart))
    found = device_memory(case, entries, kept, len(engine.touches.holder) / 1.15)
    assert found.arrays - found.samples == pytest.approx(bytes_of(engine), rel=WITHIN)


class Counted(PythonBackend):
    """Plain Python that counts the bytes of its arrays as they come and go."""

    def __init__(self) -> None:
        self.now, self.most = 0, 0

    def zeros(self, shape: Any, dtype: Any = np.float64) -> Any:
        return self._count(super().zeros(shape, dtype))

    def array(self, values: Any) -> Any:
        return self._count(super().array(values))

    def _count(self, array: np.ndarray) -> np.ndarray:
        size = array.nbytes
        self.now += size
        self.most = max(self.now, self.most)
        weakref.finalize(array, self._gone, size)
        return array

    def _gone(self, size: int) -> None:
        self.now -= size


def widen(engine: Engine, skin: float) -> None:
    """List the pairs closer than this [m]."""
    engine.skin, engine.cell_room, engine.stale = skin, 0, True


def test_whatever_is_made_takes_what_is_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each array that the driver makes, counted as it comes and goes, of 600 and 1200 spheres: their difference is what
    the others take, and the most there ever was, while the list grew, is above it by the work on whole arrays alone.

    A list that grows goes before the longer one is made, and the graphs with it, or both would be there.
    """
    monkeypatch.setattr(dem.engine, "make_loops", GatherLoops)
    found = []
    for number in (600, 1200):
        case, backend = _heap(number), Counted()
        engine = _engine(case, backend)
        widen(engine, 2e-3)
        engine.run(2)
        before, backend.most = len(engine.pairs.other), 0
        widen(engine, 4e-3)
        engine.rebuild()
        assert 1.15 * before < len(engine.pairs.other) < 2.5 * before
        assert isinstance(engine.loops, GatherLoops)
        entries, kept = (len(pairs.other) / 1.15 / engine.size for pairs in (engine.pairs, engine.loops.apart))
        memory = device_memory(case, entries, kept, len(engine.touches.holder) / 1.15)
        found.append((backend.now, backend.most, memory.arrays - memory.samples, memory.working))
    now, most, arrays, working = np.diff(found, axis=0)[0]
    assert now == pytest.approx(arrays, rel=WITHIN)
    assert most <= (1.0 + WITHIN) * arrays + working


@pytest.mark.parametrize("system", ["periodic", "tablets"])
def test_samples_take_what_is_predicted(system: str) -> None:
    """After a sample of all that there is: what the driver made for it."""
    case, backend = SYSTEMS[system](), Counted()
    engine, setup = make_engine(case, backend), make_setup(case)
    before = backend.now
    tally, recorder = make_recorder(setup, backend, 1.0)
    assert recorder is not None
    recorder.sample(engine, 1.0)
    held = backend.now - before - sum(array.nbytes for array in tally)
    assert device_memory(case).samples == pytest.approx(held, rel=WITHIN)


def test_entries_of_a_settled_box() -> None:
    """docs/performance.md: 3.7 entries in the half list of equal spheres, 2.41 of them in touch, at a skin of 0.1 d."""
    case = box_case(classes=[CLASSES[1]], particles=[_packing(1000)])
    assert expected_entries(case) == pytest.approx(2 * 3.7, rel=0.05)
    assert pytest.approx(2 * 2.41, rel=0.02) == FULL_CONTACTS


def test_rows_of_fines_among_coarse() -> None:
    """Equal volumes of 3 and 4 mm, with a skin of a tenth of the mean diameter by number.

    A thin skin s finds 4 pi n s <R^2> partners beyond touch, n = 6 phi / (pi <d^3>), <R^2> = (<d^2> + <d>^2) / 2. With
    s of <d> that is (<d> <d^2> + <d>^3) / (2 <d^3>) of what equal spheres have, below 1 by Jensen's inequality.
    """
    one, both = box_case(classes=[CLASSES[1]], particles=[_packing(1000)]), box_case()
    number = np.array([1.0, (3.0 / 4.0) ** 3]) / (1.0 + (3.0 / 4.0) ** 3)
    mean, square, cube = (number @ np.array([3.0, 4.0]) ** power for power in (1, 2, 3))
    beyond = [expected_entries(case) - FULL_CONTACTS for case in (both, one)]
    assert beyond[0] / beyond[1] == pytest.approx((mean * square + mean**3) / (2.0 * cube), rel=0.01)


def _packing(number: int) -> dict[str, Any]:
    region = {"shape": "box", "low": [0, 0, 0], "high": [0.014] * 3}
    return {"kind": "packing", "shares": {"of": {"large": 1.0}}, "number": number, "region": region}


def test_room_doubles_where_particles_stream_in() -> None:
    """30 spheres at the start: room for 120 holds up to 120, of which 60 to 120 come by the same doubling."""
    case = box_case()
    assert capacity(case, 30.0) == 30.0
    feeder = {
        "kind": "insertion", "shares": {"of": {"large": 1.0}}, "number_rate": 100.0,
        "region": {"shape": "box", "low": [0, 0, 0], "high": [0.014] * 3},
    }  # fmt: skip
    written = case.model_dump(exclude_unset=True, by_alias=True)
    changes = {"particles": [*written["particles"], feeder], "time": {"end": 1.0}, "statistics": None}
    fed = DemCase.model_validate(written | changes)
    assert [capacity(fed, count) for count in (30.0, 31.0, 61.0, 120.0)] == [30.0, 60.0, 120.0, 120.0]


def _on_cuda(dem: DemCase) -> Case:
    return Case.model_construct(dem=dem, backend="cuda")


def test_case_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 4 with what was found and needed and what to do; what fits, and a machine without a device, pass."""
    case = _on_cuda(box_case())
    needed = device_memory(box_case()).needed
    (finding,) = check_device(case)
    assert finding.value == f"{needed / 1e9:.3g} GB"
    for total in (None, int(needed) + 1):
        monkeypatch.setattr(coupling.checks.device, "total_device_memory", lambda total=total: total)
        require_device_memory(case)
    monkeypatch.setattr(coupling.checks.device, "total_device_memory", lambda: int(needed) - 1)
    with pytest.raises(BackendUnavailable, match=r"found .* GB, needed .* GB for 30 spheres.*--backend cpu") as caught:
        require_device_memory(case)
    assert caught.value.exit_code == 4
    require_device_memory(Case.model_construct(dem=box_case(), backend="cpu"))


def test_replicas_are_on_the_device_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of two spheres need the arrays of all three, and one driver: what suffices for two is refused."""
    vary = "replicas={vary: {seed: [1, 2, 3]}}"
    case = read_case(find_case("two-spheres"), ["backend=cuda", vary])
    assert case.dem is not None
    one, (finding,) = device_memory(case.dem), check_device(case)
    needed = 3 * one.arrays + one.working + CONTEXT_BYTES
    share = f"steps of replicas 1 to 3 ({3 * one.arrays / 1e9:.3g} GB)."
    assert finding.text.endswith(f"All 3 replicas are there at once; one launch holds the {share}")
    monkeypatch.setattr(coupling.checks.device, "total_device_memory", lambda: int(needed) + 1)
    require_device_memory(case)
    monkeypatch.setattr(coupling.checks.device, "total_device_memory", lambda: int(needed) - 1)
    with pytest.raises(BackendUnavailable, match="for 6 spheres in 3 replicas; use at most"):
        require_device_memory(case)


@pytest.mark.parametrize(("many", "copied"), [(2**17, 3), (16, 1)], ids=["short", "long"])
def test_tallies_of_replicas_come_together(many: int, copied: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are on the device three times, but of long arrays no more than a little is."""
    monkeypatch.setattr(dem.memory, "MANY", many)
    statistics = {"block": 1e-3, "blocks": 1, "bins": 256}
    one = device_memory(bowl_case(statistics=statistics))
    both = of_copies([one, one])
    assert one.tallies > 8 * 2 * 256
    assert both.arrays == 2 * one.arrays
    assert both.working - one.working + 2 * one.tallies == pytest.approx(2 * copied * one.tallies, rel=0.2)
    assert of_copies([one]) == one


def test_groups_of_replicas_are_told() -> None:
    """Two laws, the first, third and fourth replica of one of them: two launches, each with its memory."""
    vary = "replicas={vary: {dem.contact.rolling: [none, epsd2, none, none]}}"
    case = read_case(find_case("two-spheres"), ["backend=cuda", vary])
    (finding,) = check_device(case)
    assert re.search(r"replicas 1, 3, 4 \(\S+ GB\); another those of 2 \(\S+ GB\)\.$", finding.text)


@pytest.mark.validate
def test_dense_bed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spheres pressed by gravity into the corner of a box: all arrays within 10 %, nothing told of the rows."""
    case = _heap(2000)
    setup = make_setup(case)
    settled = _engine(case, get_backend("cpu"))
    settled.run(round(0.25 / setup.step_size))
    state = settled.state()
    monkeypatch.setattr(dem.engine, "make_loops", GatherLoops)
    engine = _engine(case, get_backend("python"))
    engine.restore({name: array.copy() for name, array in state.items()})
    engine.pairs = PairList(*engine.pairs)
    engine.rebuild()
    memory = device_memory(case)
    assert memory.arrays - memory.samples == pytest.approx(bytes_of(engine), rel=WITHIN)


def _heap(number: int) -> DemCase:
    edge = 4e-3 * (number * np.pi / 6.0 / 0.35) ** (1.0 / 3.0)
    walls = [{"name": "floor", "shape": "plane", "material": "steel", "point": [0, 0, 0], "normal": [0, 0, 1]}]
    source = _packing(number) | {"region": {"shape": "box", "low": [0, 0, 0], "high": [edge] * 3}}
    domain = {"low": [0, 0, -1e-3], "high": [edge, edge, 1.2 * edge], "periodic": ["x", "y"]}
    return box_case(classes=[CLASSES[1]], particles=[source], walls=walls, domain=domain, gravity=[0, 0, -9.81])


def _engine(case: DemCase, chosen: Backend) -> Engine:
    setup = make_setup(case)
    particles = initial_particles(case, setup.classes, setup.engine.walls, SEED)
    tally, _ = make_recorder(setup, chosen, float(particles.mass.mean()))
    engine = new_engine(chosen, setup.engine, tally)
    engine.add(particles)
    return engine
