"""Pictures of residence times, damping and blends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pbm.blending import BlendingCourse
    from pbm.residence import ResidenceTime

POINTS = 300
LONGEST = 4.0
"""Mean residence times that the picture of E(t) shows."""
DECADES = (-2.0, 1.5)
"""Decades of frequency times mean residence time that the picture of damping shows."""


def draw_residence(residence: ResidenceTime, file: str | None) -> Any:
    """E(t) beside the damping of feeder disturbances over frequency."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    times = np.linspace(0.0, LONGEST * residence.mean, POINTS)
    left.plot(times, residence.density(times))
    left.axvline(residence.mean, color="0.6", linewidth=0.8)
    left.set(xlabel="time [s]", ylabel="E [1/s]", xlim=(0.0, times[-1]), ylim=(0.0, None))
    left.set_title(f"mean {residence.mean:.4g} s, {residence.tanks:.3g} tanks, Pe {residence.peclet:.3g}", fontsize=9)
    frequencies = np.logspace(*DECADES, POINTS) / residence.mean
    right.plot(frequencies, np.abs(residence.response(frequencies)))
    right.set(xscale="log", yscale="log", xlabel="frequency of the disturbance [1/s]", ylabel="amplitude out over in")
    right.grid(True, which="major", color="0.9")
    if file is not None:
        figure.savefig(file, dpi=150)
    return figure


def draw_course(course: BlendingCourse, file: str | None) -> Any:
    """Mass share of every component in the outflow over time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    axes = figure.subplots()
    for component in course.components:
        axes.plot(course.times, course.share(component), label=component)
    axes.set(xlabel="time [s]", ylabel="mass share at the outlet", ylim=(0.0, None))
    axes.legend(frameon=False)
    if file is not None:
        figure.savefig(file, dpi=150)
    return figure
