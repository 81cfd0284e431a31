"""What left through outlets, in samples of equal mass: part of the section on what was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coupling.report.charts import COLOURS, chart, svg
from coupling.report.contents import Cell, Quantity, Section, percent
from coupling.report.record import RunRecord
from dem.case_observables import OutletBlend
from dem.flow import EXITS_NAME
from dem.outlet_blends import SAMPLES_NAME
from dem.residence import outlet_blend, read_exits
from dem.table import read_table

Array = NDArray[np.float64]

FACTORS = (0.1, 1.0, 10.0)
"""Masses of samples that are shown, over that of the case."""
HEADER = ("component", "outlet", "sample", "samples", "particles each", "mass share", "RSD, parcels", "RSD, grains")


def outlet_blends(run: RunRecord) -> dict[str, OutletBlend]:
    """Return what the case asks for, by name."""
    observables = run.case.dem.observables if run.case.dem is not None else None
    return {blend.name: blend for blend in observables.outlet_blends} if observables is not None else {}


def add_outlet_blends(
    section: Section, run: RunRecord, folder: Path, series: dict[tuple[str, str], tuple[Array, Array]]
) -> None:
    """Add RSD by sample mass, the shares of the samples, and how the RSD came about.

    folder: of the window; series: times [s] and values of each name and quantity that was recorded.
    """
    blends = outlet_blends(run)
    known = [blend for name, blend in blends.items() if (name, "grain_rsd") in series]
    for blend in blends.values():
        if blend not in known:
            section.lack(f"{folder.name}: of {blend.name} no two samples have left, or all of one component.")
    if not known:
        return
    rows = [row for blend in known for row in _rows(run, folder, blend)]
    caption = (
        f"{folder.name}: what left, in samples one after the other. RSD of the grains: the particles' random part taken"
        " off, that of the grains put back."
    )
    section.tabulate(caption, HEADER, rows)
    section.show(_pictures(folder, known, series), "Samples of what left", f"{folder.name}: samples of what left.")


def _rows(run: RunRecord, folder: Path, blend: OutletBlend) -> list[list[Cell]]:
    """A row for each mass of samples of which there are two."""
    assert run.case.dem is not None
    exits, rows = read_exits(folder / EXITS_NAME), []
    chosen = exits.chosen((exits.outlet == blend.outlet) & (exits.time >= blend.start))
    for factor in FACTORS:
        mass = factor * blend.sample_mass
        state = outlet_blend(chosen, blend.of, mass, run.case.dem.scale_factor)
        if state is not None and state.parcels > 1.0:
            cells: list[Cell] = [blend.name, blend.outlet, Quantity(mass, "kg"), Quantity(state.samples)]
            cells += [Quantity(state.parcels), percent(state.share), percent(state.rsd)]
            rows.append([*cells, Quantity(100.0 * state.grain_rsd, "%", 100.0 * state.error)])
    return rows


def _pictures(folder: Path, blends: list[OutletBlend], series: dict[tuple[str, str], tuple[Array, Array]]) -> str:
    table = read_table(folder / SAMPLES_NAME)
    with chart(2.6, 2) as (figure, (samples, spread)):
        for at, blend in enumerate(blends):
            colour = COLOURS[at % len(COLOURS)]
            own = (table["name"] == blend.name) & (table["share"] != "")
            time, share = (table[column][own].astype(float) for column in ("time [s]", "share"))
            samples.plot(time, 100.0 * share, ".", color=colour, markersize=4, label=blend.name)
            for quantity, line, what in (("grain_rsd", "-", "grains"), ("rsd", ":", "parcels")):
                times, values = series[blend.name, quantity]
                spread.plot(times, 100.0 * values, line, color=colour, label=f"{blend.name}, {what}")
        samples.set_title("share in each sample [% of mass]")
        spread.set_title("RSD of all samples so far [%]")
        for axis in (samples, spread):
            axis.set_xlabel("time [s]")
            axis.set_ylim(bottom=0.0)
            axis.legend()
        return svg(figure)
