"""Cells by size: whatever the sizes, boundaries and number of cells, the pairs are those of a search over all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import dem.search
from compute import get_backend
from compute.adding import plain_add
from compute.physics import physics
from dem.cell_sort import find_place, make_find_cell, make_put_into_cell, take_place
from dem.cells import cell_count, check_width, divide_box, most_cells, size_levels
from dem.domain import LENGTH, OFFSET, OPEN, Domain, boundary_kind, make_domain, make_nearest_image
from dem.faults import CODE, FAULT_SIZE, NONE
from dem.neighbours import CellOrder, make_cell_order, move_particle, sort_by_cell
from dem.particles import KIND_SIZE, RADIUS, ROW_SIZE, Particles, X
from dem.search import make_row_walk
from tests.dem.engines import make_engine, spheres

Vectors = NDArray[np.float64]
LARGEST = 1e-3


def divided(domain: Domain, radii: Vectors, skin: float, room: int) -> Domain:
    """The domain with cells for these radii [m]."""
    cells, grid = divide_box(domain.box, size_levels(radii), skin, room)
    return domain._replace(cells=cells, grid=grid)


def sorted_particles(domain: Domain, position: Vectors, radius: Vectors, ids: Any) -> tuple[Particles, CellOrder]:
    """Particles in the order of their cells."""
    size = len(radius)
    kind, row = np.zeros((size, KIND_SIZE), np.int32), np.zeros((2, size, ROW_SIZE))
    before, after = (Particles(each, kind, np.zeros(size, np.int64), np.zeros(size)) for each in row)
    before.row[:, X : X + 3], before.row[:, RADIUS], before.id[:] = position, radius, ids
    cells = make_cell_order(size, np.zeros)._replace(first=np.zeros(cell_count(domain.cells) + 1, np.int32))
    fault = np.zeros((1, FAULT_SIZE), np.int64)
    sort_by_cell(size, before, domain, cells, fault)
    assert fault[0, CODE] == NONE
    for i in range(size):
        move_particle(i, cells, before, after)
    return after, cells


def listed(domain: Domain, particles: Particles, cells: CellOrder, skin: float, full: bool) -> list[tuple[int, int]]:
    """The pairs of slots that the walk finds."""
    walk, size = make_row_walk(boundary_kind(domain), full), len(particles.id)
    found, other = [], np.zeros(size, np.int32)
    for i in range(size):
        count = walk(i, particles.id, domain, cells, skin, other, 0, size)
        found += [(i, int(j)) for j in other[:count]]
    return found


def all_close(domain: Domain, particles: Particles, skin: float) -> set[tuple[int, int]]:
    """The pairs of slots within the skin, by trying every pair, each in both orders."""
    nearest, row = make_nearest_image(boundary_kind(domain)), particles.row
    pairs = set()
    for i in range(len(row)):
        for j in range(i):
            dx, dy, dz, _ = nearest(domain.box, *(row[j, X : X + 3] - row[i, X : X + 3]), 0.0)
            if dx * dx + dy * dy + dz * dz < (row[i, RADIUS] + row[j, RADIUS] + skin) ** 2:
                pairs |= {(i, j), (j, i)}
    return pairs


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    ratio=st.sampled_from([1.0, 1.9, 4.0, 30.0]),
    periodic=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    sheared=st.booleans(),
    room=st.sampled_from([1, 500, 100_000]),
)
def test_pairs_are_those_of_all_pairs(
    seed: int, ratio: float, periodic: tuple[bool, bool, bool], sheared: bool, room: int
) -> None:
    """Half and full lists of random spheres, of one to five levels, from three cutoffs wide, in few cells or many.

    The search is exact: its cells reach a billionth further than the distance that both compute in the same way.
    """
    random = np.random.Generator(np.random.Philox(key=(seed, 3)))
    radius = LARGEST * np.exp(-random.uniform(0.0, np.log(ratio), 40))
    skin = float(random.uniform(0.01, 0.6)) * LARGEST
    cutoff = 2.0 * float(radius.max()) + skin
    low = random.uniform(-5.0, 5.0, 3) * LARGEST
    length = cutoff * np.where(periodic, random.uniform(3.001, 5.0, 3), random.uniform(0.5, 5.0, 3))
    sheared = sheared and all(periodic)
    domain = make_domain(low, low + length, periodic, 1.0 if sheared else 0.0)
    domain.box[OFFSET] = random.random() * domain.box[LENGTH] if sheared else 0.0
    check_width(domain, cutoff)
    domain = divided(domain, radius, skin, room)
    ids = random.permutation(40)
    particles, cells = sorted_particles(domain, low + random.random((40, 3)) * length, radius, ids)
    expected = all_close(domain, particles, skin)
    full = listed(domain, particles, cells, skin, True)
    half = listed(domain, particles, cells, skin, False)
    assert len(full) == len(set(full)) and set(full) == expected
    assert len(half) == len(expected) // 2
    assert set(half) == {(i, j) for i, j in expected if particles.id[j] > particles.id[i]}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), room=st.sampled_from([1, 20, 100_000]))
def test_order_is_that_of_the_ids(seed: int, room: int) -> None:
    """However the threads of each pass come to a cell, its particles stand in the order of their ids.

    Threads in turn, in order of their slots, leave them in that order.
    """
    random = np.random.Generator(np.random.Philox(key=(seed, 4)))
    size, ids = 60, random.permutation(60) << 40
    domain = divided(make_domain(np.zeros(3), np.ones(3), (True,) * 3, 0.0), np.full(size, 0.02), 0.01, room)
    position, radius = random.random((size, 3)), np.full(size, 0.02)
    _, expected = sorted_particles(domain, position, radius, ids)
    np.testing.assert_array_equal(expected.order, np.argsort(expected.cell, kind="stable"))
    cells = make_cell_order(size, np.zeros)._replace(first=np.zeros_like(expected.first))
    row = np.zeros((size, ROW_SIZE))
    row[:, X : X + 3], row[:, RADIUS] = position, radius
    particles = Particles(row, np.zeros((size, KIND_SIZE), np.int32), ids, np.zeros(size))
    find_cell, put_into_cell = make_find_cell(plain_add), make_put_into_cell(plain_add)
    for i in random.permutation(size):
        find_cell(i, particles, domain, cells, np.zeros((1, FAULT_SIZE), np.int64))
    cells.first[:] = np.cumsum(cells.first)
    for body, arguments in ((put_into_cell, (cells,)), (find_place, (ids, cells)), (take_place, (cells,))):
        for i in random.permutation(size):
            body(i, *arguments)
    np.testing.assert_array_equal(cells.order, np.lexsort((ids, cells.cell)))
    np.testing.assert_array_equal(cells.place[cells.order], np.arange(size))
    np.testing.assert_array_equal(cells.first, expected.first)


@pytest.mark.parametrize("ratio", [1.0, 3.0, 10.0, 30.0])
def test_levels_hold_every_size(ratio: float) -> None:
    """Levels begin at the largest radius, each is of a radius that there is and more than half of the one before."""
    radii = LARGEST * np.geomspace(1.0 / ratio, 1.0, 23)
    levels = size_levels(np.tile(radii, 3))
    assert levels[0] == LARGEST and set(levels) <= set(radii)
    assert (levels[1:] < 0.5 * levels[:-1]).all()
    finest = radii[radii <= levels[-1]]
    assert finest.min() >= 0.5 * levels[-1]
    assert len(levels) == {1.0: 1, 3.0: 2, 10.0: 4, 30.0: 5}[ratio]


def test_cells_of_an_empty_box_are_bounded() -> None:
    """A box ten thousand diameters wide, or a tube as long, has no more cells than particles allow for each level."""
    radii = LARGEST * np.array([1.0, 0.3, 0.1])
    for high in ([20.0, 20.0, 20.0], [2e-3, 2e-3, 2000.0]):
        domain = make_domain(np.zeros(3), np.array(high), (False, True, False), 0.0)
        room = most_cells(100)
        assert room < 50 * 100
        cells = divided(domain, radii, 0.1 * LARGEST, room).cells
        assert (cells[:, :3].prod(1) <= room).all()
        assert cell_count(cells) > room


def candidates_per_particle(monkeypatch: pytest.MonkeyPatch, diameter: Vectors) -> float:
    """How many slots are looked at for each particle, in a gas with the solid fraction of a packing.

    Spheres overlap in it, which changes nothing for the search: what it looks at depends on their number and sizes.
    """
    seen = []

    def make_counting_scan(kind: int, full: bool) -> Any:
        @physics
        def scan(i: int, begin: int, end: int, *rest: Any) -> int:
            seen.append(end - begin)
            return 0

        return scan

    monkeypatch.setattr(dem.search, "make_scan", make_counting_scan)
    walk = make_row_walk.__wrapped__(OPEN, False)
    random = np.random.Generator(np.random.Philox(key=(1, 3)))
    edge = float((np.pi / 6.0 * (diameter**3).sum() / 0.6) ** (1 / 3))
    skin = 0.1 * float(diameter.min())
    domain = make_domain(np.zeros(3), np.full(3, edge), (False, False, False), 0.0)
    domain = divided(domain, diameter / 2, skin, most_cells(len(diameter)))
    position = random.random((len(diameter), 3)) * edge
    particles, cells = sorted_particles(domain, position, diameter / 2, np.arange(len(diameter)))
    for i in range(len(diameter)):
        walk(i, particles.id, domain, cells, skin, np.zeros(1, np.int32), 0, 0)
    return sum(seen) / len(diameter)


def test_candidates_at_a_size_ratio_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sizes with half of the volume each, and ten sizes with the same volume of each, against equal spheres.

    A count, so that it cannot depend on the machine. In cells as wide as the largest pair 26 and 21 times as many as
    among equal spheres are looked at here, with levels fewer, since the small ones have less room. The volume that is
    searched about equal spheres is (4 by 4 by 2 1/4) of 1.1 d: 6/pi 0.6 1.1^3 36 = 55, less at the surface of the box.
    """
    count = 1500
    equal = candidates_per_particle(monkeypatch, np.full(count, LARGEST))
    assert 30.0 < equal < 60.0
    two = np.where(np.arange(count) < 2, 10.0, 1.0) * LARGEST
    sizes = np.geomspace(1.0, 10.0, 10)
    broad = np.repeat(sizes, np.ceil(count * sizes**-3.0 / (sizes**-3.0).sum()).astype(int)) * LARGEST
    assert candidates_per_particle(monkeypatch, two) < 1.1 * equal
    assert candidates_per_particle(monkeypatch, broad) < 1.1 * equal


def test_list_is_the_same_on_any_number_of_threads() -> None:
    """Rows, and partners within them, of spheres of four levels: plain Python's, and those of one and two threads."""
    random = np.random.Generator(np.random.Philox(key=(2, 3)))
    radius = LARGEST * np.geomspace(0.1, 1.0, 200)
    particles = spheres(random.random((200, 3)) * 8.0 * LARGEST, 0.0, radius)
    lists = []
    for backend in (get_backend("python"), get_backend("cpu", 1), get_backend("cpu", 2)):
        engine = make_engine(
            particles, backend=backend, law="ghost", high=(8.0 * LARGEST,) * 3, statistics=True,
            periodic=(True, True, True), shear_rate=300.0, step=5e-6, skin=0.2 * LARGEST,
        )  # fmt: skip
        engine.rebuild()
        lists.append((engine.pairs.start[:201].copy(), engine.pairs.other[: engine.pairs.start[200]].copy()))
    assert lists[0][0][-1] > 200
    for start, other in lists[1:]:
        np.testing.assert_array_equal(start, lists[0][0])
        np.testing.assert_array_equal(other, lists[0][1])
