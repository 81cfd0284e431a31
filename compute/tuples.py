"""Loading and storing tuples of floats from flat buffers, with their length fixed when the code is made.

Tuples cannot be indexed by a loop variable on every target, so a loader of n values is the loader of n - 1 values and
one more. A group is a tuple of such tuples, whose values lie one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics


@cache
def make_loader(length: int) -> Callable[..., Any]:
    """Return `load(buffer, start, stride)`: the tuple of `length` values at start, start + stride, ..."""
    if length == 0:

        @physics
        def load_nothing(buffer: Any, start: int, stride: int) -> tuple[float, ...]:
            return ()

        return load_nothing
    load_before = make_loader(length - 1)
    last = length - 1

    @physics
    def load(buffer: Any, start: int, stride: int) -> tuple[float, ...]:
        return load_before(buffer, start, stride) + (buffer[start + last * stride],)

    return load


@cache
def make_storer(length: int) -> Callable[..., None]:
    """Return `store(buffer, start, stride, values)`: writes `length` values at start, start + stride, ..."""
    if length == 0:

        @physics
        def store_nothing(buffer: Any, start: int, stride: int, values: tuple[float, ...]) -> None:
            return

        return store_nothing
    store_before = make_storer(length - 1)
    last = length - 1

    @physics
    def store(buffer: Any, start: int, stride: int, values: tuple[float, ...]) -> None:
        store_before(buffer, start, stride, values)
        buffer[start + last * stride] = values[last]

    return store


@cache
def make_group_loader(lengths: tuple[int, ...]) -> Callable[..., Any]:
    """Return `load(buffer, start, stride)`: tuples of these lengths, the values of one behind those of the other."""
    if not lengths:
        return make_loader(0)
    load_before, load_last = make_group_loader(lengths[:-1]), make_loader(lengths[-1])
    skip = sum(lengths[:-1])

    @physics
    def load_group(buffer: Any, start: int, stride: int) -> Any:
        return load_before(buffer, start, stride) + (load_last(buffer, start + skip * stride, stride),)

    return load_group


@cache
def make_group_storer(lengths: tuple[int, ...]) -> Callable[..., None]:
    """Return `store(buffer, start, stride, groups)`: writes tuples of these lengths as `make_group_loader` reads."""
    if not lengths:
        return make_storer(0)
    store_before, store_last = make_group_storer(lengths[:-1]), make_storer(lengths[-1])
    skip, last = sum(lengths[:-1]), len(lengths) - 1

    @physics
    def store_group(buffer: Any, start: int, stride: int, groups: Any) -> None:
        store_before(buffer, start, stride, groups)
        store_last(buffer, start + skip * stride, stride, groups[last])

    return store_group


@cache
def make_part(begin: int, length: int) -> Callable[[Any], Any]:
    """Return `part(values)`: the tuple of `length` values from `begin` on."""
    if length == 0:

        @physics
        def nothing(values: Any) -> tuple[float, ...]:
            return ()

        return nothing
    part_before, last = make_part(begin, length - 1), begin + length - 1

    @physics
    def part(values: Any) -> tuple[float, ...]:
        return part_before(values) + (values[last],)

    return part
