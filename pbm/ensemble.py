"""Ensembles: many models with parameters of their own, integrated in one call on all cores.

    ensemble = pbm.Ensemble(population, aggregation=np.linspace(0.5, 2.0, 1000))
    result = ensemble.solve(numbers, times)
    result.moment(0)[:, -1]

A member never sees another: what it gives does not depend on the number of threads, nor on the ensemble it is in.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from compute.base import Backend
from compute.errors import CaseError
from pbm.classes import BEYOND_VOLUME, Members, compiled_solve, solve_members, stack, start_runs
from pbm.ensemble_device import solve_on
from pbm.grid import Floats
from pbm.population import TELLING_LOSS, Population, PopulationResult, check_start
from pbm.runs import Runs, check_runs

PARTS = 8
"""Parts of the work for each thread: more of them even out what members take."""

Model = TypeVar("Model")
Result = TypeVar("Result")


def threads_or_all(threads: int | None) -> int:
    """Number of threads: as asked for, all cores for none; CaseError below one."""
    from compute.cpu import available_threads

    if threads is not None and threads < 1:
        raise CaseError("no such number of threads", key="threads", value=threads, expected=">= 1")
    return available_threads() if threads is None else threads


def run_all(run: Callable[[Model], Result], models: Sequence[Model], threads: int | None = None) -> list[Result]:
    """Results of `run` for every model, in their order, on threads.

    Cores are kept busy by what is compiled: `Granulation.simulate`, `Population.solve`. The first error is raised.
    """
    if not models:
        return []
    first = run(models[0])
    with ThreadPoolExecutor(threads_or_all(threads)) as pool:
        return [first, *pool.map(run, models[1:])]


@dataclass(frozen=True)
class EnsembleResult:
    """Members m of an ensemble: numbers [1/m3] (m, times, classes), ledger (m, times, BOOKED), steps (m,)."""

    populations: tuple[Population, ...]
    runs: Runs

    @property
    def times(self) -> Floats:
        """Output times [s], (times,)."""
        return self.runs.times

    @property
    def numbers(self) -> Floats:
        """Numbers [1/m3], (members, times, classes)."""
        return self.runs.states[:, :, : self.populations[0].grid.classes]

    @property
    def steps(self) -> np.ndarray:
        """Accepted steps, (members,)."""
        return np.asarray(self.runs.steps[:, 0])

    def __len__(self) -> int:
        """Number of members."""
        return len(self.populations)

    def __getitem__(self, member: int) -> PopulationResult:
        """Result of one member, as if it had been solved alone."""
        return self.populations[member].result_of(self.runs, member)

    def __iter__(self) -> Iterator[PopulationResult]:
        """Results one by one."""
        return (self[member] for member in range(len(self)))

    def moment(self, order: float) -> Floats:
        """M_k = sum N x^k [m^(3k)/m3], (members, times)."""
        pivots = np.array([population.grid.pivots for population in self.populations])
        return np.asarray(np.einsum("mtk,mk->mt", self.numbers, pivots**order))

    def diameter(self, fraction: float) -> Floats:
        """Diameter [m] below which this share of the volume lies, (members, times)."""
        return np.array([result.diameter(fraction) for result in self])


class Ensemble:
    """Members with rates of their own.

    populations: one for all, or one for each member, all with as many classes
    aggregation, breakage, growth: factors on the rates of the member, numbers or arrays of shape (members,)
    Raises CaseError for counts that do not match, and for factors below nil.
    """

    def __init__(
        self,
        populations: Population | Sequence[Population],
        aggregation: Floats | float = 1.0,
        breakage: Floats | float = 1.0,
        growth: Floats | float = 1.0,
    ) -> None:
        given = [populations] if isinstance(populations, Population) else list(populations)
        columns = [np.atleast_1d(np.asarray(factor, dtype=float)) for factor in (aggregation, breakage, growth)]
        counts = {len(given), *(column.size for column in columns)} - {1}
        if len(counts) > 1 or not given:
            raise CaseError("members do not match", key="factors", value=sorted(counts), expected="one count, or 1")
        size = counts.pop() if counts else 1
        factors = np.stack([np.broadcast_to(column, (size,)) for column in columns], axis=1)
        if not np.all(np.isfinite(factors)) or np.any(factors < 0.0):
            raise CaseError("a factor is negative or no number", key="factors", expected="finite numbers >= 0")
        if len({population.grid.classes for population in given}) > 1:
            raise CaseError("populations differ in their number of classes", key="populations", expected="one number")
        self.populations = tuple(given * size if len(given) == 1 else given)
        unique = list({id(population): population for population in given}.values())
        places = {id(population): place for place, population in enumerate(unique)}
        kinds = np.array([places[id(population)] for population in self.populations], dtype=np.int64)
        self._members = Members(kinds, np.ascontiguousarray(factors))
        self._tables = tuple(
            stack([getattr(one, part) for one in unique]) for part in ("classes", "merging", "layering")
        )

    def __len__(self) -> int:
        """Number of members."""
        return len(self.populations)

    def solve(
        self, numbers: Floats, times: Floats, threads: int | None = None, backend: Backend | None = None
    ) -> EnsembleResult:
        """Numbers of every member at `times` [s].

        numbers: [1/m3] at the first time, (classes,) for all or (members, classes)
        threads: of the CPU, all cores by default
        backend: a device, `compute.get_backend("cuda")`, that runs each member in a thread of its own; else the CPU
        Raises as `Population.solve`. Warns of members that grow beyond their top pivots.
        """
        marks, given = np.asarray(times, dtype=float), np.asarray(numbers, dtype=float)
        classes = self.populations[0].grid.classes
        if given.shape not in ((classes,), (len(self), classes)):
            expected = f"{(classes,)} or {(len(self), classes)}"
            raise CaseError("numbers do not fit the ensemble", key="numbers", value=given.shape, expected=expected)
        starts = np.array(np.broadcast_to(given, (len(self), classes)))
        for population, start in zip(self.populations, starts if given.ndim == 2 else starts[:1]):
            check_start(start, marks, population.grid)
        tolerance = np.array([population.tolerance for population in self.populations])
        work, stages, runs = start_runs(starts, marks, tolerance)
        changing = (self._members, work, stages, runs)
        if backend is None:
            self._run(changing, threads_or_all(threads))
        else:
            solve_on(backend, self._tables, *changing)
        check_runs(runs, lambda member: self.populations[member].blame(stages.state[member]))
        result = EnsembleResult(self.populations, runs)
        _tell_losses(result)
        return result

    def _run(self, changing: tuple[Any, ...], threads: int) -> None:
        if not self.populations[0].compiled:
            solve_members(0, len(self), *self._tables, *changing)
            return
        solve = compiled_solve()
        cuts = np.unique(np.linspace(0, len(self), PARTS * threads + 1).astype(int))
        solve(0, int(cuts[1]), *self._tables, *changing)
        with ThreadPoolExecutor(threads) as pool:
            parts = [pool.submit(solve, low, high, *self._tables, *changing) for low, high in pairwise(cuts[1:])]
        for part in parts:
            part.result()


def _tell_losses(result: EnsembleResult) -> None:
    grown = np.array([population.layering.limiter[0] >= 0 for population in result.populations])
    tops = np.array([population.grid.pivots[-1] for population in result.populations])
    solids = np.maximum(result.moment(1)[:, -1], np.finfo(float).tiny)
    stunted = np.where(grown, result.numbers[:, -1, -1] * tops / solids, 0.0)
    if stunted.max() > TELLING_LOSS:
        worst = int(np.argmax(stunted))
        warnings.warn(
            f"{int((stunted > TELLING_LOSS).sum())} of {len(result)} members have solids in the top class, where no "
            f"layers grow, member {worst} {100.0 * stunted[worst]:.2g} %: enlarge the grid",
            stacklevel=3,
        )
    lost = result.runs.states[:, -1, result.populations[0].grid.classes + BEYOND_VOLUME]
    shares = lost / result.moment(1)[:, 0]
    wide = np.flatnonzero(shares > TELLING_LOSS)
    if wide.size:
        worst = int(np.argmax(shares))
        warnings.warn(
            f"{wide.size} of {len(result)} members would have grown beyond the top class, member {worst} by "
            f"{100.0 * shares[worst]:.2g} % of its solids: enlarge the grid",
            stacklevel=3,
        )
