"""One prediction about a case: what it is, how it compares with its limit, and how grave that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from compute.errors import CaseError
from coupling.case_document import CaseDocument

Level = Literal["note", "warning", "refused"]
LEVELS: tuple[Level, ...] = ("note", "warning", "refused")


@dataclass(frozen=True)
class Finding:
    """A line of `check`.

    Attributes:
        level: `note` informs, `warning` advises, `refused` keeps the case from running.
        name: of the limit or the quantity; the limits that can be accepted are in `coupling.case.LIMITS`.
        text: one sentence that says what was found and what to change.
        value: the predicted value as text.
        limit: the limit as text.
        place: dotted key of what is to be changed, where it is one.
    """

    level: Level
    name: str
    text: str
    value: str = ""
    limit: str = ""
    place: str = ""


def graded(value: float, warn: float, refuse: float) -> Level:
    """Return the level of a value that ought to stay below `warn` and must stay below `refuse`."""
    if value > refuse:
        return "refused"
    return "warning" if value > warn else "note"


def accepted(finding: Finding, names: tuple[str, ...]) -> Finding:
    """Return the finding as a warning if its limit is among those the modeller accepts by name."""
    if finding.level != "refused" or finding.name not in names:
        return finding
    return replace(finding, level="warning", text=f"{finding.text} Accepted by name.")


def located(finding: Finding, document: CaseDocument | None) -> Finding:
    """Return the finding with file, line and key before its text, unless it is a note.

    document: the case file; without one only the key is told.
    """
    if finding.level == "note" or not finding.place:
        return finding
    file, line = document.place_of(finding.place) if document is not None else (None, None)
    return replace(finding, text=str(CaseError(finding.text, file=file, line=line, key=finding.place)))
