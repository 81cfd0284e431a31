"""A run whose manifest says how it ended, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from compute.device_errors import device_failures_told
from compute.errors import DempbmError, StateSaved
from coupling.progress import LOG_NAME, Progress
from coupling.provenance import end_manifest


def run_recorded(work: Callable[[], dict[str, Any] | None], folder: Path, progress: Progress) -> dict[str, Any]:
    """Do the work of a run; note its outcome and the facts it returns in log and manifest; raises what it raises."""
    try:
        with device_failures_told():
            facts = work() or {}
    except BaseException as error:
        outcome = "saved" if isinstance(error, StateSaved) else "failed"
        told = str(error) if isinstance(error, DempbmError) else type(error).__name__
        progress.event(outcome, text=told)
        end_manifest(folder, outcome, message=told)
        raise
    progress.event("done")
    end_manifest(folder, "done", **facts)
    return facts


def carry_out(folder: Path, work: Callable[[Progress], dict[str, Any] | None]) -> dict[str, Any]:
    """Work with progress and log, and return its facts; whatever happens, the manifest says how it ended."""
    with Progress(folder / LOG_NAME) as progress:
        return run_recorded(lambda: work(progress), folder, progress)
