"""The report: every section there, valid and self-contained HTML, the files' own numbers, and gaps that are named.

The run folder is made without a particle simulation: windows are drawn from known laws (`synthetic`), the laws fitted
to them, and a batch of one second of few classes runs in plain Python.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coupling.case import Case
from coupling.case_document import CaseDocument, read_document
from coupling.case_file import check_document, write_case
from coupling.exchange import Exchange, fit_exchange
from coupling.reduced.law import kernel_law
from coupling.report.contents import Quantity
from coupling.report.page import COUPLED_SECTIONS, render, write_report
from coupling.report.raster import Canvas, Spheres, look
from coupling.report.record import RunRecord
from coupling.report.through import through_section
from coupling.report.timings import stages_of, total_seconds
from coupling.run_folder import open_run_folder
from coupling.window import Window
from dem.case_motion import Motion
from dem.snapshots import SnapshotWriter
from dem.statistics_result import SHAPES, EncounterStatistics
from dem.walls.build import moved
from pbm.granulation import Granulation
from pbm.result import GranulationResult
from tests.coupling import synthetic
from tests.coupling.reduced_example import make_description

NAMES = ("speed-1", "speed-2", "speed-3", "grown")
PARTICLES_ALONE = {
    "verdict", "run", "picture", "windows", "flow", "observables", "fields", "loads", "transport", "timings",
    "warnings",
}  # fmt: skip
VOID = {"meta", "img", "br", "link", "input", "hr"}
DIAMETERS = (0.6e-3, 1.0e-3, 1.5e-3, 2.4e-3)
CASE = """\
name: made
title: A run <made> of parts & pieces
dem:
  domain: {low: [-80 mm, -80 mm, -1 mm], high: [80 mm, 80 mm, 100 mm]}
  materials:
    glass: {density: 1540, youngs_modulus: 20 MPa, poisson_ratio: 0.25}
  pairs:
    - {between: [glass, glass], restitution: 0.5, friction: 0.3}
  classes:
    - {name: a, diameter: 0.6 mm, material: glass}
    - {name: b, diameter: 1.0 mm, material: glass}
    - {name: c, diameter: 1.5 mm, material: glass}
    - {name: d, diameter: 2.4 mm, material: glass}
  parcels: {scale_factor: 1}
  walls:
    - {name: floor, shape: plane, material: glass, point: [0, 0, 0], normal: [0, 0, 1]}
    - {name: bowl, shape: cylinder, material: glass, radius: 70 mm}
    - name: impeller
      shape: mesh
      material: glass
      generate:
        {kind: impeller, blades: 3, radius: 60 mm, hub_radius: 15 mm, hub_height: 20 mm, blade_height: 15 mm,
         blade_thickness: 8 mm}
      motion: {speed: 30 rad/s}
  particles:
    - kind: packing
      region: {shape: cylinder, point: [0, 0, 30 mm], radius: 60 mm, length: 50 mm}
      number: 5450
      shares: {of: {a: 0.25, b: 0.25, c: 0.25, d: 0.25}}
  time: {spin_up: {of: impeller, blades: 3, count: 6}}
  statistics: {block: {of: impeller, blades: 3}, blocks: 24}
pbm:
  feed: {distribution: feed.csv, charge: 0.3 kg}
  grid: {classes: 10, smallest_diameter: 30 um, largest_diameter: 2 mm}
  liquid: {spray: {rate: 1 g/s, end: 0.6 s}}
  end: 1 s
coupling:
  impeller: impeller
  design: {speeds: [20 rad/s, 30 rad/s, 45 rad/s]}
"""
FEED = "diameter,volume\n40,0\n60,20\n80,50\n120,85\n200,100\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with every stage in it."""
    made = tmp_path_factory.mktemp("report") / "run"
    made.mkdir()
    (made / "given.yaml").write_text(CASE, encoding="utf-8")
    (made / "feed.csv").write_text(FEED, encoding="utf-8")
    case = check_document(read_document(made / "given.yaml"), made)
    write_case(case, made / "case.yaml")
    windows = [
        replace(window, name=name, compartment=None)
        for name, window in zip(NAMES, synthetic.make_design_windows(seed=3))
    ]
    for window in windows:
        write_window(made / "dem" / window.name, window)
    exchange = fit_exchange(windows, "inertial", ["impeller"], 0.06)
    write_models(made, case, exchange)
    write_record(made)
    return made


def write_window(place: Path, window: Window) -> None:
    """Statistics of a window, the grown one in two compartments, and one snapshot of forty particles."""
    place.mkdir(parents=True)
    statistics = in_two(window.statistics) if window.name == "grown" else window.statistics
    statistics.save(place / "statistics.h5")
    random = np.random.default_rng(7)
    kinds = random.integers(0, 4, 40)
    position = np.column_stack([random.uniform(-0.04, 0.04, (40, 2)), random.uniform(0.02, 0.05, 40)])
    fields = {
        "id": np.arange(40),
        "class": kinds.astype(np.int32),
        "radius": 0.5 * np.array(DIAMETERS)[kinds],
        "velocity": random.normal(0.0, 0.3, (40, 3)),
    }
    SnapshotWriter(place / "particles.vtkhdf").append(0.5, position, fields)


def in_two(statistics: EncounterStatistics) -> EncounterStatistics:
    """The same window as two equal compartments between which one in ten moves in a lag."""
    fields: dict[str, Any] = {}
    for name, (axes, _) in SHAPES.items():
        value = getattr(statistics, name)
        fields[name] = np.concatenate([value, value], axis=axes.split().index("C")) if "C" in axes.split() else value
    share = np.array([[0.9, 0.1], [0.1, 0.9]])
    moved = np.round(1e4 * np.stack([share, share @ share])).astype(np.int64)
    fields["transitions"] = np.tile(moved, (statistics.block_count, 1, 1, 1))
    return EncounterStatistics(**fields)


def write_models(made: Path, case: Case, exchange: Exchange) -> None:
    """Laws, batch, reduced model and an export of no substance: the page needs its size and its card only."""
    for name in ("exchange", "pbm", "reduced", "export"):
        (made / name).mkdir()
    assert case.pbm is not None
    exchange.save(made / "exchange" / "design.json")
    model = Granulation(case.pbm, kernel_law(exchange), compiled=False)
    model.simulate(30.0, np.linspace(0.0, 1.0, 5)).save(made / "pbm" / "distribution.h5")
    make_description().save(made / "reduced" / "model.h5")
    (made / "export" / "made.fmu").write_bytes(b"PK")
    entry = {"name": "impeller_speed", "unit": "rad/s", "description": "Speed", "count": 1, "start": 30.0}
    card = {
        "interface": "FMI 2.0 co-simulation",
        "binary": "none: sources only",
        "made_by": "dempbm",
        "inputs": [entry | {"accepted": [0.0, 450.0]}],
        "parameters": [],
        "outputs": [{"name": "d50", "unit": "m", "description": "Median", "count": 1}],
        "cost": {"evaluations_per_interval_at_most": 48, "interval_s": 1.0, "allocation_in_a_step": "none"},
    }
    (made / "export" / "card.json").write_text(json.dumps(card), encoding="utf-8")


def write_record(made: Path) -> None:
    """Manifest and log: two stages of 10 s and 20 s."""
    session = {"started": "2026-01-01T00:00:00+00:00", "ended": "2026-01-01T00:00:31+00:00", "outcome": "done"}
    manifest = {"command": ["dempbm", "run", "made"], "versions": {"numpy": "2.0"}, "sessions": [session]}
    (made / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    events = [
        {"time": "2026-01-01T00:00:00.500+00:00", "kind": "stage", "name": "particles: speed-1", "total": 1000},
        {"time": "2026-01-01T00:00:00.500+00:00", "kind": "window", "name": "speed-1", "particles": 40, "step": 1e-5},
        {"time": "2026-01-01T00:00:10.500+00:00", "kind": "stage", "name": "laws", "total": 1},
        {"time": "2026-01-01T00:00:15.000+00:00", "kind": "message", "text": "said <this>"},
        {"time": "2026-01-01T00:00:30.500+00:00", "kind": "done"},
    ]
    (made / "log.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")


class Page(HTMLParser):
    """What a page holds; an element closed in the wrong order is an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str]]] = []
        self.values: dict[str, float] = {}
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.attributes.append((tag, found))
        if "data-name" in found:
            self.values[found["data-name"]] = float(found["value"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def identifiers(self) -> set[str]:
        return {found["id"] for _, found in self.attributes if "id" in found}

    def said(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.text))


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    """The page of the complete run."""
    return render(RunRecord(open_run_folder(folder), folder, compiled=False))


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_every_section_is_there_and_linked(page: Page) -> None:
    """The table of contents leads to every section with content; nothing flows through this granulator."""
    names = {"verdict", "run", "picture", "batch", "balances", "windows", "kernel", "speeds", "blades", "transport"}
    assert page.identifiers() == names | {"loads", "observables", "fields", "groups", "reduced", "timings", "warnings"}
    links = {found["href"] for tag, found in page.attributes if tag == "a"}
    assert links == {f"#{name}" for name in page.identifiers() - {"verdict"}}
    assert len({*COUPLED_SECTIONS} - {through_section}) + 3 == len(page.identifiers())


def test_page_is_self_contained(text: str, page: Page) -> None:
    """Pictures are in the page, nothing is loaded from elsewhere, and no program runs in it."""
    images = [found for tag, found in page.attributes if tag == "img"]
    assert len(images) >= 7
    assert all(re.match(r"data:image/(png|svg\+xml);base64,", each["src"]) and each["alt"] for each in images)
    assert not any(tag in ("script", "link", "iframe", "object") for tag, _ in page.attributes)
    assert not re.search(r"""(src|href)=["']?(https?:|//|file:)|url\(|@import""", text)


def test_text_of_the_case_is_escaped(page: Page) -> None:
    """Title and messages hold characters of HTML; they are shown as they are (the parser would see elements)."""
    assert "A run <made> of parts & pieces" in page.said()
    assert "said <this>" in page.said()


def test_numbers_are_those_of_the_files(folder: Path, page: Page) -> None:
    """To the last bit: the page carries values in full beside the rounded ones."""
    batch = GranulationResult.load(folder / "pbm" / "distribution.h5")
    exchange = Exchange.load(folder / "exchange" / "design.json")
    assert page.values["d50-before"] == batch.d50[0] and page.values["d50-after"] == batch.d50[-1]
    assert page.values["d90-end"] == batch.d90[-1]
    for name, value in zip(("solids", "liquid", "gas", "number"), batch.worst_imbalance):
        assert page.values[f"balance-{name}"] == value
    assert page.values["encounter-c0"] == exchange.encounter.coefficients[0]
    assert page.values["pair_speed-ln k"] == exchange.pair_speed.coefficients[4]
    for name in NAMES:
        statistics = EncounterStatistics.load(folder / "dem" / name / "statistics.h5")
        assert page.values[f"encounters-{name}"] == statistics.encounters.sum()


def test_groups_follow_their_formulas(folder: Path, page: Page) -> None:
    """St_v of two equal granules is 4 rho d U/(18 mu) by hand: m_red = rho pi d3/12, d~ = d."""
    batch = GranulationResult.load(folder / "pbm" / "distribution.h5")
    exchange = Exchange.load(folder / "exchange" / "design.json")
    a0, a1, _, a3, log_shape = exchange.pair_speed.coefficients
    state = math.log(batch.d50[0] / exchange.feed_diameter) / math.log(exchange.grown_diameter / exchange.feed_diameter)
    scale = math.exp(a0 + a1 * math.log(30.0 / exchange.reference_speed) + a3 * min(max(state, 0.0), 1.0))
    speed = scale * math.gamma(1.0 + math.exp(-log_shape))
    density = 1540.0 * (1.0 - batch.porosity[0])
    expected = 8.0 * density * math.pi * batch.d50[0] * speed / 12.0 / (3.0 * math.pi * 0.05)
    assert page.values["stokes-start"] == pytest.approx(expected, rel=1e-12)


def test_exchange_between_two_compartments(page: Page) -> None:
    """One in ten moves in a lag of 10 ms: k = -ln(0.8)/(2 lag) = 11.16 1/s by the logarithm of a symmetric matrix."""
    rates = [float(found["value"]) for tag, found in page.attributes if tag == "data"]
    assert any(value == pytest.approx(-math.log(0.8) / 0.02, rel=1e-3) for value in rates)


def test_same_folder_gives_the_same_page(folder: Path, text: str) -> None:
    """No time of writing, no random identifiers: the bytes repeat, and the file holds what was rendered."""
    path = write_report(open_run_folder(folder), folder, compiled=False)
    assert path == folder / "report.html" and path.read_text(encoding="utf-8") == text
    path.unlink()


@pytest.mark.parametrize(
    ("removed", "said"),
    [
        (("export",), "No FMU has been exported yet"),
        (("pbm", "reduced", "export"), "The population balance of the batch has not run yet"),
        (("exchange", "pbm", "reduced", "export"), "No laws have been fitted yet"),
        (("dem", "exchange", "pbm", "reduced", "export", "manifest.json", "log.jsonl"), "No window has encounter"),
    ],
)
def test_what_is_missing_is_named(folder: Path, tmp_path: Path, removed: tuple[str, ...], said: str) -> None:
    """An interrupted run gives a report of what is there; what is not is said, and the state is not called done."""
    part = tmp_path / "part"
    shutil.copytree(folder, part, ignore=lambda place, names: [name for name in names if name in removed])
    page = Page(render(RunRecord(open_run_folder(part), part, compiled=False)))
    assert said in page.said()
    assert "not finished" in page.said() and "all stages done" not in page.said()
    assert {"verdict", "run", "warnings"} <= page.identifiers()


def test_broken_file_is_named(folder: Path, tmp_path: Path) -> None:
    """A file that cannot be read is a warning with its name, not a traceback."""
    part = tmp_path / "part"
    shutil.copytree(folder, part)
    (part / "pbm" / "distribution.h5").write_bytes(b"no HDF5")
    page = Page(render(RunRecord(open_run_folder(part), part, compiled=False)))
    assert "pbm/distribution.h5 cannot be read" in page.said()


def test_particles_alone(folder: Path, tmp_path: Path) -> None:
    """A run without coupling: settings, picture and statistics, and none of the sections of granulation."""
    part = tmp_path / "part"
    shutil.copytree(folder / "dem" / "speed-2", part / "dem" / "run")
    document: CaseDocument = read_document(folder / "case.yaml")
    for key in ("pbm", "coupling"):
        del document.data[key]
    case = check_document(document, folder)
    write_case(case, part / "case.yaml")
    page = Page(render(RunRecord(open_run_folder(part), part, compiled=False)))
    assert page.identifiers() == PARTICLES_ALONE
    assert any(tag == "img" for tag, _ in page.attributes)


def test_stages_last_to_the_next_event(folder: Path) -> None:
    """From the log's own times: 10 s and 20 s; a stage without an end is cut off; sessions give 31 s in all."""
    run = RunRecord(open_run_folder(folder), folder)
    stages = stages_of(run.log)
    assert {name: stage.seconds for name, stage in stages.items()} == {"particles: speed-1": 10.0, "laws": 20.0}
    assert not any(stage.cut for stage in stages.values())
    assert stages_of(run.log[:-1])["laws"].cut and stages_of(run.log[:-1])["laws"].seconds == 4.5
    assert total_seconds(run) == 31.0


def quantities() -> Iterator[tuple[Quantity, str]]:
    yield Quantity(78.1e-6, "m"), "78.1 µm"
    yield Quantity(1.3e-3, "m", 5e-5), "(1.300 ± 0.050) mm"
    yield Quantity(-0.0324, "", 0.0019), "−0.0324 ± 0.0019"
    yield Quantity(3.1e-14), "3.10·10⁻¹⁴"
    yield Quantity(8.9e-7, "m³", 8.9e-8), "(8.90 ± 0.89)·10⁻⁷ m³"
    yield Quantity(0.15, "kg/kg", 1e-15), "0.150 kg/kg"
    yield Quantity(math.nan, "s"), "–"
    yield Quantity(14905), "14\u202f905"


@pytest.mark.parametrize(("quantity", "shown"), list(quantities()))
def test_rounding_for_the_reader(quantity: Quantity, shown: str) -> None:
    """Three digits without an error; with one, as many places as its two leading digits have."""
    assert str(quantity) == shown


def test_sphere_is_drawn_where_it_is() -> None:
    """A sphere of radius R covers pi R2 of the picture (5 % for pixels at its rim); the nearer one hides the other."""
    canvas = Canvas(look(-math.pi / 2.0, 0.0), (-2.0, 2.0, -2.0, 2.0), 100)
    red, blue = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
    centres = np.array([[0.0, 1.5, 0.0], [0.0, -1.5, 0.0]])  # seen from -y: the second is nearer
    canvas.add_spheres(Spheres(centres, np.array([1.0, 1.0]), np.array([red, blue])))
    image = canvas.image(0.5)
    assert image[..., 3].mean() * 16.0 == pytest.approx(math.pi, rel=0.05)
    middle = image[50, 50]
    assert middle[2] > 0.3 and middle[2] > 2.0 * middle[0]


def test_impeller_turns_as_its_motion_says() -> None:
    """Constant speed w after a ramp T from start t0: angle w (t - t0 - T/2), here a quarter turn about z."""
    motion = Motion(point=(1.0, 0.0, 0.0), axis=(0.0, 0.0, 1.0), speed=math.pi / 2.0, start=1.0, ramp=0.5)
    place = moved(np.array([[2.0, 0.0, 3.0]]), motion, 2.25)
    assert place == pytest.approx(np.array([[1.0, 1.0, 3.0]]), abs=1e-12)
