"""Values that no powder has, which a forgotten unit gives, and properties that no law of the case reads."""

from __future__ import annotations

from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding
from dem.case import DemCase

USUAL = {
    "density": (20.0, 25e3, "kg/m3", "1540 kg/m^3 or 1.54 g/cm^3"),
    "youngs_modulus": (1e4, 2e12, "Pa", "20 MPa"),
    "surface_energy": (0.0, 10.0, "J/m2", "50 mJ/m^2"),
    "surface_tension": (1e-3, 1.0, "N/m", "72 mN/m"),
    "work_of_adhesion": (0.0, 20.0, "J/m2", "50 mJ/m^2"),
    "evaporation": (0.0, 1.0, "kg/m2/s", "0.5 g/m^2/s"),
    "content": (0.0, 0.5, "parts of one", "2 %"),
    "friction": (0.0, 5.0, "parts of one", "50 %"),
    "rolling_friction": (0.0, 5.0, "parts of one", "5 %"),
    "viscosity": (0.0, 1e4, "Pa s", "1 mPa s"),
}
"""Smallest and largest usual value of a property in SI, its unit, and how it is written."""
RIGID = 1e20
"""Modulus above which a solid is meant to be rigid [Pa]."""
READ_BY = {
    "work_of_adhesion": ("adhesion", ("dmt", "jkr"), None),
    "cohesion_energy_density": ("adhesion", ("sjkr",), None),
    "rolling_friction": ("rolling", ("constant-torque", "epsd2"), 0.0),
    "plasticity_ratio": ("law", ("eepa",), None),
    "pull_off_force": ("law", ("eepa",), 0.0),
    "adhesive_stiffness_ratio": ("law", ("eepa",), 0.0),
}
"""Key of `dem.contact` and its choices that read a property of a pair, and the value that says nothing."""
OF_SOLIDS = {"surface_energy": "work_of_adhesion", "cohesion_energy_density": "cohesion_energy_density"}
"""Property of a material, and that of a pair which it stands for."""


def check_ranges(case: Case) -> Iterator[Finding]:
    """Warn of unusual values, and of what is given and not read."""
    if case.dem is None:
        return
    for name, material in case.dem.materials.items():
        for key in ("density", "youngs_modulus", "surface_energy"):
            yield from _unusual(f"dem.materials.{name}.{key}", key, getattr(material, key))
    for index, pair in enumerate(case.dem.pairs):
        for key in ("friction", "rolling_friction", "work_of_adhesion"):
            yield from _unusual(f"dem.pairs.{index}.{key}", key, getattr(pair, key))
    if case.dem.liquid is not None:
        for key in ("density", "surface_tension", "viscosity", "evaporation"):
            yield from _unusual(f"dem.liquid.{key}", key, getattr(case.dem.liquid, key))
        largest = max((case.dem.liquid.content_of(each.name) for each in case.dem.classes), default=0.0)
        yield from _unusual("dem.liquid.content", "content", largest)
    for index, each in enumerate(case.dem.classes):
        if each.mass is not None:
            density = each.density(case.dem.materials[each.material])
            yield from _unusual(f"dem.classes.{index}.mass", "density", density)
    yield from _hardened(case.dem)
    yield from _unread(case.dem)


def _unusual(place: str, key: str, value: float | None) -> Iterator[Finding]:
    low, high, unit, written = USUAL[key]
    if value is None or low <= value <= high or (key == "youngs_modulus" and value >= RIGID):
        return
    text = f"No powder is like that: is the unit right? A number alone is in {unit}; with a unit it reads '{written}'."
    yield Finding("warning", "unusual-value", text, f"{value:g} {unit}", f"{low:g} to {high:g} {unit}", place)


def _hardened(dem: DemCase) -> Iterator[Finding]:
    """Warn of a real modulus below the one that is computed with: the work of adhesion then grows."""
    for name, material in dem.materials.items():
        real = material.real_youngs_modulus
        if real is not None and real < material.youngs_modulus:
            text = "The real solid is softer than the one computed with, which is meant to be softened: swap the two?"
            figures = f"{real:.3g} Pa", f"at least {material.youngs_modulus:.3g} Pa"
            yield Finding("warning", "unusual-value", text, *figures, f"dem.materials.{name}.real_youngs_modulus")


def _unread(dem: DemCase) -> Iterator[Finding]:
    contacts = [dem.contact.of(pair) for pair in dem.pairs]
    for key, (law, choices, nothing) in READ_BY.items():
        given = [
            f"dem.pairs.{at}.{key}"
            for at, (pair, contact) in enumerate(zip(dem.pairs, contacts))
            if getattr(pair, key) not in (nothing, 0.0) and getattr(contact, law) not in choices
        ]
        for own in (own for own, stands_for in OF_SOLIDS.items() if stands_for == key):
            if all(getattr(contact, law) not in choices for contact in contacts):
                given += [f"dem.materials.{name}.{own}" for name, each in dem.materials.items() if getattr(each, own)]
        if given:
            others = f", as are {len(given) - 1} more like it" if len(given) > 1 else ""
            text = f"It is given and not read{others}: {' or '.join(choices)} would read it, as {law} of the pair or as"
            text += f" dem.contact.{law}."
            yield Finding("warning", "not-read", text, place=given[0])
