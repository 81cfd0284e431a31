"""Section: dimensionless groups and time scales, each with its formula and what it means."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from coupling.checks.geometry import BED_SOLIDS_FRACTION, bed_depth
from coupling.report.contents import Cell, Quantity, Section
from coupling.report.impacts import deformation_row, spray_row, viscous_rows
from coupling.report.record import RunRecord
from coupling.scales import FROZEN_KERNEL_LIMIT, froude_number, frozen_kernel_ratio, growth_time, inertial_number
from dem.case_equipment import Impeller
from dem.case_limits import mean_diameter
from dem.case_time import Passages
from dem.case_walls import MeshWall

Row = tuple[Cell, Cell, str, str]
HEADER = ("group", "value", "formula", "meaning")


def groups_section(run: RunRecord) -> Section:
    """Time scales, Froude, inertial, Stokes numbers and spray flux."""
    section = Section("groups", "Dimensionless groups and time scales")
    if run.case.dem is None or run.case.pbm is None or run.case.coupling is None:
        section.lack("Groups are formed for coupled cases only.")
        return section
    rows = [*_time_rows(run, section), *_flow_rows(run, section)]
    rows += [*viscous_rows(run, section), *deformation_row(run, section), *spray_row(run, section)]
    section.tabulate("At the speed of the batch unless said otherwise.", HEADER, rows)
    return section


def batch_speed(run: RunRecord) -> float:
    """Impeller speed of the batch [rad/s]."""
    assert run.case.coupling is not None
    return float(run.batch.speed[0]) if run.batch is not None else run.case.coupling.design.middle


def _time_rows(run: RunRecord, section: Section) -> Iterator[Row]:
    assert run.case.dem is not None
    spin_up, speed = run.case.dem.time.spin_up, batch_speed(run)
    flow = spin_up.duration(speed) if isinstance(spin_up, Passages) else float(spin_up)
    yield "t_flow", Quantity(flow, "s"), "spin-up of the window", "time the flow is given to forget how it started"
    yield "turn", Quantity(2.0 * math.pi / speed, "s"), "2π/ω", "one turn of the impeller"
    if run.batch is None:
        section.lack("Without the batch there is no growth time.")
        return
    pairs = zip(pairwise(run.batch.time.tolist()), pairwise(run.batch.d50.tolist()))
    growth = min(growth_time(times, medians) for times, medians in pairs)
    ratio, late = frozen_kernel_ratio(flow, growth)
    yield (
        "t_growth",
        Quantity(growth, "s"),
        "1/(d ln d50/dt), shortest",
        "time in which d50 grows e-fold, where it grows fastest",
    )
    meaning = f"the kernel may be held fixed while the bed grows where this is below {FROZEN_KERNEL_LIMIT:g}"
    yield "t_flow/t_growth", Quantity(ratio, name="frozen-kernel-ratio"), "ratio of the two", meaning
    if late:
        text = f"t_flow/t_growth reaches {Quantity(ratio)}, above {FROZEN_KERNEL_LIMIT:g}: at its fastest, growth"
        section.warn(f"{text} outruns the flow, and a kernel held fixed is no longer safe.")


def _flow_rows(run: RunRecord, section: Section) -> Iterator[Row]:
    dem, tip, speed = run.case.dem, run.tip_radius, batch_speed(run)
    assert dem is not None and run.case.coupling is not None
    gravity = math.hypot(*dem.gravity)
    if tip is None or gravity == 0.0:
        section.lack("The tip radius of the blades or gravity is not given: no Froude and inertial number.")
        return
    yield "tip speed", Quantity(speed * tip, "m/s"), "v = ω R", ""
    froude = froude_number(speed * tip, tip, gravity)
    yield "Fr", Quantity(froude), "v²/(g R)", "centrifugal against gravity; above one the bed is thrown to the wall"
    wall = next((each for each in dem.walls if each.name == run.case.coupling.impeller), None)
    generated = wall.generate if isinstance(wall, MeshWall) else None
    depth = bed_depth(dem, generated) if isinstance(generated, Impeller) else None
    parcel = mean_diameter(dem)
    if depth is None or parcel is None:
        section.lack("The depth of the bed is not known for this geometry: no inertial number.")
        return
    density = dem.materials[dem.classes[0].material].density
    pressure = 0.5 * BED_SOLIDS_FRACTION * density * gravity * depth
    meaning = "shear time against the time a grain takes to fall into a hole; dense below 10⁻³, collisional above 0.1"
    formula = "γ d √(ρ/p), estimate: γ = v/H, p = 0.58 ρ g H/2, H the depth of the bed at rest"
    for what, diameter in (("parcels", parcel), ("real grains", parcel / dem.scale_factor)):
        value = inertial_number(speed * tip / depth, diameter, pressure, density)
        yield f"I, {what}", Quantity(value), formula, meaning
        formula, meaning = "the same", "a parcel's number is s times that of the grains it stands for"
