"""Pictures of a calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from coupling.calibration.certainty import Certainty
from coupling.calibration.predict import ComparedCurve, Prediction
from coupling.calibration.problem import Variable
from coupling.calibration.profile import Profile

MICRO = 1e6
COLUMNS = 3
FIT, PREDICT, MEASURED = "#1f6f8b", "#c1502e", "#222222"


def draw_curves(predictions: Sequence[Prediction], path: Path) -> None:
    """Cumulative volume over diameter, one panel an experiment: measured points, the model and its interval."""
    shown = [one for one in predictions if one.curve is not None]
    if not shown:
        return
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(0.8 + 3.4 * columns, 0.5 + 2.8 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, prediction in zip(panels.flat, shown):
        assert prediction.curve is not None
        _draw_curve(axes, prediction, prediction.curve)
    for axes in panels.flat[len(shown) :]:
        axes.set_visible(False)
    for axes in panels[-1]:
        axes.set_xlabel("diameter [um]")
    for axes in panels[:, 0]:
        axes.set_ylabel("volume below [-]")
    figure.savefig(path, dpi=130)


def _draw_curve(axes: Any, prediction: Prediction, curve: ComparedCurve) -> None:
    colour, use = (FIT, "fitted") if prediction.used else (PREDICT, "predicted")
    sizes = MICRO * curve.diameters
    axes.fill_between(sizes, curve.low, curve.high, color=colour, alpha=0.2, linewidth=0.0, label="95 % interval")
    axes.plot(sizes, curve.predicted, color=colour, label=use)
    axes.plot(sizes, curve.measured, "o", color=MEASURED, markersize=2.5, label="measured")
    axes.set(xscale="log", ylim=(-0.03, 1.03), title=f"{prediction.name}, {use}")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize="small", loc="upper left")


def draw_correlations(variables: Sequence[Variable], certainty: Certainty, path: Path) -> None:
    """Correlation matrix of the estimates."""
    names = [variable.name for variable in variables]
    size = 2.6 + 0.42 * len(names)
    figure = Figure(figsize=(size + 0.8, size), layout="constrained")
    axes = figure.subplots()
    values = certainty.correlations
    image = axes.imshow(values, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    for row, column in np.ndindex(values.shape):
        shade = "white" if abs(values[row, column]) > 0.6 else "black"
        axes.text(column, row, f"{values[row, column]:.2f}", ha="center", va="center", color=shade, fontsize=7)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    figure.colorbar(image, ax=axes, shrink=0.8, label="correlation")
    figure.savefig(path, dpi=130)


def draw_profiles(profiles: Sequence[Profile], certainty: Certainty, path: Path) -> None:
    """Least chi-square over each unknown, with the limit of 95 % and the parabola of the covariance."""
    if not profiles:
        return
    columns = min(COLUMNS, len(profiles))
    rows = -(-len(profiles) // columns)
    figure = Figure(figsize=(0.8 + 3.0 * columns, 0.5 + 2.4 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for at, (axes, profile) in enumerate(zip(panels.flat, profiles)):
        variable, rise = profile.variable, profile.limit - certainty.chi_square
        fine = np.linspace(profile.places[0], profile.places[-1], 101)
        parabola = ((fine - certainty.places[at]) / certainty.deviations[at]) ** 2
        axes.plot([variable.value(place) for place in fine], parabola, "--", color=MEASURED, alpha=0.5)
        values = [variable.value(place) for place in profile.places]
        axes.plot(values, profile.chi_squares - certainty.chi_square, "o-", color=FIT, markersize=3.5)
        axes.axhline(rise, color=PREDICT, linewidth=0.9)
        axes.set(xlabel=variable.name, ylim=(-0.15 * rise, 3.0 * rise), xscale="log" if variable.log else "linear")
        axes.grid(alpha=0.25)
    for axes in panels.flat[len(profiles) :]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel("rise of chi-square")
    figure.savefig(path, dpi=130)
