"""Progress off a terminal: a few plain lines, and every event in the log."""

from __future__ import annotations

import io
import json
from pathlib import Path

from compute.compiling import Compiling
from coupling.progress import Progress


def test_plain_lines_are_few_and_reach_the_end(tmp_path: Path) -> None:
    """A thousand steps give the name and ten lines, the last at 100 %."""
    stream = io.StringIO()
    with Progress(tmp_path / "log.jsonl", stream) as progress:
        progress.stage("window", 1000)
        for _ in range(1000):
            progress.advance()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "window"
    assert 10 <= len(lines) - 1 <= 11
    assert lines[-1].startswith("window: 100 %")


def test_log_is_json_and_grows(tmp_path: Path) -> None:
    """A resumed run appends to the log of the first."""
    for number in (1, 2):
        with Progress(tmp_path / "log.jsonl", io.StringIO()) as progress:
            progress.event("checkpoint", step=number)
            progress.message("hello")
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [record.get("step") for record in records] == [1, None, 2, None]
    assert all(record["time"].endswith("+00:00") for record in records)


def test_compilation_is_told_now_and_then(tmp_path: Path) -> None:
    """A line when a kernel begins, one each five seconds, one when it is ready; the log keeps what it took."""
    stream = io.StringIO()
    with Progress(tmp_path / "log.jsonl", stream) as progress:
        for parts in range(120):
            progress.compiling(Compiling("dem.step.run", 3, parts, 0.1 * parts, False))
        progress.compiling(Compiling("dem.step.run", 3, 120, 12.0, True))
    assert stream.getvalue().splitlines() == [
        "compiling dem.step.run (kernel 3)",
        "compiling dem.step.run (kernel 3): 50 functions, 5 s",
        "compiling dem.step.run (kernel 3): 100 functions, 10 s",
        "compiled dem.step.run in 12.0 s",
    ]
    (record,) = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (record["kind"], record["kernel"], record["seconds"]) == ("compiled", "dem.step.run", 12.0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_compilation_is_a_bar_of_its_own_on_a_terminal() -> None:
    """It is there while the kernel is compiled, below that of the stage, and gone afterwards."""
    stream = Terminal()
    with Progress(None, stream) as progress:
        progress.stage("particles", 10)
        progress.compiling(Compiling("dem.step.run", 1, 7, 1.0, False))
        progress._bar.refresh()
        seen = stream.getvalue()
        progress.compiling(Compiling("dem.step.run", 1, 9, 2.0, True))
        left = [task.description for task in progress._bar.tasks]
    assert "compiling dem.step.run (kernel 1): 7 functions, 1 s" in " ".join(seen.split())
    assert left == ["particles"]
