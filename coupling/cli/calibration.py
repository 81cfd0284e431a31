"""Commands about measurements: calibrate, fit-material."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coupling.cli.cases import Assignments
from coupling.cli.runs import carry_out

if TYPE_CHECKING:
    from coupling.calibration.problem import Problem
    from coupling.material.problem import MaterialProblem

Experiments = Annotated[
    str,
    typer.Argument(metavar="EXPERIMENTS", help="An experiments file, its folder, or the name of a shipped one."),
]
Measurements = Annotated[
    str,
    typer.Argument(metavar="MEASUREMENTS", help="A file of bench tests, its folder, or the name of a shipped one."),
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


def fit_material(
    measurements: Measurements,
    assignments: Assignments = None,
    out: Annotated[Path | None, typer.Option("--out", help="Result folder; none: runs/<name>/<next number>.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Runs beside each other; none: one a core.")] = None,
) -> None:
    """Find friction and adhesion for measured angles of repose, densities and shear stresses, by simulations."""
    from coupling.case_file import input_files
    from coupling.material.driver import make_fit_folder
    from coupling.material.problem import read_material_problem
    from coupling.provenance import begin_record
    from coupling.shipped import MEASUREMENTS_FILE, find_case

    path = find_case(measurements, MEASUREMENTS_FILE)
    given = [f"threads={threads}"] if threads is not None else []
    problem = read_material_problem(path, [*(assignments or ()), *given])
    folder = make_fit_folder(problem, out)
    settings = problem.calibration
    inputs = [path, *problem.case_files, *input_files(settings)]
    begin_record(folder, settings.name, settings.seed, inputs, sys.argv)
    _fit(problem, folder)


def is_material_fit(folder: Path) -> bool:
    """Tell whether a folder was made by `fit-material`."""
    from coupling.shipped import MEASUREMENTS_FILE

    return (folder / MEASUREMENTS_FILE).is_file()


def resume_material_fit(folder: Path) -> None:
    """Go on with a material fit whose folder exists."""
    from coupling.material.problem import read_material_problem
    from coupling.provenance import resume_manifest
    from coupling.shipped import MEASUREMENTS_FILE

    problem = read_material_problem(folder / MEASUREMENTS_FILE)
    resume_manifest(folder, sys.argv)
    _fit(problem, folder.resolve())


def _fit(problem: MaterialProblem, folder: Path) -> None:
    from coupling.material.driver import run_fit
    from coupling.material.report import REPORT_NAME

    carry_out(folder, lambda progress: run_fit(problem, folder, progress))
    typer.echo((folder / REPORT_NAME).read_text(encoding="utf-8"))
    typer.echo(str(folder))


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
