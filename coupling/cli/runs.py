"""Commands about runs: run, resume, export, report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from compute.errors import CaseError
from coupling.cli.cases import Assignments, CaseName

if TYPE_CHECKING:
    from coupling.case import Case
    from coupling.case_document import CaseDocument
    from coupling.progress import Progress

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run, such as runs/two-spheres/1.")]
Fmi = Annotated[int | None, typer.Option("--fmi", metavar="2|3", help="Version of FMI; none: that of the case.")]
Chain = Callable[["Case", Path, "Progress"], dict[str, Any] | None]


def run(
    case: CaseName,
    assignments: Assignments = None,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder; none: runs/<case>/<next number>.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="CPU threads; none: that of the case.")] = None,
    backend: Annotated[str | None, typer.Option("--backend", help="python, cpu or cuda.")] = None,
    fmi: Fmi = None,
    replicas: Annotated[
        list[str] | None,
        typer.Option("--replicas", metavar="KEY=[VALUES]", help="Run a copy for each value, side by side; repeatable."),
    ] = None,
) -> None:
    """Run a case from beginning to end into a new run folder."""
    from coupling.case_file import open_case
    from coupling.checks import require_meshes, require_runnable
    from coupling.provenance import begin_manifest
    from coupling.run_folder import make_run_folder
    from coupling.shipped import find_case

    path = find_case(case)
    changes = {"threads": threads, "backend": backend, "export.fmi": fmi}
    given = [f"{key}={value}" for key, value in changes.items() if value is not None]
    checked, document = open_case(path, [*(assignments or ()), *given, *_vary(replicas or ())])
    warnings = require_runnable(checked, document)
    require_meshes(checked)
    _require_backend(checked)
    _require_replicas(checked)
    folder = make_run_folder(checked, out)
    begin_manifest(folder, checked, path, sys.argv)
    for warning in warnings:
        typer.echo(f"warning: {warning.name}: {warning.text}", err=True)
    try:
        _carry_out(checked, folder, _run_chain)
    except CaseError as error:
        raise _placed(error, document) from None


def _placed(error: CaseError, document: CaseDocument) -> CaseError:
    """Return an error of the case, found on the way, with file and line of its key."""
    if error.file is not None or error.key is None:
        return error
    file, line = document.place_of(error.key)
    return CaseError(
        error.problem, file=file, line=line, key=error.key, value=error.value, expected=error.expected,
        nearest=error.nearest,
    )  # fmt: skip


def _vary(replicas: Sequence[str]) -> list[str]:
    """Return the assignment to `replicas.vary` that --replicas stands for."""
    pairs = [entry.partition("=") for entry in replicas]
    for key, separator, values in pairs:
        if not separator or not key.strip() or not values.strip():
            raise CaseError("cannot be read", key="--replicas", value=key, expected="KEY=[VALUES], such as seed=[1, 2]")
    inner = ", ".join(f"{json.dumps(key.strip())}: {values}" for key, _, values in pairs)
    return [f"replicas={{vary: {{{inner}}}}}"] if pairs else []


def resume(
    folder: RunFolder,
    end: Annotated[
        str | None, typer.Option("--end", metavar="TIME", help="Run particles on to a later dem.time.end.")
    ] = None,
) -> None:
    """Continue an interrupted run from its last good checkpoint, or a calibration from its last finished search."""
    from coupling.cli.calibration import resume_fitting
    from coupling.provenance import resume_manifest
    from coupling.run_folder import lengthen, open_run_folder

    if end is None and resume_fitting(folder):
        return
    case = open_run_folder(folder) if end is None else lengthen(folder, end)
    _require_backend(case)
    resume_manifest(folder, sys.argv)
    _carry_out(case, folder.resolve(), _resume_chain)


def export(folder: RunFolder, fmi: Fmi = None) -> None:
    """Write the FMU and card of a finished run again, for FMI 2.0 or 3.0."""
    from coupling.run_folder import open_run_folder

    case = open_run_folder(folder)
    version = fmi if fmi is not None else case.export.fmi
    if version not in (2, 3):
        raise CaseError("no such version", key="--fmi", value=version, expected="2 or 3")
    from coupling.driver import export_run

    typer.echo(str(export_run(case, folder.resolve(), _fmi(version))))


def _fmi(version: int) -> Literal[2, 3]:
    return 3 if version == 3 else 2


def report(folder: RunFolder) -> None:
    """Write the report of a run again."""
    from coupling.run_folder import open_run_folder

    case = open_run_folder(folder)
    from coupling.driver import report_run

    typer.echo(str(report_run(case, folder.resolve())))


def _require_backend(case: Case) -> None:
    """Refuse a backend that is not there before a folder is made; BackendUnavailable says what was looked for."""
    from compute import get_backend

    get_backend(case.backend, threads=case.threads)
    from coupling.checks import require_device_memory

    require_device_memory(case)


def _require_replicas(case: Case) -> None:
    """Refuse replicas that cannot run before a folder is made."""
    if case.replicas is None:
        return
    from coupling.checks import require_runnable
    from coupling.replicas import replicas_of

    for replica in replicas_of(case, Path.cwd()):
        require_runnable(replica.case)


def _run_chain(case: Case, folder: Path, progress: Progress) -> dict[str, Any] | None:
    from coupling.driver import run as run_case

    return run_case(case, folder, progress)


def _resume_chain(case: Case, folder: Path, progress: Progress) -> dict[str, Any] | None:
    from coupling.driver import resume as resume_case

    return resume_case(folder, progress)


def _carry_out(case: Case, folder: Path, chain: Chain) -> None:
    from coupling.recorded import carry_out

    facts = carry_out(folder, lambda progress: chain(case, folder, progress))
    _remember(case, facts)
    typer.echo(str(folder))


TELLING_PARTICLE_STEPS = 1e8  # a smaller run mostly measures set-up and compilation


def _remember(case: Case, facts: dict[str, Any]) -> None:
    from coupling.checks.effort import remember_rate
    from coupling.provenance import available_cores

    rate = facts.get("particle_steps_per_second")
    if rate and facts.get("particle_steps", 0.0) >= TELLING_PARTICLE_STEPS:
        remember_rate(case.backend, case.threads or available_cores(), float(rate))
