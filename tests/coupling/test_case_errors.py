"""Every way a case can be wrong: the message names file, line, key, value, what was expected and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from compute.errors import CaseError
from coupling.case_file import read_case
from tests.coupling.case_text import read_small, write_small

# old text, new text, text on the line that is named, key, further parts of the message
WRONG = {
    "unknown key": ("diameter: 1 mm", "diametre: 1 mm", "diametre", "dem.classes.0.diametre", "mean 'diameter'"),
    "decimal comma": (
        "{radius: 1 mm",
        "{radius: 1,5 mm",
        "1,5",
        "dem.particles.1.items.1.5 mm",
        "a number is cut in two",
    ),
    "no precision": (
        "dem:\n",
        "dem:\n  numerics: {precision: single}\n",
        "numerics",
        "dem.numerics.precision",
        "one of: double, mixed",
    ),
    "no word of numerics": ("dem:\n", "dem:\n  numerics: mixd\n", "numerics", "dem.numerics", "exact, fast, double"),
    "unit of another dimension": ("diameter: 1 mm", "diameter: 1 kg", "1 kg", "dem.classes.0.diameter", "(got '1 kg')"),
    "missing unit": ("settle: 10 ms", "settle: '10'", "settle", "dem.time.settle", "a unit is missing"),
    "unknown unit": ("settle: 10 ms", "settle: 10 mss", "settle", "dem.time.settle", "did you mean 'ms'"),
    "out of range": ("diameter: 1 mm", "diameter: -1 mm", "-1 mm", "dem.classes.0.diameter", "a value above 0"),
    "not a number": ("diameter: 1 mm", "diameter: wide", "wide", "dem.classes.0.diameter", "not a number with a unit"),
    "not whole": ("number: 100", "number: 1.5", "number: 1.5", "dem.particles.0.number", "a whole number"),
    "unknown material": (
        "material: glass\n    - {",
        "material: glas\n    - {",
        "glas\n",
        "dem.classes.0.material",
        "'glass'",
    ),
    "unknown class": ("{fine: 0.5", "{fin: 0.5", "shares", "dem.particles.0.shares.of.fin", "did you mean 'fine'"),
    "unknown wall": ("spin_up: {of: paddle", "spin_up: {of: padle", "spin_up", "dem.time.spin_up.of", "'paddle'"),
    "wall at rest": ("spin_up: {of: paddle", "spin_up: {of: floor", "spin_up", "dem.time.spin_up.of", "does not turn"),
    "unknown shape": ("shape: plane", "shape: plain", "plain", "dem.walls.0.shape", "did you mean 'plane'"),
    "shape missing": ("      shape: plane\n", "", "name: floor", "dem.walls.0", "shape: one of plane, cylinder, mesh"),
    "key of another shape": (
        "normal: [",
        "radius: 1 mm\n      normal: [",
        "radius: 1",
        "dem.walls.0.radius",
        "unknown key",
    ),
    "too few entries": ("normal: [0, 0, 1]", "normal: [0, 1]", "normal", "dem.walls.0.normal.2", "missing"),
    "too many entries": ("normal: [0, 0, 1]", "normal: [0, 0, 0, 1]", "normal", "dem.walls.0.normal", "expected 3"),
    "no direction": ("normal: [0, 0, 1]", "normal: [0, 0, 0]", "normal", "dem.walls.0.normal", "zero vector"),
    "shares": ("coarse: 0.5}", "coarse: 0.4}", "shares", "dem.particles.0.shares.of", "add up to 0.9"),
    "amount twice": ("number: 100", "mass: 1 g\n      number: 1", "kind: packing", "dem.particles.0", "given once"),
    "no contact given": ("[glass, steel]", "[steel, steel]", "pairs:", "dem.pairs", "between: [glass, steel]"),
    "pair twice": (
        "[glass, steel]",
        "[glass, glass]",
        "- {between: [glass, glass], restitution: 0.5, friction: 0.3}\n  c",
        "dem.pairs.1.between",
        "given twice",
    ),
    "name twice": ("name: coarse", "name: fine", "name: fine, d", "dem.classes.1.name", "used twice"),
    "empty domain": ("low: [0, 0, 0], high", "low: [0, 0, 1], high", "domain", "dem.domain.low", "(got [0, 0, 1])"),
    "shear without periods": (
        "domain: {low",
        "domain: {shear_rate: 1, low",
        "domain",
        "dem.domain.periodic",
        "x and y",
    ),
    "missing file": (
        "generate:\n        {kind: impeller, blades: 3, radius: 10 mm, hub_radius: 3 mm, hub_height: 5 mm, "
        "blade_height: 5 mm,\n         blade_thickness: 4 mm}",
        "file: paddle.stl",
        "file: paddle.stl",
        "dem.walls.1.file",
        "no such file",
    ),
    "blades inside the hub": (
        "radius: 10 mm, hub",
        "radius: 2 mm, hub",
        "radius: 2 mm",
        "dem.walls.1.generate.radius",
        "radius > hub_radius",
    ),
    "class and radius": (
        "{class: fine, pos",
        "{class: fine, radius: 1, pos",
        "{class: fine, radius",
        "dem.particles.1.items.0",
        "class, or radius and material",
    ),
    "empty speed range": (
        "blocks: 24",
        "speed_range: [1, 0.1]",
        "speed_range",
        "dem.statistics.speed_range",
        "[lowest",
    ),
    "edges that fall": (
        "blocks: 24",
        "partition: {kind: box, x: [1 mm, 0]}",
        "partition",
        "dem.statistics.partition.x",
        "rising order",
    ),
    "no stiffness": (
        "  classes:",
        "  contact: {law: linear}\n  classes:",
        "contact",
        "dem.contact.normal_stiffness",
        "needs a stiffness",
    ),
    "section instead of a value": ("settle: 10 ms", "settle: {a: 1}", "settle", "dem.time.settle", "not a quantity"),
    "value instead of a section": (
        "domain: {low: [0, 0, 0], high: [40 mm, 40 mm, 40 mm]}",
        "domain: 3",
        "domain: 3",
        "dem.domain",
        "a section with keys",
    ),
    "coupling of one model": (
        "name: small",
        "name: small\ncoupling: {impeller: paddle, design: {speeds: [600 rpm, 900 rpm]}}",
        "coupling",
        "coupling",
        "a section pbm beside it",
    ),
    "scale factor in coupling": (
        "name: small",
        "name: small\ncoupling: {scale_factor: 20, impeller: paddle, design: {speeds: [600 rpm, 900 rpm]}}",
        "coupling",
        "coupling.scale_factor",
        "unknown key",
    ),
    "no such parcel law": (
        "  classes:",
        "  parcels: {scale_factor: 20, law: inertal}\n  classes:",
        "inertal",
        "dem.parcels.law",
        "did you mean 'inertial'",
    ),
    "parcels smaller than grains": (
        "  classes:",
        "  parcels: {scale_factor: 0.5}\n  classes:",
        "scale_factor",
        "dem.parcels.scale_factor",
        "at least 1",
    ),
    "falling speeds": (
        "name: small",
        "name: small\ncoupling: {impeller: paddle, design: {speeds: [900 rpm, 600 rpm]}}",
        "coupling",
        "coupling.design.speeds",
        "rising order",
    ),
    "unknown limit": (
        "name: small",
        "name: small\naccept: [blade-strike]",
        "accept",
        "accept.0",
        "blade-strike-overlap",
    ),
    "kind of motion": (
        "speed: 600 rpm}",
        "speed: 600 rpm, kind: rotate}",
        "kind: rotate",
        "dem.walls.1.motion.kind",
        "one of: turn, slide, tap, load",
    ),
    "key of a carrier": (
        "speed: 600 rpm}",
        "speed: 600 rpm, carrier: {sped: 1 rpm}}",
        "carrier",
        "dem.walls.1.motion.carrier.sped",
        "did you mean 'speed'",
    ),
    "carrier of a carrier": (
        "speed: 600 rpm}",
        "speed: 600 rpm, carrier: {speed: 1, carrier: {speed: 1, carrier: {speed: 1}}}}",
        "carrier",
        "dem.walls.1.motion.carrier.carrier",
        "stands on the ground",
    ),
    "profile without a time": (
        "speed: 600 rpm}",
        "speed: 600 rpm, profile: []}",
        "profile",
        "dem.walls.1.motion.profile",
        "too few entries",
    ),
    "amount that may be a section": (
        "  classes:",
        "  liquid: {surface_tension: 72 mN/m, viscosity: 0, smallest_gap: 1 um, content: 20}\n  classes:",
        "content",
        "dem.liquid.content",
        "out of range (got 20); expected a value at most 1",
    ),
    "amount in a section": (
        "  classes:",
        "  liquid: {surface_tension: 72 mN/m, viscosity: 0, smallest_gap: 1 um, content: {fine: 3}}\n  classes:",
        "content",
        "dem.liquid.content.fine",
        "out of range (got 3); expected a value at most 1",
    ),
    "laws that do not suit": (
        "  classes:",
        "  contact: {law: linear, normal_stiffness: 1 kN/m, adhesion: jkr}\n  classes:",
        "contact",
        "dem.contact",
        "take law: hertz-mindlin, or adhesion: dmt or sjkr",
    ),
    "unknown contact law": (
        "  classes:",
        "  contact: {law: hertz}\n  classes:",
        "contact",
        "dem.contact.law",
        "one of: hertz-mindlin, linear, walton-braun, eepa, ghost",
    ),
    "stiffness of another law": (
        "  classes:",
        "  contact: {tangential_stiffness_ratio: 0.5}\n  classes:",
        "contact",
        "dem.contact.tangential_stiffness_ratio",
        "takes its tangential stiffness from the moduli",
    ),
    "name with a slash": (
        "name: small",
        "name: a/b",
        "name",
        "name",
        "text of the pattern ^[A-Za-z0-9][A-Za-z0-9._-]*$",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_message_says_where_and_what(fault: str, tmp_path: Path) -> None:
    """Exit code 2 and one line that can be acted on."""
    old, new, marked, key, told = WRONG[fault]
    path = write_small(tmp_path, old, new)
    with pytest.raises(CaseError) as caught:
        read_case(path)
    line = path.read_text(encoding="utf-8").split(marked)[0].count("\n") + 1
    first = str(caught.value).splitlines()[0]
    assert caught.value.exit_code == 2
    assert first.startswith(f"{path}:{line}: {key}: "), first
    assert told in first, first
    keys = [text.split(": ")[1] for text in str(caught.value).splitlines()]
    assert not [each for each in keys if "[" in each or "(" in each]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: a\nname: b\n", ":2: the key 'name' is written twice"),
        ("name: [a\n", ": not YAML: "),
        ("name: a\n\tdem: 1\n", ":2: not YAML: "),
        ("", ":1: the file holds no case"),
        ("- a\n", ":1: the file holds no case"),
        ("name: a\n", "the case is empty"),
    ],
)
def test_broken_files_are_named(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        read_case(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="cannot be read"):
        read_case(tmp_path / "absent.yaml")
    (tmp_path / "case.yaml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(CaseError, match="not text"):
        read_case(tmp_path / "case.yaml")


def test_every_fault_is_told_misspelt_keys_first(tmp_path: Path) -> None:
    path = write_small(tmp_path, "diameter: 1 mm", "diametre: 1 mm")
    path.write_text(path.read_text(encoding="utf-8").replace("settle: 10 ms", "settle: 10 kg"), encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        read_case(path)
    lines = str(caught.value).splitlines()
    assert "unknown key" in lines[0]
    assert any("dem.time.settle" in line for line in lines[1:])


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("dem.time.settle=2 kg", "command line: dem.time.settle: 'kg' does not measure time"),
        ("dem.tiem.settle=2 s", "command line: dem.tiem: unknown key"),
        ("dem.walls.flor.name=a", "command line: dem.walls.flor.name: no such entry (got 'flor')"),
        ("dem.walls.7.name=a", "expected a number below 2 or one of: floor, paddle"),
        ("seed.first=1", "command line: seed: not a whole number"),
        ("name.x=1", "command line: name: not text"),
        ("dem.time", "expected --set key.of.value=value"),
        ("seed=[", "command line: seed: the value is not YAML"),
        ("backend=cude", "did you mean 'cuda'"),
    ],
)
def test_wrong_assignments_are_refused(assignment: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(CaseError) as caught:
        read_small(tmp_path, assignments=[assignment])
    assert told in str(caught.value)
