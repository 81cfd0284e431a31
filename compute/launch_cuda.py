"""Launchers on CUDA: one kernel for each number of arguments, each a loop over the grid; and their way to add."""

# Device functions are typed as the compiler sees them, with arguments that it adds itself.
# mypy: disable-error-code="call-arg"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import cuda

from compute.base import Body
from compute.physics import physics


@physics
def atomic_add(array: Any, place: Any, value: int) -> None:
    """Add where other threads may write as well."""
    cuda.atomic.add(array, place, value)


def make_kernel(body: Body, count: int) -> Callable[..., None]:
    """Return `kernel(size, a, b, ...)` with `count` arguments: the body for every i in range(size)."""

    def kernel_1(size: int, a: Any) -> None:
        for item in range(cuda.grid(1), size, cuda.gridsize(1)):
            body(item, a)

    def kernel_2(size: int, a: Any, b: Any) -> None:
        for item in range(cuda.grid(1), size, cuda.gridsize(1)):
            body(item, a, b)

    def kernel_3(size: int, a: Any, b: Any, c: Any) -> None:
        for item in range(cuda.grid(1), size, cuda.gridsize(1)):
            body(item, a, b, c)

    def kernel_4(size: int, a: Any, b: Any, c: Any, d: Any) -> None:
        for item in range(cuda.grid(1), size, cuda.gridsize(1)):
            body(item, a, b, c, d)

    def kernel_5(size: int, a: Any, b: Any, c: Any, d: Any, e: Any) -> None:
        for item in range(cuda.grid(1), size, cuda.gridsize(1)):
            body(item, a, b, c, d, e)

    def kernel_6(size: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> None:
        for item in range(cuda.grid(1), size, cuda.gridsize(1)):
            body(item, a, b, c, d, e, f)

    def kernel_7(size: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> None:
        for item in range(cuda.grid(1), size, cuda.gridsize(1)):
            body(item, a, b, c, d, e, f, g)

    def kernel_8(size: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any) -> None:
        for item in range(cuda.grid(1), size, cuda.gridsize(1)):
            body(item, a, b, c, d, e, f, g, h)

    def kernel_9(size: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any) -> None:
        for item in range(cuda.grid(1), size, cuda.gridsize(1)):
            body(item, a, b, c, d, e, f, g, h, i)

    def kernel_10(size: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any, j: Any) -> None:
        for item in range(cuda.grid(1), size, cuda.gridsize(1)):
            body(item, a, b, c, d, e, f, g, h, i, j)

    kernels = (kernel_1, kernel_2, kernel_3, kernel_4, kernel_5, kernel_6, kernel_7, kernel_8, kernel_9, kernel_10)
    return kernels[count - 1]
