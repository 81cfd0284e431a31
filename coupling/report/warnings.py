"""Section: everything that a reader should know before using a number of this run."""

from __future__ import annotations

from collections.abc import Sequence

from compute.errors import DempbmError
from coupling.report.contents import Section
from coupling.report.record import RunRecord


def warnings_section(run: RunRecord, sections: Sequence[Section]) -> Section:
    """Warnings of the check, of the sections, and every message of the run."""
    section = Section("warnings", "Warnings and messages")
    told = list(dict.fromkeys([*_of_check(run), *(text for each in sections for text in each.warnings), *run.faults]))
    if told:
        section.tabulate(f"{len(told)} warnings.", ("warning",), [(text,) for text in told])
        section.warnings = [text for text in told if all(text not in each.warnings for each in sections)]
    else:
        section.say("No warnings.")
    messages = [(event["time"], str(event.get("text", ""))) for event in run.log if event.get("kind") in MESSAGES]
    if messages:
        section.tabulate("Messages of the run.", ("time", "message"), messages)
    return section


MESSAGES = ("message", "saved", "failed")


def _of_check(run: RunRecord) -> list[str]:
    """Warnings that `dempbm check` gives for the resolved case."""
    from coupling.checks import check_case

    try:
        findings = check_case(run.case)
    except DempbmError as error:
        return [f"check: {error}"]
    return [
        f"{finding.name}: {finding.text}" + (f" ({finding.value}, limit {finding.limit})" if finding.limit else "")
        for finding in findings
        if finding.level != "note"
    ]
