"""The laws of a case: which granules meet, which of them stick, which break, and into what.

A law is stated as a mapping, `{name: shear, shear_rate: 20 1/s}`, or by its name alone where it has no coefficients.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from compute.case_model import CaseModel, invalid
from compute.errors import CaseError
from compute.quantities import Length, NotNegative, Number, Positive, Pressure, Speed
from pbm import laws

Law = dict[str, Any]
"""`name` and the coefficients in SI, all of them."""


def checked_law(given: Any, fitted: str, make: Callable[..., Any]) -> Law:
    """The law as a mapping with every coefficient in SI; `fitted` names the one without coefficients.

    Raises PydanticCustomError that names the coefficient, what it should be and the nearest name.
    """
    stated = {"name": given} if isinstance(given, str) else given
    if not isinstance(stated, dict) or not isinstance(stated.get("name"), str):
        raise invalid("not a law", expected="a name, or a mapping with `name` and coefficients")
    name, values = stated["name"], {str(key): value for key, value in stated.items() if key != "name"}
    if name == fitted:
        if values:
            raise invalid("this law has no coefficients", key=min(values), expected=f"{fitted} alone")
        return {"name": name}
    try:
        return {"name": name, **make(name, **values).coefficients._asdict()}
    except CaseError as error:
        coefficient = error.key.split(": ")[1] if error.key and ": " in error.key else None
        place = coefficient or ("name" if isinstance(given, dict) else None)
        expected = error.expected if coefficient else f"{error.expected}, {fitted}"
        raise invalid(error.problem, key=place, value=error.value, expected=expected, nearest=error.nearest) from None


class Aggregation(CaseModel):
    """Which granules meet, and which of them stick.

    Attributes:
        kernel: rate constant of meeting; `dem` as fitted to a particle simulation, or a law with its coefficients.
        sticking: `stokes`, `stokes-deformable` (granules that flatten), `both-wet` (at any speed), or `always`.
        pair_speed, pair_speed_shape: Weibull scale [m/s] and shape of the normal speeds of encounters; none: as fitted.
        yield_strength, modulus: dynamic yield strength and reduced modulus of deformable granules [Pa].
    """

    kernel: Law = Field(default={"name": "dem"})
    sticking: Literal["stokes", "stokes-deformable", "both-wet", "always"] = "stokes"
    pair_speed: Annotated[Speed, Positive] | None = None
    pair_speed_shape: Annotated[Number, Positive] = 2.0
    yield_strength: Annotated[Pressure, Positive] | None = None
    modulus: Annotated[Pressure, Positive] | None = None

    @field_validator("kernel", mode="before")
    @classmethod
    def _stated(cls, given: Any) -> Law:
        return checked_law(given, "dem", laws.kernel)

    @model_validator(mode="after")
    def _complete(self) -> Aggregation:
        deforms = self.sticking == "stokes-deformable"
        for key in ("yield_strength", "modulus"):
            if (getattr(self, key) is not None) != deforms:
                expected = "a strength for granules that deform" if deforms else "`sticking: stokes-deformable` with it"
                raise invalid("strength and sticking do not fit", key=key, expected=expected)
        return self

    @property
    def measured(self) -> bool:
        """Whether kernel, pair speeds and sticking are those of a particle simulation with rigid granules."""
        return self.kernel["name"] == "dem" and self.sticking == "stokes" and self.pair_speed is None


class Breakage(CaseModel):
    """Breakage, by blades unless another rate is stated.

    Attributes:
        on: whether granules break at all.
        rate: `impact` with the blade hits as fitted to a particle simulation, or a law with its coefficients.
        fragments: what a granule breaks into; `uniform`: two, none below the lowest edge of the grid.
        form: strength of `impact` without or with the factor pi.
        deformation_number: Stokes deformation number at which a granule breaks by `impact`.
        primary_diameter: of the grains a granule is made of [m]; granules below twice this do not break.
    """

    on: bool = True
    rate: Law = Field(default={"name": "impact"})
    fragments: Law = Field(default={"name": "uniform"})
    form: Literal["without-pi", "with-pi"] = "without-pi"
    deformation_number: Annotated[Number, Positive] = 0.2
    primary_diameter: Annotated[Length, Positive] = 78e-6

    @field_validator("rate", mode="before")
    @classmethod
    def _rate(cls, given: Any) -> Law:
        return checked_law(given, "impact", laws.breakage_rate)

    @field_validator("fragments", mode="before")
    @classmethod
    def _fragments(cls, given: Any) -> Law:
        return checked_law(given, "uniform", laws.fragments)

    @property
    def measured(self) -> bool:
        """Whether granules break by blade hits, or not at all, into two."""
        return self.rate["name"] == "impact" and self.fragments["name"] == "uniform"

    @property
    def fitted(self) -> bool:
        """Whether blade hits fitted to a particle simulation are needed."""
        return self.on and self.rate["name"] == "impact"

    @property
    def factor(self) -> float:
        """One, or pi in the form with pi."""
        return pi if self.form == "with-pi" else 1.0


class Layering(CaseModel):
    """Fine powder that deposits on wet granules.

    Attributes:
        rate: growth of the diameter of a granule that is wet all over amid plentiful powder [m/s].
        powder_below: diameter of the grains, at the porosity of the feed, below which they are powder [m].
        half_ratio: powder over granules, by mass of solids, at which growth has half that rate.
        limiter: of the finite volume that moves granules along the classes.
    """

    rate: Annotated[Speed, NotNegative]
    powder_below: Annotated[Length, Positive]
    half_ratio: Annotated[Number, Positive] = 0.1
    limiter: Literal["van-leer", "minmod", "superbee", "mc", "upwind"] = "van-leer"
