"""Particles as arrays, and the names of their columns."""

from __future__ import annotations

from typing import Any, NamedTuple

X, Y, Z, VX, VY, VZ, WX, WY, WZ, RADIUS, MASS, INERTIA = range(12)
ROW_SIZE = 12

MATERIAL, CLASS, COMPARTMENT, REPLICA = range(4)
KIND_SIZE = 4


class Particles(NamedTuple):
    """Particles in slots; slots change only when the neighbour list is rebuilt, ids never.

    row: position [m], velocity of the half step before [m/s], angular velocity [rad/s], radius [m], mass [kg], moment
    of inertia [kg m2], shape (capacity, 12); kind: material, class, compartment, replica, shape (capacity, 4) int32;
    id: shape (capacity,) int64; film: volume of liquid on the surface [m3], shape (capacity,).
    """

    row: Any
    kind: Any
    id: Any
    film: Any = None
