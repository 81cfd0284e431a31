"""Cases that come with the product: beside the packages in a checkout, inside `coupling` in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from compute.case_model import closest
from compute.errors import CaseError

CASE_FILE = "case.yaml"
EXPERIMENTS_FILE = "experiments.yaml"
MEASUREMENTS_FILE = "measurements.yaml"


def cases_folder() -> Path:
    """Return the folder of the shipped cases.

    Raises:
        CaseError: the installation holds none.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_cases", package.parent / "cases"):
        if folder.is_dir():
            return folder
    raise CaseError("the installation holds no cases", expected=f"a folder {package / '_cases'}; reinstall dempbm")


def shipped_cases(file: str = CASE_FILE) -> dict[str, Path]:
    """Return the folders of the shipped cases by name; `file`: those with this file."""
    return {entry.parent.name: entry.parent for entry in sorted(cases_folder().glob(f"*/{file}"))}


def find_case(name: str, file: str = CASE_FILE) -> Path:
    """Return the case file meant by `name`: a file, a folder that holds one, or the name of a shipped case.

    Raises:
        CaseError: there is no such case.
    """
    path = Path(name).expanduser()
    if path.is_dir() and (path / file).is_file():
        return path / file
    if path.is_file():
        return path
    shipped = shipped_cases(file)
    if name in shipped:
        return shipped[name] / file
    problem = f"the folder holds no {file}" if path.is_dir() else "no such case"
    raise CaseError(
        problem,
        value=name,
        expected=f"a file such as {file}, a folder with one, or one of: {', '.join(shipped)}",
        nearest=closest(name, [*shipped, *(entry.name for entry in Path().glob("*.yaml"))]),
    )
