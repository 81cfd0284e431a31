"""Where the particles of a case come from: packed into a region, streamed in, given one by one, or read from a file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from compute.case_model import CaseModel, existing_file, invalid
from compute.quantities import (
    Angle,
    Direction,
    Fraction,
    Length,
    Mass,
    MassRate,
    NotNegative,
    Position,
    Positive,
    Rate,
    Speed,
    Spin,
    Time,
    Velocity,
)
from dem.case_materials import Shares
from dem.case_motion import ORIGIN, UPWARDS

AT_REST = (0.0, 0.0, 0.0)


class Box(CaseModel):
    """A box along the axes, from corner `low` to corner `high`."""

    shape: Literal["box"]
    low: Position
    high: Position

    @model_validator(mode="after")
    def _low_below_high(self) -> Box:
        if any(low >= high for low, high in zip(self.low, self.high)):
            raise invalid("the box is empty", key="low", value=self.low, expected="low < high in x, y and z")
        return self

    @property
    def volume(self) -> float:
        """Volume [m3]."""
        return math.prod(high - low for low, high in zip(self.low, self.high))


class Cylinder(CaseModel):
    """A cylinder, or a ring where an inner radius is given, that begins at `point` and goes along `axis`."""

    shape: Literal["cylinder"]
    point: Position = ORIGIN
    axis: Direction = UPWARDS
    radius: Annotated[Length, Positive]
    inner_radius: Annotated[Length, NotNegative] = 0.0
    length: Annotated[Length, Positive]

    @model_validator(mode="after")
    def _ring_not_empty(self) -> Cylinder:
        if self.inner_radius >= self.radius:
            raise invalid(
                "the ring is empty", key="inner_radius", value=self.inner_radius, expected="inner_radius < radius"
            )
        return self

    @property
    def volume(self) -> float:
        """Volume [m3]."""
        return math.pi * (self.radius**2 - self.inner_radius**2) * self.length


Region = Annotated[Box | Cylinder, Field(discriminator="shape")]


class Packing(CaseModel):
    """Particles packed at random, without overlap, into a region at the start.

    Exactly one of `number`, `mass` and `solids_fraction` (share of the region's volume) says how many. Each velocity
    component is drawn from a Gaussian of standard deviation `spread` about `velocity`.
    """

    kind: Literal["packing"]
    region: Region
    shares: Shares
    number: int | None = Field(default=None, ge=1)
    mass: Annotated[Mass, Positive] | None = None
    solids_fraction: Annotated[Fraction, Field(gt=0, le=0.64)] | None = None
    velocity: Velocity = AT_REST
    spread: Annotated[Speed, NotNegative] = 0.0

    @model_validator(mode="after")
    def _one_amount(self) -> Packing:
        amounts = (self.number, self.mass, self.solids_fraction)
        if sum(amount is not None for amount in amounts) != 1:
            raise invalid("the amount must be given once", expected="one of number, mass, solids_fraction")
        return self


class Pulse(CaseModel):
    """A feeder that runs during a share of each period only, as screws with refilling do; its mean rate is the rate.

    Attributes:
        duty: share of the period during which it feeds, at rate/duty.
    """

    period: Annotated[Time, Positive]
    duty: Annotated[Fraction, Field(gt=0, lt=1)]

    def fed_time(self, elapsed: float) -> float:
        """Return the time that the mean rate would take for what the pulses have fed after `elapsed` [s]."""
        whole, within = divmod(elapsed, self.period)
        return whole * self.period + min(within / self.duty, self.period)


class Insertion(CaseModel):
    """Particles streamed into a region between `start` and `end`, at a rate by number or by mass: a feeder.

    Attributes:
        name: under which its flow is recorded; none: `feeder-` and its place among the sources, from 1.
        end: none: it feeds to the end of the run.
        patience: how long particles that are due may find no room before the run ends with an error [s].
    """

    kind: Literal["insertion"]
    name: str | None = Field(default=None, min_length=1)
    region: Region
    shares: Shares
    number_rate: Annotated[Rate, Positive] | None = None
    mass_rate: Annotated[MassRate, Positive] | None = None
    pulse: Pulse | None = None
    start: Annotated[Time, NotNegative] = 0.0
    end: Annotated[Time, Positive] | None = None
    patience: Annotated[Time, Positive] = 1.0
    velocity: Velocity = AT_REST
    spread: Annotated[Speed, NotNegative] = 0.0

    @model_validator(mode="after")
    def _one_rate_in_time(self) -> Insertion:
        if (self.number_rate is None) == (self.mass_rate is None):
            raise invalid("the rate must be given once", expected="one of number_rate, mass_rate")
        if self.end is not None and self.end <= self.start:
            raise invalid("insertion ends before it starts", key="end", value=self.end, expected="end > start")
        return self

    def fed_time(self, time: float) -> float:
        """Return the time that the mean rate would take for what is owed at a time [s]."""
        elapsed = max((time if self.end is None else min(time, self.end)) - self.start, 0.0)
        return elapsed if self.pulse is None else self.pulse.fed_time(elapsed)


class Orientation(CaseModel):
    """A turn by an angle about an axis, from how a shape is described to how the particle lies."""

    axis: Direction = UPWARDS
    angle: Angle


class GivenParticle(CaseModel):
    """One particle: of a class (written `class`), or of a radius and material of its own.

    Attributes:
        position: of its centre of mass.
    """

    position: Position
    velocity: Velocity = AT_REST
    spin: Spin = AT_REST
    orientation: Orientation | None = None
    size_class: str | None = Field(default=None, alias="class")
    radius: Annotated[Length, Positive] | None = None
    material: str | None = None

    @model_validator(mode="after")
    def _kind_given_once(self) -> GivenParticle:
        own = self.radius is not None and self.material is not None
        partly = self.radius is not None or self.material is not None
        if (self.size_class is None and not own) or (self.size_class is not None and partly):
            raise invalid("what the particle is must be said once", expected="class, or radius and material")
        return self


class Given(CaseModel):
    """Particles given one by one."""

    kind: Literal["given"]
    items: tuple[GivenParticle, ...] = Field(min_length=1)


class ParticleFile(CaseModel):
    """Particles read from a CSV file with a header line.

    Columns `x y z` [m]; optional `vx vy vz` [m/s], `wx wy wz` [rad/s]; and either `class` (a name) or `radius` [m] with
    `material` (a name). A radius becomes the class of that diameter and material.
    """

    kind: Literal["file"]
    file: Path

    @field_validator("file")
    @classmethod
    def _exists(cls, file: Path, info: ValidationInfo) -> Path:
        return existing_file(file, info)


ParticleSource = Annotated[Packing | Insertion | Given | ParticleFile, Field(discriminator="kind")]
