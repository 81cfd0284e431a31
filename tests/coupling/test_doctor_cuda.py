"""What `dempbm doctor` says of CUDA in environments that lack something: they hold the packages of this one, less some.

A driver is a shared library that answers as one of a given version does; nothing of the doctor itself is replaced.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from coupling.doctor_cuda import FAULTS, Driver, _cupy_part, _disagreements

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(sysconfig.get_path("purelib"))
LOOK = "import dataclasses, json; from coupling.doctor_cuda import {0}; print(json.dumps({1}))"
EXAMINE = LOOK.format("examine_cuda", "[dataclasses.asdict(part) for part in examine_cuda()]")
DRIVER = """
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
int cuDriverGetVersion(int *version) { *version = atoi(getenv("TOLD_VERSION")); return 0; }
int cuInit(unsigned flags) { return atoi(getenv("TOLD_FAULT")); }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGetName(char *name, int length, int device) { strncpy(name, "Example 100", length); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = 24000000000u; return 0; }
"""
Parts = dict[str, dict[str, str]]
Environment = Callable[..., Parts]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library that answers as a driver does."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("driver")
    (folder / "driver.c").write_text(DRIVER, encoding="utf-8")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "libcuda.so.1", folder / "driver.c"], check=True)
    return folder


def link(source: Path, target: Path, hidden: Sequence[str]) -> None:
    """Fill a folder with links to all of another one but what is hidden; names with a slash are looked for below."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        below = [name.partition("/")[2] for name in hidden if name.startswith(f"{entry.name}/")]
        if below:
            link(entry, target / entry.name, below)
        elif not any(entry.match(name) for name in hidden if "/" not in name):
            (target / entry.name).symlink_to(entry)


@pytest.fixture
def parts(tmp_path: Path) -> Environment:
    """A function that examines an environment without the hidden packages, with a driver of a version or none."""

    def examine(
        hidden: Sequence[str] = (), added: Sequence[str] = (), folder: Path | None = None, version: str = "12020"
    ) -> Parts:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
        site = next((tmp_path / "env" / "lib").glob("python*")) / "site-packages"
        link(SITE, site, ["*dempbm*", "__editable__*", "cupy*", *hidden])
        for name in added:
            (site / f"{name.replace('-', '_')}-14.0.dist-info").mkdir()
            (site / f"{name.replace('-', '_')}-14.0.dist-info" / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {name}\nVersion: 14.0\n", encoding="utf-8"
            )
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("CUDA", "NUMBA"))}
        environment |= {"PYTHONPATH": str(ROOT), "TOLD_VERSION": version, "TOLD_FAULT": "0"}
        environment["LD_LIBRARY_PATH"] = str(folder or "")
        command = [tmp_path / "env" / "bin" / "python", "-c", EXAMINE]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return {part["name"]: part for part in json.loads(done.stdout)}

    return examine


def test_without_the_compiler_of_kernels(parts: Environment) -> None:
    """What is missing, and the command that installs it; libraries are not looked for without it."""
    found = parts(["numba_cuda*", "_numba_cuda*"])
    assert found["numba-cuda"]["found"] == "" and found["cupy"]["found"] == ""
    assert found["numba-cuda"]["remedy"] == "pip install 'dempbm[cuda13]'"
    assert "NVVM" not in found


compiling = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None or ctypes.util.find_library("nvrtc") is not None,
    reason="numba-cuda is not installed, or CUDA is installed outside of Python",
)


@compiling
def test_libraries_that_cannot_be_loaded(parts: Environment, driver: Path) -> None:
    """Packages of CUDA 13 less two of their libraries, cupy for CUDA 12 beside them, and a driver for CUDA 12.2."""
    found = parts(["nvidia/cu13/lib/libnvvm*", "nvidia/cu13/lib/libnvrtc*"], ["cupy-cuda12x"], driver)
    assert found["CUDA driver"]["found"] == "libcuda.so.1, driver for CUDA 12.2"
    assert found["CUDA device"]["found"] == "Example 100 with 24 GB"
    assert found["cupy"]["found"] == "cupy-cuda12x 14.0"
    assert "No module named 'cupy'" in found["cupy loaded"]["remedy"]
    for name in ("NVVM", "NVRTC"):
        assert found[name]["found"] == ""
        assert "Failure finding" in found[name]["remedy"] and found[name]["remedy"].endswith("'dempbm[cuda12]'")
    mend = found["CUDA packages"]["remedy"]
    assert "cupy-cuda12x of CUDA 12" in mend and "pip uninstall nvidia-nvvm" in mend
    assert mend.endswith("pip install 'dempbm[cuda12]'")


@compiling
def test_ptx_that_the_driver_does_not_take(parts: Environment, driver: Path) -> None:
    """Complete packages of CUDA 13 and a driver for CUDA 12.2."""
    found = parts(folder=driver)
    assert found["NVVM"]["found"] == "makes PTX 9.0"
    mend = found["PTX version"]["remedy"]
    assert mend.startswith("NVVM makes PTX 9.0, the driver for CUDA 12.2 takes PTX up to 8.2")
    assert "install driver 580 or newer (CUDA 13.0)" in mend and mend.endswith("pip install 'dempbm[cuda12]'")


@pytest.mark.parametrize("linker, works", [((12, 9), True), ((12, 1), False), (None, False)])
def test_newer_ptx_of_the_same_major_version(linker: tuple[int, int] | None, works: bool) -> None:
    """nvJitLink that knows the PTX makes it machine code, which a driver of the same major version takes."""
    driver = Driver("libcuda.so.1", (12, 4), ["Example 100"], 0)
    found = {"ptx": [8, 8]} | ({"nvjitlink": list(linker)} if linker else {})
    parts = list(_disagreements(driver, {"numba-cuda": "0.30.4"}, found, "cuda12"))
    assert [part.name for part in parts] == ([] if works else ["PTX version"])
    assert works or "'cuda-toolkit[cccl,cudart,nvcc,nvrtc]==12.4.*'" in parts[0].remedy


@pytest.mark.parametrize(
    "present, version, wrong, extra",
    [
        (["cupy-cuda11x"], (13, 0), "cupy-cuda11x", "cuda13"),
        (["cupy-cuda11x", "nvidia-nvjitlink-cu12"], (13, 0), "cupy-cuda11x", "cuda12"),
        (["cupy-cuda12x", "nvidia-nvvm"], (12, 4), "nvidia-nvvm", "cuda12"),
        (["cupy-cuda12x", "nvidia-nvvm"], (13, 0), "cupy-cuda12x", "cuda13"),
        (["cupy-cuda12x", "nvidia-nvjitlink-cu12"], (13, 0), "", ""),
    ],
)
def test_packages_of_unlike_versions(present: list[str], version: tuple[int, int], wrong: str, extra: str) -> None:
    """Packages of the older major version are named with what removes them; what a newer driver takes stays."""
    driver = Driver("libcuda.so.1", version, ["Example 100"], 0)
    parts = list(_disagreements(driver, dict.fromkeys(present, "14.0"), {}, f"cuda{version[0]}"))
    assert [part.name for part in parts] == (["CUDA packages"] if wrong else [])
    assert not wrong or parts[0].remedy.endswith(f": pip uninstall {wrong}, then pip install 'dempbm[{extra}]'")


def test_two_packages_of_one_module() -> None:
    """They overwrite each other's files: both have to go before one is installed."""
    part = _cupy_part({"cupy-cuda12x": "14.0", "cupy-cuda11x": "13.6"}, "pip install 'dempbm[cuda12]'")
    told = "overwrite each other: pip uninstall cupy-cuda11x cupy-cuda12x, then pip install 'dempbm[cuda12]'"
    assert part.found == "" and part.remedy.endswith(told)


@pytest.mark.parametrize("fault", [100, 803])
def test_driver_without_a_device(fault: int, driver: Path) -> None:
    """What the driver returns, in words, with what helps."""
    environment = os.environ | {"LD_LIBRARY_PATH": str(driver), "PYTHONPATH": str(ROOT)}
    environment |= {"TOLD_VERSION": "13000", "TOLD_FAULT": str(fault)}
    code = LOOK.format("_device_part, find_driver", "dataclasses.asdict(_device_part(find_driver()))")
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    part = json.loads(done.stdout)
    assert part["found"] == "" and part["remedy"] == f"the driver reports {FAULTS[fault][0]}: {FAULTS[fault][1]}"


@compiling
def test_backend_on_a_driver_that_is_too_old(driver: Path) -> None:
    """One that lacks what CUDA 12 asks it for: what was looked for, and the commands to use."""
    environment = os.environ | {"LD_LIBRARY_PATH": str(driver), "PYTHONPATH": str(ROOT)}
    environment |= {"TOLD_VERSION": "11040", "TOLD_FAULT": "0"}
    code = "from compute import get_backend; get_backend('cuda')"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    told = done.stderr.strip().splitlines()[-1]
    assert told.startswith("compute.errors.BackendUnavailable: backend 'cuda' is not available")
    assert "one that is too old or broken" in told and "`dempbm doctor`" in told and "--backend cpu" in told
