"""Section: how often blades hit a granule, by class and window, with the fitted law."""

from __future__ import annotations

from typing import Any

import numpy as np

from coupling.exchange import Exchange
from coupling.report.charts import COLOURS, INK, chart, svg
from coupling.report.contents import Section
from coupling.report.kernel import add_coefficients, add_quality
from coupling.report.record import RunRecord


def blade_section(run: RunRecord) -> Section:
    """r_i of every class and window against d/d32, the law, and how well it fits."""
    section = Section("blades", "Blade hits")
    exchange = run.exchange
    if exchange is None:
        section.lack("No law of blade hits has been fitted yet.")
        return section
    section.say("r_i = exp(q0) (ω/ω₀)^q1 (d/d32)^q2 exp(q3 z): hits by the blades per granule and second.")
    if run.measured:
        caption = "Hits per granule and second with ±2 standard errors; lines: law. Right: measured over law."
        section.show(_draw(exchange, run), "Blade hits by class", caption)
    add_coefficients(section, "blade_hit", exchange.blade_hit)
    add_quality(section, exchange.blade_hit.quality)
    return section


def _draw(exchange: Exchange, run: RunRecord) -> str:
    dispersion = max(exchange.blade_hit.quality["block_dispersion"], 1.0)
    with chart(3.2, 2) as (figure, (rates, ratios)):
        for window in run.measured:
            number = exchange.windows.index(window.name)
            cells = [cell for cell in exchange.blade_hit.cells if cell["window"] == number and cell["count"] > 0]
            ratio = window.size_ratio[[int(cell["first"]) for cell in cells]]
            count, expected, law = (
                np.array([cell[name] for cell in cells]) for name in ("count", "expected", "log_rate")
            )
            error, style = 2.0 * np.sqrt(dispersion / count), _style(number)
            rate, relative = np.exp(law) * count / expected, count / expected
            below = np.minimum(error, 0.95)
            rates.errorbar(ratio, rate, [rate * below, rate * error], label=window.name, **style)
            rates.plot(ratio, np.exp(law), color=style["color"], linewidth=0.9)
            ratios.errorbar(ratio, relative, [relative * below, relative * error], **style)
        rates.set(xlabel="d / d32 [-]", ylabel="r [1/s]", title="Hits per granule and second", ylim=(0.0, None))
        ratios.set(xlabel="d / d32 [-]", ylabel="measured / law [-]", title="Against the law", ylim=(0.0, None))
        ratios.axhline(1.0, color=INK, linewidth=0.8)
        rates.legend(loc="best", ncols=2)
        return svg(figure)


def _style(number: int) -> dict[str, Any]:
    return {"fmt": "o", "markersize": 3.5, "linewidth": 0.9, "color": COLOURS[number % len(COLOURS)]}
