"""The block on top of the page: what came out, and whether to trust it."""

from __future__ import annotations

from collections.abc import Sequence

from coupling.reduced.flags import names as flag_names
from coupling.report.blending import blend_rows
from coupling.report.contents import Cell, Quantity, Section
from coupling.report.record import RunRecord
from coupling.report.timings import total_seconds

MOST_WARNINGS = 6
"""Warnings shown on top; the others are in their section."""


def verdict_section(run: RunRecord, sections: Sequence[Section]) -> Section:
    """Growth, balances, model, warnings and wall time."""
    section = Section("verdict", "Result")
    rows: list[tuple[Cell, Cell]] = [("state of the run", _state(run))]
    rows += _growth(run)
    if run.batch is not None:
        solids, liquid, gas, number = (Quantity(value, digits=2) for value in run.batch.worst_imbalance)
        rows.append(("balances, worst step", f"solids {solids}, liquid {liquid}, gas {gas}, number {number}"))
    if run.blend is not None:
        rows += blend_rows(run)
    if run.case.coupling is not None:
        units = ", ".join(str(path.relative_to(run.folder)) for path in run.units)
        rows.append(("exported model", units or "none yet"))
    if run.case.coupling is None and run.windows:
        counted = [each.statistics for each in run.windows if each.statistics is not None]
        if counted:
            rows.append(("encounters counted", Quantity(float(sum(each.encounters.sum() for each in counted)))))
    if run.trajectory is not None:
        raised = flag_names(sum(run.trajectory.flags()))
        rows.append(("flags of the reduced model", ", ".join(raised) or "none over the batch"))
    seconds = total_seconds(run)
    if seconds is not None:
        rows.append(("wall time", Quantity(seconds, "s")))
    warnings = list(dict.fromkeys(text for each in sections for text in each.warnings))
    rows.append(("warnings", str(len(warnings)) if warnings else "none"))
    section.tabulate("Result.", ("", ""), rows)
    for text in warnings[:MOST_WARNINGS]:
        section.warn(text)
    if len(warnings) > MOST_WARNINGS:
        section.say(f"{len(warnings) - MOST_WARNINGS} more under “Warnings and messages”.")
    return section


def _growth(run: RunRecord) -> list[tuple[Cell, Cell]]:
    if run.batch is None:
        return [("d50", "the batch has not run yet")] if run.case.coupling is not None else []
    before, after = float(run.batch.d50[run.batch.first]), float(run.batch.d50[-1])
    first, last = Quantity(before, "m", name="d50-before"), Quantity(after, "m", name="d50-after")
    rows: list[tuple[Cell, Cell]] = [("d50 before", first), ("d50 after", last)]
    rows.append(("growth", f"{after / before:.3g}-fold in {Quantity(float(run.batch.time[-1]), 's')}"))
    if run.trajectory is not None:
        reading = run.trajectory.readings[-1]
        rows.append(("d50 after, reduced model", Quantity(reading.d50, "m", reading.d50_error)))
    return rows


def _state(run: RunRecord) -> str:
    session = run.manifest.get("sessions", [{}])[-1]
    outcome = str(session.get("outcome", ""))
    if outcome and outcome != "done":
        return f"{outcome}: {run.manifest.get('message', '')}"
    balance = run.case.pbm
    if run.case.blending is not None:
        return "not finished: no course of the blend" if run.blend is None else "all stages done"
    if balance is not None and run.batch is None:
        return "not finished: no size distribution"
    if run.case.coupling is not None and balance is not None and not balance.flows_through and not run.units:
        return "not finished: no exported model"
    if balance is None and not any(window.snapshots for window in run.windows):
        return "not finished: no particles written"
    return "all stages done"
