"""Every kernel of the device compiles to PTX and assembles, without a device.

The simulator takes Python that no device takes, so that only this shows that the kernels can run. A kernel whose
functions were not inlined, or that keeps arrays in local memory, would run at a small part of its speed.
"""

from __future__ import annotations

import gc
import importlib.util
import re
import warnings
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from dem.liquid.balance import liquid_volumes
from dem.liquid.spray import meet_spheres
from dem.particle_set import make_slots
from tests.device.pairs_example import LAWS, PAIRWISE, Laws, composed
from tests.device.ptx import (
    ASSEMBLED_FOR,
    Assembly,
    Launch,
    Listing,
    assemble,
    block_launch,
    compile_to_ptx,
    functions_called,
    launches_of,
    narrow_products,
    operations,
)
from tests.device.systems import COMPOSITIONS, SYSTEMS, WATER, WET_LAWS, bowl_case, make_engine

REGISTERS = 255
"""More do not exist: beyond, the compiler spills them to memory."""
BUDGET = {"step_sphere": 128, "find": 128, "press": 128}
"""Registers a thread of the kernels of a step; 128 let 512 threads onto a multiprocessor."""
WET_WALLS = {"double": 168, "mixed": 128}
"""Registers a thread where walls with bridges are evaluated."""
RANGE_REDUCTION = "__internal_trig_reduction_slowpathd"
"""Of sine and cosine for huge angles: a library function with a small local array; poses never get there."""


@pytest.fixture(scope="module", autouse=True)
def compiler() -> None:
    """Skips, with the reason, where numba-cuda and its libraries are not installed."""
    for module in ("numba_cuda", "cuda.core"):
        if importlib.util.find_spec(module.partition(".")[0]) is None:
            pytest.skip(f"{module} is not installed; pip install 'dempbm[dev]'")


@pytest.fixture(scope="module")
def step_launches() -> dict[str, Launch]:
    """The kernels of a step with walls, statistics and a rolling law."""
    return launches_of(bowl_case())


class Listed(NamedTuple):
    """A kernel's text, and what the assembler says of it for each architecture."""

    text: str
    assembled: dict[str, Assembly]

    @property
    def calls(self) -> set[str]:
        """Functions that are called rather than inlined."""
        return functions_called(self.text)

    @property
    def registers(self) -> int:
        """Registers a thread at most."""
        return max(found.registers for found in self.assembled.values())

    @property
    def spilled(self) -> int:
        """Bytes of spilled registers a thread at most."""
        return max(found.spills for found in self.assembled.values())

    @property
    def stack(self) -> int:
        """Bytes of stack a thread at most."""
        return max(found.stack for found in self.assembled.values())


def listed(launch: Launch, capsys: pytest.CaptureFixture[str], law: str = "liggghts, constant-torque") -> Listed:
    """Compile and assemble a kernel and print its registers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = compile_to_ptx(launch)
    found = Listed(text, {architecture: assemble(text, architecture) for architecture in ASSEMBLED_FOR})
    with capsys.disabled():
        registers = ", ".join(f"{each.registers} on {name}" for name, each in found.assembled.items())
        print(f"\n{launch.name} ({law}): registers {registers}")
    return found


KERNELS = (
    "clear_word",
    "find_cell",
    "put_into_cell",
    "find_place",
    "take_place",
    "move_particle",
    "count",
    "fill",
    "count_memory",
    "fill_memory",
    "note_compartment",
    "note_list",
    "note_seat",
    "need_row",
    "carry_wall_contacts",
    "settle_row",
    "copy_state",
    "start_step",
    "step_sphere",
    "find",
    "press",
    "tick",
)


INDEXING = ("step_sphere", "fill", "fill_memory", "move_particle", "settle_row", "find")
"""Kernels whose places are products of numbers of particles, entries and columns, which 32 bits would not hold."""


def test_list_of_kernels(step_launches: dict[str, Launch]) -> None:
    """The names tested below are all that a rebuild and a step launch."""
    assert set(step_launches) == set(KERNELS)


@pytest.mark.parametrize("name", KERNELS)
def test_kernel(name: str, step_launches: dict[str, Launch], capsys: pytest.CaptureFixture[str]) -> None:
    """Within its registers, none spilled; no function is called and no stack used but for huge angles."""
    found = listed(step_launches[name], capsys)
    reduces = RANGE_REDUCTION in found.text
    assert found.calls == ({RANGE_REDUCTION} if reduces else set())
    assert ("__local_depot" in found.text) == reduces
    assert found.spilled == 0
    assert reduces or found.stack == 0
    assert found.registers <= BUDGET.get(name, REGISTERS)
    if name in INDEXING:
        assert narrow_products(found.text) == []


@pytest.mark.validate
@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_pair_kernel_of_a_composition(composition: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Within its registers, none spilled, no function called, no stack."""
    case = SYSTEMS[COMPOSITIONS[composition]]()
    found = listed(launches_of(case)["step_sphere"], capsys, composition)
    assert found.calls == set() and "__local_depot" not in found.text
    assert (found.spilled, found.stack) == (0, 0)
    assert found.registers <= BUDGET["step_sphere"]


@pytest.mark.validate
def test_sticky_walls(capsys: pytest.CaptureFixture[str]) -> None:
    """Contacts with walls of JKR, EPSD2 and twisting: within their registers, none spilled, no function called."""
    found = listed(launches_of(SYSTEMS["sticky"]())["press"], capsys, "press: JKR, EPSD2, twisting")
    assert found.calls == set() and "__local_depot" not in found.text
    assert (found.spilled, found.stack) == (0, 0)
    assert found.registers <= BUDGET["press"]


@pytest.mark.validate
@pytest.mark.parametrize("numerics", ["double", "mixed"])
@pytest.mark.parametrize("adhesion", ["none", "jkr"])
def test_kernels_with_bridges(adhesion: str, numerics: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What forms and breaks bridges, to walls too, with twisting and rolling, beside necks of solids or not, is within
    its registers, none spilled."""
    case = bowl_case(contact=WET_LAWS | {"adhesion": adhesion}, liquid=WATER, numerics=numerics)
    launches = launches_of(case)
    for name, registers in {"press": WET_WALLS[numerics], "gather_pairs": BUDGET["step_sphere"]}.items():
        found = listed(launches[name], capsys, f"{name}: bridges, {adhesion}, {numerics}")
        assert found.calls == set() and "__local_depot" not in found.text
        assert (found.spilled, found.stack) == (0, 0)
        assert found.registers <= registers


def test_sums_of_liquid(capsys: pytest.CaptureFixture[str]) -> None:
    """What a stop of a wet run adds up, in shares: no atomic addition, whose order would change from run to run."""
    backend = Listing()
    liquid_volumes(make_engine(bowl_case(number=4, contact=WET_LAWS, liquid=WATER), backend))
    found = listed(backend.launches["add_up_liquid"], capsys, "wet")
    assert found.calls == set() and "__local_depot" not in found.text
    assert (found.spilled, found.stack) == (0, 0)
    assert not re.search(r"\b(atom|red)\.", found.text)
    assert narrow_products(found.text) == []


def test_drops_that_meet_particles(capsys: pytest.CaptureFixture[str]) -> None:
    """What finds the first sphere on the line of each drop: in registers, and no atomic operation."""
    backend, particles = Listing(), make_slots(4, np.zeros)
    meet_spheres(backend, np.zeros(3), np.ones((2, 3)), particles, 4)
    for name in ("meet_share", "meet_first"):
        found = listed(backend.launches[name], capsys, "drops")
        assert found.calls == set() and "__local_depot" not in found.text
        assert (found.spilled, found.stack) == (0, 0)
        assert not re.search(r"\b(atom|red)\.", found.text)
        assert narrow_products(found.text) == []


@pytest.mark.parametrize("laws", LAWS, ids=", ".join)
def test_law(laws: Laws, capsys: pytest.CaptureFixture[str]) -> None:
    """Every law compiles and assembles over blocks of pairs, in 32 bits, and nothing in it is computed in 64."""
    found = listed(block_launch(composed(laws, mixed=True)), capsys, ", ".join(laws))
    assert found.calls == set() and "__local_depot" not in found.text
    assert (found.spilled, found.stack) == (0, 0)
    assert operations(found.text, 64) == Counter()
    assert operations(found.text, 32)["mul"] > 10


@pytest.mark.validate
@pytest.mark.parametrize("laws", PAIRWISE, ids=", ".join)
def test_any_two_laws_together(laws: Laws, capsys: pytest.CaptureFixture[str]) -> None:
    """The same of every two laws that can act together, in 64 bits."""
    found = listed(block_launch(composed(laws)), capsys, ", ".join(laws))
    assert found.calls == set() and "__local_depot" not in found.text
    assert (found.spilled, found.stack) == (0, 0)


class DeviceArray:
    """Shows an array as a library for devices does."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.__cuda_array_interface__ = values.__array_interface__ | {"version": 3, "strides": None, "stream": 1}


def test_arrays_of_a_device_have_the_types_compiled_for(step_launches: dict[str, Launch]) -> None:
    """A launch with device arrays in its NamedTuples asks for the kernels that were compiled here for numpy's."""
    import numba
    from numba.cuda.typing.typeof import Purpose, typeof

    for launch in step_launches.values():
        for argument in launch.arguments:
            if not hasattr(argument, "_fields"):
                continue
            make: Any = type(argument)
            fields = [DeviceArray(each) if isinstance(each, np.ndarray) else each for each in argument]
            assert typeof(make(*fields), Purpose.argument) == numba.typeof(argument)


def test_no_garbage_is_searched_for_while_compiling() -> None:
    """From the beginning of the first of nested compilations to the end of the last, and only so long."""
    from numba.cuda.core import event

    import compute.launch_cuda

    assert compute.launch_cuda and gc.isenabled()
    kind, collecting = "numba-cuda:compiler_lock", []
    with event.trigger_event(kind):
        with event.trigger_event(kind):
            collecting.append(gc.isenabled())
        collecting.append(gc.isenabled())
    assert collecting == [False, False] and gc.isenabled()


def test_local_memory_and_calls_are_seen() -> None:
    """The reading of the text itself: `set_pose` calls the range reduction of the cosine, and nothing else does."""
    example: dict[str, Any] = {
        "call.uni (retval0), \n__internal_trig_reduction_slowpathd, \n(\nparam0\n);": {RANGE_REDUCTION},
        "call.uni \nother, \n(\nparam0\n);": {"other"},
        "{ // callseq 0, 0": set(),
    }
    for text, functions in example.items():
        assert functions_called(text) == functions


def test_narrow_products_are_seen() -> None:
    """A product of 32 bits is one unless it only takes off what a division of short numbers covers."""
    product, remainder = "mul.lo.s32 \t%r1, %r2, %r3;", "sub.s32 \t%r4, %r5, %r1;"
    assert narrow_products(f"{product}\n{remainder}") == []
    assert narrow_products(f"{product}\ncvt.s64.s32 \t%rd1, %r1;") == [product]
    assert narrow_products("shl.b32 \t%r1, %r2, 4;") == ["shl.b32 \t%r1, %r2, 4;"]
    assert narrow_products("mul.lo.s64 \t%rd1, %rd2, %rd3;") == []
