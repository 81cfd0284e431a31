"""A sphere that rolls over flat meshes: with every law it moves as on a plane, over seams and past vertices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from dem.case_walls import MeshWall, PlaneWall
from dem.contact.law import Elasticity, PairProperties
from dem.tally import BIRTHS, CONTACT_STEPS, ENCOUNTERS
from tests.dem.engines import VX, WX, X, make_engine, plane, rows, spheres
from tests.dem.test_invariants import COMPOSITIONS, PAIR

SOFT, RADIUS, STEP, STEPS, PIECE = Elasticity(5e6, 0.25, 2500.0), 1e-3, 4e-6, 800, 100
HALF = 9e-3
STIFF = PairProperties(0.5, 0.4, 0.05, **(PAIR | {"normal_stiffness": 5e3}))


def tiles(folder: Path) -> MeshWall:
    """A square floor of 72 uneven triangles, whose seams and vertices a sphere meets at any angle."""
    random = np.random.Generator(np.random.Philox(key=(3, 0)))
    lines = np.linspace(-HALF, HALF, 7)
    x, y = np.meshgrid(lines, lines, indexing="ij")
    inner = (np.abs(x) < HALF) & (np.abs(y) < HALF)
    x, y = (each + inner * random.uniform(-1e-3, 1e-3, each.shape) for each in (x, y))
    number = np.arange(49).reshape(7, 7)
    a, b, c, d = (each.ravel() for each in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]))
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    trimesh.Trimesh(np.stack([x.ravel(), y.ravel(), np.zeros(49)], axis=1), faces, process=False).export(
        folder / "tiles.obj", digits=17
    )
    return MeshWall.model_validate(
        {"name": "floor", "material": "m0", "shape": "mesh", "file": str(folder / "tiles.obj"), "scale": 1}
    )


def rolled(name: str, floor: PlaneWall | MeshWall) -> tuple[np.ndarray, np.ndarray]:
    """Columns of a sphere that falls on the floor askew and spinning, every hundred steps, and its counts."""
    engine = make_engine(
        spheres(
            [[-4e-3, -2e-3, RADIUS + 2e-6]], [[1.5, 0.9, -0.02]], RADIUS, spin=[[200.0, 900.0, 300.0]], density=2500.0
        ),
        step=STEP, skin=6e-4, materials=[SOFT], pairs=STIFF, walls=[floor],
        low=(-0.01, -0.01, -0.002), high=(0.01, 0.01, 0.01), gravity=(0.0, 0.0, -200.0), statistics=True,
        **COMPOSITIONS[name],
    )  # fmt: skip
    path = []
    for step in range(PIECE, STEPS + 1, PIECE):
        engine.run(step)
        path.append(rows(engine)[0])
    return np.array(path), engine.tally.wall_counts.sum(axis=(0, 1))


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_every_law_rolls_over_seams_without_a_kick(name: str, tmp_path: Path) -> None:
    """Some three triangles on the way, history carried over all of their edges: the motion is that on a plane.

    Pressed on by 20 g, so that it touches nearly always. At z = 0 no product of coordinates rounds and both are equal
    to the bit; 1e-10 leaves room for another order of operations.
    """
    on_plane, on_tiles = rolled(name, plane("floor", (0, 0, 0), (0, 0, 1))), rolled(name, tiles(tmp_path))
    path, counts = on_plane
    assert counts[CONTACT_STEPS] > 0.5 * STEPS and np.linalg.norm(path[-1, X : X + 2] - path[0, X : X + 2]) > 2e-3
    once = [BIRTHS, ENCOUNTERS, CONTACT_STEPS]
    np.testing.assert_array_equal(on_tiles[1][once], counts[once])
    np.testing.assert_allclose(on_tiles[0][:, X : X + 3], path[:, X : X + 3], rtol=0.0, atol=1e-10 * RADIUS)
    np.testing.assert_allclose(on_tiles[0][:, VX : VX + 3], path[:, VX : VX + 3], rtol=0.0, atol=1e-10)
    np.testing.assert_allclose(on_tiles[0][:, WX : WX + 3], path[:, WX : WX + 3], rtol=0.0, atol=1e-7)
