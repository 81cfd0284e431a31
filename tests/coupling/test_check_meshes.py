"""What `check` says of meshes: open, without area, in the wrong unit, unreadable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from coupling.case import Case
from coupling.checks import check_case
from coupling.checks.finding import Finding
from dem.equipment import make_box, turn_inside_out
from dem.walls.placement import open_edges
from tests.coupling.case_text import read_small

BOX = make_box((-4.0, -4.0, 0.0), (4.0, 4.0, 2.0))
"""A paddle in millimetres."""


def with_mesh(folder: Path, corners: np.ndarray, name: str = "paddle.stl", scale: str = "1 mm") -> Case:
    """The small case with its paddle read from a file of these triangles, shape (n, 3, 3)."""
    mesh = trimesh.Trimesh(corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3), process=False)
    mesh.export(folder / name)
    changes = ["dem.walls.1.generate=null", f"dem.walls.1.file={name}", f"dem.walls.1.scale={scale}"]
    return read_small(folder, assignments=changes)


def findings(case: Case) -> list[Finding]:
    return [each for each in check_case(case) if each.name == "mesh" or each.level == "refused"]


@pytest.mark.parametrize("name", ["paddle.stl", "paddle.ply", "paddle.obj"])
def test_a_sound_mesh_passes_in_silence(name: str, tmp_path: Path) -> None:
    assert findings(with_mesh(tmp_path, BOX.vertices[BOX.triangles], name)) == []


@pytest.mark.parametrize("name", ["paddle.stl", "paddle.obj"])
def test_an_open_mesh_is_told(name: str, tmp_path: Path) -> None:
    """A box without two of its twelve triangles, one face and its diagonal, lacks a neighbour at four edges."""
    (finding,) = findings(with_mesh(tmp_path, BOX.vertices[BOX.triangles][2:], name))
    assert (finding.level, finding.value) == ("warning", "4 edges")
    assert "paddle is open" in finding.text


def test_triangles_turned_both_ways_count_as_open() -> None:
    """One triangle turned over: its three edges are run through twice in the same sense."""
    corners = BOX.vertices[BOX.triangles]
    assert open_edges(corners) == 0
    assert open_edges(turn_inside_out(BOX).vertices[turn_inside_out(BOX).triangles]) == 0
    corners[3] = corners[3, ::-1]
    assert open_edges(corners) == 3


def test_triangles_without_area_are_told(tmp_path: Path) -> None:
    corners = BOX.vertices[BOX.triangles]
    sliver = np.array([[corners[0, 0], corners[0, 1], 0.5 * (corners[0, 0] + corners[0, 1])]])
    (finding,) = findings(with_mesh(tmp_path, np.concatenate([corners, sliver])))
    assert finding.level == "warning"
    assert "1 of 13 triangles have no area" in finding.text


def test_the_wrong_unit_is_told(tmp_path: Path) -> None:
    """Millimetres read as metres are refused; read as micrometres the paddle is smaller than any particle."""
    refused = findings(with_mesh(tmp_path, BOX.vertices[BOX.triangles], scale="1 m"))
    assert any("dem.walls.1.scale" in each.text and "'1 mm'" in each.text for each in refused)
    (finding,) = findings(with_mesh(tmp_path, BOX.vertices[BOX.triangles], scale="1 um"))
    assert finding.level == "warning"
    assert "is its unit right" in finding.text


def test_a_generated_impeller_of_500_metres_is_refused(tmp_path: Path) -> None:
    case = read_small(tmp_path, assignments=["dem.walls.paddle.generate.radius=500"])
    refused = [each for each in check_case(case) if each.level == "refused" and each.name == "geometry"]
    assert any("dem.walls.1.generate" in each.text and "'95 mm'" in each.text for each in refused)


def test_a_file_that_is_no_mesh_is_refused(tmp_path: Path) -> None:
    (tmp_path / "paddle.stl").write_text("not a mesh", encoding="utf-8")
    changes = ["dem.walls.1.generate=null", "dem.walls.1.file=paddle.stl"]
    (finding,) = findings(read_small(tmp_path, assignments=changes))
    assert finding.level == "refused"
    assert "dem.walls.1.file" in finding.text
