"""The routines of `compute.packed` as operations on vectors of eight, for numba's compiler of CPUs.

A processor with shorter registers takes two or four for one.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from compute.packed import WIDTH

VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
LANE = ir.IntType(32)
ALIGNMENT = 8
"""Bytes to which every row is aligned; that most begin with a line of cache is not relied on."""


class Rows:
    """Vectors of rows in the arguments of an intrinsic."""

    def __init__(self, context: Any, builder: Any, signature: Any, values: Any) -> None:
        self.builder = builder
        self.values = [
            context.make_array(kind)(context, builder, value=value).data if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, values)
        ]

    def place(self, array: int, row: Any = None) -> Any:
        """Return where a row of an array argument begins, the array itself for none."""
        base = self.values[array]
        if row is not None:
            base = self.builder.gep(base, [self.builder.mul(row, ir.Constant(row.type, WIDTH))])
        return self.builder.bitcast(base, VECTOR.as_pointer())

    def load(self, array: int, row: Any = None) -> Any:
        """Return a row."""
        return self.builder.load(self.place(array, row), align=ALIGNMENT)

    def store(self, vector: Any, array: int, row: Any = None) -> None:
        """Write a row."""
        self.builder.store(vector, self.place(array, row), align=ALIGNMENT)

    def item(self, array: int, index: Any) -> Any:
        """Return one value of an array argument."""
        return self.builder.load(self.builder.gep(self.values[array], [index]))

    def spread(self, value: Any) -> Any:
        """Return a vector of one value."""
        nothing = ir.Constant(VECTOR, ir.Undefined)
        one = self.builder.insert_element(nothing, value, ir.Constant(LANE, 0))
        return self.builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(LANE, WIDTH), [0] * WIDTH))

    def total(self, vector: Any) -> Any:
        """Return the sum of a vector, halves added to each other."""
        for half in (4, 2, 1):
            nothing = ir.Constant(vector.type, ir.Undefined)
            low, high = (
                self.builder.shuffle_vector(vector, nothing, ir.Constant(ir.VectorType(LANE, half), list(lanes)))
                for lanes in (range(half), range(half, 2 * half))
            )
            vector = self.builder.fadd(low, high)
        return self.builder.extract_element(vector, ir.Constant(LANE, 0))


@intrinsic
def _gather_rows(typing: Any, weights: Any, rows: Any, places: Any, begin: Any, end: Any, total: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        at = Rows(context, builder, signature, values)
        total = cgutils.alloca_once_value(builder, ir.Constant(VECTOR, [0.0] * WIDTH))
        with cgutils.for_range_slice(builder, values[3], values[4], ir.Constant(values[3].type, 1)) as (entry, _):
            place = at.item(2, entry)
            term = builder.fmul(at.spread(at.item(0, place)), at.load(1, place))
            builder.store(builder.fadd(builder.load(total), term), total)
        at.store(builder.load(total), 5)
        return context.get_dummy_value()

    return types.void(weights, rows, places, begin, end, total), write


@intrinsic
def _spread_row(typing: Any, row: Any, weights: Any, places: Any, begin: Any, end: Any, rows: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        at = Rows(context, builder, signature, values)
        row = at.load(0)
        with cgutils.for_range_slice(builder, values[3], values[4], ir.Constant(values[3].type, 1)) as (entry, _):
            place, term = at.item(2, entry), builder.fmul(at.spread(at.item(1, entry)), row)
            at.store(builder.fadd(at.load(5, place), term), 5, place)
        return context.get_dummy_value()

    return types.void(row, weights, places, begin, end, rows), write


@intrinsic
def _move_row(typing: Any, part: Any, row: Any, rows: Any, source: Any, target: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        at = Rows(context, builder, signature, values)
        moved = builder.fmul(at.spread(values[0]), at.load(1))
        at.store(builder.fsub(at.load(2, values[3]), moved), 2, values[3])
        at.store(builder.fadd(at.load(2, values[4]), moved), 2, values[4])
        return context.get_dummy_value()

    return types.void(part, row, rows, source, target), write


@intrinsic
def _add_shifted(typing: Any, amount: Any, total: Any, own: Any, i: Any, base: Any, target: Any, rows: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        at = Rows(context, builder, signature, values)
        total = at.load(1)
        first = at.spread(builder.extract_element(total, ir.Constant(LANE, 0)))
        shift = builder.fsub(at.load(2, values[3]), at.load(4, values[5]))
        sums = builder.fadd(total, builder.fmul(first, shift))
        added = builder.fmul(at.spread(values[0]), sums)
        at.store(builder.fadd(at.load(6, values[5]), added), 6, values[5])
        return context.get_dummy_value()

    return types.void(amount, total, own, i, base, target, rows), write


@intrinsic
def _meet_row(
    typing: Any, smaller: Any, rates: Any, larger: Any, pairs: Any, lost: Any, rows: Any, pieces: Any
) -> Any:  # fmt: skip
    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        at = Rows(context, builder, signature, values)
        rows, pieces = values[5:]
        zero, one = ir.Constant(rows.type, 0), ir.Constant(rows.type, 1)
        nil, total = ir.Constant(VECTOR, [0.0] * WIDTH), cgutils.alloca_once(builder, VECTOR)
        with cgutils.for_range_slice(builder, zero, pieces, one) as (piece, _):
            builder.store(nil, total)
            with cgutils.for_range_slice(builder, zero, rows, one) as (m, _):
                place = builder.add(builder.mul(m, pieces), piece)
                events = builder.fmul(at.load(1, place), at.load(2, piece))
                for part in range(2):
                    amount = at.item(0, builder.add(m, rows) if part else m)
                    term = builder.fmul(at.spread(amount), events)
                    other = builder.add(place, builder.mul(rows, pieces)) if part else place
                    at.store(builder.fadd(at.load(3, other), term), 3, other)
                    if part == 0:
                        builder.store(builder.fadd(builder.load(total), term), total)
            at.store(builder.load(total), 4, builder.add(pieces, piece))
        with cgutils.for_range_slice(builder, zero, rows, one) as (m, _):
            builder.store(nil, total)
            with cgutils.for_range_slice(builder, zero, pieces, one) as (piece, _):
                place = builder.add(builder.mul(m, pieces), piece)
                events = builder.fmul(at.load(1, place), at.load(2, piece))
                builder.store(builder.fadd(builder.load(total), events), total)
            builder.store(at.total(builder.load(total)), builder.gep(at.values[4], [m]))
        return context.get_dummy_value()

    return types.void(smaller, rates, larger, pairs, lost, rows, pieces), write


def gather_rows(weights: Any, rows: Any, places: Any, begin: Any, end: Any, total: Any) -> None:
    """`compute.packed.gather_rows`."""
    _gather_rows(weights, rows, places, begin, end, total)  # type: ignore[call-arg]


def spread_row(row: Any, weights: Any, places: Any, begin: Any, end: Any, rows: Any) -> None:
    """`compute.packed.spread_row`."""
    _spread_row(row, weights, places, begin, end, rows)  # type: ignore[call-arg]


def move_row(part: Any, row: Any, rows: Any, source: Any, target: Any) -> None:
    """`compute.packed.move_row`."""
    _move_row(part, row, rows, source, target)  # type: ignore[call-arg]


def add_shifted(amount: Any, total: Any, own: Any, i: Any, base: Any, target: Any, rows: Any) -> None:
    """`compute.packed.add_shifted`."""
    _add_shifted(amount, total, own, i, base, target, rows)  # type: ignore[call-arg]


def meet_row(smaller: Any, rates: Any, larger: Any, pairs: Any, lost: Any) -> None:
    """`compute.packed.meet_row`."""
    rows, pieces = rates.shape[0], rates.shape[1] // WIDTH
    _meet_row(smaller, rates, larger, pairs, lost, rows, pieces)  # type: ignore[call-arg]
