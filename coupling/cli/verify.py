"""Command about trust: verify."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compute.errors import CaseError

if TYPE_CHECKING:
    from compute.verification import Check

FAILED = 3
PLAIN_WIDTH = 220


def verify(
    subject: Annotated[str, typer.Argument(metavar="WHAT", help="What to verify: dem or pbm.")],
    cases: Annotated[list[str] | None, typer.Argument(metavar="CASE", help="Cases of the table; none: all.")] = None,
    backend: Annotated[str | None, typer.Option("--backend", help="python, cpu or cuda; none: that of a case.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all checks here too.")] = None,
) -> None:
    """Run the verification cases and compare them with theory and other codes; 0 only if all is within its limit."""
    from coupling.verification import verify as verified

    groups = list(verified(subject, cases or [], backend, lambda text: typer.echo(text, err=True)))
    _print(groups)
    checks = [check for group in groups for check in group]
    if json_file is not None:
        _write(checks, json_file)
    failed = sum(not check.passed for check in checks)
    typer.echo(f"{len(checks) - failed} of {len(checks)} checks within their limits")
    if failed:
        raise typer.Exit(FAILED)


def _print(groups: list[list[Check]]) -> None:
    """Print a line for each quantity: the check that uses most of its limit."""
    from rich.console import Console
    from rich.table import Table

    from coupling.verification import worst

    columns = ("", "case", "quantity (worst of)", "expected", "got", "unit", "error", "limit", "source")
    table = Table(*columns, box=None, pad_edge=False)
    for group in groups:
        check = worst(group)
        numbers = f"{check.expected:.9g}", f"{check.got:.9g}", check.unit, f"{check.error:.1e}", f"{check.limit:.1e}"
        mark, style = ("", "") if check.passed else ("FAILS", "bold red")
        quantity = check.quantity if len(group) == 1 else f"{check.quantity} ({len(group)})"
        table.add_row(mark, check.case, quantity, *numbers, check.source, style=style)
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    Console(width=width, highlight=False, markup=False).print(table)


def _write(checks: list[Check], path: Path) -> None:
    records = [asdict(check) | {"error": check.error, "passed": check.passed} for check in checks]
    try:
        path.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CaseError("the file cannot be written", value=str(path), expected=error.strerror) from None
