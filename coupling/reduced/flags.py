"""What a reduced model says beside its numbers: a bit field whose bits have names."""

from __future__ import annotations

from enum import IntFlag


class Flag(IntFlag):
    """Conditions of the latest step; zero when input and state lie inside the design and nothing was forced."""

    SPEED_OUTSIDE = 1
    SPRAY_OUTSIDE = 2
    STATE_OUTSIDE = 4
    SIZES_OUTSIDE = 8
    STEP_BOUND = 16
    VALUE_CLAMPED = 32
    TOP_CLASS = 64
    STATE_HELD = 128


MEANINGS = {
    Flag.SPEED_OUTSIDE: "impeller speed outside the speeds of the design",
    Flag.SPRAY_OUTSIDE: "spray rate outside the declared range",
    Flag.STATE_OUTSIDE: "median size outside the states of the design, by more than the tolerance",
    Flag.SIZES_OUTSIDE: "more volume than in any batch of the design has d/d32 beyond the parcels; the law is held",
    Flag.STEP_BOUND: "the bound on substeps forced longer substeps than the rule asks for",
    Flag.VALUE_CLAMPED: "an input or parameter was not a number, or was outside its limits, and was held or clamped",
    Flag.TOP_CLASS: "the largest class holds more than its share of the granule volume",
    Flag.STATE_HELD: "the step led to no finite state and was not taken",
}
"""One sentence a bit."""

TOP_SHARE = 0.01
"""Volume share of the largest class from which `TOP_CLASS` [-]."""


def names(flag: int) -> list[str]:
    """Names of the bits set in `flag`, lowest first."""
    return [bit.name or "" for bit in Flag if flag & bit]
