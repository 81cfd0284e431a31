"""`dempbm verify`: every case of its table holds, and a case that does not hold is told and fails the command."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import coupling.verification
from compute.errors import CaseError
from compute.verification import Check
from coupling.case_file import read_case
from coupling.checks import check_case
from coupling.cli.application import application
from coupling.shipped import cases_folder
from coupling.verification import compare, read_table, worst
from dem.verification.closed_forms import CLOSED_FORMS, HERTZ_CONTACT_TIME, Bouncing
from dem.verification.measures import MEASURES

ENTRIES = {entry["name"]: entry for entry in read_table()}
LONG = {
    "chung-ooi-3-clipped-e4",
    "chung-ooi-3-clipped-e6",
    "chung-ooi-3-thornton-e4",
    "chung-ooi-3-thornton-e6",
    "chung-ooi-3-thornton-e8",
    "chung-ooi-3-e04",
    "chung-ooi-3-e06",
    "chung-ooi-3-e08",
    "chung-ooi-5-incremental",
    "chung-ooi-8a",
    "mfix-dem01-10-contact",
    "mfix-dem01-10-flight",
    "mfix-dem01-25-contact",
    "mfix-dem01-25-flight",
    "mfix-dem01-50-contact",
    "mfix-dem01-50-flight",
    "mfix-dem01-100-flight",
}
"""Cases much like their neighbours in the table; they run with --validate."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.validate] if name in LONG else []) for name in ENTRIES]
)
def test_verification_case_holds(name: str) -> None:
    """The limits stand in the table, with their sources: what discretisation leaves at the step of the case, and less
    than what sets apart the variants of a law."""
    checks = [check for group in compare(ENTRIES[name]) for check in group]
    assert checks
    failed = [f"{check.quantity}: {check.got}, expected {check.expected}" for check in checks if not check.passed]
    assert not failed, "\n".join(failed)


def test_every_measure_and_closed_form_is_used() -> None:
    rows = [row for entry in ENTRIES.values() for row in entry["rows"]]
    assert {row["measure"] for row in rows} == set(MEASURES)
    assert {row["expected"] for row in rows if isinstance(row["expected"], str)} == set(CLOSED_FORMS)


def test_verification_cases_can_be_run_as_they_are() -> None:
    """`check` refuses none of the files, so `run` takes them."""
    for name in sorted({entry["case"] for entry in ENTRIES.values()}):
        case = read_case(cases_folder() / "verification" / f"{name}.yaml")
        assert not [finding.text for finding in check_case(case) if finding.level == "refused"], name


def reversal(name: str, particles: list[int]) -> list[float]:
    entry = ENTRIES[name]
    row = entry["rows"][0] | {"of": particles}
    row["on"] = "plane" if name == "chung-ooi-6" else [at + 1 for at in particles]
    (checks,) = compare(entry | {"rows": [row]})
    return [check.got for check in checks]


@pytest.mark.validate
@pytest.mark.parametrize("name", ["chung-ooi-8a", "chung-ooi-8b"])
def test_a_large_heavy_sphere_is_a_plane(name: str) -> None:
    """Chung and Ooi, test 8: rebound depends on G*/E*, mu, e and x alone, so tests 6 and 8 agree.

    The steps are the same share of the contact time. 3e-4 is left: the arm to the contact is R at a plane and R - d/2
    at a sphere, 2.5e-4 apart at the largest overlap d.
    """
    plane = reversal("chung-ooi-6", [0, 3, 5, 8, 13, 15, 19])
    assert reversal(name, list(range(0, 14, 2))) == pytest.approx(plane, abs=3e-4)


def test_bouncing_gives_the_known_heights() -> None:
    """MFiX DEM02 at 50 kN/m and e = 0.9 with gravity in contact: 0.41907, 0.35402, 0.30179 m, five digits.

    A stiff spring gives those of a hard sphere, R + (h - R) e^(2k), but for a contact time: (m g/k)/h at most.
    """
    mass = 2600.0 * 4.0 / 3.0 * math.pi * 0.1**3
    soft, stiff = (Bouncing(0.5, 0.1, mass, stiffness, 0.9, 9.81) for stiffness in (5e4, 5e9))
    assert [soft.height_after(n) for n in (1, 2, 3)] == pytest.approx([0.41907, 0.35402, 0.30179], abs=5e-6)
    hard = [0.1 + 0.4 * 0.9 ** (2 * n) for n in (1, 2, 3)]
    assert [stiff.height_after(n) for n in (1, 2, 3)] == pytest.approx(hard, abs=1e-4)
    assert soft.height_at(0.0) == 0.5
    assert soft.height_at(0.2) == pytest.approx(0.5 - 0.5 * 9.81 * 0.04, rel=1e-12)


def test_hertz_contact_time() -> None:
    """t_c v/d = 4/5 sqrt(pi) Gamma(2/5)/Gamma(9/10), to the digits of the constant."""
    exact = 0.8 * math.sqrt(math.pi) * math.gamma(0.4) / math.gamma(0.9)
    assert pytest.approx(exact, rel=1e-7) == HERTZ_CONTACT_TIME


def test_the_worst_check_is_shown() -> None:
    """That which uses most of its limit; one that fails, also by being no number, before all that pass."""
    near, far, lost = (Check("case", "quantity", 1.0, got, 0.1, "source") for got in (1.01, 0.91, math.nan))
    assert worst([near, far]) is far
    assert worst([far, lost, near]) is lost


def run_verify(*words: str) -> Any:
    return CliRunner().invoke(application, ["verify", *words])


def test_command_prints_the_table_and_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "table.json"
    result = run_verify("dem", "effective-moduli", "os-hertz", "--json", str(file))
    assert result.exit_code == 0, result.output
    assert "14 of 14 checks within their limits" in result.output
    records = json.loads(file.read_text())
    assert {record["case"] for record in records} == {"effective-moduli", "os-hertz"}
    assert all(record["passed"] and record["source"] for record in records)
    assert records[0]["expected"] == pytest.approx(1e9 / 1.92, rel=1e-12)


def test_command_fails_with_a_case_that_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = ENTRIES["os-hertz"]
    wrong = [entry["rows"][0] | {"expected": 0.5}]
    monkeypatch.setattr(coupling.verification, "read_table", lambda: [entry | {"rows": wrong}])
    result = run_verify("dem")
    assert result.exit_code == 3
    assert "FAILS" in result.output and "0 of 1 checks" in result.output


def test_command_verifies_population_balances() -> None:
    result = run_verify("pbm", "constant")
    assert result.exit_code == 0, result.output
    assert "constant" in result.output


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["dme"], "one of: dem, pbm"),
        (["dem", "chung-oi-1"], "chung-ooi-1"),
        (["dem", "os-hertz", "--backend", "gpu"], "backend"),
        (["dem", "effective-moduli", "--json", "/no/such/folder/table.json"], "/no/such/folder/table.json"),
    ],
)
def test_command_tells_a_mistake(words: list[str], named: str) -> None:
    result = run_verify(*words)
    assert isinstance(result.exception, CaseError)
    assert named in str(result.exception)
