"""Numbers that a thread keeps in the memory of its block.

They are read and written by instructions that the compiler leaves where they are: it would keep such numbers in
registers as long as a loop goes on, as nobody else asks for them.
"""

# Intrinsics are typed as the compiler sees them, with arguments that it adds itself.
# mypy: disable-error-code="no-untyped-def, attr-defined"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.cuda import nvvmutils, types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

from compute.cuda import THREADS_PER_BLOCK

ROWS = 7
"""Numbers of each thread: force, torque and change of a film."""
NAME = "dempbm_numbers_of_block"
SHARED = 3
"""Number of the address space."""


def _place(builder: Any, row: Any) -> Any:
    """Return the address of a thread's number; that of one row lies beside those of the other threads."""
    module, kind = builder.module, ir.ArrayType(ir.DoubleType(), ROWS * THREADS_PER_BLOCK)
    numbers = module.globals.get(NAME)
    if numbers is None:
        numbers = ir.GlobalVariable(module, kind, NAME, SHARED)
        numbers.linkage, numbers.initializer, numbers.align = "linkonce_odr", ir.Constant(kind, ir.Undefined), 8
    own = builder.zext(nvvmutils.call_sreg(builder, "tid.x"), row.type)
    at = builder.add(builder.mul(row, row.type(THREADS_PER_BLOCK)), own)
    return builder.ptrtoint(builder.gep(numbers, [row.type(0), at], inbounds=True), ir.IntType(32))


@intrinsic
def read_number(typing_context, row):
    """Return number `row` of this thread."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.DoubleType(), [ir.IntType(32)])
        place = [_place(builder, arguments[0])]
        return builder.asm(kind, "ld.volatile.shared.f64 $0, [$1];", "=d,r", place, side_effect=True)

    return signature(types.float64, types.int64), generate


@intrinsic
def write_number(typing_context, row, value):
    """Make `value` number `row` of this thread."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, place = ir.FunctionType(ir.VoidType(), [ir.IntType(32), ir.DoubleType()]), _place(builder, arguments[0])
        builder.asm(kind, "st.volatile.shared.f64 [$0], $1;", "r,d", [place, arguments[1]], side_effect=True)
        return context.get_dummy_value()

    return signature(types.void, types.int64, types.float64), generate
