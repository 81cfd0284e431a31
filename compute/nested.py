"""The compilers of the CPU: one optimisation and one making of machine code for a loop and all that it calls.

numba optimises every function it compiles with all that it calls, and makes machine code of it, of those called from
others too, although a caller takes their intermediate code in, optimises it and makes machine code of it again; what
stands under a `prange` so comes about three times more. Nothing calls a law or a routine from Python, so for these only
the intermediate code of themselves is made. The loop that is called from Python links all of it, once.

Nor does any of them depend on how its caller is compiled. numba compiles a function anew for a caller with other
options, hence whatever stands under a `prange` twice, for the loop and for what one thread does of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, Flags
from numba.core.compiler_machinery import PassManager
from numba.core.typed_passes import NativeLowering
from numba.core.typing.templates import infer, infer_global, make_overload_template

from compute.lowering import ValueLowering, drop_unused

SIMPLE = {"opt": 1, "loop_vectorize": False, "slp_vectorize": False}
"""Optimisation of a function by itself: so much that little of it is taken into a loop, which is optimised in full."""


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


class SimplifiedLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Intermediate code, simplified function by function."""

    def add_ir_module(self, ir_module: Any) -> None:
        """Take in code as it was written, without what is not used of it."""
        drop_unused(ir_module)
        super().add_ir_module(ir_module)

    def _optimize_functions(self, ll_module: Any) -> None:
        """As numba's, with one list of passes for all functions that the code has."""
        ll_module.data_layout = self._codegen._data_layout
        passes, builder = self._codegen._function_pass_manager(**SIMPLE)
        for function in ll_module.functions:
            if not function.is_declaration:
                passes.run(function, builder)


class NestedLibrary(SimplifiedLibrary):
    """Intermediate code of a function alone, as it is taken into a loop."""

    def finalize(self) -> None:
        """Leave linking and optimisation to the loop."""
        self._raise_if_finalized()
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """There is no machine code."""
        return 0


class LoopLibrary(SimplifiedLibrary):
    """Machine code of a loop and of all that it calls."""

    def finalize(self) -> None:
        """Link what the callees call too."""
        self._linking_libraries = list(linked(self))
        super().finalize()

    def _optimize_final_module(self) -> None:
        """Once: numba's pass before this one prepares for counted references, of which there are none."""
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)


class QuickFlags(Flags):  # type: ignore[misc]
    """numba's options of a compilation, which it compares and lists tens of thousands of times for one loop."""

    __slots__ = ()
    _defaults: ClassVar[dict[str, Any]] = {name: option.default for name, option in Flags.options.items()}

    def values(self) -> dict[str, Any]:
        """Return every option, as numba does."""
        return self._defaults | self._values

    __hash__ = Flags.__hash__

    def __eq__(self, other: object) -> bool:
        return self.values() == other.values() if isinstance(other, Flags) else NotImplemented


class ValueCompiler(Compiler):  # type: ignore[misc]
    """numba's compiler, writing values as such."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.state.flags = QuickFlags(self.state.flags)

    def define_pipelines(self) -> list[PassManager]:
        """Return numba's passes with its last but one exchanged."""
        pipelines: list[PassManager] = super().define_pipelines()
        for pipeline in pipelines:
            pipeline.passes = [
                (ValueLowering if each is NativeLowering else each, name) for each, name in pipeline.passes
            ]
            pipeline.finalize()
        return pipelines


class NestedCompiler(ValueCompiler):
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


class LoopCompiler(ValueCompiler):
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


def overload_for_all(function: Callable[..., Any], giver: Callable[..., Any], options: dict[str, Any]) -> None:
    """As `numba.extending.overload` for CPUs, compiled once for arguments of one kind, whatever the caller is."""
    plain = make_overload_template(function, giver, options, False, "never", target="cpu")

    class Template(plain):  # type: ignore[misc, valid-type]
        def _get_impl(self, args: Any, kws: Any) -> Any:
            key = self.context, tuple(args), tuple(kws.items())
            return self._impl_cache[key] if key in self._impl_cache else self._build_impl(key, args, kws)

    infer(Template)
    infer_global(function, types.Function(Template))
