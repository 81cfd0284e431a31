"""Replicas on a device, whose launches are common: run folders, failures, and what a resumed run goes on with.

The loops are those of the device, run as plain Python on particles as they are there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import coupling.driver
import coupling.together
import dem.engine
from compute import get_backend
from compute.errors import SimulationError, StateSaved
from coupling.case import Case
from coupling.case_file import read_case
from coupling.driver import run
from coupling.flock import run_replicas
from coupling.interrupt import StopRequest
from coupling.progress import Progress
from coupling.run_folder import make_run_folder
from coupling.shipped import find_case
from dem.loops_gather import GatherLoops
from tests.results import assert_same_results

SHORT = ["dem.time.settle=0 s", "dem.time.end=0.2 ms", "dem.time.step=1 us", "accept=[time-step]"]
RESULTS = ("particles.vtkhdf",)


@pytest.fixture(autouse=True)
def loops_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also without the reports, which take longer than such short runs and are not what is compared."""
    monkeypatch.setattr(coupling.driver, "report_run", lambda case, folder: folder)
    monkeypatch.setattr(dem.engine, "make_loops", GatherLoops)
    monkeypatch.setattr(coupling.together, "backend_of", lambda case, progress: get_backend("python"))


def case_of(*assignments: str) -> Case:
    return read_case(find_case("two-spheres"), [*SHORT, *assignments])


def replicas(vary: str, *assignments: str) -> Case:
    return case_of("backend=cuda", f"replicas={{vary: {vary}}}", *assignments)


def carry_out(case: Case, folder: Path, stop: StopRequest | None = None) -> dict[str, Any]:
    if not folder.exists():
        make_run_folder(case, folder)
    return run_replicas(case, folder, Progress(), StopRequest() if stop is None else stop)


def outcomes(folder: Path, numbers: range) -> list[str]:
    manifests = [json.loads((folder / "replicas" / str(number) / "manifest.json").read_text()) for number in numbers]
    return [manifest["sessions"][-1]["outcome"] for manifest in manifests]


def test_each_is_what_it_is_alone(tmp_path: Path) -> None:
    """Two of other friction: one launch held both, and the second is the run of its values alone, to the bit."""
    case = replicas("{'dem.pairs.0.friction': [0.1, 0.4]}")
    facts = carry_out(case, tmp_path / "all")
    assert facts == {"replicas": 2, "launches": [[1, 2]]}
    alone = case_of("backend=python", "dem.pairs.0.friction=0.4")
    run(alone, make_run_folder(alone, tmp_path / "one"), Progress())
    assert_same_results(tmp_path / "all" / "replicas" / "2" / "dem" / "run", tmp_path / "one" / "dem" / "run", RESULTS)
    assert (tmp_path / "all" / "replicas.csv").read_text().count("done") == 2


def test_one_that_fails_leaves_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A step a thousand times too long for one: its particle and step are named, and the other is done."""
    case = replicas("{'dem.time.step': [1 ms, 10 us]}", "dem.time.end=5 ms")
    with pytest.raises(SimulationError, match=r"1 of 2 replicas failed\nreplica 1: particle \d at .* step \d+\)"):
        carry_out(case, tmp_path / "run")
    assert outcomes(tmp_path / "run", range(1, 3)) == ["failed", "done"]
    assert "replica 2 (dem.time.step = 10 us): done" in capsys.readouterr().err


class AfterLooks(StopRequest):
    """Asks to stop once it was looked at so many times."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def __bool__(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_stopped_and_resumed(tmp_path: Path) -> None:
    """Told to stop at step 500, all save their state; they go on with the bits of a run that was not stopped."""
    case: Any = replicas("{seed: [1, 2]}", "dem.time.end=0.51 ms")
    with pytest.raises(StateSaved, match="0 of 2 replicas are done"):
        carry_out(case, tmp_path / "all", AfterLooks(2))
    assert outcomes(tmp_path / "all", range(1, 3)) == ["saved", "saved"]
    for name in ("all", "whole"):
        carry_out(case, tmp_path / name)
    for number in ("1", "2"):
        found, whole = (tmp_path / name / "replicas" / number / "dem" / "run" for name in ("all", "whole"))
        assert_same_results(found, whole, RESULTS)
