"""Section: the encounter kernel, pair by pair, with error bars and the fitted law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.exchange import TERM_NAMES, Exchange, Term
from coupling.report.charts import COLOURS, INK, chart, size_axis, svg
from coupling.report.contents import Cell, Quantity, Section
from coupling.report.record import RunRecord
from dem.parcels import parcel_law

Array = NDArray[np.float64]

WHAT = {
    "encounter": "encounters",
    "pair_speed": "pair speeds",
    "blade_hit": "blade hits",
    "blade_share": "blade speeds",
}
MISFIT = 3.0
"""Pearson dispersion about the law over that of the blocks from which the law misses more than noise."""
ASIDE = 1.007
"""Factor by which each window's points are moved aside."""
AROUND = 2.0
"""Factor of empty space around the points of a logarithmic axis."""
LAW = (
    "b_ij = exp(c0) (ω/ω₀)^c1 (d_i + d_j)³ (f_i f_j)^c2 exp(c3 z), f = d/d32, z the state of the size distribution"
    " (0 feed, 1 grown): encounters per second and pair are b_ij N_i N_j / V_s with V_s the volume of solids."
)


def kernel_section(run: RunRecord) -> Section:
    """b_ij of every pair and window against d_i + d_j, the law, and how well it fits."""
    section = Section("kernel", "Encounter kernel")
    exchange = run.exchange
    if exchange is None:
        section.lack("No laws have been fitted yet.")
        return section
    section.say(LAW)
    points = [_points(run, exchange, number) for number in range(len(exchange.windows))]
    caption = (
        "Left: rate constants of real grains with ±2 standard errors, √(D/B) of B encounters with the dispersion D"
    )
    caption += " of the blocks; lines: law. Right: measured over law, band: ±2 standard errors of the law."
    caption += " Windows are moved aside by 0.7 % each, so that their bars do not hide each other."
    section.show(_draw(exchange, points), "Rate constants of encounters against the sum of diameters", caption)
    add_coefficients(section, "encounter", exchange.encounter)
    quality = exchange.encounter.quality
    add_quality(section, quality)
    empty = sum(1 for cell in exchange.encounter.cells if cell["count"] == 0)
    if empty:
        section.say(f"{empty} pairs without an encounter are shown as upper limits (95 %), 3/E.")
    if quality["fit_dispersion"] > MISFIT * max(quality["block_dispersion"], 1.0):
        section.warn(
            "The encounter law misses the counts by more than their noise; its errors are widened accordingly."
        )
    return section


def add_quality(section: Section, quality: dict[str, float]) -> None:
    """Dispersion and goodness of fit of a rate law."""
    rows: list[tuple[Cell, ...]] = [
        (
            "dispersion of the blocks D",
            Quantity(quality["block_dispersion"]),
            "variance over mean of counts by block; 1: Poisson",
        ),
        ("dispersion about the law", Quantity(quality["fit_dispersion"]), "Pearson χ² per degree of freedom"),
        ("deviance", Quantity(quality["deviance"]), f"on {quality['degrees_of_freedom']:.0f} degrees of freedom"),
        ("misfit", Quantity(quality["relative_misfit"]), "relative deviation of measured from law beyond noise"),
    ]
    section.tabulate("Goodness of fit.", ("", "value", "meaning"), rows, wide=False)


def add_coefficients(section: Section, name: str, term: Term) -> None:
    """Coefficients of a law with their standard errors."""
    errors = np.sqrt(np.diag(np.array(term.covariance)))
    rows = []
    for label, value, error in zip(TERM_NAMES[name], term.coefficients, errors):
        if error == 0.0:
            rows.append((label, "not fitted: the design does not vary it"))
        else:
            rows.append((label, Quantity(value, "", float(error), name=f"{name}-{label}")))  # type: ignore[arg-type]
    section.tabulate(
        f"Coefficients of the law of {WHAT[name]} with standard errors; logarithms of SI values.",
        ("", "value"),
        rows,
        wide=False,
    )


def _points(run: RunRecord, exchange: Exchange, window: int) -> dict[str, Array]:
    """A window's pairs: sums of diameters [m], measured b, its relative error, law, its error, upper limits."""
    assert run.case.dem is not None
    law = parcel_law(exchange.parcel_law)
    parcel = np.array([each.diameter for each in run.case.dem.classes])
    real = parcel * exchange.scales[window] ** law.size
    cells = [cell for cell in exchange.encounter.cells if cell["window"] == window]
    column = {
        name: np.array([cell[name] for cell in cells]) for name in ("count", "expected", "log_rate", "log_rate_error")
    }
    first, second = (np.array([int(cell[side]) for cell in cells], dtype=int) for side in ("first", "second"))
    fitted, seen = np.exp(column["log_rate"]), column["count"] > 0
    dispersion = max(exchange.encounter.quality["block_dispersion"], 1.0)
    return {
        "size": real[first] + real[second],
        "parcel": parcel[first] + parcel[second],
        "law": fitted,
        "law_error": column["log_rate_error"],
        "rate": np.where(seen, fitted * column["count"] / column["expected"], np.nan),
        "error": np.sqrt(dispersion / np.maximum(column["count"], 1.0)),
        "limit": np.where(seen, np.nan, 3.0 * fitted / column["expected"]),
    }


def _draw(exchange: Exchange, points: Sequence[dict[str, Array]]) -> str:
    with chart(3.8, 2, width_ratios=(1.15, 1.0)) as (figure, (rates, ratios)):
        for number, (name, point) in enumerate(zip(exchange.windows, points)):
            _draw_window(rates, ratios, point, number, name)
        for axis in (rates, ratios):
            size_axis(axis)
            axis.set_yscale("log")
        rates.set(xlabel="d_i + d_j of real grains [µm]", ylabel="b_ij [m³/s]", title="Rate constant")
        rates.set_ylim(_range(points, ("rate", "limit"), None))
        ratios.set(xlabel="d_i + d_j of the parcels [mm]", ylabel="measured / law [-]", title="Against the law")
        ratios.set_ylim(_range(points, ("rate",), "law"))
        ratios.axhline(1.0, color=INK, linewidth=0.8)
        rates.legend(loc="upper left")
        return svg(figure)


def _range(points: Sequence[dict[str, Array]], names: tuple[str, ...], over: str | None) -> tuple[float, float]:
    """Range of an axis that holds every measured point, whatever its error bar."""
    values = np.concatenate([point[name] / (point[over] if over else 1.0) for point in points for name in names])
    return float(np.nanmin(values)) / AROUND, float(np.nanmax(values)) * AROUND


def _draw_window(rates: Any, ratios: Any, point: dict[str, Array], number: int, name: str) -> None:
    """Points of one window, moved aside by a percent a window so that error bars do not hide each other."""
    order = np.argsort(point["size"], kind="stable")
    rate, error, law = (point[key][order] for key in ("rate", "error", "law"))
    aside, colour = ASIDE**number, COLOURS[number % len(COLOURS)]
    micro, milli = 1e6 * aside * point["size"][order], 1e3 * aside * point["parcel"][order]
    style = {"fmt": "o", "markersize": 3.2, "linewidth": 0.9, "color": colour}
    below = np.minimum(2.0 * error, 0.95)
    rates.errorbar(micro, rate, [rate * below, 2.0 * rate * error], label=name, **style)
    rates.plot(micro, law, color=colour, linewidth=0.9, alpha=0.8)
    rates.plot(micro, point["limit"][order], "v", color=colour, markersize=4, fillstyle="none")
    ratio, width = rate / law, 2.0 * point["law_error"][order]
    ratios.errorbar(milli, ratio, [ratio * below, 2.0 * ratio * error], **style)
    ratios.fill_between(milli, np.exp(-width), np.exp(width), color=colour, alpha=0.1, linewidth=0)
