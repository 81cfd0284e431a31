"""The commands by name; what a command needs is imported when it runs, so that light commands stay light."""

from __future__ import annotations

import typer

from coupling.cli.calibration import calibrate, fit_material
from coupling.cli.cases import check, new, schema
from coupling.cli.machine import bench, doctor
from coupling.cli.pictures import render
from coupling.cli.runs import export, report, resume, run
from coupling.cli.verify import verify

application = typer.Typer(
    name="dempbm",
    help="From particle collisions to a reduced granulation model: DEM, population balance and FMU in one chain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from compute.product import product_version

        typer.echo(f"dempbm {product_version()}")
        raise typer.Exit


@application.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """From particle collisions to a reduced granulation model: DEM, population balance and FMU in one chain."""


for command in (
    new,
    check,
    render,
    run,
    resume,
    export,
    report,
    calibrate,
    fit_material,
    verify,
    doctor,
    bench,
    schema,
):
    application.command()(command)
