"""What is measured on the bed while a simulation runs: mixing, free surface, bulk density and fields."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from compute.case_model import CaseModel, invalid
from compute.quantities import Direction, Length, Mass, NotNegative, Position, Positive, Time
from dem.case_motion import ORIGIN, UPWARDS
from dem.case_particles import Box, Region
from dem.case_results import Result, require_known


class Mixing(CaseModel):
    """How well a component is mixed with the rest, in samples of equal mass cut out of the bed.

    Attributes:
        of: classes that are the component.
        sample_mass: of a sample; the bed is cut into as many as it holds, two at least.
    """

    name: str = Field(min_length=1)
    of: tuple[str, ...] = Field(min_length=1)
    sample_mass: Annotated[Mass, Positive]


class OutletBlend(CaseModel):
    """How even the blend that leaves through an outlet is, in samples of equal mass one after the other.

    Attributes:
        outlet: name of one of the case.
        of: classes that are the component.
        sample_mass: of a sample.
        start: time from which on samples are taken of what leaves.
    """

    name: str = Field(min_length=1)
    outlet: str
    of: tuple[str, ...] = Field(min_length=1)
    sample_mass: Annotated[Mass, Positive]
    start: Annotated[Time, NotNegative] = 0.0


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


class BulkDensity(CaseModel):
    """Solids fraction and bulk density inside a region; spheres across its surface count with the part inside."""

    name: str = Field(min_length=1)
    region: Region


class FieldSettings(CaseModel):
    """Density, velocity, stress and coordination at points, by coarse graining.

    Attributes:
        region: none: the whole domain.
        cells: numbers of points along x, y and z.
        range: beyond which a particle no longer counts at a point; two diameters and more make a smooth field.
    """

    region: Box | None = None
    cells: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
    range: Annotated[Length, Positive]

    @model_validator(mode="after")
    def _not_too_many(self) -> FieldSettings:
        if math.prod(self.cells) > MOST_POINTS:
            raise invalid("too many points", key="cells", value=self.cells, expected=f"at most {MOST_POINTS} in all")
        return self


MOST_POINTS = 1_000_000


class Observables(CaseModel):
    """What is measured, and how often.

    Attributes:
        interval: simulated time between two measurements; of the account of what flows, too.
        start: first time at which anything is measured.
        results: material properties: means of what is measured, with errors, told at the end of the run.
    """

    interval: Annotated[Time, Positive]
    start: Annotated[Time, NotNegative] = 0.0
    mixing: tuple[Mixing, ...] = ()
    outlet_blends: tuple[OutletBlend, ...] = ()
    surfaces: tuple[FreeSurface, ...] = ()
    densities: tuple[BulkDensity, ...] = ()
    fields: FieldSettings | None = None
    results: tuple[Result, ...] = ()

    @property
    def blends(self) -> dict[str, Mixing | OutletBlend]:
        """All that is told of blends, by key: mixing.0, ..., outlet_blends.0, ...."""
        inside = {f"mixing.{at}": blend for at, blend in enumerate(self.mixing)}
        return {**inside, **{f"outlet_blends.{at}": blend for at, blend in enumerate(self.outlet_blends)}}

    @model_validator(mode="after")
    def _results_are_measured(self) -> Observables:
        measured = [surface.name for surface in self.surfaces] + [bulk.name for bulk in self.densities]
        require_known(self.results, measured)
        taken = [each.name for each in (*self.mixing, *self.results)]
        for at, blend in enumerate(self.outlet_blends):
            if blend.name in [*taken, *(each.name for each in self.outlet_blends[:at])]:
                key = f"outlet_blends.{at}.name"
                raise invalid("the name is used twice", key=key, value=blend.name, expected="its own")
        return self
