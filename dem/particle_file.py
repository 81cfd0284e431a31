"""Particles read from a CSV file."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from compute.case_model import closest
from compute.errors import CaseError
from dem.case import DemCase
from dem.case_particles import GivenParticle, ParticleFile

POSITION, VELOCITY, SPIN = ("x", "y", "z"), ("vx", "vy", "vz"), ("wx", "wy", "wz")
KNOWN = (*POSITION, *VELOCITY, *SPIN, "class", "radius", "material")


def read_particles(source: ParticleFile, case: DemCase, key: str) -> list[GivenParticle]:
    """Return the particles of a file, in the order of its lines.

    key: where the source stands in the case.

    Raises:
        CaseError: a column is missing or unknown, or a line does not describe a particle; names file and line.
    """
    with source.file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream, skipinitialspace=True)
        _check_header(list(reader.fieldnames or []), source.file, key)
        return [_particle(row, case, source.file, reader.line_num) for row in reader]


def _check_header(columns: list[str], file: Path, key: str) -> None:
    for name in columns:
        if name not in KNOWN:
            raise CaseError(
                "unknown column", file=str(file), line=1, key=key, value=name, expected=", ".join(KNOWN),
                nearest=closest(name, KNOWN),
            )  # fmt: skip
    missing = [name for name in POSITION if name not in columns]
    if missing:
        raise CaseError("columns are missing", file=str(file), line=1, key=key, value=missing, expected="x, y and z")
    own = "radius" in columns and "material" in columns
    if ("class" in columns) == own or ("class" in columns and ("radius" in columns or "material" in columns)):
        raise CaseError(
            "what the particles are must be said once", file=str(file), line=1, key=key, value=columns,
            expected="a column class, or the columns radius and material",
        )  # fmt: skip


def _particle(row: dict[str, str], case: DemCase, file: Path, line: int) -> GivenParticle:
    size_class = radius = material = None
    if "class" in row:
        size_class = _known(row["class"], [each.name for each in case.classes], "class", file, line)
    else:
        radius = _number(row, "radius", file, line)
        material = _known(row["material"], list(case.materials), "material", file, line)
        if not radius > 0.0:
            raise CaseError(
                "a radius must be positive", file=str(file), line=line, key="radius", value=row["radius"],
                expected="a length in m above 0",
            )  # fmt: skip
    position, velocity, spin = (
        tuple(_number(row, column, file, line) for column in columns) for columns in (POSITION, VELOCITY, SPIN)
    )
    return GivenParticle.model_construct(
        position=position,
        velocity=velocity,
        spin=spin,
        orientation=None,
        size_class=size_class,
        radius=radius,
        material=material,
    )  # fmt: skip


def _known(name: str, known: list[str], what: str, file: Path, line: int) -> str:
    if name not in known:
        raise CaseError(
            f"no such {what}", file=str(file), line=line, key=what, value=name, expected=", ".join(known),
            nearest=closest(str(name), known),
        )  # fmt: skip
    return name


def _number(row: dict[str, str], column: str, file: Path, line: int) -> float:
    text = row.get(column, "0")
    try:
        number = float(text)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise CaseError("not a number", file=str(file), line=line, key=column, value=text, expected="a number in SI")
    return number
