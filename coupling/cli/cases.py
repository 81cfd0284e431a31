"""Commands about case files: new, check, schema."""

from __future__ import annotations

import json
import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compute.case_model import closest
from compute.errors import CaseError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from coupling.case import Case
    from coupling.checks.finding import Finding

CaseName = Annotated[
    str, typer.Argument(metavar="CASE", help="A case file, its folder, or the name of a shipped case.")
]
Assignments = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a value, such as dem.time.end='2 s'.")
]
REFUSED = 2


def new(
    name: Annotated[str | None, typer.Argument(help="Name of the new folder; none: that of the shipped case.")] = None,
    source: Annotated[
        str, typer.Option("--from", metavar="CASE", help="The shipped case to start from.")
    ] = "high-shear-granulator",
) -> None:
    """Copy a shipped case into a new folder, to be changed there."""
    from coupling.shipped import CASE_FILE, EXPERIMENTS_FILE, shipped_cases

    measured = shipped_cases(EXPERIMENTS_FILE)
    shipped = dict(sorted((shipped_cases() | measured).items()))
    if source not in shipped:
        raise CaseError(
            "no such shipped case", key="--from", value=source, expected=f"one of: {', '.join(shipped)}",
            nearest=closest(source, shipped),
        )  # fmt: skip
    folder = Path(name or source)
    if folder.exists():
        raise CaseError("the folder exists already", value=str(folder), expected="the name of a new folder")
    try:
        shutil.copytree(shipped[source], folder)
    except OSError as error:
        raise CaseError("the folder cannot be made", value=str(folder), expected=error.strerror) from None
    file, word = (EXPERIMENTS_FILE, "calibrate") if source in measured else (CASE_FILE, "check")
    typer.echo(f"{folder / file}\nNext: dempbm {word} {folder}")


def check(
    case: CaseName,
    assignments: Assignments = None,
    probe: Annotated[bool, typer.Option("--probe", help="Run its beginning to predict the wall time here.")] = False,
) -> None:
    """Check a case and predict its size, time, time step, blade strikes and parcel limits, without running it."""
    from coupling.case_file import open_case
    from coupling.checks import check_case, require_device_memory
    from coupling.shipped import find_case

    path = find_case(case)
    checked, document = open_case(path, assignments or ())
    findings = check_case(checked, document)
    if probe and not any(finding.level == "refused" for finding in findings):
        findings.append(_probed(checked))
    _print_findings(findings, str(path))
    if any(finding.level == "refused" for finding in findings):
        raise typer.Exit(REFUSED)
    require_device_memory(checked)


def _probed(case: Case) -> Finding:
    from coupling.checks.effort import clock
    from coupling.checks.finding import Finding
    from coupling.probe import probe_case
    from coupling.progress import Progress

    found = probe_case(case, told=Progress().compiling)
    text = (
        f"The whole run, from {found.moving.rate:.3g} particle-steps/s of the first window, settled and moving"
        f" ({found.settling.rate:.3g} while settling), on {found.threads} threads."
    )
    return Finding("note", "probed-wall-time", text, clock(found.wall_time))


def _print_findings(findings: list, title: str) -> None:  # type: ignore[type-arg]
    from rich.console import Console
    from rich.table import Table

    colours = {"note": "", "warning": "yellow", "refused": "bold red"}
    table = Table("", "what", "value", "limit", "meaning", title=title, title_justify="left", box=None, pad_edge=False)
    for finding in findings:
        mark = "" if finding.level == "note" else finding.level
        row = (mark, finding.name, finding.value, finding.limit, finding.text)
        table.add_row(*row, style=colours[finding.level])
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    Console(width=width, highlight=False, markup=False).print(table)
    refused = sum(finding.level == "refused" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    typer.echo(f"{'refused' if refused else 'can run'}: {refused} refused, {warnings} warnings")


PLAIN_WIDTH = 200


class FileKind(StrEnum):
    """Files that a user writes."""

    CASE = "case"
    EXPERIMENTS = "experiments"
    MEASUREMENTS = "measurements"


def schema(
    kind: Annotated[
        FileKind, typer.Argument(help="experiments: calibrate; measurements: fit-material.")
    ] = FileKind.CASE,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; none: standard output.")] = None,
) -> None:
    """Write the JSON Schema of case files or others, with which editors complete and check them."""
    from coupling.case_file import schema_of

    text = json.dumps(schema_of(_model_of(kind), kind), indent=2) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CaseError("the file cannot be written", value=str(out), expected=error.strerror) from None


def _model_of(kind: FileKind) -> type[BaseModel]:
    if kind is FileKind.EXPERIMENTS:
        from coupling.calibration.experiments import Calibration

        return Calibration
    if kind is FileKind.MEASUREMENTS:
        from coupling.material.experiments import MaterialFit

        return MaterialFit
    from coupling.case import Case

    return Case
