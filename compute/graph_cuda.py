"""Graphs on a CUDA device: a stream captured once, launched as one, with what the host is told copied at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Launch
from compute.device_errors import device_failures_told

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
        self._told = cupyx.zeros_pinned(watched.shape, watched.dtype)
        self._stream = cupy.cuda.Stream()
        cupy.cuda.get_current_stream().synchronize()
        self._stream.begin_capture()
        try:
            with backend.launching_on(cuda.external_stream(self._stream.ptr)):
                for _ in range(repeats):
                    for body, size, arguments in launches:
                        backend.foreach(body, size, *arguments)
            runtime = cupy.cuda.runtime
            runtime.memcpyAsync(
                self._told.ctypes.data, watched.data.ptr, watched.nbytes, runtime.memcpyDeviceToHost, self._stream.ptr
            )
        finally:
            self._graph = self._stream.end_capture()

    def run(self) -> NDArray[Any]:
        """Launch the graph and wait for it; return what is watched."""
        with device_failures_told():
            self._graph.launch(self._stream)
            self._stream.synchronize()
        return np.array(self._told)
