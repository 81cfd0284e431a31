"""What `make gpu` measures, run small and as plain Python: cases, timing, record, and what is left out for time."""

from __future__ import annotations

import importlib.util
import json
import math
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import dem.engine
from benchmarks import gpu, gpu_balances, gpu_workloads
from benchmarks.gpu_workloads import PACKED, PeerDrum, TimedCase, TimedCopies, Windows, Workload
from compute import get_backend
from compute.cuda import simulated
from compute.errors import BackendUnavailable
from dem.case import DemCase
from dem.case_limits import sphere_count
from dem.loops_gather import GatherLoops
from dem.setup import make_setup
from tests.device.balances import granulation

BACKEND = "cuda" if simulated() else "python"
DEME = """
import json, os, sys

class Thing:
    def __init__(self, device_ids=()):
        print("solver")
    def LoadMaterial(self, values):
        assert set(values) == {"E", "nu", "CoR", "mu", "Crr"}
        return Thing()
    def SetMaterialPropertyPair(self, name, one, other, value): pass
    def LoadSphereType(self, mass, radius, material): return Thing()
    def AddExternalObject(self): return Thing()
    def AddCylinder(self, pos, axis, rad, material, normal=False): pass
    def AddPlane(self, point, normal, material): pass
    def SetMass(self, mass): pass
    def SetMOI(self, moments): pass
    def SetFamily(self, number): pass
    def SetFamilyPrescribedLinVel(self, ID, velX, velY, velZ, dictate=True, pre="none"): velX.strip()
    def SetFamilyPrescribedAngVel(self, ID, velX, velY, velZ, dictate=True, pre="none"): float(velX)
    def AddClumps(self, template, positions): assert isinstance(positions[0][2], float)
    def InstructBoxDomainDimension(self, x, y, z, dir_exact="none"): pass
    def SetTimeStepSize(self, ts): pass
    def SetGravitationalAcceleration(self, acc): pass
    def SetExpandSafetyAdder(self, speed): pass
    def SetVerbosity(self, level): pass
    def Initialize(self, dry_run=False): pass
    def DoDynamicsThenSync(self, duration):
        if os.environ.get("DEME_FAILS"):
            raise RuntimeError("no device")

DEMSolver = Thing
"""
"""The part of DEM-Engine 3.0.19 that is used, with its signatures."""


def small_drum(number: int = 100) -> Callable[[Path], DemCase]:
    return gpu_workloads.drum_maker(number, 0.025, 0.4)


@pytest.fixture(autouse=True)
def loose_heap(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few spheres do not pack as densely as many."""
    monkeypatch.setattr(gpu_workloads, "PACKED", 0.3)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """A function that runs the whole driver on these workloads and returns its record of them."""

    def run(workloads: dict[str, Workload], status: int = 0) -> dict[str, Any]:
        monkeypatch.setattr(gpu, "WORKLOADS", workloads)
        command = ["gpu", "--backend", BACKEND, "--skip-tests", "--results", str(tmp_path)]
        monkeypatch.setattr("sys.argv", command)
        assert gpu.main() == status
        found: dict[str, Any] = json.loads((tmp_path / f"{BACKEND}.json").read_text())
        return found["workloads"]  # type: ignore[no-any-return]

    return run


def test_whole_driver(chosen: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    """A drum of 100 spheres, windows of 60 parcels, and one workload that needs more time than there is."""
    drum = Workload(100, TimedCase(small_drum(), 2, 3), ("rate", 5e8, 1e9))
    windows = Windows(gpu_workloads.DEMO, ("dem.particles.0.mass=0.2 g",), 2)
    huge = Workload(10**12, TimedCase(small_drum(), 2, 3))
    found = chosen({"small": drum, "windows": Workload(60, windows, ("all", 10.0, 10.0)), "huge": huge})
    assert found["small"]["particles"] == 100
    assert found["small"]["rate"] == pytest.approx(100 / found["small"]["step_seconds"])
    assert found["small"]["asked"].endswith("of the target")
    assert found["windows"]["windows"] == 4
    assert found["windows"]["compile_seconds"] < found["windows"]["seconds"]
    assert "of compiling: " in found["windows"]["asked"]
    assert found["huge"]["left_out"].startswith("left out: needs some")
    assert "huge         left out: needs some" in capsys.readouterr().out


def test_a_workload_that_fails_does_not_stop_the_others(
    chosen: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """50 spheres in a heap that they do not fit into; the record says so, and the next workload is tried."""
    monkeypatch.setattr(gpu_workloads, "PACKED", 0.9)
    tight = Workload(50, TimedCase(small_drum(50), 2, 3))
    found = chosen({"one": tight, "two": tight}, status=1)
    for name in ("one", "two"):
        assert found[name]["failed"] and "no room for 50 particles" in found[name]["left_out"]


def test_any_error_is_a_failure_of_one_workload(
    chosen: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:  # fmt: skip
    """What a compiler or a library raises, a TypeError say, does not end the others; the record says where it was."""

    def fail(backend: str, left: float) -> dict[str, Any]:
        assert json.loads((tmp_path / f"{BACKEND}.json").read_text())["tests"]["summary"] == "not run"
        raise TypeError("no matching\n definition")

    well = Workload(100, lambda backend, left: {"particles": 100, "rate": 3.0, "step_seconds": 1.0})
    found = chosen({"one": Workload(1, fail), "two": well}, status=1)
    assert found["one"]["left_out"] == "failed: TypeError: no matching definition"
    assert any("in fail" in line for line in found["one"]["traceback"])
    assert found["two"]["rate"] == 3.0


@pytest.fixture
def deme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DEM-Engine's signatures without its engine."""
    (tmp_path / "deme.py").write_text(DEME, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")


def test_peer(deme: None, chosen: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer's script runs on the same spheres, and what it says stands beside ours; its failure is told."""
    drum = TimedCase(small_drum(), 2, 3)
    ours = Workload(100, lambda backend, left: {"particles": 100, "rate": 3.0, "step_seconds": 1.0})
    peer = Workload(100, PeerDrum(drum, 0.4), beside="ours")
    found = chosen({"ours": ours, "peer": peer})["peer"]
    assert found["particles"] == 100
    assert found["asked"] == f"ours is {3.0 / found['rate']:.2f} times as fast, asked 2"
    monkeypatch.setenv("DEME_FAILS", "1")
    found = chosen({"ours": ours, "peer": peer}, status=1)["peer"]
    assert found["left_out"] == "failed: DEM-Engine ended with 1: RuntimeError: no device"


def test_peer_that_is_missing(chosen: Callable[..., dict[str, Any]]) -> None:
    """Its workload is left out, aloud, and nothing failed."""
    if importlib.util.find_spec("deme") is not None:
        pytest.skip("DEM-Engine is installed")
    found = chosen({"peer": Workload(100, PeerDrum(TimedCase(small_drum(), 2, 3), 0.4))})
    assert "pip install deme" in found["peer"]["left_out"]


def test_time_foreseen() -> None:
    """What a small workload took a larger one takes too; from many on in proportion to the particles."""
    workload = gpu.WORKLOADS["drum-1M"]
    assert gpu.foreseen(workload, []) == 0.0
    assert gpu.foreseen(workload, [(38_000, 20.0)]) == 4 * 20.0
    assert gpu.foreseen(gpu.WORKLOADS["drum-2M"], [(38_000, 20.0), (1_000_000, 15.0)]) == 30.0


def test_without_a_device(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit status 4 with what was looked for, what mends it, and the command to use instead; nothing is written."""
    if get_backend_or_none() is not None:
        pytest.skip("there is a device")
    monkeypatch.setattr("sys.argv", ["gpu"])
    assert gpu.main() == 4
    told = capsys.readouterr().err
    assert "looked for" in told and "--backend cpu" in told and "mend: " in told


def get_backend_or_none() -> object:
    try:
        return get_backend("cuda")
    except BackendUnavailable:
        return None


@pytest.mark.parametrize("name", [name for name in gpu.WORKLOADS if "drum-" in name or "drums-" in name])
def test_heap_fits_into_the_drum(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All spheres start in a cylinder that holds them at 0.56 and lies inside the drum of radius 0.2 m."""
    workload = gpu.WORKLOADS[name]
    copies = workload.run.copies if isinstance(workload.run, TimedCopies) else 1
    timed = workload.run.case if isinstance(workload.run, TimedCopies) else workload.run
    assert isinstance(timed, TimedCase)
    case = timed.make(tmp_path)
    region, diameter = case.particles[0].region, case.classes[0].diameter  # type: ignore[union-attr]
    solids = workload.particles / copies * math.pi / 6.0 * diameter**3
    assert solids / region.volume == pytest.approx(PACKED)
    assert math.hypot(*region.point[1:]) + region.radius <= 0.2 - 0.9 * diameter
    assert case.wall_speed("drum") == 1.256


@pytest.mark.filterwarnings("ignore:.*encountered in", "ignore:.*enlarge the grid")
def test_balances_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them, small, by the loops of a device as plain Python; the granulator gives what it gives without one."""
    monkeypatch.setattr(gpu_balances, "reference", granulation)
    monkeypatch.setattr(gpu_balances, "GRANULATED", 0.02)
    monkeypatch.setattr(gpu_balances, "CELLS", 6)
    monkeypatch.setattr(gpu_balances, "FASTEST", 0.1)
    backend = get_backend("python")
    found = gpu_balances.granulator(backend)
    assert found["steps"] > 0 and found["difference"] < 1e-12
    assert gpu_balances.members(backend, 2)["members"] == 2
    monkeypatch.setattr(gpu_balances, "WORKLOADS", {"two": partial(gpu_balances.components, classes=4), "bad": fail})
    told = gpu_balances.measure_balances("python")
    assert told["two"]["steps"] > 0
    assert told["bad"] == {"left_out": "failed: ValueError: of the compiler", "failed": True}


def fail(backend: object) -> dict[str, Any]:
    raise ValueError("of the compiler")


def test_drum_of_the_comparison(tmp_path: Path) -> None:
    """38 000 spheres of 2 and 4 mm in the published triangles, at 2 rad/s; doi 10.1016/j.cpc.2023.109066."""
    case = gpu_workloads.dosta_drum(tmp_path)
    assert sphere_count(case) == pytest.approx(gpu.WORKLOADS["dosta-drum"].particles, rel=0.01)
    assert [each.diameter for each in case.classes] == [2e-3, 4e-3]
    assert case.wall_speed("walls") == 2.0
    assert make_setup(case).step_size == 8e-7


def test_asked_and_got() -> None:
    """A rate, or a share of another one, is to be reached, a step not to be passed; compiling is told beside."""

    def verdict(result: dict[str, float], asked: tuple[str, float, float], others: Any = None) -> str:
        return gpu.verdict(result, Workload(1, lambda backend, left: {}, asked), others or {})

    assert verdict({"rate": 2e9, "step_seconds": 1.0}, ("rate", 5e8, 1e9)) == "goal reached"
    assert verdict({"rate": 1e8, "step_seconds": 1.0}, ("rate", 5e8, 1e9)) == "0.20 of the target"
    assert verdict({"rate": 1.0, "step_seconds": 30e-6}, ("step", 40e-6, 20e-6)) == "target reached"
    share, copies = ("large", 0.7, 1.0), {"rate": 3.5e8, "step_seconds": 1.0}
    assert verdict(copies, share, {"large": {"rate": 4e8}}) == "target reached"
    assert verdict(copies, share, {"large": {"rate": 1e9}}) == "0.50 of the target"
    assert verdict(copies, share, {"large": {"left_out": "for time"}}) == "no large to compare with"
    windows = {"rate": 1.0, "step_seconds": 1.0, "seconds": 21.0, "compile_seconds": 12.5}
    assert verdict(windows, ("all", 10.0, 10.0)) == "8.5 s and 12.5 s of compiling: goal reached"


def test_copies_are_measured_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two drums of 50 spheres: the rate is that of both."""
    monkeypatch.setattr(dem.engine, "make_loops", GatherLoops)
    found = TimedCopies(TimedCase(small_drum(50), 1, 2), 2)("python", math.inf)
    assert found["particles"] == 100
    assert found["step_seconds"] * found["rate"] == pytest.approx(100)
    assert "100" in gpu.row("two", found | {"asked": ""})
