"""Loading and storing tuples of floats from flat buffers, with their length fixed when the code is made.

Tuples cannot be indexed by a loop variable on every target, so a loader of n values is the loader of n - 1 values and
one more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

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


class Strip(NamedTuple):
    """Values of a flat buffer at start, start + stride, ...; it is read and written piece by piece."""

    buffer: Any
    start: int
    stride: int


@cache
def make_taker(skip: int, length: int) -> Callable[[Strip], Any]:
    """Return `take(strip)`: the tuple of `length` values of a strip behind its first `skip`."""
    load = make_loader(length)

    @physics
    def take(strip: Strip) -> Any:
        return load(strip.buffer, strip.start + skip * strip.stride, strip.stride)

    return take


@cache
def make_keeper(skip: int, length: int) -> Callable[[Strip, Any], None]:
    """Return `keep(strip, values)`: writes such a tuple where `make_taker` reads it."""
    store = make_storer(length)

    @physics
    def keep(strip: Strip, values: Any) -> None:
        store(strip.buffer, strip.start + skip * strip.stride, strip.stride, values)

    return keep


def one_by_one(make: Callable[[int, int], Any], lengths: tuple[int, ...]) -> tuple[Any, ...]:
    """Return a taker, or a keeper, for each of the tuples of these lengths that lie in a strip one after the other."""
    return tuple(make(sum(lengths[:k]), length) for k, length in enumerate(lengths))


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
