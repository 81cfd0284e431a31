"""`dempbm calibrate`: parameters of a population balance from an experiments file."""

from __future__ import annotations

from pathlib import Path

from coupling.calibration.driver import Calibrated, calibrate, make_calibration_folder
from coupling.calibration.problem import Problem, read_problem
from coupling.calibration.report import write_results
from coupling.case_file import input_files
from coupling.fitting import Fitting
from coupling.interrupt import StopRequest
from coupling.progress import Progress
from coupling.shipped import EXPERIMENTS_FILE


def _inputs(problem: Problem) -> list[Path]:
    return list(input_files(problem.calibration))


def _fit(problem: Problem, folder: Path, progress: Progress, stop: StopRequest) -> Calibrated:
    return calibrate(problem, progress, stop, folder)


CALIBRATION = Fitting(EXPERIMENTS_FILE, read_problem, _inputs, make_calibration_folder, _fit, write_results)
