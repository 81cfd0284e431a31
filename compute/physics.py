"""The marks of a scalar law and of a routine of a loop.

A law is a plain Python function of floats and tuples of floats. `@physics` leaves it as it is and remembers it; the
first compiled backend registers every remembered function with numba, so that reading a case never imports a compiler.
Laws are forced inline: only so does the pair loop vectorise. `@routine` marks larger parts of a loop, which are not.
Neither may allocate: without numba's run time for memory (`_nrt`) arrays pass from function to function uncounted; with
it, the counting of references made the walls six times slower and kept threads from scaling.

A loop compiled with `prange` writes to arrays of a NamedTuple only inside a routine: numba takes a store to such an
array in the loop itself for dead, because it does not see that the array outlives the function. The index of
`prange` is signed where types are inferred and unsigned in the loop that is compiled; a routine called with the index
itself would be compiled for both, hence `np.int64(index)`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

Law = TypeVar("Law", bound=Callable[..., Any])

_laws: dict[Callable[..., Any], bool] = {}
"""Marked functions in the order of their marks, and whether they are forced inline."""
_versions: dict[Callable[..., Any], str] = {}
"""Modules with a version for CPUs of a marked function."""
WITHOUT_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_registered = 0
_compiled = False


def physics(law: Law) -> Law:
    """Mark `law` (floats and tuples in, floats and tuples out) for use on every backend; returns it unchanged."""
    return mark(law, forceinline=True)


def routine(part: Law) -> Law:
    """Mark `part`, a piece of a loop (arrays allowed), for use on every backend; returns it unchanged."""
    return mark(part, forceinline=False)


def cpu_routine(module: str) -> Callable[[Law], Law]:
    """Return the mark of a routine of which `module` has a version for CPUs under the same name."""

    def mark_both(part: Law) -> Law:
        _versions[part] = module
        return routine(part)

    return mark_both


def mark(function: Law, forceinline: bool) -> Law:
    """Mark `function` for use on every backend; returns it unchanged."""
    _laws[function] = forceinline
    if _compiled:
        register_laws()
    return function


def is_marked(function: Callable[..., Any]) -> bool:
    """Return whether a function is a law or a routine."""
    return function in _laws


def is_forced_inline(function: Callable[..., Any]) -> bool:
    """Return whether a marked function is a law."""
    return _laws[function]


def register_laws() -> None:
    """Make every marked function callable from compiled code; those marked later register themselves."""
    global _registered, _compiled
    from numba.extending import register_jitable

    from compute.nested import NestedCompiler, overload_for_all

    _compiled = True
    for law, forceinline in list(_laws.items())[_registered:]:
        _registered += 1
        name_by_content(law)
        options: Any = {"forceinline": forceinline, "_nrt": False}
        register_jitable(**options)(law)
        nested = options | WITHOUT_WRAPPERS | {"pipeline_class": NestedCompiler}
        overload_for_all(law, _giver(_version_for_cpus(law)), nested)


def _version_for_cpus(law: Callable[..., Any]) -> Callable[..., Any]:
    if law not in _versions:
        return law
    version: Callable[..., Any] = getattr(import_module(_versions[law]), law.__name__)
    return version


def _giver(law: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that gives the law whatever its arguments."""

    def give(*args: Any, **kwargs: Any) -> Callable[..., Any]:
        return law

    return give


def fingerprint(function: Callable[..., Any]) -> str:
    """Return a hash of where a function stands in the sources and of all it closes over."""
    code, digest = function.__code__, hashlib.sha256()
    digest.update(f"{function.__module__} {function.__name__} {code.co_firstlineno}".encode())
    for cell in function.__closure__ or ():
        value = cell.cell_contents
        digest.update((fingerprint(value) if hasattr(value, "__code__") else repr(value)).encode())
    return digest.hexdigest()[:16]


def name_by_content(function: Callable[..., Any]) -> None:
    """Give a function that a maker made a name of its own, the same in every process.

    Compiled code is found by the function's name and a number that counts functions in a process. Of two functions that
    one maker made, compiled in two processes and loaded from their caches into a third, one would be taken for the
    other.
    """
    if function.__closure__ and "#" not in function.__qualname__:
        function.__qualname__ += f"#{fingerprint(function)}"
