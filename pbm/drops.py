"""Sizes of a spray's drops: one diameter, a lognormal or a measured distribution, and the nuclei that they make.

In the drop-controlled regime every drop makes one nucleus whatever its size, so that nuclei are distributed as drops
are: Hapgood, Litster and Smith, AIChE J. 49 (2003) 350, doi 10.1002/aic.690490207. A drop of volume V makes a nucleus
with solids V (1 - eps0)/(eps0 S_n), `pbm.nucleation`. What one pass under the spray needs of the sizes are means over
the liquid: its footprints go with <1/d>, the time in which it sinks in with <d^2>, the number of drops with <1/d^3>.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi

import numpy as np

from compute.errors import CaseError
from pbm.case_liquid import Liquid
from pbm.cells import Cells
from pbm.distribution import SizeDistribution, lognormal, project, read_distribution
from pbm.grid import Floats, Grid
from pbm.model import Drops

ROUND_OFF = 1e-12
"""Relative error of solids that count as those of a pivot."""


@dataclass(frozen=True)
class DropSizes:
    """Sizes of drops by volume of liquid: a lognormal with median [m] and standard deviation of ln d, nil for drops of
    one size, or a measured table in place of it.
    """

    median: float
    spread: float = 0.0
    table: SizeDistribution | None = None

    def mean_power(self, power: float) -> float:
        """<d^p> over the liquid [m^p]; a table is uniform in ln d between its points."""
        if self.table is None:
            return self.median**power * exp(0.5 * (power * self.spread) ** 2)
        sizes, held = self.table.diameters, np.diff(self.table.cumulative)
        inner = np.diff(sizes**power) / (power * np.diff(np.log(sizes)))
        return float(self.table.cumulative[0] * sizes[0] ** power + held @ inner)

    @property
    def mean_volume(self) -> float:
        """Volume of all drops over their number [m3]."""
        return pi / 6.0 / self.mean_power(-3.0)

    def nuclei(self, grid: Grid, ratio: float) -> Floats:
        """Shares of the solids of all nuclei by class, (classes,); ratio: solids of a nucleus over its drop's volume.

        CaseError where more than one percent of them lies beyond the grid.
        """
        growth = ratio ** (1.0 / 3.0)
        try:
            if self.table is None:
                numbers = lognormal(grid, growth * self.median, self.spread)
            else:
                scaled = SizeDistribution(growth * self.table.diameters, self.table.cumulative)
                numbers = project(scaled, grid, 1.0, 0.0).numbers
        except CaseError:
            low, high = grid.edge_diameters()[[0, -1]] / growth
            raise CaseError(
                "the classes cannot hold the nuclei of all drops",
                key="pbm.liquid.drops",
                value=f"a median of {self.median:.3g} m",
                expected=f"99 % of the liquid in drops of {low:.3g} to {high:.3g} m, or a wider grid",
            ) from None
        return np.asarray(numbers * grid.pivots / float(numbers @ grid.pivots))


def drop_sizes(liquid: Liquid) -> DropSizes:
    """Sizes of the drops of a case; CaseError where their table cannot be read."""
    if liquid.drops is None:
        return DropSizes(liquid.drop_diameter)
    if liquid.drops.distribution is None:
        return DropSizes(liquid.drops.median or 0.0, liquid.drops.spread or 0.0)
    table = read_distribution(liquid.drops.distribution)
    return DropSizes(table.percentile(0.5), table=table)


def reach(cells: Cells) -> Floats:
    """Solids [m3] of the smallest nucleus for which grains of each class are powder, (classes,): of a granule at the
    next pivot of every component, so that no such nucleus is booked in the class, nor taken for powder again.

    Classes at the top of a component are powder for none.
    """
    return np.asarray(cells.solid_volume + cells.distances(up=True)[: len(cells.grids)].sum(axis=0))


def make_drops(cells: Cells, solids: Floats, shares: Floats) -> Drops:
    """Tables of drops that make nuclei of these solids [m3], rising, from these shares of the liquid."""
    first = np.searchsorted(solids * (1.0 + ROUND_OFF), reach(cells))
    return Drops(shares, solids, first.astype(np.int64))


def powder_share(drops: Drops) -> Floats:
    """Share of the liquid on grains of each class that makes nuclei of them, (classes,); the rest coats."""
    below = np.concatenate(([0.0], np.cumsum(drops.share)))
    return np.asarray((below[-1] - below[drops.first]) / below[-1])
