"""Generated vessels, shafts and screws: closed, without slivers, turned the right way, of the measures asked for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import trimesh
from pydantic import TypeAdapter, ValidationError

from compute.errors import CaseError
from dem.case_equipment import GeneratedMesh
from dem.equipment import VESSELS, make_generated
from dem.equipment.screw import screw_section
from dem.walls.clearance import winding_number

KINDS: dict[str, dict[str, Any]] = {
    "drum": {"radius": 0.1, "length": 0.2, "lifters": 4, "lifter_height": 0.02, "lifter_thickness": 0.004},
    "v-blender": {"radius": 0.05, "leg_length": 0.15, "angle": "80 deg"},
    "double-cone": {"radius": 0.1, "length": 0.05, "cone_height": 0.08, "opening_radius": 0.02},
    "bin": {
        "width": 0.2, "depth": 0.15, "height": 0.2, "hopper_height": 0.1, "outlet_width": 0.05, "outlet_depth": 0.04,
    },
    "trough": {"radius": 0.05, "length": 0.3, "weir_height": 0.03, "weir_thickness": 0.005, "outlet": 0.04},
    "paddle-shaft": {
        "radius": 0.045, "shaft_radius": 0.012, "length": 0.3, "stations": 8, "paddles": 2, "paddle_width": 0.014,
        "paddle_thickness": 0.004, "angle": "45 deg", "twist": "90 deg", "reversed_stations": [8],
    },
    "bowl": {"radius": 0.1, "height": 0.12, "corner_radius": 0.02, "cone_height": 0.04, "lid_radius": 0.06},
    "impeller": {
        "blades": 3, "radius": 0.095, "hub_radius": 0.03, "hub_height": 0.05, "blade_height": 0.02,
        "blade_thickness": 0.005, "pitch": "35 deg",
    },
    "vaned-disc": {
        "radius": 0.03, "thickness": 0.003, "vanes": 12, "inner_radius": 0.012, "vane_height": 0.003,
        "vane_thickness": 8e-4,
    },
    "barrel": {"radius": 0.0127, "centre_distance": 0.021, "length": 0.1},
    "screw": {
        "radius": 0.0125, "centre_distance": 0.021, "clearance": 2e-4, "elements": [
            {"kind": "conveying", "length": 0.03, "lead": 0.025},
            {"kind": "kneading", "length": 0.03, "discs": 5, "stagger": "60 deg"},
            {"kind": "conveying", "length": 0.02, "lead": -0.02},
        ],
    },
}  # fmt: skip


def model(kind: str, **changes: Any) -> Any:
    adapter: TypeAdapter[Any] = TypeAdapter(GeneratedMesh)
    return adapter.validate_python({"kind": kind, **KINDS[kind], **changes})


def bodies(kind: str, **changes: Any) -> list[trimesh.Trimesh]:
    """The connected parts, the largest extent first."""
    mesh = make_generated(model(kind, **changes))
    parts = trimesh.Trimesh(mesh.vertices, mesh.triangles, process=False).split()
    return sorted(parts, key=lambda part: -float(part.extents.max()))


def polygon(facets: int) -> float:
    """Area of a regular polygon over the square of its outer radius: n/2 sin(2 pi/n)."""
    return 0.5 * facets * math.sin(2.0 * math.pi / facets)


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_is_closed_and_turned_the_right_way(kind: str) -> None:
    """Every edge has two triangles of opposite sense; only the shell of a vessel has its normals inwards."""
    parts = bodies(kind)
    shells = isinstance(model(kind), VESSELS)
    assert all(part.is_watertight and part.is_winding_consistent for part in parts)
    assert [part.volume > 0 for part in parts] == [not shells] + [True] * (len(parts) - 1)


@pytest.mark.parametrize("kind", KINDS)
def test_no_triangle_is_a_sliver(kind: str) -> None:
    """The smallest height of a triangle is above 1/1000 of its longest edge: its normal is known to 13 digits."""
    mesh = make_generated(model(kind))
    corners = mesh.vertices[mesh.triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    twice_area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    assert (twice_area / longest**2).min() > 1e-3


def test_v_blender_volume_and_area() -> None:
    """A cylinder cut aslant through its axis keeps area times axis: V = 2 A L, here with the polygon's area A.

    Its lateral surface is the perimeter times L for the same reason; sums over 48 facets round at 1e-12.
    """
    (shell,) = bodies("v-blender")
    assert -shell.volume == pytest.approx(2 * polygon(48) * 0.05**2 * 0.15, rel=1e-12)
    perimeter = 2 * 48 * 0.05 * math.sin(math.pi / 48)
    assert shell.area == pytest.approx(2 * (perimeter * 0.15 + polygon(48) * 0.05**2), rel=1e-12)
    assert np.ptp(shell.vertices[:, 2]) == pytest.approx(
        0.15 * math.cos(math.radians(40)) + 0.05 * math.sin(math.radians(40)) + 0.05 / math.sin(math.radians(40)),
        rel=1e-12,
    )


def test_double_cone_and_bowl_volumes() -> None:
    """Frusta h/3 (R^2 + R r + r^2) times the polygon's area; a rounding as its arc through nine points."""
    (cone,) = bodies("double-cone")
    frustum = 0.08 / 3 * (0.1**2 + 0.1 * 0.02 + 0.02**2)
    assert -cone.volume == pytest.approx(polygon(48) * (0.1**2 * 0.05 + 2 * frustum), rel=1e-12)
    (bowl,) = bodies("bowl")
    upper = 0.04 / 3 * (0.1**2 + 0.1 * 0.06 + 0.06**2)
    angle = np.linspace(0, math.pi / 2, 9)
    r, h = 0.08 + 0.02 * np.sin(angle), 0.02 * (1 - np.cos(angle))
    corner = float((np.diff(h) * (r[1:] ** 2 + r[1:] * r[:-1] + r[:-1] ** 2)).sum() / 3)
    assert -bowl.volume == pytest.approx(polygon(48) * (upper + 0.1**2 * 0.06 + corner), rel=1e-12)


def test_a_finely_faceted_bowl_is_its_solid_of_revolution() -> None:
    """Int pi r^2 dz over a quarter circle c about R - c: pi c ((R - c)^2 + pi/2 (R - c) c + 2/3 c^2).

    Eight chords take (pi/16)^2/6 of the bulge off, 0.6 % of the 2.5 % that the rounding holds: 1e-3 is enough.
    """
    (bowl,) = bodies("bowl", cone_height=0.0, lid_radius=None, facets=400)
    inner, c = 0.08, 0.02
    rounding = c * (inner**2 + math.pi / 2 * inner * c + 2 / 3 * c**2)
    assert -bowl.volume == pytest.approx(math.pi * (rounding + 0.1**2 * 0.1), rel=1e-3)


def test_bin_volume() -> None:
    """Box and prismatoid: h/6 (A_low + 4 A_middle + A_high)."""
    (shell,) = bodies("bin")
    middle = 0.5 * (0.2 + 0.05) * 0.5 * (0.15 + 0.04)
    hopper = 0.1 / 6 * (0.05 * 0.04 + 4 * middle + 0.2 * 0.15)
    assert -shell.volume == pytest.approx(0.2 * 0.15 * 0.2 + hopper, rel=1e-12)
    assert shell.bounds[0, 2] == pytest.approx(0.0)


def test_trough_and_weir() -> None:
    """The weir is a circular segment, R^2 acos(1 - h/R) - (R - h) sqrt(2 R h - h^2); 400 facets miss 5e-5 of it.

    It stands `outlet` before the end, its edge `weir_height` above the lowest line.
    """
    shell, weir = bodies("trough", facets=400)
    assert -shell.volume == pytest.approx(polygon(400) * 0.05**2 * 0.3, rel=1e-12)
    segment = 0.05**2 * math.acos(1 - 0.6) - 0.02 * math.sqrt(2 * 0.05 * 0.03 - 0.03**2)
    assert weir.volume == pytest.approx(segment * 0.005, rel=1e-4)
    np.testing.assert_allclose(weir.bounds[:, 2], [-0.05, -0.02], rtol=1e-12)
    np.testing.assert_allclose(weir.bounds[:, 0], [0.255, 0.26], rtol=1e-12)
    assert len(bodies("trough", weir_height=0.0)) == 1


def test_paddles_push_along_the_shaft() -> None:
    """Moving towards y, the paddle along x shows its front to y and z, those of a reversed station to y and -z."""
    shaft, *paddles = bodies("paddle-shaft", twist=0.0, angle="30 deg")
    assert len(paddles) == 16
    for paddle in paddles:
        if paddle.centroid[0] > 0:
            front = paddle.face_normals[np.argmax(paddle.face_normals @ [0.0, 1.0, 0.0])]
            reversed_station = paddle.centroid[2] > 0.3 * 7 / 8
            assert front[1] == pytest.approx(math.sqrt(0.75), rel=1e-9)
            assert front[2] * (-1 if reversed_station else 1) == pytest.approx(0.5, rel=1e-9)
        assert paddle.volume == pytest.approx(0.014 * 0.004 * np.ptp(paddle.vertices @ radial(paddle)), rel=1e-9)
        assert np.hypot(*paddle.vertices[:, :2].T).max() == pytest.approx(0.045, rel=1e-12)
    assert shaft.volume == pytest.approx(polygon(24) * 0.012**2 * 0.3, rel=1e-12)


def radial(paddle: trimesh.Trimesh) -> Any:
    """Direction from the axis to a paddle."""
    across = paddle.centroid * [1.0, 1.0, 0.0]
    return across / np.linalg.norm(across)


def test_barrel_area() -> None:
    """Two circles less their lens, 2 (pi R^2 - (R^2 acos(d/R) - d sqrt(R^2 - d^2))), d half the centre distance."""
    (barrel,) = bodies("barrel", facets=800)
    r, d = 0.0127, 0.0105
    area = 2 * (math.pi * r**2 - (r**2 * math.acos(d / r) - d * math.sqrt(r**2 - d**2)))
    assert -barrel.volume / 0.1 == pytest.approx(area, rel=2e-5)


@pytest.mark.parametrize("starts", [1, 2, 3])
def test_screw_section_area(starts: int) -> None:
    """A = n (C^2 psi - C R sin psi) + n a/2 (R^2 + (C - R)^2), a = pi/n - 2 psi, Booy 1978, doi 10.1002/pen.760181212.

    2000 chords around take 2e-6 off.
    """
    screw = model("screw", starts=starts, facets=2000, centre_distance=0.0235)
    c, r = 0.0235 - 2e-4, 0.0125
    psi = math.acos(0.5 * c / r)
    tip = math.pi / starts - 2 * psi
    expected = starts * (c**2 * psi - c * r * math.sin(psi)) + 0.5 * starts * tip * (r**2 + (c - r) ** 2)
    x, y = screw_section(screw).T
    area = 0.5 * float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
    assert area == pytest.approx(expected, rel=1e-5)
    assert np.hypot(x, y).max() == pytest.approx(r, rel=1e-12)
    assert np.hypot(x, y).min() == pytest.approx(c - r, rel=1e-4)


@pytest.mark.parametrize("starts", [1, 2, 3])
def test_screws_keep_their_clearance_over_a_whole_turn(starts: int) -> None:
    """At each height the first screw ends a clearance before the second begins, at every angle; 10 % for the chords.

    Sections of a triangle mesh between two layers are means of these, so that the plane between them parts those as
    well. Element by element, for their ends lie at different heights.
    """
    changes = {"starts": starts, "centre_distance": 0.0235, "facets": 96}
    first, second = (bodies("screw", second=second, **changes) for second in (False, True))
    worst = math.inf
    for angle in np.linspace(0, 2 * math.pi, 181):
        cosine, sine = math.cos(angle), math.sin(angle)
        for one, other in zip(first, second):
            height = np.unique(np.round(one.vertices[:, 2], 12), return_inverse=True)[1]
            assert np.array_equal(height, np.unique(np.round(other.vertices[:, 2], 12), return_inverse=True)[1])
            left, right = (part.vertices @ [cosine, -sine, 0.0] for part in (one, other))
            low, high = np.full(height.max() + 1, math.inf), np.full(height.max() + 1, -math.inf)
            np.maximum.at(high, height, left)
            np.minimum.at(low, height, right + 0.0235)
            worst = min(worst, float((low - high).min()))
    assert 2e-4 * (1 - 1e-9) < worst < 2.2e-4


def test_screw_elements_end_half_a_clearance_early() -> None:
    """So that no disc of one screw rubs on the next disc of the other: gaps of 0.2 mm between all seven pieces."""
    core, *pieces = bodies("screw")
    assert len(pieces) == 7
    ends = np.sort([piece.bounds[:, 2] for piece in pieces], axis=0)
    np.testing.assert_allclose(ends[1:, 0] - ends[:-1, 1], 2e-4, rtol=1e-9)
    np.testing.assert_allclose(core.bounds[:, 2], [0.0, 0.08], atol=1e-15)


def test_a_thread_conveys_along_the_axis() -> None:
    """A positive speed moves the section up a thread of positive lead: the tip at z stands at -2 pi z/lead."""
    parts = bodies("screw", elements=[{"kind": "conveying", "length": 0.01, "lead": 0.04}])
    thread = max(parts, key=lambda part: float(part.extents[0]))
    x, y, z = thread.vertices[np.hypot(*thread.vertices[:, :2].T) > 0.0125 * (1 - 1e-9)].T
    half_tip = math.pi / 4 - math.acos(0.5 * 0.0208 / 0.0125)
    apart = np.angle(np.exp(2j * (np.arctan2(y, x) + 2 * math.pi * z / 0.04))) / 2
    assert np.ptp(z) > 0.009
    assert np.abs(apart).max() == pytest.approx(half_tip, rel=1e-9)


@pytest.mark.parametrize("kind", ["v-blender", "double-cone", "bin", "bowl", "barrel", "trough"])
def test_the_middle_of_a_vessel_is_inside(kind: str) -> None:
    """Inward normals wind -1 times around it."""
    mesh = make_generated(model(kind))
    corners = mesh.vertices[mesh.triangles]
    middle = corners.reshape(-1, 3).min(0) / 2 + corners.reshape(-1, 3).max(0) / 2
    assert winding_number(middle[None], corners)[0] == pytest.approx(-1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("kind", "changes", "key"),
    [
        ("v-blender", {"leg_length": 0.05}, "leg_length"),
        ("double-cone", {"opening_radius": 0.2}, "opening_radius"),
        ("bin", {"outlet_depth": 0.2}, "outlet_depth"),
        ("trough", {"weir_height": 0.1}, "weir_height"),
        ("trough", {"weir_thickness": 0.0}, "weir_thickness"),
        ("paddle-shaft", {"reversed_stations": [9]}, "reversed_stations"),
        ("bowl", {"corner_radius": 0.09}, "corner_radius"),
        ("bowl", {"lid_radius": None}, "lid_radius"),
        ("barrel", {"centre_distance": 0.03}, "centre_distance"),
    ],
)
def test_measures_that_cannot_be_are_named(kind: str, changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        model(kind, **changes)
    assert [error["ctx"]["key"] for error in caught.value.errors()] == [key]


@pytest.mark.parametrize(
    ("kind", "changes", "key"),
    [
        ("paddle-shaft", {"paddle_width": 0.03}, "shaft_radius"),
        ("paddle-shaft", {"stations": 30}, "paddle_width"),
        ("screw", {"centre_distance": 0.017}, "centre_distance"),
        ("screw", {"clearance": 0.007, "centre_distance": 0.028}, "elements.1.length"),
    ],
)
def test_meshes_that_cannot_be_made_are_named(kind: str, changes: dict[str, Any], key: str) -> None:
    with pytest.raises(CaseError) as caught:
        make_generated(model(kind, **changes), "dem.walls.3.generate")
    assert caught.value.key == f"dem.walls.3.generate.{key}"
