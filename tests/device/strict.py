"""32-bit floats that refuse to meet any other number, as a compiler of mixed precision would have to."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

OPERATIONS = (
    "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "lt", "le", "gt", "ge", "eq", "ne",
)  # fmt: skip


class Strict(np.float32):
    """A 32-bit float whose operations with integers and 64-bit floats are errors.

    Compiled code makes a 64-bit float of both; plain Python does not show it.
    """

    __hash__ = np.float32.__hash__

    def __neg__(self) -> Strict:
        return Strict(super().__neg__())

    def __abs__(self) -> Strict:
        return Strict(super().__abs__())


def _make(name: str) -> Callable[[Strict, Any], Any]:
    operate = getattr(np.float32, f"__{name}__")

    def checked(first: Strict, second: Any) -> Any:
        if not isinstance(second, np.float32):
            raise TypeError(f"{name} of a 32-bit float and {type(second).__name__} {second!r}")
        with np.errstate(all="ignore"):
            found = operate(np.float32(first), np.float32(second))
        return Strict(found) if isinstance(found, np.float32) else bool(found)

    return checked


for _name in OPERATIONS:
    setattr(Strict, f"__{_name}__", _make(_name))


def strict_root(value: Any) -> Strict:
    """The square root, of a strict float alone."""
    if not isinstance(value, np.float32):
        raise TypeError(f"square root of {type(value).__name__} {value!r}")
    return Strict(math.sqrt(float(value)))
