"""What is compiled, how often, and what a reader hears of it; no tolerance: counts and names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute import get_backend
from compute.compiling import Compiling, tell_compiling
from compute.physics import physics, routine

ROOT = Path(__file__).resolve().parents[2]


@physics
def doubled_in_test(value: float) -> float:
    return value + value


@routine
def double_in_test(i: int, values: Any) -> None:
    values[i] = doubled_in_test(values[i])


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Compiling, Any]]:
    """States told, with the types of the arguments compiled for, while a body ran for the first time."""
    from numba.core import event

    told: list[Compiling] = []
    events = event.RecordingListener()
    values = np.ones(3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEMPBM_CACHE", str(tmp_path_factory.mktemp("cache")))
        with event.install_listener("numba:compile", events), tell_compiling(told.append):
            get_backend("cpu", threads=1).foreach(double_in_test, 3, values)
    assert values.tolist() == [2.0, 2.0, 2.0]
    signatures = [(e.data["dispatcher"].py_func.__name__, e.data["args"]) for _, e in events.buffer if e.is_start]
    return [(state, signatures) for state in told]


def test_compilation_is_told(compiled: list[tuple[Compiling, Any]]) -> None:
    """One kernel, named by the body its launcher wraps: begun with no part, a state after each, then ready."""
    states = [state for state, _ in compiled]
    assert {(state.kernel, state.number) for state in states} == {(f"{__name__}.double_in_test", 1)}
    assert [state.parts for state in states] == list(range(len(states))) and len(states) >= 4
    assert [state.done for state in states] == [False] * (len(states) - 1) + [True]
    seconds = [state.seconds for state in states]
    assert seconds == sorted(seconds) and seconds[-1] > 0.0


def test_bodies_are_compiled_for_signed_indices_only(compiled: list[tuple[Compiling, Any]]) -> None:
    """numba infers types with signed and once more with unsigned indices of `prange`; a body gets signed ones."""
    from numba import types

    indices = {args[0] for name, args in compiled[0][1] if name == "double_in_test"}
    assert indices == {types.int64}


def test_bodies_are_compiled_once(compiled: list[tuple[Compiling, Any]]) -> None:
    """numba compiles for a loop and again for what one of its threads does, which has other options."""
    assert [name for name, _ in compiled[0][1]].count("double_in_test") == 1


def test_parts_of_a_value_are_taken_without_instructions() -> None:
    """A pair of pairs put together of four numbers: any part of it is the number or the pair that was put in.

    What is put together for that and not used is dropped; a part of an argument takes an instruction.
    """
    from llvmlite import ir

    from compute.lowering import ValueBuilder, drop_unused

    number = ir.DoubleType()
    pair = ir.LiteralStructType([number, number])
    function = ir.Function(ir.Module(), ir.FunctionType(number, [number] * 3 + [pair]), "parts")
    first, second, third, given = function.args
    builder = ValueBuilder(function.append_basic_block())
    inner = builder.insert_value(builder.insert_value(ir.Constant(pair, None), first, 0), second, 1)
    outer = ir.Constant(ir.LiteralStructType([pair, pair]), None)
    outer = builder.insert_value(builder.insert_value(outer, inner, 0), given, 1)
    changed = builder.insert_value(outer, third, [0, 1])
    assert builder.extract_value(outer, 0) is inner
    assert builder.extract_value(builder.extract_value(outer, 0), 1) is second
    assert builder.extract_value(changed, [0, 1]) is third
    assert builder.extract_value(changed, [0, 0]) is first
    assert builder.extract_value(changed, 0).operands == [changed]
    last = builder.extract_value(changed, [1, 1])
    assert last.operands == [given]
    builder.ret(last)
    drop_unused(function.module)
    assert [each.opname for each in builder.block.instructions] == ["extractvalue", "ret"]


def test_only_variables_set_before_any_use_stay_values() -> None:
    """An argument and what one block sets for those behind it do; what a loop or a branch sets again does not."""
    from numba.core import compiler

    from compute.lowering import set_before_use

    def several(values: Any, size: int) -> float:
        begun = values[0]
        total = 0.0
        for i in range(size):
            total = total + begun * values[i]
        return total

    blocks = compiler.run_frontend(several).blocks
    found = set_before_use(blocks)
    assert {"values", "size", "begun"} <= found
    assert "total" not in found


def test_quick_options_are_those_of_numba() -> None:
    """The same values under the same names, set or not, and equal to numba's own with them."""
    from numba.core.compiler import Flags

    from compute.nested import QuickFlags

    flags = Flags()
    flags.error_model = "numpy"
    flags.nrt = True
    quick = QuickFlags(flags)
    assert quick.values() == flags.values()
    assert quick == flags and hash(quick) == hash(flags) and quick != Flags()


def test_nested_functions_get_no_machine_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine gets the launcher and its wrappers; the body is in them as intermediate code."""
    from numba.core.codegen import JITCodeLibrary

    @routine
    def negate_in_test(i: int, values: Any) -> None:
        values[i] = -doubled_in_test(values[i])

    finished: list[str] = []
    plain = JITCodeLibrary._finalize_specific
    monkeypatch.setattr(JITCodeLibrary, "_finalize_specific", lambda self: (finished.append(self.name), plain(self)))
    monkeypatch.setenv("DEMPBM_CACHE", str(tmp_path))
    values = np.ones(3)
    get_backend("cpu", threads=1).foreach(negate_in_test, 3, values)
    assert values.tolist() == [-2.0, -2.0, -2.0]
    assert any("launch_1" in name for name in finished)
    assert not any("in_test" in name for name in finished)


PROGRAM = """
import json, sys
from numba.core import event
from compute import get_backend
from compute.compiling import kernel_name, tell_compiling
from coupling.case_file import read_case
from coupling.shipped import find_case
from dem.simulation import Simulation
kernels, events = set(), event.RecordingListener()
case = read_case(find_case("two-spheres"), [])
with event.install_listener("numba:compile", events), tell_compiling(lambda state: kernels.add(state.kernel)):
    Simulation(case.dem, get_backend("cpu", 1), 1).advance(20)
parts = {e.data["dispatcher"].py_func.__module__ for _, e in events.buffer}
print(json.dumps([sorted(kernels), sorted(parts)]))
"""


def test_only_what_a_case_uses_is_compiled(tmp_path: Path) -> None:
    """Two spheres with neither walls, liquid, cohesion, rolling nor statistics, from an empty cache.

    Three kernels: two that make the list, and the step. Of walls the step needs to know that none has turned.
    """
    environment = os.environ | {"DEMPBM_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=240, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    kernels, parts = json.loads(done.stdout)
    assert kernels == ["dem.neighbours.count_rows", "dem.neighbours.fill_rows", "dem.step.run"]
    assert "dem.contact.hertz_mindlin" in parts
    unused = ("dem.walls", "dem.liquid", "dem.tally", "dem.adhesion.", "dem.rolling.", "dem.twisting.", "pbm")
    allowed = {"dem.walls.motion", "dem.adhesion.none", "dem.rolling.none", "dem.twisting.none"}
    allowed |= {"dem.liquid.pairs", "dem.liquid.none"}
    assert [part for part in parts if part.startswith(unused) and part not in allowed] == []
