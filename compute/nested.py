"""The compiler of what is called from compiled code alone: it makes no machine code of its own.

numba makes machine code of every function it compiles, of those called from others too, although a caller takes their
intermediate code in and makes machine code of it again. Nothing calls a law or a routine from Python, so for these that
first machine code is left out.
"""

from __future__ import annotations

from typing import Any

from numba.core.compiler import Compiler


class NestedCompiler(Compiler):  # type: ignore[misc]
    """numba's compiler without machine code.

    numba finds a compiled function by its built-in function object; a method of a list of its own stands for that.
    """

    def compile_extra(self, func: Any) -> Any:
        """Compile a function for the arguments of this pipeline."""
        self.state.flags.no_compile = True
        result = super().compile_extra(func)
        mark: list[Any] = []
        address = mark.append
        self.state.targetctx.insert_user_function(address, result.fndesc, [result.library])
        return result._replace(entry_point=address)
