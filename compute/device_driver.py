"""The driver of this machine's devices, asked without any library for them."""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple


class Driver(NamedTuple):
    """The driver: its library, the CUDA version it is for, and its devices or what cuInit returned instead."""

    library: str
    version: tuple[int, int]
    devices: list[str]
    fault: int


def find_driver() -> Driver | None:
    """Return the driver of this machine, None if there is none."""
    for name in ("libcuda.so.1", "libcuda.so"):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        number = ctypes.c_int()
        library.cuDriverGetVersion(ctypes.byref(number))
        fault = library.cuInit(0)
        version = (number.value // 1000, number.value % 1000 // 10)
        return Driver(name, version, [] if fault else _devices(library), fault)
    return None


def _devices(library: Any) -> list[str]:
    count = ctypes.c_int()
    library.cuDeviceGetCount(ctypes.byref(count))
    found = []
    for device in range(count.value):
        name, memory = ctypes.create_string_buffer(256), ctypes.c_size_t()
        library.cuDeviceGetName(name, len(name), device)
        library.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
        found.append(f"{name.value.decode()} with {memory.value / 1e9:.0f} GB")
    return found


def driver_and_devices() -> str:
    """Return in words what was found."""
    driver = find_driver()
    if driver is None:
        return "no CUDA driver"
    devices = "; ".join(driver.devices) or f"no device (cuInit returns {driver.fault})"
    return f"{devices}, driver for CUDA {driver.version[0]}.{driver.version[1]}"
