"""Particles as arrays, and the names of their columns."""

from __future__ import annotations

from typing import Any, NamedTuple

X, Y, Z, RADIUS, VX, VY, VZ, MASS, WX, WY, WZ, INERTIA = range(12)
"""What tells whether two spheres touch comes first: half a line of cache, as arrays begin with a line."""
ROW_SIZE = 12

MATERIAL, CLASS, COMPARTMENT = range(3)
KIND_SIZE = 4
"""A row is 16 bytes with one that is not read, so that none lies across two lines of cache."""

SLOT, ENTRY = 2**31 - 1, 2**62 - 1
"""Masks that change no index: they tell the compiler that it is not negative, which saves a test at every access."""


class Particles(NamedTuple):
    """Particles in slots; slots change only when the neighbour list is rebuilt, ids never.

    row: position [m], radius [m], velocity of the half step before [m/s], mass [kg], angular velocity [rad/s], moment
    of inertia [kg m2], shape (capacity, 12); kind: material, class, compartment, shape (capacity, 4) int32;
    id: shape (capacity,) int64; film: volume of liquid on the surface [m3], shape (capacity,).
    """

    row: Any
    kind: Any
    id: Any
    film: Any = None
