"""The `population:` section of an experiments file: a population in size alone, through one zone after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from compute.case_model import CaseModel, existing_file, invalid
from compute.errors import CaseError
from compute.quantities import Density, Fraction, Number, Positive, Time
from pbm.case import GridSettings
from pbm.laws import breakage_rate, fragments, kernel

WITHOUT_LAW = "the law by name, such as {law: shear, shear_rate: 20 1/s}"


def _in_si(make: Any) -> Any:
    """Validator of a law and its coefficients: the same mapping with every coefficient written out in SI."""

    def check(given: dict[str, Any]) -> dict[str, Any]:
        values = dict(given)
        name = values.pop("law", None)
        if not isinstance(name, str):
            raise invalid("the key 'law' is missing", expected=WITHOUT_LAW)
        try:
            made = make(name, **values)
        except CaseError as error:
            where = (error.key or "").partition(": ")[2]
            raise invalid(
                error.problem, key=where or "law", expected=error.expected, nearest=error.nearest, value=error.value
            ) from None
        return {"law": name, **made.coefficients._asdict()}

    return AfterValidator(check)


KernelOf = Annotated[dict[str, Any], _in_si(kernel)]
BreakageRateOf = Annotated[dict[str, Any], _in_si(breakage_rate)]
FragmentsOf = Annotated[dict[str, Any], _in_si(fragments)]


class Powder(CaseModel):
    """What enters the first zone.

    Attributes:
        distribution: table of diameter [um] and cumulative volume [%]; relative to the experiments file.
        solids: volume of solids over volume of suspension; one: rate constants are per volume of solids.
        porosity: of every granule.
    """

    distribution: Path
    solids: Annotated[Fraction, Field(gt=0)] = 1.0
    porosity: Annotated[Fraction, Field(lt=1)] = 0.0

    @field_validator("distribution")
    @classmethod
    def _exists(cls, file: Path, info: ValidationInfo) -> Path:
        return existing_file(file, info)


class Breaking(CaseModel):
    """How often granules break, and into what; laws by name with their coefficients."""

    rate: BreakageRateOf
    fragments: FragmentsOf = Field(default={"law": "uniform"})


class Zone(CaseModel):
    """A stretch of the way through the granulator, in which the rates are the same.

    Attributes:
        share: of the residence time, against the other zones.
        kernel, breakage: none for none.
    """

    name: str = ""
    share: Annotated[Number, Positive] = 1.0
    kernel: KernelOf | None = None
    breakage: Breaking | None = None


class PopulationModel(CaseModel):
    """A population in size alone.

    Attributes:
        zones: in the order in which the powder passes them.
        end: time spent in all zones [s].
        tolerance: error of a time step, relative.
    """

    feed: Powder
    grid: GridSettings = GridSettings()
    solid_density: Annotated[Density, Positive] = 1540.0
    scheme: Literal["cell-average", "fixed-pivot", "finite-volume"] = "cell-average"
    zones: tuple[Zone, ...] = Field(min_length=1)
    end: Annotated[Time, Positive]
    tolerance: Annotated[Number, Field(ge=1e-9, le=1e-2)] = 1e-4
