"""What the CUDA backend finds here: driver, devices, packages and the libraries they load, and how to mend each.

The driver takes machine code of its own major version of CUDA and of older ones, but PTX only up to its own minor
version; nvJitLink makes machine code of newer PTX, where it is of the same major version.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from typing import Any

from compute.device_driver import Driver, find_driver
from coupling.doctor_part import Part

SERVES = "backend cuda"
PROBE_SECONDS = 60.0
FIRST_DRIVER = {12: "525", 13: "580"}
"""Oldest driver of each major version of CUDA."""
PTX_OF_CUDA = {
    (12, 0): (8, 0), (12, 1): (8, 1), (12, 2): (8, 2), (12, 3): (8, 3), (12, 4): (8, 4), (12, 5): (8, 5),
    (12, 6): (8, 5), (12, 7): (8, 6), (12, 8): (8, 7), (12, 9): (8, 8), (13, 0): (9, 0), (13, 1): (9, 1),
}  # fmt: skip
"""Newest PTX of each version of CUDA, from the release notes of the PTX ISA."""
FAULTS = {
    34: ("a stub without a driver behind it", "take the folder `stubs` off LD_LIBRARY_PATH"),
    100: ("no device", "start the container with `--gpus all`; unset CUDA_VISIBLE_DEVICES; see nvidia-smi"),
    802: ("the devices are not ready", "systemctl start nvidia-fabricmanager"),
    803: ("library and kernel module of the driver differ", "restart the machine, or install both anew"),
    804: ("the compatibility library does not know this device", "take `cuda/compat` off LD_LIBRARY_PATH"),
    999: ("an unknown error", "modprobe nvidia_uvm; restart the machine"),
}
"""What cuInit returns, in words, and what helps."""
MAJOR_NAMES = {
    11: ("cupy-cuda110", "cupy-cuda111", "cupy-cuda11x"),
    12: ("cupy-cuda12x", "nvidia-cuda-nvcc-cu12", "nvidia-cuda-nvrtc-cu12", "nvidia-nvjitlink-cu12"),
    13: ("cupy-cuda13x", "nvidia-nvvm", "nvidia-cuda-nvrtc", "nvidia-nvjitlink"),
}
"""Packages that belong to one major version of CUDA."""
PROBE = """
import json
found = {}
def note(name, look):
    try:
        found[name] = look()
    except Exception as error:
        found[name + " fault"] = f"{type(error).__name__}: {error}".splitlines()[0]
def nvvm():
    from cuda.pathfinder import load_nvidia_dynamic_lib
    return load_nvidia_dynamic_lib("nvvm").abs_path
def ptx():
    from numba import cuda, float64
    text, _ = cuda.compile_ptx(lambda x: x + 1.0, (float64,), device=True, cc=(8, 0))
    return [int(n) for n in text.partition(".version ")[2].split()[0].split(".")]
def nvrtc():
    from cuda.bindings import nvrtc
    return list(nvrtc.nvrtcVersion()[1:])
def nvjitlink():
    from cuda.bindings import nvjitlink
    return list(nvjitlink.version())
def cupy():
    import cupy
    cupy.cuda.nvrtc.getVersion()
    return cupy.__version__
for look in (nvvm, ptx, nvrtc, nvjitlink, cupy):
    note(look.__name__, look)
print(json.dumps(found))
"""


def installed() -> dict[str, str]:
    """Return the versions of all installed packages by name."""
    return {(each.metadata["Name"] or "").lower(): each.version for each in distributions()}


def probe() -> dict[str, Any]:
    """Return what the libraries do when they are loaded, in a process of its own: one may crash."""
    command = [sys.executable, "-c", PROBE]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS, env=_without_simulator())
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))
    except (OSError, subprocess.TimeoutExpired, IndexError, ValueError) as error:
        return {"ptx fault": f"looking for the libraries failed: {error}"}


def _without_simulator() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "NUMBA_ENABLE_CUDASIM"}


def examine_cuda() -> Iterator[Part]:
    """Look for all that the CUDA backend needs."""
    driver, packages = find_driver(), installed()
    extra = f"cuda{min(driver.version[0], 13)}" if driver and driver.version[0] >= 12 else "cuda13"
    mend = f"pip install 'dempbm[{extra}]'"
    yield _driver_part(driver)
    if driver is not None:
        yield _device_part(driver)
    yield Part("numba-cuda", packages.get("numba-cuda", ""), False, SERVES, mend)
    cupy = {name: number for name, number in packages.items() if name.startswith("cupy")}
    yield _cupy_part(cupy, mend)
    if "numba-cuda" in packages:
        found = probe()
        if cupy and "cupy fault" in found:
            yield Part("cupy loaded", "", False, SERVES, f"{found['cupy fault']}; {mend}")
        yield from _library_parts(found, mend)
        yield from _disagreements(driver, packages, found, extra)


def _driver_part(driver: Driver | None) -> Part:
    remedy = (
        f"looked for libcuda.so.1 and libcuda.so; install the NVIDIA driver ({FIRST_DRIVER[13]} or newer for CUDA 13, "
        f"{FIRST_DRIVER[12]} for CUDA 12), in a container start it with `--gpus all`"
    )
    found = f"{driver.library}, driver for CUDA {_dotted(driver.version)}" if driver else ""
    return Part("CUDA driver", found, False, SERVES, remedy)


def _device_part(driver: Driver) -> Part:
    fault = driver.fault or (100 if not driver.devices else 0)
    what, remedy = FAULTS.get(fault, (f"error {fault} of cuInit", "see nvidia-smi"))
    return Part("CUDA device", "; ".join(driver.devices), False, SERVES, f"the driver reports {what}: {remedy}")


def _cupy_part(cupy: dict[str, str], mend: str) -> Part:
    if len(cupy) > 1:
        remedy = (
            f"{' and '.join(sorted(cupy))} overwrite each other: pip uninstall {' '.join(sorted(cupy))}, then {mend}"
        )
        return Part("cupy", "", False, SERVES, remedy)
    return Part("cupy", "".join(f"{name} {number}" for name, number in cupy.items()), False, SERVES, mend)


def _library_parts(found: dict[str, Any], mend: str) -> Iterator[Part]:
    for name, key, told in (
        ("NVVM", "ptx", "makes PTX {}"), ("NVRTC", "nvrtc", "of CUDA {}"), ("nvJitLink", "nvjitlink", "of CUDA {}"),
    ):  # fmt: skip
        state = told.format(_dotted(found[key])) if key in found else ""
        fault = found.get(f"{name.lower()} fault") or found.get(f"{key} fault", "not loaded")
        yield Part(name, state, False, SERVES, f"{fault}; {mend}")


def _disagreements(
    driver: Driver | None, packages: dict[str, str], found: dict[str, Any], extra: str
) -> Iterator[Part]:
    """Give a part for each two things that are there and do not fit."""
    yield from _unlike_majors(packages, extra)
    mend = f"pip install 'dempbm[{extra}]'"
    ptx = tuple(found.get("ptx", ()))
    newest = max((version for version, taken in PTX_OF_CUDA.items() if taken <= ptx), default=None)
    if driver is None or newest is None:
        return
    linker = tuple(found.get("nvjitlink", (0, 0)))
    if newest[0] > driver.version[0]:
        yield Part("PTX version", "", False, SERVES, _too_new(ptx, driver, newest) + mend)
    elif newest > driver.version and linker < newest:
        parts, name = ("nvrtc,nvvm", "nvidia-nvjitlink") if newest[0] > 12 else ("nvcc,nvrtc", "nvidia-nvjitlink-cu12")
        pin = f"pip install 'cuda-toolkit[cccl,cudart,{parts}]=={_dotted(driver.version)}.*'"
        yield Part("PTX version", "", False, SERVES, _too_new(ptx, driver, newest) + f"pip install {name}, or {pin}")


def _unlike_majors(packages: dict[str, str], extra: str) -> Iterator[Part]:
    """Give a part for packages of several major versions of CUDA, or of one that is no longer supported."""
    majors = {major: [name for name in names if name in packages] for major, names in MAJOR_NAMES.items()}
    present = {major: names for major, names in majors.items() if names}
    supported = [major for major in present if major in FIRST_DRIVER]
    kept = f"cuda{max(supported)}" if supported and extra not in {f"cuda{major}" for major in supported} else extra
    wrong = [name for major, names in present.items() if f"cuda{major}" != kept for name in names]
    if len(present) > 1 or len(supported) < len(present):
        what = " beside ".join(f"{', '.join(names)} of CUDA {major}" for major, names in present.items())
        remedy = f"{what}, CUDA 12 or 13 is needed: pip uninstall {' '.join(wrong)}, then pip install 'dempbm[{kept}]'"
        yield Part("CUDA packages", "", False, SERVES, remedy)


def _too_new(ptx: tuple[int, ...], driver: Driver, newest: tuple[int, int]) -> str:
    return (
        f"NVVM makes PTX {_dotted(ptx)}, the driver for CUDA {_dotted(driver.version)} takes PTX up to "
        f"{_dotted(PTX_OF_CUDA.get(driver.version, (7, 8)))}: install driver {FIRST_DRIVER[newest[0]]} or newer "
        f"(CUDA {_dotted(newest)}), or "
    )


def _dotted(version: Any) -> str:
    return ".".join(map(str, version))
