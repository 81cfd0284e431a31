"""Weighted particles under a spray: granules are coated, powder is drawn together into nuclei.

A drop finds grains by their solids. On a grain of a smaller class than its nucleus it makes a nucleus of the powder
around; a larger grain it coats: `pbm.drops`. Drops are drawn from the sizes of the spray by their liquid. A nucleus
takes the powder in the compartment as it is, by solids, and the pores of each grain take up their part of the drop as
far as there is room; of a lumped second solid the grains are drawn at random, so that nuclei of few grains scatter.
"""

from __future__ import annotations

from math import exp, log, pi
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from pbm.cells import Cells
from pbm.drops import ROUND_OFF, DropSizes, drop_sizes, reach
from pbm.grid import Floats
from pbm.liquid import caught_share
from pbm.nucleation import nucleus_solids
from pbm.schemes.merging import cell_of
from pbm.spray import spray_regime
from pbm.weighted import Particles

if TYPE_CHECKING:
    from pbm.granulation import Granulation

DROPS = 1024
"""Drops that stand for a distribution of sizes, each for the same liquid."""
LEAST = 1e-300
"""Stands for nothing in a denominator."""


class Sprayer:
    """Spray on the beds of a granulation, with the solids that it owes each for nuclei, in particles of mean solids.

    Each owes part of a particle at first, drawn at random: nuclei then come neither early nor late on average.
    """

    def __init__(self, model: Granulation, random: np.random.Generator) -> None:
        case, self._p, self._tables = model.case, model.parameters, model.tables
        self._cells, self._random = model.cells, random
        self._scatters = case.second_solid is not None
        self._owed = random.random(model.places)
        self._ratio = self._p.nucleus_solids / self._p.drop_volume
        if case.liquid.drops is None:
            self._nuclei = least = np.array([self._p.nucleus_solids])
        else:
            drops = spray_regime(case).drops_per_nucleus * pi / 6.0 * _diameters(drop_sizes(case.liquid)) ** 3
            self._nuclei = nucleus_solids(1.0, case.feed.porosity, case.nucleus_saturation) * drops
            least = model.grid.pivots[cell_of(Cells((model.grid,)), self._nuclei[None])]
        reached = reach(model.cells)
        self._order = np.argsort(reached, kind="stable")
        self._smaller = np.searchsorted(reached[self._order], least * (1.0 + ROUND_OFF), side="right")
        self._rank = np.argsort(self._order, kind="stable")
        self._drawn = np.mean(self._smaller[:, None] > self._rank, axis=0)

    def wet(self, beds: list[Particles], place: int, step: float, spray: float) -> float:
        """Spray [kg/s] for `step` [s] on one compartment; returns the liquid that it got [m3]."""
        bed, tables = beds[place], self._tables
        if bed.count == 0 or spray == 0.0:
            return 0.0
        caught = tables.spray_share[place] * caught_share(bed.solids, tables.spray_cover)
        per_solid = spray / self._p.addition_density * step * float(caught) / bed.solids
        share = self._drawn[self._classes(bed)]
        coat = per_solid * bed.solid * (1.0 - share)
        bed.external += coat
        got = float(bed.weight @ coat)
        amount = bed.solids / bed.count
        self._owed[place] += per_solid * self._ratio * float(bed.weight @ (bed.solid * share)) / amount
        while self._owed[place] >= 1.0:
            beds[place], solids = self._nucleate(beds[place], amount)
            self._owed[place] -= solids / amount if solids > 0.0 else self._owed[place]
            got += solids / self._ratio
        return got

    def _nucleate(self, bed: Particles, amount: float) -> tuple[Particles, float]:
        """Draw powder together into nuclei of one size, of these solids [m3] at most; what it is then, and they are."""
        place, held = self._classes(bed), bed.weight * bed.solid
        by_class = np.bincount(place, held, self._cells.count)[self._order]
        below = np.concatenate(([0.0], np.cumsum(by_class)))[self._smaller]
        if below.max() <= 0.0:
            return bed, 0.0
        drop = int(self._random.choice(below.size, p=below / below.sum()))
        nucleus, powder = float(self._nuclei[drop]), self._rank[place] < self._smaller[drop]
        grains = self._grains(bed, np.where(powder, bed.weight, 0.0), amount, nucleus)
        solids = float(grains @ bed.solid)
        if solids <= 0.0:
            return bed, 0.0
        number = solids / nucleus
        made = Particles(np.array([number]), *(np.array([grains @ each / number]) for each in bed.contents))
        inside = float(grains @ np.minimum(bed.solid / self._ratio, bed.gas)) / number
        made.internal += inside
        made.gas -= inside
        made.external += nucleus / self._ratio - inside
        bed.weight -= grains
        return bed.pick(bed.weight > 0.0).join(made), solids

    def _grains(self, bed: Particles, eligible: Floats, amount: float, nucleus: float) -> Floats:
        """Grains of each particle in nuclei of these solids [m3] each, `amount` in all on average: in proportion to
        their number, or drawn so. Where a particle has fewer grains than there are nuclei, all of them are drawn.
        """
        share, nuclei = amount / float(eligible @ bed.solid), amount / nucleus
        if not self._scatters:
            return eligible * min(share, 1.0)
        at_once = np.minimum(eligible, nuclei)
        mean = eligible * share / np.maximum(at_once, LEAST)
        times = self._random.poisson(mean)
        while not times.any():
            times = self._random.poisson(mean)
        return np.asarray(np.minimum(times * at_once, eligible))

    def _classes(self, bed: Particles) -> np.ndarray:
        """Class of each particle; those beyond the grid are in the outermost."""
        return cell_of(self._cells, np.array([bed.solid] if len(self._cells.grids) == 1 else bed.parts))


def _diameters(sizes: DropSizes) -> Floats:
    """Diameters [m] of drops that hold the same liquid each."""
    chances = (np.arange(DROPS) + 0.5) / DROPS
    if sizes.table is not None:
        return np.exp(np.interp(chances, sizes.table.cumulative, np.log(sizes.table.diameters)))
    normal = NormalDist(log(sizes.median), sizes.spread)
    return np.array([exp(normal.inv_cdf(chance)) for chance in chances])
