"""The folder of a run: made whole or not at all, and never used twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from compute.errors import CaseError
from coupling.case import Case
from coupling.case_file import read_case, write_case
from dem.case_limits import time_step
from dem.schedule import schedule_of

CASE_NAME = "case.yaml"
MANIFEST_NAME = "manifest.json"
FIRST_EXCHANGE, EXCHANGE = "exchange/feed.json", "exchange/design.json"
DISTRIBUTION, REMEASURED = "pbm/distribution.h5", "pbm/remeasured.h5"
BLEND = "blending/course.h5"
MODEL, EXPORT = "reduced/model.h5", "export"
END = "dem.time.end"
ALONE = "run"
"""Name of the window of a case of particles alone."""


def make_run_folder(case: Case, chosen: Path | None = None) -> Path:
    """Make the folder of a new run with the resolved case in it.

    Args:
        case: the case to be run.
        chosen: the folder to use; none: `runs/<case name>/<next number>`.

    Raises:
        CaseError: the chosen folder holds something already, or cannot be made.
    """
    return claim_folder(case.name, chosen, lambda path: write_case(case, path / CASE_NAME))


def claim_folder(name: str, chosen: Path | None, fill: Callable[[Path], None]) -> Path:
    """Make a folder, the chosen one or `runs/<name>/<next number>`, and write its first files.

    Raises:
        CaseError: the chosen folder holds something already, or cannot be made.
    """
    if chosen is not None and chosen.exists() and (not chosen.is_dir() or any(chosen.iterdir())):
        raise CaseError("the run folder is not empty", value=str(chosen), expected="a new folder, or none: see --out")
    try:
        return _fill(_claim(name, chosen), fill)
    except OSError as error:
        where = str(chosen or Path("runs") / name)
        raise CaseError("the run folder cannot be made", value=where, expected=error.strerror) from None


def _claim(name: str, chosen: Path | None) -> Path:
    if chosen is not None:
        chosen.mkdir(parents=True, exist_ok=True)
        return chosen.resolve()
    parent = Path("runs") / name
    parent.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(entry.name) for entry in parent.iterdir() if entry.name.isdigit()), default=0)
    while True:
        try:
            (parent / str(number)).mkdir()
            return (parent / str(number)).resolve()
        except FileExistsError:  # another run took the number in between
            number += 1


def _fill(folder: Path, fill: Callable[[Path], None]) -> Path:
    try:
        fill(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def open_run_folder(folder: Path) -> Case:
    """Return the resolved case of an existing run.

    Raises:
        CaseError: the folder is no run folder, or its case cannot be read.
    """
    if not (folder / CASE_NAME).is_file():
        raise CaseError("not a run folder", value=str(folder), expected=f"a folder with a {CASE_NAME}, made by run")
    return read_case(folder / CASE_NAME)


def lengthen(folder: Path, end: str) -> Case:
    """Give the particles of a run a later end, in the case of its folder, and return that case.

    Raises:
        CaseError: the folder is no run folder, its end is not `dem.time.end`, or the new one is no later.
    """
    before = open_run_folder(folder)
    after = read_case(folder / CASE_NAME, [f"{END}={end}"])
    dem = before.dem
    if dem is None or dem.time.end is None or before.coupling or before.replicas or schedule_of(dem, time_step(dem)):
        expected = f"a run of particles alone that ends at {END}, without windows or replicas"
        raise CaseError("this run cannot be lengthened", value=str(folder), expected=expected)
    assert after.dem is not None and after.dem.time.end is not None
    if after.dem.time.end <= dem.time.end:
        raise CaseError("the end is no later", key="--end", value=end, expected=f"more than {dem.time.end:g} s")
    write_case(after, folder / CASE_NAME)
    return after
