"""The results of a calibration: `calibration.json` for programs, `report.md` and pictures for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coupling.calibration.driver import Calibrated
from coupling.calibration.pictures import draw_correlations, draw_curves, draw_profiles
from coupling.calibration.predict import Compared, ComparedCurve, Prediction
from coupling.calibration.profile import Profile
from coupling.fitting import REPORT_NAME

RESULT_NAME = "calibration.json"
CURVES_NAME, CORRELATIONS_NAME, PROFILES_NAME = "sizes.png", "correlations.png", "profiles.png"
MICRO = 1e6
DISPLAYED = {
    "moisture": ("", 1.0),
    "porosity": ("", 1.0),
    "residence_time": ("s", 1.0),
    "residence_time_deviation": ("s", 1.0),
}
"""Unit in which a measured value is shown, and its factor; diameters are shown in um."""


def write_results(calibrated: Calibrated, folder: Path) -> None:
    """Write every result into a folder."""
    text = json.dumps(as_dict(calibrated), indent=1, allow_nan=False) + "\n"
    (folder / RESULT_NAME).write_text(text, encoding="utf-8")
    draw_curves(calibrated.predictions, folder / CURVES_NAME)
    draw_correlations(calibrated.problem.variables, calibrated.certainty, folder / CORRELATIONS_NAME)
    draw_profiles(calibrated.profiles, calibrated.certainty, folder / PROFILES_NAME)
    (folder / REPORT_NAME).write_text(as_text(calibrated), encoding="utf-8")


def as_dict(calibrated: Calibrated) -> dict[str, Any]:
    """Everything as plain values, SI."""
    certainty, variables = calibrated.certainty, calibrated.problem.variables
    estimates = []
    for at, variable in enumerate(variables):
        low, high = certainty.interval(variable, at)
        estimates.append(
            {
                "name": variable.name,
                "value": calibrated.estimates[variable.name],
                "interval": [low, high],
                "bounds": [variable.low, variable.high],
                "scale": "log" if variable.log else "linear",
                "standard_error_on_scale": float(certainty.deviations[at] * variable.span),
            }
        )
    spans = [variable.span for variable in variables]
    covariance = [[float(v * a * b) for v, b in zip(row, spans)] for row, a in zip(certainty.covariance, spans)]
    return {
        "estimates": estimates,
        "covariance_on_scale": covariance,
        "correlations": certainty.correlations.tolist(),
        "singular_values": certainty.singular_values.tolist(),
        "chi_square": certainty.chi_square,
        "degrees_of_freedom": certainty.freedom,
        "likelihood_of_larger_chi_square": certainty.likelihood,
        "widening": certainty.widening,
        "warnings": list(calibrated.warnings),
        "profiles": [plain_profile(profile) for profile in calibrated.profiles],
        "searches": [{"chi_square": one.chi_square, "runs": one.runs, "converged": one.converged} for one in
                     calibrated.found],
        "experiments": [_plain(prediction) for prediction in calibrated.predictions],
    }  # fmt: skip


def plain_profile(profile: Profile) -> dict[str, Any]:
    """Return a profile as plain values."""
    return {
        "name": profile.variable.name,
        "values": [profile.variable.value(place) for place in profile.places],
        "chi_squares": profile.chi_squares.tolist(),
        "interval": list(profile.interval),
        "limit": profile.limit,
    }


def _plain(prediction: Prediction) -> dict[str, Any]:
    curve = prediction.curve
    return {
        "name": prediction.name,
        "use": "fit" if prediction.used else "predict",
        "chi_square": prediction.chi_square,
        "measured_values": prediction.count,
        "sizes": {name: vars(one) for name, one in prediction.sizes.items()},
        "values": {name: vars(one) for name, one in prediction.values.items()},
        "curve": None if curve is None else _plain_curve(curve),
        "warnings": list(prediction.warnings),
    }


def _plain_curve(curve: ComparedCurve) -> dict[str, Any]:
    points = {name: getattr(curve, name).tolist() for name in ("diameters", "measured", "predicted", "low", "high")}
    return points | {
        "largest_difference": curve.largest,
        "root_mean_square_difference": curve.root_mean_square,
        "share_inside_interval": curve.inside,
    }


def as_text(calibrated: Calibrated) -> str:
    """The report, in Markdown."""
    certainty, calibration = calibrated.certainty, calibrated.problem.calibration
    used = sum(prediction.used for prediction in calibrated.predictions)
    parts = [
        f"# {calibration.title or calibration.name}",
        f"{len(calibrated.problem.variables)} unknowns fitted to {used} of {len(calibrated.predictions)} experiments:"
        f" chi-square {certainty.chi_square:.4g} for {certainty.freedom} degrees of freedom (by the stated errors alone"
        f" a larger one has the probability {certainty.likelihood:.2g}). Intervals hold 95 % and are widened by"
        f" {certainty.widening:.3g}.",
        "## Estimates",
        table(("parameter", "estimate", "interval", "by its profile", "bounds", "scale"), _estimate_rows(calibrated)),
        f"![Profiles of the likelihood]({PROFILES_NAME})" if calibrated.profiles else "",
        f"![Correlations of the estimates]({CORRELATIONS_NAME})",
        "## What to know",
        "\n".join(f"* {warning}" for warning in _told(calibrated)) or "Nothing to warn of.",
        "## Experiments",
        "Errors are prediction over measurement less one, and differences of the cumulative volume; in brackets the"
        " interval in which a measurement is expected.",
        table(HEADINGS, [_experiment_row(prediction) for prediction in calibrated.predictions]),
        *_value_tables(calibrated.predictions),
        f"![Size distributions, measured and of the model]({CURVES_NAME})",
        "## Searches",
        table(("start", "chi-square", "runs", "ended"), _search_rows(calibrated)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


HEADINGS = (
    "experiment", "used to", "d10 um", "d50 um", "d90 um", "largest difference", "rms difference", "points inside",
    "chi-square/values",
)  # fmt: skip


def _told(calibrated: Calibrated) -> Iterator[str]:
    yield from calibrated.warnings
    for prediction in calibrated.predictions:
        yield from (f"{prediction.name}: {warning}" for warning in prediction.warnings)


def _estimate_rows(calibrated: Calibrated) -> Iterator[tuple[str, ...]]:
    for at, variable in enumerate(calibrated.problem.variables):
        low, high = calibrated.certainty.interval(variable, at)
        yield (
            variable.name,
            f"{calibrated.estimates[variable.name]:.4g}",
            f"{low:.4g} to {high:.4g}",
            profile_cell(calibrated.profiles[at]) if calibrated.profiles else "",
            f"{variable.low:.4g} to {variable.high:.4g}",
            "log" if variable.log else "linear",
        )


def profile_cell(profile: Profile) -> str:
    """Return the interval by the profile, `open` for an end that the data do not set."""
    low, high = ("open" if end is None else f"{end:.4g}" for end in profile.interval)
    return f"{low} to {high}"


def _experiment_row(prediction: Prediction) -> tuple[str, ...]:
    curve = prediction.curve
    whole = ("", "", "") if curve is None else (
        f"{curve.largest:.3f}", f"{curve.root_mean_square:.3f}", f"{curve.inside:.0%}"
    )  # fmt: skip
    sizes = [_size_cell(prediction.sizes[name]) for name in ("d10", "d50", "d90")]
    ratio = f"{prediction.chi_square / prediction.count:.3g}" if prediction.count else ""
    return (prediction.name, "fit" if prediction.used else "predict", *sizes, *whole, ratio)


def _size_cell(size: Compared) -> str:
    got = f"{MICRO * size.predicted:.0f} ({MICRO * size.low:.0f} to {MICRO * size.high:.0f})"
    if size.measured is None or size.relative is None:
        return got
    return f"{got}, measured {MICRO * size.measured:.0f}: {size.relative:+.0%}"


def _value_tables(predictions: Sequence[Prediction]) -> Iterator[str]:
    """One table of the further measured values, if there are any."""
    rows = [_value_row(each.name, name, one) for each in predictions for name, one in each.values.items()]
    if rows:
        yield table(("experiment", "value", "measured", "its error", "predicted", "interval", "off by"), rows)


def _value_row(experiment: str, name: str, one: Compared) -> tuple[str, ...]:
    unit, factor = DISPLAYED.get(name, ("um", MICRO))
    measured, error, got, low, high = (
        f"{factor * (value or 0.0):.4g}" for value in (one.measured, one.error, one.predicted, one.low, one.high)
    )
    off = "" if one.relative is None else f"{one.relative:+.1%}"
    return experiment, f"{name} {unit}".strip(), measured, error, got, f"{low} to {high}", off


def _search_rows(calibrated: Calibrated) -> Iterator[tuple[str, ...]]:
    for at, one in enumerate(calibrated.found, start=1):
        ended = "at a minimum" if one.converged else "at its limit"
        yield str(at), f"{one.chi_square:.5g}", str(one.runs), ended + (", the best" if one is calibrated.best else "")


def table(headings: Sequence[str], rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
