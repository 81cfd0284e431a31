"""A run that a Slurm time limit stops once ends as if it had never been stopped."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.results import RESULTS, assert_same_datasets

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
CASE = Path(__file__).with_name("case.yaml")
FIRST_BLOCKS = 40
# Slurm looks every 30 s, and as far ahead: the warning comes within 30 s after the start of a job of one minute, and a
# run that takes longer than this meets it, even if the second run is a quarter faster because other tests have ended.
SHORTEST_RUN = 45.0
AIMED_RUN = 54.0
REQUEUE_LIMIT = 260.0  # seconds until the second start must have finished


def timed_run(result: Path, blocks: int) -> float:
    """Run the case to its end in one go; how long it took [s]."""
    start = time.monotonic()
    command = [str(PROGRAMS / "dempbm"), "run", str(CASE), "--out", str(result)]
    command += ["--set", f"dem.statistics.blocks={blocks}"]
    done = subprocess.run(command, cwd=result.parent, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return time.monotonic() - start


def run_uninterrupted(folder: Path) -> tuple[Path, int]:
    """A finished run and its number of blocks, raised until this machine needs longer than the limit leaves."""
    timed_run(folder / "compiles", 1)
    blocks = FIRST_BLOCKS
    for attempt in range(4):
        result = folder / f"uninterrupted-{attempt}"
        seconds = timed_run(result, blocks)
        if seconds > SHORTEST_RUN:
            return result, blocks
        blocks = 1 + int(blocks * min(AIMED_RUN / seconds, 20.0))
    pytest.fail(f"{blocks} blocks are still too few for a run of {SHORTEST_RUN:.0f} s")


def result_files(run: Path) -> list[Path]:
    """The result files of all windows, relative to the run folder."""
    return sorted(path.relative_to(run) for name in RESULTS for path in (run / "dem").glob(f"*/{name}"))


def finish_with_more_time(cluster: Any, job: str, log: Path) -> dict[str, str]:
    """Wait until the job is done, giving it more time once it was requeued, so that the limit strikes once."""
    end = time.monotonic() + REQUEUE_LIMIT
    extended = False
    while time.monotonic() < end:
        fields: dict[str, str] = cluster.job(job)
        if fields.get("Restarts", "0") != "0" and not extended:
            cluster.query("scontrol", "update", f"JobId={job}", "TimeLimit=30")
            extended = True
        if fields.get("JobState") in ("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL"):
            return fields
        time.sleep(0.5)
    pytest.fail(f"not finished after {REQUEUE_LIMIT:.0f} s\n{log.read_text()}\n{cluster.logs()}")


def test_time_limit_leaves_no_trace(slurm_cluster: Any, tmp_path: Path) -> None:
    """The limit strikes, the state is saved, Slurm requeues the job, and the second start finishes it.

    All sums are integers or run in a fixed order and a checkpoint holds the state as it is, so nothing but equality
    to the bit is right.
    """
    uninterrupted, blocks = run_uninterrupted(tmp_path)
    slurm_cluster.start()
    slurm_cluster.environment["PATH"] = f"{PROGRAMS}:{slurm_cluster.environment['PATH']}"
    log, result = tmp_path / "job.log", tmp_path / "requeued"
    job = slurm_cluster.submit(
        "--time=1", "--signal=B:USR1@29", "--cpus-per-task=1", f"--output={log}", str(ROOT / "slurm" / "run.sbatch"),
        str(CASE), str(result), "--set", f"dem.statistics.blocks={blocks}", folder=tmp_path,
    )  # fmt: skip
    fields = finish_with_more_time(slurm_cluster, job, log)
    text = log.read_text()
    assert fields["JobState"] == "COMPLETED", f"{fields}\n{text}\n{slurm_cluster.logs()}"
    assert fields["Restarts"] == "1", text
    assert "dempbm ended with 75" in text, text
    assert "start 1: resume" in text, text
    files = result_files(uninterrupted)
    assert {path.name for path in files} == set(RESULTS)
    assert result_files(result) == files
    for path in files:
        assert_same_datasets(uninterrupted / path, result / path)
