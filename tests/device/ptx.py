"""Kernels compiled to PTX and assembled without a device.

The compiler asks the present device for its compute capability when a kernel calls another function. Here a fixed one
answers instead: that is a private name of numba-cuda, which pyproject.toml therefore pins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from compute.base import Body, Count
from compute.physics import register_laws, routine
from compute.python import PythonBackend
from dem.block import BLOCK, field_count, make_block
from dem.case import DemCase
from dem.interaction import Interaction
from dem.loops_gather import GatherLoops
from tests.device.systems import make_engine

CAPABILITY = (8, 0)
ASSEMBLED_FOR = ("sm_80", "sm_90")
"""Code for the older device must run on the newer one too."""


class Launch(NamedTuple):
    """A body with the arguments it is launched with; place: of the number of items, if it is looked up."""

    body: Body
    arguments: tuple[Any, ...]
    place: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        return self.body.__name__


class Listing(PythonBackend):
    """A backend that passes for the CUDA backend, notes what is launched and runs nothing."""

    name = "cuda"
    xp = np

    def __init__(self) -> None:
        self.launches: dict[str, Launch] = {}

    def foreach(self, body: Body, size: int | Count, *arguments: Any) -> None:
        """Note the body."""
        launch = Launch(body, arguments, (size.slot, size.lanes) if isinstance(size, Count) else None)
        self.launches[launch.name] = launch


class Assembly(NamedTuple):
    """What the assembler says of a kernel: registers a thread, bytes of stack and of spilled registers a thread."""

    registers: int
    stack: int
    spills: int


def launches_of(case: DemCase, lanes: int = 1) -> dict[str, Launch]:
    """Every kernel that a rebuild and a step of this case launch, by name; lanes: threads to a particle."""
    backend = Listing()
    engine = make_engine(case, backend)
    assert isinstance(engine.loops, GatherLoops)
    engine.loops.lanes = lanes
    engine.rebuild()
    engine.loops.run(engine, 1)
    return backend.launches


def block_launch(interaction: Interaction) -> Launch:
    """The law over touching pairs, a block of them a thread: small to compile, and all of the law is in it."""
    block = make_block(interaction)

    @routine
    def pairs_of_block(i: int, buffers: Any, size: int, step: float) -> None:
        block(buffers[i], size, step)

    real = np.float32 if interaction.mixed else np.float64
    return Launch(pairs_of_block, (np.zeros((1, field_count(interaction) * BLOCK), real), BLOCK, 1e-6))


def compile_to_ptx(launch: Launch, joint: bool = False) -> str:
    """The PTX of the kernel that the CUDA backend would launch; joint: that over copies."""
    import numba
    from numba import cuda
    from numba.cuda import compiler, dispatcher

    from compute.launch_cuda import make_joint_kernel, make_kernel

    register_laws()
    size = numba.types.int64 if launch.place is None else numba.types.int64[::1]
    types = size, *map(numba.typeof, launch.arguments)
    if joint:
        types = numba.types.int64[:, ::1], numba.types.Tuple(types)
    signature = numba.types.void(*types)
    kernel = (
        make_joint_kernel(launch.body, launch.place)
        if joint
        else make_kernel(launch.body, len(launch.arguments), launch.place)
    )
    device: Callable[[], Any] = lambda: SimpleNamespace(compute_capability=CAPABILITY)  # noqa: E731
    with ExitStack() as stack:
        for module in (compiler, dispatcher):
            if hasattr(module, "get_current_device"):
                stack.enter_context(patch.object(module, "get_current_device", device))
        text, _ = cuda.compile_ptx(kernel, signature, cc=CAPABILITY)
    return text if isinstance(text, str) else text.decode()


def assemble(text: str, architecture: str, registers: int | None = None) -> Assembly:
    """Assemble PTX for an architecture with the linker of the CUDA wheels; registers: of a thread at most."""
    from cuda.core import Linker, LinkerOptions, ObjectCode

    options = LinkerOptions(arch=architecture, ptxas_options=["-v"], max_register_count=registers)
    linker = Linker(ObjectCode.from_ptx(text.encode()), options=options)
    linker.link("cubin")
    told = linker.get_info_log()
    spilled = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", told)
    return Assembly(
        max(int(found) for found in re.findall(r"Used (\d+) registers", told)),
        max(int(found) for found in re.findall(r"(\d+) bytes stack frame", told)),
        max(int(found) for pair in spilled for found in pair),
    )


def operations(text: str, bits: int) -> Counter[str]:
    """How often each operation on floats of so many bits stands in PTX; moves and conversions are none."""
    found = re.findall(rf"^\s*(?:@!?%p\d+\s+)?([a-z]+)[a-z.]*\.f{bits}\s", text, re.MULTILINE)
    return Counter(name for name in found if name not in ("mov", "ld", "st", "cvt"))


def functions_called(text: str) -> set[str]:
    """Names of the functions that are called rather than inlined."""
    return set(re.findall(r"\bcall(?:\.uni)?\s+(?:\([^)]*\),\s*)?(\w+)", text))


def narrow_products(text: str) -> list[str]:
    """Return the products of whole numbers that PTX keeps in 32 bits.

    Left out is the remainder of a division, n - (n / d) d: numbers of which both are short are divided as such.
    """
    lines = text.splitlines()
    found = []
    for line, following in zip(lines, [*lines[1:], ""]):
        product = re.search(r"(?:mul|mad)\.lo\.[su]32\s+(%r\d+)|shl\.b32\s+(%r\d+)", line)
        if product and not re.search(rf"sub\.s32\s+%r\d+, %r\d+, {product[1]};", following):
            found.append(line.strip())
    return found
