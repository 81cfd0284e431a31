"""Motions of a case made into arrays, and how far they take a mesh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dem.case_walls import Motion
from dem.walls.arrays import (
    AXIS,
    FIRST,
    LAST,
    LIMIT,
    MOTION_SIZE,
    PERIOD,
    POINT,
    PROFILE_SIZE,
    RAMP,
    SPEED,
    START,
    Walls,
)

Vectors = NDArray[np.float64]


def motion_rows(motions: Sequence[Motion | None]) -> tuple[Vectors, NDArray[np.int32]]:
    """Return the rows of `Walls.motion`, those of the walls before those of their carriers, and `Walls.carrier`."""
    carriers = [motion.carrier if motion is not None else None for motion in motions]
    carrier = np.full(len(motions), -1, np.int32)
    carried = [w for w, each in enumerate(carriers) if each is not None]
    carrier[carried] = len(motions) + np.arange(len(carried))
    every = _every(motions)
    rows, at = np.zeros((len(every), MOTION_SIZE)), 0
    for row, motion in zip(rows, every):
        row[AXIS + 2] = 1.0
        row[[FIRST, LAST]] = at
        row[LIMIT] = np.inf
        if motion is not None:
            row[POINT : POINT + 3] = motion.point
            row[AXIS : AXIS + 3] = np.asarray(motion.axis, float) / np.linalg.norm(motion.axis)
            row[[SPEED, START, RAMP, PERIOD]] = motion.speed, motion.start, motion.ramp, motion.period or 0.0
            at += len(_course(motion))
            row[LAST] = at
    return rows, carrier


def _every(motions: Sequence[Motion | None]) -> list[Motion | None]:
    return [*motions, *(each.carrier for each in motions if each is not None and each.carrier is not None)]


def _course(motion: Motion) -> list[tuple[float, float]]:
    """Return the profile with a row at the start."""
    if not motion.profile or motion.profile[0][0] == 0.0:
        return list(motion.profile)
    return [(0.0, motion.profile[0][1]), *motion.profile]


def profile_rows(motions: Sequence[Motion | None]) -> Vectors:
    """Return the profiles of the motions, those of the walls before those of their carriers, at least one row."""
    rows = [np.zeros((0, PROFILE_SIZE))]
    for motion in _every(motions):
        if motion is not None and motion.profile:
            time, share = np.array(_course(motion)).T
            passed = np.concatenate(([0.0], np.cumsum(0.5 * np.diff(time) * (share[1:] + share[:-1]))))
            rows.append(np.column_stack((time, share, passed)))
    return np.concatenate(rows) if len(rows) > 1 else np.zeros((1, PROFILE_SIZE))


def moves(walls: Walls, w: int) -> bool:
    """Return whether wall w or what carries it turns at all."""
    carried = walls.carrier[w] >= 0 and walls.motion[walls.carrier[w], SPEED] != 0.0
    return bool(carried or walls.motion[w, SPEED] != 0.0)


def swept_radius(own: Vectors, carrier: Vectors | None, corners: Vectors) -> float:
    """Return the largest distance of corners, shape (n, 3), from the axis on the ground, for ever [m].

    own, carrier: rows of `Walls.motion`; None where the wall is not carried. A carried mesh never leaves the ball about
    a point of its own axis, and that ball turns with the carrier.
    """
    along, away = _about(own, corners)
    if carrier is None:
        return float(away.max())
    centre = own[POINT : POINT + 3] + 0.5 * (along.min() + along.max()) * own[AXIS : AXIS + 3]
    ball = float(np.linalg.norm(corners - centre, axis=1).max())
    return reach_about(carrier, centre[None]) + ball


def carried_reach(motion: Motion, corners: Vectors) -> float:
    """Return how far a carried mesh, shape (triangles, 3, 3), gets from its carrier's axis [m], at most."""
    rows, _ = motion_rows([motion])
    return swept_radius(rows[0], rows[1], corners.reshape(-1, 3))


def reach_about(motion: Vectors, corners: Vectors) -> float:
    """Return the largest distance of corners, shape (n, 3), from the axis of a row of `Walls.motion` [m]."""
    return float(_about(motion, corners)[1].max())


def _about(motion: Vectors, corners: Vectors) -> tuple[Vectors, Vectors]:
    axis, offset = motion[AXIS : AXIS + 3], corners - motion[POINT : POINT + 3]
    along = offset @ axis
    return along, np.linalg.norm(offset - along[:, None] * axis, axis=1)
