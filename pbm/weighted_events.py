"""What weighted particles do to each other by chance: they meet and stick, and they break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pbm.grid import Floats, solid_volume_of
from pbm.stated import stated_laws
from pbm.weighted import Particles
from pbm.weighted_laws import FragmentDraw, WeightedLaws

if TYPE_CHECKING:
    from pbm.granulation import Granulation


def merge(one: Particles, step: float, speed: float, laws: WeightedLaws, random: np.random.Generator) -> None:
    """Pairs drawn at random; whether they stick is asked only of those that a meeting has come to."""
    order = random.permutation(one.count)
    half = order.size // 2
    if half == 0:
        return
    first, second = order[:half], order[half : 2 * half]
    many = np.where(one.weight[first] >= one.weight[second], first, second)
    few = np.where(many == first, second, first)
    # every pair stands for all pairs: n (n - 1)/2 of them in n/2 draws
    scale = (one.count - 1.0) if one.count % 2 == 0 else float(one.count)
    met = scale * step / one.solids * laws.meeting(one, many, few, speed) * one.weight[many]
    drawn = random.random(half)
    come = met + drawn >= 1.0
    many, few = many[come], few[come]
    taken = np.floor(met[come] * laws.sticking(one, many, few, speed) + drawn[come])
    taken = np.minimum(taken, np.floor(one.weight[many] / one.weight[few]))
    one.take_up(many[taken > 0.0], few[taken > 0.0], taken[taken > 0.0])


class Breakage:
    """Breakage of particles: which may break, how often, and which fragment one goes on as."""

    def __init__(self, model: Granulation, laws: WeightedLaws, random: np.random.Generator) -> None:
        self._laws, self._random = laws, random
        self._breakable, self._grids = model.tables.breakable, model.cells.grids
        self._pivots, self._smallest = model.tables.solid_volume, model.grid.edges[0]
        self._largest_grain = float(
            solid_volume_of(2.0 * model.case.breakage.primary_diameter, model.case.feed.porosity)
        )
        law = stated_laws(model.case, model.grid).fragments
        self._fragments = None if law is None else FragmentDraw(law)

    def apply(self, one: Particles, step: float, speed: float) -> None:
        """Break particles over a step [s]."""
        if not self._breakable.any():
            return
        smallest, first = self._least(one)
        rate = np.where(self._may_break(one, smallest), self._laws.breaking(one, speed), 0.0)
        random = self._random.random((2, one.count))
        broken = np.flatnonzero(random[0] < -np.expm1(-rate * step))
        shares = self._shares(one.solid[broken], random[1, broken], smallest[broken], first[broken])
        one.scale(broken, shares)

    def _least(self, one: Particles) -> tuple[Floats, Floats]:
        """Solids [m3] of the smallest fragment, and of grains that stand for smaller ones.

        Of two grids no fragment holds less of either solid than its first pivot.
        """
        if len(self._grids) == 1:
            return np.full(one.count, self._smallest), np.full(one.count, self._pivots[0])
        ratio = np.maximum(*(grid.pivots[0] / part for grid, part in zip(self._grids, one.parts)))
        return ratio * one.solid, ratio * one.solid

    def _may_break(self, one: Particles, smallest: Floats) -> np.ndarray:
        """Along a single grid all granules of a class break or none: from the lower edge of the first that does."""
        if len(self._grids) > 1:
            return np.asarray((one.solid > self._largest_grain) & (one.solid >= 2.0 * smallest))
        limit = self._grids[0].edges[np.argmax(self._breakable)]
        return np.asarray((one.solid > 2.0 * smallest) & (one.solid >= limit))

    def _shares(self, parents: Floats, chances: Floats, smallest: Floats, first: Floats) -> Floats:
        """Share of their parent's solids in fragments drawn by volume; two uniform ones from the smallest on."""
        if self._fragments is not None:
            return self._fragments.shares(parents, chances, smallest, first)
        low = smallest / parents
        return np.asarray(np.sqrt(low**2 + chances * np.maximum((1.0 - low) ** 2 - low**2, 0.0)))
