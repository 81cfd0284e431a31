"""Launchers on CUDA: one kernel for each number of arguments, each a loop over the grid; and their way to add."""

# Device functions are typed as the compiler sees them, with arguments that it adds itself.
# mypy: disable-error-code="call-arg"

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from numba import cuda

from compute.base import Body
from compute.cuda import simulated
from compute.garbage import hold_collector
from compute.physics import physics

if not simulated():
    hold_collector("numba.cuda.core.event", "numba-cuda:compiler_lock")


@physics
def atomic_add(array: Any, place: Any, value: int) -> None:
    """Add where other threads may write as well."""
    cuda.atomic.add(array, place, value)


@cache
def make_number(slot: int | None) -> Callable[[Any], int]:
    """Return the function from the first argument of a kernel to its number of items: a word of it, or the value."""

    @physics
    def word(size: Any) -> int:
        return size[slot]

    @physics
    def value(size: int) -> int:
        return size

    return value if slot is None else word


def make_kernel(body: Body, count: int, slot: int | None = None) -> Callable[..., None]:
    """Return `kernel(size, a, b, ...)` with `count` arguments: the body for every i in range(size).

    slot: where size is an array of words, which of them is the number.
    """
    number = make_number(slot)

    def kernel_1(size: Any, a: Any) -> None:
        for item in range(cuda.grid(1), number(size), cuda.gridsize(1)):
            body(item, a)

    def kernel_2(size: Any, a: Any, b: Any) -> None:
        for item in range(cuda.grid(1), number(size), cuda.gridsize(1)):
            body(item, a, b)

    def kernel_3(size: Any, a: Any, b: Any, c: Any) -> None:
        for item in range(cuda.grid(1), number(size), cuda.gridsize(1)):
            body(item, a, b, c)

    def kernel_4(size: Any, a: Any, b: Any, c: Any, d: Any) -> None:
        for item in range(cuda.grid(1), number(size), cuda.gridsize(1)):
            body(item, a, b, c, d)

    def kernel_5(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> None:
        for item in range(cuda.grid(1), number(size), cuda.gridsize(1)):
            body(item, a, b, c, d, e)

    def kernel_6(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> None:
        for item in range(cuda.grid(1), number(size), cuda.gridsize(1)):
            body(item, a, b, c, d, e, f)

    def kernel_7(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> None:
        for item in range(cuda.grid(1), number(size), cuda.gridsize(1)):
            body(item, a, b, c, d, e, f, g)

    def kernel_8(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any) -> None:
        for item in range(cuda.grid(1), number(size), cuda.gridsize(1)):
            body(item, a, b, c, d, e, f, g, h)

    def kernel_9(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any) -> None:
        for item in range(cuda.grid(1), number(size), cuda.gridsize(1)):
            body(item, a, b, c, d, e, f, g, h, i)

    def kernel_10(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any, j: Any) -> None:
        for item in range(cuda.grid(1), number(size), cuda.gridsize(1)):
            body(item, a, b, c, d, e, f, g, h, i, j)

    kernels = (kernel_1, kernel_2, kernel_3, kernel_4, kernel_5, kernel_6, kernel_7, kernel_8, kernel_9, kernel_10)
    return kernels[count - 1]
