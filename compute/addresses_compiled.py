"""`compute.addresses.take` for compiled code, on CPUs and on CUDA: loads, of which those that nobody uses fall away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from compute.addresses import listed_sizes

GLOBAL = 1
"""Address space of the memory that all threads of a device share."""


@intrinsic  # type: ignore[untyped-decorator]
def take(typing: Any, prototype: Any, table: Any, row: Any) -> Any:
    """Return the arguments in a row of the table; see `compute.addresses`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[1])(context, builder, arguments[1])
        _, width = cgutils.unpack_tuple(builder, held.shape)
        number = context.cast(builder, arguments[2], signature.args[2], types.int64)
        words = _words(builder, builder.gep(held.data, [builder.mul(number, width)]))
        return _taken(context, builder, signature.args[0], arguments[0], words)

    return prototype(prototype, table, row), generate


def _words(builder: Any, first: Any) -> Iterator[Any]:
    """Yield the words from an address on; nobody writes to them while a kernel runs."""
    at = 0
    while True:
        word = builder.load(builder.gep(first, [ir.Constant(ir.IntType(64), at)]))
        word.set_metadata("invariant.load", builder.module.add_metadata([]))
        yield word
        at += 1


def _taken(context: Any, builder: Any, kind: Any, prototype: Any, words: Iterator[Any]) -> Any:
    """Return the value of a type that the next words stand for."""
    if isinstance(kind, types.BaseTuple):
        parts = cgutils.unpack_tuple(builder, prototype)
        own: tuple[Any, ...] = tuple(kind)  # type: ignore[arg-type]
        values = [_taken(context, builder, each, part, words) for each, part in zip(own, parts)]
        return context.make_tuple(builder, kind, values)
    if isinstance(kind, types.Array):
        return _array(context, builder, kind, prototype, words)
    if isinstance(kind, types.Float):
        return builder.bitcast(next(words), context.get_value_type(kind))
    if isinstance(kind, types.Integer | types.Boolean):
        return context.cast(builder, next(words), types.int64, kind)
    return context.get_dummy_value()


def _array(context: Any, builder: Any, kind: Any, prototype: Any, words: Iterator[Any]) -> Any:
    """Return the array that begins at the next word: its first sizes follow, the last is the prototype's."""
    array = context.make_array(kind)(context, builder, prototype)
    array.meminfo, array.parent = (cgutils.get_null_value(part.type) for part in (array.meminfo, array.parent))
    array.data = _pointer(context, builder, next(words), array.data.type)
    own = cgutils.unpack_tuple(builder, array.shape)
    sizes = [next(words) for _ in listed_sizes(tuple(own))]
    shape, strides = sizes + own[len(sizes) :], list[Any]()
    stride = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    for size in reversed(shape):
        strides.insert(0, stride)
        stride = builder.mul(stride, size)
    array.shape, array.strides = cgutils.pack_array(builder, shape), cgutils.pack_array(builder, strides)
    array.nitems = builder.udiv(stride, strides[-1])
    return array._getvalue()


def _pointer(context: Any, builder: Any, word: Any, kind: Any) -> Any:
    """Return an address as a pointer; on a device as one into the memory that all threads share, which is faster."""
    if not hasattr(context, "nvvm"):
        return builder.inttoptr(word, kind)
    return builder.addrspacecast(builder.inttoptr(word, ir.PointerType(kind.pointee, GLOBAL)), kind)
