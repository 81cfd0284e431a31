"""The compiler for devices taught to divide and to take roots in 64 bits as `compute.division` has it."""

# Intrinsics are typed as the compiler sees them, with arguments that it adds itself.
# mypy: disable-error-code="no-untyped-def, attr-defined, arg-type"

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.cuda import types
from numba.cuda.extending import intrinsic
from numba.cuda.mathimpl import registry
from numba.cuda.typing import signature

from compute.division import make_quotient, make_root


def _instruction(name: str) -> Callable[..., Any]:
    """Return what writes an instruction from a number in 64 bits to another.

    It stays where it stands; else the inverse of the time step would be kept in four registers all the time.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.DoubleType()
        return builder.asm(ir.FunctionType(wide, [wide]), f"{name} $0, $1;", "=d,d", arguments, side_effect=True)

    return generate


@intrinsic
def inverse_of(typing_context, value):
    """Return 1/value to 20 bits."""
    return signature(types.float64, types.float64), _instruction("rcp.approx.ftz.f64")


@intrinsic
def inverse_root_of(typing_context, value):
    """Return 1/sqrt(value) to 20 bits."""
    return signature(types.float64, types.float64), _instruction("rsqrt.approx.ftz.f64")


@intrinsic
def fused(typing_context, x, y, z):
    """Return x y + z, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return signature(types.float64, types.float64, types.float64, types.float64), generate


def teach() -> None:
    """Let every kernel compiled from now on divide and take roots so."""
    quotient, root = make_quotient(fused, inverse_of), make_root(fused, inverse_root_of)

    def divide(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.compile_internal(builder, quotient, signature, arguments)

    def take_root(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.compile_internal(builder, root, signature, arguments)

    for operation in (operator.truediv, operator.itruediv):
        registry.lower(operation, types.float64, types.float64)(divide)
    registry.lower(math.sqrt, types.float64)(take_root)
