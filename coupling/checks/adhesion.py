"""How much the particles stick: Bond numbers, and the overlaps that adhesion alone presses them into."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding, graded
from dem.case import DemCase
from dem.case_limits import sphere_volume
from dem.case_materials import MaterialPair, ParticleClass
from dem.pair_properties import composed_law

OVERLAP_WARNS = 0.02


def check_adhesion(case: Case) -> Iterator[Finding]:
    """Report pull-off force over weight, and the rest overlap, of each class with itself and at each wall material."""
    dem = case.dem
    if dem is None:
        return
    sticking = {frozenset(pair.between): pair for pair in dem.pairs if sticks(dem, pair)}
    walls = dict.fromkeys(wall.material for wall in dem.walls)
    for size_class in dem.classes:
        pair = sticking.get(frozenset({size_class.material}))
        if pair is not None:
            yield from _stickiness(dem, size_class, pair)
        for material in walls:
            pair = sticking.get(frozenset({size_class.material, material}))
            if pair is not None:
                yield from _stickiness(dem, size_class, pair, material)


def sticks(dem: DemCase, pair: MaterialPair) -> bool:
    """Tell whether two materials attract each other: by a law of adhesion, or by EEPA with what makes it adhesive."""
    contact = dem.contact.of(pair)
    yielding = bool(pair.adhesive_stiffness_ratio and pair.plasticity_ratio)
    return contact.adhesion != "none" or (contact.law == "eepa" and (pair.pull_off_force > 0.0 or yielding))


def _stickiness(
    dem: DemCase, size_class: ParticleClass, pair: MaterialPair, wall: str | None = None
) -> Iterator[Finding]:
    """Report on a class with itself, or at a wall of this material, whose pair it is."""
    from dem.adhesion.strength import strength
    from dem.skin import parameter_table

    interaction, names = composed_law(dem), list(dem.materials)
    first, second = (names.index(name) for name in pair.between)
    row = parameter_table(dem, interaction)[first * len(names) + second]
    name, radius = size_class.name, 0.5 * size_class.diameter
    mass = size_class.density(dem.materials[size_class.material]) * sphere_volume(size_class.diameter)
    weight = mass * math.hypot(*dem.gravity)
    parameters = tuple(float(value) for value in row)
    found = strength(interaction, parameters, radius, mass, wall is not None, weight)
    if weight:
        bond = found.pull_off / weight
        who = f"Two spheres of {name} pull" if wall is None else f"{name} and a wall of {wall} pull"
        text = f"{who} with up to {found.pull_off:.3g} N, {bond:.3g} times the weight of one."
        if dem.contact.of(pair).law == "eepa":
            text += " It is that of a contact which has borne this weight; it rises with the load borne."
        yield Finding("note", "bond-number", text, f"{bond:.3g}")
    share = found.rest / radius
    level = graded(share, OVERLAP_WARNS, math.inf)
    whom = f"two spheres of {name}" if wall is None else f"{name} and a wall of {wall}"
    text = f"Adhesion alone presses {whom} {100 * share:.3g} % of R into each other."
    text += "" if level == "note" else " Raise youngs_modulus, or declare real_youngs_modulus if it is softened."
    yield Finding(level, "adhesive-overlap", text, f"{100 * share:.3g} % of R", f"{100 * OVERLAP_WARNS:g} %")
