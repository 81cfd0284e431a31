"""What `check` says of a case that reads well and makes no sense: the place, what is predicted, and what would do."""

from __future__ import annotations

from pathlib import Path

import pytest
import trimesh
from pydantic import ValidationError

from coupling.case_file import open_case
from coupling.checks import check_case
from dem.case_equipment import Drum
from dem.case_limits import time_step
from dem.equipment import make_box
from tests.coupling.case_text import line_of, read_small, write_small

OBSERVED = "dem.observables={interval: 10 ms, %s}"
HEAP = "surfaces: [{kind: heap, name: a, radius: 9 mm}]"
LIQUID = "dem.liquid={surface_tension: %s, viscosity: 1 mPa s, smallest_gap: %s, content: 0.01}"
SPRAY = (LIQUID % ("72 mN/m", "5 um"))[:-1] + ", sprays: [{name: jet, rate: 1 g/s, half_angle: 20 deg, position: "
SPRAY += "[20 mm, 20 mm, 38 mm], direction: %s}]}"
FEED = "dem.particles.1={kind: insertion, region: {shape: box, low: [5 mm, 5 mm, 1 mm], high: [9 mm, 9 mm, 9 mm]}, "
FEED += "number_rate: 10 1/s, shares: {of: {fine: 1}}}"
OUTLET = "dem.outlets=[{name: way, region: {shape: box, low: [0, 0, 0], high: [30 mm, 30 mm, 1 mm]}}]"
# changes, level, name of the finding, what is to be changed
SENSELESS = {
    "grams per cubic centimetre": (["dem.materials.glass.density=2.5"], "warning", "unusual-value", "glass.density"),
    "millinewtons": ([LIQUID % ("72", "5 um")], "warning", "unusual-value", "dem.liquid.surface_tension"),
    "gap in millimetres": ([LIQUID % ("72 mN/m", "5 mm")], "warning", "smallest-gap", "dem.liquid.smallest_gap"),
    "liquid too thick for the step": (
        [(LIQUID % ("72 mN/m", "1 um")).replace("1 mPa s", "50 Pa s")], "warning", "bridge-viscosity", "dem.time.step",
    ),
    "rolling friction without a law": (
        ["dem.pairs.1.rolling_friction=0.1"], "warning", "not-read", "dem.pairs.1.rolling_friction",
    ),
    "surface energy without a law": (
        ["dem.materials.glass.surface_energy=10 mJ/m^2"], "warning", "not-read", "dem.materials.glass.surface_energy",
    ),
    "end beside blocks": (["dem.time.end=2 s"], "warning", "end", "dem.time.end"),
    "end while settling": (
        ["dem.time.end=5 ms", "dem.statistics.enabled=false"], "refused", "end", "dem.time.end",
    ),
    "vibration within steps": (
        ["dem.walls.paddle.motion.period=10 us"], "refused", "period-steps", "dem.walls.1.motion.period",
    ),
    "output within a step": (["dem.time.output_interval=1 ns"], "refused", "interval", "dem.time.output_interval"),
    "more output than a disk holds": (
        ["dem.time.output_interval=20 us"], "warning", "interval", "dem.time.output_interval",
    ),
    "nothing measured": (["dem.observables={interval: 20 s}"], "warning", "interval", "dem.observables.interval"),
    "result after the end": (
        [OBSERVED % f"{HEAP}, results: [{{kind: mean, name: b, of: a, start: 9 s}}]"],
        "refused", "end", "dem.observables.results.0.start",
    ),
    "component of all classes": (
        [OBSERVED % "mixing: [{name: a, of: [fine, coarse], sample_mass: 1 g}]"],
        "refused", "observable", "dem.observables.mixing.0.of",
    ),
    "density outside": (
        [OBSERVED % "densities: [{name: a, region: {shape: cylinder, point: [1, 0, 0], radius: 1 mm, length: 1 mm}}]"],
        "refused", "observable", "dem.observables.densities.0.region",
    ),
    "drum on end": (
        [OBSERVED % "surfaces: [{kind: drum, name: a, radius: 9 mm}]"],
        "refused", "observable", "dem.observables.surfaces.0.axis",
    ),
    "surface outside": (
        [OBSERVED % "surfaces: [{kind: heap, name: a, point: [1, 0, 0], radius: 9 mm}]"],
        "warning", "observable", "dem.observables.surfaces.0.point",
    ),
    "round region outside": (
        ["dem.particles.0.region={shape: cylinder, point: [20 mm, 20 mm, 1 mm], radius: 21 mm, length: 9 mm}"],
        "refused", "start-positions", "dem.particles.0.region",
    ),
    "spray to the sky": ([SPRAY % "[0, 0, 1]"], "warning", "spray", "dem.liquid.sprays.0"),
    "less than a particle": (
        ["dem.particles.0.number=null", "dem.particles.0.mass=1 ng"], "refused", "start-positions", "dem.particles.0",
    ),
    "feeder in an outlet": (
        [FEED, "dem.outlets=[{name: a, region: {shape: box, low: [0, 0, 0], high: [30 mm, 30 mm, 30 mm]}}]"],
        "warning", "outlet", "dem.particles.1.region",
    ),
    "round outlet outside": (
        ["dem.outlets=[{name: a, region: {shape: cylinder, point: [1, 1, 1], radius: 9 mm, length: 9 mm}}]"],
        "refused", "outlet", "dem.outlets.0",
    ),
    "friction in percent": (["dem.pairs.0.friction=30"], "warning", "unusual-value", "dem.pairs.0.friction"),
    "joules for millijoules": (
        ["dem.contact.adhesion=dmt", "dem.pairs.0.work_of_adhesion=50", "dem.pairs.1.work_of_adhesion=50 mJ/m^2"],
        "warning", "unusual-value", "dem.pairs.0.work_of_adhesion",
    ),
    "content in percent": (
        [(LIQUID % ("72 mN/m", "5 um")).replace("0.01", "1")], "warning", "unusual-value", "dem.liquid.content",
    ),
    "evaporation in grams": (
        [(LIQUID % ("72 mN/m", "5 um"))[:-1] + ", evaporation: 2}"],
        "warning", "unusual-value", "dem.liquid.evaporation",
    ),
    "tablet in milligrams": (
        ["dem.classes.1={name: coarse, material: glass, mass: 9, shape: {kind: needle, length: 3 mm, diameter: 1 mm}}"],
        "warning", "unusual-value", "dem.classes.1.mass",
    ),
    "softer than softened": (
        ["dem.materials.glass.real_youngs_modulus=1 MPa"],
        "warning", "unusual-value", "dem.materials.glass.real_youngs_modulus",
    ),
    "drops within a step": (
        [SPRAY.replace("sprays", "interval: 1 ns, sprays") % "[0, 0, -1]"],
        "refused", "interval", "dem.liquid.interval",
    ),
    "surface in metres": (
        [OBSERVED % HEAP.replace("9 mm", "9")], "warning", "observable", "dem.observables.surfaces.0.radius",
    ),
    "pulse within an event": (
        [FEED[:-1] + ", pulse: {period: 1 us, duty: 0.5}}"], "warning", "pulse", "dem.particles.1.pulse",
    ),
    "pulse beyond the end": (
        [FEED[:-1] + ", pulse: {period: 9 s, duty: 0.5}}"], "warning", "pulse", "dem.particles.1.pulse",
    ),
    "paddle after the end": (["dem.walls.paddle.motion.start=9 s"], "warning", "never", "dem.walls.1.motion"),
    "table after the end": (
        ["dem.walls.paddle.motion.profile=[[8 s, 0], [9 s, 1]]"], "warning", "never", "dem.walls.1.motion",
    ),
    "feeder after the end": ([FEED[:-1] + ", start: 9 s}"], "warning", "never", "dem.particles.1.start"),
    "feed of less than a particle": ([FEED.replace("10 1/s", "0.5 1/s")], "warning", "never", "dem.particles.1"),
    "nozzle after the end": (
        [SPRAY.replace("position", "start: 9 s, position") % "[0, 0, -1]"],
        "warning", "never", "dem.liquid.sprays.0.start",
    ),
    "class that nobody brings": (["dem.particles.0.shares.of={fine: 1}"], "warning", "never", "dem.classes.1"),
    "block within a step": (["dem.statistics.block=1 ns"], "refused", "interval", "dem.statistics.block"),
    "lag beyond the window": (["dem.statistics.lag=9 s"], "warning", "interval", "dem.statistics.lag"),
    "sample heavier than the bed": (
        [OBSERVED % "mixing: [{name: a, of: [fine], sample_mass: 1 kg}]"],
        "warning", "observable", "dem.observables.mixing.0.sample_mass",
    ),
    "sample lighter than a particle": (
        [OUTLET, OBSERVED % "outlet_blends: [{name: a, outlet: way, of: [fine], sample_mass: 1 ng}]"],
        "warning", "observable", "dem.observables.outlet_blends.0.sample_mass",
    ),
    "samples after the end": (
        [OUTLET, OBSERVED % "outlet_blends: [{name: a, outlet: way, of: [fine], sample_mass: 1 g, start: 9 s}]"],
        "warning", "never", "dem.observables.outlet_blends.0.start",
    ),
    "samples of everything": (
        [OUTLET, OBSERVED % "outlet_blends: [{name: a, outlet: way, of: [fine, coarse], sample_mass: 1 g}]"],
        "refused", "observable", "dem.observables.outlet_blends.0.of",
    ),
    "fields outside": (
        [OBSERVED % "fields: {cells: [2, 2, 2], range: 4 mm, region: {shape: box, low: [1, 1, 1], high: [2, 2, 2]}}"],
        "refused", "observable", "dem.observables.fields.region",
    ),
    "range in micrometres": (
        [OBSERVED % "fields: {cells: [2, 2, 2], range: 4 um}"],
        "warning", "observable", "dem.observables.fields.range",
    ),
    "compartments outside": (
        ["dem.statistics.partition={kind: box, x: [1, 2]}"], "refused", "compartments", "dem.statistics.partition.x",
    ),
    "region narrower than a particle": (
        ["dem.particles.0.region={shape: box, low: [5 mm, 5 mm, 10 mm], high: [6 mm, 35 mm, 35 mm]}"],
        "refused", "start-positions", "dem.particles.0.region",
    ),
    "drum end over end": (
        ["dem.walls.paddle.generate={kind: drum, radius: 9 mm, length: 9 mm}", "dem.walls.paddle.axis=[1, 0, 0]"],
        "warning", "placing", "dem.walls.1.motion.axis",
    ),
    "vessel out of the domain": (
        ["dem.walls.paddle.generate={kind: bowl, radius: 22 mm, height: 9 mm}"], "warning", "placing", "dem.walls.1",
    ),
    "density of a region that sticks out": (
        [OBSERVED % "densities: [{name: a, region: {shape: box, low: [0, 0, 0], high: [1, 1 mm, 1 mm]}}]"],
        "warning", "observable", "dem.observables.densities.0.region",
    ),
    "region in a hub": (
        ["dem.particles.0.region={shape: box, low: [19 mm, 19 mm, 1 mm], high: [21 mm, 21 mm, 4 mm]}",
         "dem.particles.0.number=1"],
        "refused", "start-positions", "dem.particles.0.region",
    ),
    "floor turned over": (
        ["dem.walls.floor.normal=[0, 0, -1]"], "refused", "start-positions", "dem.particles.0.region",
    ),
    "region in a cylinder": (
        ["dem.walls.floor={name: floor, material: steel, shape: cylinder, radius: 90 mm, inside: false}"],
        "refused", "start-positions", "dem.particles.0.region",
    ),
    "domain in metres": (["dem.domain.high=[40, 40, 40]"], "warning", "domain", "dem.domain"),
}  # fmt: skip


@pytest.mark.parametrize("fault", SENSELESS)
def test_what_makes_no_sense_is_told_with_its_place(fault: str, tmp_path: Path) -> None:
    changes, level, name, place = SENSELESS[fault]
    told = [each for each in check_case(read_small(tmp_path, assignments=changes)) if each.level == level]
    (finding,) = [each for each in told if each.name == name and each.place.endswith(place)]
    assert finding.text.startswith(f"{finding.place}: ")


def test_the_small_case_makes_sense(tmp_path: Path) -> None:
    names = {name for _, _, name, _ in SENSELESS.values()}
    assert not [each for each in check_case(read_small(tmp_path)) if each.name in names and each.level != "note"]


def test_a_nozzle_over_the_bed_is_no_matter_until_something_hides_it(tmp_path: Path) -> None:
    """All drops of a cone of 20 degrees, 3 mm above a region of 30 mm, enter it; none does below a plate of 20 mm."""

    def told(*changes: str) -> tuple[str, str]:
        findings = check_case(read_small(tmp_path, assignments=[SPRAY % "[0, 0, -1]", *changes]))
        (finding,) = [each for each in findings if each.name == "spray"]
        return finding.level, finding.value

    assert told() == ("note", "100 %")
    plate = make_box((-0.01, -0.01, 0.0), (0.01, 0.01, 1e-3))
    trimesh.Trimesh(plate.vertices, plate.triangles).export(tmp_path / "plate.stl")
    lid = "name: lid, shape: mesh, material: steel, file: plate.stl, scale: 1 m, point: [20 mm, 20 mm, 36 mm]"
    assert told(f"dem.walls.1={{{lid}}}", "dem.statistics=null", "dem.time={end: 1 s}") == ("warning", "0 %")


def test_lifters_that_run_into_each_other() -> None:
    """Eight ribs at 34 mm from the axis have a chord of 2 x 34 mm x sin(22.5 deg) = 26.02 mm each."""
    measures = {"kind": "drum", "radius": 0.04, "length": 0.03, "lifters": 8, "lifter_height": 0.006}
    assert Drum(**measures, lifter_thickness=0.026).lifters == 8
    with pytest.raises(ValidationError, match="run into each other"):
        Drum(**measures, lifter_thickness=0.0261)


def test_a_finding_names_the_line(tmp_path: Path) -> None:
    path = write_small(tmp_path, "speed: 600 rpm", "speed: 600000 rpm")
    case, document = open_case(path)
    findings = [each for each in check_case(case, document) if each.level == "refused"]
    line = line_of(path, "600000 rpm")
    assert findings
    assert all(each.text.startswith(f"{path}:{line}: dem.walls.1.motion: ") for each in findings)


def test_a_mesh_in_another_unit_names_the_line(tmp_path: Path) -> None:
    path = write_small(tmp_path, "radius: 10 mm, hub", "radius: 10 m, hub")
    case, document = open_case(path)
    (finding,) = [each for each in check_case(case, document) if each.name == "geometry"]
    assert finding.text.startswith(
        f"{path}:{line_of(path, 'generate')}: dem.walls.1.generate: the mesh 'paddle' measures"
    )


def test_a_quasi_two_dimensional_region_fits_its_spheres(tmp_path: Path) -> None:
    """A region as deep as the spheres is no mistake, nor one that spans a period."""
    region = "dem.particles.0.region={shape: box, low: [0, 5 mm, 10 mm], high: [%s, 35 mm, 35 mm]}"
    for changes in (
        [region % "2 mm"],
        [region % "1 mm", "dem.domain={low: [0, 0, 0], high: [1 mm, 1, 1], periodic: [x]}"],
    ):
        findings = check_case(read_small(tmp_path, assignments=changes))
        assert not [each for each in findings if "narrower than the largest" in each.text]


def test_a_feed_while_walls_are_at_rest_is_told(tmp_path: Path) -> None:
    """Its times count from the beginning, those of walls from the end of the 10 ms of settling."""
    for start, told in (("0", 1), ("10 ms", 0)):
        feed = FEED.replace("number_rate", f"start: {start}, number_rate")
        findings = check_case(read_small(tmp_path, assignments=[feed]))
        assert len([each for each in findings if each.name == "feed-start"]) == told


def test_a_step_from_the_command_line_is_named_as_such(tmp_path: Path) -> None:
    case, document = open_case(write_small(tmp_path), ["dem.time.step=20 us"])
    (finding,) = [each for each in check_case(case, document) if each.level == "refused"]
    assert finding.text.startswith("command line: dem.time.step: ")
    assert case.dem is not None
    assert time_step(case.dem) == 20e-6
