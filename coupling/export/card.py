"""The card beside an exported model: what goes in and out, where it holds, how far to trust it, how it was made."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from coupling.export.variables import Variable, variables_of
from coupling.reduced.description import Description
from coupling.reduced.flags import MEANINGS, Flag

PACKAGES = ("coupling", "dem", "pbm", "compute")
"""Packages whose sources decide the model."""


def card_text(description: Description, version: str, interface: int, token: str, source: str, compiled: bool) -> str:
    """The card as JSON text; the same model gives the same text."""
    law = description.law
    card = {
        "name": description.name,
        "token": token,
        "made_by": f"dempbm {version}",
        "interface": f"FMI {interface}.0 co-simulation",
        "binary": "linux x86-64" if compiled else "none: sources only",
        "classes": description.classes,
        "class_edges_solid_volume_m3": [float(edge) for edge in description.edges],
        "inputs": [_entry(one) for one in variables_of(description) if one.kind == "input"],
        "parameters": [_entry(one) for one in variables_of(description) if one.kind in ("fixed", "tunable")],
        "outputs": [_entry(one) for one in variables_of(description) if one.kind == "output"],
        "flag_bits": {str(int(bit)): MEANINGS[bit] for bit in Flag},
        "validity": {
            "impeller_speed_rad_per_s": [law.speed_low, law.speed_high],
            "spray_rate_kg_per_s": [0.0, description.spray_limit],
            "d50_m": [law.d50_feed, law.d50_grown],
            "size_over_d32": [law.size_ratio_low, law.size_ratio_high],
            "volume_share_beyond_size_over_d32": [0.0, description.clamped_limit],
        },
        "efficiency": {
            "value": description.efficiency,
            "meaning": "share of wet touches below the critical speed that bind; the one unmeasured number, default 1",
        },
        "drying": {
            "evaporation_kg_per_m2_s": description.laws[0].evaporation_speed * description.laws[0].liquid_density,
            "meaning": "from wet surfaces, by their area; constant",
        },
        "kernel_law": law.to_dict(),
        "standard_error": _error_statement(description),
        "cost": _cost_statement(description),
        "provenance": description.record,
        "sha256": {"source": hashlib.sha256(source.encode()).hexdigest(), **source_hashes()},
    }
    return json.dumps(card, indent=1, sort_keys=True, allow_nan=False) + "\n"


@cache
def source_hashes() -> dict[str, str]:
    """SHA-256 over names and contents of the Python sources and templates of each package."""
    root = Path(__file__).resolve().parents[2]
    hashes = {}
    for package in PACKAGES:
        digest = hashlib.sha256()
        for path in sorted((root / package).rglob("*")):
            if path.suffix in (".py", ".c", ".j2"):
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
        hashes[package] = digest.hexdigest()
    return hashes


def _entry(variable: Variable) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": variable.name,
        "unit": variable.unit or "1",
        "description": variable.description,
        "count": variable.count,
    }
    if variable.start:
        entry["start"] = variable.start[0] if variable.count == 1 else list(variable.start)
    if variable.limits:
        entry["accepted"] = list(variable.limits)
    return entry


def _error_statement(description: Description) -> dict[str, Any]:
    errors, drying = description.errors, description.laws[0].evaporation_speed
    measured = bool(description.record.get("frozen_kernel_measured", False))
    return {
        "meaning": "one standard error; root of the summed squares of the terms below",
        "law": f"{len(description.laws) - 1} further states run with the law moved by one standard deviation",
        "law_variance_outside_these_directions": errors.unresolved,
        "few_classes_and_long_steps_relative_d10_d50_d90": list(errors.discretisation),
        "frozen_kernel_relative_d10_d50_d90": list(errors.frozen_kernel) if measured else "not measured",
        "porosity_absolute": errors.porosity,
        "moisture": "a balance, exact but for rounding" if drying == 0.0 else "from the area of wet surfaces, as below",
        "moisture_absolute": errors.moisture,
    }


def _cost_statement(description: Description) -> dict[str, Any]:
    rule = description.rule
    return {
        "states": len(description.laws),
        "substeps_per_interval_at_most": rule.most,
        "interval_s": rule.interval,
        "evaluations_per_interval_at_most": 2 * rule.most * len(description.laws),
        "longest_substep_s": rule.substep,
        "allocation_in_a_step": "none",
    }
