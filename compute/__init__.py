"""Where loops run: backends, launchers and the marks of laws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compute.errors import BackendUnavailable

if TYPE_CHECKING:
    from compute.base import Backend

BACKENDS = ("python", "cpu", "cuda")


def get_backend(name: str = "cpu", threads: int | None = None, fast: bool = False) -> Backend:
    """Return the backend of this name.

    name: "python" (reference), "cpu" (numba threads) or "cuda" (numba-cuda over cupy arrays); threads: CPU threads, all
    cores by default; fast: allow fused multiply-add on the CPU. Raises BackendUnavailable: never another backend.
    """
    if name == "python":
        from compute.python import PythonBackend

        return PythonBackend()
    if name == "cpu":
        from compute.cpu import CpuBackend

        return CpuBackend(threads, fast)
    if name == "cuda":
        from compute.cuda import CudaBackend

        return CudaBackend()
    raise BackendUnavailable(f"unknown backend {name!r}; expected one of {', '.join(BACKENDS)}")
