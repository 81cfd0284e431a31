"""Progress of a run: a bar on a terminal, plain lines elsewhere, and always a machine-readable log."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from compute.compiling import Compiling

LOG_NAME = "log.jsonl"
LINES_PER_STAGE = 10
SECONDS_BETWEEN_LINES = 15.0
SECONDS_BETWEEN_COMPILING = 5.0


class Progress:
    """Tells a reader and a log how far a run is.

    Args:
        log: file that events are appended to, one JSON object a line; none: no log.
        stream: where a reader looks; a terminal gets a bar, anything else plain lines.
    """

    def __init__(self, log: Path | None = None, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._log = log.open("a", encoding="utf-8") if log is not None else None
        self._bar: Any = _make_bar(self._stream) if self._stream.isatty() else None
        self._task: Any = None
        self._name, self._total, self._done = "", 0.0, 0.0
        self._told, self._told_at, self._began = 0.0, 0.0, 0.0
        self._compiling: Any = None
        self._compiling_told = 0.0

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the bar and the log."""
        if self._bar is not None:
            self._bar.stop()
        if self._log is not None:
            self._log.close()
            self._log = None

    def stage(self, name: str, total: float) -> None:
        """Begin a stage of `total` units of work."""
        self._name, self._total, self._done = name, float(total), 0.0
        self._told, self._began = 0.0, time.monotonic()
        self._told_at = self._began
        self.event("stage", name=name, total=total)
        if self._bar is not None:
            self._task = self._bar.add_task(name, total=total)
        else:
            self._print(name)

    def advance(self, amount: float = 1.0) -> None:
        """Report `amount` more units of work as done."""
        self._done += amount
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, amount)
        elif self._total > 0 and self._line_is_due():
            self._told, self._told_at = self._done, time.monotonic()
            seconds = self._told_at - self._began
            self._print(f"{self._name}: {100 * self._done / self._total:.0f} % after {seconds:.0f} s")

    def message(self, text: str) -> None:
        """Tell the reader one line."""
        self.event("message", text=text)
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            self._print(text)

    def compiling(self, state: Compiling) -> None:
        """Report how far the compilation of a kernel is: on a terminal a bar, else a line now and then."""
        if state.done:
            self.event("compiled", kernel=state.kernel, parts=state.parts, seconds=round(state.seconds, 3))
        if self._bar is not None:
            self._show_compiling(state)
        elif state.parts == 0 or state.done or state.seconds - self._compiling_told >= SECONDS_BETWEEN_COMPILING:
            self._compiling_told = state.seconds
            self._print(compiling_text(state))

    def _show_compiling(self, state: Compiling) -> None:
        if self._compiling is None:
            self._compiling = self._bar.add_task("", total=None)
        self._bar.update(self._compiling, description=compiling_text(state))
        if state.done:
            self._bar.remove_task(self._compiling)
            self._compiling = None

    def event(self, kind: str, **fields: Any) -> None:
        """Append an event to the log: UTC time, kind, and any JSON values."""
        if self._log is not None:
            record = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "kind": kind, **fields}
            self._log.write(json.dumps(record) + "\n")
            self._log.flush()

    def _line_is_due(self) -> bool:
        share = (self._done - self._told) / self._total
        late = time.monotonic() - self._told_at >= SECONDS_BETWEEN_LINES
        return share >= 1 / LINES_PER_STAGE or late or self._done >= self._total > self._told

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def compiling_text(state: Compiling) -> str:
    """Return what a reader hears of a kernel that is being compiled."""
    if state.done:
        return f"compiled {state.kernel} in {state.seconds:.1f} s"
    parts = f": {state.parts} functions, {state.seconds:.0f} s" if state.parts else ""
    return f"compiling {state.kernel} (kernel {state.number}){parts}"


def _make_bar(stream: TextIO) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    )  # fmt: skip
    return Bar(*columns, console=Console(file=stream))
