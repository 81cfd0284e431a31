"""Section: rates and speeds of encounters of the grains that the particles stand for, beside those measured."""

from __future__ import annotations

from pathlib import Path

from coupling.report.contents import Cell, Quantity, Section, number
from coupling.report.record import RunRecord
from dem.case_parcels import Parcels
from dem.grains import GRAINS_NAME, load_grains
from dem.parcels import ParcelLaw, parcel_law

UNITS = {"m3/s": "m³/s"}
"""How units of the file are printed, where otherwise."""


def grains_section(run: RunRecord) -> Section:
    """What was measured on parcels, and the same of the grains by the parcel law, by window."""
    section = Section("grains", "From parcels to grains")
    dem = run.case.dem
    if dem is None or dem.scale_factor == 1.0:
        return section
    paths = [run.folder / "dem" / window.name / GRAINS_NAME for window in run.windows]
    present = [path for path in paths if path.is_file()]
    if not present:
        section.lack("No window has counted encounters that could be carried over to the grains.")
    for path in present:
        _add(section, path)
    return section


def _add(section: Section, path: Path) -> None:
    parcels, found = load_grains(path)
    window, law = path.parent.name, parcel_law(parcels.law)
    section.say(_stated(parcels, law))
    rows: list[list[Cell]] = []
    for each in found:
        name = f"grains-{window}-{'-'.join(each.of)}-{each.quantity}"
        unit = UNITS.get(each.unit, each.unit)
        measured = Quantity(each.parcels, unit, each.parcels_error)
        rows.append(
            [" – ".join(each.of), each.quantity, measured, Quantity(each.grains, unit, each.grains_error, name=name)]
        )
    header = ("of", "quantity", "parcels, as measured", "grains")
    caption = f"{window}: of all compartments together, with standard errors; at most: 95 %, where none was counted."
    section.tabulate(caption, header, rows)


def _stated(parcels: Parcels, law: ParcelLaw) -> str:
    powers = (
        ("diameters", law.size), ("rate constants", law.rate_constant), ("speeds of pairs", law.pair_speed),
        ("losses", law.pair_energy), ("hits of walls", law.wall_rate), ("speeds at walls", law.wall_speed),
    )  # fmt: skip
    scaled = [f"{_power(exponent)} in {what}" for what, exponent in powers if exponent]
    kept = [what for what, exponent in powers if not exponent]
    told = ", ".join(scaled) + (f"; {' and '.join(kept)} stay" if kept else "")
    return (
        f"The particles are parcels, s = {number(parcels.scale_factor, 4)} times as large as the grains that they stand"
        f" for. By the parcel law {law.name}, what the grains have is that of the parcels, times {told}."
    )


def _power(exponent: float) -> str:
    digits = f"{exponent:g}".translate(str.maketrans("-0123456789.", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹·"))
    return f"s{digits}"
