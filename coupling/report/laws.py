"""The mechanisms of a population balance in words: every law with its name and its coefficients."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from coupling.report.contents import Cell, Quantity, percent
from pbm.aggregation import KERNELS
from pbm.case import PbmCase
from pbm.daughters import DAUGHTERS
from pbm.selection import SELECTIONS

FITTED = "as fitted to the particle simulation"
MOST_NAMES = 6
"""Compartments that are named one by one, at most."""


def law_rows(pbm: PbmCase) -> list[tuple[Cell, Cell]]:
    """Laws of aggregation, breakage and liquid, and the compartments, a row each."""
    every = [
        ("kernel", _stated(pbm.aggregation.kernel, KERNELS)),
        ("sticking", _sticking(pbm)),
        ("breakage", _breakage(pbm)),
        ("layering", _layering(pbm)),
        ("consolidation", _consolidation(pbm)),
        ("liquid", _liquid(pbm)),
        ("compartments", _compartments(pbm)),
    ]
    return [(what, text) for what, text in every if text]


def _stated(law: dict[str, Any], modules: dict[str, str]) -> str:
    """Name and coefficients with their units."""
    name = law["name"]
    if name not in modules:
        return f"{name}, {FITTED}"
    units = import_module(modules[name]).UNITS
    values = [
        f"{key.replace('_', ' ')} {Quantity(float(value), '' if units[key] == '1' else units[key])}"
        for key, value in law.items()
        if key != "name"
    ]
    return ": ".join([name, ", ".join(values)]) if values else name


def _sticking(pbm: PbmCase) -> str:
    given = pbm.aggregation
    parts: list[str] = [given.sticking]
    if given.sticking.startswith("stokes"):
        speed = "pair speeds " + FITTED
        if given.pair_speed is not None:
            speed = f"pair speed {Quantity(given.pair_speed, 'm/s')}, Weibull shape {given.pair_speed_shape:g}"
        parts += [speed, f"restitution {pbm.restitution:g}"]
    if given.yield_strength is not None and given.modulus is not None:
        parts.append(f"strength {Quantity(given.yield_strength, 'Pa')}, modulus {Quantity(given.modulus, 'Pa')}")
    return ", ".join(parts)


def _breakage(pbm: PbmCase) -> str:
    given = pbm.breakage
    if not given.on:
        return "none"
    rate = _stated(given.rate, SELECTIONS)
    if given.fitted:
        rate = f"impact, blade hits {FITTED}, strength {given.form}, deformation number {given.deformation_number:g}"
    fragments, grains = _stated(given.fragments, DAUGHTERS), Quantity(given.primary_diameter, "m")
    return f"{rate}; fragments {fragments}; primary diameter {grains}"


def _layering(pbm: PbmCase) -> str:
    given = pbm.layering
    if given is None:
        return ""
    powder, half = Quantity(given.powder_below, "m"), f"half rate at a ratio of {given.half_ratio:g}"
    return f"{Quantity(given.rate, 'm/s')}, powder below {powder}, {half}, limiter {given.limiter}"


def _consolidation(pbm: PbmCase) -> str:
    given = pbm.consolidation
    return f"{Quantity(given.rate, '1/s')} to a porosity of {given.minimum_porosity:g}, form {given.form}"


def _liquid(pbm: PbmCase) -> str:
    given = pbm.liquid
    penetration = f"penetration time {Quantity(given.penetration_time, 's')}"
    parts = [penetration if given.wetting is None else "penetration time from wetting"]
    parts.append(f"nucleus saturation {percent(pbm.nucleus_saturation)}")
    if given.evaporation > 0.0:
        parts.append(f"evaporation {Quantity(given.evaporation, 'kg/(m² s)')}")
    return ", ".join([*parts, f"addition {given.addition}"])


def _compartments(pbm: PbmCase) -> str:
    if pbm.compartments is None:
        return ""
    names = pbm.compartments.places
    shown = names if len(names) <= MOST_NAMES else (names[0], "...", names[-1])
    return f"{len(names)}: {', '.join(shown)}"
