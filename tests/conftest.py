"""What every test shares: options, components that may be missing, and the budget of compile time.

A component that is not there (a scheduler, MPI, a renderer, a GPU) skips its tests with the reason. Named in the
environment variable DEMPBM_REQUIRE (`slurm,mpi,viz`), it fails them instead: so a machine that is meant to have it
cannot pass without.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from time import thread_time
from typing import Any

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
COMPILE_LIMIT = 240.0  # seconds of numba compilation that the whole suite may spend
PROBE_LIMIT = 120.0  # seconds after which a probing child process counts as failed

Require = Callable[[str, bool, str], None]
Simulate = Callable[[Path], "subprocess.CompletedProcess[str]"]


def _threading_layer() -> str:
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        return "workqueue"
    return "omp"


# Read by numba when it is imported, and inherited by every process that a test starts.
os.environ.setdefault("NUMBA_THREADING_LAYER", _threading_layer())

# The first example compiles: a time limit for an example would fail by chance. The examples are the same every time.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--validate", action="store_true", help="run the long comparisons with theory and other codes too")
    parser.addoption("--runs", type=Path, help="folder in which runs of hours are kept: stopped ones go on from there")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--validate"):
        long = [item for item in items if item.get_closest_marker("validate")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    for item in items:
        if item.get_closest_marker("validate") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONG))
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            item.add_marker(pytest.mark.xdist_group(process_group(item.path.relative_to(ROOT))))
        items.sort(key=lambda item: item.path.relative_to(ROOT).parts[1] not in LONGEST)


LONG = 1800
"""Time for a long comparison that names none [s], on a machine that does other things too."""
LONGEST = ("slurm",)  # a part that begins late would keep the others waiting


def process_group(path: Path) -> str:
    """The name of the tests that run in one process with this file: all that share compiled kernels.

    Two processes would compile the same kernels at the same time; the other files are groups of their own.
    """
    if "dem" in path.parts or path.parent.name == "tests":
        return "particles"
    return "balances" if path.parent.name in ("pbm", "coupling") else str(path)


@pytest.fixture(scope="session")
def long_runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of runs of hours, from --runs; without it they begin anew."""
    folder: Path | None = request.config.getoption("--runs")
    return folder.resolve() if folder else tmp_path_factory.mktemp("runs")


def required_components() -> set[str]:
    """The components whose absence fails a test, from DEMPBM_REQUIRE."""
    return {name.strip() for name in os.environ.get("DEMPBM_REQUIRE", "").split(",") if name.strip()}


@pytest.fixture(scope="session")
def require() -> Require:
    """A function of (component, whether it is here, reason if not) that skips, or fails if DEMPBM_REQUIRE names it."""

    def check(component: str, present: bool, reason: str) -> None:
        if present:
            return
        if component in required_components():
            pytest.fail(f"{component} is required (DEMPBM_REQUIRE) and missing: {reason}", pytrace=False)
        pytest.skip(f"{component} is missing: {reason}")

    return check


@pytest.fixture(scope="session")
def cuda_device(require: Require) -> None:
    """Skips unless numba finds a CUDA device."""
    from numba import cuda

    require("cuda", cuda.is_available(), "numba finds no NVIDIA driver or no CUDA device")


@pytest.fixture(scope="session")
def mpi_command(require: Require) -> Callable[[int], list[str]]:
    """A function of the number of ranks: the words to put before a command to run it under MPI."""
    require("mpi", importlib.util.find_spec("mpi4py") is not None, "mpi4py is not installed; pip install 'dempbm[mpi]'")
    require("mpi", shutil.which("mpirun") is not None, "mpirun not found; apt-get install openmpi-bin")
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return lambda ranks: ["mpirun", "--oversubscribe", "-n", str(ranks)]


RENDERING_PROBE = """
import vtk
window = vtk.vtkRenderWindow()
window.SetOffScreenRendering(1)
window.Render()
"""


@pytest.fixture(scope="session")
def renderer(require: Require) -> None:
    """Skips unless VTK can draw without a display; it crashes where it cannot, so a child process tries."""
    require("viz", importlib.util.find_spec("pyvista") is not None, "pyvista is not installed; pip install dempbm[viz]")
    probe = subprocess.run([sys.executable, "-c", RENDERING_PROBE], capture_output=True, timeout=PROBE_LIMIT)
    reason = f"off-screen rendering ended with {probe.returncode}; apt-get install libegl1 libgl1-mesa-dri"
    require("viz", probe.returncode == 0, reason)


@pytest.fixture(scope="session")
def run_on_simulator() -> Simulate:
    """A function that runs a file of tests on numba's CUDA simulator and returns how that ended.

    The simulator is chosen before numba is imported and for the whole process, hence a pytest of its own. Name such a
    file without the prefix `test_`, so that only this finds it.
    """

    def run(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), str(path)]
        environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)

    return run


def outermost_seconds(records: list[tuple[float, Any]]) -> dict[str, float]:
    """Seconds by function of the compile events that no other one contains, from numba's record (time, event)."""
    seconds: dict[str, float] = defaultdict(float)
    depth = 0
    start = 0.0
    for time, event in records:
        if event.is_start:
            start = start if depth else time
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                seconds[function_name(event)] += time - start
    return seconds


def function_name(event: Any) -> str:
    """The function that a compile event is about; numba-cuda does not say it."""
    dispatcher = (event.data or {}).get("dispatcher")
    return dispatcher.py_func.__qualname__ if dispatcher is not None else "kernels for CUDA"


COMPILE_SECONDS: dict[str, float] = defaultdict(float)


@pytest.fixture(scope="session", autouse=True)
def compile_seconds() -> Iterator[None]:
    """Adds up the processor time that numba spends on compiling in this process, for CPU and GPU."""
    kinds = {"numba.core.event": "numba:compile"}
    if importlib.util.find_spec("numba_cuda") and os.environ.get("NUMBA_ENABLE_CUDASIM") != "1":
        kinds["numba.cuda.core.event"] = "numba-cuda:compiler_lock"
    recorders = []
    for name, kind in kinds.items():
        module = importlib.import_module(name)
        recorders.append(processor_time_listener(module))
        module.register(kind, recorders[-1])
    yield
    for recorder in recorders:
        add_compile_seconds(outermost_seconds(recorder.buffer))


def processor_time_listener(events: Any) -> Any:
    """A recorder of numba's events (or those of numba-cuda) that notes the processor time of this thread [s].

    Two processes share the machine with what they start: wall time would tell of them as well.
    """

    class ProcessorTimeListener(events.RecordingListener):  # type: ignore[misc]
        def on_start(self, event: Any) -> None:
            self.buffer.append((thread_time(), event))

        def on_end(self, event: Any) -> None:
            self.buffer.append((thread_time(), event))

    return ProcessorTimeListener()


def add_compile_seconds(seconds: dict[str, float]) -> None:
    """Add seconds by function to those of the whole suite."""
    for function, spent in seconds.items():
        COMPILE_SECONDS[function] += spent


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    add_compile_seconds(getattr(node, "workeroutput", {}).get("compile_seconds", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """More compilation than the limit, in all processes together, fails the suite."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["compile_seconds"] = dict(COMPILE_SECONDS)
    elif sum(COMPILE_SECONDS.values()) > COMPILE_LIMIT:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    longest = sorted(COMPILE_SECONDS.items(), key=lambda item: -item[1])[:5]
    slowest = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in longest)
    total = sum(COMPILE_SECONDS.values())
    terminalreporter.section("numba compile time")
    text = f"{total:.1f} s of {COMPILE_LIMIT:.0f} s; most: {slowest or 'nothing was compiled'}"
    terminalreporter.write_line(text if total <= COMPILE_LIMIT else f"TOO MUCH: {text}")
