"""Several values added up side by side; where a target keeps them is its own affair."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from compute.physics import physics


class Sums(NamedTuple):
    """How a target adds up `count` values together, and perhaps one more that is added to by itself.

    nothing() -> sums; plus(sums, values) -> sums with a tuple of `count` values added; plus_last(sums, value) -> sums
    with a value added to the last; total(sums) -> the tuple of sums, over all threads that share an item. What stood
    for the sums must not be used any more once something was added to it.
    """

    nothing: Callable[[], Any]
    plus: Callable[[Any, Any], Any]
    plus_last: Callable[[Any, float], Any]
    total: Callable[[Any], Any]


@physics
def unchanged(values: Any) -> Any:
    """Return the sums of a single thread."""
    return values


@cache
def make_plus(count: int) -> Callable[[Any, Any], Any]:
    """Return the function that adds two tuples, value by value; the first may be longer."""
    if count == 0:

        @physics
        def empty(sums: Any, values: Any) -> Any:
            return ()

        return empty
    before, last = make_plus(count - 1), count - 1

    @physics
    def plus(sums: Any, values: Any) -> Any:
        return before(sums, values) + (sums[last] + values[last],)

    return plus


@cache
def make_sums(count: int, one_more: bool) -> Sums:
    """Return sums that are a tuple."""
    plus_each, zeros = make_plus(count), (0.0,) * (count + one_more)

    @physics
    def nothing() -> Any:
        return zeros

    @physics
    def plus(sums: Any, values: Any) -> Any:
        return plus_each(sums, values) + sums[count:] if one_more else plus_each(sums, values)

    @physics
    def plus_last(sums: Any, value: float) -> Any:
        return sums[:count] + (sums[count] + value,)

    return Sums(nothing, plus, plus_last, unchanged)
