"""Verification: cases run, and what they give beside what theory or another code gives.

A table of expectations is a YAML file of cases/verification. Each entry names a case file beside it, changes to it
(`set`), a `source`, and rows: a `quantity` with its `unit`, the `measure` that reads it, what it is read `of` and `on`,
what is `expected` (numbers, or the name of a closed form) and how far it may be off: `relative` to the expected value,
`absolute`, or both added. A row gives one check for each of the things it is read of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from compute.verification import Check
from coupling.case_document import read_document
from coupling.case_file import read_case
from coupling.shipped import cases_folder


def verify(subject: str, names: list[str], backend: str | None, told: Callable[[str], None]) -> Iterator[list[Check]]:
    """Yield the checks of the named cases of `dem` or `pbm`, all of them for no names, grouped by quantity.

    backend: of the particle cases, none for their own; told: called with what begins.

    Raises:
        CaseError: there is nothing by such a name.
    """
    if subject not in SUBJECTS:
        raise CaseError(
            "nothing to verify by that name", value=subject, expected=f"one of: {', '.join(SUBJECTS)}",
            nearest=closest(subject, SUBJECTS),
        )  # fmt: skip
    if subject == "pbm":
        from pbm.verification import population_checks

        yield from ([check] for check in population_checks(names))
        return
    for entry in chosen_entries(read_table(), names):
        told(f"{entry['name']}: {entry['title']}")
        yield from compare(entry, backend)


SUBJECTS = ("dem", "pbm")


def read_table() -> list[dict[str, Any]]:
    """Return the entries of the table of particle cases."""
    entries: list[dict[str, Any]] = read_document(cases_folder() / "verification" / "dem.yaml").data["cases"]
    return entries


def chosen_entries(entries: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    """Return the entries with these names, all of them for no names.

    Raises:
        CaseError: no entry has such a name.
    """
    known = [entry["name"] for entry in entries]
    for name in names:
        if name not in known:
            raise CaseError(
                "no such case in the table", value=name, expected=f"one of: {', '.join(known)}",
                nearest=closest(name, known),
            )  # fmt: skip
    return [entry for entry in entries if not names or entry["name"] in names]


def compare(entry: dict[str, Any], backend: str | None = None) -> Iterator[list[Check]]:
    """Run the case of an entry, on its own backend or the one given; yield the checks of each of its rows."""
    from compute import get_backend
    from dem.verification.record import simulate

    path = cases_folder() / "verification" / f"{entry['case']}.yaml"
    changes = [*entry.get("set", ()), *([f"backend={backend}"] if backend else [])]
    case = read_case(path, changes)
    assert case.dem is not None, f"{path} has no particles"
    record = simulate(case.dem, get_backend(case.backend, case.threads), case.seed)
    for row in entry["rows"]:
        yield _checks(entry, row, record)


def _checks(entry: dict[str, Any], row: dict[str, Any], record: Any) -> list[Check]:
    from dem.verification.closed_forms import CLOSED_FORMS
    from dem.verification.measures import MEASURES

    got = np.atleast_1d(MEASURES[row["measure"]](record, row))
    wanted = row["expected"]
    values = CLOSED_FORMS[wanted](record, row) if isinstance(wanted, str) else np.asarray(wanted, float)
    expectations = np.broadcast_to(values, got.shape).tolist()
    return [
        Check(
            entry["name"], f"{row['quantity']} of {_name(of)}", expected, found, _limit(row, expected),
            row.get("source", entry["source"]), row["unit"],
        )
        for of, expected, found in zip(row["of"], expectations, got.tolist(), strict=True)
    ]  # fmt: skip


def _name(of: Any) -> str:
    return " - ".join(of) if isinstance(of, list) else str(of)


def _limit(row: dict[str, Any], expected: float) -> float:
    """Return the limit in the form of a check: relative to what is expected, absolute where that is nil."""
    relative, absolute = float(row.get("relative", 0.0)), float(row.get("absolute", 0.0))
    return relative + absolute / abs(expected) if expected else absolute


def worst(checks: list[Check]) -> Check:
    """Return the check that uses most of its limit; one that has failed before all others."""
    return max(checks, key=lambda check: (not check.passed, abs(check.error) / check.limit))
