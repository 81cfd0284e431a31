"""The windows of a case, their length, blocks and ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from coupling.case import Case
from coupling.checks.finding import Finding
from coupling.run_folder import ALONE
from dem.case import DemCase
from dem.case_limits import run_duration

BLOCKS_NEEDED = 20


@dataclass(frozen=True)
class Window:
    """One DEM run: its name, the impeller's speed [rad/s] (0 without an impeller) and its simulated time [s]."""

    name: str
    speed: float
    duration: float


def windows(case: Case) -> list[Window]:
    """Return the windows a run will simulate, in order."""
    if case.dem is None:
        return []
    if case.coupling is None:
        return [Window(ALONE, 0.0, run_duration(case.dem))]
    design, name = case.coupling.design, case.coupling.impeller
    speeds = [(f"speed-{at + 1}", speed) for at, speed in enumerate(design.speeds)]
    speeds.append(("grown", design.grown.speed or design.middle))
    return [Window(label, speed, run_duration(case.dem.with_wall_speed(name, speed))) for label, speed in speeds]


def check_windows(case: Case) -> Iterator[Finding]:
    """Check number of blocks, and the ranges of design and reduced model."""
    if case.dem is not None and case.dem.statistics is not None and case.dem.statistics.enabled:
        yield from _check_statistics(case.dem)
    if case.coupling is not None:
        yield from _check_ranges(case)


def _check_statistics(dem: DemCase) -> Iterator[Finding]:
    assert dem.statistics is not None
    blocks = dem.statistics.blocks
    level = "warning" if blocks < BLOCKS_NEEDED else "note"
    text = "Errors of rates come from the scatter between blocks." if level == "note" else (
        "Too few blocks to know the error of a rate: raise dem.statistics.blocks."
    )  # fmt: skip
    yield Finding(level, "blocks", text, str(blocks), f"at least {BLOCKS_NEEDED}")  # type: ignore[arg-type]


def _check_ranges(case: Case) -> Iterator[Finding]:
    assert case.coupling is not None
    design = case.coupling.design
    low, high = design.speeds[0], design.speeds[-1]
    yield Finding("note", "windows", _listed(case), str(len(windows(case))))
    grown = design.grown.speed
    if grown is not None and not low <= grown <= high:
        text = "The grown state is measured at a speed outside the design: set coupling.design.grown.speed inside it."
        yield Finding("warning", "design-range", text, f"{grown:.4g} rad/s", f"{low:.4g} to {high:.4g} rad/s")


def _listed(case: Case) -> str:
    named = [f"{each.name} at {each.speed:.4g} rad/s for {each.duration:.3g} s" for each in windows(case)]
    return f"Windows: {', '.join(named)}."
