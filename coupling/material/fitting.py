"""`dempbm fit-material`: friction and adhesion from a file of bench tests."""

from __future__ import annotations

from pathlib import Path

from coupling.case_file import input_files
from coupling.fitting import Fitting
from coupling.material.driver import fit_in, make_fit_folder
from coupling.material.problem import MaterialProblem, read_material_problem
from coupling.material.report import write_results
from coupling.shipped import MEASUREMENTS_FILE


def _inputs(problem: MaterialProblem) -> list[Path]:
    return [*problem.case_files, *input_files(problem.calibration)]


MATERIAL_FIT = Fitting(MEASUREMENTS_FILE, read_material_problem, _inputs, make_fit_folder, fit_in, write_results)
