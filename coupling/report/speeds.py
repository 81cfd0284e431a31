"""Section: normal speeds of pair encounters and of blade hits, with the fitted Weibull laws."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.exchange import Exchange
from coupling.report.charts import COLOURS, INK, chart, svg
from coupling.report.contents import Quantity, Section
from coupling.report.kernel import add_coefficients
from coupling.report.record import RunRecord
from coupling.window import Window
from dem.parcels import parcel_law

Array = NDArray[np.float64]

POOR_DISTANCE = 0.1
"""Mean Kolmogorov distance of the histograms from the law beyond which it is a poor description [-]."""
COLUMNS = 4


def speeds_section(run: RunRecord) -> Section:
    """Histograms of each window with the law's density, coefficients and distance from the law."""
    section = Section("speeds", "Impact speeds")
    exchange, windows = run.exchange, run.measured
    if exchange is None or not windows:
        section.lack("No speed laws have been fitted yet.")
        return section
    section.say(
        "Normal component at first touch, weighted by encounters. Pairs: Weibull with scale"
        " λ_ij = exp(a0) (ω/ω₀)^a1 ((d_i + d_j)/(2 d32))^a2 exp(a3 z) and one shape k, speeds of real grains,"
        " v = v_parcel/s. Blades: share of the tip speed, Weibull with scale u and shape m, unscaled."
    )
    section.show(
        _pair_charts(exchange, windows),
        "Histograms of the pair speeds of each window",
        "Pair encounters of all classes together, share per unit of ln v; line: the law, summed over the pairs as they"
        " were counted. The outermost bins hold what lies beyond them.",
    )
    add_coefficients(section, "pair_speed", exchange.pair_speed)
    coupling = run.case.coupling
    if coupling is not None and any(window.blade_encounters((coupling.impeller,)).sum() for window in windows):
        picture = _blade_chart(exchange, windows, coupling.impeller)
        section.show(picture, "Histogram of blade speeds", "Blade hits: normal speed over tip speed; line: the law.")
    add_coefficients(section, "blade_share", exchange.blade_share)
    _add_distances(section, exchange)
    return section


def _add_distances(section: Section, exchange: Exchange) -> None:
    rows = []
    for name, term in (("pairs", exchange.pair_speed), ("blades", exchange.blade_share)):
        distance = term.quality["mean_distance"]
        rows.append((name, Quantity(term.quality["encounters"]), Quantity(distance)))
        if distance > POOR_DISTANCE:
            section.warn(f"The speeds of {name} are no Weibull law: mean distance {Quantity(distance)}.")
    header = ("law", "encounters", "mean distance")
    section.tabulate("Largest difference of the cumulative shares, mean over the cells.", header, rows, wide=False)


def weibull(speed: Array, scale: float | Array, shape: float) -> Array:
    """Density by ln v: v f(v) = k (v/lambda)^k exp(-(v/lambda)^k)."""
    ratio = (speed / scale) ** shape
    return np.asarray(shape * ratio * np.exp(-ratio))


def pair_scale(exchange: Exchange, speed: float, ratio: float | Array, state: float) -> Array:
    """lambda [m/s] at an impeller speed [rad/s], for a mean size over d32, in a state z."""
    a0, a1, a2, a3, _ = exchange.pair_speed.coefficients
    logarithm = a0 + a1 * np.log(speed / exchange.reference_speed) + a2 * np.log(ratio) + a3 * state
    return np.asarray(np.exp(logarithm))


def _pair_density(exchange: Exchange, window: Window, speed: Array) -> Array:
    """The law's density by ln v of all pairs together, weighted with their counts."""
    first, second = np.triu_indices(len(window.size_ratio))
    counts = window.pair_speed_counts()[first, second].sum(axis=1)
    ratio = 0.5 * (window.size_ratio[first] + window.size_ratio[second])
    state = 1.0 if window.median_diameter > exchange.feed_diameter else 0.0
    scales = pair_scale(exchange, window.impeller_speed, ratio, state)
    shape = float(np.exp(exchange.pair_speed.coefficients[4]))
    return weibull(speed[:, None], scales, shape) @ (counts / counts.sum())


def _pair_charts(exchange: Exchange, windows: list[Window]) -> str:
    rows = -(-len(windows) // COLUMNS)
    columns = min(len(windows), COLUMNS)
    with chart(2.6 * rows, columns, rows, squeeze=False, sharey=True) as (figure, axes):
        for number, axis in enumerate(axes.ravel()):
            axis.set_visible(number < len(windows))
            if number < len(windows):
                window = windows[number]
                edges = window.statistics.speed_edges * window.scale ** parcel_law(exchange.parcel_law).pair_speed
                counts = window.pair_speed_counts()
                _histogram(axis, counts.sum(axis=(0, 1)), edges, COLOURS[number % len(COLOURS)])
                speed = np.geomspace(edges[0], edges[-1], 300)
                axis.plot(speed, _pair_density(exchange, window, speed), color=INK, linewidth=1.2)
                axis.set(xscale="log", title=window.name, xlabel="normal speed v [m/s]")
        axes[0, 0].set_ylabel("share per ln v [-]")
        return svg(figure)


def _histogram(axis: Any, counts: Array, edges: Array, colour: str) -> None:
    axis.stairs(counts / counts.sum() / np.diff(np.log(edges)), edges, fill=True, color=colour, alpha=0.45)


def _blade_chart(exchange: Exchange, windows: list[Window], impeller: str) -> str:
    scale, shape = (float(np.exp(value)) for value in exchange.blade_share.coefficients)
    with chart(3.0) as (figure, axis):
        for number, window in enumerate(windows):
            counts = window.blade_speed_counts((impeller,)).sum(axis=0)
            edges = window.statistics.speed_edges / (window.impeller_speed * exchange.tip_radius)
            if counts.sum():
                density = counts / counts.sum() / np.diff(np.log(edges))
                axis.stairs(density, edges, color=COLOURS[number % len(COLOURS)], linewidth=1.1, label=window.name)
        share = np.geomspace(5e-3, 5.0, 400)
        axis.plot(share, weibull(share, scale, shape), color=INK, linewidth=1.6, label="law")
        axis.set(xscale="log", xlim=(5e-3, 5.0), xlabel="normal speed / tip speed [-]", ylabel="share per ln v [-]")
        axis.legend(loc="upper left", ncols=2)
        return svg(figure)
