"""Every shipped case does what its `expected.yaml` says.

Each quantity of the file is computed here under its name, so that one that nobody computes fails. The long cases run
with --validate.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from compute import get_backend
from coupling.calibration.driver import calibrate
from coupling.calibration.predict import Prediction
from coupling.calibration.problem import read_problem
from coupling.calibration.report import write_results
from coupling.case import Case
from coupling.case_file import read_case
from coupling.driver import run as run_case
from coupling.progress import Progress
from coupling.run_folder import BLEND
from dem.case_time import Passages
from dem.output import SNAPSHOT_NAME
from dem.particles import MASS, RADIUS, VX, WX, X
from dem.results import RESULTS_NAME, load_results
from dem.simulation import STATISTICS_NAME, Simulation
from dem.snapshots import read_snapshot
from dem.statistics_result import EncounterStatistics
from pbm.blending import BlendingCourse
from pbm.blending_run import make_blending, uniformity_at
from pbm.case_blending import BlendingCase
from pbm.granulation import Granulation as PbmGranulation
from pbm.result import GranulationResult

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT / "cases"


def expectations(name: str) -> list[dict[str, Any]]:
    """The quantities of a case's expected.yaml."""
    found: list[dict[str, Any]] = YAML(typ="safe").load(CASES / name / "expected.yaml")["quantities"]
    return found


def assert_expected(expected: dict[str, Any], value: Any, standard_error: float = 0.0) -> None:
    """Compare a value with what is expected: a range, or a value with relative, absolute and statistical tolerance."""
    name = f"{expected['name']} of {expected['of']}"
    print(f"{name}: {value}")
    if "range" in expected:
        low, high = expected["range"]
        assert low <= value <= high, f"{name}: {value}, expected {low} to {high}"
        return
    right = np.asarray(expected["value"], float)
    allowed = np.abs(right) * expected["tolerance"] + expected.get("absolute", 0.0)
    allowed = allowed + expected.get("standard_errors", 0) * standard_error
    difference = np.abs(np.asarray(value, float) - right)
    assert np.all(difference <= allowed), f"{name}: {value}, expected {right} within {allowed}"


@dataclass
class Outcome:
    """A finished particle simulation: the case, columns by id at the start and at the end, and its statistics."""

    case: Case
    start: Any
    end: Any
    statistics: EncounterStatistics | None


def simulate(name: str, backend: str, *assignments: str) -> Outcome:
    """Run the particles of a shipped case, changed."""
    case = read_case(CASES / name / "case.yaml", assignments)
    assert case.dem is not None
    simulation = Simulation(case.dem, get_backend(backend, 1), case.seed)

    def rows() -> Any:
        host = simulation.engine.host_bodies()
        return host.row[np.argsort(host.id)].copy()

    start = rows()
    statistics = simulation.run()
    return Outcome(case, start, rows(), statistics)


@pytest.mark.parametrize("backend", ["python", "cpu"])
def test_two_spheres(backend: str) -> None:
    """Velocities and spins after the impact agree with the peer code to 1e-6.

    On the CPU after the gas: the loops of its periodic box and those of the open box live in one process.
    """
    if backend == "cpu":
        simulate("gas", "cpu", "dem.statistics.blocks=1")
    outcome = simulate("two-spheres", backend)
    columns = {"final velocity": slice(VX, VX + 3), "final spin": slice(WX, WX + 3)}
    for expected in expectations("two-spheres"):
        if expected["name"] == "momentum":
            assert_expected(expected, (outcome.end[:, MASS, None] * outcome.end[:, VX : VX + 3]).sum(axis=0))
        else:
            assert_expected(expected, outcome.end[int(expected["of"].split()[1]), columns[expected["name"]]])


def gas_quantities(outcome: Outcome) -> dict[str, tuple[float, float]]:
    """Value and standard error of each quantity of the gas."""
    statistics, start = outcome.statistics, outcome.start
    assert statistics is not None
    sigma, d, g0 = math.sqrt((start[:, VX : VX + 3] ** 2).mean()), 2.0 * start[0, RADIUS], 1.0255
    rate, theory = statistics.encounter_rate(), 4.0 * math.sqrt(math.pi) * sigma * d**2 * g0
    mean, square = statistics.speed_moments()
    root = math.sqrt(math.pi)
    energy = [float((row[:, MASS, None] * row[:, VX : VX + 3] ** 2).sum()) for row in (outcome.end, start)]
    at = (0, 0, 0)
    return {
        "encounter rate constant over 4 sqrt(pi) sigma d^2 g0": (
            rate.value[at] / theory, math.sqrt(rate.variance[at]) / theory,
        ),
        "mean normal speed at first touch over sqrt(pi) sigma": (
            mean.value[at] / (root * sigma), mean.standard_error[at] / (root * sigma),
        ),
        "mean square normal speed at first touch over 4 sigma^2": (
            square.value[at] / (4 * sigma**2), square.standard_error[at] / (4 * sigma**2),
        ),
        "kinetic energy at the end over that at the start": (energy[0] / energy[1], 0.0),
    }  # fmt: skip


@pytest.mark.parametrize("blocks", [6, pytest.param(24, marks=pytest.mark.validate)])
def test_gas(blocks: int) -> None:
    """A quarter of the shipped window, and the whole of it with --validate."""
    found = gas_quantities(simulate("gas", "cpu", f"dem.statistics.blocks={blocks}"))
    for expected in expectations("gas"):
        assert_expected(expected, *found[expected["name"]])


SHORTENED = {"rotating-drum": ["dem.statistics.blocks=4"]}
"""Changes that leave the statement of a case as it is, at less than half of its cost."""


@pytest.mark.validate
@pytest.mark.parametrize("name", ["rotating-drum", "tablets-in-a-drum"])
def test_rotating_drum(name: str) -> None:
    """Counts and volumes are exact; the bed's tilt is bounded after a turn in which it finds its place, and a half."""
    outcome = simulate(name, "cpu", *SHORTENED.get(name, ()))
    row, statistics = outcome.end, outcome.statistics
    assert statistics is not None
    centre = (row[:, MASS, None] * row[:, X : X + 3]).sum(axis=0) / row[:, MASS].sum()
    found = {
        "number of particles": len(row),
        "solid volume": float(
            statistics.solid_volume_time.sum() / statistics.block_time.sum()
        ),
        "angle of the bed's centre of mass from straight below, towards the rising side (x < 0)": math.degrees(
            math.atan2(-centre[0], -centre[2])
        ),
    }  # fmt: skip
    for expected in expectations(name):
        assert_expected(expected, found[expected["name"]])


def granulator_quantities(folder: Path) -> dict[str, list[float]]:
    """The quantities of the granulator from the files of a finished run; several values for those of each window."""
    result = GranulationResult.load(folder / "pbm" / "distribution.h5")
    dem = read_case(folder / "case.yaml").dem
    assert dem is not None and dem.statistics is not None and isinstance(dem.statistics.block, Passages)
    passages, windows = dem.statistics.block.count, sorted((folder / "dem").iterdir())
    return {
        "d50 of the feed by volume": [result.d50[0]],
        "d10 of the feed by volume": [result.d10[0]],
        "d90 of the feed by volume": [result.d90[0]],
        "growth of d50": [result.d50[-1] / result.d50[0]],
        "moisture": [result.moisture[-1]],
        "solids balance": [result.worst_imbalance[0]],
        "number of parcels": [len(read_snapshot(path / SNAPSHOT_NAME, -1)["position"]) for path in windows],
        "blade passages counted": [
            passages * len(EncounterStatistics.load(path / STATISTICS_NAME).block_time) for path in windows
        ],
    }


@pytest.mark.validate
def test_high_shear_granulator(tmp_path: Path) -> None:
    """The whole chain from the command line, and the files that it must leave."""
    words = [sys.executable, "-c", "from coupling.cli import main; main()", "run", "high-shear-granulator"]
    done = subprocess.run([*words, "--out", str(tmp_path / "run")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = granulator_quantities(tmp_path / "run")
    for expected in expectations("high-shear-granulator"):
        for value in found[expected["name"]]:
            assert_expected(expected, value)
    assert (tmp_path / "run" / "report.html").exists() and (tmp_path / "run" / "reduced" / "model.h5").exists()
    assert list((tmp_path / "run" / "export").glob("*.fmu")), "no FMU was written"


def calibration_quantities(predictions: list[Prediction], reduced: float) -> dict[tuple[str, str], list[float]]:
    """The quantities of a calibration: of the fitted runs one value each, and of the predicted one."""
    fitted, difference = "each fitted run", "root mean square difference of the cumulative volume"
    found: dict[tuple[str, str], list[float]] = {("chi-square over degrees of freedom", "four fitted runs"): [reduced]}
    for prediction in predictions:
        of = fitted if prediction.used else f"predicted run {prediction.name}"
        assert prediction.curve is not None
        found.setdefault((difference, of), []).append(prediction.curve.root_mean_square)
        for name in ("d50", "d90"):
            found.setdefault((f"relative error of {name}", of), []).append(prediction.sizes[name].relative or 0.0)
        time = prediction.values["residence_time"].relative or 0.0
        found.setdefault(("relative error of the mean residence time", of), []).append(time)
    return found


@pytest.mark.validate
def test_twin_screw_calibration(tmp_path: Path) -> None:
    """The whole calibration of the shipped measurements, its predicted run, and its picture."""
    calibrated = calibrate(read_problem(CASES / "twin-screw-calibration" / "experiments.yaml"))
    write_results(calibrated, tmp_path)
    certainty = calibrated.certainty
    found = calibration_quantities(calibrated.predictions, certainty.chi_square / certainty.freedom)
    for expected in expectations("twin-screw-calibration"):
        for value in found[expected["name"], expected["of"]]:
            assert_expected(expected, value)
    assert (tmp_path / "sizes.png").stat().st_size > 10000 and "N16" in (tmp_path / "report.md").read_text()


def continuous_quantities(folder: Path) -> dict[tuple[str, str], float]:
    """The quantities of the continuous granulator, from the folder of its run."""
    case, batch = read_case(folder / "case.yaml"), GranulationResult.load(folder / "pbm" / "distribution.h5")
    assert case.pbm is not None
    model = PbmGranulation(case.pbm, compiled=False)
    held = batch.states[-1, :, 0] * batch.solid_volume
    last, parts = batch.states[-1, -1], model.cells.components @ batch.states[-1, :, 0].sum(axis=0)
    wet = float(last[1:3].sum()) * case.pbm.liquid.density / (held[-1].sum() * case.pbm.solid_density)
    before = int(np.searchsorted(batch.time, case.pbm.liquid.spray.start))
    masses = held.sum(axis=1) * case.pbm.solid_density
    return {
        ("dry solids in every compartment", "end"): masses[np.argmax(np.abs(masses / masses.mean() - 1.0))],
        ("moisture of the last compartment", "end"): wet,
        ("share of the second solid", "end"): parts[1] / parts.sum(),
        ("worst relative error of a balance at any step", "run"): max(batch.worst_imbalance),
        ("d50", "before the spray"): batch.d50[before],
        ("d50", "end"): batch.d50[-1],
    }


@pytest.mark.validate
def test_continuous_granulator(tmp_path: Path) -> None:
    """The published reference granulator from the command line, with its report."""
    words = [sys.executable, "-c", "from coupling.cli import main; main()", "run", "continuous-granulator"]
    done = subprocess.run([*words, "--out", str(tmp_path / "run")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = continuous_quantities(tmp_path / "run")
    for expected in expectations("continuous-granulator"):
        assert_expected(expected, found[expected["name"], expected["of"]])
    assert (tmp_path / "run" / "report.html").exists()


def blender_quantities(case: BlendingCase, course: BlendingCourse) -> dict[tuple[str, str], float]:
    """The quantities of the blender."""
    residence = make_blending(case).residence("drug")
    found, shares = uniformity_at(case, course, case.samples.mass)
    return {
        ("mean residence time", "screw"): residence.mean,
        ("relative variance of the residence time", "screw"): residence.relative_variance,
        ("share of drug in what leaves", "end"): float(course.share("drug")[-1]),
        ("amplitude of the ripple, out over in", "screw"): abs(residence.response([1.0 / 60.0])[0]),
        ("relative standard deviation by random grains", "samples of 200 mg"): math.sqrt(found.random) / shares.mean(),
        ("error of the mass balance", "all powders"): course.imbalance,
    }


def test_continuous_blender(tmp_path: Path) -> None:
    """The blender from its file to its report, through the driver."""
    case = read_case(CASES / "continuous-blender" / "case.yaml")
    assert case.blending is not None
    with Progress(stream=StringIO()) as progress:
        run_case(case, tmp_path, progress)
    found = blender_quantities(case.blending, BlendingCourse.load(tmp_path / BLEND))
    for expected in expectations("continuous-blender"):
        assert_expected(expected, found[expected["name"], expected["of"]])
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Residence times and damping" in page and "by random grains" in page and "rsd-1" in page


MATERIAL_TESTS = ("angle-of-repose", "drum-angle", "tapped-density", "shear-cell")


@pytest.mark.validate
@pytest.mark.parametrize("name", MATERIAL_TESTS)
def test_material_test(tmp_path: Path, name: str) -> None:
    """What a bench test measures, from the file of its run; of the shear cell the load on its lid too."""
    case = read_case(CASES / name / "case.yaml")
    assert case.dem is not None
    Simulation(case.dem, get_backend("cpu", 1), case.seed, tmp_path).run()
    results = load_results(tmp_path / RESULTS_NAME)
    for expected in expectations(name):
        assert_expected(expected, results[expected["name"]].value, results[expected["name"]].error)


TESTED: dict[str, Callable[..., None]] = {name: test_material_test for name in MATERIAL_TESTS} | {
    "continuous-blender": test_continuous_blender,
    "two-spheres": test_two_spheres,
    "gas": test_gas,
    "rotating-drum": test_rotating_drum,
    "tablets-in-a-drum": test_rotating_drum,
    "high-shear-granulator": test_high_shear_granulator,
    "twin-screw-calibration": test_twin_screw_calibration,
    "continuous-granulator": test_continuous_granulator,
}


def test_every_case_has_expectations_and_a_test() -> None:
    """A case without numbers, or whose numbers no test reads, would prove nothing."""
    folders = {path.parent.name for file in ("case", "experiments") for path in CASES.glob(f"*/{file}.yaml")}
    assert folders == {path.parent.name for path in CASES.glob("*/expected.yaml")}
    assert folders == set(TESTED), "a case without a test, or a test without a case"
    for name in folders:
        for expected in expectations(name):
            assert {"name", "of", "unit", "source"} <= set(expected)
            assert "range" in expected or {"value", "tolerance"} <= set(expected)
