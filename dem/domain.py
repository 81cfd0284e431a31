"""The box particles move in: open or periodic directions, and Lees-Edwards shear.

With shear the x velocity grows along y: the image across the y boundary moves with rate * length_y and has slid by
`offset`, a function of the step number. Positions are folded into the box when lists are rebuilt, and only then.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.physics import physics, routine
from dem.particles import VX, X, Y

LOW, LENGTH, INVERSE, SHEAR_RATE, OFFSET = 0, 3, 6, 9, 10
BOX_SIZE = 11
OPEN, PERIODIC, SHEARED = range(3)


class Domain(NamedTuple):
    """The box, and its cells for each level of sizes of particles.

    box: low corner [m], lengths [m], inverse lengths [1/m] (0 in open directions), shear rate [1/s], offset of the
    image across y [m], shape (11,); cells: number of cells along x, y, z and the first cell, shape (levels, 4) int64;
    grid: cells per length along x, y, z [1/m] and the largest radius of the level [m], shape (levels, 4).
    """

    box: Any
    cells: Any
    grid: Any


def make_domain(
    low: NDArray[np.float64], high: NDArray[np.float64], periodic: tuple[bool, bool, bool], shear_rate: float
) -> Domain:
    """Return the domain between two corners [m]."""
    box = np.zeros(BOX_SIZE)
    box[LOW : LOW + 3] = low
    box[LENGTH : LENGTH + 3] = np.asarray(high) - np.asarray(low)
    box[INVERSE : INVERSE + 3] = np.where(periodic, 1.0 / box[LENGTH : LENGTH + 3], 0.0)
    box[SHEAR_RATE] = shear_rate
    return Domain(box, np.zeros((0, 4), np.int64), np.zeros((0, 4)))


def boundary_kind(domain: Domain) -> int:
    """Return OPEN, PERIODIC or SHEARED: what the loops are compiled for."""
    if domain.box[SHEAR_RATE] != 0.0:
        return SHEARED
    return PERIODIC if domain.box[INVERSE : INVERSE + 3].any() else OPEN


@physics
def slide_of_image(box: Any, step_number: int, step_size: float) -> float:
    """Return how far the image across y has slid along x at this step [m], between 0 and the length along x."""
    slide = box[SHEAR_RATE] * box[LENGTH + 1] * step_size * step_number
    return slide - box[LENGTH] * math.floor(slide / box[LENGTH])


@cache
def make_nearest_image(kind: int) -> Callable[..., Any]:
    """Return `nearest(box, dx, dy, dz, vx) -> (dx, dy, dz, vx)` for the image of the second particle.

    d [m], vx [m/s]: position and x velocity of the second minus those of the first.
    """

    @physics
    def nearest_open(box: Any, dx: float, dy: float, dz: float, vx: float) -> tuple[float, float, float, float]:
        return dx, dy, dz, vx

    @physics
    def nearest_periodic(box: Any, dx: float, dy: float, dz: float, vx: float) -> tuple[float, float, float, float]:
        dx -= box[LENGTH] * math.floor(dx * box[INVERSE] + 0.5)
        dy -= box[LENGTH + 1] * math.floor(dy * box[INVERSE + 1] + 0.5)
        dz -= box[LENGTH + 2] * math.floor(dz * box[INVERSE + 2] + 0.5)
        return dx, dy, dz, vx

    @physics
    def nearest_sheared(box: Any, dx: float, dy: float, dz: float, vx: float) -> tuple[float, float, float, float]:
        turns = math.floor(dy * box[INVERSE + 1] + 0.5)
        dx -= turns * box[OFFSET]
        vx -= turns * box[SHEAR_RATE] * box[LENGTH + 1]
        dx -= box[LENGTH] * math.floor(dx * box[INVERSE] + 0.5)
        dy -= box[LENGTH + 1] * turns
        dz -= box[LENGTH + 2] * math.floor(dz * box[INVERSE + 2] + 0.5)
        return dx, dy, dz, vx

    return (nearest_open, nearest_periodic, nearest_sheared)[kind]


@routine
def fold(i: int, row: Any, box: Any) -> None:
    """Put particle i back into the box; across y it takes the image's slide and speed."""
    turns = math.floor((row[i, Y] - box[LOW + 1]) * box[INVERSE + 1])
    row[i, X] -= turns * box[OFFSET]
    row[i, VX] -= turns * box[SHEAR_RATE] * box[LENGTH + 1]
    for axis in range(3):
        times = math.floor((row[i, X + axis] - box[LOW + axis]) * box[INVERSE + axis])
        row[i, X + axis] -= times * box[LENGTH + axis]
