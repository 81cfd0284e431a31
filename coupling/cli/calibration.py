"""Command about measurements: calibrate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coupling.cli.cases import Assignments
from coupling.cli.runs import carry_out

if TYPE_CHECKING:
    from coupling.calibration.problem import Problem

Experiments = Annotated[
    str,
    typer.Argument(metavar="EXPERIMENTS", help="An experiments file, its folder, or the name of a shipped one."),
]


def calibrate(
    experiments: Experiments,
    assignments: Assignments = None,
    out: Annotated[Path | None, typer.Option("--out", help="Result folder; none: runs/<name>/<next number>.")] = None,
) -> None:
    """Fit parameters of a population balance to measured sizes, moisture and residence times, with their errors."""
    from coupling.calibration.driver import make_calibration_folder
    from coupling.calibration.problem import read_problem
    from coupling.case_file import input_files
    from coupling.provenance import begin_record
    from coupling.shipped import EXPERIMENTS_FILE, find_case

    path = find_case(experiments, EXPERIMENTS_FILE)
    problem = read_problem(path, assignments or ())
    folder = make_calibration_folder(problem, out)
    settings = problem.calibration
    begin_record(folder, settings.name, settings.seed, [path, *input_files(settings)], sys.argv)
    _carry_out(problem, folder)


def is_calibration(folder: Path) -> bool:
    """Tell whether a folder was made by `calibrate`."""
    from coupling.shipped import EXPERIMENTS_FILE

    return (folder / EXPERIMENTS_FILE).is_file()


def resume_calibration(folder: Path) -> None:
    """Go on with a calibration whose folder exists."""
    from coupling.calibration.problem import read_problem
    from coupling.provenance import resume_manifest
    from coupling.shipped import EXPERIMENTS_FILE

    problem = read_problem(folder / EXPERIMENTS_FILE)
    resume_manifest(folder, sys.argv)
    _carry_out(problem, folder.resolve())


def _carry_out(problem: Problem, folder: Path) -> None:
    from coupling.calibration.driver import run_calibration
    from coupling.calibration.report import REPORT_NAME

    carry_out(folder, lambda progress: run_calibration(problem, folder, progress))
    typer.echo((folder / REPORT_NAME).read_text(encoding="utf-8"))
    typer.echo(str(folder))
