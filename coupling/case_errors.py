"""What pydantic found wrong in a case, in the words of the case file: place, key, value, expected, nearest match."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from compute.case_model import closest
from compute.errors import CaseError
from coupling.case_document import CaseDocument

LENGTHS = {"too_short": "too few entries", "too_long": "too many entries", "string_too_short": "too short a text"}
UNION_TAGS = ("seconds", "passages")
Location = tuple[str | int, ...]

BOUNDS = {
    "greater_than": ("above {gt:g}", "gt"),
    "greater_than_equal": ("at least {ge:g}", "ge"),
    "less_than": ("below {lt:g}", "lt"),
    "less_than_equal": ("at most {le:g}", "le"),
}
SHAPES = {
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "model_type": "a section with keys",
    "model_attributes_type": "a section with keys",
    "dict_type": "a section with keys",
    "list_type": "a list",
    "tuple_type": "a list",
    "path_type": "the name of a file",
}


def translate(error: ValidationError, document: CaseDocument, model: type[BaseModel]) -> CaseError:
    """Return one error that names every fault, misspelt keys first, one line each."""
    details = [detail for detail in error.errors(include_url=False) if not _follows(detail, error)]
    faults = _telling([_fault(detail, document, model) for detail in details])
    faults.sort(key=lambda found: (found[0] != "extra_forbidden", found[1].line or 0))
    first = faults[0][1]
    first.args = ("\n".join(dict.fromkeys(str(fault) for _, fault in faults)),)
    return first


def _telling(faults: list[tuple[str, CaseError]]) -> list[tuple[str, CaseError]]:
    """Return the faults without those of the forms that a value was not meant to have.

    Where a key takes several forms, such as a number or a section, each of them finds a fault: those at a place below
    which others lie, and wrong kinds of value where something else is wrong, say nothing.
    """

    def says_nothing(kind: str, key: str) -> bool:
        deeper = any((other.key or "").startswith(f"{key}.") for _, other in faults)
        beside = any(own not in SHAPES and other.key == key for own, other in faults)
        return deeper or (kind in SHAPES and beside)

    return [(kind, fault) for kind, fault in faults if not fault.key or not says_nothing(kind, fault.key)]


def _follows(detail: Any, error: ValidationError) -> bool:
    """Tell whether a list counts as too short only because an entry of it is wrong."""
    if detail["type"] != "too_short":
        return False
    own = detail["loc"]
    return any(len(each["loc"]) > len(own) and each["loc"][: len(own)] == own for each in error.errors())


def _fault(detail: Any, document: CaseDocument, model: type[BaseModel]) -> tuple[str, CaseError]:
    """Return the kind of a fault and its message."""
    location, kinds = _walk(detail["loc"], document.data, model)
    context = detail.get("ctx") or {}
    kind = detail["type"]
    if kind == "case":
        return kind, _own(location, context, document)
    problem, expected, nearest = _words(detail, kind, location, kinds)
    value = None if kind in ("missing", "extra_forbidden", "union_tag_not_found") else _shown(detail.get("input"))
    if kind == "union_tag_invalid":
        location, value = (*location, _discriminator(context)), context["tag"]
    file, line = document.place(location)
    fault = CaseError(
        problem, file=file, line=line, key=_dotted(location), value=value, expected=expected, nearest=nearest
    )
    return kind, fault


def _own(location: Location, context: dict[str, Any], document: CaseDocument) -> CaseError:
    deeper = context["key"].split(".") if context["key"] else []
    full = location + tuple(int(step) if step.isdigit() else step for step in deeper)
    file, line = document.place(full)
    written = document.value(full)
    value = context["value"] if written is None or isinstance(context["value"], str) else written
    return CaseError(
        context["problem"],
        file=file,
        line=line,
        key=_dotted(full) or None,
        value=_shown(value),
        expected=context["expected"],
        nearest=context["nearest"],
    )


def _words(detail: Any, kind: str, location: Location, kinds: Sequence[Any]) -> tuple[str, str | None, str | None]:
    """Return problem, what was expected, and the nearest known name."""
    context, models = detail.get("ctx") or {}, list(_models(kinds))
    if kind == "missing":
        whole = isinstance(location[-1], int) if location else False
        return ("an entry is missing" if whole else "the key is missing"), _needed(models, location), None
    if kind == "extra_forbidden":
        if detail.get("input") is None and str(location[-1])[:1].isdigit():
            return "a number is cut in two", "a decimal point, or quotes: a comma in braces begins the next key", None
        known = sorted({name for each in models for name in _keys(each)})
        return "unknown key", f"one of: {', '.join(known)}", closest(str(location[-1]), known)
    if kind in ("literal_error", "union_tag_invalid"):
        choices = _choices(context)
        return "not one of the choices", f"one of: {', '.join(choices)}", closest(_tag(detail), choices)
    if kind == "union_tag_not_found":
        key = _discriminator(context)
        inner = _models(_below(kinds, location[-1]))
        choices = [choice for each in inner for choice in _literals(each.model_fields[key].annotation)]
        return f"the key {key!r} is missing", f"{key}: one of {', '.join(choices)}", None
    if kind == "string_pattern_mismatch":
        return "not text of that form", f"text of the pattern {context['pattern']}", None
    if kind in LENGTHS:
        return LENGTHS[kind], f"{context.get('min_length', context.get('max_length'))} of them", None
    if kind in BOUNDS:
        return "out of range", "a value " + BOUNDS[kind][0].format(**context), None
    if kind in SHAPES:
        return f"not {SHAPES[kind]}", SHAPES[kind], None
    if kind == "value_error":
        return str(context.get("error", detail["msg"])), None, None
    return detail["msg"].lower(), None, None


def _discriminator(context: dict[str, Any]) -> str:
    """Return the key that says which of several sections is meant; a function that reads it reads `kind`."""
    key = str(context.get("discriminator", "")).strip("'")
    return "kind" if key.endswith("()") else key


def _tag(detail: Any) -> str:
    context = detail.get("ctx") or {}
    return str(context.get("tag", detail.get("input")))


def _choices(context: dict[str, Any]) -> list[str]:
    listed = str(context.get("expected_tags") or context.get("expected"))
    return [choice.strip(" '") for choice in listed.replace(" or ", ",").split(",") if choice.strip()]


def _needed(models: Sequence[type[BaseModel]], location: Location) -> str | None:
    for each in models:
        for name, field in each.model_fields.items():
            if location and location[-1] in (name, field.alias):
                described = [getattr(mark, "expected", None) for mark in field.metadata]
                return next(filter(None, described), None)
    return None


def _shown(value: Any) -> Any:
    """Return a value as a message shows it: sections and long lists are not repeated."""
    if isinstance(value, (dict, BaseModel)):
        return None
    text = repr(value)
    return value if len(text) <= MESSAGE_LENGTH else text[:MESSAGE_LENGTH] + "..."


MESSAGE_LENGTH = 80


def _dotted(location: Iterable[str | int]) -> str:
    return ".".join(str(step) for step in location)


def _walk(location: Location, data: Any, model: type[BaseModel]) -> tuple[Location, list[Any]]:
    """Drop the tags of unions from a location; return it and the types in which its last key lies."""
    path: list[str | int] = []
    node, last = data, len(location) - 1
    kinds: list[Any] = [model]
    for at, step in enumerate(location):
        models = list(_models(kinds))
        known = _inside(node, step) or (at == last and _is_key(models, step))
        if not known and isinstance(step, str) and (at < last or _is_tag(models, step) or _is_form(step)):
            kinds = _tagged(models, step) or kinds
            continue
        path.append(step)
        if at == last:
            return tuple(path), kinds
        kinds = _below(kinds, step)
        node = node[step] if _inside(node, step) else None
    return tuple(path), kinds


def _is_form(step: str) -> bool:
    """Tell whether a step of a location names one of the forms of a value, such as `dict[str,float]`, and no key."""
    return step.endswith("]") and "[" in step


def _inside(node: Any, step: str | int) -> bool:
    if isinstance(node, dict):
        return step in node
    return isinstance(node, list) and isinstance(step, int) and step < len(node)


def _is_key(models: Iterable[type[BaseModel]], step: str | int) -> bool:
    return any(step in _keys(each) for each in models)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _literals(annotation: Any) -> list[str]:
    return [str(choice) for choice in get_args(annotation)] if get_origin(annotation) is Literal else []


def _is_tag(models: Iterable[type[BaseModel]], step: str) -> bool:
    return bool(_tagged(models, step)) or step in UNION_TAGS


def _tagged(models: Iterable[type[BaseModel]], tag: str) -> list[Any]:
    def has(each: type[BaseModel]) -> bool:
        return any(tag in _literals(field.annotation) for field in each.model_fields.values())

    return [each for each in models if has(each)]


def _members(kind: Any) -> Iterator[Any]:
    """Yield the plain types of an annotation."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _members(get_args(kind)[0])
    elif origin in (Union, types.UnionType):
        for each in get_args(kind):
            yield from _members(each)
    else:
        yield kind


def _models(kinds: Iterable[Any]) -> Iterator[type[BaseModel]]:
    for kind in kinds:
        for member in _members(kind):
            if isinstance(member, type) and issubclass(member, BaseModel):
                yield member


def _below(kinds: Iterable[Any], step: str | int) -> list[Any]:
    """Return the types found under a key or index of any of the types."""
    found: list[Any] = []
    for member in (each for kind in kinds for each in _members(kind)):
        arguments = get_args(member)
        if isinstance(member, type) and issubclass(member, BaseModel):
            fields = member.model_fields.items()
            found += [field.annotation for name, field in fields if step in (name, field.alias)]
        elif get_origin(member) in (list, tuple) and arguments:
            found.append(arguments[0])
        elif get_origin(member) is dict:
            found.append(arguments[1])
    return found
