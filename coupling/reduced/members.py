"""Error members: a few copies of the state that run with a moved law, so that its variance shows in the outputs.

With the covariance of the coefficients S = R R', the differences of the outputs for each column of R form a matrix A,
and S maps to A A' in the outputs. The leading right singular vectors w of A are the directions R w that move outputs
most; each kept one is a member at one standard deviation. The share of the variance that the other directions would
add is known and scales the members up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Members(NamedTuple):
    """Moved coefficients, shape (members, coefficients), and the share of variance that they leave out [-]."""

    coefficients: Floats
    unresolved: float


def square_root(covariance: Floats) -> Floats:
    """R with R R' = covariance, columns in falling order of their size; tiny negative eigenvalues count as zero."""
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    safe = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(safe, safe))
    root = (safe[:, None] * vectors) * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(root[:, ::-1], dtype=float)


def leading_members(
    coefficients: Floats, covariance: Floats, outputs: Callable[[Floats], Floats], count: int
) -> Members:
    """Choose `count` members.

    Args:
        coefficients: of the law; covariance: of these.
        outputs: outputs of the model for given coefficients, dimensionless (logarithms, shares), shape (any,).
        count: number of members.
    """
    root = square_root(covariance)
    best = outputs(coefficients)
    differences = np.stack([outputs(coefficients + column) - best for column in root.T], axis=1)
    _, sizes, directions = np.linalg.svd(differences, full_matrices=False)
    total, kept = float(np.sum(sizes**2)), float(np.sum(sizes[:count] ** 2))
    if not total > 0.0:
        return Members(np.repeat(coefficients[None], count, axis=0), 0.0)
    scale = np.sqrt(total / kept)
    return Members(coefficients + scale * (directions[:count] @ root.T), 1.0 - kept / total)
