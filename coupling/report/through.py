"""Section of a granulation that powder flows through: hold-up, what leaves over time, and how long it stays."""

from __future__ import annotations

from typing import Any

import numpy as np

from coupling.report.charts import COLOURS, chart, svg
from coupling.report.contents import Cell, Quantity, Section, percent
from coupling.report.record import RunRecord
from coupling.report.residence import show_residence
from coupling.window import measured_exchange
from pbm.blending import CHARGE, Blending, BlendingCourse
from pbm.granulation import Granulation
from pbm.grid import Floats
from pbm.model import EXTERNAL, INTERNAL, NUMBER
from pbm.places import ABSENT
from pbm.result import GranulationResult
from pbm.stated import NO_LAW

MOST_LINES = 7
"""Compartments that are drawn each by itself, at most."""


def through_section(run: RunRecord) -> Section:
    """Hold-up, outflow and its composition over time, residence times and damping; nothing of a closed batch."""
    section = Section("through", "Powder through the equipment")
    if run.case.pbm is None or not run.case.pbm.flows_through:
        return section
    model = _model(run)
    if model is None or run.batch is None:
        section.lack("The population balance has not run yet.")
        return section
    course = Blending.of(model).run(run.batch.time)
    caption = "Left: dry solids in the equipment. Right: dry solids that come in (grey) and leave (line)."
    section.show(_hold_up(model, run.batch, course), "Hold-up and flow over time", caption)
    caption = "What leaves, by mass of dry solids. Left: where it came from. Right: what it holds."
    section.show(_leaving(model, run.batch, course), "Composition of what leaves over time", caption)
    section.tabulate("Dry solids by where they came from.", ("", "in all", "left", "held at the end"), _powders(course))
    held = _solids(model, run.batch)[-1]
    rows = [(name, Quantity(float(mass), "kg", name=f"hold-up-{name}"), percent(float(mass / max(held.sum(), 1e-300))))
            for name, mass in zip(model.graph.names, held)]  # fmt: skip
    section.tabulate("Hold-up at the end.", ("compartment", "dry solids", "share"), rows, wide=False)
    fed = [(feeder.to, feeder.component) for feeder in Blending.of(model).feeders]
    leave = [pair for pair in fed if model.graph.ways_out()[model.graph.place(pair[0])]]
    if leave:
        show_residence(section, model.graph, leave)
    return section


def _model(run: RunRecord) -> Granulation | None:
    """The equipment and what is fed, where the rates are known; laws of granules are not asked for."""
    assert run.case.pbm is not None
    regions, exchange = run.case.pbm.compartments, None
    if regions is not None and regions.exchange == "dem":
        if run.case.coupling is None or not run.measured:
            return None
        exchange = measured_exchange(run.measured, run.case.coupling.design.middle)
    return Granulation(run.case.pbm, NO_LAW, exchange, compiled=False)


def _solids(model: Granulation, batch: GranulationResult) -> Floats:
    """Dry solids of each compartment [kg], (times, compartments)."""
    return np.asarray(model.parameters.solid_density * (batch.states[:, :, NUMBER] @ batch.solid_volume))


def _powders(course: BlendingCourse) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for at, name in enumerate(course.components):
        held, left = float(course.held[-1, :, at].sum()), float(course.left[-1, at])
        masses = {"came": held + left, "left": left, "held": held}
        rows.append((name, *(Quantity(mass, "kg", name=f"{what}-{name}") for what, mass in masses.items())))
    return rows


def _hold_up(model: Granulation, batch: GranulationResult, course: BlendingCourse) -> str:
    solids = 1e3 * _solids(model, batch)
    with chart(3.2, 2) as (figure, (held, flow)):
        if 1 < solids.shape[1] <= MOST_LINES:
            for name, column, colour in zip(model.graph.names, solids.T, COLOURS[1:]):
                held.plot(batch.time, column, color=colour, label=name)
        held.plot(batch.time, solids.sum(axis=1), color=COLOURS[0], label="all")
        fed = [1e3 * sum(inflow.rate.at(time) for inflow in model.inflows) for time in batch.time]
        flow.step(batch.time, fed, where="post", color="#b9c3ca", linewidth=1.0, label="fed")
        flow.plot(batch.time, solids @ model.graph.outlet, color=COLOURS[0], label="leaves")
        for axis, title in ((held, "held [g]"), (flow, "mass flow [g/s]")):
            axis.set(title=title, xlabel="time [s]", xlim=(0.0, batch.time[-1]), ylim=(0.0, None))
            axis.legend(loc="best")
        return svg(figure)


def _leaving(model: Granulation, batch: GranulationResult, course: BlendingCourse) -> str:
    """Shares of the feeds and of the charge, and moisture and the second solid of what leaves."""
    with chart(3.2, 2) as (figure, (origin, content)):
        for name, colour in zip(course.components, COLOURS):
            label = "charge at the start" if name == CHARGE else name
            origin.plot(course.times, 100.0 * course.share(name), color=colour, label=label)
        origin.set(title="from [%]", ylim=(0.0, 103.0))
        for (label, share), colour in zip(_contents(model, batch).items(), COLOURS):
            content.plot(batch.time, 100.0 * share, color=colour, label=label)
        content.set(title="holds [% of dry solids]", ylim=(0.0, None))
        for axis in (origin, content):
            axis.set(xlabel="time [s]", xlim=(0.0, batch.time[-1]))
            axis.legend(loc="best")
        return svg(figure)


def _contents(model: Granulation, batch: GranulationResult) -> dict[str, Floats]:
    """Liquid, and the second solid where there is one, over dry solids in what leaves, (times,)."""
    states, p, outlet = batch.states, model.parameters, model.graph.outlet
    solids = _solids(model, batch) @ outlet
    liquid = p.liquid_density * (states[:, :, [INTERNAL, EXTERNAL]].sum(axis=(2, 3)) @ outlet)
    found: dict[str, Any] = {"liquid": liquid}
    name = _second_name(model)
    if name:
        content = model.tables.places.content
        lumped = content != ABSENT
        second = states[:, :, content] if lumped else states[:, :, NUMBER] * model.cells.components[1]
        found[name] = p.solid_density * (second.sum(axis=2) @ outlet)
    return {key: np.divide(part, solids, out=np.full(solids.size, np.nan), where=solids > 0.0)
            for key, part in found.items()}  # fmt: skip


def _second_name(model: Granulation) -> str:
    if model.case.second_solid is not None:
        return model.case.second_solid.name
    return model.case.solids[1].name if model.case.solids is not None and len(model.case.solids) > 1 else ""
