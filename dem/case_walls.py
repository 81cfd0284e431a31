"""Walls of a case: planes, cylinders and triangle meshes, at rest or moving."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from compute.case_model import CaseModel, existing_file, invalid
from compute.quantities import Direction, Length, Position, Positive
from dem.case_equipment import GeneratedMesh
from dem.case_motion import ORIGIN, UPWARDS, AnyMotion


class _Wall(CaseModel):
    name: str = Field(min_length=1)
    material: str
    motion: AnyMotion | None = None


class PlaneWall(_Wall):
    """An infinite plane; the normal points into the domain, to the side the particles are on."""

    shape: Literal["plane"]
    point: Position
    normal: Direction


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
