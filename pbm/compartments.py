"""Exchange between compartments: rates k_ab [1/s] act on number, liquids and gas of every class alike."""

from __future__ import annotations

import numpy as np

from compute.errors import CaseError
from compute.physics import physics
from pbm.grid import Floats


@physics
def transfer(rate: float, content: float, limit: float) -> float:
    """Flow [1/s or m3/s] of a content from one compartment to another, k_ab times the content times its limit."""
    return rate * content * limit


def outflow_rates(exchange: Floats) -> Floats:
    """Sum over b of k_ab [1/s], shape (compartments,); CaseError for a matrix that is no set of rates."""
    matrix = np.asarray(exchange, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise CaseError("not a square matrix", key="compartments.exchange", value=matrix.shape, expected="n x n")
    if not np.all(np.isfinite(matrix)) or np.any(matrix < 0.0) or np.any(np.diag(matrix) != 0.0):
        raise CaseError("not a set of rates", key="compartments.exchange", expected="numbers >= 0, diagonal 0")
    return np.asarray(matrix.sum(axis=1))
