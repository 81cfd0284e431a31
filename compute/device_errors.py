"""What a failure of the driver, or of the libraries for devices, means to the user.

The libraries are known by the modules of their errors, so that none of them is loaded to look; what went wrong by the
names of CUDA in their texts: `CUDA_ERROR_OUT_OF_MEMORY` of the driver is `cudaErrorMemoryAllocation` of the runtime.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from compute.device_driver import driver_and_devices
from compute.errors import BackendUnavailable

LIBRARIES = ("cupy", "cuda.", "numba.cuda", "numba_cuda")
MEMORY = "OutOfMemory|OUT_OF_MEMORY|MemoryAllocation"
RESOURCES = "LAUNCH_OUT_OF_RESOURCES|LaunchOutOfResources|InvalidConfiguration"
LAUNCH = "INVALID_VALUE|InvalidValue"
"""What a launch says of more threads or shared memory than a block may have; elsewhere it is a wrong argument."""
UNFIT = (
    "NO_DEVICE|NoDevice|NO_BINARY_FOR_GPU|NoKernelImageForDevice|(?:UNSUPPORTED|INVALID)_PTX|(?:Unsupported|Invalid)Ptx|"
    r"Unsupported \.version|INSUFFICIENT_DRIVER|InsufficientDriver|DRIVER_MISMATCH|DriverMismatch|JIT_COMPILER|"
    "JitCompiler|UNAVAILABLE|Unavailable|SYSTEM_NOT_READY|SystemNotReady|Driver missing function|SupportError|"
    "DynamicLib|failed to load"
)
"""Device, driver and libraries that do not fit each other."""


def device_failure(error: BaseException, needed: Callable[[], str] | None = None) -> BackendUnavailable | None:
    """Return a failure of a device as the user is told of it; none for what is no such failure, or our defect.

    needed: says what was to be launched; none where nothing was.
    """
    text = " ".join(f"{type(error).__name__}: {error}".split())
    if not (type(error).__module__.startswith(LIBRARIES) or "CuPy failed to load" in text):
        return None
    if re.search(MEMORY, text):
        return no_room(_bytes_asked_for(text), text)
    if re.search(RESOURCES if needed is None else f"{RESOURCES}|{LAUNCH}", text):
        what = needed() if needed else "more registers, shared memory or threads for a block than there are"
        return BackendUnavailable(
            f"a kernel does not fit the CUDA device ({text}); found {driver_and_devices()}, needed {what}; "
            "use `numerics: {precision: mixed}`, which needs fewer registers, another device, or --backend cpu"
        )
    if re.search(UNFIT, text):
        return BackendUnavailable(
            f"the CUDA device cannot run this ({text}); found {driver_and_devices()}; "
            "`dempbm doctor` says what is needed and how to mend it; use --backend cpu to run on the CPU"
        )
    return None


def _bytes_asked_for(text: str) -> float | None:
    found = re.search(r"allocating ([\d,]+) bytes", text)
    return float(found[1].replace(",", "")) if found else None


def no_room(needed: float | None, text: str) -> BackendUnavailable:
    """Return what to tell of a device without room for so many bytes more; text: what its library says."""
    more = "more" if needed is None else f"another {needed / 1e9:.3g} GB"
    return BackendUnavailable(
        f"the device has no room for {more} ({text}); found {driver_and_devices()}; use fewer particles, "
        "`numerics: {precision: mixed}`, a device with more memory, or --backend cpu"
    )


@contextmanager
def device_failures_told(needed: Callable[[], str] | None = None) -> Iterator[None]:
    """Raise BackendUnavailable in place of a failure of a device; arguments as in `device_failure`."""
    try:
        yield
    except Exception as error:
        told = device_failure(error, needed)
        if told is None:
            raise
        raise told from error
