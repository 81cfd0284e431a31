"""A population in one to four coordinates, the solid volumes of its components.

    grid = pbm.geometric_grid(1e-15, 1e-10, 12)
    population = pbm.SeveralComponentPopulation((grid, grid, grid), 1e-12, breakage=pbm.Splitting(0.1))
    result = population.solve(numbers, [0.0, 60.0])

"fixed-pivot": every merger is shared by the corners of the pivots around its sum, with the product of linear shares
along the axes: number, every component and every mixed moment of two or more components are kept, squares are spread
out. Kumar and Ramkrishna, Chem. Eng. Sci. 51 (1996) 1311, doi 10.1016/0009-2509(96)88489-2; in two coordinates Vale and
McKenna, Ind. Eng. Chem. Res. 44 (2005) 7885, doi 10.1021/ie050179s. "cell-average": `pbm.schemes.cell_average_nd`.
Pairs whose sum lies above a top pivot do not merge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from pbm.grid import Floats, Grid
from pbm.lattice import Lattice
from pbm.positive import integrate
from pbm.schemes.cell_average_nd import CellAverage
from pbm.schemes.merging import ROUND_OFF
from pbm.sources import Layer, Layers, Nuclei
from pbm.splitting import Splitting

MOST_ENTRIES = 60_000_000
"""Shares that may be held, of twelve bytes each."""
SCHEMES = ("fixed-pivot", "cell-average")
MERGED, GAINED, BORN = 0, 1, 2
"""Ledger: mergers, grains gained by breakage, nuclei; from the fourth entry on what each component gained [m3/m3]."""

PairRate = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class SeveralComponentResult:
    """At `times` [s]: numbers [1/m3], shape (times, n1, n2, ...), the ledger (times, 3 + coordinates); steps taken."""

    grids: tuple[Grid, ...]
    times: Floats
    numbers: Floats
    booked: Floats
    steps: int

    def moment(self, *orders: float) -> Floats:
        """M_ab... = sum N x^a y^b ..., shape (times,)."""
        weighted = self.numbers
        for grid, order in zip(reversed(self.grids), reversed(orders)):
            weighted = weighted @ grid.pivots**order
        return np.asarray(weighted)

    @property
    def imbalance(self) -> tuple[float, ...]:
        """Largest relative error of the number against the booked events, and of each component."""
        units = np.eye(len(self.grids))
        number = self.moment(*np.zeros(len(self.grids)))
        events = self.booked[:, GAINED] + self.booked[:, BORN] - self.booked[:, MERGED]
        errors = [np.max(np.abs(number - number[0] - events) / np.maximum(number[0], number))]
        for axis, unit in enumerate(units):
            held = self.moment(*unit)
            errors.append(np.max(np.abs(held - held[0] - self.booked[:, 3 + axis]) / np.maximum(held[0], held)))
        return tuple(float(error) for error in errors)


class SeveralComponentPopulation:
    """Grids of one to four components, and what happens to their granules.

    rate: b [m3/s] of aggregation, a number or a function of the components of both grains, arrays (components, pairs)
    tolerance: error of a step; scheme: of aggregation; breakage; layers: growth; nuclei: births
    Raises CaseError for too many coordinates or cells, and for rates that are none.
    """

    def __init__(
        self,
        grids: tuple[Grid, ...],
        rate: float | PairRate = 0.0,
        tolerance: float = 1e-6,
        scheme: str = "fixed-pivot",
        breakage: Splitting | None = None,
        layers: tuple[Layer, ...] = (),
        nuclei: tuple[Nuclei, ...] = (),
    ) -> None:
        self.lattice, self.tolerance = Lattice(grids), tolerance
        self._merge(rate, scheme)
        self._splits = None if breakage is None else _Splits(self.lattice, breakage)
        self._layers = [(layer.component, Layers(self.lattice, layer)) for layer in layers]
        self._source = np.sum([each.source(self.lattice) for each in nuclei], axis=0) if nuclei else None

    def _merge(self, rate: float | PairRate, scheme: str) -> None:
        if scheme not in SCHEMES:
            known, near = ", ".join(SCHEMES), closest(scheme, SCHEMES)
            raise CaseError("no such scheme", key="scheme", value=scheme, expected=f"one of: {known}", nearest=near)
        lattice = self.lattice
        self._aggregates = callable(rate) or rate != 0.0
        if not self._aggregates:
            return
        axes = len(lattice.shape)
        shares = 2**axes + (0 if scheme == "fixed-pivot" else 2 + axes * (axes + 1) // 2)
        entries = lattice.cells * (lattice.cells + 1) // 2 * shares
        if entries > MOST_ENTRIES:
            text = f"at most {MOST_ENTRIES} shares; fewer classes"
            raise CaseError("too much for this scheme", key="grids", value=f"{lattice.shape}: {entries}", expected=text)
        first, second = np.tril_indices(lattice.cells)
        sums = lattice.components[:, first] + lattice.components[:, second]
        tops = np.array([grid.pivots[-1] for grid in lattice.grids])
        inside = np.all(sums <= tops[:, None] * (1.0 + ROUND_OFF), axis=0)
        self._first, self._second = first[inside], second[inside]
        self._rate = _pair_rates(rate, lattice.components[:, self._first], lattice.components[:, self._second])
        self._rate *= np.where(self._first == self._second, 0.5, 1.0)
        self._births: Callable[[Floats], Floats]
        if scheme == "cell-average":
            self._births = CellAverage(lattice, sums[:, inside]).births
        else:
            corners = lattice.corner_shares(sums[:, inside])
            self._births = lambda events: np.asarray(corners @ events)

    def change(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Change of the flattened numbers [1/(m3 s)], and of the ledger."""
        change, booked = np.zeros(numbers.size), np.zeros(3 + len(self.lattice.shape))
        if self._aggregates:
            events = self._rate * numbers.take(self._first) * numbers.take(self._second)
            change += self._births(events)
            change -= np.bincount(self._first, events, numbers.size) + np.bincount(self._second, events, numbers.size)
            booked[MERGED] = events.sum()
        if self._splits is not None:
            change += self._splits.change @ numbers
            booked[GAINED] = self._splits.gained @ numbers
        for component, layers in self._layers:
            grown, gained = layers.change(numbers)
            change += grown
            booked[3 + component] += gained
        if self._source is not None:
            change += self._source
            booked[BORN] += self._source.sum()
            booked[3:] += self.lattice.components @ self._source
        return change, booked

    def solve(self, numbers: Floats, times: Floats) -> SeveralComponentResult:
        """Integrate from times[0] on. Raises CaseError for a bad start, SimulationError when the step collapses."""
        start, marks, shape = np.asarray(numbers, dtype=float), np.asarray(times, dtype=float), self.lattice.shape
        empty = not start.any() and self._source is None
        if start.shape != shape or not np.all(np.isfinite(start)) or np.any(start < 0.0) or empty:
            raise CaseError("not a start of these grids", key="numbers", value=start.shape, expected=str(shape))
        cells = self.lattice.cells

        def slope(state: Floats) -> Floats:
            return np.concatenate(self.change(state[:cells]))

        begin = np.r_[start.ravel(), np.zeros(3 + len(shape))]
        states, steps = integrate(slope, begin, marks, self._error, cells)
        kept = states[:, :cells].reshape(len(marks), *shape)
        return SeveralComponentResult(self.lattice.grids, marks, kept, states[:, cells:], steps)

    def _error(self, state: Floats, difference: Floats) -> float:
        """Worst of the cells, as a share of the solids, and of the number and the square of the solids."""
        solids, cells = self.lattice.solids, self.lattice.cells
        numbers, error = state[:cells], difference[:cells]
        volumes = numbers * solids
        worst = float(np.max(np.abs(error * solids) / (volumes + 1e-2 * volumes.sum())))
        for weights in (np.ones_like(solids), solids**2):
            worst = max(worst, abs(float(error @ weights)) / float(numbers @ weights))
        return worst / self.tolerance


class _Splits:
    """Breakage as a sparse matrix, and the grains it adds per second and grain of each cell."""

    def __init__(self, lattice: Lattice, breakage: Splitting) -> None:
        from scipy.sparse import diags_array

        table = breakage.table(lattice)
        fragments = np.asarray(table.sum(axis=1)).ravel()
        rates = np.where(fragments > 0.0, breakage.rates(lattice), 0.0)
        self.change = (table.T @ diags_array(rates) - diags_array(rates)).tocsr()
        self.gained = rates * (fragments - 1.0)


def _pair_rates(rate: float | PairRate, one: Floats, other: Floats) -> Floats:
    rates = np.array(rate(one, other) if callable(rate) else np.full(one.shape[1], float(rate)), dtype=float)
    if rates.shape != one.shape[1:] or not np.all(np.isfinite(rates)) or np.any(rates < 0.0):
        raise CaseError("a rate is negative or no number", key="rate", expected="finite numbers >= 0, per pair")
    return rates
