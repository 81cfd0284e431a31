"""The question of a material fit: unknowns between bounds, and the case they make of an experiment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any

from compute.errors import CaseError
from coupling.calibration.problem import Variable
from coupling.case import Case
from coupling.case_document import CaseDocument
from coupling.case_file import check_document, read_case, read_model, resolved
from coupling.material.experiments import BenchTest, MaterialFit
from coupling.shipped import find_case
from pbm.grid import Floats


class MaterialProblem:
    """A checked file of bench tests.

    Attributes:
        calibration: the file; document: as read; folder: in which its file names begin; variables: the unknowns.
    Raises CaseError where a case, a key, a bound or a measured property does not fit.
    """

    def __init__(self, fit: MaterialFit, document: CaseDocument) -> None:
        self.calibration, self.document = fit, document
        self.folder = Path(document.file).resolve().parent
        self._bases = [self._base(at) for at in range(len(fit.experiments))]
        self.variables = tuple(self._variable(at) for at in range(len(fit.parameters)))

    def given(self) -> list[float]:
        """Places in the middle of the bounds."""
        return [0.5] * len(self.variables)

    def values(self, places: Floats | Sequence[float]) -> dict[str, float]:
        """Values of the unknowns by name, at places between their bounds."""
        return {each.name: each.value(float(place)) for each, place in zip(self.variables, places)}

    def case(self, places: Floats | Sequence[float], index: int, seed: int) -> Case:
        """The case of one experiment with the unknowns at these places."""
        document = CaseDocument("experiment", deepcopy(self._bases[index]))
        values = self.values(places)
        for unknown in self.calibration.parameters:
            for key in self._keys_in(index)[unknown.name]:
                document.set(f"{key}={json.dumps(values[unknown.name])}")
        document.set(f"seed={seed}")
        return check_document(document, self.folder)

    def results_of(self, index: int) -> list[str]:
        """Names of the measured properties of an experiment, in their order."""
        return list(self.calibration.experiments[index].measured)

    @cached_property
    def case_files(self) -> list[Path]:
        """The case file of each experiment."""
        return [self._find(at, experiment) for at, experiment in enumerate(self.calibration.experiments)]

    def _find(self, at: int, experiment: BenchTest) -> Path:
        beside = self.folder / experiment.case
        try:
            return find_case(str(beside) if beside.exists() else experiment.case)
        except CaseError as error:
            raise self._fault(("experiments", at, "case"), error.problem, experiment.case, error.expected) from None

    def _base(self, at: int) -> dict[str, Any]:
        """The resolved case of an experiment, for one thread."""
        experiment = self.calibration.experiments[at]
        changes = [f"{key}={json.dumps(value)}" for key, value in experiment.set.items()]
        try:
            case = read_case(self.case_files[at], [*changes, "threads=1", "replicas=null"])
        except CaseError as error:
            raise self._fault(("experiments", at), f"its case cannot be used: {error}", experiment.case) from None
        observables = case.dem.observables if case.dem is not None else None
        known = [result.name for result in observables.results] if observables is not None else []
        for name in experiment.measured:
            if name.split(":")[0] not in known:
                expected = "a result of the case: " + (", ".join(known) or "it has none, see dem.observables.results")
                raise self._fault(("experiments", at, "measured", name), "no such result", name, expected)
        return resolved(case)

    def _keys_in(self, index: int) -> dict[str, list[str]]:
        """The keys of each unknown that the case of an experiment has."""
        base = self._bases[index]
        return {
            unknown.name: [key for key in unknown.keys if isinstance(_value(base, key), float)]
            for unknown in self.calibration.parameters
        }

    def _variable(self, at: int) -> Variable:
        unknown, found = self.calibration.parameters[at], False
        bounds: list[float] = []
        for index in range(len(self._bases)):
            for key in self._keys_in(index)[unknown.name]:
                bounds, found = [self._bound(at, index, key, side) for side in ("low", "high")], True
        if not found:
            expected = "a dotted key of a number in the case of an experiment, such as dem.pairs.0.friction"
            raise self._fault(("parameters", at, "keys"), "no such number", list(unknown.keys), expected)
        low, high = bounds
        logarithmic = unknown.scale == "log"
        if low >= high or (logarithmic and low <= 0.0):
            expected = f"less than high, {high:g}" if low >= high else "above 0, or scale: linear"
            raise self._fault(("parameters", at, "low"), "the bounds leave no room", low, expected)
        return Variable(unknown.name, low, high, logarithmic)

    def _bound(self, at: int, index: int, key: str, side: str) -> float:
        """The bound in SI, read as the case would read it."""
        document = CaseDocument("experiment", deepcopy(self._bases[index]))
        given = getattr(self.calibration.parameters[at], side)
        document.set(f"{key}={json.dumps(given)}")
        try:
            return float(_value(resolved(check_document(document, self.folder)), key))
        except CaseError as error:
            raise self._fault(("parameters", at, side), error.problem, given, error.expected) from None

    def _fault(
        self, where: tuple[str | int, ...], problem: str, value: object = None, expected: str | None = None
    ) -> CaseError:
        file, line = self.document.place(where)
        key = ".".join(str(step) for step in where)
        return CaseError(problem, file=file, line=line, key=key, value=value, expected=expected)


def read_material_problem(path: Path, assignments: Sequence[str] = ()) -> MaterialProblem:
    """Read and check a file of bench tests; raises CaseError with place, key, value and what was expected."""
    return MaterialProblem(*read_model(MaterialFit, path, assignments))


def _value(node: Any, key: str) -> Any:
    """What stands at a dotted key, entries of a list by number or name; None where nothing does."""
    for word in key.split("."):
        node = next(_entries(node, word), None)
    return node


def _entries(node: Any, word: str) -> Iterator[Any]:
    if isinstance(node, dict) and word in node:
        yield node[word]
    elif isinstance(node, list):
        numbered = [node[int(word)]] if word.isdigit() and int(word) < len(node) else []
        yield from (*numbered, *(each for each in node if isinstance(each, dict) and each.get("name") == word))
