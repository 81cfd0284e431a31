"""Command about pictures: render."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compute.errors import CaseError
from coupling.cli.cases import Assignments, CaseName


def render(
    case: CaseName,
    equipment: Annotated[
        bool, typer.Option("--equipment", help="Show the walls of the case, from three sides.")
    ] = True,
    out: Annotated[Path | None, typer.Option("--out", help="PNG file; none: <case>-equipment.png.")] = None,
    time: Annotated[str, typer.Option("--time", help="Time of the poses after settling, such as '20 ms'.")] = "0 s",
    assignments: Assignments = None,
) -> None:
    """Draw the equipment of a case into a PNG file; needs neither a display nor a graphics library."""
    from coupling.case_file import read_case
    from coupling.report.equipment import draw_equipment, parse_time
    from coupling.shipped import find_case

    checked = read_case(find_case(case), assignments or ())
    if checked.dem is None or not checked.dem.walls:
        raise CaseError("the case has no walls to show", key="dem.walls", expected="at least one wall")
    path = out or Path(f"{checked.name}-equipment.png")
    if not path.parent.is_dir():
        raise CaseError("the file cannot be written", key="--out", value=str(path), expected="a folder that exists")
    picture = draw_equipment(checked.dem, parse_time(time))
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise CaseError("the file cannot be written", value=str(path), expected=error.strerror) from None
    typer.echo(str(path))
