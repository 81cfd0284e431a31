"""The engine: the same bits on every backend, no contact missed, and results that depend on nothing they should not.

Three variants of the compiled step are shared by all tests of the engine, since each takes long to compile: that of a
granulator (walls, rolling), that of a gas (periodic), and contacts without force in a sheared box.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from compute import get_backend
from compute.base import Backend
from dem.contact.law import Elasticity, PairProperties
from dem.domain import slide_of_image
from dem.engine import Engine
from dem.neighbours import TOUCHING
from dem.particles import MASS, RADIUS, VX, X
from dem.tally import BIRTHS, ENCOUNTERS
from tests.dem.engines import box_walls, kinetic_energy, make_engine, momentum, rows, spheres

Vectors = NDArray[np.float64]
Pairs = set[tuple[int, int]]
ROOT = Path(__file__).resolve().parents[2]
D = 1e-3
EDGE = 8e-3
TWO = [Elasticity(5e6, 0.25, 1500.0), Elasticity(2e7, 0.3, 2500.0)]
ROLLING = PairProperties(0.7, 0.4, 0.05)
PERIODIC = (True, True, True)


def random_spheres(seed: int, count: int, *, edge: float = EDGE, speed: float = 0.5, margin: float = 0.0) -> Any:
    """Spheres of D and 1.3 D on a jittered lattice, so that they do not overlap; Gaussian velocities and spins."""
    random = np.random.Generator(np.random.Philox(key=(seed, 1)))
    side = int(np.ceil(count ** (1 / 3)))
    cell = (edge - 2 * margin) / side
    sites = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)[:count]
    kind = np.arange(count) % 2
    jitter = random.uniform(-0.5, 0.5, (count, 3)) * max(cell - 1.3 * D, 0.0)
    return spheres(
        margin + (sites + 0.5) * cell + jitter, random.normal(0.0, speed, (count, 3)), np.where(kind, 0.65, 0.5) * D,
        spin=random.normal(0.0, 200.0, (count, 3)), density=np.where(kind, 2500.0, 1500.0), kind=kind,
    )  # fmt: skip


def granulator(backend: Backend, particles: Any, **changes: Any) -> Engine:
    """Open box with six walls, rolling friction and statistics."""
    options: dict[str, Any] = {
        "law": "hertz-mindlin-liggghts", "rolling": "constant-torque", "high": (EDGE,) * 3, "materials": TWO,
        "pairs": ROLLING, "walls": box_walls((1e-4,) * 3, (EDGE - 1e-4,) * 3), "statistics": True, "step": 2e-6,
        "skin": 0.2 * D, "gravity": (0.0, 0.0, -9.81),
    }  # fmt: skip
    return make_engine(particles, backend=backend, **(options | changes))


def gas(backend: Backend, particles: Any, **changes: Any) -> Engine:
    """Periodic box without walls, with statistics."""
    options: dict[str, Any] = {
        "law": "hertz-mindlin-liggghts", "high": (EDGE,) * 3, "materials": TWO, "pairs": ROLLING, "statistics": True,
        "periodic": PERIODIC, "step": 2e-6, "skin": 0.2 * D,
    }  # fmt: skip
    return make_engine(particles, backend=backend, **(options | changes))


def sheared_ghosts(backend: Backend, particles: Any, **changes: Any) -> Engine:
    """Spheres that pass through each other in a sheared box, with statistics."""
    options: dict[str, Any] = {
        "law": "ghost", "high": (EDGE,) * 3, "materials": TWO, "statistics": True, "periodic": PERIODIC,
        "shear_rate": 300.0, "step": 5e-6, "skin": 0.3 * D,
    }  # fmt: skip
    return make_engine(particles, backend=backend, **(options | changes))


def tallies(engine: Engine) -> list[NDArray[np.int64]]:
    """The four accumulators, summed over the chunks."""
    return [engine.backend.numpy(array).sum(axis=0) for array in engine.tally[:4]]


@pytest.mark.parametrize("variant", [granulator, gas, sheared_ghosts])
def test_plain_python_and_compiled_agree_to_the_bit(variant: Callable[..., Engine]) -> None:
    """One text, IEEE arithmetic without contraction, one thread: the whole state and every sum are equal."""
    particles = random_spheres(1, 64, edge=EDGE if variant is not granulator else EDGE - 4e-4)
    if variant is granulator:
        particles.position[:] += 2e-4
    plain, compiled = (variant(get_backend(name, threads), particles) for name, threads in (("python", 1), ("cpu", 1)))
    for engine in (plain, compiled):
        engine.run(250)
    assert sum(int(array.sum()) for array in tallies(plain)) > 0, "nothing touched"
    first, second = plain.state(), compiled.state()
    assert first.keys() == second.keys()
    for name, values in first.items():
        assert values.tobytes() == second[name].tobytes(), f"{name} differs"
    for one, other in zip(tallies(plain), tallies(compiled)):
        np.testing.assert_array_equal(one, other)


def test_momentum_is_conserved_to_rounding() -> None:
    """Every force is added once with each sign: 2000 steps of 216 spheres leave only the rounding of the sums."""
    engine = gas(get_backend("cpu", 1), random_spheres(2, 216))
    before = momentum(engine)
    engine.run(2000)
    row = rows(engine)
    scale = (row[:, MASS] * np.linalg.norm(row[:, VX : VX + 3], axis=1)).sum()
    assert tallies(engine)[0][:, ENCOUNTERS].sum() > 100
    assert np.abs(momentum(engine) - before).max() < 1e-13 * scale


def assert_same_places(first: Vectors, second: Vectors) -> None:
    """Equal positions within 1e-9 diameters; folding into the box, which happens at rebuilds, may differ by the box."""
    apart = first[:, X : X + 3] - second[:, X : X + 3]
    assert np.abs(apart - EDGE * np.round(apart / EDGE)).max() < 1e-9 * D


def nearest(engine: Engine, row: Vectors, step: int) -> tuple[NDArray[np.int64], Vectors]:
    """All pairs i < j and their distance over the sum of their radii, by trying every pair."""
    box = engine.backend.numpy(engine.domain.box)
    length, i_j = box[3:6], np.stack(np.triu_indices(len(row), 1), axis=1)
    apart = row[i_j[:, 1], X : X + 3] - row[i_j[:, 0], X : X + 3]
    turns = np.floor(apart[:, 1] / length[1] + 0.5)
    apart[:, 0] -= turns * (slide_of_image(box, step, engine.step_size) if box[9] else 0.0)
    apart -= length * np.floor(apart / length + 0.5)
    return i_j, np.linalg.norm(apart, axis=1) / (row[i_j[:, 0], RADIUS] + row[i_j[:, 1], RADIUS])


def touching(engine: Engine) -> Pairs:
    """The pairs of ids that the list holds as touching."""
    start, ids = engine.pairs.start[: engine.size + 1], engine.particles.id[: engine.size]
    entries = np.flatnonzero(engine.pairs.flags[: start[-1]] & TOUCHING)
    first = np.searchsorted(start, entries, side="right") - 1
    both = np.sort(np.stack([ids[first], ids[engine.pairs.other[entries]]], axis=1), axis=1)
    return {(int(a), int(b)) for a, b in both}


def assert_list_complete(engine: Engine) -> int:
    """Compare the touching pairs of the next step with those found by trying every pair; return their number."""
    row = rows(engine)
    pairs, ratio = nearest(engine, row, engine.step_number)
    engine.run(engine.step_number + 1)
    found = touching(engine)
    clear = np.abs(ratio - 1.0) > 1e-9
    expected = {(int(a), int(b)) for a, b in pairs[clear & (ratio < 1.0)]}
    doubtful = {(int(a), int(b)) for a, b in pairs[~clear]}
    assert found - doubtful == expected - doubtful
    return len(expected)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shear_rate", [1e-9, 400.0, -900.0])
def test_list_misses_no_contact(seed: int, shear_rate: float) -> None:
    """Random spheres of random radii in a sheared box: the touching pairs are those of a search over all pairs.

    Looked at after numbers of steps that fall anywhere between two rebuilds; pairs within 1e-9 of touching are left
    out. In x and z the box is hardly more than three cells wide, which is the least that is allowed.
    """
    random = np.random.Generator(np.random.Philox(key=(seed, 2)))
    edges = np.array([5.2, 7.9, 5.2]) * D
    radius = random.uniform(0.2, 0.7, 150) * D
    particles = spheres(random.random((150, 3)) * edges, random.normal(0.0, 1.0, (150, 3)), radius)
    engine = sheared_ghosts(
        get_backend("cpu", 1), particles, high=tuple(edges), materials=TWO[:1], shear_rate=shear_rate,
    )  # fmt: skip
    contacts, rebuilds = 0, set()
    for pause in random.integers(1, 60, 15):
        engine.run(engine.step_number + int(pause))
        contacts += assert_list_complete(engine)
        rebuilds.add(engine.built)
    assert contacts > 100 and len(rebuilds) > 5


def test_list_grows_beyond_the_first_guess() -> None:
    """Spheres that start apart and fly to one point: the list grows a hundredfold, and rows beyond any fixed length."""
    random = np.random.Generator(np.random.Philox(key=(3, 2)))
    away = random.normal(size=(120, 3))
    away *= (random.uniform(0.2, 1.0, 120) ** (1 / 3) / np.linalg.norm(away, axis=1))[:, None]
    particles = spheres(EDGE / 2 + 3.4 * D * away, -3.4 * D * away / 2.5e-3, 0.25 * D)
    engine = sheared_ghosts(get_backend("cpu", 1), particles, materials=TWO[:1], shear_rate=1e-9)
    engine.run(1)
    before = int(engine.pairs.start[engine.size])
    engine.run(495)
    assert assert_list_complete(engine) > 120 * 119 / 2 * 0.9
    assert int(engine.pairs.start[engine.size]) > 50 * max(before, 1)


def test_order_of_the_input_does_not_matter() -> None:
    """The same spheres given in another order: equal counts, and positions equal but for the order of sums.

    Short enough (some 100 impacts) that rounding, 1e-16, has not grown beyond 1e-9 of a diameter.
    """
    particles = random_spheres(4, 125, speed=0.3)
    order = np.random.Generator(np.random.Philox(key=(5, 2))).permutation(125)
    shuffled = type(particles)(**{name: values[order] for name, values in vars(particles).items()})
    engines = [gas(get_backend("cpu", 1), each) for each in (particles, shuffled)]
    for engine in engines:
        engine.run(800)
    first, second = (tallies(engine)[0] for engine in engines)
    assert first[:, ENCOUNTERS].sum() > 50
    np.testing.assert_array_equal(first[:, : BIRTHS + 1], second[:, : BIRTHS + 1])
    assert_same_places(rows(engines[0]), rows(engines[1]))


@pytest.mark.parametrize("variant", [granulator, gas])
def test_skin_does_not_change_the_motion(variant: Callable[..., Engine]) -> None:
    """Skins of 0.05 and 0.8 diameters: other lists, other rebuilds, the same contacts; only sums change their order."""
    particles = random_spheres(6, 64, edge=EDGE - 4e-4, speed=0.3)
    particles.position[:] += 2e-4
    engines = [variant(get_backend("cpu", 1), particles, skin=skin * D) for skin in (0.05, 0.8)]
    for engine in engines:
        engine.run(800)
    assert engines[0].built != engines[1].built
    assert_same_places(rows(engines[0]), rows(engines[1]))
    for one, other in zip(tallies(engines[0]), tallies(engines[1])):
        np.testing.assert_array_equal(one[..., :2], other[..., :2])


def test_two_threads_agree_with_one() -> None:
    """Two threads add forces in another order, so only statistics can agree: counts of two runs of one gas.

    Counts of about B encounters each differ by sqrt(2 B) when the two runs have nothing in common any more; 4 of these
    standard errors are allowed. The impacts are elastic: kinetic energy stays, but for
    some percent stored in the contacts of the moment. Short, since on busy cores each step waits for both threads.
    """
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core only: two threads cannot be tried")
    counts, elastic, edge = [], PairProperties(1.0, 0.0), 12e-3
    for threads in (1, 2):
        engine = gas(
            get_backend("cpu", threads), random_spheres(7, 343, edge=edge, speed=1.0), pairs=elastic, high=(edge,) * 3
        )
        before = kinetic_energy(engine)
        engine.run(1500)
        assert kinetic_energy(engine) == pytest.approx(before, rel=0.1)
        counts.append(int(tallies(engine)[0][:, ENCOUNTERS].sum()))
    assert counts[0] > 400
    assert abs(counts[0] - counts[1]) < 4.0 * np.sqrt(2.0 * counts[0])


MEMORY = """
from pathlib import Path
import numpy as np
from compute import get_backend
from tests.dem.engines import make_engine, box_walls, spheres
from tests.dem.test_engine import ROLLING, TWO
n, d = 100_000, 1e-3
side = int(np.ceil(n ** (1 / 3)))
sites = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)[:n]
particles = spheres((sites + 0.6) * 0.999 * d, 0.0, d / 2, kind=np.arange(n) % 2)
edge = (side + 1) * d
engine = make_engine(
    particles, backend=get_backend("cpu", 1), law="hertz-mindlin-liggghts", rolling="constant-torque",
    high=(edge,) * 3, materials=TWO, pairs=ROLLING, walls=box_walls((0,) * 3, (edge,) * 3), statistics=True, step=2e-6,
    skin=0.1 * d, gravity=(0, 0, -9.81))
engine.run(20)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(engine.pairs.start[engine.size]) / n, int(peak.split()[1]) / 1e6)
"""


def test_a_hundred_thousand_particles_take_less_than_a_gigabyte() -> None:
    """Peak resident memory of a process of its own, compiler included; three neighbours each, as in a packing.

    Read from the kernel's high-water mark of this program: ru_maxrss also counts the process that started it.
    """
    done = subprocess.run([sys.executable, "-c", MEMORY], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    partners, gigabytes = map(float, done.stdout.split())
    assert partners > 2.5
    assert gigabytes < 1.0
