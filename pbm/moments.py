"""Moments in place of classes: quadrature of moments (QMOM) in solid volume.

2 n moments M_k = sum w x^k are closed by the n nodes x and weights w that have them, found by Wheeler's algorithm:
McGraw, Aerosol Sci. Technol. 27 (1997) 255, doi 10.1080/02786829708965471; Wheeler, Rocky Mt. J. Math. 4 (1974) 287; in
Marchisio and Fox (2013), chapter 3. For constant, sum and product kernels the moment equations are closed, so that the
moments are exact to the tolerance of the integrator.
"""

from __future__ import annotations

import numpy as np

from compute.errors import CaseError, SimulationError
from pbm.grid import Floats
from pbm.laws import BreakageRate, Fragments, Kernel, Material

TOLERANCE = 1e-11


def quadrature(moments: Floats) -> tuple[Floats, Floats]:
    """Nodes and weights, shape (n,), that have the moments 0 to 2 n - 1; SimulationError where no population has them.

    Wheeler's recursion gives the three-term coefficients, the eigenvalues of the Jacobi matrix the nodes.
    """
    count = moments.size // 2
    sigma = np.zeros((count + 1, 2 * count))
    sigma[1] = moments
    mean, width = np.zeros(count), np.zeros(count)
    mean[0] = moments[1] / moments[0]
    for k in range(1, count):
        last = 2 * count - k
        for place in range(k, last):
            lower = mean[k - 1] * sigma[k, place] + width[k - 1] * sigma[k - 1, place]
            sigma[k + 1, place] = sigma[k, place + 1] - lower
        mean[k] = sigma[k + 1, k + 1] / sigma[k + 1, k] - sigma[k, k] / sigma[k, k - 1]
        width[k] = sigma[k + 1, k] / sigma[k, k - 1]
    if np.any(width[1:] <= 0.0) or not np.all(np.isfinite(mean)):
        raise SimulationError("the moments belong to no population; use fewer nodes, or a smaller tolerance")
    off = np.sqrt(width[1:])
    nodes, vectors = np.linalg.eigh(np.diag(mean) + np.diag(off, 1) + np.diag(off, -1))
    return nodes, moments[0] * vectors[0] ** 2


class MomentPopulation:
    """A population by its first 2 n moments, with the laws of `pbm.laws`; daughters need closed moments."""

    def __init__(
        self,
        kernel: Kernel | None = None,
        breakage_rate: BreakageRate | None = None,
        fragments: Fragments | None = None,
        material: Material | None = None,
    ) -> None:
        if (breakage_rate is None) != (fragments is None):
            raise CaseError("breakage needs a rate and fragments", key="fragments", expected="both, or neither")
        self.kernel, self.breakage_rate, self.fragments = kernel, breakage_rate, fragments
        self.material = material or Material()

    def change(self, moments: Floats, volume: float = 1.0) -> Floats:
        """dM_k/dt for moments in units of `volume` [m3]."""
        nodes, weights = quadrature(moments)
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
        """M_k [m^(3k)/m3] at `times` [s], shape (times, 2 n), from those at the first of them.

        Raises CaseError for an odd or bad set, SimulationError when the moments stop being those of a population.
        """
        from scipy.integrate import solve_ivp

        start, marks = np.asarray(moments, dtype=float), np.asarray(times, dtype=float)
        if start.ndim != 1 or start.size < 2 or start.size % 2 or not np.all(np.isfinite(start)) or start[0] <= 0.0:
            raise CaseError(
                "not a set of moments", key="moments", value=start.tolist(), expected="an even count, M0 > 0"
            )
        volume = start[1] / start[0]
        scale = volume ** np.arange(start.size)
        solution = solve_ivp(
            lambda _, scaled: self.change(scaled, volume), (marks[0], marks[-1]), start / scale,
            method="DOP853", t_eval=marks, rtol=TOLERANCE, atol=0.0,
        )  # fmt: skip
        if not solution.success:
            raise SimulationError(f"the moments cannot be followed: {solution.message}")
        return np.asarray(solution.y.T * scale)
