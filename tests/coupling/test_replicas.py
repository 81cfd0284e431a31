"""Copies of a case as one run: each is to the bit what it would be alone; the whole can be stopped and resumed."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from compute.errors import CaseError
from coupling import flock
from coupling.case_file import read_case
from coupling.cli.runs import run
from coupling.interrupt import StopRequest
from coupling.progress import Progress
from coupling.replicas import replicas_of
from coupling.shipped import find_case
from tests.results import assert_same_results

SHORT = ["backend=python", "dem.time.settle=0 s", "dem.time.end=1 ms", "dem.time.step=1 us"]
VARY = ["--replicas", "dem.pairs.0.friction=[0.1, 0.4]", "--replicas", "seed=[1, 2]"]


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", "from coupling.cli import main; main()", *words]


def assignments(*given: str) -> list[str]:
    return [word for assignment in given for word in ("--set", assignment)]


def test_every_combination_is_a_case(tmp_path: Path) -> None:
    """Two values by two seeds: four cases, the last key fastest, on one thread each and without replicas themselves."""
    vary = "replicas={vary: {'dem.pairs.0.friction': [0.1, 0.4], seed: [7, 8]}}"
    found = replicas_of(read_case(find_case("two-spheres"), [*SHORT, vary]), tmp_path)
    assert [(each.case.dem.pairs[0].friction, each.case.seed) for each in found if each.case.dem] == [
        (0.1, 7), (0.1, 8), (0.4, 7), (0.4, 8),
    ]  # fmt: skip
    assert {(each.case.threads, each.case.replicas) for each in found} == {(1, None)}
    assert [each.folder for each in found] == [tmp_path / "replicas" / str(number) for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ("{dem.pairs.0.frictoin: [0.1]}", "did you mean 'friction'"),
        ("{dem.pairs.0.friction: [0.1, -1]}", "replica 2"),
        ("{threads: [1, 2]}", "cannot be varied"),
        ("{seed: []}", "replicas.vary.seed"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, vary: str, message: str) -> None:
    """Before anything runs: the key, the replica, and what was expected."""
    with pytest.raises(CaseError, match=message):
        replicas_of(read_case(find_case("two-spheres"), [*SHORT, f"replicas={{vary: {vary}}}"]), tmp_path)


def test_option_without_values() -> None:
    """`--replicas seed` says what is missing."""
    with pytest.raises(CaseError, match="--replicas"):
        run("two-spheres", replicas=["seed"])


def test_replicas_are_the_runs_they_would_be_alone(tmp_path: Path) -> None:
    """Four copies in one run, and the fourth by itself: the same bits; the table lists them in their order."""
    words = ["two-spheres", "--out", str(tmp_path / "all"), "--threads", "2", *VARY, *assignments(*SHORT)]
    done = subprocess.run(command("run", *words), cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "4 of 4 replicas: 100 %" in done.stderr and "replica 4 (dem.pairs.0.friction = 0.4" in done.stderr
    alone = ["two-spheres", "--out", str(tmp_path / "one"), "--threads", "1"]
    alone += assignments(*SHORT, "dem.pairs.0.friction=0.4", "seed=2")
    subprocess.run(command("run", *alone), cwd=tmp_path, check=True, capture_output=True, timeout=100)
    last = tmp_path / "all" / "replicas" / "4"
    assert_same_results(last / "dem" / "run", tmp_path / "one" / "dem" / "run", ("particles.vtkhdf",))
    assert json.loads((tmp_path / "all" / "manifest.json").read_text())["replicas"] == 4
    with (tmp_path / "all" / "replicas.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["replica"], row["dem.pairs.0.friction"], row["seed"], row["outcome"]) for row in rows] == [
        ("1", "0.1", "1", "done"), ("2", "0.1", "2", "done"), ("3", "0.4", "1", "done"), ("4", "0.4", "2", "done"),
    ]  # fmt: skip


def test_one_that_fails_leaves_the_others(tmp_path: Path) -> None:
    """A step 100 times too long for one of two: exit code 3, the message of that one, and the other is done."""
    words = ["two-spheres", "--out", str(tmp_path / "run"), "--replicas", "dem.time.step=[1 us, 1 ms]"]
    words += assignments(*SHORT, "accept=[time-step]", "dem.time.end=20 ms")
    done = subprocess.run(command("run", *words), cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert done.returncode == 3, done.stderr
    assert "1 of 2 replicas failed" in done.stderr and "replica 2: particle" in done.stderr
    assert "Traceback" not in done.stderr
    outcomes = [
        json.loads((tmp_path / "run" / "replicas" / number / "manifest.json").read_text())["sessions"][-1]["outcome"]
        for number in ("1", "2")
    ]
    assert outcomes == ["done", "failed"]


REPORTS = 200


class SlowProgress(Progress):
    """A reader that takes longer for what is told than those who tell it."""

    def advance(self, amount: float = 1.0) -> None:
        """Report it in 5 ms."""
        time.sleep(5e-3)
        super().advance(amount)


def report_and_fail(folder: Path, number: int, channel: Any) -> None:
    """A replica that has much to tell before it fails."""
    for _ in range(REPORTS):
        channel.put((number, 0.5 / REPORTS, ""))
    channel.put((number, 0.0, "particle 7 left the domain"))
    sys.exit(3)


def test_the_reason_of_a_failure_is_heard_behind_much_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process said last counts though it had said much before and is gone; its share adds up to one."""
    monkeypatch.setattr(flock, "run_one", report_and_fail)
    replicas = replicas_of(read_case(find_case("two-spheres"), [*SHORT, "replicas={vary: {seed: [1]}}"]), tmp_path)
    told = io.StringIO()
    with SlowProgress(None, told) as progress:
        progress.stage("replicas", 1)
        found = flock.Flock(replicas, 1, progress)
        found.run(StopRequest())
    assert found.failed == {1: "particle 7 left the domain"}
    assert re.findall(r"(\d+) % after", told.getvalue())[-1] == "100"


def test_stopped_and_resumed(tmp_path: Path) -> None:
    """SIGUSR1 once the first replica runs: exit code 75; `resume` finishes all, with the bits of an unbroken run."""
    given = assignments(*SHORT, "dem.time.end=30 ms")
    words = ["two-spheres", "--threads", "1", "--replicas", "seed=[1, 2]", *given]
    folder, log = tmp_path / "run", tmp_path / "run" / "replicas" / "1" / "log.jsonl"
    process = subprocess.Popen(command("run", *words, "--out", str(folder)), cwd=tmp_path, stderr=subprocess.PIPE)
    for _ in range(600):
        if log.exists() and "particles" in log.read_text():
            break
        time.sleep(0.1)
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGUSR1)
    assert process.wait(timeout=60) == 75
    assert not (folder / "replicas" / "2" / "dem").exists()
    done = subprocess.run(command("resume", str(folder)), cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    whole = tmp_path / "whole"
    alone = ["two-spheres", "--threads", "1", *given, "--out", str(whole)]
    subprocess.run(command("run", *alone), cwd=tmp_path, check=True, capture_output=True, timeout=100)
    assert_same_results(folder / "replicas" / "1" / "dem" / "run", whole / "dem" / "run", ("particles.vtkhdf",))
