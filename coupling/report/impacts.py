"""Stokes numbers of granules at the start and the end of the batch, and the spray flux."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from coupling.report.contents import Cell, Quantity, Section
from coupling.report.picture import last_snapshot
from coupling.report.record import RunRecord
from coupling.report.speeds import pair_scale
from coupling.scales import (
    critical_stokes_number,
    deformation_stokes_number,
    spray_flux_number,
    viscous_stokes_number,
)

Row = tuple[Cell, Cell, str, str]
SURFACE_SHARE = 0.9
"""Particles above this share of all others make up the surface of the bed."""
STRENGTH_FACTOR = (9.0 / 8.0) * (9.0 / 16.0)
"""Numerical factor of the viscous strength of a granule, as in `pbm.breakage`."""


class Granule(NamedTuple):
    """A granule of the median size: when, diameter [m], density [kg/m3], porosity [-], mean pair speed [m/s]."""

    when: str
    diameter: float
    density: float
    porosity: float
    pair_speed: float


def _granules(run: RunRecord) -> Iterator[Granule]:
    """Granules of the median size at the start and the end of the batch."""
    batch, exchange, pbm = run.batch, run.exchange, run.case.pbm
    if batch is None or exchange is None or pbm is None:
        return
    shape = math.exp(exchange.pair_speed.coefficients[4])
    for at, when in ((0, "start"), (-1, "end")):
        median, porosity = float(batch.d50[at]), float(batch.porosity[at])
        scale = float(pair_scale(exchange, float(batch.speed[at]), 1.0, run.state_of(median)))
        density = pbm.solid_density * (1.0 - porosity) * (1.0 + float(batch.moisture[at]))
        yield Granule(when, median, density, porosity, scale * math.gamma(1.0 + 1.0 / shape))


def viscous_rows(run: RunRecord, section: Section) -> Iterator[Row]:
    """Viscous Stokes numbers of two median granules, and the critical one."""
    pbm, granules = run.case.pbm, list(_granules(run))
    if not granules or pbm is None:
        section.lack("Without laws and batch there are no Stokes numbers.")
        return
    formula = "8 m̃ U/(3π d̃² µ), two granules of d50, U the mean normal speed of the law"
    liquid = pbm.liquid
    for each in granules:
        mass = each.density * math.pi * each.diameter**3 / 6.0
        value = viscous_stokes_number(0.5 * mass, each.pair_speed, each.diameter, liquid.viscosity)
        name = f"stokes-{each.when}"
        state = f"U = {Quantity(each.pair_speed, 'm/s')}, d50 = {Quantity(each.diameter, 'm')}"
        meaning = f"inertia against lubrication at {state}"
        yield f"St_v, {each.when}", Quantity(value, name=name), formula, meaning
        formula = "the same"
    critical = critical_stokes_number(pbm.restitution, liquid.film_thickness, liquid.asperity_height)
    yield "St_v*", Quantity(critical), "(1 + 1/e) ln(h_f/h_a)", "wet granules with a smaller St_v stick"


def deformation_row(run: RunRecord, section: Section) -> Iterator[Row]:
    """Stokes deformation number of blade impacts on a median granule at the end."""
    pbm, exchange, granules = run.case.pbm, run.exchange, list(_granules(run))
    if not granules or pbm is None or exchange is None or run.batch is None:
        return
    scale, shape = (math.exp(value) for value in exchange.blade_share.coefficients)
    impact = float(run.batch.speed[-1]) * exchange.tip_radius * scale * math.gamma(1.0 + 1.0 / shape)
    last, breakage = granules[-1], pbm.breakage
    if last.porosity <= 0.0:
        return
    looseness = ((1.0 - last.porosity) / last.porosity) ** 2
    strength = breakage.factor * STRENGTH_FACTOR * looseness * pbm.liquid.viscosity * impact / breakage.primary_diameter
    value = deformation_stokes_number(last.density, impact, strength)
    limit = f"mean blade impact U = {Quantity(impact, 'm/s')} on a granule of the end, Y = {Quantity(strength, 'Pa')};"
    formula = "ρ_g U²/(2 Y), Y = (9/8)((1−ε)/ε)² (9/16) µ U/d_p" + (" π" if breakage.form == "with-pi" else "")
    yield "St_def", Quantity(value), formula, f"{limit} granules break above {breakage.deformation_number:g}"


def spray_row(run: RunRecord, section: Section) -> Iterator[Row]:
    """Spray flux, for a spray as wide as the blades are long: the least it can be."""
    pbm, flow = run.case.pbm, surface_speed(run)
    if pbm is None or not flow or run.tip_radius is None or pbm.liquid.spray.rate == 0.0:
        section.lack("Without a spray, or the speed of the bed's surface, there is no spray flux.")
        return
    liquid = pbm.liquid
    value = spray_flux_number(liquid.spray.rate / liquid.density, flow * run.tip_radius, liquid.drop_diameter)
    formula = "3 V̇/(2 Ȧ d_drop), Ȧ = R v_s, v_s the mean horizontal speed of the upper tenth of the parcels"
    meaning = f"share of the surface the drops would cover, v_s = {Quantity(flow, 'm/s')}; drops make nuclei one by one"
    meaning += " below 0.1; the spray is taken to reach over the whole tip radius R, a narrower one gives more"
    yield "Ψ_a", Quantity(value), formula, meaning


def surface_speed(run: RunRecord) -> float | None:
    """Mean horizontal speed of the uppermost particles [m/s] in the last snapshot of a window at the batch's speed."""
    coupling = run.case.coupling
    middle = coupling.design.middle if coupling is not None else None
    for window in run.windows:
        snapshot = last_snapshot(window) if window.speed == middle else None
        if snapshot is not None and len(snapshot["position"]):
            height = np.asarray(snapshot["position"], dtype=float)[:, 2]
            upper = height >= np.quantile(height, SURFACE_SHARE)
            return float(np.linalg.norm(np.asarray(snapshot["velocity"], dtype=float)[upper, :2], axis=1).mean())
    return None
