"""Shapes of particles that are no spheres: rigid bodies made of spheres that may overlap."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from compute.case_model import CaseModel, invalid
from compute.quantities import Length, Number, Position, Positive

MOST_SPHERES = 512
"""Most spheres of a shape: with more, a finer shape is wanted than the contacts of spheres can give."""
Place = tuple[float, float, float]
SPACING = Field(gt=0, lt=2)


class Ball(CaseModel):
    """One sphere of a shape, in the frame of the shape."""

    centre: Position
    radius: Annotated[Length, Positive]


class SphereCluster(CaseModel):
    """A shape given sphere by sphere."""

    kind: Literal["spheres"]
    spheres: tuple[Ball, ...] = Field(min_length=1, max_length=MOST_SPHERES)

    @model_validator(mode="after")
    def _one_piece(self) -> SphereCluster:
        for at, ball in enumerate(self.spheres):
            if ball in self.spheres[:at]:
                raise invalid("the sphere is given twice", key=f"spheres.{at}")
        waiting, reached = set(range(1, len(self.spheres))), [0]
        while reached:
            one = self.spheres[reached.pop()]
            met = {
                at
                for at in waiting
                if math.dist(one.centre, self.spheres[at].centre) < one.radius + self.spheres[at].radius
            }
            waiting -= met
            reached += sorted(met)
        if waiting:
            at = min(waiting)
            raise invalid(
                "the shape is in pieces", key=f"spheres.{at}.centre", value=list(self.spheres[at].centre),
                expected="spheres that overlap, directly or through others, with the first",
            )  # fmt: skip
        return self

    def balls(self) -> list[tuple[Place, float]]:
        """Return centres and radii of the spheres [m]."""
        return [(ball.centre, ball.radius) for ball in self.spheres]

    @property
    def envelope(self) -> float | None:
        """Volume of the smooth body that is meant [m3]: none but the spheres themselves."""
        return None


class Needle(CaseModel):
    """A rod with round ends along x: equal spheres in a row.

    Attributes:
        length: from end to end.
        spacing: largest distance of neighbouring spheres over their radius.
    """

    kind: Literal["needle"]
    length: Annotated[Length, Positive]
    diameter: Annotated[Length, Positive]
    spacing: Annotated[Number, SPACING] = 1.0

    @model_validator(mode="after")
    def _long(self) -> Needle:
        if self.length < self.diameter:
            raise invalid("shorter than thick", key="length", value=self.length, expected="length >= diameter")
        _require_few(self)
        return self

    def balls(self) -> list[tuple[Place, float]]:
        """Return centres and radii of the spheres [m]."""
        radius, span = 0.5 * self.diameter, self.length - self.diameter
        parts = math.ceil(span / (self.spacing * radius) - ROUND_OFF)
        places = [span * at / parts - 0.5 * span for at in range(parts + 1)] if parts else [0.0]
        return [((x, 0.0, 0.0), radius) for x in places]

    @property
    def envelope(self) -> float:
        """Volume of the smooth rod, a cylinder with hemispheres as ends [m3]."""
        radius = 0.5 * self.diameter
        return math.pi * radius**2 * (self.length - self.diameter) + 4.0 / 3.0 * math.pi * radius**3


class Tablet(CaseModel):
    """A round, flat tablet with a round edge and its axis along z: equal spheres in rings, one in the middle.

    Attributes:
        spacing: largest distance of neighbouring spheres in a ring, and of rings, over their radius.
    """

    kind: Literal["tablet"]
    diameter: Annotated[Length, Positive]
    thickness: Annotated[Length, Positive]
    spacing: Annotated[Number, SPACING] = 1.0

    @model_validator(mode="after")
    def _flat(self) -> Tablet:
        if self.diameter < self.thickness:
            raise invalid("narrower than thick", key="diameter", value=self.diameter, expected="diameter >= thickness")
        _require_few(self)
        return self

    def balls(self) -> list[tuple[Place, float]]:
        """Return centres and radii of the spheres [m]."""
        radius, outer = 0.5 * self.thickness, 0.5 * (self.diameter - self.thickness)
        step = self.spacing * radius
        rings = math.ceil(outer / step - ROUND_OFF)
        places = [(0.0, 0.0, 0.0)]
        for ring in range(1, rings + 1):
            distance = outer * ring / rings
            count = max(FEWEST_IN_RING, math.ceil(2.0 * math.pi * distance / step - ROUND_OFF))
            angles = [2.0 * math.pi * (at + 0.5 * (ring % 2)) / count for at in range(count)]
            places += [(distance * math.cos(angle), distance * math.sin(angle), 0.0) for angle in angles]
        return [(place, radius) for place in places]

    @property
    def envelope(self) -> float:
        """Volume of the smooth tablet, a disc with a half torus as its edge [m3]."""
        radius, outer = 0.5 * self.thickness, 0.5 * (self.diameter - self.thickness)
        return math.pi * outer**2 * self.thickness + math.pi**2 * radius**2 * outer + 4.0 / 3.0 * math.pi * radius**3


FEWEST_IN_RING = 5
ROUND_OFF = 1e-9
"""Share of a distance that rounding may add before one more sphere is taken."""


def _require_few(shape: Needle | Tablet) -> None:
    count = len(shape.balls())
    if count > MOST_SPHERES:
        raise invalid(
            f"the shape takes {count} spheres", key="spacing", value=shape.spacing,
            expected=f"at most {MOST_SPHERES}: a larger spacing, or a thicker shape",
        )  # fmt: skip


ParticleShape = Annotated[SphereCluster | Needle | Tablet, Field(discriminator="kind")]
