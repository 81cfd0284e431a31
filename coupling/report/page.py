"""The page: sections in order, the verdict on top, rendered and written whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from coupling.case import Case
from coupling.report.balances import balances_section
from coupling.report.batch import batch_section
from coupling.report.blades import blade_section
from coupling.report.blending import outlet_section, residence_section
from coupling.report.contents import Section
from coupling.report.fields import fields_section
from coupling.report.flow import flow_section
from coupling.report.grains import grains_section
from coupling.report.groups import groups_section
from coupling.report.kernel import kernel_section
from coupling.report.observables import loads_section, observables_section
from coupling.report.picture import picture_section
from coupling.report.record import RunRecord
from coupling.report.reduced import reduced_section
from coupling.report.settings import settings_section
from coupling.report.speeds import speeds_section
from coupling.report.through import through_section
from coupling.report.timings import timings_section
from coupling.report.transport import transport_section
from coupling.report.verdict import verdict_section
from coupling.report.warnings import warnings_section
from coupling.report.windows import windows_section

REPORT_NAME = "report.html"
DEM_SECTIONS: tuple[Callable[[RunRecord], Section], ...] = (
    settings_section,
    picture_section,
    windows_section,
    grains_section,
    flow_section,
    observables_section,
    fields_section,
    loads_section,
    transport_section,
)
BALANCE_SECTIONS: tuple[Callable[[RunRecord], Section], ...] = (
    settings_section,
    batch_section,
    through_section,
    balances_section,
)
BLENDING_SECTIONS: tuple[Callable[[RunRecord], Section], ...] = (
    settings_section,
    outlet_section,
    residence_section,
)
COUPLED_SECTIONS: tuple[Callable[[RunRecord], Section], ...] = (
    settings_section,
    picture_section,
    batch_section,
    through_section,
    balances_section,
    windows_section,
    kernel_section,
    speeds_section,
    blade_section,
    loads_section,
    observables_section,
    fields_section,
    transport_section,
    groups_section,
    reduced_section,
)


def write_report(case: Case, folder: Path, compiled: bool = True) -> Path:
    """Write the report of a run from what its folder holds, and return its path.

    Args:
        case: of the run; folder: of the run; compiled: run the reduced model through numba.
    """
    path = folder / REPORT_NAME
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(render(RunRecord(case, folder, compiled)), encoding="utf-8")
    partial.replace(path)
    return path


def render(run: RunRecord) -> str:
    """The report of a run as HTML; the same files give the same text. Sections without contents are left out."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    alone = DEM_SECTIONS if run.case.dem is not None else BALANCE_SECTIONS
    alone = BLENDING_SECTIONS if run.case.blending is not None else alone
    makers = COUPLED_SECTIONS if run.case.coupling is not None else alone
    sections = [section for make in makers if (section := make(run)).blocks]
    sections += [timings_section(run), warnings_section(run, sections)]
    verdict = verdict_section(run, sections)
    loader = PackageLoader("coupling.report")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.lstrip_blocks = True
    template = environment.get_template("report.html.j2")
    heading = {"name": run.case.name, "title": run.case.title or run.case.name}
    return template.render(heading=heading, verdict=verdict, sections=sections) + "\n"
