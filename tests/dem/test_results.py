"""Material properties of a run: means, their errors, and stresses in a ring, against the sums written out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from compute import get_backend
from compute.errors import SimulationError
from coupling.case_file import read_case
from coupling.replicas import results_of
from coupling.shipped import find_case
from dem.case_observables import Observables
from dem.case_results import Mean, RingShear
from dem.observation import ANGLE, ANGLE_ERROR, BULK_DENSITY, COLUMNS, OBSERVABLES_NAME
from dem.results import Measurement, load_results, mean_of, ratio_of, ring_shear, scatter
from dem.simulation import Simulation, Watch
from dem.table import Table
from dem.wall_loads import WallLoads

RECORD = np.random.default_rng(5).normal(30.0, 2.0, 64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A record of 64 angles from 1 s on, each with a fit error of 0.5, and of one density."""
    table = Table(tmp_path / OBSERVABLES_NAME, COLUMNS)
    for at, angle in enumerate(RECORD.tolist()):
        time = 1.0 + 0.01 * at
        table.append(
            [[time, "heap", ANGLE, angle], [time, "heap", ANGLE_ERROR, 0.5], [time, "bed", BULK_DENSITY, 900.0]]
        )
    return tmp_path


def test_the_mean_of_a_record_and_its_error(folder: Path) -> None:
    """Eight means of eight values each; the fit's own error does not shrink with their number."""
    found = mean_of(Mean(kind="mean", name="a", of="heap"), folder)
    parts = RECORD.reshape(8, 8).mean(axis=1)
    assert (found.value, found.unit) == (pytest.approx(RECORD.mean()), "deg")
    assert found.error == pytest.approx(math.hypot(parts.std(ddof=1) / math.sqrt(8), 0.5))
    assert mean_of(Mean(kind="mean", name="b", of="bed"), folder) == Measurement("b", 900.0, 0.0, "kg/m3")


def test_the_time_of_a_mean(folder: Path) -> None:
    """From start to end, both counted; a single value has no scatter; nothing at all is told."""
    found = mean_of(Mean(kind="mean", name="a", of="heap", start=1.1 - 1e-9, end=1.13 + 1e-9), folder)
    assert found.value == pytest.approx(RECORD[10:14].mean())
    assert scatter(np.array([3.0])) == 0.0
    with pytest.raises(SimulationError, match=r"'a'.*'heap'.*from 5 s on"):
        mean_of(Mean(kind="mean", name="a", of="heap", start=5.0), folder)


def test_errors_of_means_are_what_repeats_show() -> None:
    """Over 2000 records of a process that remembers 10 of its 400 values, error and scatter agree within 15 %.

    Parts of 50 values are correlated by 0.1 still, which makes the error some 10 % too small.
    """
    generator, memory = np.random.default_rng(1), 0.9
    noise = generator.normal(size=(2000, 500))
    records = np.zeros((2000, 500))
    for at in range(1, 500):
        records[:, at] = memory * records[:, at - 1] + noise[:, at]
    records = records[:, 100:]
    told = math.sqrt(float(np.mean([scatter(record) ** 2 for record in records])))
    assert told == pytest.approx(records.mean(axis=1).std(), rel=0.15)


def test_the_error_of_a_ratio() -> None:
    """Relative errors in quadrature: 3 % and 4 % make 5 %."""
    found = ratio_of("h", Measurement("t", 1200.0, 48.0, "kg/m3"), Measurement("p", 1000.0, 30.0, "kg/m3"))
    assert (found.value, found.unit) == (1.2, "")
    assert found.error == pytest.approx(0.05 * 1.2)


def test_the_stresses_in_a_ring() -> None:
    """A shear stress that is the same everywhere has the torque Int tau r 2 pi r dr, summed here in thin rings.

    Friction that stays the same while the stresses swing by 20 % has no error.
    """
    case = read_case(find_case("shear-cell")).dem
    assert case is not None
    inner, outer, friction = 0.01, 0.02, 0.4
    sigma = 1000.0 * (1.0 + 0.2 * np.sin(np.arange(16.0)))
    edges = np.linspace(inner, outer, 2001)
    middle, area = 0.5 * (edges[1:] + edges[:-1]), math.pi * np.diff(edges**2)
    names = tuple(wall.name for wall in case.walls)
    force, torque = np.zeros((16, len(names), 3)), np.zeros((16, len(names), 3))
    at = names.index("lid")
    force[:, at, 2] = sigma * area.sum()
    torque[:, at, 2] = -friction * sigma * float((middle * area).sum())
    loads = WallLoads(np.arange(16.0), 1.0, names, force, torque, np.zeros((16, len(names))))
    result = RingShear(kind="ring-shear", name="mu", wall="lid", inner_radius=inner, outer_radius=outer)
    found = {each.name: each for each in ring_shear(result, case, loads)}
    assert found["mu"].value == pytest.approx(friction, rel=1e-6) and found["mu"].error < 1e-12
    assert found["mu: angle"].value == pytest.approx(math.degrees(math.atan(friction)), rel=1e-6)
    assert found["mu: normal stress"].value == pytest.approx(sigma.mean(), rel=1e-12)
    assert found["mu: shear stress"].error == pytest.approx(scatter(friction * sigma), rel=1e-6)


def test_a_run_tells_and_stores_its_results(tmp_path: Path) -> None:
    """Two spheres in a box region around them: their mass over its volume, in the report of the run and in its file."""
    case = read_case(find_case("two-spheres"), [
        "dem.time.settle=0 s", "dem.time.end=20 us", "dem.time.step=1 us",
        "dem.observables={interval: 5 us, densities: [{name: all, region: {shape: box, low: [-1, -1, -1],"
        " high: [1, 1, 1]}}], results: [{kind: mean, name: density, of: all}]}",
    ])  # fmt: skip
    assert case.dem is not None
    folder, told = tmp_path / "dem" / "run", []
    folder.mkdir(parents=True)
    simulation = Simulation(case.dem, get_backend("python"), case.seed, folder)
    mass = float(simulation.engine.host_particles().row[:, 7].sum())
    simulation.run(Watch(told=told.append))
    found = load_results(folder / "results.json")["density"]
    assert found.value == pytest.approx(mass / 8.0, rel=1e-9) and found == results_of(tmp_path)["density"]
    assert told[-1].startswith("density = ") and told[-1].endswith("kg/m3")
    assert json.loads((folder / "results.json").read_text())[0]["unit"] == "kg/m3"
    assert results_of(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize(
    ("results", "key"),
    [
        ([{"kind": "mean", "name": "a", "of": "bad"}], "results.0.of"),
        ([{"kind": "mean", "name": "a", "of": "heap"}, {"kind": "mean", "name": "a", "of": "heap"}], "results.1.name"),
        ([{"kind": "ratio", "name": "r", "of": ["a", "a"]}], "results.0.of"),
        ([{"kind": "mean", "name": "a", "of": "heap", "start": 2.0, "end": 1.0}], "end"),
    ],
)
def test_results_that_rest_on_nothing(results: list[dict[str, Any]], key: str) -> None:
    """Told with the key."""
    surface = {"kind": "heap", "name": "heap", "radius": 0.01}
    with pytest.raises(ValidationError) as caught:
        Observables.model_validate({"interval": 0.1, "surfaces": [surface], "results": results})
    assert key in str(caught.value.errors())
