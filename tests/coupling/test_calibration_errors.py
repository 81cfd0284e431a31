"""Every way an experiments file can be wrong: one message with place, key, value, what was expected, nearest name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compute.errors import CaseError
from coupling.calibration.problem import read_problem
from coupling.calibration.search import Bench
from tests.coupling.calibration_text import FEED, write_experiments
from tests.coupling.test_calibration import POPULATION

# old text, new text, text on the line that is named (none: no line), parts of the message
WRONG = {
    "no error": (
        "{value: 400 um, error: 20 um}",
        "{value: 400 um}",
        "d50: {value: 400 um}",
        ("experiments.0.measured.d50.error", "experiment 'low' states no error", "such as error: 10 um"),
    ),
    "curve without error": (
        ", error: 0.02, points: 8",
        "",
        "size_distribution",
        ("experiment 'high' states no error", "experiments.1.measured.size_distribution.error", "error: 0.02"),
    ),
    "unknown parameter": (
        "key: pbm.kernel_scale",
        "key: pbm.kernel_scal",
        "kernel_scal,",
        ("parameters.0.key", "no such number", "did you mean 'pbm.kernel_scale'"),
    ),
    "whole number as parameter": (
        "key: pbm.kernel_scale",
        "key: pbm.grid.classes",
        "grid.classes,",
        ("parameters.0.key", "no such number"),
    ),
    "unknown key set": (
        "pbm.liquid.spray.rate: 12 g/s",
        "pbm.liquid.spray.rat: 12 g/s",
        "spray.rat:",
        ("no such key in the model", "did you mean 'pbm.liquid.spray.rate'"),
    ),
    "wrong unit in a set": (
        "pbm.liquid.spray.rate: 12 g/s",
        "pbm.liquid.spray.rate: 12 s",
        "12 s",
        ("pbm.liquid.spray.rate", "does not measure mass flow", "'12 s'"),
    ),
    "set and looked for": (
        "set: {pbm.end: 15 s}",
        "set: {pbm.breakage_scale: 2}",
        "pbm.breakage_scale: 2",
        ("experiments.2.set.pbm.breakage_scale", "looked for and set at once"),
    ),
    "bound out of range": (
        "key: pbm.breakage_scale, low: 0.1",
        "key: pbm.efficiency, low: -1",
        "pbm.efficiency, low: -1",
        ("pbm.efficiency", "out of range", "a value above 0"),
    ),
    "bounds reversed": (
        "low: 0.2, high: 5",
        "low: 6, high: 5",
        "low: 6",
        ("parameters.0.low", "no room", "less than high, 5"),
    ),
    "no condition": (
        "conditions: {load: 0.12}",
        "conditions: {loud: 0.12}",
        "{loud: 0.12}",
        ("experiment 'high' has no condition 'load'", "load: a number"),
    ),
    "nothing measured": (
        "    use: predict\n    conditions: {load: 0.08}\n    set: {pbm.end: 15 s}\n    measured: {d50: {value: 500 um,"
        " error: 20 um}}\n",
        "    conditions: {load: 0.08}\n",
        "name: middle",
        ("experiment 'middle' measured nothing", "at least one of size_distribution, d10", "use: predict"),
    ),
    "unknown measurement": ("d10: {value", "d11: {value", "d11", ("measured.d11", "unknown key", "did you mean 'd10'")),
    "file missing": (
        f"table: {FEED}",
        "table: nothing.csv",
        "nothing.csv",
        ("experiments.1.measured.size_distribution.table", "no such file"),
    ),
    "name twice": ("name: middle", "name: low", "name: low", ("experiments.2.name", "used twice", "'low'")),
    "no speed": ("speed: 20 rad/s\n", "", None, ("speed", "the key is missing", "beside its law")),
    "law incomplete": ("  tip_radius: 0.0055\n", "", "law:", ("incomplete kernel law", "tip_radius")),
}


@pytest.mark.parametrize("name", WRONG)
def test_message_names_place_key_and_remedy(tmp_path: Path, name: str) -> None:
    """The line named is one with the faulty text."""
    old, new, marked, parts = WRONG[name]
    path = write_experiments(tmp_path, (old, new))
    with pytest.raises(CaseError) as caught:
        read_problem(path)
    message = str(caught.value)
    for part in parts:
        assert part in message, message
    if marked is not None:
        lines = path.read_text(encoding="utf-8").splitlines()
        number = int(message.removeprefix(f"{path}:").split(":")[0])
        assert marked in lines[number - 1], message


def test_malformed_table_is_named_with_its_line(tmp_path: Path) -> None:
    """The table's own file and line, not those of the experiments file."""
    table = tmp_path / "table.csv"
    table.write_text("diameter,volume\n10,0\n20,fifty\n30,100\n", encoding="utf-8")
    path = write_experiments(tmp_path, (f"table: {FEED}", "table: table.csv"))
    with pytest.raises(CaseError, match=r"table\.csv:3: not a point of a size distribution .*20,fifty"):
        Bench(read_problem(path))


ERROR_KEY = (f"table: {FEED}, error: 0.02", "table: table.csv")


def test_errors_stand_in_a_column_of_the_table(tmp_path: Path) -> None:
    """Third column [%]: linear in ln d between the rows at the points compared; predicted rows have their own."""
    table = tmp_path / "table.csv"
    table.write_text("diameter,volume,error\n10,0,1\n100,50,4\n1000,100,1\n", encoding="utf-8")
    target = Bench(read_problem(write_experiments(tmp_path, ERROR_KEY))).targets[1]
    ends = np.log([10e-6, 100e-6, 1000e-6])
    expected = np.interp(target.log_sizes, ends, [0.01, 0.04, 0.01])
    np.testing.assert_allclose(target.errors[: target.log_sizes.size], expected, rtol=1e-12)
    np.testing.assert_allclose(target.curve_errors, [0.01, 0.04, 0.01], rtol=1e-12)
    assert target.curve_error(float(np.log(100e-6))) == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("text", "change", "message"),
    [
        ("10,0\n100,50\n1000,100\n", ERROR_KEY, "experiment 'high' states no error"),
        ("10,0,1\n100,50,0\n1000,100,1\n", ERROR_KEY, r"table\.csv:2: error of the volume"),
        ("10,0,1\n100,50\n1000,100,1\n", ERROR_KEY, r"table\.csv:2: not a point .*three numbers"),
        ("10,0,1\n100,50,1\n1000,100,1\n", (f"table: {FEED}", "table: table.csv"), "two errors of one curve"),
    ],
)
def test_wrong_errors_of_a_table_are_named(tmp_path: Path, text: str, change: tuple[str, str], message: str) -> None:
    """None at all, one that is no error, a row without one, and one stated twice."""
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=message):
        Bench(read_problem(write_experiments(tmp_path, change)))


def test_moisture_of_sizes_alone_is_refused(tmp_path: Path) -> None:
    """A population in size alone has no liquid that could be compared: the experiment and the line are named."""
    path = tmp_path / "experiments.yaml"
    moist = "measured: {moisture: {value: 0.1, error: 0.01}, "
    path.write_text(POPULATION.replace("measured: {", moist), encoding="utf-8")
    with pytest.raises(CaseError, match=r"experiments\.yaml:\d+.*measured.moisture.*holds no liquid.*section pbm"):
        read_problem(path)


def test_exponent_that_leaves_the_range_is_explained(tmp_path: Path) -> None:
    """An efficiency above one, which only its exponent makes, names experiment, key and value."""
    change = ("key: pbm.kernel_scale, low: 0.2, high: 5", "key: pbm.efficiency, low: 0.5, high: 1")
    problem = read_problem(write_experiments(tmp_path, change))
    with pytest.raises(
        CaseError, match=r"experiment 'high' cannot be run where the search went: .*efficiency"
    ) as caught:
        problem.model([1.0, 1.0, 0.5], 1)
    assert "bounds, of exponents too" in str(caught.value)
