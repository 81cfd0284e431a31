"""Material fit: known unknowns are found back from runs that scatter; what does not fit together is told.

The runs are replaced by smooth functions with the noise of repeats, so that what was put in is known; behind --validate
they are particle simulations.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from compute.errors import CaseError, SimulationError, StateSaved
from coupling.calibration.problem import Variable
from coupling.calibration.profile import Profile
from coupling.cli.calibration import fit_material as command
from coupling.fitting import REPORT_NAME
from coupling.material.driver import FittedMaterial, Results, Runner, fit_material, make_fit_folder
from coupling.material.problem import MaterialProblem, read_material_problem
from coupling.material.report import RESULT_NAME, compared, write_results
from coupling.material.runs import Design, replicas_at
from coupling.material.surrogate import Surrogate
from coupling.progress import Progress
from dem.results import Measurement
from pbm.grid import Floats

TRUE = {"sliding": 0.42, "rolling": 0.13}
NOISE = {"angle of repose": 0.6, "internal friction": 0.006}
FILE = """\
name: powder
design: 16
refinement: 8
starts: 3
candidates: 64
parameters:
  - {name: sliding, keys: [dem.pairs.0.friction], low: 0.1, high: 0.9}
  - {name: rolling, keys: [dem.pairs.0.rolling_friction], low: 0.01, high: 0.5, scale: log}
experiments:
  - name: heap
    case: angle-of-repose
    measured: {angle of repose: {value: ANGLE, error: 0.5}}
  - name: cell
    case: shear-cell
    set: {dem.statistics.blocks: 24}
    measured: {internal friction: {value: FRICTION, error: 0.01}}
"""


def property_of(name: str, sliding: float, rolling: float) -> float:
    """Smooth, curved, and both unknowns in both."""
    if name == "angle of repose":
        return 10.0 + 22.0 * math.sqrt(sliding) + 6.0 * math.log1p(10.0 * rolling)
    return 0.1 + 0.8 * sliding / (0.5 + sliding) + 0.1 * math.tanh(2.0 * rolling)


def write_file(folder: Path, *changes: tuple[str, str]) -> Path:
    text = FILE
    for key, name in (("ANGLE", "angle of repose"), ("FRICTION", "internal friction")):
        text = text.replace(key, f"{property_of(name, **TRUE):.6g}")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "measurements.yaml"
    path.write_text(text)
    return path


def runner_of(problem: MaterialProblem, seed: int, asked: list[int] | None = None) -> Runner:
    """Runs that give the property with the noise of repeats, a function of the number of the run."""

    def run(places: Sequence[Floats], first: int) -> Results:
        results: Results = []
        for at, place in enumerate(places):
            if asked is not None:
                asked.append(first + at)
            for index in range(len(problem.calibration.experiments)):
                (name,) = problem.results_of(index)
                noise = np.random.default_rng([seed, first + at, index]).normal() * NOISE[name]
                value = property_of(name, **problem.values(place)) + noise
                results.append({name: Measurement(name, value, NOISE[name], "")})
        return results

    return run


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> FittedMaterial:
    """A fit without a stop."""
    folder = tmp_path_factory.mktemp("fit")
    problem = read_material_problem(write_file(folder))
    return fit_material(problem, runner_of(problem, 1), folder, Progress())


def holds(profile: Profile, value: float) -> bool:
    low, high = profile.interval
    return (low is None or low < value) and (high is None or value < high)


def test_known_unknowns_are_found_back(found: FittedMaterial) -> None:
    """Both within their intervals of 95 %, by covariance and by profile; these leave less than 0.6 of the bounds.

    Runs of the refinement lie nearer to the estimates than those of the design.
    """
    certainty = found.estimate.certainty
    for at, variable in enumerate(found.problem.variables):
        low, high = certainty.interval(variable, at)
        assert low < TRUE[variable.name] < high, variable.name
        assert holds(found.estimate.profiles[at], TRUE[variable.name]), variable.name
        assert variable.place(high) - variable.place(low) < 0.6
    assert found.places.shape == (24, 2) and len(found.confirmations) == 2
    refined = np.linalg.norm(found.places[16:] - certainty.places, axis=1)
    assert refined.mean() < 0.7 * np.linalg.norm(found.places[:16] - certainty.places, axis=1).mean()


def test_results_are_written(tmp_path: Path, found: FittedMaterial) -> None:
    """Estimates, properties and pictures; the runs at the estimates agree with the surrogate."""
    write_results(found, tmp_path)
    stored = json.loads((tmp_path / RESULT_NAME).read_text())
    assert [each["name"] for each in stored["estimates"]] == ["sliding", "rolling"]
    assert stored["runs"] == 48 and [each["agrees"] for each in stored["properties"]] == [True, True]
    assert "| sliding |" in (tmp_path / REPORT_NAME).read_text()
    for picture in ("properties", "profiles", "correlations"):
        assert (tmp_path / f"{picture}.png").stat().st_size > 5000
    for each in compared(found):
        assert each.predicted == pytest.approx(each.measured, abs=3.0 * each.error)
        assert each.noise == pytest.approx(NOISE[each.name], rel=0.8)


def test_a_stopped_fit_goes_on_with_the_runs_it_has(tmp_path: Path, found: FittedMaterial) -> None:
    """Stopped before the refinement and resumed: the same points, runs and estimates as without a stop."""
    problem = read_material_problem(write_file(tmp_path))
    run, calls = runner_of(problem, 1), [0]

    def interrupted(places: Sequence[Floats], first: int) -> Results:
        calls[0] += 1
        if calls[0] == 2:
            raise StateSaved("stopped")
        return run(places, first)

    with pytest.raises(StateSaved):
        fit_material(problem, interrupted, tmp_path, Progress())
    assert len(Design.read(tmp_path).places) == 24, "the refinement is chosen once"
    resumed = fit_material(problem, run, tmp_path, Progress())
    np.testing.assert_array_equal(resumed.places, found.places)
    np.testing.assert_array_equal(resumed.estimate.certainty.places, found.estimate.certainty.places)


def test_what_one_property_leaves_open_is_told(tmp_path: Path) -> None:
    """One angle cannot tell two frictions apart: a direction without data, and no more certainty than the bounds."""
    changes = [("  - name: cell\n", "  - name: cell\n    use: predict\n"), ("refinement: 8", "refinement: 0")]
    problem = read_material_problem(write_file(tmp_path, *changes))
    found = fit_material(problem, runner_of(problem, 1), tmp_path, Progress())
    warnings = " ".join(found.estimate.certainty.warnings)
    assert "say less than the bounds about the combination" in warnings and "+0 " not in warnings
    low, high = found.estimate.certainty.interval(problem.variables[0], 0)
    assert high - low > 0.3


def test_the_surrogate_knows_its_noise_and_its_error() -> None:
    """A parabola with noise 0.1 at 40 points: noise within a third; error below it, and larger off the points."""
    generator = np.random.default_rng(2)
    places = generator.uniform(0.0, 0.7, (40, 1))
    values = 3.0 + (places[:, 0] - 0.3) ** 2 * 8.0 + generator.normal(0.0, 0.1, 40)
    surrogate = Surrogate.fitted(places, values, 1)
    assert surrogate.noise == pytest.approx(0.1, rel=0.33)
    assert surrogate.mean(np.array([0.5])) == pytest.approx(3.32, abs=4.0 * surrogate.deviation(np.array([0.5])))
    assert surrogate.deviation(np.array([0.3])) < 0.06 < surrogate.deviation(np.array([1.0]))
    with pytest.raises(SimulationError, match="raise design"):
        Surrogate.fitted(places[:3], values[:3], 1)


def test_each_run_is_the_case_with_the_unknowns_in_it(tmp_path: Path) -> None:
    """Friction in the first pair, a seed of its own, one thread, what the experiment sets; numbers that go on."""
    problem = read_material_problem(write_file(tmp_path))
    found = replicas_at(problem, tmp_path, [np.array([0.5, 0.5])], 3)
    assert [each.number for each in found] == [7, 8] and found[0].case.seed != found[1].case.seed
    for each in found:
        assert each.case.dem is not None and each.case.threads == 1
        assert each.case.dem.pairs[0].friction == pytest.approx(0.5)
        assert each.case.dem.pairs[0].rolling_friction == pytest.approx(math.sqrt(0.01 * 0.5))
        assert each.case.dem.pairs[1].rolling_friction != each.case.dem.pairs[0].rolling_friction
    statistics = found[1].case.dem.statistics if found[1].case.dem else None
    assert statistics is not None and statistics.blocks == 24


def test_the_examples_of_the_documentation_are_problems(tmp_path: Path) -> None:
    """Friction from heap and cell, cohesion of a case that is given the law: bounds in SI, and cases that can be."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "material-tests.md").read_text(encoding="utf-8")
    first, second = re.findall(r"```yaml\n((?:name: my-powder\n)?parameters:.*?)```", page, re.DOTALL)
    for at, (text, unknowns) in enumerate(((first, 2), (f"name: sticky\n{second}", 1))):
        path = tmp_path / f"{at}.yaml"
        path.write_text(text)
        problem = read_material_problem(path)
        assert len(problem.variables) == unknowns
        case = problem.case(problem.given(), 0, 1)
        assert case.dem is not None
    assert problem.variables[0] == Variable("cohesion", 1e3, 1e5, True)
    assert case.dem.contact.adhesion == "sjkr"
    assert case.dem.materials["powder"].cohesion_energy_density == pytest.approx(1e4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("case: angle-of-repose", "case: angle-of-reposs"), r"experiments\.0\.case.*angle-of-reposs"),
        (("measured: {angle of repose:", "measured: {angel:"), r"no such result.*'angel'.*angle of repose"),
        (("keys: [dem.pairs.0.friction]", "keys: [dem.pairs.0.fricton]"), r"parameters\.0\.keys.*no such number"),
        (("low: 0.1, high: 0.9", "low: 0.9, high: 0.1"), r"parameters\.0\.low.*leave no room"),
        (("low: 0.1, high: 0.9", "low: -1, high: 0.9"), r"parameters\.0\.low"),
        ((", error: 0.5}", "}"), r"states no error.*0\.5"),
        (("set: {dem.statistics.blocks: 24}", "set: {dem.statistics.blcks: 24}"), r"experiments\.1.*blcks"),
        (("design: 16", "design: 2"), r"design"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    """One message with the place, the value and what was expected."""
    with pytest.raises(CaseError, match=message):
        read_material_problem(write_file(tmp_path, change))


def test_the_folder_holds_a_file_that_can_be_read_again(tmp_path: Path) -> None:
    """The resolved file makes the same problem, cases by their full names."""
    problem = read_material_problem(write_file(tmp_path))
    folder = make_fit_folder(problem, tmp_path / "run")
    again = read_material_problem(folder / "measurements.yaml")
    assert again.variables == problem.variables and again.case_files == problem.case_files


@pytest.mark.validate
def test_intervals_hold_the_truth(tmp_path: Path) -> None:
    """Over 30 seeds of the noise of runs and of measurements, 80 % of the intervals of 95 % hold what was put in."""
    inside = []
    for seed in range(30):
        folder = tmp_path / str(seed)
        folder.mkdir()
        path = write_file(folder)
        generator, document = np.random.default_rng(seed), path.read_text()
        for name, error in (("angle of repose", 0.5), ("internal friction", 0.01)):
            true = f"{property_of(name, **TRUE):.6g}"
            document = document.replace(f"value: {true}", f"value: {float(true) + generator.normal() * error:.6g}")
        path.write_text(document)
        problem = read_material_problem(path)
        found = fit_material(problem, runner_of(problem, seed), folder, Progress())
        for at, variable in enumerate(problem.variables):
            low, high = found.estimate.certainty.interval(variable, at)
            inside.append(low <= TRUE[variable.name] <= high)
    assert np.mean(inside) > 0.8


REAL = """\
name: drum
design: 10
refinement: 4
confirmations: 2
parameters:
  - {name: rolling, keys: [dem.pairs.0.rolling_friction], low: 0.005, high: 0.4, scale: log}
experiments:
  - name: drum
    case: drum-angle
    set: &small {dem.particles.0.number: 500, dem.particles.0.region.radius: 15 mm, dem.walls.drum.radius: 16 mm,
                 dem.time.end: 2 s, dem.observables.surfaces.bed.radius: 14 mm, dem.observables.surfaces.bed.bins: 8,
                 dem.observables.start: 0.8 s, dem.observables.results.0.start: 0.8 s}
    measured: {dynamic angle of repose: {value: 30, error: 1}}
"""


COHESIVE = (
    REAL.replace("name: drum\n", "name: cohesive-drum\n", 1)
    .replace("design: 10", "design: 6")
    .replace("refinement: 4", "refinement: 1")
    .replace("confirmations: 2", "confirmations: 1")
    .replace(
        "{name: rolling, keys: [dem.pairs.0.rolling_friction], low: 0.005, high: 0.4, scale: log}",
        "{name: energy, keys: [dem.materials.powder.surface_energy], low: 3 mJ/m^2, high: 100 mJ/m^2, scale: log}",
    )
    .replace(
        "set: &small {",
        "set: &small {dem.contact.adhesion: jkr, dem.materials.powder.surface_energy: 10 mJ/m^2,"
        " dem.materials.rough wall.surface_energy: 0, dem.domain.low.1: -4 mm, dem.domain.high.1: 4 mm,"
        " dem.particles.0.region.point.1: -4 mm, dem.particles.0.region.length: 8 mm, ",
    )
    .replace("number: 500", "number: 330")
    .replace("time.end: 2 s", "time.end: 1.4 s")
    .replace("start: 0.8 s", "start: 0.6 s")
)


def found_back(document: str, folder: Path, true: float) -> list[float]:
    """Interval of the one unknown of a file, where the mean of two runs with it at `true` is given as measured."""
    from coupling.interrupt import StopRequest
    from coupling.material.runs import carry_out

    path = folder / "measurements.yaml"
    path.write_text(document)
    problem = read_material_problem(path)
    place = problem.variables[0].place(true)
    with StopRequest() as stop:
        truth = replicas_at(problem, folder / "truth", [np.array([place])] * 2, 900)
        measured = [each["dynamic angle of repose"].value for each in carry_out(problem, truth, Progress(), stop)]
    path.write_text(document.replace("value: 30", f"value: {np.mean(measured):.4g}"))
    command(str(path), None, folder / "run", 2)
    stored = json.loads((folder / "run" / RESULT_NAME).read_text())
    (estimate,) = stored["estimates"]
    print(f"{estimate['name']}: true {true:g}, angle {np.mean(measured):.4g}, found {estimate}")
    return list(estimate["interval"])


@pytest.mark.validate
@pytest.mark.timeout(3000)
def test_the_rolling_friction_of_a_powder_is_found_back(tmp_path: Path) -> None:
    """A small drum is run with rolling friction 0.1; its angle is given as measured, and 16 other runs find 0.1 back.

    Everything from the command line, with a stop and `resume` left to the other tests.
    """
    low, high = found_back(REAL, tmp_path, 0.1)
    assert low < 0.1 < high < 20.0 * low


@pytest.mark.validate
@pytest.mark.timeout(3000)
def test_the_surface_energy_of_a_powder_is_found_back(tmp_path: Path) -> None:
    """A narrower drum with 30 mJ/m2, at which a grain of 2 mm holds twice its weight, from 8 other runs.

    Bounds 33 times apart: an interval at most half as long in its logarithm tells something.
    """
    low, high = found_back(COHESIVE, tmp_path, 0.03)
    assert low < 0.03 < high < 6.0 * low
