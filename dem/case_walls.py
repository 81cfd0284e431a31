"""Walls of a case: planes, cylinders and triangle meshes, at rest or turning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from compute.case_model import CaseModel, existing_file, invalid
from compute.quantities import Angle, AngularSpeed, Direction, Length, NotNegative, Position, Positive, Time

ORIGIN = (0.0, 0.0, 0.0)
UPWARDS = (0.0, 0.0, 1.0)


class Motion(CaseModel):
    """Rotation about a fixed axis, by the right-hand rule.

    The speed grows linearly from 0 at `start` to `speed` at `start + ramp` and then stays.
    """

    point: Position = ORIGIN
    axis: Direction = UPWARDS
    speed: AngularSpeed
    start: Annotated[Time, NotNegative] = 0.0
    ramp: Annotated[Time, NotNegative] = 0.0

    @field_validator("axis")
    @classmethod
    def _has_direction(cls, axis: tuple[float, float, float]) -> tuple[float, float, float]:
        return require_direction(axis)


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


class Impeller(CaseModel):
    """Generated mesh: a hub with straight blades; its axis is z, its lowest face lies in z = 0.

    Attributes:
        blades: number of blades, evenly spaced.
        radius: distance of the blade tips from the axis [m].
        hub_radius, hub_height: the cylinder the blades grow out of [m].
        blade_height: vertical extent of the blades [m].
        blade_thickness: thickness of a blade across its face [m].
        pitch: tilt of the blade's front from the vertical, leading edge down for a positive speed [rad]; the underside
            is level.
        facets: number of faces of the hub.
    """

    kind: Literal["impeller"]
    blades: int = Field(ge=1)
    radius: Annotated[Length, Positive]
    hub_radius: Annotated[Length, Positive]
    hub_height: Annotated[Length, Positive]
    blade_height: Annotated[Length, Positive]
    blade_thickness: Annotated[Length, Positive]
    pitch: Annotated[Angle, Field(ge=0, lt=1.5)] = 0.0
    facets: int = Field(default=24, ge=3)

    @model_validator(mode="after")
    def _blades_reach_beyond_hub(self) -> Impeller:
        if self.radius <= self.hub_radius:
            raise invalid(
                "the blades end inside the hub", key="radius", value=self.radius, expected="radius > hub_radius"
            )
        return self


class Drum(CaseModel):
    """Generated mesh: a drum seen from inside; its axis is z, it reaches from -length/2 to length/2.

    Attributes:
        radius, length: inner measures [m].
        facets: number of faces around.
        ends: whether the two end plates belong to it.
        lifters: number of radial ribs, evenly spaced.
        lifter_height, lifter_thickness: measures of a rib [m].
    """

    kind: Literal["drum"]
    radius: Annotated[Length, Positive]
    length: Annotated[Length, Positive]
    facets: int = Field(default=48, ge=6)
    ends: bool = True
    lifters: int = Field(default=0, ge=0)
    lifter_height: Annotated[Length, NotNegative] = 0.0
    lifter_thickness: Annotated[Length, NotNegative] = 0.0

    @model_validator(mode="after")
    def _lifters_have_size(self) -> Drum:
        fits = 0 < self.lifter_height < self.radius and self.lifter_thickness > 0
        if self.lifters and not fits:
            raise invalid(
                "the lifters have no size, or reach beyond the axis",
                key="lifter_height",
                value=self.lifter_height,
                expected="0 < lifter_height < radius and lifter_thickness > 0",
            )
        return self


GeneratedMesh = Annotated[Impeller | Drum, Field(discriminator="kind")]


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
