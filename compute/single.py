"""Laws in single precision, made from the text of those in double.

A float written in a law is a 64-bit one, and one such operand makes every result 64-bit. So a law's copy for 32 bits
has all its constants, those of the functions it calls included, as 32-bit floats; its code is the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from types import CellType, FunctionType
from typing import Any, TypeVar

import numpy as np

from compute import single_math
from compute.physics import is_forced_inline, is_marked, mark, physics

Function = TypeVar("Function", bound=Callable[..., Any])

SMALLEST, LARGEST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)


@physics
def single(value: float) -> float:
    """Return a value as a 32-bit float."""
    return np.float32(value)  # type: ignore[return-value]


@physics
def double(value: float) -> float:
    """Return a value as a 64-bit float."""
    return np.float64(value)


@cache
def in_single(function: Function) -> Function:
    """Return a marked function that computes in 32 bits where all that it is given has 32 bits."""
    assert isinstance(function, FunctionType) and is_marked(function)
    code = function.__code__
    constants = tuple(_in_single(value) for value in code.co_consts)
    names = {name: _in_single(value) for name, value in function.__globals__.items() if name in code.co_names}
    cells = tuple(CellType(_in_single(cell.cell_contents)) for cell in function.__closure__ or ())
    name = f"{function.__name__}_single"
    names["__builtins__"] = function.__globals__["__builtins__"]
    copy = FunctionType(code.replace(co_consts=constants), names, name, function.__defaults__, cells or None)
    copy.__module__ = function.__module__
    copy.__qualname__ = f"{function.__qualname__.partition('#')[0]}_single"
    return mark(copy, is_forced_inline(function))  # type: ignore[return-value]


def _in_single(value: Any) -> Any:
    """Return a constant of a law as it is in single precision; what underflows becomes the smallest normal number."""
    if value is math:
        return single_math
    if isinstance(value, FunctionType) and is_marked(value):
        return in_single(value)
    if type(value) is tuple:
        return tuple(map(_in_single, value))
    if type(value) is not float:
        return value
    if value == 0.0 or not math.isfinite(value):
        return np.float32(value)
    return np.float32(math.copysign(min(max(abs(value), SMALLEST), LARGEST), value))
