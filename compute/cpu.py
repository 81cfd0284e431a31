"""The CPU backend: numba, compiled once and cached, on OpenMP threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Body, Count, Joint
from compute.cache import use_cache_folder
from compute.errors import BackendUnavailable
from compute.garbage import hold_collector
from compute.packed import line_zeros
from compute.physics import name_by_content, register_laws

SPIN_COUNT = "10000"
"""Turns a waiting OpenMP thread spins before it sleeps: some 10 us, so that shared cores are not burnt by waiting."""

PARALLEL = {"fusion": False}
"""Only what is written as `prange` runs in parallel; loops that follow each other must not be made one."""


def _choose_threading_layer() -> str:
    """Set numba's threading layer; returns what the user should hear."""
    import numba

    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    try:
        import_module("numba.np.ufunc.omppool")
    except ImportError:
        vars(numba.config)["THREADING_LAYER"] = "workqueue"
        return "libgomp1 is not installed: threads run on the slower 'workqueue' layer (apt-get install libgomp1)"
    vars(numba.config)["THREADING_LAYER"] = "omp"
    return ""


class CpuBackend:
    """Runs loops compiled by numba on CPU threads.

    threads: number of threads, all cores by default; fast: allow fused multiply-add (results then differ in the last
    bits from plain Python).
    """

    name = "cpu"

    def __init__(self, threads: int | None = None, fast: bool = False) -> None:
        import numba

        cores = int(vars(numba.config)["NUMBA_NUM_THREADS"])
        self.threads = cores if threads is None else threads
        if not 1 <= self.threads <= cores:
            raise BackendUnavailable(
                f"{self.threads} threads asked for, {cores} available; use --threads 1 to {cores}, "
                f"or set NUMBA_NUM_THREADS={self.threads} to use more threads than cores"
            )
        use_cache_folder()
        self.note = _choose_threading_layer()
        self.fast = fast
        self._compiled: dict[Any, Callable[..., Any]] = {}
        numba.set_num_threads(self.threads)
        register_laws()
        hold_collector("numba.core.event", "numba:compile")

    def array(self, values: Any) -> NDArray[Any]:
        """Return a contiguous numpy copy of the values."""
        return np.array(values, order="C")

    def zeros(self, shape: Any, dtype: Any = np.float64) -> NDArray[Any]:
        """Return an array of zeros that begins with a line of cache."""
        return line_zeros(shape, dtype)

    def numpy(self, array: Any) -> NDArray[Any]:
        """Return the array itself."""
        return np.asarray(array)

    def compile(self, loop: Callable[..., Any], parallel: bool = True) -> Callable[..., Any]:
        """Return the loop compiled with numpy's division rules and, unless fast, exact bits; parallel: its `prange`."""
        if loop not in self._compiled:
            import numba

            from compute.nested import LoopCompiler

            fastmath = {"contract"} if self.fast else False
            threads: Any = PARALLEL if parallel else False
            options: dict[str, Any] = {
                "parallel": threads, "error_model": "numpy", "cache": True, "fastmath": fastmath, "_nrt": False,
                "pipeline_class": LoopCompiler,
            }  # fmt: skip
            name_by_content(loop)
            self._compiled[loop] = numba.njit(**options)(loop)
        return self._compiled[loop]

    def foreach(self, body: Body, size: int | Count | Joint, *arguments: Any) -> None:
        """Run the body for every i on all threads."""
        from compute.launch import make_joint_launcher, make_launcher

        if isinstance(size, Joint):
            joint = (body, size.place)
            if joint not in self._compiled:
                self._compiled[joint] = self.compile(make_joint_launcher(body, size.place), parallel=False)
            self._compiled[joint](*arguments)
            return
        key = (body, len(arguments))
        if key not in self._compiled:
            self._compiled[key] = self.compile(make_launcher(body, len(arguments)))
        self._compiled[key](size if isinstance(size, int) else size.value(), *arguments)


def available_threads() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0))
