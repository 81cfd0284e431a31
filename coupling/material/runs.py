"""The particle simulations of a material fit: where they lie, which are still to be done, and what they gave."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.stats import qmc

from compute.errors import CheckpointError, SimulationError, StateSaved
from coupling.flock import Flock
from coupling.interrupt import StopRequest
from coupling.material.problem import MaterialProblem
from coupling.progress import Progress
from coupling.provenance import available_cores, resume_manifest
from coupling.replicas import Replica, make_folders, results_of
from dem.results import Measurement
from pbm.grid import Floats

DESIGN_NAME, FOLDER = "design.json", "runs"
FIRST_SEED = 1000


@dataclass
class Design:
    """Places at which every experiment is run, (points, unknowns), in the order they were chosen; kept in a file.

    Attributes:
        places: of the design and its refinement; confirmed: the estimates, run for confirmation; none: not yet known.
    """

    places: list[list[float]] = field(default_factory=list)
    confirmed: list[float] | None = None

    def write(self, folder: Path) -> None:
        """Write whole or not at all."""
        partial = folder / f".{DESIGN_NAME}.partial"
        partial.write_text(json.dumps({"places": self.places, "confirmed": self.confirmed}, indent=1) + "\n")
        partial.replace(folder / DESIGN_NAME)

    @classmethod
    def read(cls, folder: Path) -> Design:
        """Read what `write` wrote; empty where there is none. Raises CheckpointError if it is damaged."""
        path = folder / DESIGN_NAME
        if not path.is_file():
            return cls()
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise CheckpointError(f"{path}: the design cannot be read: {error}; delete it") from None


def sobol_points(problem: MaterialProblem) -> Floats:
    """Scrambled Sobol points between the bounds, shape (design, unknowns)."""
    count = problem.calibration.design
    sampler = qmc.Sobol(len(problem.variables), rng=problem.calibration.seed)
    return np.asarray(sampler.random_base2(int(np.ceil(np.log2(count))))[:count])


def replicas_at(problem: MaterialProblem, folder: Path, places: Sequence[Floats], first: int) -> list[Replica]:
    """The runs of every experiment at every place; first: number of the first of these points, from 0.

    Each run has a seed of its own, so that the scatter of the runs is that of repeats.
    """
    replicas, count = [], len(problem.calibration.experiments)
    for at, place in enumerate(places):
        for index, experiment in enumerate(problem.calibration.experiments):
            number = (first + at) * count + index + 1
            case = problem.case(place, index, FIRST_SEED * problem.calibration.seed + number)
            values = {"experiment": experiment.name} | {
                name: float(f"{value:.4g}") for name, value in problem.values(place).items()
            }
            replicas.append(Replica(number, values, case, folder / FOLDER / str(number)))
    return replicas


def carry_out(
    problem: MaterialProblem, replicas: Sequence[Replica], progress: Progress, stop: StopRequest
) -> list[dict[str, Measurement]]:
    """Run those that are not done, as many beside each other as there are threads; return what each gave.

    A run that failed gives nothing. Raises StateSaved when told to stop.
    """
    files = problem.case_files
    for at, replica in enumerate(replicas):
        make_folders([replica], files[at % len(files)], sys.argv)
    unfinished = [replica for replica in replicas if replica.outcome not in ("done", "failed")]
    for replica in unfinished:
        if replica.outcome:
            resume_manifest(replica.folder, sys.argv)
    if unfinished:
        progress.stage(f"{len(unfinished)} of {len(replicas)} runs", len(unfinished))
        at_once = min(problem.calibration.threads or available_cores(), len(unfinished))
        Flock(unfinished, at_once, progress).run(stop)
    done = sum(replica.outcome in ("done", "failed") for replica in replicas)
    if done < len(replicas):
        raise StateSaved(f"{done} of {len(replicas)} runs are done; resume to go on")
    return [dict(results_of(replica.folder)) for replica in replicas]


def require_some(results: Sequence[dict[str, Measurement]]) -> None:
    """Raise SimulationError if no run gave anything."""
    if not any(results):
        raise SimulationError("no run gave a result; the logs in runs/*/log.jsonl say why")
