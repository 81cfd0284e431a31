"""Single impacts against other codes that integrate the same law, and against closed forms."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dem.contact.law import Elasticity, PairProperties
from dem.contact.moduli import effective_shear_modulus, effective_youngs_modulus
from tests.dem.engines import VX, WX, X, make_engine, plane, rows, spheres

Vectors = NDArray[np.float64]
PEERS = Path(__file__).resolve().parents[1] / "data" / "peers-collisions"
PAIRS = 9
RADIUS = 2e-3
PEER_STEP = 1e-7
# The slowest impact (0.1 m/s on the plane) ends after some 9800 steps of 1e-7 s.
PEER_STEPS = 10500
FLOOR = plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
RIGID = Elasticity(1e30, 0.3, 1e4)


def read_peer_start() -> tuple[Vectors, Vectors]:
    """Positions, shape (28, 3), and velocities with spins, shape (28, 6), of the peers' data file."""
    text = (PEERS / "collisions.data").read_text()
    atoms, velocities = text.split("Atoms")[1].split("Velocities")
    position = np.array([line.split()[4:7] for line in atoms.strip().splitlines()], float)
    return position, np.array([line.split()[1:7] for line in velocities.strip().splitlines()], float)


def overlaps(row: Vectors) -> Vectors:
    """Overlap of the nine pairs and of the ten spheres on the plane [m]."""
    first, second = row[0 : 2 * PAIRS : 2, X : X + 3], row[1 : 2 * PAIRS : 2, X : X + 3]
    pairs = 2 * RADIUS - np.linalg.norm(second - first, axis=1)
    return np.concatenate([pairs, RADIUS - row[2 * PAIRS :, X + 2]])


def contact_time(overlap: Vectors, step: float) -> float:
    """Time between the zeros of the overlap, each interpolated between two steps [s]."""
    inside = np.flatnonzero(overlap > 0.0)
    a, z = inside[0], inside[-1]
    begins = a - (overlap[a] / (overlap[a] - overlap[a - 1]) if a else 0.0)
    return float((z + overlap[z] / (overlap[z] - overlap[z + 1]) - begins) * step)


@pytest.mark.parametrize("peer", ["liggghts", "lammps"])
def test_nineteen_impacts_agree_with_the_peer(peer: str) -> None:
    """Same law, same scheme (kick, then drift), same step: only rounding differs, 1e-8 and less; 1e-6 is asked.

    Peak overlap, contact time and restitution are compared relatively; components of velocity and spin with 1e-6 of
    the impact's speed, and of speed over radius, since some of them are zero.
    """
    assert worst_deviation(peer) < 1e-6


def worst_deviation(peer: str, **changes: Any) -> float:
    """Run the nineteen impacts with these changes of the engine; the largest deviation of any from the peer's.

    Relative for peak overlap, contact time and restitution; over the impact's speed, and speed over radius, for the
    components of velocity and spin.
    """
    position, motion = read_peer_start()
    engine = make_engine(
        spheres(position, motion[:, :3], RADIUS, spin=motion[:, 3:]), step=PEER_STEP, skin=1e-3,
        law=f"hertz-mindlin-{peer}", low=(-0.1, -0.1, -0.1), high=(0.4, 0.4, 0.4), walls=[FLOOR], **changes,
    )  # fmt: skip
    start, history = rows(engine), []
    for number in range(PEER_STEPS):
        history.append(overlaps(rows(engine)))
        engine.run(number + 1)
    end, overlap, deviations = rows(engine), np.array(history), [0.0]
    for at, expected in enumerate(json.loads((PEERS / f"{peer}_dt1e-7.json").read_text())):
        first, axis = (2 * at, 0) if at < PAIRS else (PAIRS + at, 2)
        deviations += deviations_of(expected, overlap[:, at], end[first])
        if at < PAIRS:
            deviations += list(np.abs(end[first + 1, VX : VX + 3] - expected["v2"]) / expected["speed"])
        restitution = -end[first, VX + axis] / start[first, VX + axis]
        deviations.append(abs(restitution / expected["en"] - 1.0))
    return float(np.max(deviations))


def deviations_of(expected: dict[str, Any], overlap: Vectors, sphere: Vectors) -> list[float]:
    """Deviations of one impact; infinite if it is not over."""
    if not (overlap[0] < 0.0 and overlap[-1] < 0.0):
        return [np.inf]
    speed = expected["speed"]
    peak, time = overlap.max() / expected["peak"] - 1.0, contact_time(overlap, PEER_STEP) / expected["tc"] - 1.0
    velocity = np.abs(sphere[VX : VX + 3] - expected["v"]) / speed
    spin = np.abs(sphere[WX : WX + 3] - expected["w"]) * RADIUS / speed
    return [abs(peak), abs(time), *velocity, *spin]


STEEL, M1, M2 = Elasticity(210e9, 0.2, 7200.0), Elasticity(1e9, 0.2, 2500.0), Elasticity(0.5e9, 0.2, 2000.0)


@pytest.mark.parametrize(
    ("first", "second", "youngs", "shear"),
    [
        (M1, M1, 5.20833333e8, 1.15740741e8),
        (M2, M2, 2.60416667e8, 5.78703704e7),
        (M1, M2, 3.47222222e8, 7.71604938e7),
        (STEEL, STEEL, 1.09375e11, 2.43055556e10),
        (M1, STEEL, 1.036729858e9, 2.303844128e8),
        (M2, STEEL, 5.195961995e8, 1.154658221e8),
    ],
)
def test_effective_moduli(first: Elasticity, second: Elasticity, youngs: float, shear: float) -> None:
    """Printed by MercuryDPM's benchmark drivers for the materials of Dosta et al. (2024), nine digits.

    doi 10.1016/j.cpc.2023.109066 names the materials; 1e-8 is the last printed digit.
    """
    assert effective_youngs_modulus(first, second) == pytest.approx(youngs, rel=1e-8)
    assert effective_shear_modulus(first, second) == pytest.approx(shear, rel=1e-8)


def test_sphere_on_steel_wall_repeats_the_reference_run() -> None:
    """MercuryDPM's OSHertzSelfTest: R 1 mm, 1 m/s, e 0.4, dt 5e-7 s, 121 steps; v = 0.40107538 m/s, z = 1.00724022 mm.

    Kick-drift with these steps gives 0.40107505 m/s and 1.00724021 mm; the peer's scheme differs by 1e-6. The excess
    over 0.4 is the error of a contact of 15 steps.
    """
    engine = make_engine(
        spheres([[0.0, 0.0, 1.01e-3]], (0.0, 0.0, -1.0), 1e-3, density=2500.0), step=5e-7, skin=1e-4,
        low=(-0.01, -0.01, -0.01), high=(0.01, 0.01, 0.01), materials=[M1, STEEL], pairs=PairProperties(0.4, 0.2),
        walls=[plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), "m1")],
    )  # fmt: skip
    engine.run(121)
    row = rows(engine)[0]
    assert row[VX + 2] == pytest.approx(0.40107505, abs=1e-8)
    assert row[VX + 2] == pytest.approx(0.40107538, rel=2e-6)
    assert row[X + 2] == pytest.approx(1.00724021e-3, abs=1e-11)


CHUNG_OOI = [
    ("spheres", Elasticity(4.8e10, 0.20, 2800.0), 0.01, 20.0, 274.113e-6, 10696.889, 40.338e-6),
    ("spheres", Elasticity(2.0e10, 0.25, 2500.0), 0.01, 20.0, 368.304e-6, 7108.241, 54.200e-6),
    ("plane", Elasticity(7.0e10, 0.30, 2699.0), 0.1, 0.2, 49.717e-6, 11369.858, 731.638e-6),
    ("plane", Elasticity(4.0e10, 0.35, 1800.0), 0.1, 0.2, 52.123e-6, 7232.681, 767.046e-6),
]


@pytest.mark.parametrize(("partner", "material", "radius", "speed", "depth", "force", "time"), CHUNG_OOI)
def test_elastic_impact_is_hertz(
    partner: str, material: Elasticity, radius: float, speed: float, depth: float, force: float, time: float
) -> None:
    """Chung, Ooi, Granular Matter 13 (2011) 643-656, doi 10.1007/s10035-011-0277-0, tests 1 and 2 (rigid plane).

    d = (15 m v^2/(16 E sqrt(R)))^(2/5), F = 4/3 E sqrt(R) d^(3/2), t = 2.9432 d/v. A thousand steps in a contact
    leave an error of 1e-5 in the peaks, and 1e-4 in the time, whose ends fall between two steps.
    """
    step, count = time / 1000.0, 1010
    pair = partner == "spheres"
    position = [[-radius, 0.0, radius], [radius, 0.0, radius]] if pair else [[0.0, 0.0, radius]]
    velocity = [[speed / 2, 0.0, 0.0], [-speed / 2, 0.0, 0.0]] if pair else [[0.0, 0.0, -speed]]
    engine = make_engine(
        spheres(position, velocity, radius, density=material.density), step=step, skin=0.1 * radius,
        low=(-1.0, -1.0, -1.0), high=(1.0, 1.0, 1.0), materials=[material, RIGID], pairs=PairProperties(1.0, 0.0),
        walls=[] if pair else [plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), "m1")],
    )  # fmt: skip
    axis = 0 if pair else 2
    overlap, velocities = [], [rows(engine)[0, VX + axis]]
    for number in range(count):
        row = rows(engine)
        overlap.append(2 * radius - row[1, X] + row[0, X] if pair else radius - row[0, X + 2])
        engine.run(number + 1)
        velocities.append(rows(engine)[0, VX + axis])
    mass = material.density * 4.0 / 3.0 * math.pi * radius**3
    assert max(overlap) == pytest.approx(depth, rel=1e-5)
    assert mass * np.abs(np.diff(velocities)).max() / step == pytest.approx(force, rel=1e-5)
    assert contact_time(np.array(overlap), step) == pytest.approx(time, rel=1e-4)


@pytest.mark.parametrize("material", [Elasticity(3.8e11, 0.23, 4000.0), Elasticity(1.0e11, 0.25, 7000.0)])
def test_restitution_is_the_nominal_one(material: Elasticity) -> None:
    """Chung and Ooi, test 3: R 2.5 mm at 3.9 m/s on a rigid plane, e = 0.2 to 1.

    With the damping of Tsuji et al. and an attracting tail of the damper v'/v = e exactly; some 1000 steps in a
    contact leave 1.2e-3 at e = 0.2 and less above. Clipped forces would give 0.325 for 0.2.
    """
    restitutions = np.array([0.2, 0.4, 0.6, 0.8, 1.0])
    count, radius = len(restitutions), 2.5e-3
    pairs = {(at, count): PairProperties(float(e), 0.0) for at, e in enumerate(restitutions)}
    engine = make_engine(
        spheres([[0.01 * at, 0.0, radius] for at in range(count)], (0.0, 0.0, -3.9), radius, density=material.density,
                kind=np.arange(count)),
        step=8e-9, skin=0.1 * radius, low=(-0.1, -0.1, -0.1), high=(0.1, 0.1, 0.1),
        materials=[material] * count + [RIGID], pairs=pairs,
        walls=[plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), f"m{count}")],
    )  # fmt: skip
    engine.run(2500)
    row = rows(engine)
    assert np.all(row[:, X + 2] > radius), "an impact is not over"
    np.testing.assert_allclose(row[:, VX + 2] / 3.9, restitutions, rtol=2e-3)


def test_oblique_impacts_slide_as_they_should() -> None:
    """Chung and Ooi, test 4, angles at which the contact slides throughout (from 35 degrees on), Al oxide.

    e_t = 1 - mu (1 + e)/tan(theta); w = 2.5 mu (1 + e) v cos(theta)/R about the axis that the sphere rolls around. The
    spring's first steps stick, which the closed form leaves out: 0.5 %.
    """
    angle = np.radians(np.arange(40.0, 90.0, 10.0))
    radius, speed, friction, restitution = 2.5e-3, 3.9, 0.092, 0.98
    velocity = speed * np.stack([np.sin(angle), np.zeros_like(angle), -np.cos(angle)], axis=1)
    engine = make_engine(
        spheres([[0.0, 0.01 * at, radius] for at in range(len(angle))], velocity, radius, density=4000.0),
        step=1.5e-8, skin=0.1 * radius, low=(-0.1, -0.1, -0.1), high=(0.1, 0.1, 0.1),
        materials=[Elasticity(3.8e11, 0.23, 4000.0), RIGID], pairs=PairProperties(restitution, friction),
        walls=[plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), "m1")],
    )  # fmt: skip
    engine.run(1500)
    row = rows(engine)
    assert np.all(row[:, X + 2] > radius), "an impact is not over"
    impulse = friction * (1.0 + restitution)
    np.testing.assert_allclose(row[:, VX] / velocity[:, 0], 1.0 - impulse / np.tan(angle), rtol=5e-3)
    np.testing.assert_allclose(row[:, WX + 1], 2.5 * impulse * speed * np.cos(angle) / radius, rtol=5e-3)
