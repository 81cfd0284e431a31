"""The question put to the search: variables between bounds, and the model they make for an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from compute.case_model import closest
from compute.errors import CaseError
from coupling.calibration.experiments import SECTIONS, Calibration, Experiment, Model
from coupling.case_document import CaseDocument
from coupling.case_errors import translate
from coupling.case_file import read_model
from pbm.grid import Floats

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Variable:
    """One unknown: a number of the model, or the exponent with which it follows a condition.

    Attributes:
        low, high: bounds, in SI; log: whether it is looked for on a logarithmic scale.
    """

    name: str
    low: float
    high: float
    log: bool

    def value(self, place: float) -> float:
        """Value at a place between the bounds, 0 at the lower and 1 at the upper; never beyond them by rounding."""
        if self.log:
            value = self.low * exp(place * log(self.high / self.low))
        else:
            value = self.low + place * (self.high - self.low)
        return min(max(value, self.low), self.high)

    def place(self, value: float) -> float:
        """Inverse of `value`."""
        if self.log:
            return log(value / self.low) / log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    @property
    def span(self) -> float:
        """Length of the scale on which it is looked for."""
        return log(self.high / self.low) if self.log else self.high - self.low


class Problem:
    """A checked experiments file.

    Attributes:
        calibration: the file; variables: all unknowns, a parameter followed by its exponents; document: as read.
    Raises CaseError where a key, a bound or what an experiment changes does not fit the model.
    """

    def __init__(self, calibration: Calibration, document: CaseDocument) -> None:
        self.calibration, self.document = calibration, document
        self._base = {name: value for name, value in _dump(calibration).items() if name in SECTIONS}
        self._paths = dict(_nodes(self._base, ""))
        self._changes = [self._checked_changes(at) for at in range(len(calibration.experiments))]
        self._require_liquid()
        self.variables = tuple(self._make_variables())

    def model(self, places: Floats | Sequence[float], index: int) -> Model:
        """The model of one experiment at places of the variables between their bounds, shape (variables,)."""
        experiment, data = self.calibration.experiments[index], deepcopy(self._changes[index])
        found = dict(self.effective(places, experiment))
        for key, value in found.items():
            self._put(data, key, value)
        try:
            return Model.model_validate(data)
        except ValidationError as error:
            told = str(translate(error, CaseDocument(self.document.file, data), Model))
            raise CaseError(
                f"experiment {experiment.name!r} cannot be run where the search went: {told}",
                key="parameters",
                value={key: float(f"{value:.4g}") for key, value in found.items()},
                expected="bounds, of exponents too, that keep every value in range",
            ) from None

    def effective(self, places: Floats | Sequence[float], experiment: Experiment) -> Iterator[tuple[str, float]]:
        """Key and value of every parameter under the conditions of an experiment."""
        at = 0
        for parameter in self.calibration.parameters:
            value = self.variables[at].value(float(places[at]))
            for condition, power in parameter.powers.items():
                at += 1
                exponent = self.variables[at].value(float(places[at]))
                value *= (experiment.conditions[condition] / power.reference) ** exponent
            at += 1
            yield parameter.key, value

    def given(self) -> list[float]:
        """Places of the values that the file itself gives, as near as the bounds allow."""
        places, at = [], 0
        for parameter in self.calibration.parameters:
            own = float(_get(self._base, self._paths[parameter.key]))
            for value in (own, *(power.start for power in parameter.powers.values())):
                variable = self.variables[at]
                places.append(variable.place(min(max(value, variable.low), variable.high)))
                at += 1
        return places

    def _require_liquid(self) -> None:
        for at, experiment in enumerate(self.calibration.experiments):
            if self.calibration.population is not None and experiment.measured.moisture is not None:
                where, expected = ("experiments", at, "measured", "moisture"), "a section pbm, or no measured moisture"
                raise self._fault(where, "a population of sizes alone holds no liquid", None, expected)

    def _make_variables(self) -> Iterator[Variable]:
        for at, parameter in enumerate(self.calibration.parameters):
            self._require_number(at, parameter.key)
            low, high = (self._bound(at, parameter.key, side) for side in ("low", "high"))
            logarithmic = parameter.scale == "log"
            if low >= high or (logarithmic and low <= 0.0):
                expected = f"less than high, {high:g}" if low >= high else "above 0, or scale: linear"
                raise self._fault(("parameters", at, "low"), "the bounds leave no room", low, expected)
            yield Variable(parameter.title, low, high, logarithmic)
            for name, power in parameter.powers.items():
                yield Variable(f"{parameter.title}^{name}", power.low, power.high, False)

    def _require_number(self, at: int, key: str) -> None:
        numbers = [name for name, path in self._paths.items() if isinstance(_get(self._base, path), float)]
        if key not in numbers:
            expected = "the dotted key of a number of the model, such as " + ", ".join(numbers[-3:])
            raise self._fault(("parameters", at, "key"), "no such number", key, expected, closest(key, numbers))
        for number, experiment in enumerate(self.calibration.experiments):
            if key in experiment.set:
                where = ("experiments", number, "set", key)
                raise self._fault(where, "looked for and set at once", None, "a key that is no parameter's")

    def _bound(self, at: int, key: str, side: str) -> float:
        """The bound in SI, read as the model would read it."""
        data = deepcopy(self._base)
        self._put(data, key, getattr(self.calibration.parameters[at], side))
        model = self._validate(data, {key: ("parameters", at, side)})
        return float(_get(_dump(model), self._paths[key]))

    def _checked_changes(self, index: int) -> dict[str, Any]:
        data, experiment = deepcopy(self._base), self.calibration.experiments[index]
        for key, value in experiment.set.items():
            if key not in self._paths:
                where = ("experiments", index, "set", key)
                nearest = closest(key, self._paths)
                raise self._fault(where, "no such key in the model", None, "a dotted key of the model", nearest)
            self._put(data, key, value)
        places: dict[str, Location] = {key: ("experiments", index, "set", key) for key in experiment.set}
        return {name: value for name, value in _dump(self._validate(data, places)).items() if name in SECTIONS}

    def _validate(self, data: dict[str, Any], places: dict[str, Location]) -> Model:
        folder = Path(self.document.file).resolve().parent
        try:
            return Model.model_validate(data, context={"folder": folder})
        except ValidationError as error:
            raise translate(error, _Changed(self.document, data, places), Model) from None

    def _put(self, data: dict[str, Any], key: str, value: Any) -> None:
        *above, last = self._paths[key]
        _get(data, above)[last] = value

    def _fault(
        self,
        where: Location,
        problem: str,
        value: object = None,
        expected: str | None = None,
        nearest: str | None = None,
    ) -> CaseError:
        file, line = self.document.place(where)
        key = ".".join(str(step) for step in where)
        return CaseError(problem, file=file, line=line, key=key, value=value, expected=expected, nearest=nearest)


class _Changed(CaseDocument):
    """A model with changes, each of which points back to where the file asks for it."""

    def __init__(self, document: CaseDocument, data: dict[str, Any], places: dict[str, Location]) -> None:
        super().__init__(document.file, data)
        self._document, self._places = document, places

    def place(self, location: Sequence[str | int]) -> tuple[str, int | None]:
        """File and line of the change that set a key, or of the key itself."""
        dotted = ".".join(str(step) for step in location)
        for key, where in self._places.items():
            if dotted == key or dotted.startswith(f"{key}.") or key.startswith(f"{dotted}."):
                return self._document.place(where)
        return self._document.place(location)


def read_problem(path: Path, assignments: Sequence[str] = ()) -> Problem:
    """Read and check an experiments file; relative file names in it are taken from its folder.

    Args:
        assignments: changes such as `experiments.N16.use=predict`, applied before the check.

    Raises:
        CaseError: anything in it is wrong; the message names place, key, value and what was expected.
    """
    return Problem(*read_model(Calibration, path, assignments))


def _dump(model: Model) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True)


def _nodes(node: Any, prefix: str, path: Location = ()) -> Iterator[tuple[str, Location]]:
    """Yield every dotted key below a node with its path; entries of a list by number and, where they have one, name."""
    if isinstance(node, dict):
        steps = [(str(key), key, value) for key, value in node.items()]
    elif isinstance(node, list):
        steps = [(str(at), at, value) for at, value in enumerate(node)]
        steps += [
            (each["name"], at, each) for at, each in enumerate(node) if isinstance(each, dict) and each.get("name")
        ]
    else:
        return
    for word, step, value in steps:
        yield prefix + word, (*path, step)
        yield from _nodes(value, f"{prefix}{word}.", (*path, step))


def _get(node: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        node = node[step]
    return node
