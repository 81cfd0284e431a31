"""The report's sections on flow, on what was measured on the bed, and on the loads on walls: the files' own numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coupling.case_file import read_case
from coupling.report.contents import Figure, Quantity, Section, Table
from coupling.report.flow import flow_section
from coupling.report.observables import loads_section, observables_section
from coupling.report.record import RunRecord
from dem import table
from dem.flow import EXIT_COLUMNS, EXITS_NAME, FLOW_COLUMNS, FLOW_NAME
from dem.observation import COLUMNS, OBSERVABLES_NAME
from dem.outlet_blends import SAMPLES_COLUMNS, SAMPLES_NAME
from dem.simulation import LOADS_NAME
from dem.wall_loads import WallLoads
from tests.dem.chute import CHUTE


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    """A run folder with tables made by hand: 30 fed, 10 left at ages 1 to 10 s, 20 held."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "case.yaml").write_text(CHUTE)
    window = folder / "dem" / "run"
    window.mkdir(parents=True)
    flow = table.Table(window / FLOW_NAME, FLOW_COLUMNS)
    for time, numbers in ((0.0, (0, 0, 0)), (20.0, (30, 20, 10))):
        flow.append(
            [time, what, outlet, "active", "drug", number, 1e-6 * number, 0.0]
            for (what, outlet), number in zip((("fed", ""), ("held", ""), ("removed", "chute")), numbers)
        )
    exits = table.Table(window / EXITS_NAME, EXIT_COLUMNS)
    exits.append([10.0 + age, age, "drug", "active", "chute", float(age), 1e-6] for age in range(1, 11))
    observables = table.Table(window / OBSERVABLES_NAME, COLUMNS)
    quantities = {
        "share": 0.1,
        "samples": 8,
        "parcels": 20.0,
        "lacey": 0.875,
        "rsd": 0.5,
        "grain_rsd": 0.25,
        "error": 0.01,
    }
    for time in (0.0, 1.0):
        observables.append([time, "blend", quantity, value] for quantity, value in quantities.items())
        observables.append([[time, "bed", "coordination", 4.0 + time]])
    loads = np.zeros((2, 1, 3))
    loads[:, 0, 1] = [2.0, 4.0]
    motion = np.array([[5.0], [7.0]])
    WallLoads(np.array([0.0, 1.0]), 1.0, ("slope",), loads, 0.1 * loads, motion).save(window / LOADS_NAME)
    return RunRecord(read_case(folder / "case.yaml", ()), folder)


def tables(section: Section) -> list[list[str]]:
    return [[str(cell) for cell in row] for block in section.blocks if isinstance(block, Table) for row in block.rows]


def test_flow(run: RunRecord) -> None:
    """Account in numbers and mass, and mean age 5.5 s with the standard deviation of 1 to 10, 3.03 s."""
    section = flow_section(run)
    account, ages = tables(section)
    assert account == ["active", "30", "30.00 mg", "10", "10.00 mg", "20", "20.00 mg", "0"]
    assert ages[:4] == ["active", "drug", "10", "20"] and ages[4] == "(5.50 ± 0.96) s" and ages[5] == "3.03 s"
    assert sum(isinstance(block, Figure) for block in section.blocks) == 2


def test_observables(run: RunRecord) -> None:
    """The last values of the blend with their error, and everything else with the mean of its second half."""
    section = observables_section(run)
    blend, bed = tables(section)
    assert blend == ["blend", "0.100", "8", "20", "0.875", "0.500", "0.250 ± 0.010"]
    assert bed == ["bed", "coordination", "5", "5"]
    assert sum(isinstance(block, Figure) for block in section.blocks) == 1


def test_blend_at_an_outlet(tmp_path: Path) -> None:
    """Twenty-one parcels of 10 mg left, two of one class and two of the other: samples of 20 mg hold all or nothing.

    Ten of them are complete, RSD sqrt(10/9); there is less than a parcel in 2 mg, and no two samples of 200 mg. What
    left before the start, and through other outlets, is not there.
    """
    (tmp_path / "case.yaml").write_text(
        CHUTE.replace("sample_mass: 20 mg, start: 5 ms", "sample_mass: 20 mg, start: 1 s")
    )
    run = RunRecord(read_case(tmp_path / "case.yaml", ()), tmp_path)
    window = tmp_path / "dem" / "run"
    window.mkdir(parents=True)
    left = [(0.5, "coarse", "chute"), (2.0, "coarse", "other")]
    left += [(2.0 + at, "coarse" if at // 2 % 2 else "fine", "chute") for at in range(21)]
    exits = table.Table(window / EXITS_NAME, EXIT_COLUMNS)
    exits.append([time, at, kind, "start", outlet, 1.0, 1e-5] for at, (time, kind, outlet) in enumerate(left))
    samples = table.Table(window / SAMPLES_NAME, SAMPLES_COLUMNS)
    samples.append([3.0 + 2.0 * at, "leaving", at, 2e-5, float(at % 2)] for at in range(10))
    observables = table.Table(window / OBSERVABLES_NAME, COLUMNS)
    for quantity in ("lacey", "rsd", "grain_rsd"):
        observables.append([[20.0, "leaving", quantity, 1.0]])
    section = observables_section(run)
    (row,) = tables(section)
    assert row[:7] == ["leaving", "chute", "20.0 mg", "10", "2", "50 %", "105 %"]
    assert sum(isinstance(block, Figure) for block in section.blocks) == 1


def test_loads(run: RunRecord) -> None:
    """Two blocks of 2 and 4 N: 3 N with the standard error 1/sqrt 2; no motion: the torque about z."""
    (row,) = tables(loads_section(run))
    force = str(Quantity(3.0, "N", 2.0**-0.5))
    assert row == ["run", "slope", "(0 ± 0) N", force, "(0 ± 0) N", "(0 ± 0) N m", "(6.00 ± 0.71) W"]


def test_nothing_to_report(tmp_path: Path, run: RunRecord) -> None:
    """An empty folder says what is missing, section by section."""
    empty = RunRecord(run.case, tmp_path)
    for make in (flow_section, observables_section, loads_section):
        (block,) = make(empty).blocks
        assert block.kind == "notice"
