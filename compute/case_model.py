"""What the parts of a case file share: frozen models that refuse unknown keys, and errors that say what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema


class CaseModel(BaseModel):
    """A part of a case: checked once, never changed afterwards, floats in SI."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the name among `known` that is most like `name`, or None when nothing resembles it."""
    names = list(known)
    exact = difflib.get_close_matches(str(name), names, n=1, cutoff=SIMILARITY)
    if exact:
        return exact[0]
    by_lower = {candidate.lower(): candidate for candidate in names}
    found = difflib.get_close_matches(str(name).lower(), by_lower, n=1, cutoff=SIMILARITY)
    return by_lower[found[0]] if found else None


SIMILARITY = 0.6


class OneOf:
    """Marks a text that must be one of these names, as `Literal` does where they stand in a table.

    Args:
        names: in the order in which they are told.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.literal_schema(self._names)


def invalid(
    problem: str,
    *,
    expected: str | None = None,
    nearest: str | None = None,
    key: str | None = None,
    value: object = None,
) -> PydanticCustomError:
    """Make the error a validator raises.

    Args:
        problem: what is wrong, in one phrase.
        expected: what would have been right.
        nearest: the known name that resembles the one given.
        key: dotted key below the model that raises, where the fault lies deeper than the model itself.
        value: what was found there, where it is not simply the value at the key.
    """
    context = {"problem": problem, "expected": expected, "nearest": nearest, "key": key, "value": value}
    return PydanticCustomError("case", "{problem}", context)


def require_name(name: str, known: Iterable[str], what: str, key: str) -> None:
    """Refuse a name that is not among `known`.

    Args:
        name: the name written in the case.
        known: the names that exist.
        what: what kind of thing is named, for the message.
        key: dotted key of the name below the model that checks.

    Raises:
        PydanticCustomError: the name is not known.
    """
    names = list(known)
    if name not in names:
        listed = ", ".join(names) or "none is defined"
        nearest = closest(name, names)
        raise invalid(f"no such {what}", expected=f"one of: {listed}", nearest=nearest, key=key, value=name)


def existing_file(file: Path, info: ValidationInfo) -> Path:
    """Return the absolute path of a file named in a case; relative paths start at the folder of the case file.

    Raises:
        PydanticCustomError: there is no such file.
    """
    folder = Path((info.context or {}).get("folder", "."))
    path = (folder / file.expanduser()).resolve()
    if not path.is_file():
        siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        nearest = closest(path.name, siblings)
        raise invalid("no such file", expected=f"a file in {path.parent}", nearest=nearest)
    return path
