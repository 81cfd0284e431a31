"""The compiler of what is called from compiled code alone: it makes no machine code of its own.

numba optimises every function it compiles with all that it calls, and makes machine code of it, of those called from
others too, although a caller takes their intermediate code in, optimises it and makes machine code of it again. Nothing
calls a law or a routine from Python, so for these only the intermediate code is made.
"""

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class NestedLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Intermediate code of a function and of all that it calls, as it is taken into its callers."""

    def _optimize_final_module(self) -> None:
        """Leave it to the outermost caller."""

    def _finalize_final_module(self) -> None:
        """Hand nothing over to the engine."""
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


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
        self.state.targetctx.insert_user_function(address, result.fndesc, [result.library])
        return result._replace(entry_point=address)
