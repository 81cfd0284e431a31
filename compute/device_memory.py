"""What a device has, asked of the driver alone: no library for devices is loaded for it."""

from __future__ import annotations

import ctypes
from typing import Any

LIBRARY = "libcuda.so.1"


def total_device_memory() -> int | None:
    """Return the memory of the first CUDA device [bytes], none where there is no driver or no device."""
    try:
        driver: Any = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    device, total = ctypes.c_int(), ctypes.c_size_t()
    calls = (
        lambda: driver.cuInit(0),
        lambda: driver.cuDeviceGet(ctypes.byref(device), 0),
        lambda: driver.cuDeviceTotalMem_v2(ctypes.byref(total), device),
    )
    return total.value if all(call() == 0 for call in calls) else None
