"""Quantities of case files: every usual unit against pint, and what is refused."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Annotated, Any

import pint
import pytest
from pydantic import TypeAdapter, ValidationError

from compute import quantities
from compute.quantities import Positive
from compute.units import known_units, to_si

OWN_NAMES = {"rev": "turn", "%": "percent", "d": "day", "t": "tonne"}


@pytest.fixture(scope="module")
def registry() -> Any:
    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@pytest.mark.parametrize("name", sorted(known_units()))
def test_usual_units_agree_with_pint(name: str, registry: Any) -> None:
    """Two converters of one unit can differ only by the rounding of floats, hence 1e-14."""
    value, _ = to_si("1", name)
    base = name.removesuffix("P") + "poise" if name.endswith("P") else OWN_NAMES.get(name, name)
    assert value == pytest.approx(registry.Quantity(1.0, base).to_base_units().magnitude, rel=1e-14)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("Length", "250 um", 250e-6),
        ("Length", "0.5mm", 0.5e-3),
        ("AngularSpeed", "300 rpm", 10 * math.pi),
        ("AngularSpeed", "2 rev/s", 4 * math.pi),
        ("Temperature", "25 degC", 298.15),
        ("Fraction", "5 %", 0.05),
        ("Fraction", "0.25", 0.25),
        ("Density", "1.5 g/cm^3", 1500.0),
        ("MassRate", "0.3 kg/h", 0.3 / 3600),
        ("Viscosity", "50 mPa s", 0.05),
        ("SurfaceTension", "72 mN/m", 0.072),
        ("Speed", "36 km/h", 10.0),
        ("Rate", "3 1/min", 0.05),
        ("Length", "1 inch", 0.0254),
        ("Length", 3, 3.0),
        ("Angle", 1.5, 1.5),
    ],
)
def test_units_become_si(kind: str, text: str | float, value: float) -> None:
    """SI values by definition of the units; one rounding of a float, hence 1e-15 (pint's own path: a few)."""
    assert TypeAdapter(getattr(quantities, kind)).validate_python(text) == pytest.approx(value, rel=4e-15)


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("Length", "3 kg", "'kg' does not measure length"),
        ("Length", "250", "a unit is missing"),
        ("Length", "2 umm", "unknown unit 'umm'"),
        ("Length", "thick", "not a number with a unit"),
        ("Length", True, "not a quantity"),
        ("Length", [1], "not a quantity"),
        ("Length", float("nan"), "finite"),
        ("Angle", 90, "more than a full turn in rad"),
        ("AngularSpeed", "5 Hz", "rpm, rev/s or rad/s"),
        ("AngularSpeed", "3 kHz", "rpm, rev/s or rad/s"),
        ("AngularSpeed", "200 1/min", "rpm, rev/s or rad/s"),
        ("AngularSpeed", "200 min^-1", "rpm, rev/s or rad/s"),
        ("Length", "2,5 mm", "decimal sign is a point, not a comma: write '2.5 mm'"),
        ("Number", "-0,5e-3", "write '-0.5e-3' "),
        ("Mass", "1,500 g", "write '1.500 g', or for thousands '1500 g'"),
        ("Length", "2.5,3 mm", "unknown unit"),
        ("Fraction", "3 wt%", "unknown unit"),
        ("Fraction", "120 %", "less than or equal to 1"),
    ],
)
def test_what_is_no_such_quantity_is_refused(kind: str, value: Any, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TypeAdapter(getattr(quantities, kind)).validate_python(value)


def test_bounds_apply_to_the_si_value() -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        TypeAdapter(Annotated[quantities.Length, Positive]).validate_python("-3 mm")


def test_schema_says_number_or_text() -> None:
    schema = TypeAdapter(quantities.Length).json_schema()
    assert schema["anyOf"] == [{"type": "number"}, {"type": "string"}]


def test_usual_units_do_without_pint() -> None:
    """Importing pint costs half a second and brings numpy and scipy, which the light commands must not load."""
    code = "import sys; from compute.units import to_si; to_si('1', 'kg/m^3'); print('pint' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
