"""A calibration from its experiments file to the folder with its results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compute.errors import StateSaved
from coupling.calibration.certainty import Certainty, certainty_of
from coupling.calibration.predict import Prediction, predict
from coupling.calibration.problem import Problem
from coupling.calibration.profile import Profile, profile_warnings, profiles_of
from coupling.calibration.search import Bench, Found, search, starting_points
from coupling.calibration.state import SearchState
from coupling.case_document import write_document
from coupling.interrupt import StopRequest
from coupling.progress import Progress
from coupling.run_folder import claim_folder
from coupling.shipped import EXPERIMENTS_FILE

PROFILE_RUNS = 100
"""Runs of all experiments that a profile takes, about."""


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What a calibration gives: estimates with their certainty, predictions, and where every search ended.

    Attributes:
        best: the end with the smallest chi-square; found: all ends, in the order of the starts.
        profiles: one an unknown, where the file asks for them.
    """

    problem: Problem
    best: Found
    found: list[Found]
    certainty: Certainty
    predictions: list[Prediction]
    profiles: list[Profile]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the estimates and of their profiles."""
        return self.certainty.warnings + profile_warnings(self.profiles, self.certainty)

    @property
    def chi_square(self) -> float:
        """Of the best end."""
        return self.best.chi_square

    @property
    def estimates(self) -> dict[str, float]:
        """Estimates by name, in SI."""
        variables = self.problem.variables
        return {each.name: each.value(place) for each, place in zip(variables, self.certainty.places)}


def make_calibration_folder(problem: Problem, chosen: Path | None = None) -> Path:
    """Make the folder of a new calibration with the resolved experiments in it; CaseError as `make_run_folder`."""
    plain = problem.calibration.model_dump(mode="json", by_alias=True)
    heading = "Resolved experiments: every default written out, numbers in SI units."
    return claim_folder(
        problem.calibration.name, chosen, lambda folder: write_document(plain, folder / EXPERIMENTS_FILE, heading)
    )


def calibrate(
    problem: Problem,
    progress: Progress | None = None,
    stop: StopRequest | None = None,
    folder: Path | None = None,
) -> Calibrated:
    """Search from every start, and say how certain the best end is.

    folder: where finished searches are kept and looked for; none: nowhere. Raises CaseError for a malformed table.
    """
    progress = progress or Progress()
    state = SearchState() if folder is None else SearchState.read(folder)

    def between() -> None:
        if stop:
            raise StateSaved("stopped between two runs of the model; resume to go on with the starts that are left")
        progress.advance(1)

    bench = Bench(problem, between)
    _require_runs(bench)
    if state.points is None:
        progress.stage("candidates", problem.calibration.candidates)
        state.points = starting_points(bench)
    for at in range(len(state.found), len(state.points)):
        if folder is not None:
            state.write(folder)
        state.found.append(_one_search(bench, progress, state, at))
    if folder is not None:
        state.write(folder)
    best = min(state.found, key=lambda one: one.chi_square)
    progress.stage("uncertainty", len(bench.targets) * len(problem.variables))
    certainty = certainty_of(bench, best, state.found)
    predictions = predict(bench, certainty)
    if problem.calibration.profiles:
        progress.stage("profiles", len(problem.variables) * PROFILE_RUNS)
    profiles = profiles_of(bench, certainty) if problem.calibration.profiles else []
    return Calibrated(problem, best, state.found, certainty, predictions, profiles)


def _one_search(bench: Bench, progress: Progress, state: SearchState, at: int) -> Found:
    assert state.points is not None
    runs = bench.problem.calibration.evaluations * (len(bench.problem.variables) + 2)
    progress.stage(f"search {at + 1} of {len(state.points)}, at most", runs)
    found = search(bench, np.asarray(state.points[at]))
    progress.message(f"search {at + 1}: chi-square {found.chi_square:.5g} after {found.runs} runs of all experiments")
    return found


def _require_runs(bench: Bench) -> None:
    """Let an experiment that cannot be run at the file's own values say so before anything long begins."""
    places = np.array(bench.problem.given())
    for index in range(len(bench.targets)):
        bench.answer(places, index)
