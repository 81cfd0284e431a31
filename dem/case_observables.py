"""What is measured on the bed while a simulation runs: mixing, free surface, bulk density and fields."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from compute.case_model import CaseModel
from compute.quantities import Direction, Length, Mass, NotNegative, Number, Position, Positive, Time
from dem.case_particles import Region
from dem.case_walls import ORIGIN, UPWARDS, require_direction


class Mixing(CaseModel):
    """How well a component is mixed with the rest, in samples of equal mass cut out of the bed.

    Attributes:
        of: classes that are the component.
        sample_mass: of a sample; the bed is cut into as many as it holds, two at least.
        scale: diameter of the parcels over that of the grains they stand for [-].
    """

    name: str = Field(min_length=1)
    of: tuple[str, ...] = Field(min_length=1)
    sample_mass: Annotated[Mass, Positive]
    scale: Annotated[Number, Field(ge=1)] = 1.0


class FreeSurface(CaseModel):
    """The slope of a free surface against the horizontal: of a heap about an axis, or across the axis of a drum.

    Attributes:
        point, axis: of the heap's cone, or of the drum.
        radius: range about the axis that the surface is looked at in; the middle of it is fitted.
        bins: in which the topmost particles are looked for.
    """

    kind: Literal["heap", "drum"]
    name: str = Field(min_length=1)
    point: Position = ORIGIN
    axis: Direction = UPWARDS
    radius: Annotated[Length, Positive]
    bins: int = Field(default=16, ge=6, le=200)

    @field_validator("axis")
    @classmethod
    def _has_direction(cls, axis: tuple[float, float, float]) -> tuple[float, float, float]:
        return require_direction(axis)


class BulkDensity(CaseModel):
    """Solids fraction and bulk density inside a region; spheres across its surface count with the part inside."""

    name: str = Field(min_length=1)
    region: Region


class Observables(CaseModel):
    """What is measured, and how often.

    Attributes:
        interval: simulated time between two measurements; of the account of what flows, too.
        start: first time at which anything is measured.
    """

    interval: Annotated[Time, Positive]
    start: Annotated[Time, NotNegative] = 0.0
    mixing: tuple[Mixing, ...] = ()
    surfaces: tuple[FreeSurface, ...] = ()
    densities: tuple[BulkDensity, ...] = ()
