"""Reading, overriding, resolving and writing case files, and the schema for editors."""

from __future__ import annotations

import math
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from coupling.case import Case
from coupling.case_file import input_files, read_case, schema_of, write_case
from coupling.shipped import shipped_cases
from tests.coupling.case_text import read_small

SHIPPED = (
    "angle-of-repose",
    "continuous-blender",
    "continuous-granulator",
    "drum-angle",
    "gas",
    "high-shear-granulator",
    "rotating-drum",
    "shear-cell",
    "tablets-in-a-drum",
    "tapped-density",
    "two-spheres",
)


def test_values_are_si(tmp_path: Path) -> None:
    case = read_small(tmp_path)
    assert case.dem is not None
    assert case.dem.classes[0].diameter == 1e-3
    assert case.dem.wall_speed("paddle") == pytest.approx(20 * math.pi, rel=1e-15)


def test_assignments_reach_lists_by_name_and_number(tmp_path: Path) -> None:
    case = read_small(
        tmp_path,
        assignments=["dem.walls.paddle.motion.speed=300 rpm", "dem.classes.1.diameter=3 mm", "dem.numerics=fast"],
    )
    assert case.dem is not None
    assert case.dem.wall_speed("paddle") == pytest.approx(10 * math.pi, rel=1e-15)
    assert case.dem.classes[1].diameter == 3e-3
    assert case.dem.numerics.fast and not case.dem.numerics.mixed


def test_numerics_as_keys_and_as_one_word(tmp_path: Path) -> None:
    """One word sets the key that it belongs to and leaves the other as it is by default."""
    for assignment in ("dem.numerics.precision=mixed", "dem.numerics=mixed"):
        case = read_small(tmp_path, assignments=[assignment])
        assert case.dem is not None
        assert case.dem.numerics.model_dump() == {"arithmetic": "exact", "precision": "mixed"}


def test_resolved_case_reads_back_equal(tmp_path: Path) -> None:
    """Every default is written out, so a later version with other defaults still repeats the run."""
    case = read_small(tmp_path)
    write_case(case, tmp_path / "resolved.yaml")
    assert read_case(tmp_path / "resolved.yaml") == case
    assert "rearm_gap: 0.01" in (tmp_path / "resolved.yaml").read_text(encoding="utf-8")


def test_relative_files_start_at_the_case(tmp_path: Path) -> None:
    (tmp_path / "grains.csv").write_text("x,y,z,class\n0.01,0.01,0.01,fine\n", encoding="utf-8")
    case = read_small(tmp_path, "kind: packing\n", "kind: file\n      file: grains.csv\n    - kind: packing\n")
    assert list(input_files(case)) == [tmp_path / "grains.csv"]


def test_cases_are_frozen(tmp_path: Path) -> None:
    case = read_small(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        case.seed = 2


def test_all_cases_are_shipped() -> None:
    assert tuple(shipped_cases()) == SHIPPED
    for folder in shipped_cases().values():
        assert {"case.yaml", "README.md", "expected.yaml"} <= {entry.name for entry in folder.iterdir()}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_cases_are_correct_and_fit_the_schema(name: str, tmp_path: Path) -> None:
    """What the models accept, the schema must accept too, or editors would mark correct cases."""
    path = shipped_cases()[name] / "case.yaml"
    case = read_case(path)
    assert case.name == name
    jsonschema.validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")), schema_of(Case, "case"))
    write_case(case, tmp_path / "case.yaml")
    assert read_case(tmp_path / "case.yaml") == case


@pytest.mark.parametrize("name", SHIPPED)
def test_expected_values_say_where_they_come_from(name: str) -> None:
    text = (shipped_cases()[name] / "expected.yaml").read_text(encoding="utf-8")
    quantities = YAML(typ="safe").load(text)["quantities"]
    assert quantities
    for entry in quantities:
        assert entry["source"] and entry["unit"]
        assert "range" in entry or {"value", "tolerance"} <= set(entry)


def test_schema_refuses_misspelt_keys() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "a", "dmm": {}}, schema_of(Case, "case"))
