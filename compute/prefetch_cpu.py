"""`compute.prefetch` for numba's compiler of CPUs."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

READ, SECOND_CACHE, DATA = 0, 2, 1
"""Of LLVM's instruction `prefetch`: for reading, into the second cache, of data."""


@intrinsic
def _prefetch(typing: Any, rows: Any, i: Any, k: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind, flag = signature.args[0], ir.IntType(32)
        array = context.make_array(kind)(context, builder, value=values[0])
        place = cgutils.get_item_pointer(context, builder, kind, array, list(values[1:]))
        address = builder.bitcast(place, cgutils.voidptr_t)
        signature_of_call = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, flag, flag, flag])
        instruction = cgutils.get_or_insert_function(builder.module, signature_of_call, "llvm.prefetch.p0")
        builder.call(instruction, [address, *(ir.Constant(flag, value) for value in (READ, SECOND_CACHE, DATA))])
        return context.get_dummy_value()

    return types.void(rows, types.int64, types.int64), write


def prefetch(rows: Any, i: Any, k: Any) -> None:
    """`compute.prefetch.prefetch`."""
    _prefetch(rows, i, k)  # type: ignore[call-arg]
