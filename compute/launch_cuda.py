"""Launchers on CUDA: one kernel for each number of arguments, each a loop over the grid; and their way to add."""

# Device functions are typed as the compiler sees them, with arguments that it adds itself.
# mypy: disable-error-code="call-arg"

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import cuda

from compute.base import Body
from compute.cuda import SIMULATED_THREADS, on_device, simulated
from compute.garbage import hold_collector
from compute.physics import physics
from compute.sums import Sums, make_plus, make_sums, unchanged

if not simulated():
    from compute.division_cuda import teach

    teach()
    hold_collector("numba.cuda.core.event", "numba-cuda:compiler_lock")


@physics
def atomic_add(array: Any, place: Any, value: int) -> int:
    """Add where other threads may write as well; return what was there before."""
    return cuda.atomic.add(array, place, value)  # type: ignore[return-value]


@cache
def make_lane_sum(lanes: int, count: int) -> Callable[[Any], Any]:
    """Return the function that adds each of `count` values up over the lanes of an item; every lane gets the sums.

    Lanes are that many threads in a row, a power of two up to 32. They exchange by pairs, at distance 1, 2, 4, ...: the
    order of a sum is fixed, and the two of a pair get the same bits since a + b = b + a.
    """
    if simulated():
        return _make_simulated_lane_sum(lanes, count)
    if count == 0:

        @physics
        def nothing(values: Any) -> Any:
            return ()

        return nothing
    before, last = make_lane_sum(lanes, count - 1), count - 1
    group, doublings = (1 << lanes) - 1, lanes.bit_length() - 1

    @physics
    def total(values: Any) -> Any:
        lane: Any = cuda.laneid
        mask, value = group << (lane & ~(lanes - 1)), values[last]
        for k in range(doublings):
            value += cuda.shfl_xor_sync(mask, value, 1 << k)
        return before(values) + (value,)

    return total


def _make_simulated_lane_sum(lanes: int, count: int) -> Callable[[Any], Any]:
    """Return the same through memory of the host: the simulator runs block by block and has no exchange of threads."""
    shared = np.zeros((SIMULATED_THREADS, count))

    def total(values: Any) -> Any:
        own = cuda.threadIdx.x
        cuda.syncthreads()
        shared[own] = values
        cuda.syncthreads()
        first = own & ~(lanes - 1)
        sums = shared[first : first + lanes]
        while len(sums) > 1:
            sums = sums[::2] + sums[1::2]
        return tuple(sums[0].tolist())

    return total


@cache
def make_shared_sums(lanes: int, count: int, one_more: bool) -> Sums:
    """Return sums of a thread in memory that its block shares, so that they take no registers; as `make_sums`.

    The total is over the lanes of an item as well, see `make_lane_sum`.
    """
    rows, plain = count + one_more, make_sums(count, one_more)
    over_lanes = make_lane_sum(lanes, rows) if lanes > 1 else unchanged
    if simulated():
        return plain._replace(total=over_lanes)
    from compute.block_memory import make_number_reader, make_number_writer

    read_last, write_last = make_number_reader(count), make_number_writer(count)
    read, write, add = _make_reader(rows), _make_writer(rows), make_plus(count)
    zeros, write_sums, read_sums = (0.0,) * rows, _make_writer(count), _make_reader(count)

    @physics
    def nothing() -> int:
        write(zeros)
        return 0

    @physics
    def plus(sums: int, values: Any) -> int:
        write_sums(add(read_sums(), values))
        return 0

    @physics
    def plus_last(sums: int, value: float) -> int:
        write_last(read_last() + value)
        return 0

    @physics
    def total(sums: int) -> Any:
        return over_lanes(read())

    return Sums(nothing, plus, plus_last, total)


@cache
def _make_reader(count: int) -> Callable[[], Any]:
    """Return the function that reads the first `count` numbers of a thread in the memory of its block."""
    from compute.block_memory import make_number_reader

    read_last = make_number_reader(count - 1)
    if count == 1:

        @physics
        def first() -> Any:
            return (read_last(),)

        return first
    before = _make_reader(count - 1)

    @physics
    def read() -> Any:
        return before() + (read_last(),)

    return read


@cache
def _make_writer(count: int) -> Callable[[Any], None]:
    """Return the function that writes the first `count` of them."""
    from compute.block_memory import make_number_writer

    if count == 0:

        @physics
        def none(values: Any) -> None:
            return

        return none
    before, write_last, last = _make_writer(count - 1), make_number_writer(count - 1), count - 1

    @physics
    def write(values: Any) -> None:
        before(values)
        write_last(values[last])

    return write


@cache
def make_number(place: tuple[int, int] | None) -> Callable[[Any], int]:
    """Return the function from the first argument of a kernel to its number of items.

    place: which word of the argument counts, and the items for each that is counted; none: the argument is the number.
    """
    slot, lanes = place or (0, 1)

    @physics
    def looked_up(size: Any) -> int:
        return size[slot] * lanes

    @physics
    def given(size: int) -> int:
        return size

    return looked_up if place else given


def _kernels_of_few(body: Body, number: Callable[[Any], int]) -> tuple[Callable[..., None], ...]:
    """Return the kernels of one to five arguments."""

    def kernel_1(size: Any, a: Any) -> None:
        item: Any = cuda.grid(1)
        while item < number(size):
            body(item, a)
            item += cuda.gridsize(1)

    def kernel_2(size: Any, a: Any, b: Any) -> None:
        item: Any = cuda.grid(1)
        while item < number(size):
            body(item, a, b)
            item += cuda.gridsize(1)

    def kernel_3(size: Any, a: Any, b: Any, c: Any) -> None:
        item: Any = cuda.grid(1)
        while item < number(size):
            body(item, a, b, c)
            item += cuda.gridsize(1)

    def kernel_4(size: Any, a: Any, b: Any, c: Any, d: Any) -> None:
        item: Any = cuda.grid(1)
        while item < number(size):
            body(item, a, b, c, d)
            item += cuda.gridsize(1)

    def kernel_5(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> None:
        item: Any = cuda.grid(1)
        while item < number(size):
            body(item, a, b, c, d, e)
            item += cuda.gridsize(1)

    return kernel_1, kernel_2, kernel_3, kernel_4, kernel_5


def _kernels_of_many(body: Body, number: Callable[[Any], int]) -> tuple[Callable[..., None], ...]:
    """Return the kernels of six to ten arguments."""

    def kernel_6(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> None:
        item: Any = cuda.grid(1)
        while item < number(size):
            body(item, a, b, c, d, e, f)
            item += cuda.gridsize(1)

    def kernel_7(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> None:
        item: Any = cuda.grid(1)
        while item < number(size):
            body(item, a, b, c, d, e, f, g)
            item += cuda.gridsize(1)

    def kernel_8(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any) -> None:
        item: Any = cuda.grid(1)
        while item < number(size):
            body(item, a, b, c, d, e, f, g, h)
            item += cuda.gridsize(1)

    def kernel_9(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any) -> None:
        item: Any = cuda.grid(1)
        while item < number(size):
            body(item, a, b, c, d, e, f, g, h, i)
            item += cuda.gridsize(1)

    def kernel_10(size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any, j: Any) -> None:
        item: Any = cuda.grid(1)
        while item < number(size):
            body(item, a, b, c, d, e, f, g, h, i, j)
            item += cuda.gridsize(1)

    return kernel_6, kernel_7, kernel_8, kernel_9, kernel_10


def make_kernel(body: Body, count: int, place: tuple[int, int] | None = None) -> Callable[..., None]:
    """Return `kernel(size, a, b, ...)` with `count` arguments: the body for every i in range(size).

    place: where the number of items stands if size is an array of words, as in `make_number`. It is read anew for every
    item: kept, or with it the number of rounds that `range` counts by a division, it would take registers of the body.
    """
    number = make_number(place)
    return (*_kernels_of_few(body, number), *_kernels_of_many(body, number))[count - 1]


def make_joint_kernel(body: Body, place: tuple[int, int] | None = None) -> Callable[..., None]:
    """Return `kernel(table, prototype)`: the body for every item of every row of a table of arguments.

    The blocks of number y take row y + 1. prototype: of the number of items and the arguments behind it; place: as in
    `make_number`.
    """
    number, take = make_number(place), _take_of_target()

    def joint_kernel(table: Any, prototype: Any) -> None:
        block: Any = cuda.blockIdx
        row = block.y + 1
        if row <= table[0, 0]:
            arguments = take(prototype, table, row)
            item: Any = cuda.grid(1)
            while item < number(arguments[0]):
                body(item, *arguments[1:])
                item += cuda.gridsize(1)

    return joint_kernel


def _take_of_target() -> Any:
    if simulated():
        from compute import addresses

        return lambda *arguments: on_device(addresses.take(*arguments))
    from compute import addresses_compiled

    return addresses_compiled.take
