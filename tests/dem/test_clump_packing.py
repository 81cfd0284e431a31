"""Bodies placed sphere by sphere: how dense, how turned, and that nothing overlaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial import cKDTree

import dem.packing
from dem.case import DemCase
from dem.clumps.orientation import turned
from dem.clumps.spheres import spheres_of
from dem.packing import initial_particles
from dem.particle_set import ParticleSet
from dem.setup import make_setup

EDGE = 12e-3
NEEDLE = {"kind": "needle", "length": "5 mm", "diameter": "1 mm"}
FLOOR = {"name": "floor", "shape": "plane", "material": "m", "point": [0, 0, 1e-3], "normal": [0, 0, 1]}


def fill(number: int, **changes: Any) -> tuple[ParticleSet, ParticleSet]:
    """Needles in a box that stands on a floor: the bodies and their spheres."""
    source = {
        "kind": "packing", "number": number, "shares": {"of": {"needles": 1.0}},
        "region": {"shape": "box", "low": [0, 0, 0], "high": [EDGE] * 3},
    }  # fmt: skip
    case = DemCase.model_validate(
        {
            "domain": {"low": [0, 0, 0], "high": [EDGE] * 3, "periodic": ["x", "y"]},
            "materials": {"m": {"density": 1500, "youngs_modulus": "5 MPa"}},
            "pairs": [{"between": ["m", "m"], "restitution": 0.5, "friction": 0.4}],
            "classes": [{"name": "needles", "material": "m", "shape": NEEDLE}],
            "walls": [FLOOR], "particles": [source], "time": {"end": 1.0},
        } | changes
    )  # fmt: skip
    setup = make_setup(case)
    bodies = initial_particles(case, setup.classes, setup.engine.walls, 3)
    return bodies, spheres_of(bodies, setup.classes.shapes)


def test_needles_fill_a_box() -> None:
    """A solids fraction of 0.17, four times the densest lattice of the spheres around the needles (0.74 of 5.2 %).

    No two needles overlap, across the periodic sides neither, and none reaches into the floor or out of the box.
    """
    bodies, spheres = fill(78)
    volume = bodies.mass.sum() / 1500.0
    assert volume / (EDGE**2 * (EDGE - 1e-3)) > 0.165
    assert (spheres.position[:, 2] >= 1e-3 + spheres.radius).all()
    assert (spheres.position[:, 2] <= EDGE - spheres.radius).all()
    wrapped = spheres.position % np.array([EDGE, EDGE, 1.0])
    pairs = cKDTree(wrapped, boxsize=[EDGE, EDGE, 0.0]).query_pairs(1e-3, output_type="ndarray")
    body = spheres.id >> 10
    assert len(pairs) > 0, "neighbours in a needle do overlap"
    assert (body[pairs[:, 0]] == body[pairs[:, 1]]).all()


def test_needles_lie_in_all_directions() -> None:
    """The mean of the squares of the axis is 1/3 in each direction; 160 needles in 0.09 of a periodic box have a
    standard error of sqrt(4/45/160) = 0.024: three of them."""
    box = {"low": [0, 0, 0], "high": [EDGE * 1.5] * 3, "periodic": ["x", "y", "z"]}
    region = {"shape": "box", "low": [0, 0, 0], "high": [EDGE * 1.5] * 3}
    source = {"kind": "packing", "number": 160, "shares": {"of": {"needles": 1.0}}, "region": region}
    bodies, _ = fill(1, domain=box, walls=[], particles=[source])
    axis = turned(bodies.orientation, np.broadcast_to([0.0, 0.0, 1.0], (160, 3)))  # the axis of figure is the third
    np.testing.assert_allclose((axis**2).mean(axis=0), 1.0 / 3.0, atol=0.072)


def assert_apart(spheres: ParticleSet, period: list[float]) -> None:
    """No two spheres of different bodies overlap, across the periodic sides neither."""
    wrapped = np.where(np.array(period) > 0.0, spheres.position % np.where(np.array(period) > 0.0, period, 1.0),
                       spheres.position)  # fmt: skip
    tree, body = cKDTree(wrapped, boxsize=period), spheres.id >> 10
    pairs = tree.query_pairs(3.0 * spheres.radius.max(), output_type="ndarray")
    pairs = pairs[body[pairs[:, 0]] != body[pairs[:, 1]]]
    away = wrapped[pairs[:, 1]] - wrapped[pairs[:, 0]]
    away -= np.array(period) * np.round(away / np.where(np.array(period) > 0.0, period, np.inf))
    assert len(pairs) > 0, "no neighbours"
    assert (np.linalg.norm(away, axis=1) >= spheres.radius[pairs].sum(axis=1)).all()


def test_bodies_lie_in_rows_where_they_find_no_room_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solids fraction of 0.43 of needles 5:1, twice what a drawing at random fills: boxes of 5 x 1 x 1 mm would be
    0.68 full. All lie along one axis; none overlaps another, floor or box."""
    monkeypatch.setattr(dem.packing, "ROUNDS", 1)
    bodies, spheres = fill(200)
    assert bodies.mass.sum() / 1500.0 / (EDGE**2 * (EDGE - 1e-3)) > 0.42
    assert (spheres.position[:, 2] >= 1e-3 + spheres.radius).all()
    assert (spheres.position[:, 2] <= EDGE - spheres.radius).all()
    assert_apart(spheres, [EDGE, EDGE, 0.0])
    axis = turned(bodies.orientation, np.broadcast_to([0.0, 0.0, 1.0], (200, 3)))
    assert np.abs(axis).mean(axis=0).max() > 1.0 - 1e-12


def test_mixed_shapes_lie_in_rows_in_a_cylinder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Needles, tablets and lopsided lumps in a lying cylinder: apart, and inside with all their spheres. Round-off."""
    monkeypatch.setattr(dem.packing, "ROUNDS", 1)
    lump = {
        "kind": "spheres",
        "spheres": [{"centre": [0, 0, 0], "radius": "1 mm"}, {"centre": ["1.2 mm", "0.5 mm", 0], "radius": "0.6 mm"}],
    }
    tablet = {"kind": "tablet", "diameter": "3 mm", "thickness": "1 mm"}
    shapes = {"needles": NEEDLE, "tablets": tablet, "lumps": lump}
    region = {"shape": "cylinder", "point": [0, 0, 0], "axis": [0, 1, 0], "radius": "10 mm", "length": "20 mm"}
    source = {"kind": "packing", "number": 84, "shares": {"of": dict.fromkeys(shapes, 1 / 3)}, "region": region}
    bodies, spheres = fill(
        1, domain={"low": ["-11 mm", "-1 mm", "-11 mm"], "high": ["11 mm", "21 mm", "11 mm"]}, walls=[],
        particles=[source],
        classes=[{"name": name, "material": "m", "shape": shape} for name, shape in shapes.items()],
    )  # fmt: skip
    assert np.bincount(bodies.particle_class, minlength=3).min() == 28
    needles = bodies.orientation[bodies.particle_class == 0]
    axis = turned(needles, np.broadcast_to([0.0, 0.0, 1.0], (28, 3)))
    assert np.abs(axis).mean(axis=0).max() > 1.0 - 1e-12, "not in rows"
    across = np.hypot(spheres.position[:, 0], spheres.position[:, 2])
    assert (across + spheres.radius <= 10e-3 * (1.0 + 1e-12)).all()
    assert_apart(spheres, [0.0, 0.0, 0.0])
