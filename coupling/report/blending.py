"""Sections of a blender: what leaves over time and in samples, how long it stays, and how disturbances fade."""

from __future__ import annotations

import numpy as np

from compute.errors import CaseError
from coupling.report.charts import COLOURS, chart, svg
from coupling.report.contents import Cell, Quantity, Section, percent
from coupling.report.record import RunRecord
from coupling.report.residence import show_residence
from pbm.blending import BlendingCourse
from pbm.blending_run import make_blending, uniformity_at
from pbm.case_blending import BlendingCase
from pbm.grid import Floats

FACTORS = (0.1, 1.0, 10.0)
"""Masses of samples that are shown, over that of the case."""
LIMIT = 0.05
"""RSD above which a blend counts as badly mixed."""
MOST_POINTS = 300
"""Samples that are drawn, at most."""


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
    fed = [(each.to, each.component) for each in case.feeders]
    ripples = [(each.to, each.component, each.ripple.period) for each in case.feeders if each.ripple]
    show_residence(section, blending.graph, fed, ripples)
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
