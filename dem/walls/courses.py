"""Motions of a case made into arrays, and how far they take a mesh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dem.case_motion import FREE_FALL, AnyMotion, Load, Motion, Slide, Tap
from dem.walls.arrays import (
    AXIS,
    BEARS,
    BODY_MASS,
    COUNT,
    CYCLE,
    DAMPING,
    FIRST,
    KIND,
    LAST,
    LIMIT,
    LOAD,
    MOTION_SIZE,
    PERIOD,
    POINT,
    PROFILE_SIZE,
    QUANTA,
    RAMP,
    SLIDES,
    SPEED,
    START,
    Walls,
)

Vectors = NDArray[np.float64]

FORCE_QUANTA = 1e12
"""Quanta of force to a load: sums of them hold forces a million times the load."""


def motion_rows(motions: Sequence[AnyMotion | None]) -> tuple[Vectors, NDArray[np.int32]]:
    """Return the rows of `Walls.motion`, those of the walls before those of their carriers, and `Walls.carrier`."""
    carriers = [_carrier(motion) for motion in motions]
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
            row[AXIS : AXIS + 3] = np.asarray(motion.axis, float) / np.linalg.norm(motion.axis)
            row[START] = motion.start
            _set_course(row, motion)
            at += len(_course(motion))
            row[LAST] = at
    return rows, carrier


def _every(motions: Sequence[AnyMotion | None]) -> list[AnyMotion | None]:
    return [*motions, *(carrier for carrier in map(_carrier, motions) if carrier is not None)]


def _carrier(motion: AnyMotion | None) -> AnyMotion | None:
    return motion.carrier if isinstance(motion, (Motion, Slide)) else None


def _set_course(row: Vectors, motion: AnyMotion) -> None:
    """Fill in what the kinds of motion differ in."""
    if isinstance(motion, Motion):
        row[POINT : POINT + 3] = motion.point
    if isinstance(motion, (Motion, Slide)):
        row[[SPEED, RAMP, PERIOD]] = motion.speed, motion.ramp, motion.period or 0.0
    row[KIND] = SLIDES * isinstance(motion, (Slide, Tap)) + BEARS * isinstance(motion, Load)
    if isinstance(motion, Tap):
        row[[SPEED, CYCLE, COUNT]] = motion.peak_glide, motion.period, motion.count
    if isinstance(motion, Load):
        row[[LOAD, BODY_MASS, DAMPING]] = motion.force, motion.mass, motion.damping
        row[QUANTA] = FORCE_QUANTA / motion.force


def _tap_course(tap: Tap) -> list[tuple[float, float]]:
    """Return the profile of one tap: a lift of half a period by a triangle of speed, the fall, rest."""
    lift, fall, peak = 0.5 * tap.period, tap.fall_time, tap.peak_glide
    landing = -FREE_FALL * fall / peak
    return [(0.0, 0.0), (0.5 * lift, 2.0 * tap.height / (lift * peak)), (lift, 0.0), (lift + fall, landing),
            (lift + fall, 0.0)]  # fmt: skip


def _course(motion: AnyMotion) -> list[tuple[float, float]]:
    """Return the profile with a row at the start, none for a motion without one."""
    if isinstance(motion, Tap):
        return _tap_course(motion)
    if isinstance(motion, Load) or motion.profile is None:
        return []
    if motion.profile[0][0] == 0.0:
        return list(motion.profile)
    return [(0.0, motion.profile[0][1]), *motion.profile]


def profile_rows(motions: Sequence[AnyMotion | None]) -> Vectors:
    """Return the profiles of the motions, those of the walls before those of their carriers, at least one row."""
    rows = [np.zeros((0, PROFILE_SIZE))]
    for motion in _every(motions):
        if motion is not None and _course(motion):
            time, share = np.array(_course(motion)).T
            passed = np.concatenate(([0.0], np.cumsum(0.5 * np.diff(time) * (share[1:] + share[:-1]))))
            rows.append(np.column_stack((time, share, passed)))
    return np.concatenate(rows) if len(rows) > 1 else np.zeros((1, PROFILE_SIZE))


def moves(walls: Walls, w: int) -> bool:
    """Return whether wall w or what carries it moves at all."""
    rows = [w] if walls.carrier[w] < 0 else [w, int(walls.carrier[w])]
    return any(walls.motion[r, SPEED] != 0.0 or walls.motion[r, KIND] == BEARS for r in rows)


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


def carried_reach(motion: AnyMotion, corners: Vectors) -> float:
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
