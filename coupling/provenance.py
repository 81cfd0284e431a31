"""The manifest of a run: what went in, what came out, on what, when and by which command."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from compute.product import product_version
from coupling.case import Case
from coupling.case_file import input_files
from coupling.progress import LOG_NAME
from coupling.run_folder import CASE_NAME, MANIFEST_NAME

PACKAGES = ("numpy", "scipy", "numba", "numba-cuda", "h5py", "pydantic", "pint")
CHUNK = 1 << 20


def begin_manifest(folder: Path, case: Case, case_file: Path, command: Sequence[str]) -> None:
    """Write the manifest of a run that begins: inputs by hash, versions, commit, seed, hardware, command, time."""
    settings = {
        "threads": case.threads or available_cores(),
        "backend": case.backend,
        "numerics": case.dem.numerics.model_dump() if case.dem is not None else None,
    }
    begin_record(folder, case.name, case.seed, [case_file, *input_files(case)], command, **settings)


def begin_record(
    folder: Path, name: str, seed: int, inputs: Iterable[Path], command: Sequence[str], **settings: Any
) -> None:
    """Write the manifest of anything that begins in a folder of its own: see `begin_manifest`."""
    record = {
        "case": name,
        "seed": seed,
        **settings,
        "command": list(command),
        "inputs": hashes(inputs),
        "versions": versions(),
        "commit": commit(),
        "hardware": hardware(),
        "sessions": [{"started": _now(), "command": list(command)}],
        "outputs": {},
    }
    _write(folder, record)


def resume_manifest(folder: Path, command: Sequence[str]) -> None:
    """Note in the manifest that the run goes on."""
    record = read_manifest(folder)
    record.setdefault("sessions", []).append({"started": _now(), "command": list(command)})
    _write(folder, record)


def end_manifest(folder: Path, outcome: str, **facts: Any) -> None:
    """Note outcome and time, further facts, and the hash of every file the run wrote."""
    record = read_manifest(folder)
    record["sessions"][-1] |= {"ended": _now(), "outcome": outcome}
    excluded = {folder / name for name in (MANIFEST_NAME, LOG_NAME, CASE_NAME)}
    written = [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in excluded]
    record["outputs"] = {str(path.relative_to(folder)): file_hash(path) for path in written}
    _write(folder, record | facts)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run; an empty record with one session where there is none."""
    path = folder / MANIFEST_NAME
    if not path.is_file():
        return {"sessions": [{}]}
    return dict(json.loads(path.read_text(encoding="utf-8")))


def hashes(files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of files by absolute path."""
    return {str(path.resolve()): file_hash(path) for path in files}


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages a result depends on; None for those not installed."""
    found: dict[str, str | None] = {"python": platform.python_version(), "dempbm": product_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def commit() -> str | None:
    """Return the git commit of the source tree with `+changes` if it differs; None for an installed package."""
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists() or shutil.which("git") is None:
        return None
    identity = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{identity}+changes" if identity and changed else identity or None


def _git(root: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()


def hardware() -> dict[str, Any]:
    """Return machine, operating system, processor and number of usable cores."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": processor(),
        "cores": available_cores(),
    }


def processor() -> str:
    """Return the processor's model name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


def available_cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(folder: Path, record: dict[str, Any]) -> None:
    path = folder / MANIFEST_NAME
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)
