"""How much the particles stick: Bond number, and the overlap that adhesion alone presses them into."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding, graded
from dem.case import DemCase
from dem.case_limits import sphere_volume
from dem.pair_properties import composed_law

OVERLAP_WARNS = 0.02


def check_adhesion(case: Case) -> Iterator[Finding]:
    """Report pull-off force over weight, and the rest overlap, of each class with itself."""
    dem = case.dem
    if dem is None:
        return
    alike = [pair for pair in dem.pairs if pair.between[0] == pair.between[1]]
    sticking = {pair.between[0] for pair in alike if dem.contact.of(pair).adhesion != "none"}
    for size_class in dem.classes:
        if size_class.material in sticking:
            yield from _stickiness(dem, size_class.name, size_class.diameter, size_class.material)


def _stickiness(dem: DemCase, name: str, diameter: float, material: str) -> Iterator[Finding]:
    from dem.adhesion.strength import strength
    from dem.skin import parameter_table

    interaction = composed_law(dem)
    place = list(dem.materials).index(material)
    row = parameter_table(dem, interaction)[place * len(dem.materials) + place]
    mass = dem.materials[material].density * sphere_volume(diameter)
    found = strength(interaction, tuple(float(value) for value in row), 0.5 * diameter, mass)
    weight = mass * math.hypot(*dem.gravity)
    if weight:
        bond = found.pull_off / weight
        text = f"Two spheres of {name} pull with up to {found.pull_off:.3g} N, {bond:.3g} times the weight of one."
        yield Finding("note", "bond-number", text, f"{bond:.3g}")
    share = found.rest / (0.5 * diameter)
    level = graded(share, OVERLAP_WARNS, math.inf)
    text = f"Adhesion alone presses two spheres of {name} {100 * share:.3g} % of R into each other."
    text += "" if level == "note" else " Raise youngs_modulus, or declare real_youngs_modulus if it is softened."
    yield Finding(level, "adhesive-overlap", text, f"{100 * share:.3g} % of R", f"{100 * OVERLAP_WARNS:g} %")
