"""The CUDA backend: numba-cuda kernels over cupy arrays, or over numpy arrays on numba's CUDA simulator."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Body, Count, Joint
from compute.checked_array import CheckedArray
from compute.device_errors import device_failures_told, no_room
from compute.errors import BackendUnavailable
from compute.physics import register_laws

THREADS_PER_BLOCK = 128
JOINT_REGISTERS = 168
"""Registers of a thread that leave room for three blocks on a multiprocessor: addresses out of a table take some 45
more than those that a kernel is given."""
SIMULATED_THREADS, SIMULATED_BLOCKS = 8, 2
"""Threads of a block and largest number of blocks on the simulator, where each thread is one of Python."""

KERNELS: dict[Any, Any] = {}
"""Kernels by what they were made of: all backends of a process share them, as each takes a second to compile."""


def simulated() -> bool:
    """Return whether numba runs CUDA kernels on its simulator (NUMBA_ENABLE_CUDASIM=1 before numba is imported)."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") == "1"


def _array_module() -> Any:
    """Return cupy, or numpy on the simulator; raise BackendUnavailable, saying what was looked for."""
    if simulated():
        return np
    missing = [*_missing_driver(), *_missing_packages()]
    if missing:
        raise BackendUnavailable(_unavailable(missing))
    try:
        import cupy
    except ImportError as error:
        told = [line.strip() for line in str(error).splitlines() if line.strip("= ")]
        raise BackendUnavailable(_unavailable([f"cupy: not loaded ({told[-1]})"])) from error
    return cupy


def _unavailable(missing: list[str]) -> str:
    return (
        f"backend 'cuda' is not available; looked for {'; '.join(missing)}; `dempbm doctor` says how to mend it; "
        "use --backend cpu to run on the CPU"
    )


def _missing_driver() -> Iterator[str]:
    from numba import cuda

    try:
        found = "" if cuda.is_available() else "none found"
    except RuntimeError as error:
        found = f"one that is too old or broken ({error})"
    if found:
        yield f"a CUDA driver with a device (libcuda.so.1): {found}"


def _missing_packages() -> Iterator[str]:
    for module, name in (("numba_cuda", "numba-cuda"), ("cupy", "cupy")):
        if importlib.util.find_spec(module) is None:
            yield f"{name}: not installed (pip install 'dempbm[cuda13]' or 'dempbm[cuda12]')"


class CudaBackend:
    """Runs bodies as CUDA kernels.

    Attributes:
        xp: module of whole-array functions, cupy or on the simulator numpy.
    """

    name = "cuda"
    threads = 1

    def __init__(self) -> None:
        self.xp = _array_module()
        self.note = "CUDA simulator" if simulated() else ""
        self._stream: Any = 0
        register_laws()

    def array(self, values: Any) -> Any:
        """Return a contiguous copy of the values in device memory."""
        with _room_for(getattr(values, "nbytes", None)):
            return self.xp.array(values, order="C")

    def zeros(self, shape: Any, dtype: Any = np.float64) -> Any:
        """Return an array of zeros in device memory."""
        with _room_for(int(np.prod(np.asarray(shape, dtype=np.float64))) * np.dtype(dtype).itemsize):
            return self.xp.zeros(shape, dtype)

    def numpy(self, array: Any) -> NDArray[Any]:
        """Return a copy of a device array in host memory."""
        return array.get() if hasattr(array, "get") else np.asarray(array)

    def release(self) -> None:
        """Give the memory of arrays that are gone back to the device, which keeps it for others of their size."""
        if not simulated():
            self.xp.get_default_memory_pool().free_all_blocks()

    def compile(self, loop: Callable[..., Any], registers: int | None = None) -> Callable[..., Any]:
        """Return the loop as a kernel, launched as `kernel[blocks, threads](...)`; registers: of a thread at most."""
        from numba import cuda

        jit: Any = cuda.jit
        return jit(loop) if registers is None or simulated() else jit(max_registers=registers)(loop)

    def foreach(self, body: Body, size: int | Count | Joint, *arguments: Any) -> None:
        """Run the body for every i, one thread each; the grid has room for as many as there can ever be."""
        from compute.launch_cuda import make_joint_kernel, make_kernel

        if isinstance(size, Joint):
            most, rows, make = size.most, size.rows, partial(make_joint_kernel, body, size.place)
            registers: int | None = JOINT_REGISTERS
        else:
            number, most, place = numbering(size)
            rows, registers, make = 1, None, partial(make_kernel, body, len(arguments), place)
            arguments = number, *arguments
        key = make.func, *make.args
        if key not in KERNELS:
            KERNELS[key] = self.compile(make(), registers)
        if most > 0:
            kernel, (blocks, threads) = KERNELS[key], _grid(most)
            with device_failures_told(lambda: needs_of(kernel, body.__qualname__, threads)):
                kernel[(blocks, rows), threads, self._stream](*on_device(arguments))

    @contextmanager
    def launching_on(self, stream: Any) -> Iterator[None]:
        """Launch on this stream of numba's instead of the default one."""
        self._stream = stream
        try:
            yield
        finally:
            self._stream = 0


@contextmanager
def _room_for(needed: float | None) -> Iterator[None]:
    """Raise BackendUnavailable where there is no room for an array of so many bytes; none: its library says that."""
    try:
        with device_failures_told():
            yield
    except MemoryError as error:  # on the simulator
        raise no_room(needed, str(error)) from error


def needs_of(kernel: Any, name: str, threads: int) -> str:
    """Return in words what a compiled kernel needs of a device."""
    most = [
        max(look().values(), default=0)
        for look in (kernel.get_regs_per_thread, kernel.get_shared_mem_per_block, kernel.get_local_mem_per_thread)
    ]
    return (
        f"for a block of {name}: {threads} threads of {most[0]} registers and {most[2]} bytes of local memory, "
        f"{most[1]} bytes of shared memory"
    )


def numbering(size: int | Count) -> tuple[Any, int, tuple[int, int] | None]:
    """Return what tells a kernel the number of items, how many there can be, and the place of the number in it."""
    if isinstance(size, Count):
        return size.words, size.most * size.lanes, (size.slot, size.lanes)
    return size, size, None


def _grid(size: int) -> tuple[int, int]:
    """Return blocks and threads of a block for this many items; with fewer threads than items each takes several."""
    threads = SIMULATED_THREADS if simulated() else THREADS_PER_BLOCK
    blocks = (size + threads - 1) // threads
    return min(blocks, SIMULATED_BLOCKS) if simulated() else blocks, threads


def on_device(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return arguments of a kernel with the arrays in them as it needs them: those of cupy as numba's.

    numba would wait for the stream of each one at every launch, and cannot do that while a stream is captured. On the
    simulator their indices are checked.
    """
    if simulated():
        return _converted(arguments, lambda value: isinstance(value, np.ndarray), CheckedArray)
    from numba import cuda

    return _converted(
        arguments, lambda value: hasattr(value, "__cuda_array_interface__"), partial(cuda.as_cuda_array, sync=False)
    )


def _converted(values: tuple[Any, ...], is_array: Callable[[Any], bool], convert: Callable[[Any], Any]) -> Any:
    """Return a tuple of the same kind with all arrays in it converted, however deep they stand."""
    found = (
        _converted(value, is_array, convert)
        if isinstance(value, tuple)
        else convert(value)
        if is_array(value)
        else value
        for value in values
    )
    return type(values)(*found) if hasattr(values, "_fields") else tuple(found)
