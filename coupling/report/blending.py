"""Sections of a blender: what leaves over time and in samples, how long it stays, and how disturbances fade."""

from __future__ import annotations

from math import isclose
from typing import Any

import numpy as np

from compute.errors import CaseError
from coupling.report.charts import COLOURS, chart, svg
from coupling.report.contents import Cell, Quantity, Section, percent
from coupling.report.record import RunRecord
from pbm.blending import Blending, BlendingCourse
from pbm.blending_run import make_blending, uniformity_at
from pbm.case_blending import BlendingCase
from pbm.grid import Floats
from pbm.residence import ResidenceTime

FACTORS = (0.1, 1.0, 10.0)
"""Masses of samples that are shown, over that of the case."""
LIMIT = 0.05
"""RSD above which a blend counts as badly mixed."""
PERIODS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Periods of disturbances that are shown, over the mean residence time."""
ALIKE = 0.01
"""Relative difference within which two periods are one."""
MOST_POINTS = 300
"""Samples that are drawn, at most."""
LONGEST, POINTS = 4.0, 300
"""Mean residence times, and points, of the curves."""
DECADES = (-2.0, 1.5)
"""Decades of frequency times mean residence time."""


def outlet_section(run: RunRecord) -> Section:
    """Shares in what leaves over time, and the RSD of samples."""
    section = Section("outlet", "What leaves")
    case, course = run.case.blending, run.blend
    if case is None or course is None:
        section.lack("The blend has not run yet.")
        return section
    name = case.samples.component
    caption = f"Share of {name} by mass: in what is fed (grey), in what leaves (line), in the samples (points)."
    section.show(_course(case, course), f"Share of {name} over time", caption)
    section.tabulate("Powders.", ("", "fed", "left", "held at the end", "share in what left"), _powders(course))
    _add_samples(section, case, course)
    section.say("Mass of all powders is kept to ", Quantity(course.imbalance, digits=2), " of what was ever there.")
    return section


def residence_section(run: RunRecord) -> Section:
    """Residence times of what each feeder brings, and the damping of its disturbances."""
    section = Section("residence", "Residence times and damping")
    if run.case.blending is None:
        return section
    blending, case = make_blending(run.case.blending), run.case.blending
    times = {to: ResidenceTime(blending.graph, to) for to in dict.fromkeys(each.to for each in case.feeders)}
    rows: list[tuple[Cell, ...]] = []
    for to, one in times.items():
        fed = ", ".join(dict.fromkeys(each.component for each in case.feeders if each.to == to))
        deviation = Quantity(float(np.sqrt(one.variance)), "s")
        rows.append((to, fed, Quantity(one.mean, "s"), deviation, Quantity(one.tanks), Quantity(one.peclet)))
    header = ("fed into", "powder", "mean stay", "standard deviation", "tanks in series", "Peclet number")
    section.tabulate("Residence times; tanks and Peclet number have the same variance.", header, rows)
    caption = "Left: density of the residence time. Right: what is left of a feeder's disturbance, by its frequency."
    section.show(_residence(times), "Residence time distribution and damping", caption)
    section.tabulate("What is left of a disturbance of the feed.", *_damping(times, blending, case))
    return section


def blend_rows(run: RunRecord) -> list[tuple[Cell, Cell]]:
    """What the verdict says of a blend."""
    case, course = run.case.blending, run.blend
    assert case is not None and course is not None
    name = case.samples.component
    rows: list[tuple[Cell, Cell]] = [(f"share of {name} in what leaves, end", percent(float(course.share(name)[-1])))]
    try:
        found, shares = uniformity_at(case, course, case.samples.mass)
    except CaseError:
        return rows
    text = f"{percent(found.rsd)} in {len(shares)} samples of {Quantity(case.samples.mass, 'kg')}"
    return [*rows, (f"relative standard deviation of {name}", text)]


def _powders(course: BlendingCourse) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    total = float(course.left[-1].sum())
    for at, name in enumerate(course.components):
        held, left = float(course.held[-1, :, at].sum()), float(course.left[-1, at])
        fed = held + left - float(course.held[0, :, at].sum())
        masses = (Quantity(value, "kg") for value in (fed, left, held))
        rows.append((name, *masses, percent(left / total) if total > 0.0 else "–"))
    return rows


def _add_samples(section: Section, case: BlendingCase, course: BlendingCourse) -> None:
    """A row for each mass of samples, and what to know of it."""
    rows: list[tuple[Cell, ...]] = []
    for factor in FACTORS:
        mass = factor * case.samples.mass
        try:
            found, shares = uniformity_at(case, course, mass)
        except CaseError as error:
            section.lack(f"No samples of {Quantity(mass, 'kg')}: {error}")
            continue
        mean, name = float(shares.mean()), f"rsd-{factor:g}"
        parts = [np.sqrt(variance) / mean if mean > 0.0 else np.nan for variance in (found.structure, found.random)]
        rsd = Quantity(100.0 * found.rsd, "%", name=name)
        rows.append((Quantity(mass, "kg"), str(len(shares)), percent(mean), *(percent(each) for each in parts), rsd))
        if factor == 1.0 and found.rsd > LIMIT:
            section.warn(f"The relative standard deviation of {case.samples.component} is {found.rsd:.1%}.")
    header = (
        "sample",
        "samples",
        "mean share",
        "by feeders and start",
        "by random grains",
        "relative standard deviation",
    )
    caption = f"Samples of what leaves after {Quantity(case.samples.after, 's')}: {case.samples.component} by mass."
    section.tabulate(caption, header, rows)


def _course(case: BlendingCase, course: BlendingCourse) -> str:
    name = case.samples.component
    with chart(3.2) as (figure, axes):
        fed = _fed_share(case, course.times)
        axes.step(course.times, 100.0 * fed, where="post", color="#b9c3ca", linewidth=1.0, label="fed")
        try:
            _, shares = uniformity_at(case, course, case.samples.mass)
            shown = slice(None, None, max(1, shares.size // MOST_POINTS))
            marks = _sample_times(case, course, shares.size)
            axes.plot(marks[shown], 100.0 * shares[shown], ".", color=COLOURS[1], markersize=4, label="samples")
        except CaseError:
            pass
        axes.plot(course.times, 100.0 * course.share(name), color=COLOURS[0], label="what leaves")
        axes.axvline(case.samples.after, color="#8b98a2", linewidth=0.8, linestyle=":")
        axes.set(xlabel="time [s]", ylabel=f"{name} [% of mass]", xlim=(0.0, course.times[-1]))
        axes.legend(loc="best")
        return svg(figure)


def _fed_share(case: BlendingCase, times: Floats) -> Floats:
    """Share of the component in what is fed (times,); not a number while nothing is."""
    flows: dict[str, Floats] = {}
    for feeder in make_blending(case).feeders:
        rate = np.array([feeder.rate.at(time) if time >= feeder.rate.times[0] else 0.0 for time in times])
        flows[feeder.component] = flows.get(feeder.component, np.zeros(times.size)) + rate
    total = np.sum(list(flows.values()), axis=0)
    own = flows.get(case.samples.component, np.zeros(times.size))
    return np.divide(own, total, out=np.full(times.size, np.nan), where=total > 0.0)


def _sample_times(case: BlendingCase, course: BlendingCourse, count: int) -> Floats:
    """Time at which the middle of each sample left (count,)."""
    late = int(np.searchsorted(course.times, case.samples.after))
    total = course.left[late:].sum(axis=1)
    middle = total[0] + case.samples.mass * (np.arange(count) + 0.5)
    return np.asarray(np.interp(middle, total, course.times[late:]))


def _residence(times: dict[str, ResidenceTime]) -> str:
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
    times: dict[str, ResidenceTime], blending: Blending, case: BlendingCase
) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Header and rows: amplitude out over in at several periods, those of the ripples among them."""
    rows: list[tuple[Cell, ...]] = []
    for to, one in times.items():
        own = {each.ripple.period: each.component for each in case.feeders if each.ripple and each.to == to}
        usual = [factor * one.mean for factor in PERIODS]
        kept = [period for period in usual if not any(isclose(period, each, rel_tol=ALIKE) for each in own)]
        for period in sorted({*own, *kept}):
            ratio: Any = abs(one.response([1.0 / period])[0])
            rows.append((to, Quantity(period, "s"), own.get(period, ""), percent(float(ratio))))
    return ("fed into", "period", "ripple of", "amplitude out over in"), rows
