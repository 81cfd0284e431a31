"""Commands about the machine: doctor, bench."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compute.errors import MissingComponent
from coupling.cli.cases import Assignments, CaseName

if TYPE_CHECKING:
    from coupling.probe import Probe


def doctor() -> None:
    """Say what this machine offers, what is missing, and how to mend it."""
    from coupling.doctor import examine

    parts = examine()
    for part in parts:
        state = part.found or ("MISSING" if part.needed else "not found")
        typer.echo(f"{part.name:16} {state}")
        if not part.found:
            typer.echo(f"{'':16}   for: {part.serves}\n{'':16}   mend: {part.remedy}")
    missing = [part.name for part in parts if part.needed and not part.found]
    if missing:
        raise MissingComponent(f"needed for every run and missing: {', '.join(missing)}")
    typer.echo("Plain runs are possible.")


def bench(
    case: CaseName = "high-shear-granulator",
    assignments: Assignments = None,
    out: Annotated[Path | None, typer.Option("--json", help="File for the figures as JSON.")] = None,
) -> None:
    """Measure how fast a case runs here: particle-steps per second by phase, start-up, writing, memory."""
    from coupling.case_file import open_case
    from coupling.checks import require_runnable
    from coupling.probe import probe_case
    from coupling.progress import Progress
    from coupling.shipped import find_case

    checked, document = open_case(find_case(case), assignments or ())
    require_runnable(checked, document)
    found = probe_case(checked, told=Progress().compiling)
    for name, value, meaning in _figures(found):
        typer.echo(f"{name:26} {value:>12}  {meaning}")
    if out is not None:
        out.write_text(json.dumps(found.as_dict(), indent=1) + "\n", encoding="utf-8")


def _figures(found: Probe) -> list[tuple[str, str, str]]:
    rows = [
        ("backend", f"{found.backend} x{found.threads}", "and its threads"),
        ("particles", f"{found.moving.particles}", "of the first window"),
        ("first step", f"{found.first_step:.2f} s", "kernels loaded"),
        ("compiled", f"{found.compiled:.2f} s", "spent where the cache had no kernels, and kept"),
    ]
    for name, speed in (("settling", found.settling), ("moving", found.moving)):
        rows += [
            (name, f"{speed.rate / 1e6:.2f} M/s", "particle-steps per second"),
            (
                f"{name}: pair list",
                f"{speed.rebuild_share:.1%}",
                f"of the time, anew every {speed.rebuild_interval:.0f} steps",
            ),
        ]
    return [
        *rows,
        ("output", f"{1e3 * found.output:.1f} ms", "each"),
        ("checkpoint", f"{1e3 * found.checkpoint:.1f} ms", "each"),
        ("memory", f"{found.memory / 1e6:.0f} MB", "largest, program included"),
        *((f"run: {name}", f"{seconds:.1f} s", "predicted") for name, seconds in found.parts.items() if seconds),
        ("run", f"{found.wall_time:.0f} s", "predicted wall time"),
    ]
