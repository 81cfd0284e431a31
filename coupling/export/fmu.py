"""A Functional Mock-up Unit: sources always, a binary where gcc is at hand, the same bytes for the same model."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from compute.errors import CaseError, SimulationError
from coupling.export.card import card_text
from coupling.export.sources import build_description, identifier_of, model_description, source_text
from coupling.reduced.description import Description

COMPILER_OPTIONS = ("-std=c99", "-O2", "-ffp-contract=off", "-fPIC", "-shared", "-fvisibility=hidden")
WARNINGS = ("-Wall", "-Wextra", "-pedantic")
LINKER_OPTIONS = ("-lm", "-Wl,--build-id=none")
PLATFORMS = {2: "linux64", 3: "x86_64-linux"}
"""Folder of the binary by version of the interface."""
DEFAULT_STOP = 60.0
EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644 << 16


@dataclass(frozen=True)
class ExportedUnit:
    """What was written.

    Args:
        path: the FMU; card: the card beside it; token: names the model; compiled: whether a binary is inside;
        message: one line for the user.
    """

    path: Path
    card: Path
    token: str
    compiled: bool
    message: str


def export_fmu(
    description: Description, folder: Path | str, version: str, interface: int = 2, stop_time: float = DEFAULT_STOP
) -> ExportedUnit:
    """Write `<identifier>.fmu` and `card.json` into `folder`.

    Args:
        description: the model; version: of dempbm; interface: version of FMI, 2 or 3;
        stop_time: of the default experiment [s].

    Raises:
        CaseError: another version of FMI, or a model that cannot be exported.
        SimulationError: the compiler is there and fails.
    """
    if interface not in PLATFORMS:
        raise CaseError("no such version of FMI", key="fmi", value=interface, expected="2 or 3")
    source, token = source_text(description, version, interface)
    identifier = identifier_of(description.name)
    files = {
        "modelDescription.xml": model_description(description, version, interface, token, stop_time).encode(),
        f"sources/{identifier}.c": source.encode(),
    }
    if interface == 3:
        files["sources/buildDescription.xml"] = build_description(description).encode()
    binary = compile_source(source, identifier)
    if binary is not None:
        files[f"binaries/{PLATFORMS[interface]}/{identifier}.so"] = binary
    card = card_text(description, version, interface, token, source, binary is not None)
    files["resources/card.json"] = card.encode()
    path = Path(folder) / f"{identifier}.fmu"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_archive(files))
    (path.parent / "card.json").write_text(card, encoding="utf-8")
    return ExportedUnit(path, path.parent / "card.json", token, binary is not None, _message(path, binary is not None))


def compile_source(source: str, identifier: str) -> bytes | None:
    """The shared library of a source, or None where there is no gcc.

    Raises:
        SimulationError: gcc refuses the source.
    """
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{identifier}.c").write_text(source, encoding="utf-8")
        files = [f"{identifier}.c", "-o", f"{identifier}.so"]
        command = [compiler, *COMPILER_OPTIONS, *WARNINGS, *files, *LINKER_OPTIONS]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SimulationError(f"gcc refuses the exported source: {done.stderr.strip()[-500:]}")
        return (Path(folder) / f"{identifier}.so").read_bytes()


def _archive(files: dict[str, bytes]) -> bytes:
    """Zip with fixed dates, modes and order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EARLIEST_DATE)
            entry.external_attr, entry.compress_type, entry.create_system = FILE_MODE, zipfile.ZIP_DEFLATED, 3
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def _message(path: Path, compiled: bool) -> str:
    if compiled:
        return f"{path}: sources and a binary for Linux x86-64"
    return f"{path}: sources only, as no gcc is on PATH; most importers compile them, or install gcc and export again"
