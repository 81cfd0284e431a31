"""Section: what was measured on the bed on the way, and the loads on the walls."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coupling.report.blends import add_outlet_blends, outlet_blends
from coupling.report.charts import COLOURS, chart, svg
from coupling.report.contents import Cell, Quantity, Section
from coupling.report.record import RunRecord
from dem.case_walls import Wall
from dem.observation import OBSERVABLES_NAME
from dem.results import RESULTS_NAME, load_results
from dem.simulation import LOADS_NAME
from dem.table import read_table

Array = NDArray[np.float64]
Series = dict[tuple[str, str], tuple[Array, Array]]

MIXING = ("share", "lacey", "rsd", "grain_rsd", "error")
FRESH = 0.5
"""Share of the records, the last ones, that a mean is taken of."""


def observables_section(run: RunRecord) -> Section:
    """Mixing, slopes, densities and coordination over time, by window."""
    section = Section("observables", "The bed on the way")
    paths = [run.folder / "dem" / window.name / OBSERVABLES_NAME for window in run.windows]
    present = [path for path in paths if path.is_file()]
    if not present:
        section.lack("The case measures nothing on the bed; dem.observables says how.")
    for path in present:
        _add_results(section, path.with_name(RESULTS_NAME))
        series = read_series(path)
        leaving = set(outlet_blends(run))
        _add_mixing(section, path.parent.name, {key: each for key, each in series.items() if key[0] not in leaving})
        add_outlet_blends(section, run, path.parent, series)
        _add_others(section, path.parent.name, series)
    return section


def _add_results(section: Section, path: Path) -> None:
    if not path.is_file():
        return
    rows: list[list[Cell]] = []
    for each in load_results(path).values():
        rows.append([each.name, Quantity(each.value, each.unit.replace("deg", "°"), each.error)])
    section.tabulate(f"{path.parent.name}: results.", ("property", "value"), rows, wide=False)


def read_series(path: Path) -> Series:
    """Return times [s] and values of each name and quantity."""
    table = read_table(path)
    found: Series = {}
    names, quantities = table["name"], table["quantity"]
    for key in dict.fromkeys(zip(names.tolist(), quantities.tolist())):
        chosen = (names == key[0]) & (quantities == key[1])
        found[key] = table["time [s]"][chosen].astype(float), table["value"][chosen].astype(float)
    return found


def _add_mixing(section: Section, window: str, series: Series) -> None:
    blends = [name for name, quantity in series if quantity == "lacey"]
    if not blends:
        return
    rows: list[list[Cell]] = []
    for name in blends:
        share, lacey, rsd, grains, error = (float(series[name, quantity][1][-1]) for quantity in MIXING)
        samples, parcels = (float(series[name, quantity][1][-1]) for quantity in ("samples", "parcels"))
        cells = [Quantity(share), Quantity(samples), Quantity(parcels), Quantity(lacey), Quantity(rsd)]
        rows.append([name, *cells, Quantity(grains, "", error)])
    header = ("component", "mass share", "samples", "parcels each", "Lacey index", "RSD, parcels", "RSD, grains")
    section.tabulate(
        f"{window}: mixing at the end. RSD of the grains: the parcels' random part taken off, that of the grains in the"
        " stated sample mass put back.", header, rows,
    )  # fmt: skip
    with chart(2.6, 2) as (figure, (index, spread)):
        for at, name in enumerate(blends):
            colour = COLOURS[at % len(COLOURS)]
            index.plot(*series[name, "lacey"], color=colour, label=name)
            spread.plot(*series[name, "grain_rsd"], color=colour, label=f"{name}, grains")
            spread.plot(*series[name, "rsd"], color=colour, linestyle=":", label=f"{name}, parcels")
        index.set_title("Lacey index")
        spread.set_title("RSD of the content")
        spread.set_ylim(bottom=0.0)
        for axis in (index, spread):
            axis.set_xlabel("time [s]")
            axis.legend()
        section.show(svg(figure), "Lacey index and relative standard deviation over time", f"{window}: mixing.")


def _add_others(section: Section, window: str, series: Series) -> None:
    blends = {name for name, quantity in series if quantity == "lacey"}
    rows: list[list[Cell]] = []
    for (name, quantity), (_, values) in series.items():
        if name not in blends:
            late = values[-max(1, int(FRESH * len(values))) :]
            rows.append([name, quantity, Quantity(float(values[-1])), Quantity(float(late.mean()))])
    header = ("what", "quantity", "at the end", "mean of the second half")
    section.tabulate(f"{window}: other measurements.", header, rows, wide=False)


def loads_section(run: RunRecord) -> Section:
    """Mean force, torque and power of each wall, by window, with standard errors over blocks."""
    section = Section("loads", "Loads on the walls")
    walls = {wall.name: wall for wall in run.case.dem.walls} if run.case.dem is not None else {}
    rows: list[list[Cell]] = []
    for window in run.windows:
        path = run.folder / "dem" / window.name / LOADS_NAME
        if path.is_file():
            rows += [[window.name, *row] for row in _load_rows(path, walls)]
    if not rows:
        section.lack("No window has loads on walls: they come with the encounter statistics.")
        return section
    section.say(
        "Of the particles on the wall; torque about the axis of its motion; power: what it gives the particles."
    )
    header = ("window", "wall", "force x", "force y", "force z", "torque", "power")
    section.tabulate("Mean over the blocks; standard errors from their scatter.", header, rows)
    return section


def _load_rows(path: Path, walls: dict[str, Wall]) -> list[list[Cell]]:
    with path.open(encoding="utf-8", newline="") as file:
        _, *lines = csv.reader(file)
    rows: list[list[Cell]] = []
    for name in dict.fromkeys(line[2] for line in lines):
        values = np.array([[float(cell) for cell in line[3:]] for line in lines if line[2] == name])
        motion = walls[name].motion if name in walls else None
        axis = np.asarray(motion.axis if motion is not None else (0.0, 0.0, 1.0))
        torque = values[:, 3:6] @ (axis / np.linalg.norm(axis))
        columns = [*values[:, :3].T, torque, values[:, 6]]
        units = ("N", "N", "N", "N m", "W")
        error = np.sqrt(max(len(values), 1))
        rows.append([name, *(Quantity(float(c.mean()), u, float(c.std() / error)) for c, u in zip(columns, units))])
    return rows
