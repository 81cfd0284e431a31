"""From a case file to a checked case and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from coupling.case import Case
from coupling.case_document import CaseDocument, read_document, write_document
from coupling.case_errors import translate

Model = TypeVar("Model", bound=BaseModel)


def read_case(path: Path, assignments: Sequence[str] = ()) -> Case:
    """Read and check a case file; relative file names in it are taken from its folder.

    Args:
        path: the case file.
        assignments: changes such as `dem.time.end=2 s`, applied before the check.

    Raises:
        CaseError: anything in it is wrong; the message names place, key, value and what was expected.
    """
    return open_case(path, assignments)[0]


def open_case(path: Path, assignments: Sequence[str] = ()) -> tuple[Case, CaseDocument]:
    """Return the case as `read_case` does, and the document that knows where each of its keys stands."""
    return read_model(Case, path, assignments)


def read_model(model: type[Model], path: Path, assignments: Sequence[str] = ()) -> tuple[Model, CaseDocument]:
    """Read and check a file of the form of a model; see `read_case`."""
    document = read_document(path)
    for assignment in assignments:
        document.set(assignment)
    return _checked(model, document, path.resolve().parent), document


def check_document(document: CaseDocument, folder: Path) -> Case:
    """Return the case a document describes.

    Raises:
        CaseError: see `read_case`.
    """
    return _checked(Case, document, folder)


def _checked(model: type[Model], document: CaseDocument, folder: Path) -> Model:
    try:
        return model.model_validate(document.data, context={"folder": folder})
    except ValidationError as error:
        raise translate(error, document, model) from None


def resolved(case: Case) -> dict[str, Any]:
    """Return the case as plain values: every default written out, SI numbers, absolute file names."""
    return case.model_dump(mode="json", by_alias=True)


def write_case(case: Case, path: Path) -> None:
    """Write the resolved case; `read_case` returns an equal one from it."""
    write_document(resolved(case), path, "Resolved case: every default written out, numbers in SI units.")


def input_files(part: Any) -> Iterator[Path]:
    """Yield every file a case names, in the order of its keys."""
    if isinstance(part, Path):
        yield part
    elif isinstance(part, BaseModel):
        yield from input_files([getattr(part, name) for name in type(part).model_fields])
    elif isinstance(part, dict):
        yield from input_files(list(part.values()))
    elif isinstance(part, Iterable) and not isinstance(part, str):
        for each in part:
            yield from input_files(each)


def schema_of(model: type[BaseModel], what: str) -> dict[str, Any]:
    """Return the JSON Schema of files of the form of a model; what: they are, for the title."""
    heading = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"dempbm {what}"}
    return model.model_json_schema(by_alias=True) | heading
