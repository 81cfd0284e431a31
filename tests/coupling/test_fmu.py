"""The exported unit: accepted by a validator, equal to the Python model, independent of Python, and well-mannered."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.errors import CaseError, SimulationError
from coupling.export import fmu as fmu_module
from coupling.export.fmu import COMPILER_OPTIONS, LINKER_OPTIONS, WARNINGS, ExportedUnit, compile_source, export_fmu
from coupling.export.sources import identifier_of, number, source_text
from coupling.reduced.flags import Flag
from coupling.reduced.model import ReducedModel
from tests.coupling.reduced_example import make_description, recorded_input

VERSION = "0.1.0"
CLASSES = 12
VALUES = [*range(300, 300 + CLASSES), 200, 201, 202, 203, 204]
ERRORS = [*range(500, 500 + CLASSES), 400, 401, 402, 403, 404]
FRACTIONS = [(100 + k) for k in range(CLASSES)]

gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not on PATH")


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> dict[int, ExportedUnit]:
    """The example, exported for both versions of the interface."""
    folder = tmp_path_factory.mktemp("export")
    description = make_description()
    return {version: export_fmu(description, folder / str(version), VERSION, version) for version in (2, 3)}


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    """The Python model over the recorded input: values, errors and flags after every step."""
    model = ReducedModel(make_description(), compiled=False)
    readings = [model.step(*row) for row in recorded_input()]
    return {
        "values": np.array([reading.values() for reading in readings]),
        "errors": np.array([reading.errors for reading in readings]),
        "flags": np.array([reading.flag for reading in readings]),
    }


class Slave:
    """One instance of an exported unit with scalar access, the same for both versions."""

    def __init__(self, unit: ExportedUnit, folder: Path) -> None:
        from fmpy import extract, read_model_description
        from fmpy.fmi2 import FMU2Slave
        from fmpy.fmi3 import FMU3Slave

        described = read_model_description(str(unit.path))
        self.version = int(described.fmiVersion[0])
        kind = {2: FMU2Slave, 3: FMU3Slave}[self.version]
        folder.mkdir(parents=True, exist_ok=True)
        place = extract(str(unit.path), unzipdir=str(folder))
        identifier = described.coSimulation.modelIdentifier
        self.slave: Any = kind(
            guid=described.guid, unzipDirectory=place, modelIdentifier=identifier, instanceName="test"
        )
        self.slave.instantiate()
        self.time = 0.0

    def start(self, settings: dict[int, float] | None = None) -> Slave:
        if self.version == 2:
            self.slave.setupExperiment(startTime=0.0)
        self.slave.enterInitializationMode()
        if settings:
            self.set(list(settings), list(settings.values()))
        self.slave.exitInitializationMode()
        return self

    def set(self, references: list[int], values: list[float]) -> None:
        if self.version == 2:
            self.slave.setReal(references, values)
        else:
            self.slave.setFloat64(references, values)

    def get(self, references: list[int]) -> np.ndarray:
        if self.version == 2:
            return np.array(self.slave.getReal(references))
        rows = [reference for reference in references if reference < 300 or reference % 100 == 0 or reference < 405]
        rows = [row for row in rows if not 300 < row < 400]
        size = sum(CLASSES if row in (300, 500) else 1 for row in rows)
        return np.array(self.slave.getFloat64(rows, nValues=size))

    def flag(self) -> int:
        return int((self.slave.getInteger([600]) if self.version == 2 else self.slave.getInt32([600]))[0])

    def step(self, duration: float, speed: float, spray: float) -> None:
        self.set([0, 1], [speed, spray])
        self.slave.doStep(currentCommunicationPoint=self.time, communicationStepSize=duration)
        self.time += duration


@gcc
@pytest.mark.parametrize("version", [2, 3])
def test_validator_finds_nothing(units: dict[int, ExportedUnit], version: int) -> None:
    from fmpy.validation import validate_fmu

    assert validate_fmu(str(units[version].path)) == []
    assert units[version].compiled and "a binary" in units[version].message


@gcc
@pytest.mark.parametrize("version", [2, 3])
def test_equals_the_python_model(units, reference, version: int, tmp_path: Path) -> None:
    """Same arithmetic in the same order: 1e-9 leaves room for the last bits of exp and log of two libraries.

    Differences are relative to the value; shares, moisture and errors also to one thousandth of their scale, as
    a class with a share of 1e-12 or an error that is rounding only has no further digits to compare.
    """
    slave = Slave(units[version], tmp_path / "unit").start()
    for place, row in enumerate(recorded_input()):
        slave.step(*row)
        values, errors = slave.get(VALUES), slave.get(ERRORS)
        scale = np.where(np.isin(np.arange(CLASSES + 5), range(CLASSES, CLASSES + 3)), 0.0, 1e-3)
        expected = reference["values"][place]
        assert np.all(np.abs(values - expected) <= 1e-9 * np.maximum(expected, scale))
        assert np.all(np.abs(errors - reference["errors"][place]) <= 1e-9 * np.maximum(expected, scale))
        assert slave.flag() == reference["flags"][place]


@gcc
@pytest.mark.parametrize("version", [2, 3])
def test_simulates_in_an_importer(units, version: int) -> None:
    """FMPy's own master, with inputs as a table: d50 at the end equals the Python model stepped once a second."""
    from fmpy import simulate_fmu

    times = np.arange(0.0, 20.0)
    names = ["time", "impeller_speed", "spray_rate"]
    rows = [(time, 30.0 if time < 9.5 else 40.0, 1e-3) for time in times]
    signals = np.array(rows, dtype=[(name, np.float64) for name in names])
    result = simulate_fmu(
        str(units[version].path), stop_time=20.0, step_size=1.0, output_interval=1.0, input=signals, output=["d50"]
    )
    model = ReducedModel(make_description(), compiled=False)
    for time in times:  # between the rows of the table the master interpolates, and takes the value at the step's start
        reading = model.step(1.0, float(np.interp(time, times, signals["impeller_speed"])), 1e-3)
    assert result["d50"][-1] == pytest.approx(reading.d50, rel=1e-9)


@gcc
@pytest.mark.parametrize("version", [2, 3])
def test_state_restarts_exactly(units, version: int, tmp_path: Path) -> None:
    """A state got, serialised, read back and set in another instance goes on to the same bits."""
    first = Slave(units[version], tmp_path / "first").start({10: 0.5})
    rows = recorded_input(16)
    for row in rows[:8]:
        first.step(*row)
    put = "setFMUState" if version == 3 else "setFMUstate"
    state = first.slave.getFMUState() if version == 3 else first.slave.getFMUstate()
    serialise = first.slave.serializeFMUState if version == 3 else first.slave.serializeFMUstate
    data = serialise(state)
    for row in rows[8:]:
        first.step(*row)
    getattr(first.slave, put)(state)
    for row in rows[8:]:
        first.step(*row)
    other = Slave(units[version], tmp_path / "other").start()
    read = other.slave.deserializeFMUState if version == 3 else other.slave.deSerializeFMUstate
    getattr(other.slave, put)(read(data))
    other.time = sum(row[0] for row in rows[:8])
    for row in rows[8:]:
        other.step(*row)
    assert np.array_equal(first.get(VALUES + ERRORS), other.get(VALUES + ERRORS))
    assert first.get([10])[0] == other.get([10])[0] == 0.5


@gcc
def test_reset_and_several_instances(units, tmp_path: Path) -> None:
    """Two instances do not touch each other, and a reset instance repeats the first run."""
    one, two = Slave(units[2], tmp_path / "one").start(), Slave(units[2], tmp_path / "two").start({10: 2.0})
    before = []
    for row in recorded_input(6):
        one.step(*row)
        two.step(1.0, 22.0, 0.0)
        before.append(one.get(VALUES))
    one.slave.reset()
    one.time = 0.0
    one.start()
    for row, expected in zip(recorded_input(6), before):
        one.step(*row)
        assert np.array_equal(one.get(VALUES), expected)


@gcc
def test_parameters_are_set_before_the_start(units, tmp_path: Path) -> None:
    """Fixed ones in initialization mode only, corrections at any time; outputs before the first step follow."""
    settings = {10: 1.2, 11: 0.1, 12: 0.5, 13: 0.7, 14: 2.0} | dict(zip(FRACTIONS, np.arange(1.0, 13.0)))
    slave = Slave(units[2], tmp_path / "unit").start(settings)
    model = ReducedModel(make_description(), compiled=False)
    names = ("charge", "feed_moisture", "kernel_scale", "efficiency", "breakage_scale")
    chosen = dict(zip(names, (1.2, 0.1, 0.5, 0.7, 2.0)))
    first = model.start(feed_fractions=np.arange(1.0, 13.0), **chosen)
    assert slave.get(VALUES) == pytest.approx(first.values(), rel=1e-12)
    slave.step(1.0, 30.0, 1e-3)
    assert slave.get(VALUES) == pytest.approx(model.step(1.0, 30.0, 1e-3).values(), rel=1e-9, abs=1e-12)
    slave.set([12], [1.5])
    model.tune(kernel_scale=1.5)
    slave.step(1.0, 30.0, 1e-3)
    assert slave.get(VALUES) == pytest.approx(model.step(1.0, 30.0, 1e-3).values(), rel=1e-9, abs=1e-12)
    with pytest.raises(Exception, match="status"):
        slave.set([10], [0.3])


@gcc
@pytest.mark.parametrize("version", [2, 3])
def test_bad_numbers_never_come_out_as_nan(units, version: int, tmp_path: Path) -> None:
    """Not-a-number, infinite and negative inputs and parameters: finite outputs, and the flag that says so."""
    bad = {10: math.nan, 12: -1.0, 13: math.inf, 14: math.nan}
    slave = Slave(units[version], tmp_path / "unit").start(bad)
    assert Flag.VALUE_CLAMPED in Flag(slave.flag())
    good = Slave(units[version], tmp_path / "good").start()
    for speed, spray in [(math.nan, 1e-3), (math.inf, math.nan), (-5.0, -1.0), (1e300, 1e300), (30.0, 1e-3)]:
        for one in (slave, good):
            one.step(1.0, speed, spray)
            assert np.all(np.isfinite(one.get(VALUES))) and np.all(np.isfinite(one.get(ERRORS)))
        assert (Flag.VALUE_CLAMPED in Flag(good.flag())) == (spray != 1e-3 or speed != 30.0)
    for length in (math.nan, -1.0, math.inf):
        with pytest.raises(Exception, match="status"):
            slave.step(length, 30.0, 0.0)


@gcc
def test_extreme_corrections_stay_finite(units, tmp_path: Path) -> None:
    """A hundred times the encounters at full speed and spray: bounded substeps, limited losses, solids kept."""
    slave = Slave(units[2], tmp_path / "unit").start({12: 100.0, 14: 100.0})
    for _ in range(60):
        slave.step(1.0, 450.0, 1.5e-2)
    assert np.all(np.isfinite(slave.get(VALUES + ERRORS)))
    assert slave.get(list(range(300, 312))).sum() == pytest.approx(1.0, abs=1e-12)
    assert Flag.STEP_BOUND in Flag(slave.flag())


def test_same_model_same_bytes(units, tmp_path: Path) -> None:
    """Fixed dates, order and modes, a token that is the hash of the source, and no path in the binary."""
    again = export_fmu(make_description(), tmp_path / "again", VERSION, 2)
    assert again.path.read_bytes() == units[2].path.read_bytes()
    assert again.token == units[2].token != units[3].token
    moved = export_fmu(make_description(charge=0.31), tmp_path / "moved", VERSION, 2)
    assert moved.token != again.token


@gcc
@pytest.mark.parametrize("version", [2, 3])
def test_links_libc_and_libm_only(units, version: int, tmp_path: Path) -> None:
    """Read from the binary itself; and every public function is one of the interface."""
    with zipfile.ZipFile(units[version].path) as archive:
        name = next(one for one in archive.namelist() if one.endswith(".so"))
        library = Path(archive.extract(name, tmp_path))
    needed = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"Shared library: \[(.*?)\]", needed)) <= {"libm.so.6", "libc.so.6"}
    symbols = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    assert all(line.split()[-1].startswith(f"fmi{version}") for line in symbols.splitlines())
    wanted = subprocess.run(
        ["nm", "-D", "--undefined-only", library], capture_output=True, text=True, check=True
    ).stdout
    assert "snprintf" not in wanted


@gcc
@pytest.mark.parametrize("version", [2, 3])
def test_compiles_without_a_warning(version: int, tmp_path: Path) -> None:
    """-Wall -Wextra -std=c99 -pedantic, warnings as errors; and steps allocate nothing: no malloc outside set-up."""
    source, _ = source_text(make_description(), VERSION, version)
    (tmp_path / "model.c").write_text(source)
    files = ["model.c", "-o", "model.so"]
    command = [
        "gcc",
        *COMPILER_OPTIONS,
        *WARNINGS,
        "-Werror",
        "-Wshadow",
        "-Wconversion",
        "-Wno-sign-conversion",
        *files,
    ]
    subprocess.run([*command, *LINKER_OPTIONS], cwd=tmp_path, check=True)
    allocating = re.findall(
        r"^(?:EXPORT |static )?[\w\s*()]*?(\w+)\)?\([^;{]*\)\n\{(?:(?!\n\}).)*?[mc]alloc\(", source, re.M | re.S
    )
    assert {"make_instance", "deserialize"} <= set(allocating)
    assert not any("step" in name.lower() or name in ("fixed_rule", "prepare", "change_of") for name in allocating)


def test_without_a_compiler_sources_are_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    unit = export_fmu(make_description(), tmp_path / "out", VERSION)
    assert not unit.compiled and "sources only, as no gcc is on PATH" in unit.message
    with zipfile.ZipFile(unit.path) as archive:
        assert archive.namelist() == ["modelDescription.xml", "resources/card.json", "sources/example_granulator.c"]
    assert json.loads(unit.card.read_text())["binary"] == "none: sources only"


@gcc
def test_refused_source_is_told() -> None:
    with pytest.raises(SimulationError, match="gcc refuses the exported source"):
        compile_source("int f(void) { return x; }", "broken")


@gcc
def test_host_without_python(units, reference, tmp_path: Path) -> None:
    """A C program that loads the binary by itself gets the same d50, to the printed digits, and the same flags."""
    lines = _run_host(units[2], tmp_path, recorded_input())[0].split("\n")
    got = np.array([[float(part) for part in line.split()] for line in lines if line])
    assert got[:, 0] == pytest.approx(reference["values"][:, CLASSES + 1], rel=1e-9)
    assert np.array_equal(got[:, 1], reference["flags"])


@gcc
def test_cost_of_a_step(tmp_path: Path) -> None:
    """24 classes, two members, all substeps: every step costs the same.

    1 ms is promised, of processor time, as a busy machine takes the processor away for longer than that. The best of
    three runs counts, with a factor three on the longest step for caches and clock rates shared with other work.
    """
    unit = export_fmu(make_description(24), tmp_path / "unit", VERSION)
    rows = [(1.0, 45.0, 1.5e-3)] * 120
    times = [tuple(map(float, _run_host(unit, tmp_path / str(n), rows)[1].split())) for n in range(3)]
    print(f"longest and mean processor time of a step [s]: {times}")
    assert min(mean for _, mean in times) < 1e-3
    assert min(longest for longest, _ in times) < 3e-3


def _run_host(unit: ExportedUnit, folder: Path, rows: list[tuple[float, float, float]]) -> tuple[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(unit.path) as archive:
        library = archive.extract(next(name for name in archive.namelist() if name.endswith(".so")), folder)
    host = folder / "host"
    source = Path(__file__).parent / "fmu_host.c"
    subprocess.run(["gcc", "-std=c99", "-O2", "-Wall", str(source), "-o", str(host), "-ldl"], check=True)
    text = "\n".join(" ".join(f"{value!r}" for value in row) for row in rows)
    done = subprocess.run([host, library, unit.token], input=text, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_card_tells_what_the_model_is(units) -> None:
    card = json.loads(units[2].card.read_text())
    assert [entry["name"] for entry in card["inputs"]] == ["impeller_speed", "spray_rate"]
    assert card["inputs"][0]["unit"] == "rad/s"
    assert card["validity"]["impeller_speed_rad_per_s"] == [20.0, 45.0]
    assert card["efficiency"]["value"] == 1.0
    assert card["standard_error"]["frozen_kernel_relative_d10_d50_d90"] == [0.05, 0.04, 0.06]
    assert set(card["flag_bits"]) == {str(int(bit)) for bit in Flag}
    assert set(card["sha256"]) == {"source", "coupling", "dem", "pbm", "compute"}
    with zipfile.ZipFile(units[2].path) as archive:
        assert json.loads(archive.read("resources/card.json")) == card


def test_what_cannot_be_exported_is_told(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"fmi: no such version of FMI \(got 1\); expected 2 or 3"):
        export_fmu(make_description(), tmp_path, VERSION, 1)
    with pytest.raises(CaseError, match=r"classes: too many classes to export.*got 120.*<= 99"):
        export_fmu(make_description(120), tmp_path, VERSION)
    with pytest.raises(CaseError, match="not finite"):
        number(math.nan)
    assert identifier_of("3 tanks, wet!") == "model_3_tanks_wet"
    assert set(fmu_module.PLATFORMS) == {2, 3}
