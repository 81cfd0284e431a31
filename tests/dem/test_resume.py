"""A run that was stopped, killed or left with a broken checkpoint ends with the bits of one that never was.

Sums are integers or run in a fixed order, and a checkpoint holds the state as it is: nothing but equality is right.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute import get_backend
from compute.errors import CaseError, StateSaved
from coupling.case_file import read_case
from coupling.interrupt import StopRequest
from coupling.progress import Progress
from coupling.run_folder import open_run_folder
from coupling.session import Session
from coupling.shipped import find_case
from dem.case import DemCase
from dem.checkpoint import CheckpointStore
from dem.particles import VX
from dem.simulation import Simulation, Watch, digest
from dem.snapshots import read_snapshot, snapshot_times
from dem.statistics_result import EncounterStatistics
from dem.walls.arrays import GLIDE, SHIFT
from tests.dem.mixer import LAST_STEP, read_mixer, write_mixer
from tests.results import assert_same_results

SEED = 3
LONG = ["--set", "dem.statistics.blocks=20", "--set", "dem.time.checkpoint_interval=1.5 ms"]
START_LIMIT, END_LIMIT = 120.0, 120.0  # seconds, for a machine that also compiles


def make_simulation(source: Path, folder: Path) -> Simulation:
    folder.mkdir(exist_ok=True)
    return Simulation(read_mixer(source), get_backend("cpu", 1), SEED, folder)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished window, in which all that is to be brought back has happened."""
    folder = tmp_path_factory.mktemp("whole")
    simulation = make_simulation(folder, folder / "run")
    statistics = simulation.run()
    assert statistics is not None and simulation.last_step == LAST_STEP
    assert simulation.engine.walls.pose[0, SHIFT] > 2e-5, "the load has not lifted the floor"
    assert simulation.engine.size > 85, "hardly anything was inserted"
    assert statistics.encounters.sum() > 100
    assert (statistics.wall_encounters.sum(axis=(0, 1, 2)) > 0).sum() >= 3
    assert statistics.transitions.sum() > 1000
    return folder / "run"


def stop_at(step: int) -> Watch:
    """A request to stop that comes once this many steps are done."""
    seen = [0]

    def advanced(done: int, total: int) -> None:
        seen[0] = total

    return Watch(advanced=advanced, stop_requested=lambda: seen[0] >= step)


@pytest.mark.parametrize("steps", [[1], [1999], [2000, 5000], [3300, 3301, 9100]])
def test_stopped_and_resumed(tmp_path: Path, uninterrupted: Path, steps: list[int]) -> None:
    """Stopped once or several times, in settling and in the window: every dataset is the same."""
    for step in steps:
        with pytest.raises(StateSaved, match="resume to go on"):
            make_simulation(tmp_path, tmp_path / "run").run(stop_at(step))
    told: list[str] = []
    make_simulation(tmp_path, tmp_path / "run").run(Watch(told=told.append))
    assert any("resumed at step" in text for text in told)
    assert_same_results(uninterrupted, tmp_path / "run")


def test_a_checkpoint_of_another_case_is_refused(tmp_path: Path) -> None:
    """Another seed or gravity is told with the file; another last bit, as of another processor, is the same case."""
    with pytest.raises(StateSaved):
        make_simulation(tmp_path, tmp_path / "run").run(stop_at(1))
    case, backend = read_mixer(tmp_path), get_backend("cpu", 1)
    other = case.model_copy(update={"gravity": (0.0, 0.0, -9.8)})
    for changed, seed in ((case, SEED + 1), (other, SEED)):
        with pytest.raises(CaseError, match=r"checkpoint-\d+\.h5: the checkpoint is of another case or seed"):
            Simulation(changed, backend, seed, tmp_path / "run").run()
    near = case.model_copy(update={"gravity": tuple(np.nextafter(case.gravity, 0.0).tolist())})
    assert near != case
    assert digest(near, SEED) == digest(case, SEED) != digest(other, SEED)


def test_checkpoints_are_written_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every 70 of 1200 steps, none of which another stop falls on before 3500; the bits are those of a run without.

    Two spheres collide meanwhile.
    """
    items = [{"position": [x, 0, 0], "velocity": [-60 * x, 0, 0], "class": "bead"} for x in (-2e-3, 2e-3)]
    case: dict[str, Any] = {
        "gravity": [0, 0, 0], "domain": {"low": [-0.01] * 3, "high": [0.01] * 3},
        "materials": {"glass": {"density": 2500, "youngs_modulus": 1e7}},
        "pairs": [{"between": ["glass", "glass"], "restitution": 0.7, "friction": 0.3}],
        "classes": [{"name": "bead", "diameter": 2e-3, "material": "glass"}],
        "particles": [{"kind": "given", "items": items}],
    }  # fmt: skip
    saved: list[int] = []
    original = Simulation.save
    monkeypatch.setattr(Simulation, "save", lambda self: saved.append(self.engine.step_number) or original(self))
    ends = []
    for name, given in (("asked", {"checkpoint_interval": 70e-5}), ("plain", {})):
        (tmp_path / name).mkdir()
        model = DemCase.model_validate(case | {"time": {"step": 1e-5, "end": 1200e-5} | given})
        simulation = Simulation(model, get_backend("python"), SEED, tmp_path / name)
        simulation.run()
        ends.append(simulation.engine.host_particles().row)
    assert saved == list(range(70, 1200, 70))
    assert ends[0][0, VX] * items[0]["velocity"][0] < 0.0, "they have not collided"
    np.testing.assert_array_equal(*ends)


def test_a_run_is_lengthened(tmp_path: Path) -> None:
    """Run to 0.6 ms, then by the command to 1.2 ms: state and snapshots are those of one run, to the bit.

    The spheres are in contact when the first run ends. A sooner end and one of a window of statistics are refused.
    """
    case = find_case("two-spheres")
    times = ["--set", "dem.time.output_interval=0.3 ms", "--backend", "python"]
    for name, end in (("parts", "0.6 ms"), ("whole", "1.2 ms")):
        given = ["--set", f"dem.time.end={end}", "--set", "dem.time.checkpoint_interval=0.25 ms"]
        subprocess.run(command("run", case, *times, *given, "--out", tmp_path / name), check=True, timeout=END_LIMIT)
    for end, told in (("0.6 ms", "more than 0.0006 s"), ("soon", "time.end")):
        refused = subprocess.run(command("resume", tmp_path / "parts", "--end", end), capture_output=True, text=True)
        assert refused.returncode == 2 and told in refused.stderr
    done = subprocess.run(
        command("resume", tmp_path / "parts", "--end", "1.2 ms"), capture_output=True, text=True, timeout=END_LIMIT
    )
    assert done.returncode == 0, done.stderr
    assert "resumed at step 5000 of 12000" in (tmp_path / "parts" / "log.jsonl").read_text(encoding="utf-8")
    found, expected = (tmp_path / name / "dem" / "run" / "particles.vtkhdf" for name in ("parts", "whole"))
    np.testing.assert_array_equal(snapshot_times(found), snapshot_times(expected))
    assert len(snapshot_times(found)) == 5
    for index in range(5):
        one, other = read_snapshot(found, index), read_snapshot(expected, index)
        for name, values in other.items():
            np.testing.assert_array_equal(one[name], values)
    assert open_run_folder(tmp_path / "parts").dem == open_run_folder(tmp_path / "whole").dem


@pytest.mark.parametrize("keep", ["older", "none"])
def test_broken_checkpoints(tmp_path: Path, uninterrupted: Path, keep: str) -> None:
    """The newest checkpoint is damaged, then both: it goes on from the older one, or says that none can be used."""
    with pytest.raises(StateSaved):
        make_simulation(tmp_path, tmp_path / "run").run(stop_at(6000))
    older, newest = CheckpointStore(tmp_path / "run").paths()
    newest.write_bytes(newest.read_bytes()[:-1000])
    if keep == "none":
        older.write_bytes(b"")
        with pytest.raises(Exception, match="no checkpoint can be used") as caught:
            make_simulation(tmp_path, tmp_path / "run").run()
        assert getattr(caught.value, "exit_code", None) == 3
        return
    told: list[str] = []
    make_simulation(tmp_path, tmp_path / "run").run(Watch(told=told.append))
    assert any(newest.name in text and "broken" in text for text in told)
    assert_same_results(uninterrupted, tmp_path / "run")


def test_same_seed_gives_the_same_bits_and_another_does_not(tmp_path: Path, uninterrupted: Path) -> None:
    """Two runs of one seed are equal; those of another seed start elsewhere."""
    make_simulation(tmp_path, tmp_path / "again").run()
    assert_same_results(uninterrupted, tmp_path / "again")
    other = Simulation(read_mixer(tmp_path), get_backend("python"), SEED + 1)
    one = Simulation(read_mixer(tmp_path), get_backend("python"), SEED)
    assert not np.array_equal(other.engine.host_particles().row, one.engine.host_particles().row)


def test_a_wall_under_a_load_moves_alike_on_any_threads(tmp_path: Path) -> None:
    """One step from one state on one thread and on two: the forces on the wall are summed as whole quanta."""
    with pytest.raises(StateSaved):
        make_simulation(tmp_path, tmp_path / "run").run(stop_at(9100))
    checkpoint, places = CheckpointStore(tmp_path / "run").load_latest(), []
    assert checkpoint is not None
    state = {name[7:]: array for name, array in checkpoint.arrays.items() if name.startswith("engine.")}
    for threads in (1, 2):
        engine = Simulation(read_mixer(tmp_path), get_backend("cpu", threads), SEED).engine
        engine.restore(state)
        before = engine.walls.pose[0].copy()
        engine.run(checkpoint.step + 1)
        assert engine.walls.pose[0, GLIDE] != before[GLIDE] and (engine.touches.wall[: engine.size] == 0).any()
        places.append(engine.walls.pose[0].tobytes())
    assert places[0] == places[1]


@pytest.mark.validate
def test_results_of_one_seed_agree_between_threads(tmp_path: Path, uninterrupted: Path) -> None:
    """Two threads add in another order: wall and pair encounters agree within 5 standard errors, particles exactly."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core only: two threads cannot be tried")
    (tmp_path / "run").mkdir()
    simulation = Simulation(read_mixer(tmp_path), get_backend("cpu", 2), SEED, tmp_path / "run")
    found = simulation.run()
    expected = EncounterStatistics.load(uninterrupted / "statistics.h5")
    assert found is not None
    for name in ("encounters", "wall_encounters"):
        one, other = int(getattr(found, name).sum()), int(getattr(expected, name).sum())
        assert abs(one - other) < 5.0 * np.sqrt(2.0 * (one + other)), name
    assert found.particle_time.sum() == pytest.approx(expected.particle_time.sum(), rel=0.02)


def command(*words: object) -> list[str]:
    return [sys.executable, "-c", "from coupling.cli import main; main()", *map(str, words)]


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The window of a longer run that nothing interrupts."""
    folder = tmp_path_factory.mktemp("long")
    case = read_case(write_mixer(folder), LONG[1::2])
    assert case.dem is not None
    with Progress(folder / "log.jsonl") as progress, StopRequest() as stop:
        Session(case, folder, get_backend("cpu", 1), progress, stop).simulate("run", case.dem, 0)
    return folder / "dem" / "run"


def interrupt(folder: Path, number: signal.Signals, wait: float) -> int:
    """Start the long run, send a signal some seconds after its first checkpoint, and return its exit code."""
    case = write_mixer(folder)
    with open(folder / "output.txt", "w") as output:
        process = subprocess.Popen(
            command("run", case, *LONG, "--out", folder / "run"), cwd=folder, stdout=output, stderr=output
        )
        end = time.monotonic() + START_LIMIT
        while not list((folder / "run").glob("dem/run/checkpoint-*.h5")):
            assert process.poll() is None and time.monotonic() < end, (folder / "output.txt").read_text()
            time.sleep(0.02)
        time.sleep(wait)
        process.send_signal(number)
        return process.wait(timeout=END_LIMIT)


def resume(folder: Path) -> None:
    done = subprocess.run(
        command("resume", folder / "run"), cwd=folder, capture_output=True, text=True, timeout=END_LIMIT
    )
    assert done.returncode == 0, done.stderr


def test_killed_and_resumed(tmp_path: Path, long_run: Path) -> None:
    """SIGKILL some time after the first checkpoint, then `dempbm resume`: the same datasets."""
    assert interrupt(tmp_path, signal.SIGKILL, random.uniform(0.0, 0.6)) == -signal.SIGKILL
    assert not (tmp_path / "run" / "dem" / "run" / "statistics.h5").exists(), "it was over before it was killed"
    resume(tmp_path)
    assert_same_results(long_run, tmp_path / "run/dem/run")


def test_warned_and_resumed(tmp_path: Path, long_run: Path) -> None:
    """SIGUSR1, the scheduler's warning: the state is saved, the exit code is 75, and `dempbm resume` ends the same."""
    assert interrupt(tmp_path, signal.SIGUSR1, 0.3) == 75, (tmp_path / "output.txt").read_text()
    assert "resume" in (tmp_path / "output.txt").read_text()
    resume(tmp_path)
    assert_same_results(long_run, tmp_path / "run/dem/run")


@pytest.mark.validate
@pytest.mark.parametrize("attempt", range(8))
def test_killed_at_any_moment(tmp_path: Path, long_run: Path, attempt: int) -> None:
    """As above at eight moments, and killed a second time while it resumes."""
    assert interrupt(tmp_path, signal.SIGKILL, 0.15 * attempt) == -signal.SIGKILL
    again = subprocess.Popen(command("resume", tmp_path / "run"), cwd=tmp_path, stdout=subprocess.DEVNULL)
    time.sleep(1.0 + 0.3 * attempt)
    again.kill()
    again.wait()
    if not (tmp_path / "run/dem/run/statistics.h5").exists():
        resume(tmp_path)
    assert_same_results(long_run, tmp_path / "run/dem/run")
