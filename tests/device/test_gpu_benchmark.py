"""What `make gpu` measures, run small and as plain Python: cases, timing, record, and what is left out for time."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import pytest

import dem.engine
from benchmarks import gpu
from compute import get_backend
from compute.errors import BackendUnavailable
from dem.loops_gather import GatherLoops


def test_workloads_are_measured_and_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """100 spheres of 25 mm in a short drum; the second workload needs more time than is left, and says so."""
    monkeypatch.setattr(gpu, "PACKED", 0.3)
    small, large = gpu.long_drum(100, 0.025, 0.4), gpu.long_drum(10**9, 1e-3, 0.8)
    monkeypatch.setattr(gpu, "WORKLOADS", {"small": small, "large": large})
    path = tmp_path / "record.json"
    measure = gpu.measure
    monkeypatch.setattr(gpu, "measure", lambda workload, backend: measure(workload, backend, 2, 5))
    gpu.run_workloads({"workloads": {}}, ["small", "large"], "python", time.perf_counter() + 600.0, path)
    found = json.loads(path.read_text())["workloads"]
    result = found["small"]
    assert result["particles"] == 100
    assert result["rate"] == pytest.approx(100 / result["step_seconds"])
    assert "of the target" in result["asked"]
    assert "left out" in found["large"]["left_out"]


def test_a_workload_that_fails_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """50 spheres in a heap that they do not fit into; the record says so, and the next workload is tried."""
    monkeypatch.setattr(gpu, "PACKED", 0.9)
    monkeypatch.setattr(gpu, "WORKLOADS", {name: gpu.long_drum(50, 0.025, 0.4) for name in ("one", "two")})
    path = tmp_path / "record.json"
    gpu.run_workloads({"workloads": {}}, ["one", "two"], "python", time.perf_counter() + 600.0, path)
    found = json.loads(path.read_text())["workloads"]
    assert all(
        found[name]["failed"] and "no room for 50 particles" in found[name]["left_out"] for name in ("one", "two")
    )


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


@pytest.mark.parametrize("name", [name for name in gpu.WORKLOADS if name != "dosta-drum"])
def test_heap_fits_into_the_drum(name: str, tmp_path: Path) -> None:
    """All spheres start in a cylinder that holds them at 0.56 and lies inside the drum of radius 0.2 m."""
    workload = gpu.WORKLOADS[name]
    case = workload.case(tmp_path)
    region, diameter = case.particles[0].region, case.classes[0].diameter  # type: ignore[union-attr]
    solids = workload.particles / workload.copies * math.pi / 6.0 * diameter**3
    assert solids / region.volume == pytest.approx(gpu.PACKED)
    assert math.hypot(*region.point[1:]) + region.radius <= 0.2 - 0.9 * diameter
    assert case.wall_speed("drum") == 1.256


def test_asked_and_got() -> None:
    """A rate is to be reached, a step not to be passed, a share of another workload's rate to be reached."""
    assert gpu.verdict({"rate": 2e9, "step_seconds": 1.0}, ("rate", 5e8, 1e9), {}) == "goal reached"
    assert gpu.verdict({"rate": 1e8, "step_seconds": 1.0}, ("rate", 5e8, 1e9), {}) == "0.20 of the target"
    assert gpu.verdict({"rate": 1.0, "step_seconds": 30e-6}, ("step", 40e-6, 20e-6), {}) == "target reached"
    share, copies = ("large", 0.7, 1.0), {"rate": 3.5e8, "step_seconds": 1.0}
    assert gpu.verdict(copies, share, {"large": {"rate": 4e8}}) == "target reached"
    assert gpu.verdict(copies, share, {"large": {"rate": 1e9}}) == "0.50 of the target"
    assert gpu.verdict(copies, share, {"large": {"left_out": "for time"}}) == "no large to compare with"


def test_copies_are_measured_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two drums of 50 spheres: the rate is that of both, beside what one of 100 gives."""
    monkeypatch.setattr(gpu, "PACKED", 0.3)
    monkeypatch.setattr(dem.engine, "make_loops", GatherLoops)
    two = gpu.long_drum(50, 0.025, 0.4)._replace(particles=100, copies=2, asked=None)
    found = gpu.measure(two, "python", 1, 2)
    assert found["particles"] == 100
    assert found["step_seconds"] * found["rate"] == pytest.approx(100)
    assert "100" in gpu.row("two", found | {"asked": ""})
