"""Launchers: one parallel loop for each number of arguments.

numba cannot pass a variable number of NamedTuples through a parallel loop, and code made by `exec` cannot be cached;
so there is one launcher for each count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import prange
from numpy import int64

from compute.base import Body


def make_launcher(body: Body, count: int) -> Callable[..., None]:
    """Return `launch(size, a, b, ...)` with `count` arguments: the body for every i in range(size), in parallel."""

    def launch_1(size: int, a: Any) -> None:
        for item in prange(size):
            body(int64(item), a)

    def launch_2(size: int, a: Any, b: Any) -> None:
        for item in prange(size):
            body(int64(item), a, b)

    def launch_3(size: int, a: Any, b: Any, c: Any) -> None:
        for item in prange(size):
            body(int64(item), a, b, c)

    def launch_4(size: int, a: Any, b: Any, c: Any, d: Any) -> None:
        for item in prange(size):
            body(int64(item), a, b, c, d)

    def launch_5(size: int, a: Any, b: Any, c: Any, d: Any, e: Any) -> None:
        for item in prange(size):
            body(int64(item), a, b, c, d, e)

    def launch_6(size: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> None:
        for item in prange(size):
            body(int64(item), a, b, c, d, e, f)

    def launch_7(size: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> None:
        for item in prange(size):
            body(int64(item), a, b, c, d, e, f, g)

    def launch_8(size: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any) -> None:
        for item in prange(size):
            body(int64(item), a, b, c, d, e, f, g, h)

    def launch_9(size: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any) -> None:
        for item in prange(size):
            body(int64(item), a, b, c, d, e, f, g, h, i)

    def launch_10(size: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any, j: Any) -> None:
        for item in prange(size):
            body(int64(item), a, b, c, d, e, f, g, h, i, j)

    launchers = (launch_1, launch_2, launch_3, launch_4, launch_5, launch_6, launch_7, launch_8, launch_9, launch_10)
    return launchers[count - 1]


def make_joint_launcher(body: Body, place: tuple[int, int] | None) -> Callable[..., None]:
    """Return `launch(table, prototype)`: the body for every item of every row of a table, one row after the other.

    As `compute.launch_cuda.make_joint_kernel`. Tuples in tuples cannot be handed to threads.
    """
    from compute import addresses_compiled

    take: Any = addresses_compiled.take
    slot, lanes = place or (0, 1)
    counted = place is not None

    def launch_joint(table: Any, prototype: Any) -> None:
        for row in range(table[0, 0]):
            arguments = take(prototype, table, row + 1)
            number = arguments[0][slot] * lanes if counted else arguments[0]
            for item in range(number):
                body(item, *arguments[1:])

    return launch_joint
