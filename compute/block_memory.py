"""Numbers that a thread keeps in the memory of its block.

They are read and written by instructions that the compiler leaves where they are: it would keep such numbers in
registers as long as a loop goes on, as nobody else asks for them.
"""

# Intrinsics are typed as the compiler sees them, with arguments that it adds itself.
# mypy: disable-error-code="no-untyped-def, attr-defined, return-value"

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir
from numba.cuda import nvvmutils, types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

from compute.cuda import THREADS_PER_BLOCK

ROWS = 7
"""Numbers of each thread: force, torque and change of a film."""
BYTES = 8 * THREADS_PER_BLOCK
"""From a number of a thread to that of the next row."""
NAME = "dempbm_numbers_of_block"
SHARED = 3
"""Number of the address space."""


def _address(builder: Any) -> Any:
    """Return the address of a thread's first number; those of other rows lie a fixed way behind it."""
    module, kind = builder.module, ir.ArrayType(ir.DoubleType(), ROWS * THREADS_PER_BLOCK)
    numbers = module.globals.get(NAME)
    if numbers is None:
        numbers = ir.GlobalVariable(module, kind, NAME, SHARED)
        numbers.linkage, numbers.initializer, numbers.align = "linkonce_odr", ir.Constant(kind, ir.Undefined), 8
    word = ir.IntType(32)
    own = nvvmutils.call_sreg(builder, "tid.x")
    return builder.ptrtoint(builder.gep(numbers, [word(0), own], inbounds=True), word)


@cache
def make_number_reader(row: int) -> Callable[[], float]:
    """Return the function that gives number `row` of this thread."""
    text = f"ld.volatile.shared.f64 $0, [$1+{row * BYTES}];"

    @intrinsic
    def read_number(typing_context):
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = ir.FunctionType(ir.DoubleType(), [ir.IntType(32)])
            return builder.asm(kind, text, "=d,r", [_address(builder)], side_effect=True)

        return signature(types.float64), generate

    return read_number


@cache
def make_number_writer(row: int) -> Callable[[float], None]:
    """Return the function that makes a value number `row` of this thread."""
    text = f"st.volatile.shared.f64 [$0+{row * BYTES}], $1;"

    @intrinsic
    def write_number(typing_context, value):
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = ir.FunctionType(ir.VoidType(), [ir.IntType(32), ir.DoubleType()])
            builder.asm(kind, text, "r,d", [_address(builder), *arguments], side_effect=True)
            return context.get_dummy_value()

        return signature(types.void, types.float64), generate

    return write_number
