"""Units of case files: text with a unit to an SI number.

The units met every day are converted here, exactly (rational factors, one rounding at the end); any other unit is left
to pint, whose import costs half a second.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from compute.case_model import closest


class Unit(NamedTuple):
    """A unit as factor * pi**pi_power * kg^a m^b s^c K^d; `dimension` holds the four exponents."""

    factor: Fraction
    dimension: tuple[int, int, int, int]
    pi_power: int = 0

    def times(self, other: Unit, power: int) -> Unit:
        """Return self * other**power."""
        dimension = tuple(a + power * b for a, b in zip(self.dimension, other.dimension))
        pi_power = self.pi_power + power * other.pi_power
        return Unit(self.factor * other.factor**power, dimension, pi_power)  # type: ignore[arg-type]


class UnknownUnit(ValueError):
    """The text names no unit; `nearest` is the unit that resembles it."""

    def __init__(self, name: str, nearest: str | None) -> None:
        self.name, self.nearest = name, nearest
        super().__init__(f"unknown unit {name!r}")


class NotAQuantity(ValueError):
    """The text is not a number followed by a unit."""


NUMBER = Unit(Fraction(1), (0, 0, 0, 0))
ZERO_CELSIUS = Fraction("273.15")
NAMED_UNITS = {
    "kg": Unit(Fraction(1), (1, 0, 0, 0)),
    "t": Unit(Fraction(1000), (1, 0, 0, 0)),
    "m": Unit(Fraction(1), (0, 1, 0, 0)),
    "s": Unit(Fraction(1), (0, 0, 1, 0)),
    "min": Unit(Fraction(60), (0, 0, 1, 0)),
    "h": Unit(Fraction(3600), (0, 0, 1, 0)),
    "d": Unit(Fraction(86400), (0, 0, 1, 0)),
    "K": Unit(Fraction(1), (0, 0, 0, 1)),
    "L": Unit(Fraction(1, 1000), (0, 3, 0, 0)),
    "l": Unit(Fraction(1, 1000), (0, 3, 0, 0)),
    "Hz": Unit(Fraction(1), (0, 0, -1, 0)),
    "N": Unit(Fraction(1), (1, 1, -2, 0)),
    "Pa": Unit(Fraction(1), (1, -1, -2, 0)),
    "bar": Unit(Fraction(100000), (1, -1, -2, 0)),
    "J": Unit(Fraction(1), (1, 2, -2, 0)),
    "W": Unit(Fraction(1), (1, 2, -3, 0)),
    "P": Unit(Fraction(1, 10), (1, -1, -1, 0)),
    "g": Unit(Fraction(1, 1000), (1, 0, 0, 0)),
    "rad": NUMBER,
    "deg": Unit(Fraction(1, 180), (0, 0, 0, 0), 1),
    "degree": Unit(Fraction(1, 180), (0, 0, 0, 0), 1),
    "rev": Unit(Fraction(2), (0, 0, 0, 0), 1),
    "turn": Unit(Fraction(2), (0, 0, 0, 0), 1),
    "rpm": Unit(Fraction(1, 30), (0, 0, -1, 0), 1),
    "%": Unit(Fraction(1, 100), (0, 0, 0, 0)),
    "percent": Unit(Fraction(1, 100), (0, 0, 0, 0)),
    "ppm": Unit(Fraction(1, 1000000), (0, 0, 0, 0)),
    "um": Unit(Fraction(1, 1000000), (0, 1, 0, 0)),
    "µm": Unit(Fraction(1, 1000000), (0, 1, 0, 0)),
    "μm": Unit(Fraction(1, 1000000), (0, 1, 0, 0)),
    "micron": Unit(Fraction(1, 1000000), (0, 1, 0, 0)),
}
PREFIXES = {"n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "c": -2, "k": 3, "M": 6, "G": 9}
PREFIXED = ("m", "s", "g", "L", "l", "N", "Pa", "J", "W", "P", "Hz", "bar")

_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")
_COMMA = re.compile(r"\s*([-+]?\d*),(\d+)((?:[eE][-+]?\d+)?(?:\s*[^\d\s,.].*?)?)\s*")
_TOKEN = re.compile(r"\s*([*/]?)\s*([^\s*/^\d-][^\s*/^\d-]*|1(?=\s*/))\s*(?:(?:\^|\*\*)?\s*([-+]?\d+))?")


@cache
def known_units() -> dict[str, Unit]:
    """Return every unit converted without pint, by name."""
    units = dict(NAMED_UNITS)
    for prefix, power in PREFIXES.items():
        for name in PREFIXED:
            base = NAMED_UNITS[name]
            units.setdefault(prefix + name, base._replace(factor=base.factor * Fraction(10) ** power))
    return units


def parse_unit(text: str) -> Unit:
    """Return the unit written as a product of named units, such as `kg/m^3`.

    Raises:
        UnknownUnit: a name in it is not a usual unit.
        NotAQuantity: the text is not a product of units.
    """
    unit, position = NUMBER, 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise NotAQuantity(f"cannot read the unit {text!r}")
        operator, name, power = token.groups()
        if name != "1" and name not in known_units():
            raise UnknownUnit(name, closest(name, known_units()))
        factor = NUMBER if name == "1" else known_units()[name]
        unit = unit.times(factor, (-1 if operator == "/" else 1) * int(power or 1))
        position = token.end()
    return unit


def split_quantity(text: str) -> tuple[str, str]:
    """Return number and unit of a text such as `250 um`.

    Raises:
        NotAQuantity: the text does not begin with a number.
    """
    found = _QUANTITY.fullmatch(text)
    comma = _COMMA.fullmatch(text)
    if comma is not None:
        whole, part, rest = comma.groups()
        thousands = f", or for thousands '{whole}{part}{rest}'" if len(part) == 3 else ""
        raise NotAQuantity(f"the decimal sign is a point, not a comma: write '{whole}.{part}{rest}'{thousands}")
    if found is None:
        raise NotAQuantity("not a number with a unit")
    return found[1], found[2]


def to_si(number: str, unit: str) -> tuple[float, tuple[int, ...]]:
    """Return value and dimension (exponents of kg, m, s, K) of `number unit` in SI.

    Raises:
        UnknownUnit: neither the usual units nor pint know the unit.
    """
    if unit in ("degC", "°C"):
        return float(Fraction(number) + ZERO_CELSIUS), (0, 0, 0, 1)
    try:
        parsed = parse_unit(unit)
    except (UnknownUnit, NotAQuantity) as failure:
        return _to_si_by_pint(number, unit, failure)
    return float(Fraction(number) * parsed.factor) * math.pi**parsed.pi_power, parsed.dimension


@cache
def _registry():  # type: ignore[no-untyped-def]
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


def _to_si_by_pint(number: str, unit: str, failure: ValueError) -> tuple[float, tuple[int, ...]]:
    try:
        quantity = _registry().Quantity(float(number), unit).to_base_units()
        dimension = quantity.dimensionality
    except Exception as error:
        nearest = getattr(failure, "nearest", None)
        raise UnknownUnit(getattr(failure, "name", unit), nearest) from error
    names = ("[mass]", "[length]", "[time]", "[temperature]")
    if set(dimension) - set(names):
        raise UnknownUnit(unit, None)
    return float(quantity.magnitude), tuple(int(dimension.get(name, 0)) for name in names)
