"""Classes of the population balance against its powder, its nuclei and its laws."""

from __future__ import annotations

from collections.abc import Iterator

from compute.errors import CaseError
from coupling.case import Case
from coupling.checks.finding import Finding
from pbm.case import PbmCase


def check_balance_classes(case: Case) -> Iterator[Finding]:
    """Refuse classes that cannot hold the powder or its nuclei, or on which a stated law is no rate."""
    if case.pbm is None:
        return
    from pbm.case_tables import check_classes

    try:
        check_classes(case.pbm)
    except CaseError as error:
        place = (error.key or "").removeprefix("pbm.")
        known = " " not in place and place.split(".")[0] in PbmCase.model_fields
        key = None if known else error.key
        text = CaseError(error.problem, key=key, value=error.value, expected=error.expected, nearest=error.nearest)
        yield Finding("refused", "classes", f"{text}.", place=f"pbm.{place}" if known else "")
