"""Quantities at the border of the product: in a case file a number in SI or text with a unit, inside a float in SI.

Each name is a float to the type checker. Bounds are added where a quantity is used:
`diameter: Annotated[Length, Positive]`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from compute.case_model import invalid
from compute.units import NotAQuantity, UnknownUnit, parse_unit, split_quantity, to_si


@dataclass(frozen=True)
class Quantity:
    """Mark of a float that a case file may give with a unit.

    Attributes:
        name: what is measured, for messages.
        unit: its SI unit, as text; `1` for a pure number.
        example: how a modeller might write it.
        angular: whether a unit has to name an angle: frequencies leave open whether turns or radians are meant.
    """

    name: str
    unit: str
    example: str
    angular: bool = False

    @property
    def expected(self) -> str:
        """What a message says is right."""
        if self.unit == "1":
            return "a number" if self.name == "number" else f"{self.name}: a number, or text such as '{self.example}'"
        return f"{self.name}: a number in {self.unit}, or text with a unit such as '{self.example}'"

    def parse(self, value: Any) -> Any:
        """Return the SI number of a number or a text with a unit.

        Raises:
            PydanticCustomError: no number, no unit, an unknown unit, a unit of another dimension, or an angle without a
            unit that is larger than a full turn in rad.
        """
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise invalid("not a quantity", expected=self.expected)
        if isinstance(value, str):
            return self._parse_text(value)
        if self.unit == "rad" and abs(value) > FULL_TURN:
            raise invalid("more than a full turn in rad", expected=f"text with a unit, such as '{value:g} deg'")
        return float(value)

    def _parse_text(self, text: str) -> float:
        try:
            number, unit = split_quantity(text)
            if not unit and self.unit != "1":
                raise invalid("a unit is missing", expected=self.expected)
            result, dimension = to_si(number, unit)
        except NotAQuantity as error:
            raise invalid(str(error), expected=self.expected) from None
        except UnknownUnit as error:
            raise invalid(str(error), expected=self.expected, nearest=error.nearest) from None
        if dimension != self._dimension():
            raise invalid(f"{unit!r} does not measure {self.name}", expected=self.expected)
        if self.angular and not ANGLE.search(unit):
            raise invalid(f"{unit!r} {OPEN_ANGLE}", expected=self.expected)
        return result

    def _dimension(self) -> tuple[int, ...]:
        return (0, 0, 0, 0) if self.unit == "1" else parse_unit(self.unit).dimension

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Parse first, then treat as a finite float, so that bounds apply to the SI number."""
        number = core_schema.float_schema(allow_inf_nan=False)
        return core_schema.no_info_before_validator_function(self.parse, number)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        """Describe the quantity to editors as a number or a text."""
        return {"anyOf": [{"type": "number"}, {"type": "string"}], "description": self.expected}


Positive = Field(gt=0)
NotNegative = Field(ge=0)

FULL_TURN = math.tau
"""The largest angle [rad] that a bare number is taken for: larger ones are degrees whose unit was forgotten."""
ANGLE = re.compile("rad|deg|°|gon|arc|rev|turn|cycle|rpm|rps")
"""What units that name an angle are called."""
OPEN_ANGLE = "leaves open whether turns or radians are meant; write rpm, rev/s or rad/s"

Length = Annotated[float, Quantity("length", "m", "250 um")]
Area = Annotated[float, Quantity("area", "m^2", "3 cm^2")]
Volume = Annotated[float, Quantity("volume", "m^3", "2 mL")]
Time = Annotated[float, Quantity("time", "s", "20 ms")]
Speed = Annotated[float, Quantity("speed", "m/s", "1.2 m/s")]
Acceleration = Annotated[float, Quantity("acceleration", "m/s^2", "9.81 m/s^2")]
AngularSpeed = Annotated[float, Quantity("angular speed", "rad/s", "300 rpm", angular=True)]
Angle = Annotated[float, Quantity("angle", "rad", "45 deg")]
Rate = Annotated[float, Quantity("rate", "1/s", "0.5 1/s")]
Mass = Annotated[float, Quantity("mass", "kg", "300 g")]
MassRate = Annotated[float, Quantity("mass flow", "kg/s", "0.3 kg/h")]
MassFlux = Annotated[float, Quantity("mass flux", "kg/m^2/s", "0.5 g/m^2/s")]
Diffusivity = Annotated[float, Quantity("dispersion coefficient", "m^2/s", "2 cm^2/s")]
VolumeRate = Annotated[float, Quantity("volume flow", "m^3/s", "5 mL/s")]
Density = Annotated[float, Quantity("density", "kg/m^3", "1.54 g/cm^3")]
Viscosity = Annotated[float, Quantity("viscosity", "Pa s", "50 mPa s")]
SurfaceTension = Annotated[float, Quantity("surface tension", "N/m", "72 mN/m")]
SurfaceEnergy = Annotated[float, Quantity("surface energy", "J/m^2", "50 mJ/m^2")]
EnergyDensity = Annotated[float, Quantity("energy density", "J/m^3", "100 kJ/m^3")]
Pressure = Annotated[float, Quantity("pressure or modulus", "Pa", "20 MPa")]
Force = Annotated[float, Quantity("force", "N", "5 uN")]
Stiffness = Annotated[float, Quantity("stiffness", "N/m", "5 kN/m")]
Energy = Annotated[float, Quantity("energy", "J", "1 mJ")]
Temperature = Annotated[float, Quantity("temperature", "K", "25 degC")]
Number = Annotated[float, Quantity("number", "1", "0.5")]
Fraction = Annotated[float, Quantity("fraction between 0 and 1", "1", "5 %"), Field(ge=0, le=1)]


def _triple(quantity: Quantity) -> WithJsonSchema:
    item = quantity.__get_pydantic_json_schema__(core_schema.float_schema(), None)
    return WithJsonSchema({"type": "array", "items": item, "minItems": 3, "maxItems": 3})


Position = Annotated[tuple[Length, Length, Length], _triple(Quantity("length", "m", "12 mm"))]
Velocity = Annotated[tuple[Speed, Speed, Speed], _triple(Quantity("speed", "m/s", "1.2 m/s"))]
Spin = Annotated[
    tuple[AngularSpeed, AngularSpeed, AngularSpeed], _triple(Quantity("angular speed", "rad/s", "300 rpm"))
]
AccelerationVector = Annotated[
    tuple[Acceleration, Acceleration, Acceleration], _triple(Quantity("acceleration", "m/s^2", "9.81 m/s^2"))
]


def require_direction(vector: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the vector unchanged; raise a PydanticCustomError if it is the zero vector."""
    if not any(vector):
        raise invalid("the zero vector has no direction", expected="a vector such as [0, 0, 1]")
    return vector


Direction = Annotated[
    tuple[Number, Number, Number], AfterValidator(require_direction), _triple(Quantity("number", "1", "0.5"))
]

__all__ = [
    "Acceleration",
    "AccelerationVector",
    "Angle",
    "AngularSpeed",
    "Area",
    "Density",
    "Diffusivity",
    "Direction",
    "Energy",
    "EnergyDensity",
    "Force",
    "Fraction",
    "Length",
    "Mass",
    "MassRate",
    "NotNegative",
    "Number",
    "Position",
    "Positive",
    "Pressure",
    "Quantity",
    "Rate",
    "Speed",
    "Spin",
    "Stiffness",
    "SurfaceEnergy",
    "SurfaceTension",
    "Temperature",
    "Time",
    "Velocity",
    "Viscosity",
    "Volume",
    "VolumeRate",
]
