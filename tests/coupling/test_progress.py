"""Progress off a terminal: a few plain lines, and every event in the log."""

from __future__ import annotations

import io
import json
from pathlib import Path

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
