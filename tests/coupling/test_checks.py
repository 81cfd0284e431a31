"""Predictions of `check`: the formulas against independent numbers, and every limit met and crossed."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest

from compute.errors import CaseError
from coupling.case import Case
from coupling.case_file import read_case
from coupling.checks import check_case, require_meshes, require_runnable, windows
from coupling.checks.effort import expected_rate, remember_rate
from coupling.checks.finding import Finding, accepted
from coupling.checks.geometry import bed_depth, check_parcels
from coupling.checks.meshes import reach
from coupling.shipped import find_case, shipped_cases
from dem.case_limits import (
    class_numbers,
    hertz_contact_time,
    number_shares,
    particle_count,
    rayleigh_time,
    sphere_volume,
    strike_overlap,
)
from dem.case_materials import Material, Shares
from tests.coupling.case_text import read_small, write_small
from tests.dem.chute import CHUTE

GLASS = Material(density=2800, youngs_modulus=4.8e10, poisson_ratio=0.2)


def found(case: Case, name: str, level: str | None = None) -> list[Finding]:
    """Return the findings of a name, of one level if it is given."""
    return [each for each in check_case(case) if each.name == name and level in (None, each.level)]


def test_classes_that_cannot_hold_the_powder_are_refused() -> None:
    """Before the run: a grid below the feed, and drops whose nuclei are larger than all classes."""
    name = find_case("high-shear-granulator")
    assert found(read_case(name), "classes") == []
    for change, key in (
        ("grid.largest_diameter=60 um", "grid.largest"),
        ("liquid.drop_diameter=5 mm", "drop_diameter"),
    ):
        (finding,) = found(read_case(name, [f"pbm.{change}"]), "classes")
        assert finding.level == "refused" and key in finding.place and "expected" in finding.text


def test_hertz_contact_time_of_a_published_impact() -> None:
    """Chung and Ooi 2011 (doi 10.1007/s10035-011-0277-0), test 1: glass, 10 mm radius, 20 m/s relative: 40.338 us."""
    assert hertz_contact_time(0.01, GLASS, 20.0) == pytest.approx(40.338e-6, rel=1e-4)


def test_rayleigh_time_of_a_published_case() -> None:
    """Dosta et al. 2024 (doi 10.1016/j.cpc.2023.109066), M1 with 2 mm radius: 1.69e-5 s as printed, three digits."""
    material = Material(density=2500, youngs_modulus=1e9, poisson_ratio=0.2)
    assert rayleigh_time(2e-3, material) == pytest.approx(1.69e-5, rel=3e-3)


@pytest.mark.parametrize(("speed", "modulus"), [(1.6, 27e6), (3.0, 95e6), (5.0, 263e6)])
def test_strike_overlap_at_five_percent(speed: float, modulus: float) -> None:
    """Energy balance of a Hertz contact, delta/R = (1.25 pi rho v^2/E*)^0.4.

    For 1500 kg/m3 it is 5 % at these moduli, themselves rounded to two digits: the 0.4th power halves that to 1 %.
    """
    assert strike_overlap(1500.0, modulus, speed) == pytest.approx(0.05, rel=0.01)


def test_strike_overlap_balances_energy() -> None:
    """m v^2/2 = (8/15) E* sqrt(R) delta^(5/2) for a sphere on a wall; an identity, so only rounding differs."""
    density, modulus, speed, radius = 1540.0, 25e6, 1.5, 7e-4
    overlap = radius * strike_overlap(density, modulus, speed)
    kinetic = 0.5 * density * sphere_volume(2 * radius) * speed**2
    assert kinetic == pytest.approx(8 / 15 * modulus * math.sqrt(radius) * overlap**2.5, rel=1e-12)


def test_the_small_case_is_fine(tmp_path: Path) -> None:
    assert require_runnable(read_small(tmp_path)) == []


def test_counts_and_windows(tmp_path: Path) -> None:
    """100 packed, of which half are fine, one given of a class, one of its own; 28 passages at 10 turns/s, 3 blades."""
    case = read_small(tmp_path)
    assert case.dem is not None
    assert particle_count(case.dem) == 102
    assert class_numbers(case.dem) == {"fine": 51, "coarse": 50}
    assert windows(case)[0].duration == pytest.approx(0.01 + 28 / 30, rel=1e-12)


def test_volume_shares_become_number_shares(tmp_path: Path) -> None:
    """A sphere of twice the diameter has eight times the volume: equal volumes are 8 to 1 in number."""
    case = read_small(tmp_path)
    assert case.dem is not None
    shares = number_shares(case.dem, Shares(of={"fine": 0.5, "coarse": 0.5}, by="volume"))
    assert shares["fine"] == pytest.approx(8 / 9, rel=1e-12)


@pytest.mark.parametrize(
    ("assignment", "name", "level"),
    [
        ("dem.walls.paddle.motion.speed=1800 rpm", "blade-strike-overlap", "warning"),
        ("dem.materials.glass.youngs_modulus=0.2 MPa", "blade-strike-overlap", "refused"),
        ("dem.time.step=9 us", "time-step", "warning"),
        ("dem.time.step=20 us", "time-step", "refused"),
        ("dem.walls.paddle.motion.speed=9000 rpm", "contact-steps", "warning"),
        ("dem.statistics.blocks=10", "blocks", "warning"),
        ("dem.particles.1.items.0.position=[-1 mm, 2 mm, 2 mm]", "start-positions", "refused"),
        ("dem.particles.1.items.0.position=[2 mm, 2 mm, 0.4 mm]", "start-positions", "refused"),
        ("dem.particles.1.items.0.position=[5 mm, 2 mm, 2 mm]", "start-positions", "refused"),
        ("dem.particles.0.number=30000", "start-positions", "refused"),
        ("dem.particles.0.region.low=[5 mm, 5 mm, -10 mm]", "start-positions", "refused"),
    ],
)
def test_limits_are_noticed(assignment: str, name: str, level: str, tmp_path: Path) -> None:
    case = read_small(tmp_path, assignments=[assignment])
    assert found(case, name, level), found(case, name)


@pytest.mark.parametrize(
    ("assignments", "diameters", "source"),
    [
        ((), 0.1 * (51 * 1e-3 + 50 * 2e-3) / 101 / 1e-3, "dem.neighbour.skin"),
        (("dem.classes.1.diameter=10 mm",), 0.1 * (51 * 1.0 + 50 * 10.0) / 101, "dem.neighbour.skin"),
        (("dem.neighbour.skin=0.01", "dem.statistics.rearm_gap=0.02"), 0.04, "dem.statistics.rearm_gap"),
        (
            (
                "dem.neighbour.skin=0.01", "dem.contact={law: hertz-mindlin}",
                "dem.liquid={surface_tension: 0.07, viscosity: 1e-3, smallest_gap: 1e-6, largest_bridge: 0.01}",
            ),
            1.5 * 0.01 ** (1 / 3), "what acts across a gap",
        ),
    ],
)  # fmt: skip
def test_skin_of_the_list(assignments: tuple[str, ...], diameters: float, source: str, tmp_path: Path) -> None:
    """The skin is `neighbour.skin` of the mean diameter by number of the classes (51 fine, 50 coarse ones), at least
    the re-arm gap of the largest pair (2 r = 2 mm) and 1.5 rupture gaps V^(1/3) of its largest bridge, V = 0.01 R^3;
    told over the smallest diameter, 1 mm, to three digits."""
    finding = found(read_small(tmp_path, assignments=assignments), "list-skin", "note")[0]
    told = float(finding.text.split("listed, ")[1].split(" ")[0])
    assert told == pytest.approx(diameters, rel=5e-3)
    assert f"{source} sets" in finding.text


def test_bond_number_and_rest_overlap(tmp_path: Path) -> None:
    """JKR: 1.5 pi w R*/(m g) with w = 2 x 50 mJ/m2 and R* = 0.25 mm is 9.17, read from 400 points of the force curve.

    The overlap at zero force is 1.2446 (2 pi w/E*)^(2/3) R*^(1/3), small at 20 MPa and above 2 % of R at 0.1 MPa.
    """
    sticky = ["dem.contact={law: hertz-mindlin, adhesion: jkr}"]
    sticky += [f"dem.materials.{name}.surface_energy=50 mJ/m^2" for name in ("glass", "steel")]
    case = read_small(tmp_path, assignments=sticky)
    bond = found(case, "bond-number", "note")[0]
    weight = 2500.0 * math.pi / 6.0 * 1e-9 * 9.81
    assert float(bond.value) == pytest.approx(1.5 * math.pi * 0.1 * 0.25e-3 / weight, rel=5e-3)
    rest = (
        (1.5 ** (4 / 3) - 1.5 ** (1 / 3))
        * (math.pi * 0.2 / (20e6 / (2 * (1 - 0.25**2)))) ** (2 / 3)
        * 0.25e-3 ** (1 / 3)
    )
    overlap = found(case, "adhesive-overlap", "note")[0]
    assert float(overlap.value.split()[0]) == pytest.approx(100.0 * rest / 0.5e-3, rel=5e-3)
    soft = read_small(tmp_path, assignments=[*sticky, "dem.materials.glass.youngs_modulus=0.1 MPa"])
    assert found(soft, "adhesive-overlap", "warning")


WEIGHT = 2500.0 * math.pi / 6.0 * 1e-9 * 9.81
"""Of a sphere of 1 mm [N]."""


@pytest.mark.parametrize(("adhesion", "factor"), [("jkr", 1.5), ("dmt", 2.0)])
def test_bond_number_at_walls(adhesion: str, factor: float, tmp_path: Path) -> None:
    """1.5 and 2 pi w R over m g, R the radius: of glass on steel, sqrt(2) as much as of glass alone in surface energy.

    Told to three digits. Of a law that only the pair with the wall has, the wall alone is told.
    """
    energies = [
        f"dem.materials.{name}.surface_energy={value} mJ/m^2" for name, value in (("glass", 50), ("steel", 100))
    ]
    case = read_small(tmp_path, assignments=[f"dem.contact={{law: hertz-mindlin, adhesion: {adhesion}}}", *energies])
    told = [each for each in found(case, "bond-number", "note") if "fine" in each.text]
    assert ["wall of steel" in each.text for each in told] == [False, True]
    work = 2.0 * 50e-3 * math.sqrt(2.0)
    assert float(told[1].value) == pytest.approx(factor * math.pi * work * 0.5e-3 / WEIGHT, rel=5e-3)
    alone = read_small(tmp_path, assignments=[f"dem.pairs.1.adhesion={adhesion}", *energies])
    assert all("wall of steel" in each.text for each in found(alone, "bond-number", "note"))
    assert len(found(alone, "bond-number", "note")) == 2


def test_bond_number_of_eepa(tmp_path: Path) -> None:
    """(f0 + c lambda (m g + f0)/(1 + c (1 - lambda)))/(m g) and the overlap (f0/k1)^(2/3), told to three digits.

    Walls have no pull-off force and c = 0.5 there: c lambda/(1 + c (1 - lambda)) for all sizes. Without both nothing.
    """
    law = ["dem.contact={law: eepa}", "dem.pairs.0.plasticity_ratio=0.6", "dem.pairs.1.plasticity_ratio=0.5"]
    assert not found(read_small(tmp_path, assignments=law), "bond-number")
    law += ["dem.pairs.0.adhesive_stiffness_ratio=0.8", "dem.pairs.1.adhesive_stiffness_ratio=0.5"]
    case = read_small(tmp_path, assignments=[*law, "dem.pairs.0.pull_off_force=20 uN"])
    bonds = found(case, "bond-number", "note")
    expected = (20e-6 + 0.48 * (WEIGHT + 20e-6) / 1.32) / WEIGHT
    assert float(bonds[0].value) == pytest.approx(expected, rel=5e-3) and "borne this weight" in bonds[0].text
    assert [float(each.value) for each in bonds if "steel" in each.text] == pytest.approx([0.2, 0.2], rel=5e-3)
    first = 4.0 / 3.0 * 20e6 / (2 * (1 - 0.25**2)) * math.sqrt(0.25e-3)
    overlap = found(case, "adhesive-overlap", "note")[0]
    assert float(overlap.value.split()[0]) == pytest.approx(100 * (20e-6 / first) ** (2 / 3) / 0.5e-3, rel=5e-3)


def test_what_parcels_stand_for_is_told(tmp_path: Path) -> None:
    """d/s and E/s^2, k/s^3 of a linear law; nothing of a case whose particles are the grains."""
    parcels = "dem.parcels={scale_factor: 4}"
    case = read_small(tmp_path, assignments=[parcels])
    (size,) = found(case, "grain-size", "note")
    assert "fine 250 um, coarse 500 um" in size.text and size.value == "s = 4" and "inertial" in size.text
    (modulus,) = found(case, "grain-modulus", "note")
    assert modulus.value == "1.25e+06 Pa" and "glass" in modulus.text
    linear = read_small(tmp_path, assignments=[parcels, "dem.contact={law: linear, normal_stiffness: 6.4 kN/m}"])
    assert [each.value for each in found(linear, "grain-stiffness", "note")] == ["100 N/m"]
    plain = read_small(tmp_path, assignments=["dem.parcels={scale_factor: 1}"])
    assert not any(found(plain, name) for name in ("grain-size", "grain-modulus", "parcel-geometry"))


BOWL = "dem.walls.2={name: bowl, shape: cylinder, material: steel, point: [20 mm, 20 mm, 0], radius: %s mm}"
LID = "dem.walls.0={name: lid, shape: plane, material: steel, point: [0, 0, %s mm], normal: [0, 0, -1]}"


@pytest.mark.parametrize(
    ("change", "what", "parcels", "level"),
    [
        (BOWL % 16.0, "gap between blade and bowl", 6.0, "note"),
        (BOWL % 12.0, "gap between blade and bowl", 2.0, "warning"),
        (BOWL % 10.8, "gap between blade and bowl", 0.8, "refused"),
        ("dem.walls.1.generate.blade_thickness=2 mm", "blade thickness", 2.0, "warning"),
        (LID % 35, "blade thickness", 4.0, "note"),
        (BOWL % 19.0, "bore of bowl", 38.0, "note"),
        (BOWL % 19.0, "bed depth", None, "refused"),
    ],
)
def test_geometry_of_parcels_alone(change: str, what: str, parcels: float | None, level: str, tmp_path: Path) -> None:
    """A paddle of 10 mm, its blades 4 mm thick, among parcels of 1 mm: gaps in parcels by hand.

    The bed of 101 of them is V_solids/0.58 and the paddle over the area of the bowl.
    """
    if parcels is None:
        solids = 101 * math.pi / 6
        parcels = (solids / 0.58 + 3 * 7 * 5 * 4 + math.pi * 9 * 5) / (math.pi * 19.0**2)
    same = ["dem.parcels={scale_factor: 4}", "dem.classes.1.diameter=1 mm"]
    (one,) = [each for each in check_parcels(read_appended(tmp_path, change, same)) if what in each.text]
    assert float(one.value.split()[0]) == pytest.approx(parcels, rel=5e-3) and one.level == level
    assert list(check_parcels(read_appended(tmp_path, change, same[1:]))) == []


def test_gaps_of_vessels_and_periodic_beds(tmp_path: Path) -> None:
    """Planes that face each other, cylinders about one axis, and the depth of a bed in a periodic box, by hand."""
    bare = ["dem.parcels={scale_factor: 4}", "dem.classes.1.diameter=1 mm", "dem.domain.periodic=[x, y]"]
    channel = "{name: lid, shape: plane, material: steel, point: [0, 0, 35 mm], normal: [0, 0, -2]}"
    core = "{name: core, shape: cylinder, material: steel, point: [20 mm, 20 mm, 0], radius: 14 mm, inside: false}"
    aside = "{name: aside, shape: cylinder, material: steel, point: [22 mm, 20 mm, 0], radius: 2 mm, inside: false}"
    bowl = (BOWL % 18.0).split("=", 1)[1]

    def told(*walls: str) -> dict[str, float]:
        case = read_appended(tmp_path, f"dem.walls=[{', '.join(walls)}]", [*bare, *STILL])
        named = [each for each in check_parcels(case) if each.name == "parcel-geometry"]
        return {each.text.split(" is ")[0]: float(each.value.split()[0]) for each in named}

    floor = "{name: floor, shape: plane, material: steel, point: [0, 0, 1 mm], normal: [0, 0, 1]}"
    found_planes = told(floor, channel)
    depth = 101 * math.pi / 6 / 0.58 / 40.0**2
    assert found_planes == pytest.approx({"The gap between floor and lid": 34.0, "The bed depth": depth}, rel=5e-3)
    rings = told(bowl, core, aside)
    depth = 101 * math.pi / 6 / 0.58 / (math.pi * 18.0**2)
    assert rings == pytest.approx(
        {"The bore of bowl": 36.0, "The gap between core and bowl": 4.0, "The bed depth": depth}, rel=5e-3
    )


STILL = ["dem.time={end: 1 s}", "dem.statistics=null"]


def read_appended(folder: Path, change: str, assignments: list[str]) -> Case:
    """Return the small case without its particle of its own and with a change; `dem.walls.2=` appends a wall."""
    own = "        - {radius: 1 mm, material: glass, position: [6 mm, 2 mm, 2 mm]}\n"
    key, value = change.split("=", 1)
    if key == "dem.walls.2":
        wall = f"    - {value}\n  particles:\n"
        path = write_small(folder, own, "")
        path.write_text(path.read_text().replace("  particles:\n", wall, 1))
        return read_case(path, assignments)
    return read_small(folder, own, "", [change, *assignments])


WET = "{law: bagheri, surface_tension: 72 mN/m, viscosity: 1 mPa s, content: 0.02, smallest_gap: 5 um}"


@pytest.mark.parametrize(
    ("changes", "name", "level"),
    [
        ([], "contact-angle", "note"),
        (["contact_angle=30 deg"], "contact-angle", "warning"),
        (["contact_angle=30 deg", "law=willett"], "contact-angle", "note"),
        ([], "bridge-volume", "note"),
        (["content=1e-4"], "bridge-volume", "note"),
        (["content=1e-4", "law=willett"], "bridge-volume", "warning"),
    ],
)
def test_bridges_a_law_does_not_hold_for_are_noticed(changes: list[str], name: str, level: str, tmp_path: Path) -> None:
    """Angles: see the Young-Laplace equation in tests/dem/test_liquid.py; a bridge has 0.56 of the content."""
    wet = [f"dem.liquid={WET}", *(f"dem.liquid.{change}" for change in changes)]
    assert found(read_small(tmp_path, assignments=wet), name, level)


def test_narrow_periodic_boxes_are_refused(tmp_path: Path) -> None:
    """Below three cutoffs a particle can touch another and its image: a cutoff is the largest diameter and the skin."""
    wide = read_small(tmp_path, assignments=["dem.domain.periodic=[x, y]"])
    narrow = read_small(
        tmp_path, assignments=["dem.domain.periodic=[x, y]", "dem.neighbour.skin=2", "dem.classes.1.diameter=8 mm"]
    )
    assert not found(wide, "periodic-box")
    assert len(found(narrow, "periodic-box", "refused")) == 2


def test_accepted_by_name(tmp_path: Path) -> None:
    soft = "dem.materials.glass.youngs_modulus=0.2 MPa"
    with pytest.raises(CaseError, match=r"blade-strike-overlap: dem\.walls\.1\.motion: Where paddle strikes") as caught:
        require_runnable(read_small(tmp_path, assignments=[soft]))
    assert caught.value.exit_code == 2
    warnings = require_runnable(read_small(tmp_path, assignments=[soft, "accept=[blade-strike-overlap]"]))
    assert "blade-strike-overlap" in [warning.name for warning in warnings]


def test_only_refusals_are_accepted() -> None:
    note = Finding("note", "time-step", "")
    assert accepted(note, ("time-step",)) is note


@pytest.mark.parametrize("name", ["gas", "rotating-drum", "two-spheres", "high-shear-granulator"])
def test_shipped_cases_keep_every_limit(name: str) -> None:
    assert require_runnable(read_case(shipped_cases()[name] / "case.yaml")) == []


def test_the_granulator_resolves_its_gaps() -> None:
    """Gaps and thickness at least 3 parcels, bed at least 10, tip speed at most 3 m/s, overlap below 5 %."""
    case = read_case(shipped_cases()["high-shear-granulator"] / "case.yaml")
    assert case.dem is not None and case.coupling is not None
    assert all(finding.level == "note" for finding in check_parcels(case))
    wall = next(wall for wall in case.dem.walls if wall.name == case.coupling.impeller)
    assert case.coupling.design.speeds[-1] * wall.generate.radius <= 3.0  # type: ignore[union-attr]
    assert particle_count(case.dem) >= 2000


def test_too_small_a_granulator_is_noticed() -> None:
    path = shipped_cases()["high-shear-granulator"] / "case.yaml"
    for changes, level in (
        (["dem.walls.bowl.radius=15 mm"], "warning"),
        (["dem.walls.bowl.radius=13.4 mm"], "refused"),
        (["dem.walls.impeller.generate.blade_thickness=3 mm"], "warning"),
        (["dem.particles.0.mass=9.4 g"], "warning"),
        (["dem.particles.0.mass=4.7 g"], "refused"),
    ):
        assert level in [finding.level for finding in check_parcels(read_case(path, changes))], changes
    cutting = read_case(path, ["dem.walls.bowl.radius=11 mm"])
    assert any(finding.name == "geometry" and finding.level == "refused" for finding in check_parcels(cutting))


def test_pitched_blades_displace_more_of_the_bed() -> None:
    """Their section is h t/cos(pitch): by 3 blades of 6.4 mm x 6 mm x 5 mm (1/cos - 1) over the bowl's area."""
    path = shipped_cases()["high-shear-granulator"] / "case.yaml"
    depths = []
    for pitch in (0, 30):
        case = read_case(path, [f"dem.walls.impeller.generate.pitch={pitch} deg"])
        assert case.dem is not None
        wall = next(wall for wall in case.dem.walls if wall.name == "impeller")
        depths.append(bed_depth(case.dem, wall.generate))  # type: ignore[union-attr, arg-type]
    rise = 3 * 6.4 * 6 * 5 * (1 / math.cos(math.radians(30)) - 1) / (math.pi * 16.5**2) * 1e-3
    assert depths[1] - depths[0] == pytest.approx(rise, rel=1e-9)


def test_bed_depth_of_the_granulator() -> None:
    """(V/0.58 + blades and hub) / area, computed apart from the code from the figures of the case."""
    case = read_case(shipped_cases()["high-shear-granulator"] / "case.yaml", ["dem.particles.0.mass=3 g"])
    assert case.dem is not None
    solids = 3e-3 / 1540 * 1e9
    expected = (solids / 0.58 + 3 * 6.4 * 6 * 5 + math.pi * 25 * 8) / (math.pi * 16.5**2) * 1e-3
    wall = next(wall for wall in case.dem.walls if wall.name == "impeller")
    assert bed_depth(case.dem, wall.generate) == pytest.approx(expected, rel=1e-9)  # type: ignore[union-attr]


def _write_stl(path: Path, corners: list[tuple[float, float, float]], binary: bool) -> None:
    if binary:
        numbers = struct.pack("<12fH", 0, 0, 1, *(number for corner in corners for number in corner), 0)
        path.write_bytes(bytes(80) + struct.pack("<I", 1) + numbers)
        return
    vertices = "\n".join(f"vertex {x} {y} {z}" for x, y, z in corners)
    path.write_text(f"solid a\nfacet normal 0 0 1\nouter loop\n{vertices}\nendloop\nendfacet\nendsolid a\n")


@pytest.mark.parametrize("binary", [True, False])
def test_strikes_of_meshes_from_files(binary: bool, tmp_path: Path) -> None:
    """The farthest corner, (6, 8, 1) mm, is 10 mm from the axis through the mesh's origin."""
    _write_stl(tmp_path / "paddle.stl", [(0, 0, 1), (6, 8, 1), (0, 8, 1)], binary)
    changes = ["dem.walls.1.generate=null", "dem.walls.1.file=paddle.stl", "dem.walls.1.scale=1 mm"]
    case = read_small(tmp_path, assignments=changes)
    assert case.dem is not None
    assert reach(case.dem.walls[1]) == pytest.approx(0.01, rel=1e-6)
    assert "strikes at 0.628 m/s" in found(case, "blade-strike-overlap")[0].text


def test_meshes_that_cannot_be_made_are_refused(tmp_path: Path) -> None:
    case = read_small(tmp_path, assignments=["dem.walls.paddle.generate.hub_radius=2 mm"])
    assert "hub_radius" in found(case, "geometry", "refused")[0].text


def test_meshes_that_cannot_be_read_stop_a_run(tmp_path: Path) -> None:
    (tmp_path / "paddle.stl").write_text("not a mesh", encoding="utf-8")
    case = read_small(tmp_path, assignments=["dem.walls.1.generate=null", "dem.walls.1.file=paddle.stl"])
    with pytest.raises(CaseError, match=r"dem\.walls\.1\.file"):
        require_meshes(case)


def test_measured_rates_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    case = read_small(tmp_path, assignments=["threads=2"])
    assert "typical" in expected_rate(case)[1]
    remember_rate("cpu", 2, 1.5e7)
    assert expected_rate(case) == (1.5e7, "measured here by an earlier run")


def flow_findings(tmp_path: Path, *assignments: str) -> dict[str, Finding]:
    """Findings about feeders and outlets of the chute, by what they are about."""
    path = tmp_path / "chute.yaml"
    path.write_text(CHUTE)
    findings = check_case(read_case(path, assignments))
    return {each.place: each for each in findings if each.name in ("feed-room", "outlet")}


def test_a_feed_that_its_region_cannot_pass(tmp_path: Path) -> None:
    """Solids fraction = volume flow x half the clearing time/volume, 6 mm at 0.8 m/s and gravity.

    By hand: 10 kg/h of 1500 kg/m3 are 1.852 mL/s; t = (sqrt(0.64 + 2 x 9.81 x 0.006) - 0.8)/9.81 = 7.18 ms; the region
    holds 0.9236 mL: 0.72 %. Pulses of 2 % of 200 ms make it 36 %, of 1 % 40 %; above 38 % no more can be drawn.
    """
    share = 1.852e-6 * 0.5 * 7.18e-3 / (math.pi * 0.007**2 * 0.006)
    assert flow_findings(tmp_path)["dem.particles.1"].value == f"{share:.2%}" == "0.72%"
    pulse = "dem.particles.1.pulse={period: 200 ms, duty: %s}"
    levels = [flow_findings(tmp_path, pulse % duty)["dem.particles.1"].level for duty in ("10 %", "2 %", "1 %")]
    assert levels == ["note", "warning", "refused"]


def test_an_outlet_that_particles_would_pass_unseen(tmp_path: Path) -> None:
    """250 steps of 5 us at the speed of a free fall through the domain are 1.6 mm: a box of 1 mm is too shallow."""
    box = "dem.outlets=[{name: chute, region: {shape: box, low: [-9 mm, -9 mm, %s], high: [9 mm, 9 mm, -15 mm]}}]"
    assert flow_findings(tmp_path, box % "-19 mm")["dem.outlets.0"].level == "note"
    assert flow_findings(tmp_path, box % "-16 mm")["dem.outlets.0"].level == "warning"
    plane = "dem.outlets=[{name: chute, region: {shape: plane, point: [0, 0, -21 mm], normal: [0, 0, 2]}}]"
    assert flow_findings(tmp_path, plane)["dem.outlets.0"].level == "refused"
