"""Twin screws by parameters: the barrel and the screws, made of elements."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from compute.case_model import CaseModel, invalid
from compute.quantities import Angle, Length, Positive

Size = Annotated[Length, Positive]


def require_narrower(key: str, value: float, other: str, limit: float) -> None:
    """Refuse a length that is not below another one; both in metres.

    Raises:
        PydanticCustomError: it is not.
    """
    if value >= limit:
        raise invalid(f"not below {other}", key=key, value=value, expected=f"less than {limit:.4g} m")


class Barrel(CaseModel):
    """Generated mesh: the bore of a twin screw, two tubes side by side along z from z = 0, seen from inside.

    Attributes:
        radius: of each bore [m].
        centre_distance: between the axes, which lie at x = -centre_distance/2 and x = centre_distance/2 [m].
        length: of the barrel [m].
        facets: number of faces around each bore.
    """

    kind: Literal["barrel"]
    radius: Size
    centre_distance: Size
    length: Size
    facets: int = Field(default=48, ge=8)

    @model_validator(mode="after")
    def _bores_meet(self) -> Barrel:
        require_narrower("centre_distance", self.centre_distance, "2 radius", 2.0 * self.radius)
        return self


class ConveyingElement(CaseModel):
    """A piece of a screw with a thread.

    Attributes:
        length: along the axis [m].
        lead: length of a whole turn of the thread [m]; positive conveys along the axis for a positive speed.
    """

    kind: Literal["conveying"]
    length: Size
    lead: Length

    @model_validator(mode="after")
    def _has_lead(self) -> ConveyingElement:
        if self.lead == 0.0:
            raise invalid("a thread without lead", key="lead", value=self.lead, expected="positive or negative")
        return self


class KneadingElement(CaseModel):
    """A piece of a screw made of discs.

    Attributes:
        length: of all the discs [m].
        discs: their number.
        stagger: turn from one disc to the next [rad]; positive conveys along the axis for a positive speed.
    """

    kind: Literal["kneading"]
    length: Size
    discs: int = Field(ge=1)
    stagger: Angle


ScrewElement = Annotated[ConveyingElement | KneadingElement, Field(discriminator="kind")]


class Screw(CaseModel):
    """Generated mesh: one screw of a co-rotating self-wiping pair, along z from z = 0.

    The two walls of a pair turn alike; the second one, a centre distance away, has `second: true`.

    Attributes:
        radius: of the tips [m].
        centre_distance: between the axes of the pair [m].
        clearance: smallest gap between the two screws in every plane across them, and between elements [m].
        starts: lobes of the section.
        elements: pieces from z = 0 upwards.
        second: turned so that it meshes with the first.
        facets: corners of the section, about.
    """

    kind: Literal["screw"]
    radius: Size
    centre_distance: Size
    clearance: Size
    starts: int = Field(default=2, ge=1, le=4)
    elements: tuple[ScrewElement, ...] = Field(min_length=1)
    second: bool = False
    facets: int = Field(default=48, ge=12)
