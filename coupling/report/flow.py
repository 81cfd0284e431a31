"""Section: what was fed, held and removed, and how long particles stayed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coupling.report.charts import COLOURS, chart, svg
from coupling.report.contents import Cell, Quantity, Section
from coupling.report.record import RunRecord
from dem.flow import EXITS_NAME, FLOW_NAME
from dem.residence import read_exits, residence_times
from dem.table import read_table

Array = NDArray[np.float64]


class FlowTable:
    """The account of a window, read. time [s]: of each row; rows: by column."""

    def __init__(self, path: Path) -> None:
        self.rows = read_table(path)
        self.time = self.rows["time [s]"].astype(float)
        self.mass = self.rows["mass [kg]"].astype(float)
        self.number = self.rows["number"].astype(int)

    def select(self, what: str, **keys: str) -> NDArray[np.bool_]:
        """Return which rows say this, of a source or class by name."""
        chosen = self.rows["what"] == what
        for name, value in keys.items():
            chosen &= self.rows[name] == value
        return np.asarray(chosen)

    def totals(self, what: str, **keys: str) -> tuple[Array, Array]:
        """Return times [s] and the mass at each [kg]."""
        chosen = self.select(what, **keys)
        times, place = np.unique(self.time[chosen], return_inverse=True)
        return times, np.asarray(np.bincount(place, self.mass[chosen], len(times)), float)

    def last(self, what: str, **keys: str) -> tuple[int, float]:
        """Return number and mass [kg] at the last record."""
        chosen = self.select(what, **keys) & (self.time == self.time.max(initial=0.0))
        return int(self.number[chosen].sum()), float(self.mass[chosen].sum())


def flow_section(run: RunRecord) -> Section:
    """Account and residence times of every window that particles flow through."""
    section = Section("flow", "Flow in and out")
    folders = [run.folder / "dem" / window.name for window in run.windows]
    flowing = [folder for folder in folders if (folder / FLOW_NAME).is_file()]
    if not flowing:
        section.lack("Nothing was fed and nothing left: there is no flow to report.")
    for folder in flowing:
        table = FlowTable(folder / FLOW_NAME)
        if len(table.time):
            _add_account(section, folder.name, table)
            _add_residence(section, folder, table)
    return section


def _add_account(section: Section, name: str, table: FlowTable) -> None:
    section.show(
        _account_chart(table),
        "Mass held, and mass flows in and out over time",
        f"{name}: mass held by source; mass flow in and out, mean between two records.",
    )
    rows: list[list[Cell]] = []
    for source in dict.fromkeys(table.rows["source"]):
        parts = [table.last(what, source=source) for what in ("fed", "removed", "held")]
        rest = parts[0][0] - parts[1][0] - parts[2][0]
        cells: list[Cell] = [str(source)]
        for number, mass in parts:
            cells += [Quantity(number), Quantity(mass, "kg", digits=4)]
        rows.append([*cells, Quantity(rest)])
    header = ("source", "fed", "", "removed", "", "held", "", "fed − removed − held")
    section.tabulate(f"{name}: account at the end, in particles and mass.", header, rows)


def _account_chart(table: FlowTable) -> str:
    with chart(2.8, 2) as (figure, (held, flows)):
        for at, source in enumerate(dict.fromkeys(table.rows["source"])):
            times, mass = table.totals("held", source=source)
            held.plot(times, 1e3 * mass, color=COLOURS[at % len(COLOURS)], label=str(source))
        for colour, what in zip(COLOURS, ("fed", "removed")):
            times, mass = table.totals(what)
            if len(times) > 1:
                flow = np.diff(mass) / np.diff(times)
                flows.stairs(1e3 * flow, times, color=colour, label=what, baseline=None, linewidth=1.4)
        for axis, title in ((held, "held [g]"), (flows, "mass flow [g/s]")):
            axis.set_title(title)
            axis.set_xlabel("time [s]")
            axis.set_ylim(bottom=0.0)
            axis.legend()
        return svg(figure)


def _add_residence(section: Section, folder: Path, table: FlowTable) -> None:
    path = folder / EXITS_NAME
    exits = read_exits(path) if path.is_file() else None
    if exits is None or not len(exits.age):
        section.lack(f"{folder.name}: nothing has left.")
        return
    found = []
    for source in dict.fromkeys(exits.source):
        for kind in dict.fromkeys(exits.kind):
            times = residence_times(exits.chosen((exits.source == source) & (exits.kind == kind)))
            if times is not None:
                found.append((str(source), str(kind), times))
    rows: list[list[Cell]] = []
    for source, kind, times in found:
        held = table.last("held", source=source, **{"class": kind})[0]
        mean = Quantity(times.mean, "s", times.mean_error)
        rows.append([source, kind, Quantity(times.number), Quantity(held), mean, Quantity(times.variance**0.5, "s")])
    header = ("source", "class", "left", "still inside", "mean age", "standard deviation")
    section.tabulate(
        f"{folder.name}: age at the exit. Those still inside are the oldest of what entered with them: the figures hold"
        " where they are few.", header, rows,
    )  # fmt: skip
    with chart(2.6) as (figure, axis):
        for at, (source, kind, times) in enumerate(found):
            axis.stairs(times.density, times.edges, color=COLOURS[at % len(COLOURS)], label=f"{source}: {kind}")
        axis.set_xlabel("age at the exit [s]")
        axis.set_title("residence-time distribution E(t) [1/s]")
        axis.legend()
        section.show(svg(figure), "Residence-time distributions", f"{folder.name}: ages of what has left.")
