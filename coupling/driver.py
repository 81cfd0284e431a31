"""The driver: from a case to particle windows, laws, population balance, reduced model, export and report.

Each stage writes its result when it is done and reads it when it is there already, so that a resumed run goes on where
the last one stopped. The exchange between the two models is a pure function of stored results.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compute import get_backend
from coupling.case import Case
from coupling.interrupt import StopRequest
from coupling.progress import Progress
from coupling.run_folder import open_run_folder
from coupling.session import Session


def run(case: Case, folder: Path, progress: Progress) -> dict[str, Any]:
    """Carry out a case in its run folder, or go on with it; return facts for the manifest.

    Raises StateSaved when told to stop, and whatever a stage finds wrong.
    """
    fast = case.dem is not None and case.dem.numerics == "fast"
    backend = get_backend(case.backend, case.threads, fast)
    if backend.note:
        progress.message(backend.note)
    with StopRequest() as stop:
        session = Session(case, folder, backend, progress, stop)
        if case.dem is not None and case.coupling is None:
            session.simulate("run", case.dem, 0)
        return session.facts()


def resume(folder: Path, progress: Progress) -> dict[str, Any]:
    """Go on with the run in this folder."""
    return run(open_run_folder(folder), folder, progress)
