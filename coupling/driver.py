"""The driver: from a case to particle windows, laws, population balance, reduced model, export and report.

Each stage writes its result when it is done and reads it when it is there already, so that a resumed run goes on where
the last one stopped. The exchange between the two models is a pure function of stored results.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from compute import get_backend
from compute.base import Backend
from compute.compiling import tell_compiling
from compute.errors import CaseError
from coupling.case import Case
from coupling.interrupt import StopRequest
from coupling.progress import Progress
from coupling.run_folder import ALONE, MODEL, open_run_folder
from coupling.session import Session


def run(case: Case, folder: Path, progress: Progress) -> dict[str, Any]:
    """Carry out a case in its run folder, or go on with it; return facts for the manifest.

    Raises StateSaved when told to stop, and whatever a stage finds wrong.
    """
    with StopRequest() as stop:
        if case.replicas is not None:
            from coupling.flock import run_replicas

            return run_replicas(case, folder, progress, stop)
        backend = backend_of(case, progress)
        session = Session(case, folder, backend, progress, stop)
        with tell_compiling(progress.compiling):
            carry_out(session)
        return session.facts()


def backend_of(case: Case, progress: Progress) -> Backend:
    """Return the backend that a case asks for, and tell what there is to say about it."""
    fast = case.dem is not None and case.dem.numerics.fast
    backend = get_backend(case.backend, case.threads, fast)
    if backend.note:
        progress.message(backend.note)
    return backend


def carry_out(session: Session) -> None:
    """Carry out all stages of the case of a session."""
    case = session.case
    if case.coupling is not None:
        from coupling.chain import carry_out as carry_out_both

        carry_out_both(session)
    elif case.dem is not None:
        session.simulate(ALONE, case.dem, 0)
        session.timed("report", lambda: report_run(case, session.folder))
    elif case.blending is not None:
        from coupling.chain import blend_alone

        blend_alone(session)
    else:
        from coupling.chain import balance_alone

        balance_alone(session)


def resume(folder: Path, progress: Progress) -> dict[str, Any]:
    """Go on with the run in this folder."""
    return run(open_run_folder(folder), folder, progress)


def export_run(case: Case, folder: Path, interface: Literal[2, 3]) -> Path:
    """Write FMU and card of a finished run again.

    Raises:
        CaseError: the run has no reduced model.
    """
    from coupling.chain import export_model
    from coupling.reduced.description import Description

    if not (folder / MODEL).exists():
        raise CaseError("the run has no reduced model", value=str(folder), expected="a finished run of a coupled case")
    chosen = case.model_copy(update={"export": case.export.model_copy(update={"fmi": interface})})
    return export_model(chosen, folder, Description.load(folder / MODEL), print).path


def report_run(case: Case, folder: Path) -> Path:
    """Write the report of a run from what its folder holds, finished or not, and return its path."""
    from coupling.report.page import write_report

    return write_report(case, folder)
