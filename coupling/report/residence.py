"""Residence times of what is fed into a graph of compartments, and how disturbances of the feeds fade."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose
from typing import Any

import numpy as np

from coupling.report.charts import COLOURS, chart, svg
from coupling.report.contents import Cell, Quantity, Section, percent
from pbm.graph import Graph
from pbm.residence import ResidenceTime

PERIODS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Periods of disturbances that are shown, over the mean residence time."""
ALIKE = 0.01
"""Relative difference within which two periods are one."""
LONGEST, POINTS = 4.0, 300
"""Mean residence times, and points, of the curves."""
DECADES = (-2.0, 1.5)
"""Decades of frequency times mean residence time."""


def show_residence(
    section: Section, graph: Graph, fed: Sequence[tuple[str, str]], ripples: Sequence[tuple[str, str, float]] = ()
) -> None:
    """Add residence times and damping of what is fed: compartment and name of each powder.

    ripples: compartment, powder and period [s] of the disturbances that there are
    """
    times = {to: ResidenceTime(graph, to) for to in dict.fromkeys(to for to, _ in fed)}
    rows: list[tuple[Cell, ...]] = []
    for to, one in times.items():
        names = ", ".join(dict.fromkeys(name for place, name in fed if place == to))
        deviation = Quantity(float(np.sqrt(one.variance)), "s")
        mean = Quantity(one.mean, "s", name=f"residence-{to}")
        rows.append((to, names, mean, deviation, Quantity(one.tanks), Quantity(one.peclet)))
    header = ("fed into", "powder", "mean stay", "standard deviation", "tanks in series", "Peclet number")
    section.tabulate("Residence times; tanks and Peclet number have the same variance.", header, rows)
    caption = "Left: density of the residence time. Right: what is left of a feeder's disturbance, by its frequency."
    section.show(_curves(times), "Residence time distribution and damping", caption)
    section.tabulate("What is left of a disturbance of the feed.", *_damping(times, ripples))


def _curves(times: dict[str, ResidenceTime]) -> str:
    with chart(3.2, 2) as (figure, (density, damping)):
        for (to, one), colour in zip(times.items(), COLOURS):
            marks = np.linspace(0.0, LONGEST * one.mean, POINTS)
            density.plot(marks, one.density(marks), color=colour, label=to)
            density.axvline(one.mean, color=colour, linewidth=0.8, linestyle=":")
            frequencies = np.logspace(*DECADES, POINTS) / one.mean
            damping.plot(frequencies, np.abs(one.response(frequencies)), color=colour)
        density.set(xlabel="time [s]", ylabel="E [1/s]", xlim=(0.0, None), ylim=(0.0, None))
        density.legend(loc="upper right")
        damping.set(
            xscale="log", yscale="log", xlabel="frequency [1/s]", ylabel="amplitude out over in", ylim=(1e-4, 1.5)
        )
        return svg(figure)


def _damping(
    times: dict[str, ResidenceTime], ripples: Sequence[tuple[str, str, float]]
) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Header and rows: amplitude out over in at several periods, those of the ripples among them."""
    rows: list[tuple[Cell, ...]] = []
    for to, one in times.items():
        own = {period: name for place, name, period in ripples if place == to}
        usual = [factor * one.mean for factor in PERIODS]
        kept = [period for period in usual if not any(isclose(period, each, rel_tol=ALIKE) for each in own)]
        for period in sorted({*own, *kept}):
            ratio: Any = abs(one.response([1.0 / period])[0])
            mark: tuple[Cell, ...] = (own.get(period, ""),) if ripples else ()
            rows.append((to, Quantity(period, "s"), *mark, percent(float(ratio))))
    named = ("ripple of",) if ripples else ()
    return ("fed into", "period", *named, "amplitude out over in"), rows
