"""An experiments file: the model, the parameters that are looked for, and what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from compute.case_model import CaseModel, existing_file, invalid
from compute.errors import CaseError
from compute.quantities import AngularSpeed, Fraction, Length, NotNegative, Number, Positive, Time
from coupling.calibration.population import PopulationModel
from pbm.case import PbmCase
from pbm.law import KernelLaw

SECTIONS = ("pbm", "law", "speed", "population")
ERROR_OF = "the standard error of what was measured, from repeats or of the instrument, such as error: {}"


def read_law(given: Any, info: ValidationInfo) -> KernelLaw:
    """A kernel law from its coefficients, or from a JSON file that holds them, or the card of a run."""
    values = given
    if isinstance(given, str):
        try:
            values = json.loads(existing_file(Path(given), info).read_text(encoding="utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError):
            raise invalid("no kernel law in this file", expected="a JSON file such as card.json of a run") from None
        values = values.get("kernel_law", values) if isinstance(values, dict) else values
    if isinstance(values, KernelLaw):
        return values
    if not isinstance(values, dict):
        raise invalid("no kernel law", expected="its coefficients, or the name of a JSON file that holds them")
    try:
        return KernelLaw.from_dict(values)
    except CaseError as error:
        raise invalid(error.problem, value=error.value, expected=error.expected) from None


def read_pbm(given: Any, info: ValidationInfo) -> Any:
    """The section itself, or that of the case file whose name stands in its place."""
    if not isinstance(given, str):
        return given
    from coupling.case_file import read_case

    try:
        section = read_case(existing_file(Path(given), info)).pbm
    except CaseError as error:
        raise invalid(f"the case cannot be used: {error}", expected="a case file with a section pbm") from None
    if section is None:
        raise invalid("the case has no section pbm", expected="a case file with a section pbm")
    return section


class Model(CaseModel):
    """The model: `pbm`, with a kernel law and the impeller's speed where it needs them, or a population in size alone.

    Attributes:
        pbm: as in a case file, or the name of one.
        law: rates of encounters, pair speeds and blade hits, see `pbm.law.KernelLaw`; or a JSON file that holds it.
        speed: of the impeller [rad/s].
    """

    pbm: Annotated[PbmCase, BeforeValidator(read_pbm)] | None = None
    law: Annotated[KernelLaw, BeforeValidator(read_law)] | None = None
    speed: Annotated[AngularSpeed, Positive] | None = None
    population: PopulationModel | None = None

    @model_validator(mode="after")
    def _one(self) -> Model:
        if (self.pbm is None) == (self.population is None):
            raise invalid("not one model", expected="a section pbm, or a section population")
        if self.law is not None and self.speed is None:
            raise invalid("the key is missing", key="speed", expected="the speed of the impeller beside its law")
        return self


class Power(CaseModel):
    """The exponent with which a parameter follows a condition, looked for between two bounds, first at `start`."""

    reference: Annotated[Number, Positive]
    start: Number = 0.0
    low: Number = -3.0
    high: Number = 3.0

    @model_validator(mode="after")
    def _ordered(self) -> Power:
        if self.low >= self.high:
            raise invalid("the bounds leave no room", key="low", value=self.low, expected=f"less than {self.high}")
        return self


def read_bound(given: Any) -> Any:
    """A number, or text that is read where the number belongs."""
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise invalid("not a bound", expected="a number in SI, or text with a unit")
    return float(given) if isinstance(given, int) else given


class Parameter(CaseModel):
    """A number of the model that is looked for.

    Attributes:
        key: its dotted key, such as `pbm.kernel_scale`.
        name: for tables; none: the last part of the key.
        low, high: bounds, numbers in SI or text with a unit as at the key itself.
        scale: in which the search goes; `log` for what may differ by factors.
        powers: conditions of the experiments it follows: value (condition/reference)^exponent.
    """

    key: str
    name: str = ""
    low: Annotated[Any, BeforeValidator(read_bound)]
    high: Annotated[Any, BeforeValidator(read_bound)]
    scale: Literal["log", "linear"] = "log"
    powers: dict[str, Power] = Field(default={})

    @property
    def title(self) -> str:
        """Its name in tables."""
        return self.name or self.key.rsplit(".", 1)[-1]


class MeasuredCurve(CaseModel):
    """A measured size distribution.

    Attributes:
        table: diameter [um], cumulative volume [%] and, in a third column, its standard error; relative to the
            experiments file.
        error: one standard error of the cumulative volume, as a share of all, where the table has none by point.
        points: how many independent values the curve counts as; it is compared at so many diameters, evenly in ln d
            from the first to the last percent of the volume.
    """

    example: ClassVar[str] = "0.02"
    table: Path
    error: Annotated[Fraction, Positive] | None = None
    points: int = Field(default=12, ge=2, le=400)

    @field_validator("table")
    @classmethod
    def _exists(cls, file: Path, info: ValidationInfo) -> Path:
        return existing_file(file, info)

    @property
    def has_error(self) -> bool:
        """Whether there is an error, here or in the table; a table that cannot be read is told where it is used."""
        from pbm.distribution import read_distribution

        if self.error is not None:
            return True
        try:
            return read_distribution(self.table).errors is not None
        except CaseError:
            return True


class MeasuredValue(CaseModel):
    """A measured value of any unit."""

    error: Any = None

    @property
    def has_error(self) -> bool:
        """Whether its error is stated."""
        return self.error is not None


class MeasuredSize(MeasuredValue):
    """A measured diameter [m] and its standard error [m]."""

    example: ClassVar[str] = "10 um"
    value: Annotated[Length, Positive]
    error: Annotated[Length, Positive] | None = None


class MeasuredNumber(MeasuredValue):
    """A measured pure number and its standard error."""

    example: ClassVar[str] = "0.005"
    value: Annotated[Number, NotNegative]
    error: Annotated[Number, Positive] | None = None


class MeasuredTime(MeasuredValue):
    """A measured time [s] and its standard error [s]."""

    example: ClassVar[str] = "1 s"
    value: Annotated[Time, Positive]
    error: Annotated[Time, Positive] | None = None


class Measured(CaseModel):
    """What an experiment gave at its end; moisture is liquid over dry solids, by mass.

    Residence times are the mean and the standard deviation of what leaves.
    """

    size_distribution: MeasuredCurve | None = None
    d10: MeasuredSize | None = None
    d50: MeasuredSize | None = None
    d90: MeasuredSize | None = None
    d32: MeasuredSize | None = None
    d43: MeasuredSize | None = None
    moisture: MeasuredNumber | None = None
    porosity: MeasuredNumber | None = None
    residence_time: MeasuredTime | None = None
    residence_time_deviation: MeasuredTime | None = None

    @property
    def values(self) -> dict[str, MeasuredSize | MeasuredNumber | MeasuredTime]:
        """All that was measured but the distribution, by name."""
        every = {name: getattr(self, name) for name in type(self).model_fields if name != "size_distribution"}
        return {name: value for name, value in every.items() if value is not None}


class Experiment(CaseModel):
    """One experiment.

    Attributes:
        use: `fit`: the parameters are fitted to it; `predict`: it is only predicted.
        conditions: numbers that parameters may follow.
        set: what is different from the model above, by dotted key.
    """

    name: str = Field(min_length=1)
    use: Literal["fit", "predict"] = "fit"
    conditions: dict[str, Annotated[Number, Positive]] = Field(default={})
    set: dict[str, Any] = Field(default={})
    measured: Measured = Measured()

    @model_validator(mode="after")
    def _has_errors(self) -> Experiment:
        for name in Measured.model_fields:
            value = getattr(self.measured, name)
            if value is not None and not value.has_error:
                raise invalid(
                    f"experiment {self.name!r} states no error",
                    key=f"measured.{name}.error",
                    expected=ERROR_OF.format(value.example),
                )
        if self.use == "fit" and all(getattr(self.measured, name) is None for name in Measured.model_fields):
            known = ", ".join(Measured.model_fields)
            raise invalid(
                f"experiment {self.name!r} measured nothing",
                key="measured",
                expected=f"at least one of {known}, or use: predict",
            )
        return self


class Calibration(Model):
    """An experiments file.

    Attributes:
        name: also the folder its results go to.
        seed: of the starting points.
        starts: searches, from the best of `candidates` points spread evenly over the bounds.
        evaluations: runs of all experiments that one search may take, its derivatives not counted.
        profiles: whether the likelihood of every unknown is followed with all others fitted anew.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str = ""
    seed: int = Field(default=1, ge=0, lt=2**63)
    starts: int = Field(default=6, ge=1, le=1000)
    candidates: int = Field(default=64, ge=1, le=100000)
    evaluations: int = Field(default=40, ge=2, le=10000)
    profiles: bool = False
    parameters: tuple[Parameter, ...] = Field(min_length=1)
    experiments: tuple[Experiment, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _named_apart(self) -> Calibration:
        for section in ("parameters", "experiments"):
            names = [getattr(each, "title", None) or each.name for each in getattr(self, section)]
            for at, name in enumerate(names):
                if name in names[:at]:
                    raise invalid("the name is used twice", key=f"{section}.{at}.name", value=name, expected="its own")
        if all(experiment.use == "predict" for experiment in self.experiments):
            raise invalid("nothing to fit to", key="experiments", expected="at least one experiment with use: fit")
        return self

    @model_validator(mode="after")
    def _has_conditions(self) -> Calibration:
        for at, experiment in enumerate(self.experiments):
            for parameter in self.parameters:
                missing = [name for name in parameter.powers if name not in experiment.conditions]
                if missing:
                    raise invalid(
                        f"experiment {experiment.name!r} has no condition {missing[0]!r}",
                        key=f"experiments.{at}.conditions",
                        expected=f"{missing[0]}: a number, which the parameter {parameter.title!r} follows",
                    )
        return self
