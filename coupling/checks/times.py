"""Courses of walls, intervals and ends against the time step and each other."""

from __future__ import annotations

from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.contact import fastest_case
from coupling.checks.finding import Finding, graded
from dem.case import DemCase
from dem.case_limits import run_duration, seconds, spheres, time_step

STEPS_PER_PERIOD, FEWEST_PER_PERIOD = 50, 4
MOST_RECORDS = 20_000


def check_times(case: Case) -> Iterator[Finding]:
    """Compare periods of walls and intervals of output with the step, and the end with what is to come before it."""
    dem = fastest_case(case)
    if dem is None or not any(True for _ in spheres(dem)):
        return
    step, duration = time_step(dem), run_duration(dem)
    yield from _periods(dem, step)
    yield from _intervals(dem, step, duration)
    yield from _counted(dem, step)
    yield from _ends(dem, duration)


def _periods(dem: DemCase, step: float) -> Iterator[Finding]:
    for index, wall in enumerate(dem.walls):
        for key, motion in (("motion", wall.motion), ("motion.carrier", getattr(wall.motion, "carrier", None))):
            period = getattr(motion, "period", None)
            if period is None:
                continue
            count = period / step
            level = graded(STEPS_PER_PERIOD / count, 1.0, STEPS_PER_PERIOD / FEWEST_PER_PERIOD)
            if level == "note":
                continue
            text = f"A period of {wall.name} lasts {count:.3g} steps: set dem.time.step to at most"
            text += f" {period / STEPS_PER_PERIOD:.2g} s, or lengthen the period."
            place = f"dem.walls.{index}.{key}.period"
            yield Finding(level, "period-steps", text, f"{count:.3g} steps", f"at least {STEPS_PER_PERIOD}", place)


def _intervals(dem: DemCase, step: float, duration: float) -> Iterator[Finding]:
    found = {
        "dem.time.output_interval": dem.time.output_interval,
        "dem.time.checkpoint_interval": dem.time.checkpoint_interval,
        "dem.liquid.interval": dem.liquid.interval if dem.liquid and dem.liquid.sprays else None,
        "dem.observables.interval": dem.observables.interval if dem.observables else None,
    }
    for key, interval in found.items():
        if interval is None:
            continue
        count = duration / max(interval, step)
        if interval < step or count > MOST_RECORDS:
            level = graded(step / interval, 0.0, 1.0)
            text = f"That makes {count:.3g} records: take a longer interval."
            if level == "refused":
                text = f"It is shorter than a step of {step:.2g} s: take a longer interval."
            yield Finding(
                level, "interval", text, f"{interval:.3g} s", f"at least {_shortest(step, duration):.2g} s", key
            )
    if dem.observables is not None and dem.observables.start + dem.observables.interval > duration:
        text = "Nothing is measured before the run ends: shorten the interval, begin earlier, or run longer."
        key = "dem.observables.interval"
        yield Finding("warning", "interval", text, f"{dem.observables.interval:.3g} s", f"run of {duration:.3g} s", key)


def _counted(dem: DemCase, step: float) -> Iterator[Finding]:
    """Refuse blocks shorter than a step; warn of samples and lags that the window does not hold."""
    statistics = dem.statistics
    if statistics is None or not statistics.enabled:
        return
    block = seconds(dem, statistics.block)
    if block < step:
        text = f"It is shorter than a step of {step:.2g} s: nothing can be counted in it. Take a longer block."
        yield Finding("refused", "interval", text, f"{block:.3g} s", f"at least {step:.2g} s", "dem.statistics.block")
    window = statistics.blocks * block
    for key, value in (("sample_interval", statistics.sample_interval), ("lag", statistics.lag)):
        if value is not None and value > window:
            text = "It is longer than all blocks together: nothing is found in the window. Take a shorter one."
            figures = f"{value:.3g} s", f"at most {window:.3g} s"
            yield Finding("warning", "interval", text, *figures, f"dem.statistics.{key}")


def _shortest(step: float, duration: float) -> float:
    return max(step, duration / MOST_RECORDS)


def _ends(dem: DemCase, duration: float) -> Iterator[Finding]:
    counted = dem.statistics is not None and dem.statistics.enabled
    if counted and dem.time.end is not None:
        text = "The blocks of dem.statistics say when the run ends, and this end is not read: leave one of them out."
        yield Finding("warning", "end", text, f"{dem.time.end:g} s", f"run of {duration:.4g} s", "dem.time.end")
    moves = any(wall.motion is not None for wall in dem.walls)
    if not counted and moves and duration <= dem.time.settle:
        text = "The run ends before its walls have moved: settle for a shorter time, or end later."
        yield Finding("refused", "end", text, f"{duration:g} s", f"above {dem.time.settle:g} s", "dem.time.end")
    for index, result in enumerate(dem.observables.results if dem.observables else ()):
        begins = getattr(result, "start", 0.0)
        if begins >= duration:
            text = f"The run ends before {result.name} is measured: begin earlier, or run longer."
            place = f"dem.observables.results.{index}.start"
            yield Finding("refused", "end", text, f"{begins:g} s", f"below {duration:.4g} s", place)
