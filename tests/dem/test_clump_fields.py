"""Fields of rigid bodies: they carry weight and momentum, and bodies of one sphere have those of spheres."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from compute import get_backend
from dem.clumps.engine import ClumpEngine
from dem.coarse_graining import Bodies, Lattice, deposited, fields_of
from dem.contact_forces import contacts_of
from dem.coordination import contact_numbers, meetings, touching
from dem.engine import Engine
from dem.fields import measured_fields, stress_paths
from dem.particles import MASS, RADIUS, VX, WX, X
from tests.dem.test_clumps import LUMP, ROD, engine_of, small_case
from tests.device.systems import CLASSES, SYSTEMS, bowl_case, make_engine, start_of

Array = NDArray[np.float64]
GRAVITY = 9.81
SIDE = 6.8e-3
DIMER = {"kind": "needle", "length": "3 mm", "diameter": "2 mm"}


def lattice(low: list[float], high: list[float], cells: list[int], periodic: str = "") -> Lattice:
    return Lattice(np.array(low), np.array(high), np.array(cells), np.array([axis in periodic for axis in "xyz"]))


def by_body(engine: Engine, values: Array, slots: NDArray[np.int64]) -> Array:
    """Sums of what acts on spheres in these slots, over each body in the order of ids."""
    owner = (engine.host_particles().id >> engine.id_bits)[slots]
    total = np.zeros((engine.body_count, values.shape[1]))
    np.add.at(total, np.searchsorted(np.sort(engine.host_bodies().id), owner), values)
    return total


def forces(engine: Engine) -> Array:
    """Sum of the forces of all contacts on each body, by id [N]."""
    contacts = contacts_of(engine)
    pair = contacts.other >= 0
    own = by_body(engine, contacts.force, contacts.slot)
    return own - by_body(engine, contacts.force[pair], contacts.other[pair])


def bodies_by_id(engine: Engine) -> Array:
    host = engine.host_bodies()
    return np.asarray(host.row[np.argsort(host.id)])


def fallen(steps: int) -> ClumpEngine:
    """Eighteen bodies of two spheres that fall on a floor between periodic sides, after so many steps."""
    random = np.random.default_rng(2)
    grid = np.stack(np.meshgrid([0.25, 0.75], [0.17, 0.5, 0.83], [0.3, 0.8, 1.3], indexing="ij"), axis=-1).reshape(
        -1, 3
    )
    items = []
    for place in grid * [SIDE, SIDE, 5e-3]:
        axis = random.normal(size=3) * [1.0, 0.1, 0.1]
        items.append(
            {
                "class": "dimer", "position": place.tolist(), "velocity": [0, 0, -0.05],
                "orientation": {"axis": axis.tolist(), "angle": f"{random.uniform(0, 180)} deg"},
            }
        )  # fmt: skip
    case = small_case(
        classes=[{"name": "dimer", "material": "m", "shape": DIMER}], gravity=[0, 0, -GRAVITY],
        domain={"low": [0, 0, "-1 mm"], "high": [SIDE, SIDE, "20 mm"], "periodic": ["x", "y"]},
        pairs=[{"between": ["m", "m"], "restitution": 0.1, "friction": 0.5}],
        contact={"law": "linear", "normal_stiffness": "60 N/m"},
        walls=[{"name": "floor", "shape": "plane", "material": "m", "point": [0, 0, 0], "normal": [0, 0, 1]}],
        particles=[{"kind": "given", "items": items}], time={"end": 1.0, "step": "60 us"},
    )  # fmt: skip
    engine = engine_of(case)
    engine.run(steps)
    return engine


def test_forces_on_bodies_are_those_of_the_step_and_the_divergence_of_stress() -> None:
    """While bodies fall on each other: m (v' - v)/dt - m g of the next step, and div sigma = sum F phi out of the
    floor's reach.

    By central differences of a lattice of h = c/24, 2 % of the largest force density: they err by (h/c)^2.
    """
    engine, reach = fallen(330), 1.2e-3
    points = lattice([2.2e-3] * 3, [3.8e-3] * 3, [32] * 3)
    force, before = forces(engine), bodies_by_id(engine)
    still = Bodies(before[:, X : X + 3], 0.0 * before[:, :3], *(before[:, MASS] for _ in range(3)))
    stress = fields_of(points, reach, still, *stress_paths(engine)).contact_stress
    density = deposited(points, reach, before[:, X : X + 3], force)
    divergence = sum(np.gradient(stress[..., axis], points.spacing[axis], axis=axis) for axis in range(3))
    core = (slice(1, -1),) * 3
    assert np.abs(density).max() > 100.0
    assert np.abs(divergence[core] - density[core]).max() < 0.02 * np.abs(density).max()
    engine.run(331)
    gained = (bodies_by_id(engine) - before)[:, VX : VX + 3] / engine.step_size + [0.0, 0.0, GRAVITY]
    np.testing.assert_allclose(force, before[:, MASS, None] * gained, atol=1e-9 * np.abs(force).max())


def test_a_bed_of_bodies_bears_its_weight() -> None:
    """-Int sigma_zz dA at every height above the floor's reach is the weight of what lies above it, and what that has
    gained of momentum, in the mean over 15 ms.

    1 % of all weight: 26 samples of contacts that last 15 steps. A bed at rest but for the last of its motion: the
    momentum it gains in this time is below 3 % of what its weight gives it.
    """
    engine, reach, found, above, gained = fallen(700), 2e-3, [], [], []
    points = lattice([0.0, 0.0, 0.0], [SIDE, SIDE, 10e-3], [7, 7, 66], "xy")
    cell = float(np.prod(points.spacing))
    for stop in range(700, 951, 10):
        engine.run(stop)
        fields = measured_fields(points, reach, engine)
        stress = fields.contact_stress + fields.kinetic_stress
        found.append(-stress[..., 2, 2].sum(axis=(0, 1)) * points.spacing[0] * points.spacing[1])
        mass = cell * fields.density.sum(axis=(0, 1))
        rise = cell * (fields.density * fields.velocity[..., 2]).sum(axis=(0, 1))
        above.append(GRAVITY * (np.cumsum(mass[::-1])[::-1] - 0.5 * mass))
        gained.append(np.cumsum(rise[::-1])[::-1] - 0.5 * rise)
    total, high, time = GRAVITY * bodies_by_id(engine)[:, MASS].sum(), points.centres(2) > reach, 250 * engine.step_size
    change = (gained[-1] - gained[0]) / time
    assert np.abs(change).max() < 0.03 * total and np.max(above, axis=0)[high].max() > 0.5 * total
    borne = np.mean(found, axis=0)[high]
    np.testing.assert_allclose(borne, (np.mean(above, axis=0) + change)[high], atol=0.01 * total)


def test_a_body_that_turns_alone_has_no_stress() -> None:
    """Its mass is at its centre: Int rho = m, V = v wherever it is, no contact stress, no kinetic one but rounding."""
    item = {"class": "lump", "position": [1e-3, 2e-3, 3e-3], "velocity": [0.4, -0.2, 0.1], "spin": [300, -200, 100]}
    case = small_case(
        classes=[{"name": "lump", "material": "m", "shape": LUMP}], time={"end": 1.0, "step": "10 us"},
        particles=[{"kind": "given", "items": [item]}],
    )  # fmt: skip
    engine = engine_of(case)
    engine.run(40)
    points = lattice([-0.01] * 3, [0.01] * 3, [20] * 3)
    fields, (body,) = measured_fields(points, 4e-3, engine), bodies_by_id(engine)
    assert np.linalg.norm(body[WX : WX + 3]) > 100.0
    assert fields.density.sum() * 1e-9 == pytest.approx(body[MASS], rel=0.01)
    assert fields.solids_fraction.sum() * 1e-9 == pytest.approx(engine.shapes[0].volume, rel=0.01)
    inside = fields.density > 0.0
    np.testing.assert_allclose(
        fields.velocity[inside], np.broadcast_to(body[VX : VX + 3], (inside.sum(), 3)), rtol=1e-12
    )
    assert not fields.contact_stress.any() and not fields.coordination.any()
    assert np.abs(fields.kinetic_stress).max() < 1e-12 * fields.density.max() * 0.4**2


def rods(middle: float) -> ClumpEngine:
    """Two rods along x, side by side with five pairs of spheres; the middle of the pair is at this z [m]."""
    rod: dict[str, Any] = {"class": "rod"}
    items = [rod | {"position": [0.5 * SIDE, 0.5 * SIDE, (middle + z) % SIDE]} for z in (-0.49e-3, 0.49e-3)]
    case = small_case(
        classes=[{"name": "rod", "material": "m", "shape": ROD | {"length": "3 mm"}}],
        domain={"low": [0, 0, 0], "high": [SIDE] * 3, "periodic": ["z"]},
        particles=[{"kind": "given", "items": items}], time={"end": 1.0, "step": "0.1 us"},
    )  # fmt: skip
    engine = engine_of(case)
    engine.run(1)
    return engine


def test_two_bodies_that_touch_in_many_places_are_one_contact_across_a_boundary_too() -> None:
    """Five pairs of spheres, one contact of each body; Int sigma dV = F (r_j - r_i), and half a period further on the
    fields are the same."""
    shapes, found = [14] * 3, []
    points = lattice([0.0] * 3, [SIDE] * 3, shapes, "z")
    for middle in (0.5 * SIDE, 0.0):
        engine = rods(middle)
        assert len(touching(engine).first) == 5 and meetings(engine).pairs.shape == (2, 1)
        assert contact_numbers(engine).tolist() == [1, 1]
        _, branch, force = stress_paths(engine)
        apart = abs(bodies_by_id(engine)[0, X + 2] - bodies_by_id(engine)[1, X + 2])
        whole = np.einsum("na,nb->ab", force, branch)
        assert whole[2, 2] == pytest.approx(-np.abs(forces(engine)[0, 2]) * min(apart, SIDE - apart), rel=1e-12)
        found.append(measured_fields(points, 3e-3, engine))
    for name, values in found[0]._asdict().items():
        moved = np.roll(getattr(found[1], name), shapes[2] // 2, axis=2)
        np.testing.assert_allclose(moved, values, atol=1e-9 * np.abs(values).max(), err_msg=name)


def test_bodies_of_one_sphere_have_the_fields_of_spheres() -> None:
    """The same spheres as bodies of one, in a bowl with an impeller.

    Ways are halved at the point of contact, so that Gauss's rule has twice the nodes: stress to 0.1 % of the largest.
    Everything else to what a run of 48 steps leaves of rounding, 1e-9 (see `test_one_sphere_is_a_sphere`).
    """
    ball = {"kind": "spheres", "spheres": [{"centre": [0, 0, 0], "radius": 2e-3}]}
    backend, spheres = get_backend("python"), bowl_case()
    balls = bowl_case(classes=[CLASSES[0], {"name": "large", "material": "glass", "shape": ball}])
    start = start_of(spheres)
    same = replace(start_of(balls), position=start.position, velocity=start.velocity)
    engines = make_engine(spheres, backend, start), make_engine(balls, backend, same)
    points = lattice([-12e-3, -12e-3, 0.0], [12e-3, 12e-3, 14e-3], [8, 8, 6])
    for engine in engines:
        engine.run(48)
    expected, found = (measured_fields(points, 5e-3, engine) for engine in engines)
    assert np.abs(expected.contact_stress).max() > 1.0 and expected.coordination.max() > 0.5
    for name, values in expected._asdict().items():
        limit = 1e-3 if name == "contact_stress" else 1e-9
        np.testing.assert_allclose(getattr(found, name), values, atol=limit * np.abs(values).max(), err_msg=name)


@pytest.mark.parametrize(("system", "steps"), [("wet", 70), ("needles", 40), ("wet walls", 90)])
def test_forces_of_bridges_are_those_of_the_step(system: str, steps: int) -> None:
    """m (v' - v)/dt of every step is what contacts and bridges do, those that begin or break in it too.

    To rounding of v' - v.
    """
    case = SYSTEMS[system]()
    engine, seen = make_engine(case, get_backend("python")), []
    for step in range(1, steps + 1):
        contacts, before = contacts_of(engine), bodies_by_id(engine)
        force = forces(engine)
        engine.run(step)
        gained = (bodies_by_id(engine) - before)[:, VX : VX + 3] / engine.step_size - case.gravity
        np.testing.assert_allclose(force, before[:, MASS, None] * gained, atol=1e-11, err_msg=f"step {step}")
        radius = engine.host_particles().row[:, RADIUS]
        other = np.where(contacts.other >= 0, radius[contacts.other], 0.0)
        gap = np.linalg.norm(contacts.branch, axis=1) - radius[contacts.slot] - other
        seen.append([len(gap), (gap > 0.0).sum()])
    count, apart = np.array(seen).T
    assert (np.diff(count) > 0).sum() > 3 and apart.max() > 0
