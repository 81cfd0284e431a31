"""Command about the machine: doctor."""

from __future__ import annotations

import typer

from compute.errors import MissingComponent


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
