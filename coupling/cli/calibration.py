"""Commands about measurements: calibrate, fit-material."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coupling.cli.cases import Assignments

if TYPE_CHECKING:
    from coupling.fitting import Fitting

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
    from coupling.calibration.fitting import CALIBRATION

    _begin(CALIBRATION, experiments, assignments or (), out)


def fit_material(
    measurements: Measurements,
    assignments: Assignments = None,
    out: Annotated[Path | None, typer.Option("--out", help="Result folder; none: runs/<name>/<next number>.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Runs beside each other; none: one a core.")] = None,
) -> None:
    """Find friction and adhesion for measured angles of repose, densities and shear stresses, by simulations."""
    from coupling.material.fitting import MATERIAL_FIT

    given = [f"threads={threads}"] if threads is not None else []
    _begin(MATERIAL_FIT, measurements, [*(assignments or ()), *given], out)


def resume_fitting(folder: Path) -> bool:
    """Go on with the calibration or material fit that a folder holds; False where it holds neither."""
    from coupling.provenance import resume_manifest

    fitting = _fitting_of(folder)
    if fitting is None:
        return False
    problem = fitting.read(folder / fitting.file, ())
    resume_manifest(folder, sys.argv)
    _carry_out(fitting, problem, folder.resolve())
    return True


def _fitting_of(folder: Path) -> Fitting[Any, Any] | None:
    from coupling.shipped import EXPERIMENTS_FILE, MEASUREMENTS_FILE

    if (folder / EXPERIMENTS_FILE).is_file():
        from coupling.calibration.fitting import CALIBRATION

        return CALIBRATION
    if (folder / MEASUREMENTS_FILE).is_file():
        from coupling.material.fitting import MATERIAL_FIT

        return MATERIAL_FIT
    return None


def _begin(fitting: Fitting[Any, Any], name: str, assignments: Sequence[str], out: Path | None) -> None:
    from coupling.provenance import begin_record
    from coupling.shipped import find_case

    path = find_case(name, fitting.file)
    problem = fitting.read(path, assignments)
    folder = fitting.make_folder(problem, out)
    settings = problem.calibration
    begin_record(folder, settings.name, settings.seed, [path, *fitting.inputs(problem)], sys.argv)
    _carry_out(fitting, problem, folder)


def _carry_out(fitting: Fitting[Any, Any], problem: Any, folder: Path) -> None:
    from coupling.fitting import REPORT_NAME
    from coupling.recorded import carry_out

    carry_out(folder, lambda progress: fitting.run(problem, folder, progress))
    typer.echo((folder / REPORT_NAME).read_text(encoding="utf-8"))
    typer.echo(str(folder))
