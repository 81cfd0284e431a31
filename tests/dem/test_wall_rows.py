"""Rows of wall contacts given by bodies, as on a device, against whole arrays: the same to the bit."""

from __future__ import annotations

import numpy as np
import pytest

import dem.engine
from compute import get_backend
from dem.engine import Engine
from dem.loops_gather import GatherLoops
from dem.walls import WallTouches
from dem.walls.arrays import SLOTS, WALL_LIMIT
from dem.walls.rows import STATE, give_rows, with_rows
from tests.device.systems import bowl_case, make_engine


def some_rows(engine: Engine, rows: int, room: int) -> WallTouches:
    """So many particles, in any order, remember contacts with walls and all walls that can be; there is this room."""
    random = np.random.Generator(np.random.Philox(3))
    touches = with_rows(engine.touches, room, np.zeros)._replace(seat=engine.touches.seat.copy())
    touches.seat[:] = -1
    touches.seat[random.permutation(engine.size)[:rows]] = np.arange(rows)
    touches.wall[:rows] = random.integers(-1, WALL_LIMIT, (rows, SLOTS))
    touches.spring[:rows] = random.random(touches.spring[:rows].shape)
    for bits in (touches.near, touches.touched):
        bits[:rows] = random.integers(0, 2**WALL_LIMIT, rows) & random.integers(0, 2**WALL_LIMIT, rows)
    touches.near[: rows // 3], touches.wall[: rows // 3, 0] = 0, -1
    return touches


@pytest.mark.parametrize("room", [14, 40])
def test_bodies_give_the_rows_of_whole_arrays(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some lose their row, some get one, others keep what they remember in a row that was another's.

    In the rows there are, and in new ones where these are too few.
    """
    monkeypatch.setattr(dem.engine, "make_loops", GatherLoops)
    engine = make_engine(bowl_case(number=28), get_backend("python"))
    engine.rebuild()
    size, order = engine.size, engine.cells.order[: engine.size]
    assert not np.array_equal(order, np.arange(size))
    begun, other = some_rows(engine, 14, room), some_rows(engine, 14, room)
    found, number = engine.loops.give_rows(engine, engine.particles, begun, True)
    other.seat[:size] = other.seat[order]
    kept = (other.seat[:size] >= 0) & (number > 0)
    reach = engine.wall_margin, engine.settings.rearm_gap
    expected, count = give_rows(engine.backend, size, engine.particles, engine.walls, other, *reach)
    assert number == count
    assert (len(found.holder) > 14) == (room > 14 or count > 14)
    assert (kept & (expected.seat[:size] < 0)).sum() > 0 and (~kept & (expected.seat[:size] >= 0)).sum() > 0
    np.testing.assert_array_equal(found.seat[:size], expected.seat[:size])
    for name in (*STATE.values(), "holder", "close", "listed"):
        np.testing.assert_array_equal(getattr(found, name)[:count], getattr(expected, name)[:count], err_msg=name)
    for row in range(count):
        triangles = slice(row * 16, row * 16 + max(0, found.listed[row]))
        np.testing.assert_array_equal(found.triangle[triangles], expected.triangle[triangles])
