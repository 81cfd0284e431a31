"""How compiled functions are written down for LLVM: as values where numba would take memory.

A NamedTuple of arrays is hundreds of numbers. numba puts a variable that several blocks use into memory, reads all of
it back for each field that is asked for, and for a call takes apart what it has put together from its own arguments.
All that was written, read and optimised away again, which took most of the time of compilation. Here a variable that
is set once, before any use, stays a value, and a part of a value that was just put together is the part itself.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from llvmlite import ir as llvm
from numba.core import ir
from numba.core.analysis import compute_cfg_from_blocks, compute_use_defs
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import BaseNativeLowering


class ValueBuilder(llvm.IRBuilder):  # type: ignore[misc]
    """Writes instructions; takes known parts of a value without one."""

    def extract_value(self, agg: Any, idx: Any, name: str = "") -> Any:
        """Return the part of a value at an index or a path of them."""
        path = tuple(idx) if isinstance(idx, (tuple, list)) else (idx,)
        whole, rest = known_part(agg, path)
        return super().extract_value(whole, list(rest), name) if rest else whole


def known_part(value: Any, path: tuple[int, ...]) -> tuple[Any, tuple[int, ...]]:
    """Return the innermost value known to hold what is at the path, and the path in it."""
    whole, rest = value, path
    while rest and isinstance(value, llvm.instructions.InsertValue):
        place = tuple(value.indices)
        common = min(len(place), len(rest))
        if place[:common] != rest[:common]:
            value = value.aggregate
        elif len(place) > len(rest):
            break
        else:
            value, rest = value.value, rest[len(place) :]
        whole = value
    return whole, rest


class ValueLower(Lower):  # type: ignore[misc]
    """numba's writer, without memory for variables set once before any use."""

    def setup_function(self, fndesc: Any) -> None:
        """Begin the function."""
        super().setup_function(fndesc)
        self.builder = ValueBuilder(self.entry_block)
        self.call_helper = self.call_conv.init_call_helper(self.builder)

    def _find_singly_assigned_variable(self) -> None:
        super()._find_singly_assigned_variable()
        self._singly_assigned_vars |= set_before_use(self.blocks)


def set_before_use(blocks: Any) -> set[str]:
    """Return the variables that one assignment sets, in a block that is passed, and written, before all that use it.

    blocks: of numba's intermediate code, by their labels, in whose order they are written
    """
    set_in: dict[str, list[int]] = defaultdict(list)
    used_in: dict[str, set[int]] = defaultdict(set)
    for label, block in blocks.items():
        for assignment in block.find_insts(ir.Assign):
            set_in[assignment.target.name].append(label)
    for label, names in compute_use_defs(blocks).usemap.items():
        for name in names:
            used_in[name].add(label)
    passed = compute_cfg_from_blocks(blocks).dominators()
    return {
        name
        for name, (label, *others) in set_in.items()
        if not others and all(label < use and label in passed[use] for use in used_in[name])
    }


@register_pass(mutates_CFG=True, analysis_only=False)
class ValueLowering(BaseNativeLowering):  # type: ignore[misc]
    """numba's pass from its own intermediate code to that of LLVM, by `ValueLower`."""

    _name: Any = "value_lowering"

    @property
    def lowering_class(self) -> type[Lower]:
        """The writer."""
        return ValueLower


PARTS = (llvm.instructions.InsertValue, llvm.instructions.ExtractValue)


def drop_unused(module: llvm.Module) -> None:
    """Remove values that are put together or taken apart and not used."""
    for function in module.functions:
        uses: dict[int, int] = defaultdict(int)
        instructions = [instruction for block in function.blocks for instruction in block.instructions]
        for instruction in instructions:
            for value in operands_of(instruction):
                uses[id(value)] += 1
        unused = [one for one in instructions if isinstance(one, PARTS) and not uses[id(one)]]
        dropped = set()
        while unused:
            instruction = unused.pop()
            dropped.add(id(instruction))
            for value in instruction.operands:
                uses[id(value)] -= 1
                if not uses[id(value)] and isinstance(value, PARTS):
                    unused.append(value)
        for block in function.blocks:
            block.instructions[:] = [one for one in block.instructions if id(one) not in dropped]


def operands_of(instruction: llvm.Instruction) -> Any:
    """Return the values that an instruction uses."""
    if isinstance(instruction, llvm.instructions.PhiInstr):
        return [value for value, _ in instruction.incomings]
    return instruction.operands
