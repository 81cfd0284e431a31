"""Parcels against the gaps, blades and bed they must resolve; periodic boxes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

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
OFF_AXIS = 0.01
"""Distance of two axes over the radius below which they are one."""
LEVEL = 1e-6
"""Share of gravity along an axis below which the axis is level."""
Vector = tuple[float, float, float]


def check_parcels(case: Case) -> Iterator[Finding]:
    """Compare gaps between walls, blade thickness and bed depth with the mean parcel, d43.

    Of a coupled case, whose impeller is known, and of any other whose particles are parcels.
    """
    dem, coupling = case.dem, case.coupling
    if dem is None or (coupling is None and dem.scale_factor == 1.0):
        return
    parcel = mean_diameter(dem)
    named = [wall for wall in dem.walls if coupling is None or wall.name == coupling.impeller]
    generated = [(wall, wall.generate) for wall in named if isinstance(wall, MeshWall)]
    impellers = [(wall, shape) for wall, shape in generated if isinstance(shape, Impeller)]
    if parcel is None:
        yield Finding("note", "parcel-geometry", "The mean parcel is that of the classes, and none is brought in.")
        return
    if coupling is not None and not impellers:
        yield Finding("note", "parcel-geometry", "Gaps and thickness are known for generated impellers only.")
        return
    for wall, shape in impellers:
        yield from _across(dem, wall, shape, parcel)
    yield from _between(dem, parcel)
    depth = bed_depth(dem, *(shape for _, shape in impellers))
    if depth is not None:
        yield _compared("bed depth", depth, parcel, PARCELS_DEEP)


def _across(dem: DemCase, wall: MeshWall, impeller: Impeller, parcel: float) -> Iterator[Finding]:
    yield _compared("blade thickness", impeller.blade_thickness, parcel, PARCELS_ACROSS)
    for other in dem.walls:
        if isinstance(other, CylinderWall) and other.inside and _coaxial(wall, other):
            yield _gap(f"gap between blade and {other.name}", other.radius - impeller.radius, parcel)
        if isinstance(other, PlaneWall) and _cosine(other.normal, wall.axis) > PARALLEL:
            yield _gap(f"gap between blade and {other.name}", _height(wall.point, other), parcel)


def _between(dem: DemCase, parcel: float) -> Iterator[Finding]:
    """Compare the gaps between planes that face each other and between cylinders of one axis, and bores."""
    planes = [wall for wall in dem.walls if isinstance(wall, PlaneWall)]
    for first, second in combinations(planes, 2):
        gap = _height(second.point, first)
        if gap > 0.0 and _cosine(first.normal, second.normal) < -PARALLEL:
            yield _compared(f"gap between {first.name} and {second.name}", gap, parcel, PARCELS_ACROSS)
    cylinders = [wall for wall in dem.walls if isinstance(wall, CylinderWall)]
    for outer in (wall for wall in cylinders if wall.inside):
        yield _compared(f"bore of {outer.name}", 2.0 * outer.radius, parcel, PARCELS_ACROSS)
        for inner in cylinders:
            if not inner.inside and inner.radius < outer.radius and _coaxial(inner, outer):
                gap = outer.radius - inner.radius
                yield _compared(f"gap between {inner.name} and {outer.name}", gap, parcel, PARCELS_ACROSS)


def _height(point: Vector, plane: PlaneWall) -> float:
    """Return how far a point is above a plane [m]."""
    return sum((a - b) * n for a, b, n in zip(point, plane.point, plane.normal)) / math.hypot(*plane.normal)


def _coaxial(first: MeshWall | CylinderWall, second: CylinderWall) -> bool:
    if abs(_cosine(first.axis, second.axis)) < PARALLEL:
        return False
    away = [a - b for a, b in zip(first.point, second.point)]
    along = sum(a * b for a, b in zip(away, second.axis)) / math.hypot(*second.axis)
    return math.sqrt(max(math.hypot(*away) ** 2 - along**2, 0.0)) < OFF_AXIS * second.radius


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


def bed_depth(dem: DemCase, *impellers: Impeller) -> float | None:
    """Return the depth of the bed at rest in an upright bowl, blades covered, or a periodic box [m]; None elsewhere.

    The bed takes V_solids / 0.58 plus what the impellers displace.
    """
    area = _level_area(dem)
    if area is None or dem.outlets:
        return None
    return (solids_volume(dem) / BED_SOLIDS_FRACTION + sum(map(_displaced, impellers))) / area


def _displaced(impeller: Impeller) -> float:
    length = impeller.radius - impeller.hub_radius
    blades = impeller.blades * length * impeller.blade_height * impeller.blade_thickness / math.cos(impeller.pitch)
    return blades + math.pi * impeller.hub_radius**2 * impeller.hub_height


def _level_area(dem: DemCase) -> float | None:
    """Return the area of the bed's surface [m2]: of an upright bowl, or of a box that is periodic across gravity."""
    if not any(dem.gravity):
        return None
    bowls = [wall for wall in dem.walls if isinstance(wall, CylinderWall) and wall.inside]
    if bowls:
        upright = all(abs(_cosine(bowl.axis, dem.gravity)) > PARALLEL for bowl in bowls)
        return math.pi * min(bowl.radius for bowl in bowls) ** 2 if upright else None
    across = [at for at, pull in enumerate(dem.gravity) if abs(pull) < LEVEL * math.hypot(*dem.gravity)]
    if len(across) == 2 and all("xyz"[at] in dem.domain.periodic for at in across):
        return math.prod(dem.domain.size[at] for at in across)
    return None


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
