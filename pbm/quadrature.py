"""Quadrature from moments: nodes and weights that have them.

2 n moments M_k = sum w x^k are those of n nodes x with weights w, found by Wheeler's algorithm: McGraw, Aerosol Sci.
Technol. 27 (1997) 255, doi 10.1080/02786829708965471; Wheeler, Rocky Mt. J. Math. 4 (1974) 287; in Marchisio and Fox
(2013), chapter 3.
"""

from __future__ import annotations

import numpy as np

from compute.errors import SimulationError
from pbm.grid import Floats


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
        if sigma[k + 1, k] <= 0.0:
            raise SimulationError("the moments belong to no population; use fewer nodes, or a smaller tolerance")
        mean[k] = sigma[k + 1, k + 1] / sigma[k + 1, k] - sigma[k, k] / sigma[k, k - 1]
        width[k] = sigma[k + 1, k] / sigma[k, k - 1]
    if np.any(width[1:] <= 0.0) or not np.all(np.isfinite(mean)):
        raise SimulationError("the moments belong to no population; use fewer nodes, or a smaller tolerance")
    nodes, weights = nodes_of(mean, width[1:])
    return nodes, moments[0] * weights


def nodes_of(mean: Floats, square: Floats) -> tuple[Floats, Floats]:
    """Nodes and weights, of the sum one, for p_(k+1) = (x - mean_k) p_k - square_k p_(k-1), square_1 first."""
    off = np.sqrt(square)
    nodes, vectors = np.linalg.eigh(np.diag(mean) + np.diag(off, 1) + np.diag(off, -1))
    return nodes, vectors[0] ** 2
