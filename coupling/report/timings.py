"""Section: how long each stage took, from the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupling.report.charts import COLOURS, chart, svg
from coupling.report.contents import Cell, Quantity, Section
from coupling.report.record import RunRecord

ENDS = ("stage", "done", "saved", "failed")
"""Kinds of events that end a stage."""
OWN = "report"
"""The stage that writes this page: its time is not known while it is written."""


@dataclass
class Stage:
    """Wall time of a stage over all sessions [s]; whether it was cut off at least once."""

    seconds: float = 0.0
    cut: bool = False


def stages_of(log: list[dict[str, Any]]) -> dict[str, Stage]:
    """Stages in the order they began: each lasts to the next event that ends it, or to the last one of the log."""
    stages: dict[str, Stage] = {}
    marks = [event for event in log if event.get("kind") in ENDS]
    for event, following in zip(marks, [*marks[1:], None]):
        if event["kind"] != "stage" or event["name"] == OWN:
            continue
        stage = stages.setdefault(str(event["name"]), Stage())
        end = following if following is not None else log[-1]
        stage.seconds += (_time(end) - _time(event)).total_seconds()
        stage.cut = following is None or following["kind"] in ("saved", "failed")
    return stages


def total_seconds(run: RunRecord) -> float | None:
    """Wall time of all sessions [s], each from its start to its end or to what the log knows last; None without any."""
    total, known = 0.0, False
    for session in run.manifest.get("sessions", []):
        if "started" not in session:
            continue
        begin = datetime.fromisoformat(session["started"])
        end = datetime.fromisoformat(session["ended"]) if "ended" in session else None
        if end is None and run.log:
            end = max(_time(run.log[-1]), begin)
        if end is not None:
            total, known = total + (end - begin).total_seconds(), True
    return total if known else None


def _time(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["time"])


def timings_section(run: RunRecord) -> Section:
    """A bar for each stage, and the throughput of the particle windows."""
    section = Section("timings", "Timings")
    stages = stages_of(run.log)
    if not stages:
        section.lack("The folder has no log: the time of the stages is not known.")
        return section
    section.show(
        _bars(stages), "Wall time of each stage", "Wall time of the stages, compilation included, all sessions."
    )
    rows = _rates(run, stages)
    if rows:
        header = ("window", "particles", "steps", "time step", "wall time", "particle steps per second")
        section.tabulate("Particle windows; the first pays for compiling.", header, rows)
    cut = [name for name, stage in stages.items() if stage.cut]
    if cut:
        section.warn(f"Cut off: {', '.join(cut)}.")
    return section


def _bars(stages: dict[str, Stage]) -> str:
    names, seconds = list(stages), [stage.seconds for stage in stages.values()]
    with chart(0.9 + 0.27 * len(names)) as (figure, axis):
        bars = axis.barh(names, seconds, color=COLOURS[0], height=0.62)
        axis.bar_label(bars, [str(Quantity(value, "s")) for value in seconds], padding=4, fontsize=8)
        axis.invert_yaxis()
        axis.margins(x=0.12)
        axis.grid(False, axis="y")
        axis.set_xlabel("wall time [s]")
        return svg(figure)


def _rates(run: RunRecord, stages: dict[str, Stage]) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    steps = {event["name"]: float(event["total"]) for event in run.log if event.get("kind") == "stage"}
    known = {str(event["name"]): event for event in run.log if event.get("kind") == "window"}
    for name, event in known.items():
        stage, total = stages.get(f"particles: {name}"), steps.get(f"particles: {name}", 0.0)
        if stage is None or stage.cut or not stage.seconds:
            continue
        particles = float(event["particles"])
        rate = Quantity(particles * total / stage.seconds, "1/s")
        size = Quantity(float(event["step"]), "s")
        rows.append((name, Quantity(particles), Quantity(total), size, Quantity(stage.seconds, "s"), rate))
    return rows
