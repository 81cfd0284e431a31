"""The stages from particle windows to the exported model; each reads its result when it is there already."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from coupling.ahead import compiled_ahead
from coupling.case import Case
from coupling.exchange import Exchange
from coupling.export.fmu import ExportedUnit, export_fmu
from coupling.measure import (
    Sections,
    State,
    curve_at_growth,
    feed_state,
    fit,
    grown_state,
    measure,
    population_balance,
    sections_of,
)
from coupling.reduced.build import Settings, build_reduced_model
from coupling.reduced.description import Description, Rule
from coupling.reduced.law import anticipated_law, kernel_law
from coupling.remeasure import RemeasuredBatch, run_remeasured_batch
from coupling.run_folder import BLEND, DISTRIBUTION, EXCHANGE, EXPORT, FIRST_EXCHANGE, MODEL, REMEASURED
from coupling.session import Session
from coupling.window import Window
from dem.parcels import parcel_law
from pbm.blending import BlendingCourse
from pbm.granulation import Granulation
from pbm.result import GranulationResult


def stored(path: Path, load: Callable[[Path], Any], make: Callable[[], Any]) -> Any:
    """Return what `path` holds, or make it and put it there whole, as the record; what was made goes on in memory."""
    if path.exists():
        return load(path)
    result = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    result.save(partial)
    partial.replace(path)
    return result


def carry_out(session: Session) -> None:
    """Run all stages of a case whose two models are joined."""
    sections = sections_of(session.case)
    with compiled_ahead(session) as ahead:
        windows = feed_windows(session, sections)
        ahead.wait(session)
    windows.append(grown_window(session, sections, windows))
    exchange = final_exchange(session, sections, windows)
    run_batch(session, sections, exchange, windows)
    frozen = frozen_kernel_error(session, sections, exchange, windows)
    if sections.pbm.flows_through:
        session.progress.message("no reduced model: it is of a closed batch, and powder flows through this equipment")
    else:
        description = reduce_model(session, sections, exchange, frozen)
        export_model(session.case, session.folder, description, session.progress.message)
    write_report_of(session)


def balance_alone(session: Session) -> GranulationResult:
    """Run the population balance of a case that states its laws, and report on it."""
    assert session.case.pbm is not None
    model = Granulation(session.case.pbm, compiled=session.case.backend != "python", backend=session.device)
    result = stored_batch(session, model.simulate)
    write_report_of(session)
    return result


def blend_alone(session: Session) -> BlendingCourse:
    """Run a blender, and report on it."""
    from pbm.blending_run import run_blending

    case = session.case.blending
    assert case is not None
    course: BlendingCourse = session.timed(
        "blending", lambda: stored(session.folder / BLEND, BlendingCourse.load, lambda: run_blending(case))
    )
    write_report_of(session)
    return course


def write_report_of(session: Session) -> Path:
    """Write the report from the files of all stages."""
    from coupling.report.page import write_report

    path: Path = session.timed("report", lambda: write_report(session.case, session.folder))
    return path


def feed_windows(session: Session, sections: Sections) -> list[Window]:
    """Measure the design's speeds on the feed."""
    state = feed_state(sections)
    speeds = sections.coupling.design.speeds
    return [measure(session, sections, f"speed-{at + 1}", speed, state, at) for at, speed in enumerate(speeds)]


def grown_window(session: Session, sections: Sections, windows: list[Window]) -> Window:
    """Measure the state that the population balance reaches with the kernel of the feed."""
    exchange = stored(session.folder / FIRST_EXCHANGE, Exchange.load, lambda: fit(sections, windows))
    design = sections.coupling.design
    speed = design.grown.speed or design.middle

    def grow() -> State:
        parcels, growth = parcel_law(sections.parcels.law), design.grown.growth
        law = anticipated_law(kernel_law(exchange), parcels, growth)
        model = population_balance(sections, law, windows, session.device)
        return grown_state(sections, curve_at_growth(model, model.simulate(speed), design.grown.growth))

    state = session.timed("population balance with the kernel of the feed", grow)
    return measure(session, sections, "grown", speed, state, len(design.speeds))


def final_exchange(session: Session, sections: Sections, windows: list[Window]) -> Exchange:
    """Fit the laws to all windows."""
    return session.timed(
        "laws", lambda: stored(session.folder / EXCHANGE, Exchange.load, lambda: fit(sections, windows))
    )


def run_batch(session: Session, sections: Sections, exchange: Exchange, windows: list[Window]) -> GranulationResult:
    """Run the population balance of the case."""
    speed = sections.coupling.design.middle

    def simulate() -> GranulationResult:
        return population_balance(sections, kernel_law(exchange), windows, session.device).simulate(speed)

    return stored_batch(session, simulate)


def stored_batch(session: Session, simulate: Callable[[], GranulationResult]) -> GranulationResult:
    """Run the population balance, or read its result, and tell its warnings."""
    result: GranulationResult = session.timed(
        "population balance", lambda: stored(session.folder / DISTRIBUTION, GranulationResult.load, simulate)
    )
    for warning in result.warnings:
        session.progress.message(f"population balance: {warning}")
    return result


def frozen_kernel_error(
    session: Session, sections: Sections, exchange: Exchange, windows: list[Window]
) -> tuple[float, float, float] | None:
    """Return the relative errors of d10, d50, d90 that the interpolated kernel makes, root mean square over the batch.

    The reference is the batch at the middle speed with the kernel measured again on the way; None if the case asks for
    none.
    """
    growth, speed = sections.coupling.remeasure_growth, sections.coupling.design.middle
    if growth is None:
        return None
    reference = stored(
        session.folder / REMEASURED,
        RemeasuredBatch.load,
        lambda: run_remeasured_batch(session, sections, speed, growth),
    )
    model = population_balance(sections, kernel_law(exchange), windows, session.device)
    result = model.simulate(speed, reference.time)
    pairs = [(getattr(result, name), getattr(reference, name)) for name in ("d10", "d50", "d90")]
    d10, d50, d90 = (float(np.sqrt(np.mean(np.log(ours / theirs) ** 2))) for ours, theirs in pairs)
    return d10, d50, d90


def reduce_model(
    session: Session, sections: Sections, exchange: Exchange, frozen: tuple[float, float, float] | None = None
) -> Description:
    """Build the reduced model and measure its error; frozen: what `frozen_kernel_error` found."""
    asked = session.case.reduced
    settings = Settings((asked.classes,), spray_factor=asked.spray_factor, rule=Rule(longest=asked.step_max))

    def build() -> Description:
        return build_reduced_model(sections.pbm, exchange, session.case.name, settings, frozen)

    return session.timed("reduced model", lambda: stored(session.folder / MODEL, Description.load, build))


def export_model(case: Case, folder: Path, description: Description, tell: Callable[[str], None]) -> ExportedUnit:
    """Write FMU and card."""
    assert case.pbm is not None
    unit = export_fmu(description, folder / EXPORT, version("dempbm"), case.export.fmi, case.pbm.end)
    (folder / "reduced" / "card.json").write_text(unit.card.read_text(encoding="utf-8"), encoding="utf-8")
    tell(unit.message)
    return unit
