"""Failures of a device and its libraries: exit 4 with what was found, what is needed and what to use instead.

The errors raised are those of cupy, numba-cuda and cuda.core themselves, or where one is not installed, one of the same
name from a module of the same name with the text that its library gives.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import compute.cuda
import coupling.cli.application
from compute.base import Launch
from compute.cuda import CudaBackend
from compute.device_driver import Driver
from compute.errors import BackendUnavailable
from compute.graph import make_graph
from coupling import cli
from coupling.progress import Progress
from coupling.recorded import run_recorded
from coupling.run_folder import MANIFEST_NAME

OUT_OF_MEMORY = "Out of memory allocating 8,000,000,000 bytes (allocated so far: 1,024 bytes)."


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver and a device, whatever there is."""
    driver = Driver("libcuda.so.1", (12, 2), ["Example 100 with 24 GB"], 0)
    monkeypatch.setattr("compute.device_driver.find_driver", lambda: driver)


def of_cupy(module: str, name: str, base: type[Exception], text: str) -> Exception:
    """An error of cupy."""
    if importlib.util.find_spec("cupy") is None:
        return type(name, (base,), {"__module__": module})(text)
    found: type[Exception] = getattr(importlib.import_module(module), name)
    error = found.__new__(found, text)
    error.args = (text,)
    return error


def of_pool() -> Exception:
    return of_cupy("cupy.cuda.memory", "OutOfMemoryError", MemoryError, OUT_OF_MEMORY)


def of_runtime(text: str) -> Exception:
    return of_cupy("cupy_backends.cuda.api.runtime", "CUDARuntimeError", RuntimeError, text)


def of_driver(name: str) -> Exception:
    from cuda.bindings.driver import CUresult
    from numba.cuda.cudadrv.driver import CudaAPIError

    error: Exception = CudaAPIError(getattr(CUresult, name), f"Call to cuMemAlloc results in {name}")
    return error


def of_core(name: str) -> Exception:
    from cuda.core._utils.cuda_utils import CUDAError

    error: Exception = CUDAError(f"{name}: as the driver says")
    return error


def of_numba(name: str) -> Exception:
    from numba.cuda.cudadrv import error

    found: Exception = getattr(error, name)("GPU compute capability 3.0 is not supported")
    return found


NO_ROOM = "no room for .*found Example 100 with 24 GB, driver for CUDA 12.2; use fewer particles.*--backend cpu"
UNFIT = "cannot run this .*found Example 100 .*`dempbm doctor`.*--backend cpu"
FAILURES: dict[str, tuple[Callable[[], Exception], str]] = {
    "pool": (of_pool, "another 8 GB .*found Example 100 with 24 GB.*--backend cpu"),
    "runtime": (lambda: of_runtime("cudaErrorMemoryAllocation: out of memory"), NO_ROOM),
    "driver": (lambda: of_driver("CUDA_ERROR_OUT_OF_MEMORY"), NO_ROOM),
    "core": (lambda: of_core("CUDA_ERROR_OUT_OF_MEMORY"), NO_ROOM),
    "old driver": (lambda: of_runtime("cudaErrorInsufficientDriver: CUDA driver version is insufficient"), UNFIT),
    "new PTX": (lambda: of_core("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), UNFIT),
    "old device": (lambda: of_core("CUDA_ERROR_NO_BINARY_FOR_GPU"), UNFIT),
    "older device": (lambda: of_numba("CCSupportError"), UNFIT),
    "no device": (lambda: of_driver("CUDA_ERROR_NO_DEVICE"), UNFIT),
    "no NVVM": (lambda: of_numba("NvvmSupportError"), UNFIT),
    "other CUDA": (lambda: RuntimeError("CuPy failed to load libnvrtc.so.11.2: OSError: no such file"), UNFIT),
    "registers": (lambda: of_core("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"), "kernel does not fit .*mixed.*--backend cpu"),
}  # fmt: skip
DEFECTS: dict[str, Callable[[], Exception]] = {
    "address": lambda: of_core("CUDA_ERROR_ILLEGAL_ADDRESS"),
    "argument": lambda: of_driver("CUDA_ERROR_INVALID_VALUE"),
    "host": lambda: MemoryError("Unable to allocate 8.00 GiB for an array"),
    "text": lambda: RuntimeError("CUDA_ERROR_OUT_OF_MEMORY in somebody's text"),
}


def raising(make: Callable[[], Exception]) -> Callable[..., Any]:
    def fail(*arguments: Any, **named: Any) -> Any:
        raise make()

    return fail


@pytest.mark.parametrize("name", FAILURES)
def test_command_line(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One message and status 4, wherever below the command a library raised it."""
    make, message = FAILURES[name]
    monkeypatch.setattr(coupling.cli.application, "application", raising(make))
    with pytest.raises(SystemExit) as left:
        cli.main()
    told = capsys.readouterr().err
    assert left.value.code == 4 and told.count("\n") == 1
    with pytest.raises(BackendUnavailable, match=message):
        raise BackendUnavailable(told)


@pytest.mark.parametrize("name", DEFECTS)
def test_defects_stay_defects(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An address outside, a wrong argument, and what no library of a device said, are not the machine's fault."""
    monkeypatch.setattr(coupling.cli.application, "application", raising(DEFECTS[name]))
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 1 and "our defect" in capsys.readouterr().err


def test_manifest(tmp_path: Path) -> None:
    """The manifest and the log of a run say the same."""
    (tmp_path / MANIFEST_NAME).write_text(json.dumps({"sessions": [{}]}), encoding="utf-8")
    with pytest.raises(BackendUnavailable), Progress(tmp_path / "log.jsonl") as progress:
        run_recorded(raising(of_pool), tmp_path, progress)
    assert "no room for another 8 GB" in json.loads((tmp_path / MANIFEST_NAME).read_text())["message"]


class Kernel:
    """A compiled kernel that needs more than the device has."""

    def __init__(self, make: Callable[[], Exception]) -> None:
        self.launch = raising(make)

    def __getitem__(self, grid: Any) -> Callable[..., Any]:
        return self.launch

    def get_regs_per_thread(self) -> dict[Any, int]:
        return {"one": 40, "other": 255}

    def get_shared_mem_per_block(self) -> dict[Any, int]:
        return {"one": 0, "other": 16}

    def get_local_mem_per_thread(self) -> dict[Any, int]:
        return {"one": 0, "other": 512}


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> CudaBackend:
    """The backend over an array module without room."""
    full = SimpleNamespace(zeros=raising(of_pool), array=raising(of_pool))
    monkeypatch.setattr(compute.cuda, "_array_module", lambda: full)
    monkeypatch.setattr(compute.cuda, "KERNELS", {})
    return CudaBackend()


def body(i: int, number: int) -> None:
    """Do nothing."""


@pytest.mark.parametrize("name", ["CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "CUDA_ERROR_INVALID_VALUE"])
def test_kernel_that_needs_more_than_there_is(name: str, backend: CudaBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its blocks need, in numbers; more threads or shared memory than there are is a wrong value to a launch."""
    monkeypatch.setattr(backend, "compile", lambda loop, registers: Kernel(lambda: of_core(name)))
    message = (
        "found Example 100 .*needed for a block of body: 128 threads of 255 registers and 512 bytes of local memory, "
        "16 bytes of shared memory; use .*mixed.*--backend cpu"
    )
    for launch in (
        lambda: backend.foreach(body, 3, 1),
        lambda: make_graph(backend, [Launch(body, 3, (1,))], 2, np.zeros(1)),
    ):
        with pytest.raises(BackendUnavailable, match=message):
            launch()


def test_no_room_for_arrays(backend: CudaBackend) -> None:
    """What is made and what is copied, with what was asked for."""
    for make in (lambda: backend.zeros((1000, 1000)), lambda: backend.array(np.zeros(3))):
        with pytest.raises(BackendUnavailable, match=r"another 8 GB .*allocated so far.*found Example 100"):
            make()


def test_cupy_that_does_not_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A wheel for another CUDA, or a broken one: the reason it gives, and what says how to mend it."""
    text = "\n===\nFailed to import CuPy.\n\nOriginal error:\n  ImportError: libcublas.so.11: cannot open\n===\n"
    (tmp_path / "cupy.py").write_text(f"raise ImportError({text!r})", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(compute.cuda, "_missing_driver", lambda: [])
    with pytest.raises(BackendUnavailable, match=r"cupy: not loaded \(ImportError: libcublas.so.11.*dempbm doctor"):
        CudaBackend()
