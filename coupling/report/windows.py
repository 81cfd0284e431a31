"""Section: the DEM windows, what they counted, and whether they were stationary."""

from __future__ import annotations

import numpy as np

from coupling.report.contents import Cell, Quantity, Section, percent
from coupling.report.record import RunRecord, WindowRecord

ENOUGH_BLOCKS = 20
"""Blocks, each one blade passage, from which the error of a rate can be trusted."""


def windows_section(run: RunRecord) -> Section:
    """Windows, encounters beside births, and the test against trends."""
    section = Section("windows", "Particle windows")
    done = [window for window in run.windows if window.statistics is not None]
    unfinished = [window.name for window in run.windows if window.statistics is None]
    if not done:
        section.lack("No window has encounter statistics: either none were asked for, or none is finished.")
        return section
    section.tabulate("Windows: what they stand for and how long they counted.", WINDOW_HEADER, [
        _window_row(run, window) for window in done
    ])  # fmt: skip
    section.tabulate("What was counted. " + COUNTED, COUNT_HEADER, [_count_row(run, window) for window in done])
    section.say(TREND)
    section.tabulate(
        "Trend over the blocks of each window; worst compartment.",
        ("window", "p, rate", "p, speed", "change of rate", "change of speed", "result"),
        [_trend_row(section, window) for window in done],
    )
    few = [window.name for window in done if window.statistics and window.statistics.block_count < ENOUGH_BLOCKS]
    if few:
        section.warn(f"Errors of rates need at least {ENOUGH_BLOCKS} blocks; there are fewer in {', '.join(few)}.")
    if unfinished:
        section.lack(f"Not finished: {', '.join(unfinished)}.")
    return section


WINDOW_HEADER = ("window", "impeller", "tip speed", "scale s", "state z", "particles", "blocks", "counted time")
COUNT_HEADER = ("window", "encounters", "births", "births per encounter", "blade hits", "loss per encounter")
COUNTED = (
    "An encounter is a first touch, or one after the pair was apart; births count every touch, so their ratio says how"
    " much pairs chatter. Loss: energy dissipated per encounter of two parcels."
)
TREND = (
    "A kernel holds only if the window is stationary: the Mann–Kendall test looks for a trend in encounters and in"
    " speeds over the blocks, at a level of 5 % over all series of a window. A window that fails marks its kernel as"
    " not stationary."
)


def _window_row(run: RunRecord, window: WindowRecord) -> list[Cell]:
    statistics, tip = window.statistics, run.tip_radius
    assert statistics is not None
    unknown = float("nan")
    speed = window.speed if window.speed is not None else unknown
    state = 1.0 if window.name == "grown" else 0.0
    known = run.exchange is not None and window.name in run.exchange.windows
    return [
        window.name,
        Quantity(speed, "rad/s", digits=4),
        Quantity(speed * tip if tip is not None else unknown, "m/s"),
        Quantity(window.scale if window.scale is not None else unknown, digits=4),
        Quantity(state if known else unknown),
        Quantity(round(float(statistics.particle_time.sum() / statistics.duration), 6), digits=4),
        Quantity(statistics.block_count),
        Quantity(statistics.duration, "s"),
    ]


def _count_row(run: RunRecord, window: WindowRecord) -> list[Cell]:
    statistics, coupling = window.statistics, run.case.coupling
    assert statistics is not None
    encounters, births = float(statistics.encounters.sum()), float(statistics.births.sum())
    blades = [str(name) == coupling.impeller for name in statistics.wall_names] if coupling is not None else []
    hits = float(statistics.wall_encounters[..., np.array(blades)].sum()) if any(blades) else float("nan")
    loss = float(statistics.dissipated_energy.sum())
    per = (births / encounters, loss / encounters) if encounters else (float("nan"), float("nan"))
    return [
        window.name,
        Quantity(encounters, name=f"encounters-{window.name}"),
        Quantity(births),
        Quantity(per[0]),
        Quantity(hits),
        Quantity(per[1], "J"),
    ]


def _trend_row(section: Section, window: WindowRecord) -> list[Cell]:
    assert window.statistics is not None
    trend = window.statistics.stationarity()
    known = np.isfinite(trend.probability)
    if not known.any():
        result = f"not testable: {window.statistics.block_count} blocks"
    else:
        result = "passed" if trend.passed else "not stationary"
    if known.any() and not trend.passed:
        section.warnings.append(f"Window {window.name} is not stationary: its kernel drifts while it is measured.")
    values = [_worst(column, known[:, at]) for at, column in enumerate(trend.probability.T)]
    places = [int(np.argmin(np.where(known[:, at], trend.probability[:, at], np.inf))) for at in range(2)]
    changes = [float(trend.change[place, at]) for at, place in enumerate(places)]
    shown: list[Cell] = [Quantity(value, digits=2) for value in values]
    return [window.name, *shown, *(percent(change, 2) for change in changes), result]


def _worst(column: np.ndarray, known: np.ndarray) -> float:
    return float(column[known].min()) if known.any() else float("nan")
