"""Weighted particles between compartments, out of them and into them: whole particles move, none is divided.

A particle is after a step where the rates take it with the chance that exp(Q step) says, Q the rates from a to b in row
a less their sum on the diagonal: Norris, Markov Chains (1997), doi 10.1017/CBO9780511810633. Those that leave a
compartment are spaced evenly in order of size, so that sizes leave as they are there. Powder is fed particle by
particle from a list that stands for a mass of it: over each such mass, all of its classes exactly.
"""

from __future__ import annotations

import numpy as np

from pbm.grid import Floats
from pbm.inputs import Steps
from pbm.weighted import Particles


class Flows:
    """Moves particles by rates: from a to b [1/s], (compartments, compartments), and out of the whole [1/s]."""

    def __init__(self, exchange: Floats, outlet: Floats, random: np.random.Generator) -> None:
        self._ways, self._random = np.column_stack((exchange, outlet)), random

    def move(self, beds: list[Particles], step: float) -> list[Particles]:
        """Move particles of all compartments on by `step` [s]; returns those that left the whole."""
        if not self._ways.any():
            return []
        arrived: list[list[Particles]] = [[] for _ in range(len(beds) + 1)]
        for place, (bed, chances) in enumerate(zip(beds, self._chances_of(step))):
            total = float(chances.sum())
            if bed.count == 0 or total == 0.0:
                continue
            moving = self._evenly(bed, total)
            ways = self._random.choice(len(beds) + 1, moving.size, p=chances / total)
            for way in np.unique(ways):
                arrived[way].append(bed.pick(moving[ways == way]))
            beds[place] = bed.pick(np.isin(np.arange(bed.count), moving, invert=True))
        for place in range(len(beds)):
            beds[place] = beds[place].join(*arrived[place])
        return arrived[-1]

    def _chances_of(self, step: float) -> Floats:
        """Chances of the ways out of each compartment in a step, nil of staying, (compartments, compartments + 1)."""
        from scipy.linalg import expm

        rates = np.vstack((self._ways, np.zeros(self._ways.shape[1])))
        chances: Floats = np.maximum(expm((rates - np.diag(rates.sum(axis=1))) * step)[:-1], 0.0)
        np.fill_diagonal(chances, 0.0)
        return chances

    def _evenly(self, bed: Particles, share: float) -> np.ndarray:
        """A share of the particles, evenly spaced in order of size from a start drawn at random."""
        marks = np.floor(share * np.arange(bed.count + 1) + self._random.random())
        return np.asarray(np.argsort(bed.solid)[np.diff(marks) > 0.0])


class Feeder:
    """Powder that flows into compartment `place`.

    lot: particles that stand for one kilogram, as many for each class, class after class
    mass: that they stand for here [kg]; rate [kg/s]
    """

    def __init__(
        self, place: int, lot: Particles, per_class: int, mass: float, rate: Steps, random: np.random.Generator
    ) -> None:
        self.place, self._mass, self._rate, self._fed = place, mass, rate, 0
        turns = random.permuted(np.arange(lot.count).reshape(-1, per_class), axis=1)
        self._lot, self._begin = lot.pick(turns.T.ravel()), 0.0
        self._lot.weight *= mass
        self._due = float(random.random())

    def feed(self, begin: float, end: float) -> Particles:
        """What flows in between two times [s]."""
        self._due += self._rate.integral(begin, end) / self._mass * self._lot.count
        come = np.arange(self._fed, int(self._due)) % self._lot.count
        self._fed = int(self._due)
        return self._lot.pick(come)


def standing_mass(matrix: Floats, feeds: Floats, charge: float, end: float) -> float:
    """Dry solids in the equipment [kg]: the charge, or what feeds hold it at if that is more.

    matrix: M of dm/dt = M m + feed [1/s]; feeds: by compartment [kg/s]; end: of the run [s], for what never leaves
    """
    held = np.linalg.solve(np.eye(feeds.size) / end - matrix, feeds)
    return max(charge, float(held.sum()))
