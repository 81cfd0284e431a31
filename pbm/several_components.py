"""A population in one to four coordinates, the solid volumes of its components.

    grid = pbm.geometric_grid(1e-15, 1e-10, 12)
    population = pbm.SeveralComponentPopulation((grid, grid, grid), 1e-12, breakage=pbm.Splitting(0.1))
    result = population.solve(numbers, [0.0, 60.0])

"fixed-pivot": every merger is shared by the corners of the pivots around its sum, with the product of linear shares
along the axes: number, every component and every mixed moment of two or more components are kept, squares are spread
out. Kumar and Ramkrishna, Chem. Eng. Sci. 51 (1996) 1311, doi 10.1016/0009-2509(96)88489-2; in two coordinates Vale and
McKenna, Ind. Eng. Chem. Res. 44 (2005) 7885, doi 10.1021/ie050179s. "cell-average": `pbm.schemes.cell_average_nd`.
Pairs whose sum lies above a top pivot do not merge. Where grains may lack a component, its grid begins with nil,
`pbm.with_nil`, for aggregation alone; the cell that would hold none stays empty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compute.base import Backend
from compute.case_model import closest
from compute.errors import CaseError
from pbm.full_tops import tell_full_tops
from pbm.grid import Floats, Grid
from pbm.lattice import Lattice
from pbm.lattice_balance import (
    BORN,
    FIRST_COMPONENT,
    GAINED,
    MERGED,
    NO_AGGREGATION,
    LatticeProblem,
    Splits,
    compiled_lattice,
    lattice_slope,
    make_pools,
    solve_lattice,
)
from pbm.lattice_device import DeviceLattice
from pbm.laws import Kernel, Material
from pbm.runs import check_runs, check_times, make_runs, make_stages
from pbm.runs_device import slope_on, solve_on
from pbm.schemes.lattice_pairs import AVERAGE, CORNERS, make_axes
from pbm.schemes.merging import ROUND_OFF
from pbm.sources import Layer, Nuclei, layering_tables
from pbm.splitting import Splitting

MOST_PAIRS = 60_000_000
"""Ordered pairs of cells, whose rates take eight bytes each."""
SCHEMES = {"fixed-pivot": CORNERS, "cell-average": AVERAGE}

PairRate = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class SeveralComponentResult:
    """At `times` [s]: numbers [1/m3], shape (times, n1, n2, ...), the ledger of `pbm.lattice_balance`,
    (times, 3 + coordinates); steps taken.
    """

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
            errors.append(
                np.max(np.abs(held - held[0] - self.booked[:, FIRST_COMPONENT + axis]) / np.maximum(held[0], held))
            )
        return tuple(float(error) for error in errors)


class SeveralComponentPopulation:
    """Grids of one to four components, and what happens to their granules.

    rate: b [m3/s] of aggregation, a number, a function of the components of both grains, arrays (components, pairs), or
    a kernel of `pbm.kernel` for granules of the sum of their components, of this `material`
    tolerance: error of a step; scheme: of aggregation; breakage; layers: growth; nuclei: births
    compiled: by numba, once per machine; otherwise the same text as plain Python
    Raises CaseError for too many coordinates or cells, and for rates that are none.
    """

    def __init__(
        self,
        grids: tuple[Grid, ...],
        rate: float | PairRate | Kernel = 0.0,
        tolerance: float = 1e-6,
        scheme: str = "fixed-pivot",
        breakage: Splitting | None = None,
        layers: tuple[Layer, ...] = (),
        nuclei: tuple[Nuclei, ...] = (),
        compiled: bool = True,
        material: Material | None = None,
    ) -> None:
        self.lattice, self.tolerance, self.compiled = Lattice(grids), tolerance, compiled
        if any(grid.pivots[0] == 0.0 for grid in grids) and (breakage or layers or nuclei):
            raise CaseError("a class of nil knows aggregation alone", key="grids", expected="first pivots above nil")
        lattice, merges = self.lattice, not isinstance(rate, (int, float)) or rate != 0.0
        number, rates = _scheme_of(scheme), _rates_of(rate, lattice, material or Material())
        self._problem = LatticeProblem(
            axes=make_axes(lattice),
            scheme=number if merges else NO_AGGREGATION,
            rates=rates,
            splits=_splits(lattice, breakage),
            layering=layering_tables(lattice, layers),
            source=np.sum([np.zeros(lattice.cells), *(each.source(lattice) for each in nuclei)], axis=0),
            components=lattice.components,
            solids=lattice.solids,
        )

    def change(self, numbers: Floats, backend: Backend | None = None) -> tuple[Floats, Floats]:
        """Change of the numbers [1/(m3 s)], and of the ledger; backend: as of `solve`."""
        cells, slope = self.lattice.cells, np.zeros(self._size)
        values = np.append(np.asarray(numbers, dtype=float).ravel(), np.zeros(self._size - cells))
        if backend is None:
            lattice_slope(0, values, self._problem, make_pools(self.lattice), slope)
        else:
            slope = slope_on(backend, DeviceLattice(backend, self._problem), values)
        return slope[:cells].reshape(self.lattice.shape), slope[cells:]

    def solve(self, numbers: Floats, times: Floats, backend: Backend | None = None) -> SeveralComponentResult:
        """Integrate from times[0] on. Raises CaseError for a bad start, SimulationError when the step collapses.

        backend: a device, `compute.get_backend("cuda")`, that runs cells side by side; else the CPU
        Warns of components in granules that the grids hold back, by `pbm.full_tops`.
        """
        start, marks = np.asarray(numbers, dtype=float), np.asarray(times, dtype=float)
        cells, shape = self.lattice.cells, self.lattice.shape
        self._check_start(start)
        check_times(marks)
        begin = np.append(start.ravel(), np.zeros(self._size - cells))[None]
        runs = make_runs(begin, marks, np.array([self.tolerance]), cells)
        if backend is None:
            solve = compiled_lattice() if self.compiled else solve_lattice
            solve(self._problem, make_pools(self.lattice), make_stages(1, self._size), runs)
        else:
            solve_on(backend, DeviceLattice(backend, self._problem), runs)
        check_runs(runs)
        kept, booked = runs.states[0, :, :cells].reshape(len(marks), *shape), runs.states[0, :, cells:]
        layering, merges = self._problem.layering, self._problem.scheme != NO_AGGREGATION
        tell_full_tops(self.lattice.grids, kept[-1], merges, layering.component[np.any(layering.speed > 0.0, axis=1)])
        return SeveralComponentResult(self.lattice.grids, marks, kept, booked, int(runs.steps[0, 0]))

    @property
    def _size(self) -> int:
        """Length of a state: cells and ledger."""
        return self.lattice.cells + FIRST_COMPONENT + len(self.lattice.shape)

    def _check_start(self, start: Floats) -> None:
        shape = self.lattice.shape
        empty = not start.any() and not self._problem.source.any()
        if start.shape != shape or not np.all(np.isfinite(start)) or np.any(start < 0.0) or empty:
            raise CaseError("not a start of these grids", key="numbers", value=start.shape, expected=str(shape))
        if np.any(start.ravel()[self.lattice.solids == 0.0]):
            expected = "nil where all pivots are nil"
            raise CaseError("grains without any component", key="numbers", value=start.flat[0], expected=expected)


def _scheme_of(name: str) -> int:
    if name not in SCHEMES:
        known, near = ", ".join(SCHEMES), closest(name, SCHEMES)
        raise CaseError("no such scheme", key="scheme", value=name, expected=f"one of: {known}", nearest=near)
    return SCHEMES[name]


def _rates_of(rate: float | PairRate | Kernel, lattice: Lattice, material: Material) -> Floats:
    """Rates of the pairs J <= I whose sum stays on the lattice [m3/s], (cells, cells), or (1, cells) of all."""
    cells = lattice.cells
    if (not isinstance(rate, (int, float)) or rate != 0.0) and cells**2 > MOST_PAIRS:
        text = f"at most {MOST_PAIRS} pairs; fewer classes"
        raise CaseError("too much for this scheme", key="grids", value=f"{lattice.shape}: {cells**2}", expected=text)
    if isinstance(rate, Kernel):
        return rate.by_solids(lattice.solids, material)
    if not callable(rate):
        return _checked(np.full((1, cells), float(rate)), (1, cells))
    return _called(rate, lattice)


def _called(rate: PairRate, lattice: Lattice) -> Floats:
    """Rates by a function of the components of both grains."""
    cells, tops = lattice.cells, np.array([grid.pivots[-1] for grid in lattice.grids])[:, None]
    rates = np.zeros((cells, cells))
    for cell in np.flatnonzero(lattice.solids):
        one, others = lattice.components[:, cell : cell + 1], lattice.components[:, : cell + 1]
        inside = np.all(one + others <= tops * (1.0 + ROUND_OFF), axis=0) & (lattice.solids[: cell + 1] > 0.0)
        if inside.any():
            others = others[:, inside]
            found = np.asarray(rate(np.broadcast_to(one, others.shape), others), dtype=float)
            rates[cell, : cell + 1][inside] = _checked(found, others.shape[1:])
    return rates


def _checked(rates: Floats, shape: tuple[int, ...]) -> Floats:
    if rates.shape != shape or not np.all(np.isfinite(rates)) or np.any(rates < 0.0):
        raise CaseError("a rate is negative or no number", key="rate", expected="finite numbers >= 0, per pair")
    return rates


def _splits(lattice: Lattice, breakage: Splitting | None) -> Splits:
    """Breakage as rows of a sparse matrix, and the grains it adds per second and grain of each cell."""
    from scipy.sparse import csr_array, diags_array

    if breakage is None:
        return Splits(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    table = breakage.table(lattice)
    fragments = np.asarray(table.sum(axis=1)).ravel()
    rates = np.where(fragments > 0.0, breakage.rates(lattice), 0.0)
    change = csr_array(table.T @ diags_array(rates) - diags_array(rates))
    return Splits(
        change.indptr.astype(np.int64), change.indices.astype(np.int64), change.data, rates * (fragments - 1.0)
    )
