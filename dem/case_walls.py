"""Walls of a case: planes, cylinders and triangle meshes, at rest or turning."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from compute.case_model import CaseModel, existing_file, invalid
from compute.quantities import AngularSpeed, Direction, Length, NotNegative, Number, Position, Positive, Time
from dem.case_equipment import GeneratedMesh

ORIGIN = (0.0, 0.0, 0.0)
UPWARDS = (0.0, 0.0, 1.0)


class Motion(CaseModel):
    """Rotation about an axis, by the right-hand rule.

    The speed grows linearly from 0 at `start` to `speed` at `start + ramp` and then stays; or it swings, or follows a
    profile. All three are functions of the time alone.

    Attributes:
        point, axis: of the rotation; of a carried wall where they are before anything moves.
        period: the wall swings to and fro about its first place, fastest, at `speed`, as it passes there; the ramp
            widens the swing [s].
        profile: times after `start`, rising, and the share of `speed` then; linear between them, constant outside.
        carrier: motion of what this rotation is mounted on, such as a tumbling bin.
    """

    point: Position = ORIGIN
    axis: Direction = UPWARDS
    speed: AngularSpeed
    start: Annotated[Time, NotNegative] = 0.0
    ramp: Annotated[Time, NotNegative] = 0.0
    period: Annotated[Time, Positive] | None = None
    profile: tuple[tuple[Annotated[Time, NotNegative], Number], ...] = ()
    carrier: Motion | None = None

    @field_validator("axis")
    @classmethod
    def _has_direction(cls, axis: tuple[float, float, float]) -> tuple[float, float, float]:
        return require_direction(axis)

    @model_validator(mode="after")
    def _one_course(self) -> Motion:
        times = [time for time, _ in self.profile]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise invalid("the times do not rise", key="profile", value=times, expected="rising times")
        if self.profile and (self.period is not None or self.ramp):
            raise invalid("a profile has its own ramps", key="profile", expected="profile, or ramp and period")
        if self.carrier is not None and self.carrier.carrier is not None:
            raise invalid("the carrier is carried itself", key="carrier", expected="one that stands on the ground")
        return self

    @property
    def peak_speed(self) -> float:
        """Largest angular speed about its own axis [rad/s]; a swing that widens passes `speed` by T/(2 pi ramp)."""
        if self.profile:
            return abs(self.speed) * max(abs(share) for _, share in self.profile)
        if self.period is not None and self.ramp:
            return abs(self.speed) * math.hypot(1.0, self.period / (2.0 * math.pi * self.ramp))
        return abs(self.speed)

    def delayed(self, time: float) -> Motion:
        """Return the same motion, carrier included, begun later by a time [s]."""
        carrier = None if self.carrier is None else self.carrier.delayed(time)
        return self.model_copy(update={"start": self.start + time, "carrier": carrier})


def require_direction(axis: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the direction unchanged; raise a PydanticCustomError if it is the zero vector."""
    if not any(axis):
        raise invalid("the zero vector has no direction", expected="a vector such as [0, 0, 1]")
    return axis


class _Wall(CaseModel):
    name: str = Field(min_length=1)
    material: str
    motion: Motion | None = None


class PlaneWall(_Wall):
    """An infinite plane; the normal points into the domain, to the side the particles are on."""

    shape: Literal["plane"]
    point: Position
    normal: Direction

    @field_validator("normal")
    @classmethod
    def _has_direction(cls, normal: tuple[float, float, float]) -> tuple[float, float, float]:
        return require_direction(normal)


class CylinderWall(_Wall):
    """The lateral surface of a cylinder, without ends.

    Attributes:
        inside: the particles are inside.
        low, high: extent along the axis measured from `point` [m]; without them the cylinder is endless.
    """

    shape: Literal["cylinder"]
    point: Position = ORIGIN
    axis: Direction = UPWARDS
    radius: Annotated[Length, Positive]
    inside: bool = True
    low: Length | None = None
    high: Length | None = None

    @field_validator("axis")
    @classmethod
    def _has_direction(cls, axis: tuple[float, float, float]) -> tuple[float, float, float]:
        return require_direction(axis)

    @model_validator(mode="after")
    def _low_below_high(self) -> CylinderWall:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise invalid("the lower end is not below the upper end", key="low", value=self.low, expected="low < high")
        return self


class MeshWall(_Wall):
    """A triangle mesh, read from an STL file or generated.

    Attributes:
        file: the STL file; a relative path is taken from the case file.
        scale: length of one unit of the file [m].
        generate: a mesh made from parameters, instead of a file.
        point, axis: where the origin and the z axis of the mesh go.
    """

    shape: Literal["mesh"]
    file: Path | None = None
    scale: Annotated[Length, Positive] = 1.0
    generate: GeneratedMesh | None = None
    point: Position = ORIGIN
    axis: Direction = UPWARDS

    @field_validator("axis")
    @classmethod
    def _has_direction(cls, axis: tuple[float, float, float]) -> tuple[float, float, float]:
        return require_direction(axis)

    @field_validator("file")
    @classmethod
    def _exists(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        return None if file is None else existing_file(file, info)

    @model_validator(mode="after")
    def _one_origin(self) -> MeshWall:
        if (self.file is None) == (self.generate is None):
            raise invalid("a mesh comes from a file or is generated", expected="either file or generate")
        return self


Wall = Annotated[PlaneWall | CylinderWall | MeshWall, Field(discriminator="shape")]
