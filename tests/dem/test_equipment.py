"""Generated equipment: closed, turned the right way, of the measures asked for; and meshes as they are read."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from compute.errors import CaseError
from dem.case_equipment import Drum, Impeller
from dem.case_walls import MeshWall
from dem.equipment import make_box, make_drum, make_frustum, make_impeller
from dem.walls import build_walls
from dem.walls.clearance import find_bodies, wall_clearance
from dem.walls.placement import rotation_to

IMPELLER: dict[str, Any] = {
    "kind": "impeller", "blades": 3, "radius": 0.1, "hub_radius": 0.03, "hub_height": 0.04,
    "blade_height": 0.02, "blade_thickness": 0.005, "pitch": 0.7,
}  # fmt: skip


def parts(mesh: Any) -> list[trimesh.Trimesh]:
    return list(trimesh.Trimesh(mesh.vertices, mesh.triangles, process=False).split())


def test_an_impeller_is_a_hub_and_closed_blades_of_its_measures() -> None:
    """The tips lie on the radius, the lowest and highest edges of the blades on 0 and the blade height."""
    mesh = make_impeller(Impeller(**IMPELLER))
    bodies = parts(mesh)
    assert len(bodies) == 4
    assert all(body.is_watertight and body.volume > 0 for body in bodies)
    assert np.hypot(*mesh.vertices[:, :2].T).max() == pytest.approx(0.1, rel=1e-12)
    heights = sorted(tuple(np.round(body.bounds[:, 2], 12)) for body in bodies)
    assert heights == [(0.0, 0.02)] * 3 + [(0.0, 0.04)]


def test_the_leading_edge_of_a_pitched_blade_is_down() -> None:
    """For a positive speed the blade along x moves towards y: there its lowest edge is."""
    vertices = make_impeller(Impeller(**{**IMPELLER, "blades": 1})).vertices
    blade = vertices[vertices[:, 0] > 0.05]
    assert blade[np.argmin(blade[:, 2]), 1] > 0 > blade[np.argmax(blade[:, 2]), 1]


@pytest.mark.parametrize("pitch", [0.0, 0.4, 0.9])
def test_a_pitched_blade_pins_nothing_to_the_floor(pitch: float) -> None:
    """Every face that looks down is level, or looks back while the blade along x moves towards y.

    The section is a parallelogram of height h and depth t/cos(pitch): the volume of a blade is h t l/cos(pitch), its
    underside t l/cos(pitch), both to rounding.
    """
    mesh = make_impeller(Impeller(**{**IMPELLER, "blades": 1, "pitch": pitch}))
    blade = max(parts(mesh), key=lambda body: body.bounds[1, 0])
    down = blade.face_normals[:, 2] < -1e-9
    level = blade.face_normals[:, 2] < -1 + 1e-12
    assert (level | (blade.face_normals[:, 1] < 0))[down].all()
    length = float(np.ptp(blade.vertices[:, 0]))
    section = 0.005 * length / math.cos(pitch)
    assert blade.volume == pytest.approx(0.02 * section, rel=1e-12)
    assert blade.area_faces[level].sum() == pytest.approx(section, rel=1e-12)
    assert blade.triangles[level][:, :, 2].max() == pytest.approx(0.0, abs=1e-17)


def test_a_drum_is_seen_from_inside() -> None:
    """Its normals point inwards, those of its ribs outwards; a regular n-gon has the area n/2 R^2 sin(2 pi/n)."""
    model = Drum(kind="drum", radius=0.1, length=0.2, facets=48, lifters=4, lifter_height=0.02, lifter_thickness=0.004)
    shell, *ribs = sorted(parts(make_drum(model)), key=lambda body: body.volume)
    assert shell.is_watertight
    assert shell.volume == pytest.approx(-24 * 0.1**2 * math.sin(2 * math.pi / 48) * 0.2, rel=1e-9)
    assert len(ribs) == 4
    assert all(rib.volume == pytest.approx(0.02 * 0.004 * 0.2, rel=1e-9) for rib in ribs)


def test_boxes_and_frusta_have_their_volume() -> None:
    """a b c; and h/3 (A1 + A2 + sqrt(A1 A2)) for similar ends, here regular hexagons."""
    assert parts(make_box((0, 0, 0), (1, 2, 3)))[0].volume == pytest.approx(6.0)
    frustum = parts(make_frustum(1.0, 0.5, -1.0, 1.0, 6))[0]
    areas = [1.5 * math.sqrt(3.0) * radius**2 for radius in (1.0, 0.5)]
    assert frustum.volume == pytest.approx(2 / 3 * (sum(areas) + math.sqrt(areas[0] * areas[1])))
    shell = make_frustum(1.0, 1.0, 0.0, 1.0, 6, ends=False)
    assert not trimesh.Trimesh(*shell, process=False).is_watertight


@pytest.mark.parametrize("change", [{"blade_thickness": 0.05}, {"hub_radius": 0.008}])
def test_an_impossible_impeller_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(CaseError, match=r"dem\.walls\.3\.generate"):
        make_impeller(Impeller(**{**IMPELLER, **change}), "dem.walls.3.generate")


@pytest.mark.parametrize("axis", [(0, 0, 1), (0, 0, -1), (1, 0, 0), (1, -2, -3), (1e-9, 0, -1)])
def test_placing_turns_z_to_the_axis(axis: tuple[float, float, float]) -> None:
    """A rotation: orthogonal, determinant 1, z goes to the axis."""
    rotation = rotation_to(axis)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-15)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    np.testing.assert_allclose(rotation[:, 2], np.asarray(axis) / np.linalg.norm(axis), atol=1e-15)


def mesh_file(folder: Path, text: str, **keys: Any) -> MeshWall:
    file = folder / "part.stl"
    file.write_text(text)
    return MeshWall(name="part", material="m", shape="mesh", file=file, **keys)


TRIANGLE = "facet normal 0 0 1\nouter loop\nvertex {}\nvertex {}\nvertex {}\nendloop\nendfacet\n"


def test_bad_meshes_are_named(tmp_path: Path) -> None:
    """A file without triangles, and one in millimetres read as metres, are errors that name the key."""
    with pytest.raises(CaseError, match=r"dem\.walls\.0\.file"):
        build_walls([mesh_file(tmp_path, "solid x\nendsolid x\n")], ["m"], 1e-3, 0.01)
    text = "solid x\n" + TRIANGLE.format("0 0 0", "100 0 0", "0 100 0") + "endsolid x\n"
    with pytest.raises(CaseError, match=r"dem\.walls\.0\.scale.*such as '1 mm'"):
        build_walls([mesh_file(tmp_path, text)], ["m"], 1e-3, 0.01, domain_size=0.3)
    assert len(build_walls([mesh_file(tmp_path, text, scale=1e-3)], ["m"], 1e-3, 0.01, 0.3).triangles) == 1


def test_triangles_without_area_are_left_out_aloud(tmp_path: Path) -> None:
    text = "solid x\n" + TRIANGLE.format("0 0 0", "1 0 0", "0 1 0") + TRIANGLE.format("0 0 0", "1 0 0", "2 0 0")
    said: list[str] = []
    walls = build_walls([mesh_file(tmp_path, text + "endsolid x\n", scale=0.1)], ["m"], 1e-3, 0.01, say=said.append)
    assert len(walls.triangles) == 1
    assert said == ["wall 'part': 1 of 2 triangles have no area and are left out"]


def test_bodies_are_told_from_vessels(tmp_path: Path) -> None:
    """Points inside hub and blades have no room; a box around the whole region and a drum are vessels, not bodies."""
    trimesh.Trimesh(*make_box((-0.2, -0.2, -0.2), (0.2, 0.2, 0.2))).export(tmp_path / "box.stl")
    generate = {**IMPELLER, "pitch": 0.0}
    hub = MeshWall(name="i", material="m", shape="mesh", generate=generate)
    box = MeshWall(name="b", material="m", shape="mesh", file=tmp_path / "box.stl")
    drum = {"kind": "drum", "radius": 0.05, "length": 0.05}
    shell = MeshWall(name="d", material="m", shape="mesh", generate=drum)
    walls = build_walls([hub, box, shell], ["m"], 1e-3, 0.01)
    sample = np.random.default_rng(1).uniform(-0.1, 0.1, (200, 3))
    bodies = find_bodies(walls, sample)
    assert [body.wall for body in bodies] == [0] * 4
    points = np.array([[0, 0, 0.02], [0.06, 0.0, 0.01], [0.06, 0.05, 0.02], [0.06, 0.0025 + 5e-4, 0.01]])
    clearance = wall_clearance(walls, points, bodies)
    assert list(np.isneginf(clearance)) == [True, True, False, False]
    assert clearance[3] == pytest.approx(5e-4)
