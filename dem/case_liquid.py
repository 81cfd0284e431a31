"""The liquid on the particles: what they enter with, what sprays add, what evaporates, and the bridges it forms."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from compute.case_model import CaseModel, OneOf, invalid
from compute.quantities import (
    Angle,
    Density,
    Direction,
    Length,
    MassFlux,
    MassRate,
    NotNegative,
    Number,
    Position,
    Positive,
    SurfaceTension,
    Time,
    Viscosity,
)
from dem.case_materials import ContactAngle
from dem.liquid import LIQUID_LAWS, none

VALID = 0.1
"""Volume over radius^3 that the capillary forces are fitted up to."""
DOWNWARDS = (0.0, 0.0, -1.0)

Content = Annotated[Number, Field(ge=0, le=1)]


class Spray(CaseModel):
    """A nozzle: drops fly on straight lines through a cone and wet the first particle that they meet.

    Attributes:
        rate: mass of liquid in a time [kg/s].
        position, direction: of the cone's apex and axis.
        half_angle: between the axis and the surface of the cone; drops are even over its solid angle.
        start, end: counted from the end of settling, as the starts of motions are; without an end it goes on.
    """

    name: str = Field(min_length=1)
    rate: Annotated[MassRate, Positive]
    position: Position
    direction: Direction = DOWNWARDS
    half_angle: Annotated[Angle, Field(gt=0, lt=math.pi / 2)]
    start: Annotated[Time, NotNegative] = 0.0
    end: Annotated[Time, Positive] | None = None

    @model_validator(mode="after")
    def _start_before_end(self) -> Spray:
        if self.end is not None and self.end <= self.start:
            raise invalid("the spray ends before it starts", key="end", value=self.end, expected=f"> {self.start} s")
        return self


class Liquid(CaseModel):
    """Films on the particles, and pendular bridges between them and to walls, which have no film of their own.

    Attributes:
        law: capillary force.
        content: volume of the film that a particle enters with over the particle's own, of all or by class.
        contact_angle: on every pair of materials that has none of its own.
        smallest_gap: below which asperities keep the viscous forces from growing.
        largest_bridge: volume over the cube of the harmonic mean radius (2 r at a wall) that no bridge exceeds.
        density: of the liquid; sprays: nozzles; evaporation: flux from the surface of a film while there is one.
        interval: between two arrivals of spray, and two looks at what has evaporated.
        drops: equal parts that the liquid of a nozzle arrives in at the end of an interval.
    """

    law: Annotated[str, OneOf(name for name in LIQUID_LAWS if name != none.LAW.name)] = "bagheri"
    surface_tension: Annotated[SurfaceTension, Positive]
    viscosity: Annotated[Viscosity, NotNegative]
    content: Content | dict[str, Content] = 0.0
    smallest_gap: Annotated[Length, Positive]
    contact_angle: ContactAngle = 0.0
    largest_bridge: Annotated[Number, Field(gt=0, le=VALID)] = 0.02
    density: Annotated[Density, Positive] = 1000.0
    sprays: tuple[Spray, ...] = ()
    evaporation: Annotated[MassFlux, NotNegative] = 0.0
    interval: Annotated[Time, Positive] = 1e-3
    drops: int = Field(default=200, ge=1)

    def content_of(self, name: str) -> float:
        """Return the content that particles of the class of this name enter with; none for a class not named."""
        return self.content.get(name, 0.0) if isinstance(self.content, dict) else self.content
