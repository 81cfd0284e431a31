"""Parcels and the grains they stand for: sizes, stiffness, and the scale factor against the feed."""

from __future__ import annotations

from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding
from dem.case import DemCase
from dem.case_limits import class_numbers
from dem.case_parcels import Parcels
from dem.parcels import parcel_law

SCALE_MISMATCH = 0.2


def check_scale(case: Case) -> Iterator[Finding]:
    """Tell what parcels stand for; read the feed's table, and compare the scale factor with it.

    That is with median parcel over median grain, both by volume.
    """
    if case.dem is not None and case.dem.parcels is not None and case.dem.scale_factor != 1.0:
        yield from _grains(case.dem, case.dem.parcels)
    if case.pbm is None:
        return
    from pbm.feeding import distribution_of

    grain = distribution_of(case.pbm.feed).percentile(0.5)
    yield Finding("note", "feed-d50", "Median diameter of the feed by volume.", f"{1e6 * grain:.4g} um")
    if case.dem is None or case.dem.parcels is None or not any(class_numbers(case.dem).values()):
        return
    named, real = case.dem.scale_factor, median_diameter(case.dem) / grain
    far = abs(named / real - 1) > SCALE_MISMATCH
    text = f"The median parcel is {real:.4g} times the median grain."
    text += " Set dem.parcels.scale_factor to that, or change the parcels." if far else ""
    limit = f"{real:.4g} within {SCALE_MISMATCH:.0%}"
    place = "dem.parcels.scale_factor"
    yield Finding("warning" if far else "note", "scale-factor", text, f"{named:.4g}", limit, place)


def _grains(dem: DemCase, parcels: Parcels) -> Iterator[Finding]:
    """Tell the diameters of the grains, and how stiff they are where overlaps over diameters are those of parcels."""
    law, scale = parcel_law(parcels.law), parcels.scale_factor
    named = [(f"{each.name} ", each.diameter) for each in dem.classes] or [("", size) for size in dem.diameters()]
    sizes = ", ".join(f"{name}{1e6 * size * scale**law.size:.4g} um" for name, size in named)
    text = f"Particles are parcels by the law {law.name}. Diameters of the grains that they stand for: {sizes}."
    yield Finding("note", "grain-size", text, f"s = {scale:.4g}")
    kept = "where their overlaps over diameters are those of the parcels"
    for name in dem.particle_materials():
        pair = next((each for each in dem.pairs if set(each.between) == {name}), None)
        if pair is None:
            continue
        stiffness = dem.contact.of(pair).normal_stiffness
        if stiffness is None:
            modulus = f"{dem.materials[name].youngs_modulus * scale**law.modulus:.3g} Pa"
            text = f"Grains of {name} have a Young's modulus of {modulus} {kept}, parcels one of "
            text += f"{dem.materials[name].youngs_modulus:.3g} Pa."
            yield Finding("note", "grain-modulus", text, modulus)
        else:
            real = f"{stiffness * scale**law.stiffness:.3g} N/m"
            text = f"Grains of {name} have a normal stiffness of {real} {kept}, parcels one of {stiffness:.3g} N/m."
            yield Finding("note", "grain-stiffness", text, real)


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
