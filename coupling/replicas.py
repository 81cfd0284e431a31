"""Copies of a case with other values, one run each: what they are, where they lie, and how they ended."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compute.errors import CaseError
from coupling.case import Case
from coupling.case_document import CaseDocument
from coupling.case_file import check_document, resolved, write_case
from coupling.provenance import begin_manifest, read_manifest
from coupling.run_folder import ALONE, CASE_NAME

if TYPE_CHECKING:
    from dem.results import Measurement

FOLDER, TABLE = "replicas", "replicas.csv"
FIXED = ("name", "threads", "replicas")
"""Keys that are the same in all copies."""


@dataclass(frozen=True)
class Replica:
    """One copy: its number from 1, the values it has by key, the case that makes, and the folder of its run."""

    number: int
    values: dict[str, Any]
    case: Case
    folder: Path

    @property
    def name(self) -> str:
        """Number and values, for a reader."""
        return f"replica {self.number} ({', '.join(f'{key} = {value}' for key, value in self.values.items())})"

    @property
    def outcome(self) -> str:
        """How its last session ended: done, saved, failed; empty while there was none."""
        return str(read_manifest(self.folder)["sessions"][-1].get("outcome", ""))


def replicas_of(case: Case, folder: Path) -> list[Replica]:
    """Return every combination of the values to vary, the last key fastest; folder: of the whole run.

    Raises:
        CaseError: a combination is no case.
    """
    assert case.replicas is not None
    keys, found = list(case.replicas.vary), []
    for number, combination in enumerate(product(*case.replicas.vary.values()), start=1):
        values = dict(zip(keys, combination))
        try:
            made = _changed(case, values, folder)
        except CaseError as error:
            raise CaseError(f"replica {number}: {error}") from None
        found.append(Replica(number, values, made, folder / FOLDER / str(number)))
    return found


def _changed(case: Case, values: dict[str, Any], folder: Path) -> Case:
    document = CaseDocument("case", resolved(case))
    for key, value in values.items():
        if key.split(".")[0] in FIXED:
            raise CaseError("cannot be varied", key=f"replicas.vary.{key}", expected="a key of the model, or seed")
        document.set(f"{key}={json.dumps(value)}")
    document.set("replicas=null")
    document.set("threads=1")
    return check_document(document, folder)


def make_folders(replicas: Sequence[Replica], case_file: Path, command: Sequence[str]) -> None:
    """Make the run folders that are not there yet, each with its case and manifest."""
    for replica in replicas:
        if not (replica.folder / CASE_NAME).exists():
            replica.folder.mkdir(parents=True, exist_ok=True)
            write_case(replica.case, replica.folder / CASE_NAME)
            begin_manifest(replica.folder, replica.case, case_file, command)


def write_table(replicas: Sequence[Replica], path: Path) -> None:
    """Write a line for each replica: number, values, outcome, particle-steps per second, what it measured."""
    measured = [results_of(replica.folder) for replica in replicas]
    names = list(dict.fromkeys(name for results in measured for name in results))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        columns = [column for name in names for column in (name, f"{name}: error")]
        writer.writerow(["replica", *replicas[0].values, "outcome", "particle_steps_per_second", *columns])
        for replica, results in zip(replicas, measured):
            rate = read_manifest(replica.folder).get("particle_steps_per_second", "")
            found = [results.get(name) for name in names]
            cells = [cell for each in found for cell in ((each.value, each.error) if each else ("", ""))]
            writer.writerow([replica.number, *replica.values.values(), replica.outcome, rate, *cells])


def results_of(folder: Path) -> Mapping[str, Measurement]:
    """Return the material properties that the run in a folder measured, by name; none before it is done."""
    from dem.results import RESULTS_NAME, load_results

    path = folder / "dem" / ALONE / RESULTS_NAME
    return load_results(path) if path.is_file() else {}
