"""The command line: exit codes, messages, run folders and what a light command imports."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compute.errors import SimulationError, StateSaved
from coupling.cli import main
from coupling.cli import runs as runs_module
from coupling.doctor_part import Part
from tests.coupling.case_text import line_of, write_small

Call = Callable[..., int]
ATTEMPTS, LONGEST = 3, 3.0
HEAVY = ("numba", "scipy", "h5py")


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Return a function that runs `dempbm` with arguments in an empty folder and returns its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["dempbm", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        return int(left.value.code or 0)

    return run


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Replace the simulation behind `run` and `resume` by one that writes a file; return the folders it ran in."""
    folders: list[Path] = []

    def simulate(case: Any, folder: Path, progress: Any) -> dict[str, Any]:
        folders.append(folder)
        (folder / "result.json").write_text("{}", encoding="utf-8")
        return {"particle_steps_per_second": 1.0e7, "particle_steps": 1.0e9}

    monkeypatch.setattr(runs_module, "_run_chain", simulate)
    monkeypatch.setattr(runs_module, "_resume_chain", simulate)
    monkeypatch.setattr(runs_module, "_require_backend", lambda case: None)
    return folders


@pytest.mark.parametrize(
    "arguments", [("--help",), ("check", "high-shear-granulator"), ("schema",), ("run", "--help"), ("--version",)]
)
def test_light_commands_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """They answer within a second on an idle machine; a busy one gets three seconds, and three attempts."""
    code = (
        "import sys\nfrom coupling.cli import main\ntry:\n    main()\nexcept SystemExit as left:\n"
        f"    assert not left.code, left.code\nprint([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    seconds = []
    for _ in range(ATTEMPTS):
        began = time.monotonic()
        answer = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
        seconds.append(time.monotonic() - began)
        assert answer.returncode == 0, answer.stderr
        assert answer.stderr.splitlines()[-1] == "[]"
        if seconds[-1] < LONGEST:
            return
    pytest.fail(f"{arguments} took {seconds} s")


def test_check_tells_and_leaves_zero(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check", write_small(tmp_path)) == 0
    told = capsys.readouterr().out
    assert "blade-strike-overlap" in told
    assert "can run: 0 refused" in told


def test_check_refuses_with_two(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check", write_small(tmp_path), "--set", "dem.time.step=20 us") == 2
    assert "refused" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("dem.tiem.step=1", "did you mean 'time'"),
        ("dem.time.step=20 us", "time-step"),
        ("backend=gpu", "one of: python"),
    ],
)
def test_a_wrong_case_leaves_two_and_no_folder(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str], chain: list[Path], change: str, told: str
) -> None:
    assert call("run", write_small(tmp_path), "--set", change) == 2
    message = capsys.readouterr().err
    assert told in message
    assert "Traceback" not in message
    assert not (tmp_path / "runs").exists()
    assert not chain


def test_unknown_cases_are_named(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check", "rotating-drumm") == 2
    assert "did you mean 'rotating-drum'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [("chek",), ("run",), ("run", "gas", "--threads", "two"), ("check", "gas", "--bad")]
)
def test_wrong_commands_leave_two(call: Call, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("option", [("--threads", "0"), ("--backend", "gpu"), ("--fmi", "4")])
def test_wrong_options_of_run_leave_two(
    call: Call, tmp_path: Path, option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("run", write_small(tmp_path), *option) == 2
    assert "command line: " in capsys.readouterr().err


def test_new_copies_a_case_that_checks(call: Call, tmp_path: Path) -> None:
    assert call("new", "mine") == 0
    assert {"case.yaml", "feed.csv", "LICENSE", "README.md"} <= {entry.name for entry in (tmp_path / "mine").iterdir()}
    assert call("check", "mine") == 0


def test_new_copies_experiments_too(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("new", "--from", "twin-screw-calibration") == 0
    assert (tmp_path / "twin-screw-calibration" / "experiments.yaml").is_file()
    assert "Next: dempbm calibrate twin-screw-calibration" in capsys.readouterr().out


def test_new_overwrites_nothing(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    assert call("new", "mine", "--from", "gas") == 2
    assert "exists already" in capsys.readouterr().err
    assert call("new", "other", "--from", "gass") == 2
    assert "did you mean 'gas'?" in capsys.readouterr().err


def test_runs_get_folders_of_their_own(call: Call, tmp_path: Path, chain: list[Path]) -> None:
    """A run never overwrites another; the resolved case and the manifest lie beside what it wrote."""
    path = write_small(tmp_path)
    assert call("run", path, "--threads", 2, "--set", "dem.numerics=mixed") == 0
    assert call("run", path) == 0
    assert chain == [tmp_path / "runs" / "small" / "1", tmp_path / "runs" / "small" / "2"]
    manifest = json.loads((chain[0] / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["threads"] == 2
    assert manifest["numerics"] == {"arithmetic": "exact", "precision": "mixed"}
    assert str(path) in manifest["inputs"]
    assert set(manifest["outputs"]) == {"result.json"}
    assert manifest["sessions"][0]["outcome"] == "done"
    assert "threads: 2" in (chain[0] / "case.yaml").read_text(encoding="utf-8")
    last = (chain[0] / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(last)["kind"] == "done"


def test_a_long_run_improves_the_prediction(
    call: Call, tmp_path: Path, chain: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_small(tmp_path)
    assert call("run", path) == 0
    assert call("check", path) == 0
    assert "measured here by an earlier run" in capsys.readouterr().out


def test_out_must_be_empty(call: Call, tmp_path: Path, chain: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path)
    assert call("run", path, "--out", tmp_path / "there") == 0
    assert call("run", path, "--out", tmp_path / "there") == 2
    assert "not empty" in capsys.readouterr().err


def test_resume_needs_a_run(call: Call, tmp_path: Path, chain: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert call("resume", tmp_path) == 2
    assert "not a run folder" in capsys.readouterr().err
    assert call("run", write_small(tmp_path), "--out", tmp_path / "there") == 0
    assert call("resume", tmp_path / "there") == 0
    manifest = json.loads((tmp_path / "there" / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["sessions"]) == 2


@pytest.mark.parametrize(
    ("error", "code", "outcome"),
    [(SimulationError("particle 7 exploded"), 3, "failed"), (StateSaved("saved at step 12"), 75, "saved")],
)
def test_failures_have_their_code_and_are_recorded(
    call: Call,
    tmp_path: Path,
    chain: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    outcome: str,
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(runs_module, "_run_chain", fail)
    assert call("run", write_small(tmp_path), "--out", tmp_path / "there") == code
    assert str(error) in capsys.readouterr().err
    manifest = json.loads((tmp_path / "there" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sessions"][-1]["outcome"] == outcome


def test_our_defect_leaves_one_and_a_file(
    call: Call,
    tmp_path: Path,
    chain: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The traceback goes to a file that the message names, not to the terminal."""
    monkeypatch.setattr(runs_module, "_run_chain", lambda *_: 1 // 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert call("run", write_small(tmp_path)) == 1
    message = capsys.readouterr().err
    assert "our defect" in message
    assert "Traceback" not in message
    report = next(tmp_path.glob("dempbm-*.txt"))
    assert str(report) in message
    assert "ZeroDivisionError" in report.read_text(encoding="utf-8")


def test_absent_device_is_an_error_before_a_folder(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """cuda asked for and absent is never replaced by the CPU."""
    from compute.errors import BackendUnavailable

    def absent(*_: Any, **__: Any) -> None:
        raise BackendUnavailable("no CUDA device: looked for libcuda.so.1")

    monkeypatch.setattr("compute.get_backend", absent)
    assert call("run", write_small(tmp_path), "--backend", "cuda") == 4
    assert "looked for libcuda.so.1" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_doctor_finds_what_plain_runs_need(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("doctor") == 0
    told = capsys.readouterr().out
    for name in ("Python", "numba", "libgomp", "threading layer", "C compiler", "CUDA driver", "EGL", "Slurm", "MPI"):
        assert name in told


def test_doctor_names_the_remedy(
    call: Call, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = Part("numba", "", True, "everything", "pip install numba")
    monkeypatch.setattr("coupling.doctor.examine", lambda: [missing])
    assert call("doctor") == 4
    told = capsys.readouterr()
    assert "mend: pip install numba" in told.out
    assert "missing: numba" in told.err


def test_schema_goes_to_a_file(call: Call, tmp_path: Path) -> None:
    assert call("schema", "--out", tmp_path / "case.json") == 0
    assert json.loads((tmp_path / "case.json").read_text(encoding="utf-8"))["title"] == "dempbm case"
    assert call("schema", "--out", tmp_path / "absent" / "case.json") == 2
    for kind, keys in (("experiments", {"parameters", "experiments", "pbm"}), ("measurements", {"confirmations"})):
        assert call("schema", kind, "--out", tmp_path / "other.json") == 0
        found = json.loads((tmp_path / "other.json").read_text(encoding="utf-8"))
        assert found["title"] == f"dempbm {kind}" and keys <= set(found["properties"])
    assert call("schema", "results") == 2


def test_export_knows_two_versions(
    call: Call, tmp_path: Path, chain: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("run", write_small(tmp_path), "--out", tmp_path / "there") == 0
    assert call("export", tmp_path / "there", "--fmi", 5) == 2
    assert "expected 2 or 3" in capsys.readouterr().err


def test_a_fault_found_while_packing_names_the_line(call: Call, tmp_path: Path, capsys: Any) -> None:
    """A sphere of 2 mm finds no room in the 1.9 mm between the floor and the end of its region: told with its place."""
    path = write_small(
        tmp_path,
        "low: [5 mm, 5 mm, 10 mm]\n        high: [35 mm, 35 mm, 35 mm]\n      number: 100",
        "low: [5 mm, 30 mm, 0]\n        high: [35 mm, 38 mm, 2.5 mm]\n      number: 2",
    )
    assert call("run", path, "--threads", 1, "--set", "dem.walls.floor.point=[0, 0, 0.6 mm]") == 2
    told = capsys.readouterr().err.splitlines()[-1]
    place = f"{path}:{line_of(path, 'region:')}: dem.particles.0.region"
    assert told.startswith(f"dempbm: {place}: the region has no room for 2 particles")
