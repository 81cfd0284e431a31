"""Parcels against the gaps, blades and bed they must resolve; boxes, start positions and regions."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding, Level
from dem.case import DemCase
from dem.case_equipment import Impeller
from dem.case_limits import mean_diameter, solids_volume
from dem.case_walls import CylinderWall, MeshWall, PlaneWall

PARCELS_ACROSS, PARCELS_DEEP, CUTOFFS_ACROSS = 3.0, 10.0, 3.0
BED_SOLIDS_FRACTION = 0.58
CLOSED_GAP = 0.5
PARALLEL = 0.999


def check_parcels(case: Case) -> Iterator[Finding]:
    """Compare blade gaps, blade thickness and bed depth with the mean parcel, d43."""
    if case.dem is None or case.coupling is None:
        return
    parcel = mean_diameter(case.dem)
    wall = next(wall for wall in case.dem.walls if wall.name == case.coupling.impeller)
    if parcel is None or not isinstance(wall, MeshWall) or not isinstance(wall.generate, Impeller):
        yield Finding("note", "parcel-geometry", "Gaps and thickness are known for generated impellers only.")
        return
    yield from _across(case.dem, wall, wall.generate, parcel)
    depth = bed_depth(case.dem, wall.generate)
    if depth is not None:
        yield _compared("bed depth", depth, parcel, PARCELS_DEEP)


def _across(dem: DemCase, wall: MeshWall, impeller: Impeller, parcel: float) -> Iterator[Finding]:
    yield _compared("blade thickness", impeller.blade_thickness, parcel, PARCELS_ACROSS)
    for other in dem.walls:
        if isinstance(other, CylinderWall) and other.inside:
            yield _gap(f"gap between blade and {other.name}", other.radius - impeller.radius, parcel)
        if isinstance(other, PlaneWall) and _cosine(other.normal, wall.axis) > PARALLEL:
            away = [a - b for a, b in zip(wall.point, other.point)]
            height = sum(a * b for a, b in zip(away, other.normal)) / math.hypot(*other.normal)
            yield _gap(f"gap between blade and {other.name}", height, parcel)


def _cosine(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    product = sum(a * b for a, b in zip(first, second))
    return product / (math.hypot(*first) * math.hypot(*second))


def _gap(what: str, gap: float, parcel: float) -> Finding:
    if gap < 0:
        return Finding("refused", "geometry", f"The blades cut into a wall: {what} is negative.", f"{1e3 * gap:.3g} mm")
    if gap < CLOSED_GAP * parcel:
        return Finding("note", "parcel-geometry", f"The {what} is closed to parcels.", f"{gap / parcel:.2g} parcels")
    return _compared(what, gap, parcel, PARCELS_ACROSS)


def _compared(what: str, length: float, parcel: float, needed: float) -> Finding:
    parcels = length / parcel
    level: Level = "note" if parcels >= needed else "warning" if parcels >= needed / 2 else "refused"
    text = f"The {what} is {1e3 * length:.3g} mm, {parcels:.3g} mean parcels."
    text += "" if level == "note" else " Take smaller parcels, or a larger geometry or charge."
    return Finding(level, "parcel-geometry", text, f"{parcels:.3g} parcels", f"at least {needed:g}")


def bed_depth(dem: DemCase, impeller: Impeller) -> float | None:
    """Return the depth of the bed at rest in an upright bowl, its blades covered [m]; None for other vessels.

    The bed takes V_solids / 0.58 plus what the impeller displaces.
    """
    bowls = [wall for wall in dem.walls if isinstance(wall, CylinderWall) and wall.inside]
    if not bowls:
        return None
    area = math.pi * min(bowl.radius for bowl in bowls) ** 2
    length = impeller.radius - impeller.hub_radius
    blades = impeller.blades * length * impeller.blade_height * impeller.blade_thickness / math.cos(impeller.pitch)
    displaced = blades + math.pi * impeller.hub_radius**2 * impeller.hub_height
    return (solids_volume(dem) / BED_SOLIDS_FRACTION + displaced) / area


def check_box(case: Case) -> Iterator[Finding]:
    """Tell the skin of the pair list; refuse a periodic box in which a particle could meet its own image.

    That is one below three cutoffs.
    """
    if case.dem is None or not case.dem.diameters():
        return
    from dem.pair_properties import composed_law
    from dem.particle_set import class_table
    from dem.skin import parameter_table, skin_lengths

    classes, law = class_table(case.dem), composed_law(case.dem)
    lengths = skin_lengths(case.dem, classes, law, parameter_table(case.dem, law))
    source, skin = max(lengths.items(), key=lambda item: item[1])
    text = f"Pairs closer than {1e3 * skin:.3g} mm are listed, {skin / classes.diameter.min():.3g} of the smallest "
    text += f"diameter; {source} sets that."
    yield Finding("note", "list-skin", text, f"{1e3 * skin:.3g} mm")
    cutoff = 2.0 * float(classes.radii.max()) + skin
    for axis in case.dem.domain.periodic:
        across = case.dem.domain.size["xyz".index(axis)] / cutoff
        if across < CUTOFFS_ACROSS:
            text = f"The periodic box is too narrow in {axis} for particles not to meet their images: widen it."
            yield Finding(
                "refused", "periodic-box", text, f"{across:.3g} cutoffs", f"at least {CUTOFFS_ACROSS:g}", "dem.domain"
            )
