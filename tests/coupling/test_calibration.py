"""Calibration: truth recovered within its stated covariance, what the data cannot tell named, files and resumption."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from compute.errors import StateSaved
from coupling.calibration.certainty import Certainty, certainty_of
from coupling.calibration.driver import calibrate, make_calibration_folder
from coupling.calibration.fitting import CALIBRATION
from coupling.calibration.problem import Problem, read_problem
from coupling.calibration.report import as_text, write_results
from coupling.calibration.search import Bench, Found, chi_square, search, starting_points
from coupling.calibration.state import SearchState
from coupling.interrupt import StopRequest
from coupling.progress import LOG_NAME, Progress
from tests.coupling.calibration_text import FEED, LAW, write_experiments


def exact_bench(path: Path) -> tuple[Bench, list[np.ndarray]]:
    """The experiments with exactly what the model gives at the file's own values, and these values."""
    bench = Bench(read_problem(path))
    places = np.array(bench.problem.given())
    exact = [target.predicted(bench.answer(places, index)) for index, target in enumerate(bench.targets)]
    bench.targets = [replace(target, measured=values) for target, values in zip(bench.targets, exact)]
    return bench, exact


@pytest.mark.parametrize("seeds", [6, pytest.param(60, marks=pytest.mark.validate)])
def test_truth_lies_within_the_stated_covariance(tmp_path: Path, seeds: int) -> None:
    """Gaussian noise of the stated errors on the model's own values, fitted anew for every seed of the noise.

    (p - truth)^T C^-1 (p - truth) is chi-square with as many degrees of freedom as parameters, and chi-square of the
    residuals has values less parameters (Press et al., Numerical Recipes, 15.6). Summed over the seeds both lie in
    the middle 99.8 % of their distribution: a covariance wrong by a factor of two fails.
    """
    bench, exact = exact_bench(write_experiments(tmp_path))
    truth = np.array(bench.problem.given())
    random = np.random.Generator(np.random.Philox(11))
    distance = residual = 0.0
    for _ in range(seeds):
        bench.targets = [
            replace(target, measured=values + target.errors * random.standard_normal(values.size))
            for target, values in zip(bench.targets, exact)
        ]
        found = search(bench, truth)
        certainty = certainty_of(bench, found, [found])
        apart = certainty.places - truth
        distance += float(apart @ np.linalg.solve(certainty.covariance, apart))
        residual += found.chi_square
    assert certainty.freedom == 15 - 3
    for total, freedom in ((distance, 3 * seeds), (residual, 12 * seeds)):
        assert chi2.ppf(0.001, freedom) < total < chi2.ppf(0.999, freedom)


def test_search_finds_the_truth_from_elsewhere(tmp_path: Path) -> None:
    """Without noise the end of a search from a far start is the truth, to well below a standard error."""
    bench, _ = exact_bench(write_experiments(tmp_path))
    found = search(bench, np.array([0.8, 0.3, 0.25]))
    certainty = certainty_of(bench, found, [found])
    assert found.converged and found.chi_square < 1e-3
    assert np.all(np.abs(certainty.places - 0.5) < 0.1 * certainty.deviations)
    assert not any("bound" in warning or "misses" in warning for warning in certainty.warnings)


def certain(path: Path, places: list[float]) -> Certainty:
    bench, _ = exact_bench(path)
    found = Found(tuple(places), chi_square(bench.residuals(np.array(places))), 1, True)
    return certainty_of(bench, found, [found])


EFFICIENCY = (
    "  - {key: pbm.breakage_scale, low: 0.1, high: 10}\n",
    "  - {key: pbm.efficiency, low: 0.1, high: 1}\n",
)


def test_a_product_of_two_parameters_is_named(tmp_path: Path) -> None:
    """kernel_scale and efficiency multiply: only their product has a meaning for the data, and the report says so.

    In places the direction that changes nothing is (ln 10, -ln 25), in units of one over the spans of both scales.
    """
    bench, _ = exact_bench(write_experiments(tmp_path, EFFICIENCY))
    places = np.array([0.5, 0.5, 0.8])
    found = Found(tuple(places), chi_square(bench.residuals(places)), 1, True)
    certainty = certainty_of(bench, found, [found])
    told = " ".join(certainty.warnings)
    assert "say less than the bounds about the combination" in told and "singular value" in told
    assert "kernel_scale and efficiency are correlated by -0." in told
    assert certainty.singular_values[-1] < 1e-2 * certainty.singular_values[0]
    across = np.array([np.log(10.0), 0.0, -np.log(25.0)])
    across /= np.linalg.norm(across)
    values, vectors = np.linalg.eigh(certainty.covariance)
    assert abs(vectors[:, -1] @ across) > 0.999
    # Without data along it, the direction is as wide as a number between nil and one.
    assert values[-1] == pytest.approx(1.0 / 12.0, rel=0.05)


def test_parameters_at_their_bounds_are_named(tmp_path: Path) -> None:
    """An end at the upper bound is told with the bound's value."""
    told = certain(write_experiments(tmp_path), [0.5, 0.5, 1.0]).warnings
    assert "breakage_scale lies at its upper bound 10: widen it, or fix the parameter" in told


def test_errors_that_are_too_small_widen_the_intervals(tmp_path: Path) -> None:
    """A model that misses the data by more than their errors is told, and intervals grow by sqrt(chi2/freedom)."""
    certainty = certain(write_experiments(tmp_path), [0.7, 0.5, 0.5])
    assert certainty.widening == pytest.approx(np.sqrt(certainty.chi_square / 12)) and certainty.widening > 2.0
    assert any("misses the data" in warning for warning in certainty.warnings)


def test_starts_are_seeded_and_cover_the_bounds(tmp_path: Path) -> None:
    """The same seed gives the same starts, another one others; the first is the file's own."""
    path = write_experiments(tmp_path)
    first, again = (starting_points(Bench(read_problem(path))) for _ in range(2))
    other = starting_points(Bench(read_problem(path, ["seed=4"])))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.shape == (2, 3) and np.allclose(first[0], 0.5)


POPULATION = f"""\
name: sizes
starts: 1
candidates: 1
population:
  feed: {{distribution: {FEED}}}
  grid: {{classes: 16, smallest_diameter: 4 um, largest_diameter: 4 mm}}
  zones:
    - {{name: conveying, kernel: {{name: shear, shear_rate: 0.2 1/s}}}}
    - name: kneading
      share: 3
      breakage: {{rate: {{name: power, rate: 1 1/s, reference_volume: 1 mm^3, exponent: 0.33}}}}
  end: 20 s
parameters:
  - {{key: population.zones.conveying.kernel.shear_rate, low: 50 1/ks, high: 1 1/s}}
  - {{key: population.end, name: time, low: 5 s, high: 1 min, scale: linear}}
experiments:
  - name: one
    set: {{population.zones.kneading.breakage.rate.rate: 2 1/s}}
    measured: {{d50: {{value: 90 um, error: 3 um}}, residence_time: {{value: 0.5 min, error: 1 s}}}}
"""


def sizes_problem(folder: Path, *assignments: str) -> Problem:
    path = folder / "experiments.yaml"
    path.write_text(POPULATION, encoding="utf-8")
    return read_problem(path, assignments)


def test_population_through_two_zones(tmp_path: Path) -> None:
    """Units are read where a number belongs; zones share the time; as many values as unknowns are met exactly."""
    problem = sizes_problem(tmp_path)
    assert [(one.low, one.high) for one in problem.variables] == [(0.05, 1.0), (5.0, 60.0)]
    model = problem.model([0.5, 0.5], 0)
    assert model.population is not None
    assert model.population.zones[1].breakage.rate["rate"] == 2.0
    calibrated = calibrate(problem, Progress(stream=StringIO()))
    assert calibrated.best.chi_square < 1e-3
    assert calibrated.estimates["time"] == pytest.approx(30.0, rel=1e-3)
    compared = calibrated.predictions[0].values
    assert compared["d50"].predicted == pytest.approx(90e-6, rel=1e-3)
    assert "no more measured values than parameters (+0)" in as_text(calibrated)


def test_profile_of_a_time_is_that_of_its_measurement(tmp_path: Path) -> None:
    """30 s with an error of 1 s, the shear rate free to keep d50: chi-square rises as (t - 30)^2, 1.96 s at 95 %.

    1 % of that for the search's convergence. The record, the report and a picture hold it.
    """
    calibrated = calibrate(sizes_problem(tmp_path, "profiles=true"), Progress(stream=StringIO()))
    profile = calibrated.profiles[1]
    low, high = profile.interval
    assert low == pytest.approx(30.0 - 1.96, abs=0.02) and high == pytest.approx(30.0 + 1.96, abs=0.02)
    for place, value in zip(profile.places, profile.chi_squares):
        assert value == pytest.approx((profile.variable.value(place) - 30.0) ** 2, rel=0.02, abs=0.01)
    write_results(calibrated, tmp_path)
    record = json.loads((tmp_path / "calibration.json").read_text())
    assert record["profiles"][1]["interval"] == [low, high]
    assert f"{low:.4g} to {high:.4g}" in (tmp_path / "report.md").read_text()
    assert (tmp_path / "profiles.png").stat().st_size > 1000


CONTINUOUS = f"""\
name: line
starts: 1
candidates: 1
pbm:
  feed: {{distribution: {FEED}, charge: 0 kg}}
  grid: {{classes: 8, smallest_diameter: 4 um, largest_diameter: 4 mm}}
  liquid: {{spray: {{rate: 0 kg/s, end: 1 s}}}}
  kernel_scale: 1.0e-9
  breakage: {{on: false}}
  end: 60 s
  compartments:
    lines: [{{name: screw, compartments: 3, length: 30 cm, velocity: 1 cm/s}}]
    feeds: [{{name: powder, to: screw-1, rate: 1 g/s}}]
{LAW}parameters:
  - {{key: pbm.compartments.lines.screw.velocity, low: 5 mm/s, high: 5 cm/s}}
experiments:
  - name: tracer
    measured: {{residence_time: {{value: 20 s, error: 1 s}}, residence_time_deviation: {{value: 12 s, error: 1 s}}}}
"""


def test_residence_times_of_a_line_of_compartments(tmp_path: Path) -> None:
    """Three stirred tanks: mean t, deviation t/sqrt(3); least squares has t = (20 + 12/sqrt(3))/(1 + 1/3)."""
    path = tmp_path / "experiments.yaml"
    path.write_text(CONTINUOUS, encoding="utf-8")
    calibrated = calibrate(read_problem(path), Progress(stream=StringIO()))
    stay = (20.0 + 12.0 / np.sqrt(3.0)) / (1.0 + 1.0 / 3.0)
    assert 0.3 / calibrated.estimates["velocity"] == pytest.approx(stay, rel=1e-3)
    values = calibrated.predictions[0].values
    assert values["residence_time_deviation"].predicted == pytest.approx(stay / np.sqrt(3.0), rel=1e-3)
    assert abs(calibrated.predictions[0].values["residence_time"].predicted - 20.0) > 0.1


class StopAfter(StopRequest):
    """A request to stop that comes after so many runs of the model."""

    def __init__(self, runs: int) -> None:
        super().__init__()
        self.left = runs

    def __bool__(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_stopped_search_goes_on_to_the_same_result(tmp_path: Path) -> None:
    """Stopped in the second search, the first is kept; taken up again, both ends are those of an unbroken run."""
    problem = sizes_problem(tmp_path)
    problem = read_problem(tmp_path / "experiments.yaml", ["starts=2", "candidates=2"])
    quiet = Progress(stream=StringIO())
    whole = calibrate(problem, quiet)
    folder = make_calibration_folder(problem, tmp_path / "stopped")
    with pytest.raises(StateSaved, match="resume"):
        calibrate(problem, quiet, StopAfter(2 + whole.found[0].runs + 3), folder)
    assert len(SearchState.read(folder).found) == 1
    again = read_problem(folder / "experiments.yaml")
    CALIBRATION.run(again, folder, quiet)
    ends = [one["chi_square"] for one in json.loads((folder / "calibration.json").read_text())["searches"]]
    assert ends == [one.chi_square for one in whole.found]


def dempbm(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from coupling.cli import main; main()", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_command_writes_estimates_pictures_and_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command from the file to the folder; its report on the screen; its files; its log and manifest."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    write_experiments(tmp_path)
    short = ("--set", "starts=1", "--set", "candidates=1", "--set", "evaluations=2")
    done = dempbm("calibrate", ".", "--out", "out", *short, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "out"
    assert {"calibration.json", "report.md", "sizes.png", "correlations.png", LOG_NAME} <= {
        path.name for path in folder.iterdir()
    }
    assert (
        "| kernel_scale |" in done.stdout
        and "raise evaluations" in done.stdout
        and "search 1: chi-square" in done.stderr
    )
    record = json.loads((folder / "calibration.json").read_text())
    assert [one["use"] for one in record["experiments"]] == ["fit", "fit", "predict"]
    assert np.shape(record["covariance_on_scale"]) == (3, 3)
    predicted = record["experiments"][2]["values"]["d50"]
    assert predicted["low"] < predicted["predicted"] < predicted["high"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["sessions"][-1]["outcome"] == "done" and "report.md" in manifest["outputs"]
    repeated = dempbm("calibrate", ".", "--out", "out", folder=tmp_path)
    assert repeated.returncode == 2 and "not empty" in repeated.stderr
