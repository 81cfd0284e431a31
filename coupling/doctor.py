"""What this machine offers: what is there, what is missing, and the command that mends it."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

from coupling.doctor_part import Part
from coupling.provenance import available_cores, processor, versions

OLDEST_PYTHON, NEXT_PYTHON = (3, 11), (3, 14)


def examine() -> list[Part]:
    """Look for everything the product can use."""
    looks: tuple[Callable[[], Iterator[Part]], ...] = (_python, _packages, _threads, _programs, _devices, _extras)
    return [part for look in looks for part in look()]


def _python() -> Iterator[Part]:
    right = OLDEST_PYTHON <= sys.version_info[:2] < NEXT_PYTHON
    found = sys.version.split()[0] if right else ""
    yield Part("Python", found, True, "everything", "install Python 3.11, 3.12 or 3.13")
    yield Part("processor", f"{processor()}, {available_cores()} cores usable", False, "")


def _packages() -> Iterator[Part]:
    needed = ("numpy", "scipy", "numba", "h5py", "pydantic", "pint")
    found = versions()
    for name in needed:
        yield Part(name, found.get(name) or "", True, "everything", f"{sys.executable} -m pip install {name}")


def _threads() -> Iterator[Part]:
    library = ctypes.util.find_library("gomp")
    found = library or ("libgomp.so.1" if _loads("libgomp.so.1") else "")
    remedy = "apt-get install libgomp1"
    yield Part(
        "libgomp", found, False, "the fast threading layer `omp`; without it `workqueue`, several times slower", remedy
    )
    yield Part("threading layer", "omp" if found else "workqueue", False, "loops on CPU threads")
    yield Part("threads", os.environ.get("NUMBA_NUM_THREADS") or str(available_cores()), False, "loops on CPU threads")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _programs() -> Iterator[Part]:
    for name, program, serves, remedy in (
        ("C compiler", "gcc", "FMUs with a binary inside; without it they hold sources only", "apt-get install gcc"),
        ("Slurm", "sbatch", "batch runs", "apt-get install slurm-wlm munge"),
        ("MPI", "mpiexec", "runs over several ranks", "apt-get install openmpi-bin"),
    ):
        yield Part(name, _program(program), False, serves, remedy)


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        return ""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return path
    return answer.splitlines()[0] if answer.strip() else path


def _devices() -> Iterator[Part]:
    from coupling.doctor_cuda import examine_cuda

    yield from examine_cuda()
    egl = "libEGL.so.1" if _loads("libEGL.so.1") else ""
    yield Part("EGL", egl, False, "pictures without a display", "apt-get install libegl1 libgl1-mesa-dri")


def _extras() -> Iterator[Part]:
    for extra, module, serves in (
        ("mpi", "mpi4py", "runs over several ranks"),
        ("viz", "pyvista", "three-dimensional pictures"),
    ):
        found = "installed" if importlib.util.find_spec(module) else ""
        yield Part(module, found, False, serves, f"pip install 'dempbm[{extra}]'")
