"""From a reduced model to the text of its C source and of its model description."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from compute.errors import CaseError
from coupling.export.absent import absent_functions
from coupling.export.dense import dense_tables
from coupling.export.variables import Variable, variables_of
from coupling.reduced.description import Description
from coupling.reduced.flags import MEANINGS, TOP_SHARE, Flag
from coupling.reduced.model import LONGEST_STEP
from pbm.model import VANISHED, Parameters
from pbm.outputs import STATE_MARGIN

TEMPLATES = Path(__file__).parent / "templates"
MOST_CLASSES = 99
"""More classes would make the rows of value references overlap."""
PARTS = (
    "structures.c.j2",
    "tables.c.j2",
    "granules.c",
    "rates.c",
    "change.c",
    "integrate.c",
    "reading.c.j2",
    "model.c",
    "variables.c.j2",
    "instance.c",
)
"""Parts of the source, in order; those of the interface follow."""
SUMMARY = "Wet granulation: population balance with few classes, with standard errors and flags of validity"


def number(value: float) -> str:
    """Shortest text that reads back as the same double.

    Raises:
        CaseError: the value is not finite.
    """
    if not np.isfinite(value):
        raise CaseError("a number of the reduced model is not finite and cannot be exported", value=float(value))
    return repr(float(value))


def identifier_of(name: str) -> str:
    """A C identifier for a model name."""
    cleaned = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "model"
    return cleaned if not cleaned[0].isdigit() else f"model_{cleaned}"


def source_text(description: Description, version: str, interface: int) -> tuple[str, str]:
    """C source and the token that names this model: a hash of the source itself.

    Args:
        description: the model; version: of dempbm; interface: 2 or 3, version of FMI.

    Raises:
        CaseError: too many classes, or a number that is not finite.
    """
    if description.classes > MOST_CLASSES:
        raise CaseError(
            "too many classes to export", key="classes", value=description.classes, expected=f"<= {MOST_CLASSES}"
        )
    unnamed = _render_source(description, version, interface, "")
    digest = hashlib.sha256(unnamed.encode()).hexdigest()
    token = f"{{{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}}}"
    return _render_source(description, version, interface, token), token


def _render_source(description: Description, version: str, interface: int, token: str) -> str:
    environment = _environment()
    values = _source_values(description, interface) | {"version": version, "token": token}
    parts = (*PARTS, f"fmi{interface}.c", f"fmi{interface}_absent.c.j2")
    return "\n".join(environment.get_template(part).render(values).strip("\n") + "\n" for part in parts)


def _source_values(description: Description, interface: int) -> dict[str, Any]:
    variables = variables_of(description)
    if interface == 3:
        variables.append(Variable("time", 900, 1, "output", "s", "Time", "time"))
    plain = {key: getattr(description, key) for key in Description.__dataclass_fields__}
    return plain | {
        "classes": description.classes,
        "law_count": len(description.laws),
        "flags": list(Flag),
        "meanings": MEANINGS,
        "parameter_fields": Parameters._fields,
        "tables": dense_tables(description.grid, description.nucleus_solids, description.smallest_breakable),
        "log_class_width": description.log_class_width,
        "limits": description.limits(),
        "variables": variables,
        "flag_reference": next(variable.reference for variable in variables if variable.integer),
        "absent": absent_functions(),
        "vanished": number(VANISHED),
        "longest_call": number(LONGEST_STEP),
        "top_share": number(TOP_SHARE),
        "state_margin": number(STATE_MARGIN),
        "clamped_limit": number(description.clamped_limit),
    }


def model_description(description: Description, version: str, interface: int, token: str, stop_time: float) -> str:
    """Text of modelDescription.xml for FMI 2 or 3; `stop_time` of the default experiment [s]."""
    variables = variables_of(description)
    values: dict[str, Any] = {
        "name": description.name,
        "identifier": identifier_of(description.name),
        "token": token,
        "version": version,
        "summary": SUMMARY,
        "stop_time": stop_time,
    }
    values |= _scalar_values(variables) if interface == 2 else _row_values(variables)
    return _environment().get_template(f"modelDescription{interface}.xml.j2").render(values) + "\n"


def build_description(description: Description) -> str:
    """Text of buildDescription.xml, which FMI 3 asks for beside sources."""
    template = _environment().get_template("buildDescription.xml.j2")
    return template.render(identifier=identifier_of(description.name)) + "\n"


def _scalar_values(variables: list[Variable]) -> dict[str, Any]:
    scalars = []
    for variable in variables:
        texts = zip(variable.scalar_names(), variable.scalar_descriptions())
        for place, (name, text) in enumerate(texts):
            start = variable.start[place] if variable.start else None
            scalars.append(
                _attributes(variable, name=name, text=text, reference=variable.reference + place, start=start)
            )
    numbered = list(enumerate(scalars, start=1))
    return {
        "scalars": scalars,
        "output_indices": [index for index, one in numbered if one.causality == "output"],
        "input_indices": " ".join(str(index) for index, one in numbered if one.causality == "input"),
        "start_indices": " ".join(str(index) for index, one in numbered if one.causality == "parameter"),
    }


def _row_values(variables: list[Variable]) -> dict[str, Any]:
    rows = [_attributes(one, name=one.name, text=one.description, reference=one.reference) for one in variables]
    return {
        "rows": rows,
        "output_references": [row.reference for row in rows if row.causality == "output"],
        "input_references": " ".join(str(row.reference) for row in rows if row.causality == "input"),
        "start_references": " ".join(str(row.reference) for row in rows if row.causality == "parameter"),
    }


def _attributes(
    variable: Variable, name: str, text: str, reference: int, start: float | None = None
) -> SimpleNamespace:
    parameter = variable.kind in ("fixed", "tunable")
    variability = variable.kind if parameter else "discrete" if variable.integer else "continuous"
    return SimpleNamespace(
        name=name,
        reference=reference,
        description=text,
        causality="parameter" if parameter else variable.kind,
        variability=variability,
        initial="exact" if parameter else "calculated" if variable.kind == "output" else "",
        unit=variable.unit,
        limits=variable.limits,
        start=start,
        starts=" ".join(number(value) for value in variable.start),
        count=variable.count,
        integer=variable.integer,
    )


def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=False, autoescape=False
    )
    environment.globals["number"] = number
    return environment
