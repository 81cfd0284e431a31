"""The feed's size distribution, and the scale factor against it."""

from __future__ import annotations

from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding
from dem.case import DemCase
from dem.case_limits import class_numbers

SCALE_MISMATCH = 0.2


def check_scale(case: Case) -> Iterator[Finding]:
    """Read the feed's table, and compare the scale factor with median parcel over median grain, both by volume."""
    if case.pbm is None:
        return
    from pbm.feeding import distribution_of

    grain = distribution_of(case.pbm.feed).percentile(0.5)
    yield Finding("note", "feed-d50", "Median diameter of the feed by volume.", f"{1e6 * grain:.4g} um")
    if case.dem is None or case.coupling is None or not any(class_numbers(case.dem).values()):
        return
    named, real = case.coupling.scale_factor, median_diameter(case.dem) / grain
    far = abs(named / real - 1) > SCALE_MISMATCH
    text = f"The median parcel is {real:.4g} times the median grain."
    text += " Set coupling.scale_factor to that, or change the parcels." if far else ""
    limit = f"{real:.4g} within {SCALE_MISMATCH:.0%}"
    yield Finding("warning" if far else "note", "scale-factor", text, f"{named:.4g}", limit)


def median_diameter(dem: DemCase) -> float:
    """Return the diameter of the class that holds the middle of the solid volume [m]."""
    numbers = class_numbers(dem)
    volumes = sorted((each.diameter, numbers[each.name] * each.diameter**3) for each in dem.classes)
    total, below = sum(volume for _, volume in volumes), 0.0
    for diameter, volume in volumes:
        below += volume
        if below >= total / 2:
            return diameter
    return volumes[-1][0]
