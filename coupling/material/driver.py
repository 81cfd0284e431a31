"""A material fit from its file to the folder with its results: design, refinement, confirmation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coupling.case_document import write_document
from coupling.interrupt import StopRequest
from coupling.material.fit import MaterialEstimate, estimate
from coupling.material.problem import MaterialProblem
from coupling.material.runs import Design, carry_out, replicas_at, require_some, sobol_points
from coupling.material.surrogate import Surrogate
from coupling.progress import Progress
from coupling.run_folder import claim_folder
from coupling.shipped import MEASUREMENTS_FILE
from dem.results import Measurement
from pbm.grid import Floats

Results = list[dict[str, Measurement]]
Runner = Callable[[Sequence[Floats], int], Results]
"""Runs every experiment at places, from the number of the first point on; results point by point."""


@dataclass(frozen=True, eq=False)
class FittedMaterial:
    """What a fit gives.

    Attributes:
        estimate: of the unknowns; places, results: of all runs it rests on, (points, unknowns) and one list a point of
            one entry an experiment; confirmations: the same, of the runs at the estimates.
    """

    problem: MaterialProblem
    estimate: MaterialEstimate
    places: Floats
    results: list[Results]
    confirmations: list[Results]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the estimates."""
        return self.estimate.warnings

    @property
    def chi_square(self) -> float:
        """Of the best end."""
        return self.estimate.best.chi_square


def make_fit_folder(problem: MaterialProblem, chosen: Path | None = None) -> Path:
    """Make the folder of a new fit with the resolved file in it; CaseError as `make_run_folder`."""
    plain = problem.calibration.model_dump(mode="json", by_alias=True)
    for experiment, file in zip(plain["experiments"], problem.case_files):
        experiment["case"] = str(file.resolve())
    heading = "Resolved bench tests: every default written out."
    return claim_folder(
        problem.calibration.name, chosen, lambda folder: write_document(plain, folder / MEASUREMENTS_FILE, heading)
    )


def fit_in(problem: MaterialProblem, folder: Path, progress: Progress, stop: StopRequest) -> FittedMaterial:
    """Fit with runs in the folder, or go on with it; StateSaved when it was told to stop: finished runs are kept."""

    def runner(places: Sequence[Floats], first: int) -> Results:
        return carry_out(problem, replicas_at(problem, folder, places, first), progress, stop)

    return fit_material(problem, runner, folder, progress)


def fit_material(problem: MaterialProblem, runner: Runner, folder: Path, progress: Progress) -> FittedMaterial:
    """Run the design, fit, run more where the fit leaves the unknowns, fit again, and run the estimates."""
    settings, design = problem.calibration, Design.read(folder)
    if not design.places:
        design.places = sobol_points(problem).tolist()
        design.write(folder)
    results = _points(problem, runner(list(np.array(design.places)), 0))
    if settings.refinement and len(design.places) == settings.design:
        progress.message(f"the first fit of {len(results)} points")
        first = estimate(problem, surrogates_of(problem, np.array(design.places), results))
        design.places += refined_points(first, settings.refinement, settings.seed).tolist()
        design.write(folder)
    if len(results) < len(design.places):
        added = np.array(design.places[len(results) :])
        results += _points(problem, runner(list(added), len(results)))
    places = np.array(design.places)
    found = estimate(problem, surrogates_of(problem, places, results))
    if design.confirmed is None:
        design.confirmed = list(map(float, found.certainty.places))
        design.write(folder)
    repeats = [np.array(design.confirmed)] * settings.confirmations
    return FittedMaterial(problem, found, places, results, _points(problem, runner(repeats, len(places))))


def _points(problem: MaterialProblem, results: Results) -> list[Results]:
    """Results point by point."""
    require_some(results)
    count = len(problem.calibration.experiments)
    return [results[at : at + count] for at in range(0, len(results), count)]


def surrogates_of(problem: MaterialProblem, places: Floats, results: Sequence[Results]) -> list[dict[str, Surrogate]]:
    """A surrogate for each measured property of each experiment, from the runs that gave it."""
    found = []
    for index in range(len(problem.calibration.experiments)):
        own = [point[index] for point in results]
        surrogates = {}
        for name in problem.results_of(index):
            given = [at for at, each in enumerate(own) if name in each]
            values = np.array([own[at][name].value for at in given])
            surrogates[name] = Surrogate.fitted(places[given], values, problem.calibration.seed)
        found.append(surrogates)
    return found


def refined_points(found: MaterialEstimate, count: int, seed: int) -> Floats:
    """Places drawn from the estimates and their covariance, kept to the bounds, shape (count, unknowns)."""
    certainty, generator = found.certainty, np.random.default_rng([seed, count])
    drawn = generator.multivariate_normal(certainty.places, certainty.widening**2 * certainty.covariance, count)
    return np.asarray(np.clip(drawn, 0.0, 1.0))
