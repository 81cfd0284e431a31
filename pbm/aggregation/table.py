"""A table of rate constants b_kl [m3/s] between classes of diameters d_k, as a particle simulation counts them.

b = (d_i + d_j)^3 exp(g(ln d_i, ln d_j)) with g bilinear between the values ln(b_kl/(d_k + d_l)^3) of the table and
constant beyond its ends: between and beyond the sizes that were counted, granules meet as sheared grains do,
Smoluchowski, Z. Phys. Chem. 92 (1917) 129, doi 10.1515/zpch-1918-9209. Of the covariance of the counts the logarithms
are normal, so that no rate turns negative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats, diameter_of
from pbm.laws import Kernel, Material

UNITS = {"smallest_diameter": "m", "largest_diameter": "m"}


class Coefficients(NamedTuple):
    """Ends of the table."""

    smallest_diameter: float  # [m]
    largest_diameter: float  # [m]


@dataclass(frozen=True, eq=False)
class TabulatedKernel(Kernel):
    """b(d_i, d_j) [m3/s] between tabulated values.

    diameters: of the classes, rising [m], (K,); table: b_kl [m3/s], (K, K)
    covariance: of ln b of the pairs k <= l, row by row, (pairs, pairs); nil where it is not known
    """

    diameters: Floats
    table: Floats
    covariance: Floats

    def between(self, volumes: Floats, material: Material) -> Floats:
        """b_ij [m3/s] of granules of any solid volumes [m3], shape (volumes, volumes)."""
        sizes = diameter_of(volumes, material.porosity)
        sheared = np.log(self.table / np.add.outer(self.diameters, self.diameters) ** 3)
        shares = _shares(np.log(sizes), np.log(self.diameters))
        found = shares @ sheared @ shares.T
        return np.asarray(np.add.outer(sizes, sizes) ** 3 * np.exp(0.5 * (found + found.T)))

    def draws(self, count: int, seed: int = 0) -> list[TabulatedKernel]:
        """Kernels that the counts allow as well, drawn from their covariance."""
        random = np.random.Generator(np.random.Philox(seed))
        first, second = np.triu_indices(self.diameters.size)
        moved = np.exp(random.multivariate_normal(np.zeros(first.size), self.covariance, count, method="svd"))
        tables = np.repeat(self.table[None], count, axis=0)
        tables[:, first, second] *= moved
        tables[:, second, first] = tables[:, first, second]
        return [replace(self, table=one) for one in tables]


def _shares(places: Floats, knots: Floats) -> Floats:
    """Linear shares of the knots at each place, those of the nearest end beyond, (places, knots)."""
    return np.array([np.interp(places, knots, unit) for unit in np.eye(knots.size)]).T


def tabulated_kernel(diameters: Floats, rates: Floats, errors: Floats | None = None) -> TabulatedKernel:
    """A kernel from b_kl [m3/s], shape (K, K), between classes of rising `diameters` [m], (K,).

    rates: of k > l they may be left out as not a number
    errors: standard errors of independent counts [m3/s], (K, K); or the covariance of the pairs k <= l, row by row
    [m6/s2], (pairs, pairs); none: nothing else can be drawn
    Raises CaseError for what is no such table.
    """
    sizes, table = np.asarray(diameters, dtype=float), np.asarray(rates, dtype=float)
    if sizes.ndim != 1 or sizes.size < 2 or not sizes[0] > 0.0 or not np.all(np.diff(sizes) > 0.0):
        raise CaseError("not diameters of classes", key="kernel table: diameters", expected="at least two, rising [m]")
    if table.shape == (sizes.size,) * 2:
        table = np.where(np.isnan(table) & np.tri(sizes.size, k=-1, dtype=bool), table.T, table)
    if table.shape != (sizes.size,) * 2 or not np.all(np.isfinite(table) & (table > 0.0)):
        expected = f"{(sizes.size,) * 2} rates above 0; the upper limit of a pair that never met"
        raise CaseError("not rate constants", key="kernel table: rates", value=table.shape, expected=expected)
    if not np.allclose(table, table.T, rtol=1e-9, atol=0.0):
        raise CaseError("the rate of a pair depends on its order", key="kernel table: rates", expected="b_kl = b_lk")
    ends = Coefficients(float(sizes[0]), float(sizes[-1]))
    return TabulatedKernel("table", ends, sizes, table, _covariance(errors, table))


def _covariance(errors: Floats | None, table: Floats) -> Floats:
    """Covariance of ln b of the pairs."""
    pairs = np.triu_indices(len(table))
    rates, size = table[pairs], pairs[0].size
    given = np.zeros(table.shape) if errors is None else np.asarray(errors, dtype=float)
    if given.shape == table.shape:
        given = np.diag(given[pairs] ** 2)
    fits = given.shape == (size, size) and np.all(np.isfinite(given)) and np.allclose(given, given.T, atol=0.0)
    if not fits or np.linalg.eigvalsh(given / np.outer(rates, rates)).min() < -1e-9:
        expected = f"standard errors {table.shape}, or a covariance {(size, size)} of the pairs"
        raise CaseError("not errors of the rates", key="kernel table: errors", value=given.shape, expected=expected)
    return np.asarray(given / np.outer(rates, rates))
