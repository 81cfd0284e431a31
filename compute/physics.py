"""The mark of a scalar law.

A law is a plain Python function of floats and tuples of floats. `@physics` leaves it as it is and remembers it; the
first compiled backend registers every remembered law with numba, so that reading a case never imports a compiler.
Laws are forced inline: only so does the pair loop vectorise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Law = TypeVar("Law", bound=Callable[..., Any])

_laws: list[Callable[..., Any]] = []
_registered = 0
_compiled = False


def physics(law: Law) -> Law:
    """Mark `law` (floats and tuples in, floats and tuples out) for use on every backend; returns it unchanged."""
    _laws.append(law)
    if _compiled:
        register_laws()
    return law


def register_laws() -> None:
    """Make every marked law callable from compiled code; laws marked later register themselves."""
    global _registered, _compiled
    from numba.extending import register_jitable

    _compiled = True
    while _registered < len(_laws):
        law = _laws[_registered]
        _registered += 1
        register_jitable(forceinline=True)(law)
