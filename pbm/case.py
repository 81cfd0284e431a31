"""The `pbm:` section of a case: feed, grid, liquid and mechanisms of the population balance, in SI."""

from __future__ import annotations

from math import pi
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from compute.case_model import CaseModel, existing_file, invalid
from compute.quantities import (
    Density,
    Fraction,
    Length,
    Mass,
    MassRate,
    NotNegative,
    Number,
    Positive,
    Rate,
    Time,
    Viscosity,
)

OpenFraction = Annotated[Fraction, Field(gt=0, lt=1)]
SHARE_TOLERANCE = 1e-9


class Feed(CaseModel):
    """The powder at the start.

    Attributes:
        distribution: table of diameter [um] and cumulative volume [%]; relative to the case file.
        charge: mass of dry solids [kg].
        moisture: liquid over dry solids, by mass.
        porosity: pores over volume of a grain, of a nucleus and of an empty class.
    """

    distribution: Path
    charge: Annotated[Mass, Positive]
    moisture: Annotated[Number, NotNegative] = 0.0
    porosity: OpenFraction = 0.5

    @field_validator("distribution")
    @classmethod
    def _exists(cls, file: Path, info: ValidationInfo) -> Path:
        return existing_file(file, info)


class GridSettings(CaseModel):
    """Size classes, geometric, between two granule diameters [m] at the porosity of the feed."""

    classes: int = Field(default=40, ge=8, le=400)
    smallest_diameter: Annotated[Length, Positive] = 4e-6
    largest_diameter: Annotated[Length, Positive] = 5e-3

    @model_validator(mode="after")
    def _ordered(self) -> GridSettings:
        if self.smallest_diameter >= self.largest_diameter:
            raise invalid(
                "the size range is empty",
                key="smallest_diameter",
                value=self.smallest_diameter,
                expected=f"less than largest_diameter, {self.largest_diameter} m",
            )
        return self


class Spray(CaseModel):
    """Liquid added at one rate [kg/s] between two times [s]."""

    rate: Annotated[MassRate, NotNegative]
    start: Annotated[Time, NotNegative] = 0.0
    end: Annotated[Time, Positive]

    @model_validator(mode="after")
    def _ordered(self) -> Spray:
        if self.start >= self.end:
            raise invalid("the spray ends before it starts", key="end", value=self.end, expected=f"> {self.start} s")
        return self


class Liquid(CaseModel):
    """The binder.

    Attributes:
        drop_diameter: of the spray's drops [m].
        penetration_time: of surface liquid into dry pores [s].
        film_thickness: thickness of a wet patch [m]; asperity_height: roughness a film has to exceed to bind [m].
    """

    density: Annotated[Density, Positive] = 1000.0
    viscosity: Annotated[Viscosity, Positive] = 0.05
    spray: Spray
    drop_diameter: Annotated[Length, Positive] = 150e-6
    penetration_time: Annotated[Time, Positive] = 0.5
    film_thickness: Annotated[Length, Positive] = 20e-6
    asperity_height: Annotated[Length, Positive] = 5e-6


class Breakage(CaseModel):
    """Breakage by blades.

    Attributes:
        on: whether granules break at all.
        form: strength without or with the factor pi.
        deformation_number: Stokes deformation number at which a granule breaks.
        primary_diameter: of the grains a granule is made of [m]; granules below twice this do not break.
    """

    on: bool = True
    form: Literal["without-pi", "with-pi"] = "without-pi"
    deformation_number: Annotated[Number, Positive] = 0.2
    primary_diameter: Annotated[Length, Positive] = 78e-6

    @property
    def factor(self) -> float:
        """One, or pi in the form with pi."""
        return pi if self.form == "with-pi" else 1.0


class Consolidation(CaseModel):
    """Pores shrink at a rate [1/s] towards a least porosity."""

    rate: Annotated[Rate, NotNegative] = 0.01
    minimum_porosity: OpenFraction = 0.2


class Compartments(CaseModel):
    """Regions of the granulator with exchange.

    Attributes:
        solids_shares: share of the charge in each, sum one; spray_shares: share of the spray, sum one.
        exchange: `dem` for the measured rates, or a matrix of rates from row to column [1/s].
    """

    solids_shares: tuple[OpenFraction, ...] = Field(min_length=2)
    spray_shares: tuple[Fraction, ...] = Field(min_length=2)
    exchange: Literal["dem"] | tuple[tuple[Annotated[Rate, NotNegative], ...], ...] = "dem"

    @model_validator(mode="after")
    def _fits(self) -> Compartments:
        size = len(self.solids_shares)
        for key in ("solids_shares", "spray_shares"):
            shares = getattr(self, key)
            if len(shares) != size or abs(sum(shares) - 1.0) > SHARE_TOLERANCE:
                raise invalid("not shares", key=key, value=shares, expected=f"{size} numbers with the sum 1")
        rows = () if self.exchange == "dem" else self.exchange
        if rows and (len(rows) != size or any(len(row) != size or row[k] for k, row in enumerate(rows))):
            raise invalid("not an exchange matrix", key="exchange", expected=f"{size} x {size}, diagonal 0")
        return self


class PbmCase(CaseModel):
    """Everything the population balance needs beside a kernel law and the impeller's speed.

    Attributes:
        solid_density: of the grains without pores [kg/m3].
        restitution: of wet granules, in the Stokes criterion.
        nucleus_saturation: share of a nucleus' pores that its drop fills.
        efficiency: share of wet touches that bind; the one calibrated number, one by default.
        kernel_scale, breakage_scale: corrections of the encounter and of the blade-hit rate.
        end: end of the batch [s].
    """

    feed: Feed
    grid: GridSettings = GridSettings()
    solid_density: Annotated[Density, Positive] = 1540.0
    liquid: Liquid
    restitution: Annotated[Number, Field(gt=0, le=1)] = 0.4
    nucleus_saturation: Annotated[Fraction, Field(gt=0)] = 0.75
    consolidation: Consolidation = Consolidation()
    breakage: Breakage = Breakage()
    efficiency: Annotated[Number, Field(gt=0, le=1)] = 1.0
    kernel_scale: Annotated[Number, Positive] = 1.0
    breakage_scale: Annotated[Number, NotNegative] = 1.0
    end: Annotated[Time, Positive]
    compartments: Compartments | None = None
