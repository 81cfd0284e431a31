"""Material properties that a run measures: means of what is recorded on the way, with their errors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from compute.case_model import CaseModel, invalid
from compute.quantities import Length, NotNegative, Positive, Time


class _Result(CaseModel):
    name: str = Field(min_length=1)


class Mean(_Result):
    """The mean over a time of the angle of a free surface [deg], or of a bulk density [kg/m3].

    Attributes:
        of: name of the surface or the density.
        start, end: of the time [s]; without an end to the last measurement.
    """

    kind: Literal["mean"]
    of: str
    start: Annotated[Time, NotNegative] = 0.0
    end: Annotated[Time, Positive] | None = None

    @model_validator(mode="after")
    def _start_before_end(self) -> Mean:
        if self.end is not None and self.end <= self.start:
            raise invalid("the time is empty", key="end", value=self.end, expected="end > start")
        return self


class Ratio(_Result):
    """One result over another, such as tapped over poured density (Hausner ratio).

    Attributes:
        of: names of two results above it.
    """

    kind: Literal["ratio"]
    of: tuple[str, str]


class RingShear(_Result):
    """Friction in an annular shear cell: shear stress over normal stress on its lid, in the window of the statistics.

    tau = 3 T/(2 pi (r_o^3 - r_i^3)) for a shear stress that is the same everywhere, sigma = N/(pi (r_o^2 - r_i^2)).

    Attributes:
        wall: the lid; its axis of rotation is that of the ring.
        inner_radius, outer_radius: of the ring [m].
    """

    kind: Literal["ring-shear"]
    wall: str
    inner_radius: Annotated[Length, NotNegative] = 0.0
    outer_radius: Annotated[Length, Positive]

    @model_validator(mode="after")
    def _not_empty(self) -> RingShear:
        if self.inner_radius >= self.outer_radius:
            raise invalid(
                "the ring is empty", key="inner_radius", value=self.inner_radius, expected="inner_radius < outer_radius"
            )
        return self


Result = Annotated[Mean | Ratio | RingShear, Field(discriminator="kind")]


def require_known(results: tuple[Any, ...], measured: list[str]) -> None:
    """Raise a PydanticCustomError where a result rests on what is not measured.

    measured: names of surfaces and densities.
    """
    for at, result in enumerate(results):
        above = [each.name for each in results[:at]]
        if result.name in above:
            raise invalid("the name is used twice", key=f"results.{at}.name", value=result.name, expected="its own")
        if isinstance(result, RingShear):
            continue
        needed, known = ((result.of,), measured) if isinstance(result, Mean) else (result.of, above)
        missing = [name for name in needed if name not in known]
        if missing:
            expected = "one of: " + (", ".join(known) or "none")
            raise invalid("nothing of that name", key=f"results.{at}.of", value=missing[0], expected=expected)
