"""Contact forces one by one, and fields by coarse graining: balances of mass and momentum at every point."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from compute.errors import CaseError
from dem.case import Domain
from dem.case_observables import FieldSettings
from dem.coarse_graining import Bodies, Fields, Lattice, deposited, fields_of, lucy
from dem.contact.law import PairProperties
from dem.contact_forces import contacts_of
from dem.engine import Engine
from dem.fields import FieldFile, make_lattice, measured_fields, read_fields
from dem.particles import MASS, RADIUS, VX, X
from tests.dem.chute import read_chute
from tests.dem.engines import Vectors, box_walls, make_engine, plane, rows, spheres

NONE = np.zeros((0, 3))


def lattice(low: list[float], high: list[float], cells: list[int], periodic: str = "") -> Lattice:
    return Lattice(np.array(low), np.array(high), np.array(cells), np.array([axis in periodic for axis in "xyz"]))


def moving_bed() -> Engine:
    """Sixty spheres that overlap a little, slide, spin and lean against six walls, after some steps."""
    random = np.random.Generator(np.random.Philox(4))
    at = np.stack(np.meshgrid(np.arange(4), np.arange(5), np.arange(3), indexing="ij"), axis=-1).reshape(-1, 3)
    position = 0.99e-3 + 1.97e-3 * at + random.uniform(-1e-5, 1e-5, at.shape)
    return make_engine(
        spheres(position, random.normal(0.0, 0.05, at.shape), 1e-3, spin=random.normal(0.0, 20.0, at.shape)),
        step=2e-6, skin=2e-4, rolling="constant-torque", walls=box_walls((0.0, 0.0, 0.0), (8e-3, 1e-2, 6e-3)),
        high=(8e-3, 1e-2, 6e-3), gravity=(0.0, 0.0, -9.81),
    )  # fmt: skip


def total_force(engine: Engine) -> Vectors:
    """Sum of the forces of all contacts on each particle, by id [N]."""
    contacts, ids = contacts_of(engine), engine.host_particles().id
    total = np.zeros((engine.size, 3))
    np.add.at(total, ids[contacts.slot], contacts.force)
    pair = contacts.other >= 0
    np.subtract.at(total, ids[contacts.other[pair]], contacts.force[pair])
    return total


def test_contact_forces_are_those_of_the_step() -> None:
    """m (v' - v)/dt - m g of the next step is the sum over contacts, to round-off of v' - v; the state is untouched."""
    engine = moving_bed()
    engine.run(12)
    state = {name: array.copy() for name, array in engine.state().items()}
    force, before = total_force(engine), rows(engine)
    for name, array in engine.state().items():
        np.testing.assert_array_equal(array, state[name], err_msg=name)
    contacts = contacts_of(engine)
    assert (contacts.other < 0).sum() > 40 and (contacts.other >= 0).sum() > 80
    np.testing.assert_allclose(
        np.linalg.norm(contacts.branch[contacts.other < 0], axis=1), 1e-3, atol=5e-5
    )  # distance from the walls
    engine.run(13)
    after = rows(engine)
    gained = before[:, MASS, None] * ((after - before)[:, VX : VX + 3] / engine.step_size - [0.0, 0.0, -9.81])
    assert np.abs(force).max() > 1e-3
    np.testing.assert_allclose(force, gained, atol=1e-9)


def test_lucy_has_integral_one_and_the_lattice_keeps_it() -> None:
    """Int 4 pi r^2 phi dr = 1 by the trapezoid rule to 1e-6; sums over a lattice of c/h = 3 keep mass to 1e-3."""
    r = np.linspace(0.0, 2.0, 4001)
    assert np.trapezoid(4.0 * np.pi * r**2 * lucy(r, 2.0), r) == pytest.approx(1.0, abs=1e-6)
    grid = lattice([0.0, 0.0, 0.0], [1.0, 0.8, 0.6], [20, 16, 12], "xyz")
    position = np.random.Generator(np.random.Philox(1)).random((50, 3)) * [1.0, 0.8, 0.6]
    sums = deposited(grid, 0.15, position, np.ones((50, 1)))
    assert sums.sum() * 0.05**3 == pytest.approx(50.0, rel=1e-3)


def test_fields_of_a_region_beyond_a_periodic_domain_repeat_with_the_domain() -> None:
    """A region 1.15 domains long in x: its points are the domain's, and the mass of them all is that of the particles.

    By sums over a lattice of c/h = 3, to 1e-3.
    """
    domain, region = Domain(low=(0, 0, 0), high=(1, 1, 1), periodic=("x",)), {"low": [-0.1, 0, 0], "high": [1.05, 1, 1]}
    settings = FieldSettings.model_validate({"region": {"shape": "box", **region}, "cells": [20] * 3, "range": 0.15})
    points = make_lattice(settings, domain)
    assert (points.low[0], points.high[0], points.periodic.tolist()) == (0.0, 1.0, [True, False, False])
    position = np.random.Generator(np.random.Philox(1)).uniform(0.0, 1.0, (50, 3)) * [1.0, 0.6, 0.6] + [0.0, 0.2, 0.2]
    sums = deposited(points, 0.15, position, np.ones((50, 1)))
    assert sums.sum() * 0.05**3 == pytest.approx(50.0, rel=1e-3)


def test_a_gas_has_the_pressure_of_its_velocities() -> None:
    """-sigma = rho T on the diagonal, nothing beside it; the mean flow is in V and not in the stress.

    4000 particles: T is known to sqrt(2/4000) = 2.2 %, and V rho V holds back 1/(particles in range) of it, some 1 %.
    """
    random = np.random.Generator(np.random.Philox(2))
    n, sigma = 4000, 0.3
    velocity = random.normal(0.0, sigma, (n, 3)) + [0.0, 5.0, 0.0]
    bodies = Bodies(random.random((n, 3)), velocity, np.full(n, 2.0), np.full(n, 1e-5), np.zeros(n))
    found = fields_of(lattice([0.0] * 3, [1.0] * 3, [6] * 3, "xyz"), 0.35, bodies, NONE, NONE, NONE)
    stress = found.kinetic_stress.mean(axis=(0, 1, 2))
    assert found.density.mean() == pytest.approx(2.0 * n, rel=0.02)
    assert -np.diag(stress) / (2.0 * n * sigma**2) == pytest.approx(np.ones(3), abs=0.08)
    assert np.abs(stress - np.diag(np.diag(stress))).max() < 0.08 * 2.0 * n * sigma**2
    assert found.velocity[..., 1] == pytest.approx(np.full((6, 6, 6), 5.0), abs=0.15)
    assert found.solids_fraction.mean() == pytest.approx(n * 1e-5, rel=0.02)


LEVELS, DIAMETER = 12, 2e-3


def column() -> tuple[Fields, Lattice, float, float]:
    """Columns of spheres stacked on a floor, every contact bearing what lies above: fields, points, mass, area.

    Overlaps are those at which the linear springs carry the weight, so that nothing moves; 3 x 3 columns, periodic.
    """
    stiffness, side, gravity = 500.0, 2.2e-3, 9.81
    mass = 1500.0 * math.pi / 6.0 * DIAMETER**3
    carried = mass * gravity * np.arange(LEVELS, 0, -1)
    # floor: the spring acts on the overlap with the plane
    height = 0.5 * DIAMETER - carried[0] / stiffness + np.cumsum([0.0, *(DIAMETER - carried[1:] / stiffness)])
    x, y, z = np.meshgrid(side * np.arange(3) + 0.5 * side, side * np.arange(3) + 0.5 * side, height, indexing="ij")
    engine = make_engine(
        spheres(np.stack([x, y, z], axis=-1).reshape(-1, 3), 0.0, 0.5 * DIAMETER), step=1e-6, skin=1e-4, law="linear",
        pairs=PairProperties(0.5, 0.5, normal_stiffness=stiffness), high=(3 * side, 3 * side, 0.03),
        periodic=(True, True, False), walls=[plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))],
    )  # fmt: skip
    engine.rebuild()
    assert np.abs(total_force(engine) - [0.0, 0.0, mass * gravity]).max() < 1e-9 * mass * gravity * LEVELS
    host, contacts = engine.host_particles(), contacts_of(engine)
    row = host.row
    bodies = Bodies(
        row[:, X : X + 3], row[:, VX : VX + 3] * 0.0, row[:, MASS], 4.0 / 3.0 * np.pi * row[:, RADIUS] ** 3,
        np.zeros(len(row)),
    )  # fmt: skip
    points = lattice([0.0, 0.0, 0.0], [3 * side, 3 * side, 0.03], [9, 9, 200], "xy")
    start = row[contacts.slot, X : X + 3]
    return fields_of(points, 1.5 * DIAMETER, bodies, start, contacts.branch, contacts.force), points, mass, 9 * side**2


def test_a_static_column_bears_its_weight() -> None:
    """d sigma_zz/dz = rho g at every point above the floor's reach, and sigma_zz is minus the weight above per area.

    The first is exact but for Gauss's rule of 4 points and a trapezoid of z steps of 0.15 mm: 0.2 % of the largest
    stress. The second holds in the mean over a layer, at the middle of a sphere: half of it lies above; 1 %.
    """
    found, points, mass, area = column()
    z, stress = points.centres(2), found.contact_stress[..., 2, 2]
    inside = (z > 1.5 * DIAMETER) & (z < 0.029)
    slices = np.flatnonzero(inside)
    step = points.spacing[2]
    gained = stress[:, :, slices] - stress[:, :, slices[:1]]
    density = found.density[:, :, slices]
    weight = np.zeros_like(gained)
    weight[:, :, 1:] = np.cumsum(0.5 * (density[:, :, 1:] + density[:, :, :-1]), axis=2) * step * 9.81
    largest = np.abs(stress).max()
    assert np.abs(gained - weight).max() < 2e-3 * largest
    level = LEVELS // 2
    middle = int(np.argmin(np.abs(z - (level + 0.5) * DIAMETER)))
    above = (LEVELS - level - 0.5) * 9 * mass * 9.81 / area
    assert stress[:, :, middle].mean() == pytest.approx(-above, rel=0.01)
    others = found.contact_stress.copy()
    others[..., 2, 2] = 0.0
    assert np.abs(others).max() < 1e-9 * largest


def test_momentum_balance_of_a_moving_bed() -> None:
    """div sigma_contact = the contact forces smeared out: sum over particles of F_i phi, at points out of the walls'
    reach, where the walls' own push on the medium is nil.

    By central differences of a fine lattice, 2 % of the largest force density: h = c/12 leaves (h/c)^2.
    """
    engine = moving_bed()
    engine.run(10)
    host, contacts = engine.host_particles(), contacts_of(engine)
    reach = 1.2e-3
    points = lattice([3.2e-3, 4.2e-3, 2.2e-3], [4.8e-3, 5.8e-3, 3.8e-3], [16, 16, 16])
    bodies = Bodies(
        host.row[:, X : X + 3], 0.0 * host.row[:, :3], host.row[:, MASS], host.row[:, MASS], host.row[:, MASS]
    )
    start = host.row[contacts.slot, X : X + 3]
    stress = fields_of(points, reach, bodies, start, contacts.branch, contacts.force).contact_stress
    force = deposited(points, reach, host.row[:, X : X + 3], total_force(engine)[host.id])
    divergence = sum(np.gradient(stress[..., axis], points.spacing[axis], axis=axis) for axis in range(3))
    core = (slice(1, -1),) * 3
    assert np.abs(divergence[core] - force[core]).max() < 0.02 * np.abs(force).max()
    assert np.abs(force).max() > 100.0


def test_records_are_kept_and_cut_back(tmp_path: Path) -> None:
    """Three records of a bed between walls; cut back to two; a range beyond half a period is refused."""
    engine, settings = moving_bed(), FieldSettings(cells=(3, 4, 2), range=3e-3)
    engine.run(3)
    domain = Domain(low=(0.0, 0.0, 0.0), high=(8e-3, 1e-2, 6e-3))
    points = make_lattice(settings, domain)
    file = FieldFile(tmp_path / "fields.h5", points)
    fields = measured_fields(points, settings.range, engine)
    for time in (0.0, 0.5, 1.0):
        file.append(time, fields)
    file.truncate(0.9)
    found = read_fields(file.path)
    assert found["time"].tolist() == [0.0, 0.5] and found["velocity"].shape == (2, 3, 4, 2, 3)
    np.testing.assert_allclose(found["contact_stress"][1], fields.contact_stress, rtol=1e-6)
    np.testing.assert_allclose(found["y"], [1.25e-3, 3.75e-3, 6.25e-3, 8.75e-3])
    assert 3.0 < fields.coordination[1, 1, 1] < 6.0
    with pytest.raises(CaseError, match=r"observables.fields.range: the range reaches an image"):
        read_chute(tmp_path, "dem.domain.periodic=[x]", "dem.observables.fields.range=10 mm")
