"""Laws that a case states, made ready for a program, and what stands in for a fitted law where none is needed."""

from __future__ import annotations

from dataclasses import replace
from math import log

from compute.errors import CaseError
from pbm.aggregation import KERNELS
from pbm.assemble import StatedLaws
from pbm.case import NO_PARTICLES, PbmCase
from pbm.grid import Grid
from pbm.law import KernelLaw
from pbm.laws import Material, breakage_rate, fragments, kernel
from pbm.model import FITTED, Stated
from pbm.selection import SELECTIONS

NOTHING = (0.0, 0.0, 0.0, 0.0)
NO_LAW = KernelLaw(
    encounters=NOTHING,
    pair_speed=NOTHING,
    pair_speed_shape=1.0,
    blade_hits=NOTHING,
    blade_share_scale=1.0,
    blade_share_shape=1.0,
    reference_speed=1.0,
    tip_radius=1.0,
    size_ratio_low=1.0,
    size_ratio_high=1.0,
    d50_feed=1.0,
    d50_grown=1.0,
    speed_low=1.0,
    speed_high=1.0,
)
"""Neutral numbers where no law of the case reads them."""


def stated_laws(case: PbmCase, grid: Grid) -> StatedLaws:
    """The laws that a case states, each tried on granules of the feed over the whole grid.

    Raises CaseError that names a law outside its domain, and what to change.
    """
    feed = Material(case.solid_density, case.feed.porosity, case.feed.moisture)
    meeting, breaking = case.aggregation.kernel, case.breakage.rate
    own_kernel, own_rate = FITTED, FITTED
    if meeting["name"] in KERNELS:
        law = kernel(**meeting)
        law.check(grid, feed)
        own_kernel = Stated(case.kernel_scale, law.coefficients)
    if breaking["name"] in SELECTIONS:
        rate = breakage_rate(**breaking)
        rate.rates(grid, feed)
        own_rate = Stated(case.breakage_scale if case.breakage.on else 0.0, rate.coefficients)
    into = case.breakage.fragments
    return StatedLaws(own_kernel, own_rate, None if into["name"] == "uniform" else fragments(**into))


def complete_law(case: PbmCase, law: KernelLaw | None) -> KernelLaw:
    """The fitted law with the pair speeds that the case states, or neutral numbers where the case needs none.

    Raises CaseError where the case needs a fitted law and there is none.
    """
    need = case.need_of_particles() if law is None else None
    if need is not None:
        key, value, expected = need
        raise CaseError(NO_PARTICLES, key=f"pbm.{key}", value=value, expected=expected)
    meeting, base = case.aggregation, law or NO_LAW
    if meeting.pair_speed is None:
        return base
    return replace(base, pair_speed=(log(meeting.pair_speed), 0.0, 0.0, 0.0), pair_speed_shape=meeting.pair_speed_shape)
