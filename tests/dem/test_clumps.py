"""Rigid bodies made of spheres: rotation, impacts, what they conserve, and that a sphere is a case of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from compute import get_backend
from compute.errors import SimulationError
from dem.case import DemCase
from dem.case_shapes import Needle
from dem.clumps.engine import ClumpEngine
from dem.clumps.motion import MOMENTUM, TURN
from dem.clumps.orientation import about_axis, inverse, product, turned
from dem.clumps.rotation import freely_turned, spin_of
from dem.clumps.shape import shape_of
from dem.particles import INERTIA, MASS, VX, WX, X
from dem.simulation import Simulation
from tests.device.comparison import assert_same_motion, assert_same_tallies, total
from tests.device.systems import CLASSES, TABLETS, bowl_case, make_engine, start_of

Array = NDArray[np.float64]
ROD = {"kind": "needle", "length": "5 mm", "diameter": "1 mm"}
LUMP = {
    "kind": "spheres",
    "spheres": [
        {"centre": [0, 0, 0], "radius": "2 mm"},
        {"centre": ["2 mm", 0, 0], "radius": "1.6 mm"},
        {"centre": [0, "1.4 mm", "0.6 mm"], "radius": "1.6 mm"},
    ],
}


def rotation(moments: Array, momentum: Array, steps: int, step: float) -> tuple[Array, Array]:
    """Orientations and energies [J] over a free rotation that begins with the body axes along those of space."""
    free, spin = tuple(1.0 / moments), tuple(momentum)
    turn, turns, energies = (1.0, 0.0, 0.0, 0.0), [], []
    for _ in range(steps):
        turn = freely_turned(turn, spin, free, step)
        turns.append(turn)
        energies.append(0.5 * float(np.dot(spin_of(turn, spin, free), momentum)))
    return np.array(turns), np.array(energies)


def test_free_symmetric_top() -> None:
    """Euler: the axis of figure goes round L with the rate |L|/I1, whatever the step; the splitting leaves nothing out.

    300 steps with a turn of up to 0.5 rad, some 20 precessions: rounding of 300 products, below 1e-12.
    """
    moments, momentum, step = np.array([2.0, 2.0, 3.3]), np.array([0.6, -0.3, 0.9]), 0.5
    turns, energies = rotation(moments, momentum, 300, step)
    time = step * np.arange(1, 301)
    rate = np.linalg.norm(momentum) / moments[0]
    expected = turned(np.array([about_axis(tuple(momentum), rate * t) for t in time]), np.array([[0.0, 0.0, 1.0]]))
    np.testing.assert_allclose(turned(turns, np.array([[0.0, 0.0, 1.0]])), expected, atol=1e-12)
    own = momentum[2] * (1.0 / moments[2] - 1.0 / moments[0])  # about its axis beside the precession
    whole = [product(about_axis(tuple(momentum), rate * t), about_axis((0.0, 0.0, 1.0), own * t)) for t in time]
    np.testing.assert_allclose(np.abs((turns * np.array(whole)).sum(axis=1)), 1.0, atol=1e-12)
    np.testing.assert_allclose(energies, energies[0], rtol=1e-13)


def test_free_asymmetric_top() -> None:
    """Symplectic and of second order: the error of the energy stays bounded and falls by four with half the step.

    Turning near its unstable middle axis it tumbles; from 2000 steps on no drift may be seen: the error of the last
    tenth is that of the first. The quaternion is kept at 1 to rounding.
    """
    moments, momentum = np.array([1.0, 1.6, 2.9]), np.array([0.05, 1.0, 0.05])
    start = 0.5 * float((momentum**2 / moments).sum())
    worst = []
    for step in (0.1, 0.05):
        turns, energies = rotation(moments, momentum, round(200.0 / step), step)
        error = np.abs(energies / start - 1.0)
        tenth = len(error) // 10
        worst.append(error.max())
        assert error[-tenth:].max() <= 1.05 * error[: 5 * tenth].max()
        np.testing.assert_allclose(np.linalg.norm(turns, axis=1), 1.0, atol=4e-16)
    assert worst[0] < 2e-3
    assert worst[0] / worst[1] == pytest.approx(4.0, rel=0.05)


def small_case(**changes: Any) -> DemCase:
    """Bodies of material m in a box of 40 mm without gravity."""
    case = {
        "gravity": [0, 0, 0],
        "domain": {"low": ["-20 mm"] * 3, "high": ["20 mm"] * 3},
        "materials": {"m": {"density": 1500, "youngs_modulus": "5 MPa"}},
        "pairs": [{"between": ["m", "m"], "restitution": 1.0, "friction": 0.0}],
        "contact": {"law": "linear", "normal_stiffness": "200 kN/m"},
        "time": {"end": 1.0},
    }
    return DemCase.model_validate(case | changes)


def engine_of(case: DemCase, backend: str = "python") -> ClumpEngine:
    engine = Simulation(case, get_backend(backend, 1), 3).engine
    assert isinstance(engine, ClumpEngine)
    return engine


@pytest.mark.parametrize("restitution", [1.0, 0.5])
@pytest.mark.parametrize("angle", [30.0, 60.0, 90.0])
def test_rod_meets_a_frictionless_wall(angle: float, restitution: float) -> None:
    """Rigid-body impact of a rod under an angle to the wall, at its lower end.

    With the arm b = (L - d)/2 cos(angle) across the normal and 1/m_e = 1/m + b^2/I, the impulse is J = (1 + e) m_e v:
    v' = -v + J/m, w' = b J/I. The damper is that of the mass m of the body, so the contact at the end of a rod has the
    damping ratio zeta sqrt(m/m_e), and e = exp(-pi z/sqrt(1 - z^2)) of that: the restitution of the pair at 90 degrees.
    The contact lasts 16 us, in which the rod turns by 3e-3 rad and its arm changes by less; a step, 1/160 of it, may be
    left out at its end. Together less than 1 %.
    """
    speed, shape = 0.2, shape_of(Needle.model_validate(ROD))
    height = 2e-3 * math.sin(math.radians(angle)) + 0.5e-3 + 1e-5
    rod = {"class": "rod", "position": [0, 0, height], "velocity": [0, 0, -speed]}
    case = small_case(
        classes=[{"name": "rod", "material": "m", "shape": ROD}],
        pairs=[{"between": ["m", "m"], "restitution": restitution, "friction": 0.0}],
        walls=[{"name": "floor", "shape": "plane", "material": "m", "point": [0, 0, 0], "normal": [0, 0, 1]}],
        particles=[{"kind": "given", "items": [rod | {"orientation": {"axis": [0, 1, 0], "angle": f"{angle} deg"}}]}],
        time={"end": 1.0, "step": "0.1 us"},
    )  # fmt: skip
    arm = 2e-3 * math.cos(math.radians(angle))
    mass, inertia = 1500.0 * shape.volume, 1500.0 * shape.inertia[0]
    own = 1.0 / (1.0 / mass + arm**2 / inertia)
    zeta = -math.log(restitution) / math.hypot(math.pi, math.log(restitution)) * math.sqrt(mass / own)
    impulse = (1.0 + math.exp(-math.pi * zeta / math.sqrt(1.0 - zeta**2))) * own * speed
    engine = engine_of(case)
    engine.run(1000)
    found = engine.host_bodies().row[0]
    assert found[VX + 2] == pytest.approx(-speed + impulse / mass, abs=0.01 * speed)
    assert abs(found[WX + 1]) == pytest.approx(arm * impulse / inertia, rel=0.01, abs=1e-6)
    np.testing.assert_allclose(found[[VX, VX + 1, WX, WX + 2]], 0.0, atol=1e-12)


def cloud(restitution: float, friction: float) -> ClumpEngine:
    """Lumps and rods that fly into each other from all sides, without walls."""
    random = np.random.default_rng(7)
    items = []
    for number, place in enumerate(np.stack(np.meshgrid(*[[-3.6e-3, 3.6e-3]] * 3), axis=-1).reshape(-1, 3)):
        velocity = -120.0 * place + random.normal(scale=0.1, size=3)
        axis, angle = random.normal(size=3), random.uniform(0.0, 180.0)
        items.append(
            {
                "class": ("rod", "lump")[number % 2], "position": place.tolist(), "velocity": velocity.tolist(),
                "spin": random.normal(scale=50.0, size=3).tolist(),
                "orientation": {"axis": axis.tolist(), "angle": f"{angle} deg"},
            }
        )  # fmt: skip
    case = small_case(
        classes=[{"name": "rod", "material": "m", "shape": ROD}, {"name": "lump", "material": "m", "shape": LUMP}],
        pairs=[{"between": ["m", "m"], "restitution": restitution, "friction": friction}],
        contact={"law": "linear", "normal_stiffness": "20 kN/m"},
        particles=[{"kind": "given", "items": items}], time={"end": 1.0, "step": "4 us"},
    )  # fmt: skip
    return engine_of(case)


def motion_of(engine: ClumpEngine) -> tuple[Array, Array, float]:
    """Momentum, angular momentum about the origin, and kinetic energy of all bodies."""
    body = engine.motion.body[: engine.body_count]
    mass, position, velocity = body[:, MASS, None], body[:, X : X + 3], body[:, VX : VX + 3]
    own = body[:, MOMENTUM : MOMENTUM + 3]
    energy = 0.5 * (mass * velocity**2 + own * body[:, WX : WX + 3]).sum()
    return (mass * velocity).sum(axis=0), (own + np.cross(position, mass * velocity)).sum(axis=0), float(energy)


@pytest.mark.parametrize(("restitution", "friction"), [(1.0, 0.0), (0.6, 0.5)])
def test_collisions_conserve(restitution: float, friction: float) -> None:
    """Eight bodies collide: momentum and angular momentum are kept to rounding, energy is kept or lost.

    Positions and velocities are half a step apart, so the angular momentum of x^n and v^(n-1/2) is that of both at one
    time, x and v being parallel in between. In contact the springs hold energy, so that energies are compared only
    at the end, when all is apart: kept to 2 % by frictionless elastic impacts (a contact of 30 steps is left within
    one), and never above that of the start at any time.
    """
    engine = cloud(restitution, friction)
    momentum, angular, energy = motion_of(engine)
    scale = float((engine.motion.body[:8, MASS] * np.linalg.norm(engine.motion.body[:8, VX : VX + 3], axis=1)).sum())
    start = engine.motion.body[:8, VX : VX + 3].copy()
    for stop in range(100, 2301, 200):
        engine.run(stop)
        now = motion_of(engine)
        np.testing.assert_allclose(now[0], momentum, atol=1e-13 * scale)
        np.testing.assert_allclose(now[1], angular, atol=1e-13 * scale * 1e-2)
        assert now[2] < 1.02 * energy
    changed = np.linalg.norm(engine.motion.body[:8, VX : VX + 3] - start, axis=1)
    assert (changed > 0.2 * np.linalg.norm(start, axis=1)).all(), "some body met none"
    assert motion_of(engine)[2] == pytest.approx(energy, rel=0.02) if restitution == 1.0 else now[2] < 0.9 * energy


def test_one_sphere_is_a_sphere() -> None:
    """The same spheres as bodies of one: the same motion to rounding in a bowl with an impeller, the same counts.

    Beside two spheres of class `small` there are those of class `large`, made of one ball. The rounding of the place of
    a sphere grows by ten at each collision, of which there are at most five (comparison.py): 1e-9.
    """
    ball = {"kind": "spheres", "spheres": [{"centre": [0, 0, 0], "radius": 2e-3}]}
    bodies = [CLASSES[0], {"name": "large", "material": "glass", "shape": ball}]
    backend, spheres, balls = get_backend("python"), bowl_case(), bowl_case(classes=bodies)
    start = start_of(spheres)
    same = replace(start_of(balls), position=start.position, velocity=start.velocity)
    expected, found = make_engine(spheres, backend, start), make_engine(balls, backend, same)
    for engine in (expected, found):
        engine.run(48)
    first, second = (engine.host_bodies() for engine in (expected, found))
    order = np.argsort(first.id)
    assert total(expected, "pair_counts").any() and total(expected, "wall_counts").any()
    for columns in (slice(X, X + 3), slice(VX, VX + 3), slice(WX, WX + 3), slice(INERTIA, INERTIA + 1)):
        scale = np.abs(first.row[:, columns]).max()
        np.testing.assert_allclose(second.row[:, columns], first.row[order][:, columns], rtol=0, atol=1e-9 * scale)
    assert_same_tallies(found, expected)


def test_compiled_equals_python() -> None:
    """Tablets and spheres in a bowl with an impeller: the motion of the bodies is the same to the bit, and by two
    threads, which add the same forces in another order, within the tolerance that comparison.py explains."""
    case = bowl_case(number=12, classes=[CLASSES[0], TABLETS])
    engines = [make_engine(case, get_backend(*each)) for each in (("python",), ("cpu", 1), ("cpu", 2))]
    for engine in engines:
        engine.run(40)
    plain, single, double = engines
    states = [engine.state() for engine in (plain, single)]
    assert states[0].keys() == states[1].keys()
    for name, array in states[0].items():
        np.testing.assert_array_equal(states[1][name], array, err_msg=name)
    assert_same_motion(double, plain)
    for engine in (single, double):
        assert_same_tallies(plain, engine)


def test_bodies_stay_rigid_across_a_periodic_boundary() -> None:
    """A spinning rod flies out and in again: every sphere is where the body says, in some image, to rounding."""
    case = small_case(
        classes=[{"name": "rod", "material": "m", "shape": ROD}],
        domain={"low": [0, 0, 0], "high": ["12 mm"] * 3, "periodic": ["x", "z"]},
        particles=[
            {"kind": "given", "items": [{"class": "rod", "position": ["10 mm", "6 mm", "1 mm"],
            "velocity": [1.0, 0, -0.7], "spin": [100, 200, 300]}]}
        ],
        time={"end": 1.0, "step": "20 us"},
    )  # fmt: skip
    engine = engine_of(case)
    crossed = 0
    for stop in range(100, 1501, 100):
        engine.run(stop)
        body, spheres = engine.motion.body[0], engine.host_particles()
        order = np.argsort(spheres.id)
        away = spheres.row[order, X : X + 3] - body[X : X + 3]
        turn = engine.motion.body[0, TURN : TURN + 4]
        off = (away - turned(turn, engine.shapes[0].place)) / 12e-3
        np.testing.assert_allclose(off, np.round(off), atol=1e-12)
        crossed += int(np.unique(np.round(off), axis=0).shape[0] > 1)
    assert crossed > 2, "never across the boundary"
    np.testing.assert_allclose(product(turn, inverse(turn)), [1, 0, 0, 0], atol=1e-15)


def refused(**changes: Any) -> str:
    with pytest.raises(ValueError) as caught:
        small_case(
            classes=[{"name": "rod", "material": "m", "shape": ROD}],
            particles=[{"kind": "given", "items": [{"class": "rod", "position": [0, 0, 0]}]}],
            **changes,
        )
    return str(caught.value)


def test_what_bodies_do_not_carry_is_refused() -> None:
    sheared = {"low": [0, 0, 0], "high": [0.02] * 3, "periodic": ["x", "y", "z"], "shear_rate": 1.0}
    assert "slide apart" in refused(domain=sheared)
    both = {"name": "rod", "material": "m", "shape": ROD, "diameter": "1 mm"}
    with pytest.raises(ValueError, match="how large the particles are must be said once"):
        small_case(classes=[both], particles=[{"kind": "given", "items": [{"class": "rod", "position": [0, 0, 0]}]}])


def test_overlap_at_the_start_is_told_by_body() -> None:
    items = [{"class": "rod", "position": [x, 0, 0]} for x in ("0 mm", "4.5 mm")]
    case = small_case(
        classes=[{"name": "rod", "material": "m", "shape": ROD}], particles=[{"kind": "given", "items": items}]
    )
    with pytest.raises(SimulationError, match="particles 0 and 1 overlap"):
        Simulation(case, get_backend("python"), 1).run()
