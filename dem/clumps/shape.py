"""What a shape is to the motion: its spheres in the frame of its principal axes, its volume and its inertia."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dem.clumps.orientation import inverse, of_matrix, turned
from dem.clumps.union import union_moments

if TYPE_CHECKING:
    from dem.case_shapes import ParticleShape

Array = NDArray[np.float64]

DIAGONAL = 1e-12
"""Products of inertia up to this share of the largest moment are rounding: the axes of the case are principal ones."""
EQUAL_DIGITS = 9
"""Digits to which moments of a body with an axis of symmetry are taken to be equal."""


@dataclass(frozen=True)
class Shape:
    """A body of uniform density made of overlapping spheres.

    The body frame has its origin in the centre of mass and its axes along the principal ones; the third is the one
    whose moment differs most from the other two, the axis of figure of a needle or a tablet.

    Attributes:
        volume: of the union [m3].
        inertia: principal moments about the centre of mass for unit density [m5], shape (3,).
        place: centres of the spheres in the body frame [m], shape (n, 3).
        radius: of the spheres [m], shape (n,).
        area: of what is exposed of the spheres [m2], shape (n,).
        origin: centre of mass in the frame of the case [m], shape (3,).
        turn: unit quaternion from the body frame to the frame of the case, shape (4,).
    """

    volume: float
    inertia: Array
    place: Array
    radius: Array
    area: Array
    origin: Array
    turn: Array

    @property
    def reach(self) -> float:
        """Radius of the sphere about the centre of mass that holds the body [m]."""
        return float((np.linalg.norm(self.place, axis=1) + self.radius).max())

    @property
    def diameter(self) -> float:
        """Diameter of the sphere of the same volume [m]."""
        return (6.0 * self.volume / math.pi) ** (1.0 / 3.0)


def sphere_shape(radius: float) -> Shape:
    """Return the shape that is one sphere."""
    volume = 4.0 / 3.0 * math.pi * radius**3
    zero, turn, area = np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]), np.array([4.0 * math.pi * radius**2])
    return Shape(volume, np.full(3, 0.4 * volume * radius**2), np.zeros((1, 3)), np.array([radius]), area, zero, turn)


@lru_cache(maxsize=64)
def shape_of(model: ParticleShape) -> Shape:
    """Return the shape of a case; its volume and moments are exact to 1e-10 or better (`union_moments`)."""
    balls = model.balls()
    return make_shape(np.array([centre for centre, _ in balls]), np.array([radius for _, radius in balls]))


def make_shape(centre: Array, radius: Array) -> Shape:
    """Return the shape of the union of balls; centre [m], shape (n, 3), radius [m], shape (n,)."""
    if len(radius) == 1:
        shape = sphere_shape(float(radius[0]))
        return Shape(shape.volume, shape.inertia, shape.place, shape.radius, shape.area, centre[0], shape.turn)
    moments = union_moments(centre, radius)
    origin = moments.first / moments.volume
    second = moments.second - np.outer(moments.first, origin)
    tensor = np.trace(second) * np.eye(3) - second
    principal, axes = _principal(tensor)
    turn = of_matrix(axes)
    place = turned(inverse(turn), centre - origin)
    return Shape(moments.volume, principal, place, radius, moments.area, origin, turn)


def _principal(tensor: Array) -> tuple[Array, Array]:
    """Return the principal moments and, as columns, their axes; the third is the most different one."""
    rest = tensor - np.diag(np.diag(tensor))
    moments, axes = np.diag(tensor), np.eye(3)
    if np.abs(rest).max() > DIAGONAL * np.abs(tensor).max():
        moments, axes = np.linalg.eigh(tensor)
    order = np.argsort(np.round(moments / moments.max(), EQUAL_DIGITS), kind="stable")
    low, middle, high = moments[order]
    if middle - low > high - middle:
        order = np.roll(order, -1)
    axes = axes[:, order]
    return moments[order], axes * np.array([1.0, 1.0, np.sign(np.linalg.det(axes))])
