"""Pairs of cells of one to four coordinates on a device: every cell looks up which fall into it, and what it loses.

Pairs of classes are listed, axis by axis, by the class their sum belongs to or by the pivots around it; the pairs of a
cell are the products of those of its classes. So what pairs make is added up pair by pair, where the CPU adds it up
axis by axis, in a fixed order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from compute.physics import physics, routine
from compute.tuples import make_storer
from pbm.grid import Floats
from pbm.lattice import MOST_COORDINATES
from pbm.schemes.lattice_pairs import ABOVE, AVERAGE, BELOW, MOMENTS, OFFSET, REST, STAY, Axes, Places, Pools


class Meetings(NamedTuple):
    """Pairs of classes along each axis by the class that gets something of their sum."""

    begin: Places  # first pair of each class, and the end, (4, n + 1)
    one: Places  # (4, pairs)
    other: Places  # (4, pairs)
    share: Floats  # of the sum that stays at the pivot, or that the pivot gets, (4, pairs)
    offset: Floats  # of the sum from the pivot [m3], (4, pairs)


def make_meetings(axes: Axes, way: int) -> Meetings:
    """Meetings for one way to pool."""
    found = [_meetings_of(axes, axis, way) for axis in range(MOST_COORDINATES)]
    longest, most = max(len(each) for each in found), axes.reach.shape[1]
    table, begin = np.zeros((5, MOST_COORDINATES, longest)), np.zeros((MOST_COORDINATES, most + 1), dtype=np.int64)
    for axis, each in enumerate(found):
        table[:, axis, : len(each)] = each.T
        begin[axis] = np.searchsorted(each[:, 0], np.arange(most + 1))
    return Meetings(begin, table[1].astype(np.int64), table[2].astype(np.int64), table[3].copy(), table[4].copy())


def _meetings_of(axes: Axes, axis: int, way: int) -> Floats:
    """Class that gets something, both that meet, share and offset, in the order of the class, (pairs, 5)."""
    rows = []
    for one in range(int(axes.size[axis])):
        for other in range(int(axes.reach[axis, one])):
            factor, low = axes.factor[:, axis, one, other], axes.low[axis, one, other]
            if way == AVERAGE:
                rows.append((axes.target[axis, one, other], one, other, factor[STAY], factor[OFFSET]))
            else:
                ends = ((low, factor[BELOW]), (low + 1, factor[ABOVE]))
                rows += [(place, one, other, share, 0.0) for place, share in ends if share > 0.0]
    table = np.array(rows)
    return np.asarray(table[np.argsort(table[:, 0], kind="stable")])


@physics
def class_of(axis: int, cell: int, axes: Axes) -> int:
    """Class of a cell along an axis."""
    return cell // axes.stride[axis] % axes.size[axis]


@physics
def events_of(
    way: int, one: int, other: int, goal: int, numbers: Floats, rates: Floats, rest: Floats
) -> float:  # fmt: skip
    """Mergers of cells one >= other [1/(m3 s)], of the rest those that corners place; nil for the same pair turned."""
    if other > one or numbers[one] == 0.0 or numbers[other] == 0.0:
        return 0.0
    share = (0.5 if one == other else 1.0) * (rest[goal] if way == REST else 1.0)
    return numbers[one] * numbers[other] * rates[min(one, rates.shape[0] - 1), other] * share if share > 0.0 else 0.0


Moments = tuple[float, ...]


@physics
def with_event(sums: Moments, events: float, stay: float, w: float, x: float, y: float, z: float) -> Moments:
    """Moments of a pool with some events more, of which `stay` would stay, with offsets along the four axes."""
    return (
        sums[0] + events, sums[1] + events * stay,
        sums[2] + events * w, sums[3] + events * x, sums[4] + events * y, sums[5] + events * z,
        sums[6] + events * w * x, sums[7] + events * w * y, sums[8] + events * w * z,
        sums[9] + events * x * y, sums[10] + events * x * z, sums[11] + events * y * z,
    )  # fmt: skip


@physics
def with_part(sums: Moments, events: float, stay: float, w: float, x: float, y: float, z: float) -> Moments:
    """The number of a pool with a part of some events more."""
    return (sums[0] + events * stay,)


@cache
def make_pool(way: int) -> Callable[..., None]:
    """Build the body that pools what falls into one cell, for a way to pool."""
    add, store = (with_event, make_storer(MOMENTS)) if way == AVERAGE else (with_part, make_storer(1))
    nothing = (0.0,) * (MOMENTS if way == AVERAGE else 1)

    @routine
    def pool(cell: int, numbers: Floats, rates: Floats, axes: Axes, pairs: Meetings, pools: Pools) -> None:
        sums, stride, target, begin = nothing, axes.stride, axes.target, pairs.begin
        i, j, k, m = class_of(0, cell, axes), class_of(1, cell, axes), class_of(2, cell, axes), class_of(3, cell, axes)
        one, other, share, offset = pairs.one, pairs.other, pairs.share, pairs.offset
        for a in range(begin[0, i], begin[0, i + 1]):
            for b in range(begin[1, j], begin[1, j + 1]):
                for c in range(begin[2, k], begin[2, k + 1]):
                    first = one[0, a] * stride[0] + one[1, b] * stride[1] + one[2, c] * stride[2]
                    second = other[0, a] * stride[0] + other[1, b] * stride[1] + other[2, c] * stride[2]
                    goal = target[0, one[0, a], other[0, a]] * stride[0] + target[1, one[1, b], other[1, b]] * stride[1]
                    goal += target[2, one[2, c], other[2, c]] * stride[2]
                    outer = share[0, a] * share[1, b] * share[2, c]
                    for d in range(begin[3, m], begin[3, m + 1]):
                        x, y = one[3, d], other[3, d]
                        place = goal + target[3, x, y]
                        events = events_of(way, first + x, second + y, place, numbers, rates, pools.rest)
                        if events != 0.0:
                            ahead = offset[0, a], offset[1, b], offset[2, c]
                            sums = add(sums, events, outer * share[3, d], ahead[0], ahead[1], ahead[2], offset[3, d])
        store(pools.whole[:, cell], 0, 1, sums)

    return pool


@routine
def lose(cell: int, numbers: Floats, rates: Floats, axes: Axes, pools: Pools) -> None:
    """Add up what merges of one cell, over all cells whose sum with it stays on the lattice."""
    reach, stride, total = axes.reach, axes.stride, 0.0
    i, j, k, m = class_of(0, cell, axes), class_of(1, cell, axes), class_of(2, cell, axes), class_of(3, cell, axes)
    for a in range(reach[0, i] if numbers[cell] != 0.0 else 0):
        for b in range(reach[1, j]):
            for c in range(reach[2, k]):
                place = a * stride[0] + b * stride[1] + c * stride[2]
                for d in range(reach[3, m]):
                    larger, smaller = max(cell, place + d), min(cell, place + d)
                    total += numbers[place + d] * rates[min(larger, rates.shape[0] - 1), smaller]
    pools.loss[cell] = numbers[cell] * total
