"""Fields of continua from particles and contacts, by coarse graining (Goldhirsch 2010, doi 10.1007/s10035-010-0181-z).

With a function phi of range c and integral 1, particles i and contacts with force f on i and branch b from i to its
partner (or to the point of contact with a wall):

    rho = sum m phi(r - r_i),   rho V = sum m v phi,
    sigma_ab = sum f_a b_b Int_0^1 phi(r - r_i - s b) ds - (sum m v_a v_b phi - rho V_a V_b)

Tension is positive. These obey the balances of mass and momentum at every point, but near walls, which push from
outside. phi is Lucy's (1977, doi 10.1086/112164): 105/(16 pi c^3) (1 + 3 r/c) (1 - r/c)^3.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NODES, FEWEST_NODES = 6, 4
"""Points of Gauss's rule to a range of phi along a branch, and on any branch."""
CHUNK = 50_000
"""Sources whose weights are held at once."""


class Lattice(NamedTuple):
    """Points in the middle of cells: low, high corners [m], numbers of cells, directions it repeats in, each (3,)."""

    low: Array
    high: Array
    cells: NDArray[np.int64]
    periodic: NDArray[np.bool_]

    @property
    def spacing(self) -> Array:
        """Distance of points [m], shape (3,)."""
        return (self.high - self.low) / self.cells

    def centres(self, axis: int) -> Array:
        """Return the coordinates of the points along an axis [m]."""
        return np.asarray(self.low[axis] + (np.arange(self.cells[axis]) + 0.5) * self.spacing[axis])


def lucy(distance: Array, reach: float) -> Array:
    """Return phi [1/m3] at these distances [m]; reach: its range c [m]."""
    share = np.minimum(distance / reach, 1.0)
    return np.asarray(105.0 / (16.0 * math.pi * reach**3) * (1.0 + 3.0 * share) * (1.0 - share) ** 3)


def deposited(lattice: Lattice, reach: float, position: Array, values: Array) -> Array:
    """Return sum values phi(r - position) at the points, shape (nx, ny, nz, columns).

    position [m], shape (n, 3); values: shape (n, columns); reach: range of phi [m].
    """
    total = np.zeros((int(np.prod(lattice.cells)), values.shape[1]))
    for begin in range(0, len(position), CHUNK):
        chunk = slice(begin, begin + CHUNK)
        total += _weights(lattice, reach, position[chunk]) @ values[chunk]
    return total.reshape(*lattice.cells, values.shape[1])


def _weights(lattice: Lattice, reach: float, position: Array) -> Any:
    """Return phi at each point for each source, as a sparse matrix of shape (points, n)."""
    from scipy.sparse import csr_array

    grid = np.meshgrid(*(lattice.centres(axis) for axis in range(3)), indexing="ij")
    points = np.stack(grid, axis=-1).reshape(-1, 3)
    near = _tree(lattice, points).sparse_distance_matrix(_tree(lattice, position), reach, output_type="ndarray")
    return csr_array((lucy(near["v"], reach), (near["i"], near["j"])), shape=(len(points), len(position)))


def _tree(lattice: Lattice, position: Array) -> Any:
    """Return a k-d tree that knows the images; a range beyond half a period sees each source once only."""
    from scipy.spatial import cKDTree

    period = np.where(lattice.periodic, lattice.high - lattice.low, 0.0)
    offset = position - lattice.low
    wrapped = np.where(lattice.periodic, offset % np.where(lattice.periodic, period, 1.0), offset)
    return cKDTree(np.where(lattice.periodic & (wrapped >= period), 0.0, wrapped), boxsize=period)


class Fields(NamedTuple):
    """Fields at the points, shape (nx, ny, nz) and the columns of vectors and tensors.

    solids_fraction [-]; density [kg/m3]; velocity [m/s]; contact_stress, kinetic_stress [Pa], tension positive;
    coordination: contacts of a particle with particles and walls, mean [-].
    """

    solids_fraction: Array
    density: Array
    velocity: Array
    contact_stress: Array
    kinetic_stress: Array
    coordination: Array


class Bodies(NamedTuple):
    """Particles: position [m], velocity [m/s] (n, 3); mass [kg], volume [m3], contacts [-] (n,)."""

    position: Array
    velocity: Array
    mass: Array
    volume: Array
    contacts: Array


def fields_of(lattice: Lattice, reach: float, bodies: Bodies, start: Array, branch: Array, force: Array) -> Fields:
    """Return the fields.

    start: centre of the particle that sees a contact [m], branch [m], force [N]: of each contact, shape (m, 3).
    """
    momentum = bodies.mass[:, None] * bodies.velocity
    flux = (momentum[:, :, None] * bodies.velocity[:, None, :]).reshape(-1, 9)
    ones = np.ones(len(bodies.mass))
    columns = np.column_stack([bodies.mass, bodies.volume, ones, bodies.contacts, momentum, flux])
    sums = deposited(lattice, reach, bodies.position, columns)
    density, number = sums[..., 0], sums[..., 2]
    velocity = _ratio(sums[..., 4:7], density[..., None])
    kinetic = density[..., None, None] * velocity[..., :, None] * velocity[..., None, :]
    kinetic = kinetic - sums[..., 7:16].reshape(*density.shape, 3, 3)
    stress = (force[:, :, None] * branch[:, None, :]).reshape(-1, 9)
    contact = np.zeros((*density.shape, 9))
    longest = float(np.linalg.norm(branch, axis=1).max(initial=0.0))
    nodes, shares = np.polynomial.legendre.leggauss(max(FEWEST_NODES, math.ceil(NODES * longest / reach)))
    for node, share in zip(nodes, shares):
        contact += deposited(lattice, reach, start + 0.5 * (1.0 + node) * branch, 0.5 * share * stress)
    return Fields(
        sums[..., 1], density, velocity, contact.reshape(*density.shape, 3, 3), kinetic, _ratio(sums[..., 3], number)
    )


def _ratio(value: Array, weight: Array) -> Array:
    return np.divide(value, weight, out=np.zeros_like(value), where=weight > 0.0)
