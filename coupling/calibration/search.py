"""The search: least squares from several starts, interruptible between runs of the model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import qmc

from compute.errors import CaseError, SimulationError
from coupling.calibration.compare import Target
from coupling.calibration.problem import Problem, Variable
from coupling.calibration.simulate import Answer, simulate
from pbm.grid import Floats

STEP = 1e-2
"""Difference step of the search, as a share of the distance between the bounds."""
FAILED = 1e3
"""Residual that stands for every value of an experiment which the model could not run."""
CONVERGED = 1e-4
"""Relative change of the sum of squares, and of the places, at which a search ends."""


@dataclass(frozen=True)
class Found:
    """Where one search ended: places of the variables between their bounds, chi-square, runs of all experiments."""

    places: tuple[float, ...]
    chi_square: float
    runs: int
    converged: bool


Q = TypeVar("Q", bound="Question")


class SearchSettings(Protocol):
    """How long and from where to search, see `Calibration`."""

    seed: int
    starts: int
    candidates: int
    evaluations: int


class Question(Protocol):
    """What is looked for."""

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All unknowns."""

    @property
    def calibration(self) -> SearchSettings:
        """The settings of the search."""

    def given(self) -> list[float]:
        """Places from which the first search starts."""


@dataclass
class Comparison(ABC, Generic[Q]):
    """Experiments, ready to be compared with a model at any place.

    Attributes:
        targets: one an experiment; between: called before every run of all experiments, to stop or to tell
        failed: how often the model could not be run, by the reason it gave.
    """

    problem: Q
    between: Callable[[], None] = lambda: None
    targets: list[Target] = field(init=False)
    failed: Counter[str] = field(init=False, default_factory=Counter)

    @abstractmethod
    def answer(self, places: Floats | Sequence[float], index: int) -> Answer:
        """What the model gives for one experiment."""

    @property
    def fitted(self) -> list[int]:
        """Numbers of the experiments to which the parameters are fitted."""
        return [index for index, target in enumerate(self.targets) if target.used]

    def residuals(self, places: Floats) -> Floats:
        """Residuals of all experiments to be fitted, one after the other."""
        self.between()
        return np.concatenate([self._residuals_of(places, index) for index in self.fitted])

    def _residuals_of(self, places: Floats, index: int) -> Floats:
        target = self.targets[index]
        try:
            residuals = target.residuals(self.answer(places, index))
        except (SimulationError, CaseError) as error:
            self.failed[f"{target.name}: {error}"] += 1
            return np.full(target.measured.size, FAILED)
        return residuals if np.all(np.isfinite(residuals)) else self._nothing(target)

    def _nothing(self, target: Target) -> Floats:
        self.failed[f"{target.name}: the model gives no number, as of an empty outlet"] += 1
        return np.full(target.measured.size, FAILED)

    def slopes(self, places: Floats) -> Floats:
        """Derivative of the residuals by the places, one-sided, towards the inside."""
        here = self.residuals(places)
        steps = np.where(places > 0.5, -STEP, STEP)
        moved = places + np.diag(steps)
        return np.array([(self.residuals(row) - here) / step for row, step in zip(moved, steps)]).T


@dataclass
class Bench(Comparison[Problem]):
    """The experiments of a calibration and the population balance."""

    def __post_init__(self) -> None:
        """Read the measured values; raises CaseError where a table is malformed."""
        self.targets = [Target.of(experiment) for experiment in self.problem.calibration.experiments]

    def answer(self, places: Floats | Sequence[float], index: int) -> Answer:
        """Run the model of one experiment."""
        return simulate(self.problem.model(places, index))


def starting_points(bench: Comparison[Any], known: Floats | None = None) -> Floats:
    """The file's own values, and the best of evenly spread candidates, shape (starts, variables).

    Scrambled Sobol points, so that the bounds are covered evenly whatever the number of candidates.
    """
    calibration, variables = bench.problem.calibration, bench.problem.variables
    sampler = qmc.Sobol(len(variables), rng=calibration.seed)
    points = sampler.random_base2(int(np.ceil(np.log2(calibration.candidates))))[: calibration.candidates]
    order = np.argsort([chi_square(bench.residuals(point)) for point in points], kind="stable")
    best = points[order[: calibration.starts - 1]]
    return np.vstack([np.array(bench.problem.given()), best])


def search(bench: Comparison[Any], start: Floats) -> Found:
    """Least squares from one start, by a trust region that keeps to the bounds."""
    runs = 0

    def residuals(places: Floats) -> Floats:
        nonlocal runs
        runs += 1
        return bench.residuals(places)

    def slopes(places: Floats) -> Floats:
        nonlocal runs
        runs += places.size + 1
        return bench.slopes(places)

    result = least_squares(
        residuals,
        np.clip(start, 1e-3, 1.0 - 1e-3),
        slopes,
        bounds=(0.0, 1.0),
        ftol=CONVERGED,
        xtol=CONVERGED,
        gtol=None,
        max_nfev=bench.problem.calibration.evaluations,
    )
    return Found(tuple(map(float, result.x)), chi_square(result.fun), runs, bool(result.status > 0))


def chi_square(residuals: Floats) -> float:
    """Sum of squares of residuals over their errors."""
    return float(residuals @ residuals)
