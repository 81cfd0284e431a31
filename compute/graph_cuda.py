"""Graphs on a CUDA device: a stream captured once, launched as one, with what the host is told copied at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.base import Launch
from compute.device_errors import device_failures_told
from compute.graph import Done, run_until

if TYPE_CHECKING:
    from compute.cuda import CudaBackend


class CapturedGraph:
    """A CUDA graph of launches.

    Every kernel runs once before the capture, since its first launch loads its module, which a capture does not allow.
    The stream is one that the default stream waits for and that waits for it, so that what cupy and single launches do
    before and after a run keeps its order.
    """

    def __init__(self, backend: CudaBackend, launches: Sequence[Launch], repeats: int, watched: Any) -> None:
        self._held = tuple(launches), watched
        for body, size, arguments in launches:
            backend.foreach(body, size, *arguments)
        with device_failures_told():
            self._capture(backend, repeats)

    def _capture(self, backend: CudaBackend, repeats: int) -> None:
        import cupy
        import cupyx
        from numba import cuda

        launches, watched = self._held
        self._told = None if watched is None else cupyx.zeros_pinned(watched.shape, watched.dtype)
        self._stream = cupy.cuda.Stream()
        cupy.cuda.get_current_stream().synchronize()
        self._stream.begin_capture()
        try:
            with backend.launching_on(cuda.external_stream(self._stream.ptr)):
                for _ in range(repeats):
                    for body, size, arguments in launches:
                        backend.foreach(body, size, *arguments)
            if self._told is not None:
                runtime = cupy.cuda.runtime
                to, what = self._told.ctypes.data, (watched.data.ptr, watched.nbytes, runtime.memcpyDeviceToHost)
                runtime.memcpyAsync(to, *what, self._stream.ptr)
        finally:
            self._graph = self._stream.end_capture()

    def run(self, done: Done | None = None, most: int = 1) -> Any:
        """Launch the graph and wait for it; return what is watched."""
        return run_until(self._run, done, most)

    def _run(self) -> Any:
        with device_failures_told():
            self._graph.launch(self._stream)
            if self._told is None:
                return None
            self._stream.synchronize()
        return np.array(self._told)
