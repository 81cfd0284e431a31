"""A file of bench tests: the cases that repeat them, the parameters looked for, and what was measured."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from compute.case_model import CaseModel, invalid
from compute.quantities import Number, Positive
from coupling.calibration.experiments import read_bound

STATES_NO_ERROR = "the standard error of what was measured, from repeats, such as error: 0.5"


class Property(CaseModel):
    """A measured property, in the unit that the run tells it in (degrees, kg/m3, Pa), and its standard error."""

    value: Number
    error: Annotated[Number, Positive] | None = None


class Unknown(CaseModel):
    """A number of the cases that is looked for.

    Attributes:
        name: for tables.
        keys: its dotted keys, such as `dem.pairs.0.friction`; each experiment takes it at those its case has.
        low, high: bounds, numbers in SI or text with a unit as at the keys.
        scale: in which the search goes; `log` for what may differ by factors.
    """

    name: str = Field(min_length=1)
    keys: tuple[str, ...] = Field(min_length=1)
    low: Annotated[Any, BeforeValidator(read_bound)]
    high: Annotated[Any, BeforeValidator(read_bound)]
    scale: Literal["log", "linear"] = "linear"


class BenchTest(CaseModel):
    """A bench test.

    Attributes:
        case: a case file, or the name of a shipped case, whose `dem.observables.results` give the measured properties.
        set: what is different in it, by dotted key.
        use: `fit`: the parameters are fitted to it; `predict`: it is only predicted.
        measured: by the name of the result.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")
    case: str
    set: dict[str, Any] = Field(default={})
    use: Literal["fit", "predict"] = "fit"
    measured: dict[str, Property] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_errors(self) -> BenchTest:
        for name, given in self.measured.items():
            if given.error is None:
                raise invalid(
                    f"experiment {self.name!r} states no error", key=f"measured.{name}.error", expected=STATES_NO_ERROR
                )
        return self


class MaterialFit(CaseModel):
    """A file of bench tests.

    Attributes:
        name: also the folder its results go to.
        seed: of design and searches; the runs take seeds of their own from it.
        design: runs of each experiment, at Sobol points between the bounds.
        refinement: further runs of each, where the first fit leaves the parameters.
        confirmations: runs of each at the final estimates, with further seeds; nothing is fitted to them.
        starts, candidates, evaluations: of the searches, see `Calibration`; they run on the surrogate and cost nothing.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str = ""
    seed: int = Field(default=1, ge=0, lt=2**31)
    threads: int | None = Field(default=None, ge=1, le=1024)
    design: int = Field(default=16, ge=4, le=4096)
    refinement: int = Field(default=8, ge=0, le=4096)
    confirmations: int = Field(default=2, ge=1, le=100)
    starts: int = Field(default=8, ge=1, le=1000)
    candidates: int = Field(default=256, ge=1, le=100000)
    evaluations: int = Field(default=200, ge=2, le=10000)
    parameters: tuple[Unknown, ...] = Field(min_length=1, max_length=8)
    experiments: tuple[BenchTest, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _named_apart(self) -> MaterialFit:
        for section in ("parameters", "experiments"):
            names = [each.name for each in getattr(self, section)]
            for at, name in enumerate(names):
                if name in names[:at]:
                    raise invalid("the name is used twice", key=f"{section}.{at}.name", value=name, expected="its own")
        if all(experiment.use == "predict" for experiment in self.experiments):
            raise invalid("nothing to fit to", key="experiments", expected="at least one experiment with use: fit")
        return self
