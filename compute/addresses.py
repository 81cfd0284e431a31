"""Arguments of many launches as rows of one table of 64-bit words: of an array its address and its sizes.

A kernel that is given such a table and a prototype takes the arguments of any row. They have the types of the prototype
and, of arrays of several axes, the size of its last one. So one kernel runs over many sets of arrays, wherever they
lie, and a set that moves needs other words, not another kernel.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def is_array(value: Any) -> bool:
    """Return whether an argument is an array, of numpy or of a device."""
    return bool(getattr(value, "shape", ()))


def address_of(array: Any) -> int:
    """Return where an array begins."""
    interface = getattr(array, "__cuda_array_interface__", None) or array.__array_interface__
    return int(interface["data"][0])


def listed_sizes(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the sizes of an array that stand in a table: of all axes but the last, or of the only one."""
    return tuple(shape[:-1]) if len(shape) > 1 else tuple(shape)


def words_of(value: Any) -> Iterator[int]:
    """Yield the words of an argument: of a tuple those of its parts, of a float its bits.

    Raises:
        TypeError: nothing that a kernel is given.
    """
    if isinstance(value, tuple):
        for part in value:
            yield from words_of(part)
    elif is_array(value):
        yield address_of(value)
        yield from listed_sizes(value.shape)
    elif isinstance(value, float):
        yield struct.unpack("q", struct.pack("d", value))[0]
    elif isinstance(value, int | np.integer):
        yield int(value)
    elif value is not None:
        raise TypeError(f"no argument of a kernel: {value!r}")


def kind_of(value: Any) -> Any:
    """Return what arguments must have in common to stand in one table; it can be looked up in a dictionary."""
    if isinstance(value, tuple):
        return type(value), tuple(map(kind_of, value))
    if is_array(value):
        return np.dtype(value.dtype).str, len(value.shape), value.shape[-1] if len(value.shape) > 1 else 0
    return type(value)


def prototype_of(value: Any, zeros: Callable[..., Any]) -> Any:
    """Return arguments of this kind with arrays that hold next to nothing, made by `zeros(shape, dtype)`."""
    if isinstance(value, tuple):
        parts = [prototype_of(part, zeros) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if is_array(value):
        return zeros((1,) * len(listed_sizes(value.shape)) + value.shape[len(listed_sizes(value.shape)) :], value.dtype)
    return value


def take(prototype: Any, table: Any, row: int) -> Any:
    """Return the arguments in a row of the table, for kernels that run as plain Python.

    Args:
        prototype: arguments of the same kind, as a tuple.
        table: words, shape (rows, words of a row).
    """
    return _taken(prototype, iter([int(table[row, k]) for k in range(table.shape[1])]))


def _taken(prototype: Any, words: Iterator[int]) -> Any:
    if isinstance(prototype, tuple):
        parts = [_taken(part, words) for part in prototype]
        return type(prototype)(*parts) if hasattr(prototype, "_fields") else tuple(parts)
    if is_array(prototype):
        address = next(words)
        sizes = tuple(next(words) for _ in listed_sizes(prototype.shape))
        return _array_at(address, sizes + tuple(prototype.shape[len(sizes) :]), np.dtype(prototype.dtype))
    if isinstance(prototype, float):
        return struct.unpack("d", struct.pack("q", next(words)))[0]
    return None if prototype is None else next(words)


def _array_at(address: int, shape: tuple[int, ...], kind: np.dtype[Any]) -> Any:
    size = int(np.prod(shape)) * kind.itemsize
    if size == 0:
        return np.zeros(shape, kind)
    return np.ctypeslib.as_array((ctypes.c_byte * size).from_address(address)).view(kind).reshape(shape)
