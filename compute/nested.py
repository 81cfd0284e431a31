"""The compilers of the CPU: one pass of optimisation and one of machine code for a loop and all that it calls.

numba optimises every function it compiles with all that it calls, and makes machine code of it, of those called from
others too, although a caller takes their intermediate code in, optimises it and makes machine code of it again; what
stands under a `prange` so comes about three times more. Nothing calls a law or a routine from Python, so for these only
the intermediate code of themselves is made. The loop that is called from Python links all of it, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


def linked(library: JITCodeLibrary) -> dict[JITCodeLibrary, None]:
    """Return all that a library calls, and what that calls in turn, in the order of the calls."""
    found: dict[JITCodeLibrary, None] = {}
    waiting = list(reversed(library._linking_libraries))
    while waiting:
        following = waiting.pop()
        if following not in found:
            found[following] = None
            waiting.extend(reversed(following._linking_libraries))
    return found


class NestedLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Intermediate code of a function alone, as it is taken into a loop."""

    def finalize(self) -> None:
        """Leave linking and optimisation to the loop."""
        self._raise_if_finalized()
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """There is no machine code."""
        return 0


class LoopLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Machine code of a loop and of all that it calls."""

    def finalize(self) -> None:
        """Link what the callees call too."""
        self._linking_libraries = list(linked(self))
        super().finalize()

    def _optimize_final_module(self) -> None:
        """Once: numba's pass before this one prepares for counted references, of which there are none."""
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)


class NestedCompiler(Compiler):  # type: ignore[misc]
    """numba's compiler without machine code.

    numba finds a compiled function by its built-in function object; a method of a list of its own stands for that.
    """

    def compile_extra(self, func: Any) -> Any:
        """Compile a function for the arguments of this pipeline."""
        self.state.flags.no_compile = True
        self.state.library = NestedLibrary(self.state.targetctx.codegen(), func.__qualname__)
        result = super().compile_extra(func)
        mark: list[Any] = []
        address = mark.append
        self.state.targetctx.insert_user_function(address, result.fndesc, [result.library, *linked(result.library)])
        return result._replace(entry_point=address)


class LoopCompiler(Compiler):  # type: ignore[misc]
    """numba's compiler for what Python calls: whatever else has to be compiled meanwhile stays intermediate code."""

    def compile_extra(self, func: Any) -> Any:
        """Compile a loop for the arguments of this pipeline."""
        codegen = self.state.targetctx.codegen()
        self.state.library = LoopLibrary(codegen, func.__qualname__)
        self.state.library.enable_object_caching()
        with nested_libraries(codegen):
            return super().compile_extra(func)


@contextmanager
def nested_libraries(codegen: Any) -> Iterator[None]:
    """While entered, libraries that numba makes are nested ones; an environment is set where there is code for it."""
    set_env: Callable[[str, Any], None] = codegen.set_env

    def set_known(name: str, environment: Any) -> None:
        if codegen._engine.is_symbol_defined(name):
            set_env(name, environment)

    codegen._library_class, codegen.set_env = NestedLibrary, set_known
    try:
        yield
    finally:
        del codegen._library_class, codegen.set_env
