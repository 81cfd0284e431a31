"""The fit: unknowns at which surrogates of the runs give what was measured, and how certain they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coupling.calibration.certainty import Certainty, certainty_of
from coupling.calibration.compare import Target
from coupling.calibration.profile import Profile, profile_warnings, profiles_of
from coupling.calibration.search import Comparison, Found, search, starting_points
from coupling.calibration.simulate import Answer
from coupling.material.experiments import BenchTest
from coupling.material.problem import MaterialProblem
from coupling.material.surrogate import Surrogate
from pbm.grid import Floats


class PropertyTarget(Target):
    """Measured properties of a bench test; there is no size distribution."""

    def predicted_all(self, answer: Answer) -> Floats:
        """What the model gives for each measured property."""
        return self.predicted(answer)


@dataclass
class SurrogateBench(Comparison[MaterialProblem]):
    """Bench tests against surrogates of their runs.

    Attributes:
        surrogates: one for each measured property, by the number of the experiment.
        places: at which the surrogates' own errors are added to those of the measurements; none: at the middle.
    """

    surrogates: Sequence[dict[str, Surrogate]] = ()
    places: Floats | None = None

    def __post_init__(self) -> None:
        """Add the errors of the surrogates to those of the measurements, in quadrature."""
        where = np.array(self.problem.given()) if self.places is None else self.places
        experiments = self.problem.calibration.experiments
        self.targets = [_target(each, found, where) for each, found in zip(experiments, self.surrogates)]

    def answer(self, places: Floats | Sequence[float], index: int) -> Answer:
        """What runs of an experiment give on average."""
        values = {name: each.mean(np.asarray(places)) for name, each in self.surrogates[index].items()}
        return Answer(np.array([0.0, 1.0]), np.array([0.0, 1.0]), values, ())


def _target(experiment: BenchTest, surrogates: dict[str, Surrogate], places: Floats) -> PropertyTarget:
    measured = np.array([given.value for given in experiment.measured.values()])
    stated = np.array([given.error for given in experiment.measured.values()], float)
    own = np.array([surrogates[name].deviation(places) for name in experiment.measured])
    names = tuple(experiment.measured)
    return PropertyTarget(experiment.name, experiment.use == "fit", np.zeros(0), names, measured, np.hypot(stated, own))


@dataclass(frozen=True, eq=False)
class MaterialEstimate:
    """Estimates and their certainty, the bench they come from, and where the searches ended; a profile an unknown."""

    bench: SurrogateBench
    best: Found
    found: list[Found]
    certainty: Certainty
    profiles: list[Profile]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the estimates and of their profiles."""
        return self.certainty.warnings + profile_warnings(self.profiles, self.certainty)


def estimate(
    problem: MaterialProblem, surrogates: Sequence[dict[str, Surrogate]], between: Callable[[], None] = lambda: None
) -> MaterialEstimate:
    """Search with the surrogates' errors as they are in the middle, then with those at the best end, for the answer."""
    bench = SurrogateBench(problem, between, surrogates)
    ends = [search(bench, start) for start in starting_points(bench)]
    nearest = min(ends, key=lambda one: one.chi_square)
    bench = replace(bench, places=np.array(nearest.places))
    found = [search(bench, np.array(one.places)) for one in ends]
    best = min(found, key=lambda one: one.chi_square)
    certainty = certainty_of(bench, best, found)
    return MaterialEstimate(bench, best, found, certainty, profiles_of(bench, certainty))
