"""Moments in place of classes: quadrature of moments (QMOM) in solid volume, and extended quadrature (EQMOM).

"nodes": 2 n moments are closed by the n nodes and weights that have them, `pbm.quadrature`. "lognormal" and "gamma":
2 n + 1 moments are closed by n distributions of one width, `pbm.extended_moments`. For constant, sum and product
kernels the moment equations are closed, so that the moments are exact to the tolerance of the integrator.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError, SimulationError
from pbm.extended_moments import fit_mixture
from pbm.grid import Floats
from pbm.laws import BreakageRate, Fragments, Kernel, Material
from pbm.quadrature import quadrature
from pbm.runs import check_times

TOLERANCE = 1e-11


class Closure(Protocol):
    """What stands in for the population where only its moments are known: nodes and weights."""

    def __call__(self, moments: Floats) -> tuple[Floats, Floats]:
        """Nodes and weights, of one shape, that have the moments."""


def extended(kind: str) -> Closure:
    """Closure by a sum of distributions of this kind, integrated exactly for every moment that is kept."""

    def nodes_and_weights(moments: Floats) -> tuple[Floats, Floats]:
        return fit_mixture(moments, kind).quadrature(moments.size // 2 + 1)

    return nodes_and_weights


CLOSURES: dict[str, Closure] = {
    "nodes": quadrature,
    "lognormal": extended("lognormal"),
    "gamma": extended("gamma"),
}


class MomentPopulation:
    """A population by its first moments, with the laws of `pbm.laws`; daughters need closed moments.

    closure: "nodes" for an even number of moments, "lognormal" or "gamma" for an odd one.
    """

    def __init__(
        self,
        kernel: Kernel | None = None,
        breakage_rate: BreakageRate | None = None,
        fragments: Fragments | None = None,
        material: Material | None = None,
        closure: str = "nodes",
    ) -> None:
        if closure not in CLOSURES:
            known, near = ", ".join(CLOSURES), closest(closure, CLOSURES)
            raise CaseError("no such closure", key="closure", value=closure, expected=known, nearest=near)
        self._nodes, self._odd = CLOSURES[closure], int(closure != "nodes")
        if (breakage_rate is None) != (fragments is None):
            raise CaseError("breakage needs a rate and fragments", key="fragments", expected="both, or neither")
        self.kernel, self.breakage_rate, self.fragments = kernel, breakage_rate, fragments
        self.material = material or Material()

    def change(self, moments: Floats, volume: float = 1.0) -> Floats:
        """dM_k/dt for moments in units of `volume` [m3]."""
        nodes, weights = self._nodes(moments)
        change, orders = np.zeros(moments.size), np.arange(moments.size)
        powers = nodes ** orders[:, None]
        if self.kernel is not None:
            rates = self.kernel.between(nodes * volume, self.material) * np.outer(weights, weights)
            for order in orders:
                born = (nodes[:, None] + nodes[None, :]) ** order
                change[order] = 0.5 * np.sum(rates * (born - powers[order][:, None] - powers[order][None, :]))
        if self.breakage_rate is not None and self.fragments is not None:
            broken = weights * self.breakage_rate.at(nodes * volume, self.material)
            gains = np.array([self.fragments.moment(float(order)) - 1.0 for order in orders])
            change += gains * (powers @ broken)
        return change

    def solve(self, moments: Floats, times: Floats) -> Floats:
        """M_k [m^(3k)/m3] at `times` [s], shape (times, moments), from those at the first of them.

        Raises CaseError for a set of the wrong count or without number, SimulationError when the moments stop being
        those of a population.
        """
        from scipy.integrate import solve_ivp

        start, marks = np.asarray(moments, dtype=float), np.asarray(times, dtype=float)
        check_times(marks)
        fits = start.ndim == 1 and start.size >= 2 and start.size % 2 == self._odd
        if not fits or not np.all(np.isfinite(start)) or start[0] <= 0.0:
            expected = f"an {'odd' if self._odd else 'even'} count, M0 > 0"
            raise CaseError("not a set of moments", key="moments", value=start.tolist(), expected=expected)
        volume = start[1] / start[0]
        scale = volume ** np.arange(start.size)
        solution = solve_ivp(
            lambda _, scaled: self.change(scaled, volume), (marks[0], marks[-1]), start / scale,
            method="DOP853", t_eval=marks, rtol=TOLERANCE, atol=0.0,
        )  # fmt: skip
        if not solution.success:
            raise SimulationError(f"the moments cannot be followed: {solution.message}")
        return np.asarray(solution.y.T * scale)
