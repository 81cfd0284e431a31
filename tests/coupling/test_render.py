"""Pictures of equipment: what stands where, edges, no cracks; the command; the machines of the documentation."""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from coupling.case_file import read_case
from coupling.cli import main
from coupling.report.equipment import draw_equipment, within
from coupling.report.raster import Canvas, Triangles, look
from coupling.report.scene import is_vessel, wall_corners
from coupling.shipped import find_case
from dem.case_walls import CylinderWall, MeshWall, Wall
from dem.equipment import make_generated
from tests.coupling.case_text import read_small, write_small

ROOT = Path(__file__).resolve().parents[2]
ABOVE = look(-0.5 * math.pi, 0.5 * math.pi)


def fan(corners: int) -> Triangles:
    """A disc of radius 1 in z = 0 as a fan about a point off its middle."""
    angle = 2 * math.pi * np.arange(corners) / corners
    ring = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(corners)])
    middle = np.broadcast_to([0.1234, 0.0567, 0.0], ring.shape)
    return Triangles(np.stack([middle, ring, np.roll(ring, -1, axis=0)], axis=1), np.full((corners, 3), 0.8))


def test_a_flat_disc_has_its_area_no_cracks_and_no_edges_inside() -> None:
    """Pixels hit cover n/2 sin(2 pi/n), to a pixel along the rim; all but the rim have one colour."""
    canvas = Canvas(ABOVE, (-1.1, 1.1, -1.1, 1.1), 220)
    canvas.add_triangles(fan(60))
    image = canvas.image(0.05, edges=True)
    pixel = 0.01
    assert image[..., 3].sum() * pixel**2 == pytest.approx(30 * math.sin(2 * math.pi / 60), abs=2 * math.pi * pixel)
    y, x = np.mgrid[1.095:-1.1:-pixel, -1.095:1.1:pixel]
    inner = image[np.hypot(x, y) < 0.9]
    assert len(inner) > 20_000
    np.testing.assert_allclose(inner, np.broadcast_to(inner[0], inner.shape), atol=1e-12)


def test_a_step_shows_as_an_edge_on_its_upper_side() -> None:
    """A raised square of the same colour and normal, seen straight from above, is told by its dark rim alone."""
    low, high = fan(60), Triangles(0.3 * fan(4).corners + [0.0, 0.0, 0.5], np.full((4, 3), 0.8))
    canvas = Canvas(ABOVE, (-1.1, 1.1, -1.1, 1.1), 220)
    canvas.add_triangles(low)
    canvas.add_triangles(high)
    plain, drawn = canvas.image(1e-3)[..., 0], canvas.image(1e-3, edges=True)[..., 0]
    dark = drawn < 0.9 * plain
    y, x = np.mgrid[1.095:-1.1:-0.01, -1.095:1.1:0.01]
    inside = np.hypot(x, y) < 0.9
    assert dark[inside].sum() > 60
    assert np.abs(np.abs(x) + np.abs(y) - 0.3)[dark & inside].max() < 0.03


def test_equipment_is_drawn_in_three_views(tmp_path: Path) -> None:
    """The paddle shows in its colour, a later time shows it elsewhere, the same time the same bytes."""
    from matplotlib.image import imread

    case = read_small(tmp_path).dem
    assert case is not None
    first, again, later = (draw_equipment(case, time, 200) for time in (0.0, 0.0, 0.01))
    assert first == again != later
    image = imread(io.BytesIO(first))
    red, blue = image[..., 0], image[..., 2]
    orange = (red - blue > 0.12).sum(axis=0) > 0
    thirds = np.array_split(orange, 3)
    assert all(third.any() for third in thirds)


def test_endless_cylinders_end_with_the_domain() -> None:
    """Along its axis the domain reaches from -3 to 5; a given end stays."""
    wall = CylinderWall(name="c", material="m", shape="cylinder", radius=1.0, point=(0, 0, 1), high=2.0)
    cut = within(wall, np.array([[-1.0, -1.0, -2.0], [1.0, 1.0, 6.0]]))
    assert isinstance(cut, CylinderWall)
    assert (cut.low, cut.high) == (-3.0, 2.0)


def documented_walls() -> list[tuple[Wall, ...]]:
    """The walls of the machines of the documentation."""
    blocks = (ROOT / "docs" / "equipment.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    adapter: TypeAdapter[tuple[Wall, ...]] = TypeAdapter(tuple[Wall, ...])
    found = []
    for block in blocks:
        document = YAML(typ="safe").load(block.split("```")[0])
        if "walls" in document:
            found.append(adapter.validate_python(document["walls"]))
    return found


def test_documented_machines_can_be_made() -> None:
    """Their meshes are made; the vessel is told from what turns in it."""
    machines = documented_walls()
    assert len(machines) >= 2
    for walls in machines:
        assert [is_vessel(wall) for wall in walls] == [True] + [False] * (len(walls) - 1)
        for wall in walls:
            assert isinstance(wall, MeshWall)
            assert wall.generate is not None
            assert len(make_generated(wall.generate).triangles) > 50


def call(monkeypatch: pytest.MonkeyPatch, *arguments: Any) -> int:
    monkeypatch.setattr(sys, "argv", ["dempbm", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_the_command_writes_a_png(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By default beside the user, under the name of the case; mistakes exit with 2 and one message."""
    case = write_small(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, "render", "--equipment", case) == 0
    assert (tmp_path / "small-equipment.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    capsys.readouterr()
    assert call(monkeypatch, "render", "--equipment", case, "--out", tmp_path / "absent" / "a.png") == 2
    assert "cannot be written" in capsys.readouterr().err
    assert call(monkeypatch, "render", "--equipment", case, "--time", "fast") == 2
    assert "'20 ms'" in capsys.readouterr().err


def test_walls_that_slide_or_bear_a_load_are_drawn_where_they_are() -> None:
    """The lifted cylinder after 1 s at 20 mm/s, less half its ramp of 50 ms; the lid as far down as it has gone."""
    heap, cell = (read_case(find_case(name)).dem for name in ("angle-of-repose", "shear-cell"))
    assert heap is not None and cell is not None
    nowhere = np.zeros((1, 3))
    lifted = wall_corners(heap.walls[1], heap, heap.time.settle + 1.0, nowhere)
    assert lifted is not None
    assert lifted[..., 2].min() == pytest.approx(0.02 * (1.0 - 0.025))
    first, later = (wall_corners(cell.walls[1], cell, 1.0, nowhere, gone) for gone in (0.0, 4e-3))
    assert first is not None and later is not None
    np.testing.assert_allclose(later - first, np.broadcast_to([0, 0, -4e-3], first.shape), atol=1e-15)
