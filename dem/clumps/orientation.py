"""Unit quaternions (w, x, y, z) as arrays: each turns vectors of a body's frame into those of space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NO_TURN = np.array([1.0, 0.0, 0.0, 0.0])


def product(first: Array, second: Array) -> Array:
    """Return the turn by the second, then by the first; shapes (..., 4)."""
    a, b = np.asarray(first), np.asarray(second)
    w = a[..., :1] * b[..., :1] - (a[..., 1:] * b[..., 1:]).sum(axis=-1, keepdims=True)
    v = a[..., :1] * b[..., 1:] + b[..., :1] * a[..., 1:] + np.cross(a[..., 1:], b[..., 1:])
    return np.concatenate([w, v], axis=-1)


def inverse(turn: Array) -> Array:
    """Return the turn back, shape (..., 4)."""
    return np.asarray(turn) * np.array([1.0, -1.0, -1.0, -1.0])


def turned(turn: Array, vector: Array) -> Array:
    """Return v + 2 q x (q x v + w v), the vectors after the turn; shapes (..., 4) and (..., 3)."""
    w, q = turn[..., :1], turn[..., 1:]
    return vector + 2.0 * np.cross(q, np.cross(q, vector) + w * vector)


def of_matrix(matrix: Array) -> Array:
    """Return the quaternion of a rotation matrix whose columns are the body's axes in space, shape (4,)."""
    trace = np.trace(matrix)
    squares = np.array([trace, *(2.0 * np.diag(matrix) - trace)]) + 1.0
    largest = int(np.argmax(squares))
    skew = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    if largest == 0:
        turn = np.concatenate([[squares[0]], skew])
    else:
        turn = np.concatenate([[skew[largest - 1]], matrix[largest - 1] + matrix[:, largest - 1]])
        turn[largest] = squares[largest]
    return np.asarray(turn / np.linalg.norm(turn))


def about_axis(axis: tuple[float, float, float], angle: float) -> Array:
    """Return the turn by an angle [rad] about an axis of any length, shape (4,)."""
    unit = np.asarray(axis) / np.linalg.norm(axis)
    return np.concatenate([[np.cos(0.5 * angle)], np.sin(0.5 * angle) * unit])


def random_turns(count: int, random: np.random.Generator) -> Array:
    """Return turns uniform over all rotations, shape (count, 4).

    Four Gaussian numbers point uniformly over the unit sphere in four dimensions, which covers the rotations twice.
    """
    numbers = random.standard_normal((count, 4))
    return np.asarray(numbers / np.linalg.norm(numbers, axis=1, keepdims=True))
