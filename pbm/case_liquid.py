"""The `liquid:` part of a case: the binder, its spray and its drops."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from compute.case_model import CaseModel, invalid
from compute.quantities import (
    Angle,
    Density,
    Diffusivity,
    Length,
    Mass,
    MassFlux,
    MassRate,
    NotNegative,
    Number,
    Positive,
    SurfaceTension,
    Time,
    Viscosity,
)
from pbm.case_solids import table_of

DROP_DIAMETER = 150e-6
"""Of drops for which none is stated [m]."""


class Spray(CaseModel):
    """Liquid added at one rate [kg/s] between two times [s].

    Attributes:
        cover: mass of dry solids in a compartment that catch all of its spray [kg]; less catch in proportion, the rest
            is lost on walls. Needed where the spray starts on an empty compartment.
        area_rate: area of powder that passes under the spray [m2/s]; none: drops never meet on it.
    """

    rate: Annotated[MassRate, NotNegative]
    start: Annotated[Time, NotNegative] = 0.0
    end: Annotated[Time, Positive]
    cover: Annotated[Mass, NotNegative] = 0.0
    area_rate: Annotated[Diffusivity, Positive] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Spray:
        if self.start >= self.end:
            raise invalid("the spray ends before it starts", key="end", value=self.end, expected=f"> {self.start} s")
        return self


class Wetting(CaseModel):
    """How the binder wets the powder, from which the penetration time follows.

    Attributes:
        contact_angle: of the binder on the grains; grain_diameter: surface-mean diameter of the powder [m].
    """

    surface_tension: Annotated[SurfaceTension, Positive]
    contact_angle: Annotated[Angle, Field(ge=0, lt=1.5)]
    grain_diameter: Annotated[Length, Positive]


class DropSettings(CaseModel):
    """Sizes of the spray's drops by volume of liquid: a lognormal, or a table.

    Attributes:
        median: diameter with half of the liquid in smaller drops [m]; spread: standard deviation of ln d.
        distribution: table of diameter [um] and cumulative volume [%]; relative to the case file.
    """

    median: Annotated[Length, Positive] | None = None
    spread: Annotated[Number, Field(gt=0, le=2)] | None = None
    distribution: Path | None = None

    @field_validator("distribution")
    @classmethod
    def _exists(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        return table_of(file, info)

    @model_validator(mode="after")
    def _described(self) -> DropSettings:
        stated = [value is not None for value in (self.median, self.spread)]
        if self.distribution is not None and any(stated):
            raise invalid("the drops are described twice", key="distribution", expected="median and spread, or a table")
        if self.distribution is None and not all(stated):
            key = "median" if self.median is None else "spread"
            raise invalid("the drops are not described", key=key, expected="median and spread, or a table")
        return self


class Liquid(CaseModel):
    """The binder.

    Attributes:
        drop_diameter: of the spray's drops [m]; drops: their distribution, in place of one diameter.
        penetration_time: of surface liquid into dry pores [s]; computed where `wetting` is given.
        evaporation: from wet surfaces, by their area [kg/(m2 s)].
        scatter: whether the scatter of moisture among the granules of a class is followed.
        addition: `published` turns the spray into volume with the density of the solids, and loses the difference.
        film_thickness: thickness of a wet patch [m]; asperity_height: roughness a film has to exceed to bind [m].
    """

    density: Annotated[Density, Positive] = 1000.0
    viscosity: Annotated[Viscosity, Positive] = 0.05
    spray: Spray
    drop_diameter: Annotated[Length, Positive] = DROP_DIAMETER
    drops: DropSettings | None = None
    penetration_time: Annotated[Time, Positive] = 0.5
    wetting: Wetting | None = None
    evaporation: Annotated[MassFlux, NotNegative] = 0.0
    scatter: bool = False
    addition: Literal["balanced", "published"] = "balanced"
    film_thickness: Annotated[Length, Positive] = 20e-6
    asperity_height: Annotated[Length, Positive] = 5e-6

    @model_validator(mode="after")
    def _one_spray(self) -> Liquid:
        if self.drops is not None and self.drop_diameter != DROP_DIAMETER:
            expected = "drops, or one drop_diameter"
            raise invalid(
                "the drops are described twice", key="drop_diameter", value=self.drop_diameter, expected=expected
            )
        return self
