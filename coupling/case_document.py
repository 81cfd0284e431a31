"""A case file as text: read with line numbers, changed from the command line, written back resolved."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from compute.errors import CaseError

COMMAND_LINE = "command line"
LINE_WIDTH = 4096


class CaseDocument:
    """The values of a case file, each with the place it was written at.

    Attributes:
        file: name of the file, for messages.
        data: its content as plain mappings, lists, numbers and text.
    """

    def __init__(self, file: str, tree: Any) -> None:
        self.file, self._tree = file, tree
        self.data: Any = _plain(tree)
        self._overridden: list[tuple[str | int, ...]] = []

    def set(self, assignment: str) -> None:
        """Change one value, as `--set a.b.c=value` asks for; entries of a list are named by number or by their name.

        Raises:
            CaseError: there is no `=`, the path leads through something that is not a section, or the value is no YAML.
        """
        key, separator, text = assignment.partition("=")
        if not separator or not key.strip():
            raise CaseError("cannot be read", file=COMMAND_LINE, value=assignment, expected="--set key.of.value=value")
        path, node = [], self.data
        names = key.strip().split(".")
        for name in names[:-1]:
            step = _entry(node, name, key)
            path.append(step)
            if isinstance(node, dict) and not isinstance(node.get(step), (dict, list)):
                node[step] = {}
            node = node[step]
        last = _entry(node, names[-1], key)
        node[last] = _value(text, key)
        self._overridden.append((*path, last))

    def place(self, location: Sequence[str | int]) -> tuple[str, int | None]:
        """Return file and line (from 1) of a key; of the nearest section around it where the key is not written."""
        for path in self._overridden:
            if tuple(location[: len(path)]) == path:
                return COMMAND_LINE, None
            if path[: len(location)] == tuple(location) and not _reaches(self._tree, location):
                return COMMAND_LINE, None
        node, line = self._tree, 1
        for step in location:
            here = _line(node, step)
            if here is None:
                break
            node, line = node[step], here
        return self.file, line

    def place_of(self, key: str) -> tuple[str, int | None]:
        """Return file and line (from 1) of a dotted key; see `place`."""
        return self.place([int(step) if step.isdigit() else step for step in key.split(".")])

    def value(self, location: Sequence[str | int]) -> Any:
        """Return the value written at a key, or None."""
        node = self.data
        for step in location:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                return None
        return node


def read_document(path: Path) -> CaseDocument:
    """Read a YAML file.

    Raises:
        CaseError: the file cannot be read, is not YAML, repeats a key, or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CaseError("the file is not text", file=str(path), expected="YAML in UTF-8") from None
    except OSError as error:
        raise CaseError("the file cannot be read", file=str(path), expected=error.strerror) from None
    tree = _load(text, str(path))
    if not isinstance(tree, dict):
        raise CaseError("the file holds no case", file=str(path), line=1, expected="keys such as name, dem, pbm")
    return CaseDocument(str(path), tree)


def write_document(data: Mapping[str, Any], path: Path, heading: str) -> None:
    """Write plain values as YAML under a comment line."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = LINE_WIDTH
    text = io.StringIO()
    yaml.dump(dict(data), text)
    path.write_text(f"# {heading}\n{text.getvalue()}", encoding="utf-8")


def _load(text: str, file: str) -> Any:
    try:
        return YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise CaseError(_duplicate(error), file=file, line=line, expected="each key once in a section") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(filter(None, (error.context, error.problem)))
        line = mark.line + 1 if mark else None
        raise CaseError(f"not YAML: {problem}", file=file, line=line, expected="correct YAML") from None
    except YAMLError as error:
        raise CaseError(f"not YAML: {error}", file=file, expected="correct YAML") from None


def _duplicate(error: DuplicateKeyError) -> str:
    found = str(error.problem or "").split('"')
    return f"the key {found[1]!r} is written twice" if len(found) > 1 else "a key is written twice"


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {_plain(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _reaches(node: Any, location: Sequence[str | int]) -> bool:
    for step in location:
        if _line(node, step) is None:
            return False
        node = node[step]
    return isinstance(node, (dict, list))


def _line(node: Any, step: str | int) -> int | None:
    try:
        lines = node.lc
        mark = lines.key(step) if isinstance(node, dict) else lines.item(step)
        node[step]
    except (AttributeError, KeyError, IndexError, TypeError):
        return None
    return int(mark[0]) + 1


def _entry(node: Any, name: str, key: str) -> str | int:
    """Return the key or index that `name` means in a mapping or list."""
    if isinstance(node, dict):
        return name
    if not isinstance(node, list):
        raise CaseError(
            "the path leads through a value", file=COMMAND_LINE, key=key, expected="a section before the dot"
        )
    if name.isdigit() and int(name) < len(node):
        return int(name)
    named = [item.get("name") for item in node if isinstance(item, dict)]
    if name in named:
        return named.index(name)
    raise CaseError("no such entry", file=COMMAND_LINE, key=key, value=name, expected=_entries(len(node), named))


def _entries(count: int, named: Iterable[Any]) -> str:
    names = ", ".join(str(name) for name in named if name)
    return f"a number below {count}" + (f" or one of: {names}" if names else "")


def _value(text: str, key: str) -> Any:
    try:
        return _plain(YAML(typ="rt").load(text))
    except YAMLError:
        raise CaseError("the value is not YAML", file=COMMAND_LINE, key=key, value=text, expected="a value") from None
