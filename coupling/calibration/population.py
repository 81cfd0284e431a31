"""The `population:` section of an experiments file: a population in size alone, through one zone after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from compute.case_model import CaseModel, existing_file
from compute.quantities import Density, Fraction, Number, Positive, Time
from pbm import laws
from pbm.case import GridSettings
from pbm.case_laws import checked_law

NO_LAW = "none"


def _law(make: Callable[..., Any]) -> BeforeValidator:
    return BeforeValidator(lambda given: checked_law(given, NO_LAW, make))


KernelOf = Annotated[dict[str, Any], _law(laws.kernel)]
BreakageRateOf = Annotated[dict[str, Any], _law(laws.breakage_rate)]
FragmentsOf = Annotated[dict[str, Any], _law(laws.fragments)]


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
    """How often granules break, and into what; laws by name with their coefficients, `none` for no breakage."""

    rate: BreakageRateOf = Field(default={"name": NO_LAW})
    fragments: FragmentsOf = Field(default={"name": "uniform"})


class Zone(CaseModel):
    """A stretch of the way through the granulator, in which the rates are the same.

    Attributes:
        share: of the residence time, against the other zones.
        kernel: law of aggregation by name with its coefficients, `none` for no aggregation.
    """

    name: str = ""
    share: Annotated[Number, Positive] = 1.0
    kernel: KernelOf = Field(default={"name": NO_LAW})
    breakage: Breaking = Breaking()


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
