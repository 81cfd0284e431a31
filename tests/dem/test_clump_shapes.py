"""Volume, centre and inertia of bodies made of overlapping spheres, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from pydantic import ValidationError

from dem.case import DemCase
from dem.case_limits import source_number, time_step
from dem.case_materials import ParticleClass
from dem.case_shapes import Needle, SphereCluster, Tablet
from dem.clumps.orientation import inverse, product, random_turns, turned
from dem.clumps.shape import make_shape, shape_of
from dem.clumps.union import union_moments
from dem.particle_set import class_table

Array = NDArray[np.float64]


def two_spheres(radius: float, half: float) -> tuple[float, float, float]:
    """Volume, moment about the axis and about one across of two equal spheres at +-half on an axis.

    Each half is a ball cut by the middle plane (the lens is what both share), a body of revolution with the squared
    radius r^2(z) = R^2 - (z - half)^2 from 0 to half + R: V = pi int r^2, I_axis = pi/2 int r^4, int z^2 dV = pi int
    z^2 r^2, I_across = I_axis/2 + int z^2 dV.
    """
    z = Polynomial([0.0, 1.0])
    square = radius**2 - (z - half) ** 2

    def integral(f: Polynomial) -> float:
        found = f.integ()
        return float(2.0 * math.pi * (found(half + radius) - found(0.0)))

    axis = 0.5 * integral(square**2)
    return integral(square), axis, 0.5 * axis + integral(z**2 * square)


@pytest.mark.parametrize("half", [0.05, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("direction", [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.3, -0.5, 0.7)])
def test_two_overlapping_spheres(half: float, direction: tuple[float, float, float]) -> None:
    """The union of two balls, whatever way it points; the quadrature is exact to rounding, 1e-13 is ample.

    The sum of the two spheres is wrong by the lens: at half = 0.5 by 45 % of the volume.
    """
    along = np.array(direction) / np.linalg.norm(direction)
    shape = make_shape(np.array([3.0 + half * along, 3.0 - half * along]), np.ones(2))
    volume, axis, across = two_spheres(1.0, half)
    assert shape.volume == pytest.approx(volume, rel=1e-13)
    np.testing.assert_allclose(shape.area, 2.0 * math.pi * (1.0 + half), rtol=1e-12)  # each without a cap
    np.testing.assert_allclose(shape.inertia, [across, across, axis], rtol=1e-12)
    np.testing.assert_allclose(shape.origin, 3.0, rtol=1e-14)
    third = turned(shape.turn, np.array([0.0, 0.0, 1.0]))
    assert abs(third @ along) == pytest.approx(1.0, abs=1e-12)


def test_spheres_that_do_not_overlap() -> None:
    """Sums over the spheres, by the parallel-axis theorem; a ball within another one adds nothing. Rounding only."""
    centre, radius = np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.1, 0.0, 0.2]]), np.array([1.0, 0.5, 0.6])
    found = union_moments(centre, radius)
    own = 4.0 / 3.0 * math.pi * radius[:2] ** 3
    assert found.volume == pytest.approx(own.sum(), rel=1e-13)
    np.testing.assert_allclose(found.first, own @ centre[:2], atol=1e-13)
    second = np.eye(3) * (0.2 * own @ radius[:2] ** 2) + np.diag([9.0 * own[1], 0.0, 0.0])
    np.testing.assert_allclose(found.second, second, atol=1e-12)


SHAPES = [
    Tablet(kind="tablet", diameter=8e-3, thickness=4e-3),
    Needle(kind="needle", length=5e-3, diameter=1e-3, spacing=0.7),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: str(shape.kind))
def test_error_of_generated_shapes(shape: Needle | Tablet) -> None:
    """More nodes change volume and moments by less than 1e-13, which is the stated error."""
    balls = shape.balls()
    centre, radius = np.array([place for place, _ in balls]), np.array([own for _, own in balls])
    found, finer = union_moments(centre, radius), union_moments(centre, radius, 60)
    assert found.volume == pytest.approx(finer.volume, rel=1e-13)
    np.testing.assert_allclose(found.second, finer.second, atol=1e-13 * np.abs(finer.second).max())
    assert 0.85 * shape.envelope < found.volume < shape.envelope
    moments = shape_of(shape).inertia
    assert moments[0] == pytest.approx(moments[1], rel=1e-9), "not a body of revolution"
    assert (moments[2] > moments[0]) == (shape.kind == "tablet")


def test_finer_shapes_approach_the_envelope() -> None:
    """Spheres closer by half leave a quarter of the dips: the missing volume of the rod falls as spacing^2."""
    coarse, fine = (Needle(kind="needle", length=9e-3, diameter=1e-3, spacing=step) for step in (0.8, 0.4))
    missing = [1.0 - shape_of(each).volume / each.envelope for each in (coarse, fine)]
    assert missing[0] / missing[1] == pytest.approx(4.0, rel=0.1)


def test_a_random_body_turned() -> None:
    """Turned and moved, a body keeps its volume and principal moments: another cut of every sphere, so this tests the
    quadrature itself, whose error is stated to be below 1e-10 for such bodies."""
    random = np.random.default_rng(5)
    centre, radius = random.normal(size=(8, 3)), random.uniform(0.8, 1.2, 8)
    turn = random_turns(1, random)[0]
    one, other = make_shape(centre, radius), make_shape(turned(turn, centre) + 2.0, radius)
    assert other.volume == pytest.approx(one.volume, rel=1e-10)
    np.testing.assert_allclose(np.sort(other.inertia), np.sort(one.inertia), rtol=1e-10)
    back = turned(one.turn, one.place) + one.origin
    np.testing.assert_allclose(back, centre, atol=1e-12)
    np.testing.assert_allclose(product(turn, inverse(turn)), [1.0, 0.0, 0.0, 0.0], atol=1e-15)


def test_random_turns_are_uniform() -> None:
    """Uniform on SO(3): each axis covers the sphere evenly (mean 0, mean square 1/3), the angle has the mean
    pi/2 + 2/pi (density (1 - cos t)/pi). 20 000 turns: four standard errors are 0.02."""
    turns = random_turns(20_000, np.random.default_rng(1))
    axis = turned(turns, np.broadcast_to([0.0, 0.0, 1.0], (len(turns), 3)))
    assert np.abs(axis.mean(axis=0)).max() < 0.02
    np.testing.assert_allclose(axis.T @ axis / len(axis), np.eye(3) / 3.0, atol=0.01)
    angle = 2.0 * np.arccos(np.abs(turns[:, 0]))
    assert angle.mean() == pytest.approx(math.pi / 2 + 2 / math.pi, abs=0.02)


@pytest.mark.parametrize(
    ("spheres", "problem"),
    [
        ([{"centre": [0, 0, 0], "radius": 1}, {"centre": [3, 0, 0], "radius": 1}], "in pieces"),
        ([{"centre": [0, 0, 0], "radius": 1}, {"centre": [0, 0, 0], "radius": 1}], "given twice"),
    ],
)
def test_impossible_clusters(spheres: list[dict[str, object]], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        SphereCluster.model_validate({"kind": "spheres", "spheres": spheres})


def test_impossible_generated_shapes() -> None:
    with pytest.raises(ValidationError, match="shorter than thick"):
        Needle(kind="needle", length=1e-3, diameter=2e-3)
    with pytest.raises(ValidationError, match="the shape takes"):
        Tablet(kind="tablet", diameter=20e-3, thickness=1e-3, spacing=0.5)


def test_body_of_given_mass() -> None:
    """A tablet of 200 mg has that mass, and moments in proportion to it; feeders and shares by mass count with it, and
    the step is that of its density. Rounding only."""
    tablet = {"name": "t", "material": "m", "shape": {"kind": "tablet", "diameter": "8 mm", "thickness": "4 mm"}}
    source = {"kind": "packing", "mass": "2 g", "shares": {"of": {"t": 1.0}}, "region": {"shape": "box", "low": [0] * 3,
              "high": [0.05] * 3}}  # fmt: skip
    heavy, light = (
        DemCase.model_validate(
            {
                "domain": {"low": [0] * 3, "high": [0.05] * 3}, "particles": [source], "time": {"end": 1.0},
                "materials": {"m": {"density": 1500, "youngs_modulus": "5 MPa"}}, "classes": [tablet | mass],
                "pairs": [{"between": ["m", "m"], "restitution": 0.5, "friction": 0.4}],
            }
        )
        for mass in ({}, {"mass": "200 mg"})
    )  # fmt: skip
    shape = shape_of(heavy.classes[0].shape)  # type: ignore[arg-type]
    assert class_table(light).mass[0] == pytest.approx(2e-4, rel=1e-14)
    assert class_table(heavy).mass[0] == pytest.approx(1500.0 * shape.volume, rel=1e-14)
    assert source_number(light, light.particles[0]) == pytest.approx(10.0, rel=1e-14)  # type: ignore[arg-type]
    ratio = math.sqrt(2e-4 / (1500.0 * shape.volume))
    assert time_step(light) == pytest.approx(ratio * time_step(heavy), rel=1e-12)
    with pytest.raises(ValidationError, match="spheres have the density of their material"):
        ParticleClass.model_validate({"name": "s", "material": "m", "diameter": "1 mm", "mass": "1 g"})
