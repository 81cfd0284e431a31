"""What can be known about a case before it runs: predictions, warnings and refusals, from formulas alone."""

from __future__ import annotations

from compute.errors import CaseError
from coupling.case import Case
from coupling.case_document import CaseDocument
from coupling.checks.adhesion import check_adhesion
from coupling.checks.classes import check_balance_classes
from coupling.checks.contact import check_step, check_strikes
from coupling.checks.crossing import check_crossings
from coupling.checks.device import check_device, require_device_memory
from coupling.checks.effort import check_effort
from coupling.checks.finding import LEVELS, Finding, Level, accepted, located
from coupling.checks.flow import check_flow
from coupling.checks.geometry import check_box, check_parcels
from coupling.checks.idle import check_idle
from coupling.checks.liquid import check_liquid
from coupling.checks.meshes import check_meshes, require_meshes
from coupling.checks.placing import check_placing
from coupling.checks.ranges import check_ranges
from coupling.checks.regions import check_regions
from coupling.checks.scale import check_scale
from coupling.checks.shapes import check_shapes
from coupling.checks.sprays import check_sprays
from coupling.checks.start import check_start
from coupling.checks.times import check_times
from coupling.checks.windows import Window, check_windows, windows

CHECKS = (
    check_effort,
    check_ranges,
    check_times,
    check_idle,
    check_device,
    check_windows,
    check_step,
    check_strikes,
    check_adhesion,
    check_liquid,
    check_sprays,
    check_parcels,
    check_shapes,
    check_scale,
    check_balance_classes,
    check_meshes,
    check_placing,
    check_crossings,
    check_box,
    check_start,
    check_regions,
    check_flow,
)


def check_case(case: Case, document: CaseDocument | None = None) -> list[Finding]:
    """Return everything that can be said about a case, limits accepted by name no longer refused.

    document: the file that the case was read from, for the lines of what is to be changed.
    """
    return [located(accepted(finding, case.accept), document) for check in CHECKS for finding in check(case)]


def require_runnable(case: Case, document: CaseDocument | None = None) -> list[Finding]:
    """Return the warnings of a case.

    Args:
        document: as of `check_case`.

    Raises:
        CaseError: a finding refuses the case; the message holds every such finding.
    """
    findings = check_case(case, document)
    refused = [finding for finding in findings if finding.level == "refused"]
    if refused:
        raise CaseError("the case cannot run:\n  " + "\n  ".join(_line(finding) for finding in refused))
    return [finding for finding in findings if finding.level == "warning"]


def _line(finding: Finding) -> str:
    figures = [f"predicted {finding.value}" if finding.value else "", f"limit {finding.limit}" if finding.limit else ""]
    told = "; ".join(filter(None, figures))
    return f"{finding.name}: {finding.text}" + (f" ({told})" if told else "")


__all__ = [
    "LEVELS",
    "Finding",
    "Level",
    "Window",
    "check_case",
    "require_device_memory",
    "require_meshes",
    "require_runnable",
    "windows",
]
