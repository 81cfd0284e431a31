"""Section: what ran, on what, by which command."""

from __future__ import annotations

import shlex
from typing import Any

from coupling.report.contents import Cell, Quantity, Section
from coupling.report.laws import law_rows
from coupling.report.record import RunRecord
from dem.case import DemCase
from dem.case_materials import OF_A_PAIR, Material, MaterialPair, ParticleClass
from pbm.case import Feed
from pbm.case_liquid import Liquid


def settings_section(run: RunRecord) -> Section:
    """Case, seed, threads, backend, versions, commit and command, from the manifest and the resolved case."""
    section = Section("run", "What ran")
    manifest = run.manifest
    section.tabulate("The run.", ("", ""), _facts(run, manifest), wide=False)
    if not manifest.get("command"):
        section.lack("The folder has no manifest: command, versions and times are not known.")
    versions = {name: text for name, text in manifest.get("versions", {}).items() if text}
    if versions:
        section.say("Versions: " + ", ".join(f"{name} {text}" for name, text in versions.items()) + ".")
    rows = [(path, digest) for path, digest in manifest.get("inputs", {}).items()]
    if rows:
        section.tabulate("Files that went in, with their SHA-256.", ("file", "SHA-256"), rows)
    if run.case.dem is not None:
        section.tabulate("The particle model.", ("", ""), _particles(run), wide=False)
    if run.case.pbm is not None:
        section.tabulate("The population balance.", ("", ""), _balance(run), wide=False)
    return section


def _facts(run: RunRecord, manifest: dict[str, Any]) -> list[tuple[Cell, Cell]]:
    case, sessions = run.case, manifest.get("sessions", [])
    hardware = manifest.get("hardware", {})
    rows: list[tuple[Cell, Cell]] = [
        ("case", case.name),
        ("seed", str(case.seed)),
        ("backend", f"{manifest.get('backend', case.backend)}, threads: {manifest.get('threads', case.threads)}"),
    ]
    if case.dem is not None:
        rows.append(("numerics", str(case.dem.numerics)))
    if hardware:
        rows.append(
            ("machine", f"{hardware.get('processor')}, {hardware.get('cores')} cores, {hardware.get('system')}")
        )
    if "commit" in manifest:
        rows.append(("commit", str(manifest["commit"] or "installed package, no commit")))
    if manifest.get("command"):
        rows.append(("command", shlex.join(manifest["command"])))
    if sessions and sessions[0].get("started"):
        rows.append(("started", " · resumed ".join(str(each.get("started")) for each in sessions)))
        rows.append(("ended", _ended(sessions[-1])))
    if case.accept:
        rows.append(("limits accepted by name", ", ".join(case.accept)))
    return rows


def _ended(session: dict[str, Any]) -> str:
    if "ended" not in session:
        return "this page is the last stage"
    return f"{session['ended']}, {session.get('outcome', 'outcome unknown')}"


def _particles(run: RunRecord) -> list[tuple[Cell, Cell]]:
    dem = run.case.dem
    assert dem is not None
    rows: list[tuple[Cell, Cell]] = [
        ("contact law", f"{dem.contact.law}, tangential {dem.contact.tangential}"),
        ("adhesion, rolling, twisting", f"{dem.contact.adhesion}, {dem.contact.rolling}, {dem.contact.twisting}"),
        ("liquid", _liquid(dem)),
        ("classes", ", ".join(map(_class, dem.classes)) or "none"),
        ("walls", ", ".join(f"{wall.name} ({wall.shape})" for wall in dem.walls) or "none"),
    ]
    for name, material in dem.materials.items():
        values = Quantity(material.density, "kg/m³"), Quantity(material.youngs_modulus, "Pa")
        text = f"{values[0]}, E = {values[1]}, ν = {material.poisson_ratio:g}"
        rows.append((f"material {name}", ", ".join([text, *given_properties(material)])))
    for pair in dem.pairs:
        text = f"e = {pair.restitution:g}, µ = {pair.friction:g}, µ rolling = {pair.rolling_friction:g}"
        own = [f"{key} {value}" for key in OF_A_PAIR if isinstance(value := getattr(pair, key), str)]
        rows.append(
            (
                " – ".join(pair.between),
                ", ".join([text, *own, *given_properties(pair), *([] if pair.bridges else ["no bridges"])]),
            )
        )
    if dem.parcels is not None:
        name = "scale factor" if run.case.coupling is None else "scale factor of the feed"
        rows += [(name, Quantity(dem.parcels.scale_factor, digits=4)), ("parcel law", dem.parcels.law)]
    return rows


UNITS = {
    "real_youngs_modulus": "Pa",
    "surface_energy": "J/m²",
    "cohesion_energy_density": "J/m³",
    "normal_stiffness": "N/m",
    "tangential_stiffness_ratio": "",
    "work_of_adhesion": "J/m²",
    "contact_angle": "rad",
    "plasticity_ratio": "",
    "adhesive_stiffness_ratio": "",
    "pull_off_force": "N",
}
"""Units of the properties of materials and pairs that only some laws read."""


def given_properties(part: Material | MaterialPair) -> list[str]:
    """Return the properties of a material or a pair that are given and that only some laws read."""
    values = ((key, getattr(part, key, None), unit) for key, unit in UNITS.items())
    return [f"{key.replace('_', ' ')} {Quantity(value, unit)}" for key, value, unit in values if value]


def _class(each: ParticleClass) -> str:
    return f"{each.name} {Quantity(each.diameter, 'm')}" + (f" ({each.shape.kind})" if each.shape else "")


def _liquid(dem: DemCase) -> str:
    liquid = dem.liquid
    if liquid is None:
        return "none"
    tension, viscosity = Quantity(liquid.surface_tension, "N/m"), Quantity(liquid.viscosity, "Pa s")
    contents = sorted({liquid.content_of(each.name) for each in dem.classes}) or [liquid.content_of("")]
    shares = " to ".join(f"{100 * each:g}" for each in sorted({contents[0], contents[-1]}))
    nozzles = "1 nozzle" if len(liquid.sprays) == 1 else f"{len(liquid.sprays)} nozzles"
    return f"{liquid.law}, {tension}, {viscosity}, {shares} % of the solid volume, {nozzles}"


def _drops(liquid: Liquid) -> Cell:
    if liquid.drops is None:
        return Quantity(liquid.drop_diameter, "m")
    if liquid.drops.distribution is not None:
        return f"as in {liquid.drops.distribution.name}"
    return f"median {Quantity(liquid.drops.median or 0.0, 'm')}, standard deviation of ln d {liquid.drops.spread:g}"


def _balance(run: RunRecord) -> list[tuple[Cell, Cell]]:
    pbm = run.case.pbm
    assert pbm is not None
    liquid, spray = pbm.liquid, pbm.liquid.spray
    window = f"{Quantity(spray.start, 's')} to {Quantity(spray.end, 's')}"
    measured = pbm.aggregation.measured
    told = "the one unmeasured number; 1: every wet, slow touch binds" if measured else "share of wet touches that bind"
    return [
        ("charge", Quantity(pbm.feed.charge, "kg")),
        ("feed", f"{_powder(pbm.feed)}, porosity {pbm.feed.porosity:g}, moisture {pbm.feed.moisture:g}"),
        ("spray", f"{Quantity(spray.rate, 'kg/s')} from {window}"),
        ("drop diameter", _drops(liquid)),
        ("binder viscosity", Quantity(liquid.viscosity, "Pa s")),
        ("film and asperity", f"{Quantity(liquid.film_thickness, 'm')}, {Quantity(liquid.asperity_height, 'm')}"),
        ("solid and liquid density", f"{Quantity(pbm.solid_density, 'kg/m³')}, {Quantity(liquid.density, 'kg/m³')}"),
        ("classes", " × ".join(str(solid.classes) for solid in pbm.solids or (pbm.grid,))),
        ("end of the batch", Quantity(pbm.end, "s")),
        ("efficiency η", f"{pbm.efficiency:g} ({told})"),
        (
            "kernel scale, breakage scale",
            f"{pbm.kernel_scale:g}, {pbm.breakage_scale:g} (1: as {'measured' if measured else 'stated'})",
        ),
        *law_rows(pbm),
    ]


def _powder(feed: Feed) -> str:
    if feed.distribution is not None:
        return feed.distribution.name
    return f"{len(feed.grains)} kinds of grains"
