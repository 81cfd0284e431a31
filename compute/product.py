"""Which version of the product this is."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def product_version() -> str | None:
    """Return the version of the installed product, or that of the source tree it runs from."""
    try:
        return version("dempbm")
    except PackageNotFoundError:
        project = Path(__file__).resolve().parents[1] / "pyproject.toml"
        return (
            str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]) if project.exists() else None
        )
