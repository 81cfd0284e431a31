"""A verification case that has run: its particles at every output, and what its impacts start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend
from dem.case import DemCase
from dem.case_materials import MaterialPair
from dem.contact.law import Elasticity
from dem.contact.moduli import effective_shear_modulus, effective_youngs_modulus
from dem.particles import MASS, MATERIAL, RADIUS, VX, WX, X
from dem.simulation import Simulation, Watch

Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Record:
    """Columns of all particles by id at the start and at every `time.output_interval` (at the end without one).

    Attributes:
        case: what ran.
        step: time step [s].
        time: of the samples [s], shape (samples,).
        row: columns of dem.particles, shape (samples, particles, columns): positions at these times, velocities half a
            step before.
        material: place of each particle's material in the case, shape (particles,).
    """

    case: DemCase
    step: float
    time: Vectors
    row: Vectors
    material: NDArray[np.int64]

    def elasticity(self, name: str) -> Elasticity:
        """Return the elastic constants of a material of the case."""
        return self.case.materials[name].elasticity

    def pair(self, first: str, second: str) -> MaterialPair:
        """Return what the case says of two materials."""
        return next(pair for pair in self.case.pairs if frozenset(pair.between) == frozenset((first, second)))


def simulate(case: DemCase, backend: Backend, seed: int) -> Record:
    """Run a case and keep its samples in memory; raises SimulationError when it fails."""
    simulation = Simulation(case, backend, seed)
    host = simulation.engine.host_particles()
    material = host.kind[np.argsort(host.id), MATERIAL].astype(np.int64)
    times: list[float] = []
    samples: list[Vectors] = []

    def sample(done: int, step: int) -> None:
        every = simulation.setup.output_steps or simulation.last_step
        if step % every == 0 or step == simulation.last_step:
            host = simulation.engine.host_particles()
            times.append(step * simulation.step_size)
            samples.append(host.row[np.argsort(host.id)].copy())

    sample(0, 0)
    simulation.run(Watch(advanced=sample))
    return Record(case, simulation.step_size, np.array(times), np.array(samples), material)


class Impacts(NamedTuple):
    """Impacts along z, one of each column: of particles on the plane z = 0, or on a partner below.

    radius, mass: R* [m] and m* [kg]; own_radius, own_mass: of the particle; modulus, shear_modulus: E* and G* [Pa];
    restitution, friction [-]; overlap [m], normal and slip speed [m/s] of the samples, shape (samples, impacts): normal
    is the rate at which the two part, slip that of the surfaces along x; sideways: the particle's own v_x [m/s]; spin:
    its w_y [rad/s].
    """

    radius: Vectors
    mass: Vectors
    own_radius: Vectors
    own_mass: Vectors
    modulus: Vectors
    shear_modulus: Vectors
    restitution: Vectors
    friction: Vectors
    overlap: Vectors
    normal: Vectors
    slip: Vectors
    sideways: Vectors
    spin: Vectors


def impacts(record: Record, of: list[int], on: str | list[int]) -> Impacts:
    """Return the impacts of the particles with ids `of` on a wall (its name; the plane z = 0) or on the particles `on`.

    A partner lies below its particle, on the same vertical line.
    """
    row, names = record.row[:, of], list(record.case.materials)
    radius, mass = row[0, :, RADIUS], row[0, :, MASS]
    own = [names[record.material[at]] for at in of]
    if isinstance(on, str):
        wall = next(wall for wall in record.case.walls if wall.name == on)
        others = [wall.material] * len(of)
        reduced = radius, mass
        gap, normal, slip = row[..., X + 2] - radius, row[..., VX + 2], row[..., VX] - radius * row[..., WX + 1]
    else:
        below = record.row[:, on]
        others = [names[record.material[at]] for at in on]
        reduced = _half_harmonic(radius, below[0, :, RADIUS]), _half_harmonic(mass, below[0, :, MASS])
        gap = row[..., X + 2] - below[..., X + 2] - radius - below[0, :, RADIUS]
        normal = row[..., VX + 2] - below[..., VX + 2]
        turning = radius * row[..., WX + 1] + below[..., RADIUS] * below[..., WX + 1]
        slip = row[..., VX] - below[..., VX] - turning
    elastic = [(record.elasticity(a), record.elasticity(b)) for a, b in zip(own, others)]
    pairs = [record.pair(a, b) for a, b in zip(own, others)]
    return Impacts(
        *reduced, radius, mass,
        np.array([effective_youngs_modulus(*each) for each in elastic]),
        np.array([effective_shear_modulus(*each) for each in elastic]),
        np.array([pair.restitution for pair in pairs]), np.array([pair.friction for pair in pairs]),
        -gap, normal, slip, row[..., VX], row[..., WX + 1],
    )  # fmt: skip


def _half_harmonic(a: Vectors, b: Vectors) -> Vectors:
    return np.asarray(a * b / (a + b))
