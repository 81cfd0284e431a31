"""Section: the batch: size distribution before and after, and sizes, moisture and porosity over time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import CaseError
from coupling.report.charts import COLOURS, chart, size_axis, svg
from coupling.report.contents import Cell, Quantity, Section
from coupling.report.record import RunRecord
from coupling.report.trajectory import Trajectory, class_diameters
from pbm.distribution import SizeDistribution
from pbm.feeding import distribution_of
from pbm.result import GranulationResult

Array = NDArray[np.float64]

MICROMETRE = 1e-6
MEASURED, START, END, REDUCED = "#8b98a2", COLOURS[0], COLOURS[1], COLOURS[2]
SIZES = ("d10", "d50", "d90")
LOWEST_SHARE = 0.02
"""A band on a logarithmic axis is cut at this share of its value."""
TAIL = 2e-4
"""Volume share beyond which the axis of sizes ends."""


def batch_section(run: RunRecord) -> Section:
    """Distribution before and after, percentiles, and the course of the batch."""
    section = Section("batch", "The batch")
    batch = run.batch
    if batch is None:
        section.lack("The population balance of the batch has not run yet.")
        return section
    feed = _feed(run, section)
    length = Quantity(float(batch.time[-1]), "s")
    if batch.speed.any():
        section.say("Impeller speed ", Quantity(float(batch.speed[0]), "rad/s", digits=4), ", batch of ", length, ".")
    else:
        section.say("Batch of ", length, "; no law of it reads the speed of an impeller.")
    caption = "Size distribution by granule volume: measured feed, start and end of the population balance"
    caption += ", end of the reduced model with ±2 standard errors." if run.trajectory else "."
    section.show(_distributions(batch, feed, run.trajectory), "Size distribution before and after", caption)
    _add_sizes(section, batch, feed, run.trajectory)
    caption = "Lines: population balance. " + (
        "Dashed: reduced model, with the band of ±2 of its standard errors." if run.trajectory else "No reduced model."
    )
    if run.remeasured is not None:
        count, end = len(run.remeasured.window_time), Quantity(float(run.remeasured.d50[-1]), "m")
        caption += f" Dotted: kernel measured again in {count} windows on the way, d50 {end} at the end."
    section.show(_course(run, batch), "Sizes, moisture and porosity over time", caption)
    section.warnings += [f"Population balance: {text}." for text in batch.warnings]
    return section


def _feed(run: RunRecord, section: Section) -> SizeDistribution | None:
    assert run.case.pbm is not None
    try:
        return distribution_of(run.case.pbm.feed)
    except CaseError as error:
        section.lack(f"The measured feed cannot be shown: {error}")
        return None


def _add_sizes(
    section: Section, batch: GranulationResult, feed: SizeDistribution | None, reduced: Trajectory | None
) -> None:
    def row(what: str, at: int) -> list[Cell]:
        names = (*SIZES, "d32", "d43")
        sizes = [Quantity(float(getattr(batch, name)[at]), "m", name=f"{name}-{what}") for name in names]
        rest = [Quantity(float(batch.moisture[at]), "kg/kg"), Quantity(float(batch.porosity[at]))]
        return [f"population balance, {what}", *sizes, *rest]

    rows = [row(_first_label(batch), batch.first), row("end", -1)]
    if feed is not None:
        measured = [Quantity(feed.percentile(share), "m") for share in (0.1, 0.5, 0.9)]
        rows.insert(0, ["measured feed", *measured, "–", "–", "–", "–"])
    if reduced is not None:
        rows.append(["reduced model, end", *(_last(reduced, name, "m") for name in SIZES), "–", "–"])
        rows[-1] += [_last(reduced, "moisture", "kg/kg"), _last(reduced, "porosity", "")]
    header = ("", "d10", "d50", "d90", "d32", "d43", "moisture", "porosity")
    section.tabulate("Percentiles by volume; errors are standard errors.", header, rows)


def _last(reduced: Trajectory, name: str, unit: str) -> Quantity:
    values, errors = reduced.series(name)
    return Quantity(float(values[-1]), unit, float(errors[-1]), name=f"reduced-{name}-end")


def _distributions(batch: GranulationResult, feed: SizeDistribution | None, reduced: Trajectory | None) -> str:
    with chart(3.6, 2) as (figure, (density, cumulative)):
        if feed is not None:
            sizes = feed.diameters / MICROMETRE
            slope = np.diff(feed.cumulative) / np.diff(np.log(sizes))
            density.stairs(slope, sizes, fill=True, color=MEASURED, alpha=0.3, linewidth=0)
            cumulative.plot(sizes, feed.cumulative, ".", color=MEASURED, markersize=3.5)
        label = "measured feed"
        density.plot([], [], color=MEASURED, alpha=0.5, linewidth=6, label=label if feed is not None else None)
        for at, colour, label in ((batch.first, START, _first_label(batch)), (-1, END, "end")):
            edges = class_diameters(batch.edge_solid_volume, float(batch.porosity[at])) / MICROMETRE
            _draw_classes(density, cumulative, edges, batch.fractions[at], colour, label)
        if reduced is not None:
            _draw_reduced(density, cumulative, reduced)
        low, high = _limits(batch)
        for axis, name in ((density, "volume density by ln d [-]"), (cumulative, "cumulative volume [-]")):
            size_axis(axis)
            axis.set(xlim=(low, high), xlabel="diameter d [µm]", ylabel=name, ylim=(0.0, None))
        density.set_ylim(top=1.15 * max(patch.get_data().values.max() for patch in density.patches))
        density.legend(loc="upper left")
        return svg(figure)


def _draw_classes(density: Any, cumulative: Any, edges: Array, fractions: Array, colour: str, label: str) -> None:
    density.stairs(fractions / np.diff(np.log(edges)), edges, color=colour, label=label, linewidth=1.6)
    cumulative.plot(edges, np.concatenate([[0.0], np.cumsum(fractions)]), color=colour)


def _draw_reduced(density: Any, cumulative: Any, reduced: Trajectory) -> None:
    last = reduced.readings[-1]
    edges = class_diameters(reduced.edges, last.porosity) / MICROMETRE
    width, middle = np.diff(np.log(edges)), np.sqrt(edges[1:] * edges[:-1])
    values, errors = last.fractions / width, 2.0 * last.errors[: len(last.fractions)] / width
    spread = [np.minimum(errors, values), errors]
    density.errorbar(
        middle, values, spread, fmt="o", color=REDUCED, markersize=3, linewidth=0.8, label="end, reduced model"
    )
    cumulative.plot(edges, np.concatenate([[0.0], np.cumsum(last.fractions)]), "--", color=REDUCED)


def _first_label(batch: GranulationResult) -> str:
    return "start" if batch.first == 0 else f"after {batch.time[batch.first]:.3g} s"


def _limits(batch: GranulationResult) -> tuple[float, float]:
    """Range of sizes [um] outside which only tails lie, at the start and at the end."""
    ends = []
    for at in (batch.first, -1):
        edges = class_diameters(batch.edge_solid_volume, float(batch.porosity[at])) / MICROMETRE
        held = np.flatnonzero(batch.fractions[at] > TAIL)
        ends += [edges[held[0]], edges[held[-1] + 1]]
    return min(ends) / 1.3, max(ends) * 1.3


def _course(run: RunRecord, batch: GranulationResult) -> str:
    assert run.case.pbm is not None
    spray = run.case.pbm.liquid.spray
    with chart(3.3, 3, width_ratios=(1.35, 1.0, 1.0)) as (figure, axes):
        sizes, moisture, porosity = axes
        for name, colour in zip(SIZES, (COLOURS[3], COLOURS[0], COLOURS[2])):
            sizes.plot(batch.time, getattr(batch, name) / MICROMETRE, color=colour, label=name)
            _add_band(sizes, run.trajectory, name, colour, MICROMETRE)
            if run.remeasured is not None:
                sizes.plot(run.remeasured.time, getattr(run.remeasured, name) / MICROMETRE, ":", color=colour)
        sizes.set(yscale="log", ylabel="diameter by volume [µm]", title="Sizes")
        sizes.legend(loc="best")
        for axis, name, title in (
            (moisture, "moisture", "Moisture [kg/kg dry]"),
            (porosity, "porosity", "Porosity [-]"),
        ):
            axis.plot(batch.time, getattr(batch, name), color=COLOURS[0])
            _add_band(axis, run.trajectory, name, COLOURS[1], 1.0)
            axis.set(title=title)
        for axis in axes:
            axis.axvspan(spray.start, min(spray.end, batch.time[-1]), color=COLOURS[6], alpha=0.08, linewidth=0)
            axis.set(xlabel="time [s], spray shaded", xlim=(0.0, batch.time[-1]))
        return svg(figure)


def _add_band(axis: Any, reduced: Trajectory | None, name: str, colour: str, unit: float) -> None:
    if reduced is None:
        return
    values, errors = reduced.series(name)
    low = np.maximum(values - 2.0 * errors, LOWEST_SHARE * values)
    axis.fill_between(reduced.times, low / unit, (values + 2.0 * errors) / unit, color=colour, alpha=0.14, linewidth=0)
    axis.plot(reduced.times, values / unit, "--", color=colour, linewidth=1.1)
