"""The results of a material fit: `material.json` for programs, `report.md` and a picture for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from coupling.calibration.certainty import NORMAL_95
from coupling.calibration.pictures import draw_correlations, draw_profiles
from coupling.calibration.report import plain_profile, profile_cell, table
from coupling.fitting import REPORT_NAME
from coupling.material.driver import FittedMaterial

RESULT_NAME = "material.json"
CORRELATIONS_NAME, PROFILES_NAME, PROPERTIES_NAME = "correlations.png", "profiles.png", "properties.png"


@dataclass(frozen=True)
class ComparedProperty:
    """A measured property beside what surrogate and runs at the estimates give.

    Attributes:
        predicted, deviation: of the surrogate at the estimates: mean, and its uncertainty by unknowns and few runs;
        noise: of one run; confirmed, scatter: mean of the runs at the estimates and standard error of that mean.
    """

    experiment: str
    name: str
    used: bool
    measured: float
    error: float
    predicted: float
    deviation: float
    noise: float
    confirmed: float
    scatter: float

    @property
    def agrees(self) -> bool:
        """Whether the runs at the estimates lie within 95 % of what the surrogate says of them."""
        return bool(abs(self.confirmed - self.predicted) <= NORMAL_95 * hypot(self.deviation, self.scatter))


def compared(fitted: FittedMaterial) -> list[ComparedProperty]:
    """Return every measured property beside what was found."""
    found, certainty = [], fitted.estimate.certainty
    for index, experiment in enumerate(fitted.problem.calibration.experiments):
        surrogates, slopes = fitted.estimate.bench.surrogates[index], certainty.slopes[index]
        for at, (name, given) in enumerate(experiment.measured.items()):
            one = surrogates[name]
            by_unknowns = float(slopes[at] @ certainty.covariance @ slopes[at])
            runs = np.array([point[index][name].value for point in fitted.confirmations if name in point[index]])
            found.append(ComparedProperty(
                experiment.name, name, experiment.use == "fit", given.value, float(given.error or 0.0),
                one.mean(certainty.places), sqrt(by_unknowns + one.deviation(certainty.places) ** 2), one.noise,
                float(runs.mean()) if len(runs) else float("nan"), one.noise / sqrt(max(len(runs), 1)),
            ))  # fmt: skip
    return found


def warnings_of(fitted: FittedMaterial, properties: list[ComparedProperty]) -> Iterator[str]:
    """Yield what the estimates are not worth: of the fit, of runs that failed, of surrogates the runs contradict."""
    yield from fitted.estimate.warnings
    failed = sum(not each for point in (*fitted.results, *fitted.confirmations) for each in point)
    if failed:
        yield f"{failed} runs failed, and count for nothing; runs/*/log.jsonl say why"
    for each in properties:
        if not each.agrees:
            yield (
                f"{each.experiment}, {each.name}: runs at the estimates give {each.confirmed:.4g}, the surrogate"
                f" {each.predicted:.4g}: raise design or refinement"
            )


def write_results(fitted: FittedMaterial, folder: Path) -> None:
    """Write every result into a folder."""
    properties = compared(fitted)
    told, certainty = list(warnings_of(fitted, properties)), fitted.estimate.certainty
    text = json.dumps(as_dict(fitted, properties, told), indent=1) + "\n"
    (folder / RESULT_NAME).write_text(text, encoding="utf-8")
    if len(fitted.problem.variables) > 1:
        draw_correlations(fitted.problem.variables, certainty, folder / CORRELATIONS_NAME)
    draw_profiles(fitted.estimate.profiles, certainty, folder / PROFILES_NAME)
    draw_properties(fitted, folder / PROPERTIES_NAME)
    (folder / REPORT_NAME).write_text(as_text(fitted, properties, told), encoding="utf-8")


def as_dict(fitted: FittedMaterial, properties: list[ComparedProperty], told: list[str]) -> dict[str, Any]:
    """Everything as plain values, SI but for properties, which are in the units of the runs."""
    certainty, variables = fitted.estimate.certainty, fitted.problem.variables
    estimates = [
        {"name": variable.name, "value": variable.value(float(certainty.places[at])),
         "interval": list(certainty.interval(variable, at)), "bounds": [variable.low, variable.high],
         "standard_error_on_scale": float(certainty.deviations[at] * variable.span)}
        for at, variable in enumerate(variables)
    ]  # fmt: skip
    return {
        "estimates": estimates,
        "profiles": [plain_profile(profile) for profile in fitted.estimate.profiles],
        "correlations": certainty.correlations.tolist(),
        "chi_square": certainty.chi_square,
        "degrees_of_freedom": certainty.freedom,
        "widening": certainty.widening,
        "properties": [vars(each) | {"agrees": each.agrees} for each in properties],
        "runs": len(fitted.places) * len(fitted.problem.calibration.experiments),
        "warnings": told,
    }


def as_text(fitted: FittedMaterial, properties: list[ComparedProperty], told: list[str]) -> str:
    """The report, in Markdown."""
    certainty, settings = fitted.estimate.certainty, fitted.problem.calibration
    parts = [
        f"# {settings.title or settings.name}",
        f"{len(fitted.places)} points, each with {len(settings.experiments)} runs. Chi-square"
        f" {certainty.chi_square:.4g} for {certainty.freedom} degrees of freedom. Intervals hold 95 %, widened by"
        f" {certainty.widening:.3g}; the errors of the surrogates count among those of the measurements.",
        "## Estimates",
        table(("parameter", "estimate", "interval", "by its profile", "bounds"), list(_estimate_rows(fitted))),
        f"![Profiles of the likelihood]({PROFILES_NAME})",
        "## What to know",
        "\n".join(f"* {warning}" for warning in told) or "Nothing to warn of.",
        "## Bench tests",
        "Predicted: by the surrogates at the estimates. Confirmed: mean of runs at the estimates that nothing was"
        " fitted to, with the standard error of that mean.",
        table(
            ("experiment", "property", "used to", "measured", "predicted", "scatter of a run", "confirmed"),
            [_property_row(each) for each in properties],
        ),
        f"![Runs, surrogates and measurements]({PROPERTIES_NAME})",
    ]
    return "\n\n".join(parts) + "\n"


def _estimate_rows(fitted: FittedMaterial) -> Iterator[tuple[str, ...]]:
    certainty = fitted.estimate.certainty
    for at, variable in enumerate(fitted.problem.variables):
        low, high = certainty.interval(variable, at)
        value = variable.value(float(certainty.places[at]))
        profile, bounds = profile_cell(fitted.estimate.profiles[at]), f"{variable.low:.4g} to {variable.high:.4g}"
        yield variable.name, f"{value:.4g}", f"{low:.4g} to {high:.4g}", profile, bounds


def _property_row(each: ComparedProperty) -> tuple[str, ...]:
    return (
        each.experiment, each.name, "fit" if each.used else "predict", f"{each.measured:.4g} ± {each.error:.2g}",
        f"{each.predicted:.4g} ± {each.deviation:.2g}", f"{each.noise:.2g}",
        f"{each.confirmed:.4g} ± {each.scatter:.2g}",
    )  # fmt: skip


def draw_properties(fitted: FittedMaterial, path: Path) -> None:
    """A row for each property, a column for each unknown: runs, surrogate through the estimates, measurement."""
    from matplotlib.figure import Figure

    problem, places = fitted.problem, fitted.estimate.certainty.places
    rows = [(at, name) for at in range(len(problem.calibration.experiments)) for name in problem.results_of(at)]
    figure = Figure(figsize=(0.8 + 3.6 * len(places), 0.5 + 2.6 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), len(places), squeeze=False)
    for (index, name), line in zip(rows, panels):
        for column, axes in enumerate(line):
            _draw_property(axes, fitted, index, name, column)
        line[0].set_ylabel(f"{problem.calibration.experiments[index].name}\n{name}")
    for column, variable in enumerate(problem.variables):
        panels[-1, column].set_xlabel(variable.name)
    figure.savefig(path, dpi=130)


def _draw_property(axes: Any, fitted: FittedMaterial, index: int, name: str, column: int) -> None:
    experiment = fitted.problem.calibration.experiments[index]
    surrogate, variable = fitted.estimate.bench.surrogates[index][name], fitted.problem.variables[column]
    line = np.tile(fitted.estimate.certainty.places, (60, 1))
    line[:, column] = np.linspace(0.0, 1.0, 60)
    values = np.array([variable.value(float(place)) for place in line[:, column]])
    mean = np.array([surrogate.mean(place) for place in line])
    deviation = NORMAL_95 * np.array([surrogate.deviation(place) for place in line])
    axes.fill_between(values, mean - deviation, mean + deviation, alpha=0.25, linewidth=0.0)
    axes.plot(values, mean, label="surrogate, 95 %")
    runs = [(place[column], point[index][name].value) for place, point in zip(fitted.places, fitted.results)
            if name in point[index]]  # fmt: skip
    axes.plot([variable.value(float(place)) for place, _ in runs], [value for _, value in runs], "k.", label="runs")
    given = experiment.measured[name]
    axes.axhspan(given.value - (given.error or 0.0), given.value + (given.error or 0.0), color="C1", alpha=0.35,
                 label="measured")  # fmt: skip
    axes.axvline(variable.value(float(fitted.estimate.certainty.places[column])), color="0.4", linestyle=":")
    axes.set_xscale("log" if variable.log else "linear")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize="x-small")
