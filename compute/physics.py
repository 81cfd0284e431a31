"""The marks of a scalar law and of a routine of a loop.

A law is a plain Python function of floats and tuples of floats. `@physics` leaves it as it is and remembers it; the
first compiled backend registers every remembered function with numba, so that reading a case never imports a compiler.
Laws are forced inline: only so does the pair loop vectorise. `@routine` marks larger parts of a loop, which are not.
Neither may allocate: without numba's run time for memory (`_nrt`) arrays pass from function to function uncounted; with
it, the counting of references made the walls six times slower and kept threads from scaling.

A loop compiled with `prange` writes to arrays of a NamedTuple only inside a routine: numba takes a store to such an
array in the loop itself for dead, because it does not see that the array outlives the function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Law = TypeVar("Law", bound=Callable[..., Any])

_laws: list[tuple[Callable[..., Any], bool]] = []
_registered = 0
_compiled = False


def physics(law: Law) -> Law:
    """Mark `law` (floats and tuples in, floats and tuples out) for use on every backend; returns it unchanged."""
    return _remember(law, forceinline=True)


def routine(part: Law) -> Law:
    """Mark `part`, a piece of a loop (arrays allowed), for use on every backend; returns it unchanged."""
    return _remember(part, forceinline=False)


def _remember(function: Law, forceinline: bool) -> Law:
    _laws.append((function, forceinline))
    if _compiled:
        register_laws()
    return function


def register_laws() -> None:
    """Make every marked function callable from compiled code; those marked later register themselves."""
    global _registered, _compiled
    from numba.extending import register_jitable

    _compiled = True
    while _registered < len(_laws):
        law, forceinline = _laws[_registered]
        _registered += 1
        register_jitable(forceinline=forceinline, _nrt=False)(law)
