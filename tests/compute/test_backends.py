"""Backends by name: what they do alike, and what they say when they cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from compute import BACKENDS, get_backend
from compute.cpu import CpuBackend, available_threads
from compute.errors import BackendUnavailable
from compute.physics import physics, routine

ROOT = Path(__file__).resolve().parents[2]
MOST_ARGUMENTS = 10


class Oscillators(NamedTuple):
    """Arrays as bodies get them."""

    place: Any
    energy: Any


@physics
def energy_of(place: float, stiffness: float) -> float:
    """Energy of a spring [J]."""
    return 0.5 * stiffness * place * place


@routine
def note_energy(i: int, oscillators: Oscillators, stiffness: float) -> None:
    """Body: energy of oscillator i."""
    oscillators.energy[i] = energy_of(oscillators.place[i], stiffness) / 3.0


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of compiled code is named by the product's sources; the bodies of this file are none of them."""
    monkeypatch.setenv("DEMPBM_CACHE", str(tmp_path))


@pytest.fixture
def no_device() -> None:
    """Skips on a machine with a CUDA device, where the backend is there."""
    from numba import cuda

    if cuda.is_available():
        pytest.skip("this machine has a CUDA device")


@pytest.mark.parametrize("name", ["python", "cpu"])
def test_name(name: str) -> None:
    backend = get_backend(name)
    assert backend.name == name
    assert name in BACKENDS
    assert backend.threads >= 1


def test_unknown_name() -> None:
    with pytest.raises(BackendUnavailable, match=r"unknown backend 'gpu'; expected one of python, cpu, cuda") as caught:
        get_backend("gpu")
    assert caught.value.exit_code == 4


def test_cuda_without_device_says_what_was_looked_for(no_device: None) -> None:
    """Never another backend in its place: the user asked for a device."""
    with pytest.raises(BackendUnavailable) as caught:
        get_backend("cuda")
    told = str(caught.value)
    assert "backend 'cuda' is not available; looked for a CUDA driver with a device (libcuda.so.1): none found" in told
    assert "use --backend cpu" in told
    assert caught.value.exit_code == 4


def test_cuda_without_its_packages_says_how_to_get_them(no_device: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each package that is not there is named, with the command that installs it."""
    monkeypatch.setattr("compute.cuda.importlib.util.find_spec", lambda name: None)
    with pytest.raises(BackendUnavailable) as caught:
        get_backend("cuda")
    for name in ("numba-cuda", "cupy"):
        assert f"{name}: not installed (pip install 'dempbm[cuda13]' or 'dempbm[cuda12]')" in str(caught.value)


def test_command_with_cuda_without_device(no_device: None, tmp_path: Path) -> None:
    """Exit code 4 with that message, no traceback, and no run folder half made."""
    arguments = ["run", "two-spheres", "--backend", "cuda", "--out", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, "-c", "from coupling.cli import main; main()", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=120, env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 4
    assert done.stderr.startswith("dempbm: backend 'cuda' is not available; looked for a CUDA driver")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_body_gives_the_same_bits_on_python_and_cpu(own_cache: None) -> None:
    """One text, IEEE arithmetic in its order on both, any number of threads: no tolerance."""
    place = np.random.Generator(np.random.Philox(key=(1, 0))).normal(size=1000)
    results = []
    for name in ("python", "cpu"):
        backend = get_backend(name)
        oscillators = Oscillators(backend.array(place), backend.zeros(len(place)))
        backend.foreach(note_energy, len(place), oscillators, 7.0)
        results.append(backend.numpy(oscillators.energy))
    assert results[0].all()
    np.testing.assert_array_equal(results[0], results[1])


def test_division_by_zero_follows_the_processor() -> None:
    """Plain Python would raise; loops on every backend give what IEEE arithmetic gives, and the host looks for it."""
    backend = get_backend("python")
    assert np.isinf(backend.compile(lambda x: np.float64(1.0) / x)(np.float64(0.0)))


@pytest.mark.parametrize("number", range(1, MOST_ARGUMENTS + 1))
def test_launchers_pass_every_argument_on(number: int) -> None:
    """The body gets its index and all arguments in their order, whatever their number; plain Python tells."""
    from compute.launch import make_launcher

    seen = []
    make_launcher(lambda *arguments: seen.append(arguments), number)(3, *"abcdefghij"[:number])
    assert seen == [(i, *"abcdefghij"[:number]) for i in range(3)]


def test_thread_layer(own_cache: None) -> None:
    """The layer is ours to choose: `omp` where its library is, else the slower one, and the user is told."""
    import numba

    backend = get_backend("cpu")
    backend.foreach(note_energy, 10, Oscillators(np.ones(10), np.zeros(10)), 7.0)
    assert numba.threading_layer() == ("workqueue" if backend.note else "omp")


def test_thread_layer_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libgomp1 the note says what runs instead and how to mend it."""
    from numba import config

    settings: Any = config
    monkeypatch.setattr(settings, "THREADING_LAYER", settings.THREADING_LAYER)
    monkeypatch.setitem(sys.modules, "numba.np.ufunc.omppool", None)
    monkeypatch.delattr("numba.np.ufunc.omppool", raising=False)
    assert "apt-get install libgomp1" in CpuBackend().note
    assert settings.THREADING_LAYER == "workqueue"


@pytest.mark.parametrize("threads", [0, 10_000])
def test_threads_out_of_range(threads: int) -> None:
    """The message says how many there are, and how to have more than cores."""
    cores = get_backend("cpu").threads
    with pytest.raises(BackendUnavailable, match=f"{threads} threads asked for, {cores} available") as caught:
        get_backend("cpu", threads=threads)
    assert "NUMBA_NUM_THREADS" in str(caught.value)
    assert 1 <= available_threads() <= (os.cpu_count() or 1)
