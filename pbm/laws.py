"""Laws by name with their coefficients, as a user of the library states them.

kernel("shear", shear_rate=20.0)          # SI numbers
breakage_rate("soos", shear_rate="20 1/s", strength="0.05 m/s^2")   # or text with units
fragments("symmetric", number=3)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from math import isfinite, log, nan, pi
from typing import Any

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from compute.units import NotAQuantity, UnknownUnit, parse_unit, split_quantity, to_si
from pbm.aggregation import KERNELS
from pbm.daughters import DAUGHTERS
from pbm.daughters.table import daughter_table
from pbm.grid import Floats, Grid
from pbm.model import Conditions, Granule, Parent
from pbm.selection import SELECTIONS

_NO_CONDITIONS = Conditions(*(0.0,) * len(Conditions._fields))


@dataclass(frozen=True)
class Material:
    """What granules of a given solid volume are like: density of the solids [kg/m3], porosity, liquid over dry solids.

    Liquid is by mass, and inside the pores. CaseError for values no granule has.
    """

    solid_density: float = 1540.0
    porosity: float = 0.0
    moisture: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no granule has."""
        if not (self.solid_density > 0.0 and 0.0 <= self.porosity < 1.0 and self.moisture >= 0.0):
            value = (self.solid_density, self.porosity, self.moisture)
            raise CaseError("no such granule", key="material", value=value, expected="> 0, 0 <= porosity < 1, >= 0")


@dataclass(frozen=True)
class Kernel:
    """A rate constant of aggregation by name, with its coefficients (a tuple of the law's module)."""

    name: str
    coefficients: Any

    def rates(self, grid: Grid, material: Material) -> Floats:
        """b_ij [m3/s], shape (classes, classes), symmetric."""
        rates = self.between(grid.pivots, material)
        _check_rates(rates, grid.pivots, f"kernel {self.name}", self.coefficients)
        if not rates.any():
            warnings.warn(f"kernel {self.name} is nil for every pair of this grid and material", stacklevel=3)
        return rates

    def check(self, grid: Grid, material: Material) -> None:
        """Raise CaseError where the law is no rate for granules of this grid."""
        _check_rates(self.between(grid.pivots, material), grid.pivots, f"kernel {self.name}", self.coefficients)

    def between(self, volumes: Floats, material: Material) -> Floats:
        """b_ij [m3/s] of granules of any solid volumes [m3], shape (volumes, volumes)."""
        law = import_module(KERNELS[self.name]).rate_constant
        granules = [_granule(float(solid), material) for solid in volumes]
        rates = np.zeros((len(granules), len(granules)))
        for i, first in enumerate(granules):
            for j in range(i + 1):
                rates[i, j] = rates[j, i] = _value(law, first, granules[j], _NO_CONDITIONS, self.coefficients)
        return rates

    def by_solids(self, solids: Floats, material: Material) -> Floats:
        """b_ij [m3/s] of granules of several solids by their volume in all [m3], (cells, cells); nil for none at all.

        Raises CaseError where the law is no rate for them.
        """
        sizes, place = np.unique(solids, return_inverse=True)
        filled = sizes > 0.0
        rates = np.zeros((sizes.size, sizes.size))
        rates[np.ix_(filled, filled)] = found = self.between(sizes[filled], material)
        _check_rates(found, sizes[filled], f"kernel {self.name}", self.coefficients)
        return rates[np.ix_(place, place)]


@dataclass(frozen=True)
class BreakageRate:
    """A breakage rate by name, with its coefficients."""

    name: str
    coefficients: Any

    def rates(self, grid: Grid, material: Material) -> Floats:
        """S_k [1/s], shape (classes,)."""
        return self.checked(grid.pivots, material)

    def checked(self, volumes: Floats, material: Material) -> Floats:
        """The same for granules of any solid volumes [m3], (volumes,); CaseError where the law is no rate for one."""
        rates = self.at(volumes, material)
        _check_rates(rates, volumes, f"breakage rate {self.name}", self.coefficients)
        return rates

    def at(self, volumes: Floats, material: Material) -> Floats:
        """S [1/s] of granules of any solid volumes [m3], shape (volumes,)."""
        law = import_module(SELECTIONS[self.name]).rate
        parents = [_parent(float(solid), material) for solid in volumes]
        return np.array([_value(law, one, _NO_CONDITIONS, self.coefficients) for one in parents])


@dataclass(frozen=True)
class Fragments:
    """Daughters by name, with their coefficients."""

    name: str
    coefficients: Any

    def table(self, grid: Grid) -> Floats:
        """Daughters of one breakage of class k at pivot j, shape (classes, classes)."""
        return daughter_table(grid, self.name, self.coefficients)

    def shares(self, low: Floats, high: Floats, parent: float) -> tuple[Floats, Floats]:
        """Number of daughters between two shares of their parent's volume [m3], and the share they hold together."""
        numbers, volumes = import_module(DAUGHTERS[self.name]).shares(low, high, parent, self.coefficients)
        return np.array(numbers), np.array(volumes)

    @property
    def least_number(self) -> float:
        """Fragments for which a parent needs room, two or more."""
        number = float(import_module(DAUGHTERS[self.name]).daughters(self.coefficients))
        return max(number, 2.0) if isfinite(number) else 2.0

    def moment(self, order: float) -> float:
        """Sum over the daughters of their share of the parent's volume to a power; CaseError where it is not closed."""
        law = import_module(DAUGHTERS[self.name])
        if not hasattr(law, "moment"):
            raise CaseError("these daughters have no closed moments", key="fragments", value=self.name)
        return float(law.moment(order, self.coefficients))


def kernel(name: str, **values: float | str) -> Kernel:
    """A rate constant of aggregation; CaseError for an unknown name, coefficient or unit, and for values below nil."""
    return Kernel(name, _coefficients(KERNELS, "kernel", name, values))


def breakage_rate(name: str, **values: float | str) -> BreakageRate:
    """A breakage rate; CaseError as `kernel`."""
    return BreakageRate(name, _coefficients(SELECTIONS, "breakage_rate", name, values))


def fragments(name: str, **values: float | str) -> Fragments:
    """Daughters of a breakage; CaseError as `kernel`."""
    return Fragments(name, _coefficients(DAUGHTERS, "fragments", name, values))


def _coefficients(table: dict[str, str], kind: str, name: str, values: dict[str, float | str]) -> Any:
    if name not in table:
        known = ", ".join(table)
        raise CaseError("no such law", key=kind, value=name, expected=f"one of: {known}", nearest=closest(name, table))
    module = import_module(table[name])
    fields, defaults = module.Coefficients._fields, module.Coefficients._field_defaults
    for key in values:
        if key not in fields:
            expected = "one of: " + ", ".join(fields) if fields else "no coefficients"
            raise CaseError("no such coefficient", key=f"{kind} {name}: {key}", expected=expected)
    for key in fields:
        if key not in values and key not in defaults:
            raise CaseError("a coefficient is missing", key=f"{kind} {name}: {key}", expected=module.UNITS[key])
    checked = {key: _number(value, module.UNITS[key], f"{kind} {name}: {key}") for key, value in values.items()}
    for key, domain in getattr(module, "DOMAIN", {}).items():
        if key in checked and not _lies_in(checked[key], domain):
            raise CaseError("outside the law's domain", key=f"{kind} {name}: {key}", value=values[key], expected=domain)
    return module.Coefficients(**checked)


def _lies_in(number: float, domain: str) -> bool:
    """Whether a number lies in a domain written as "> 0", ">= 2" or "0 to 1"."""
    if domain.startswith(">="):
        return number >= float(domain[2:])
    if domain.startswith(">"):
        return number > float(domain[1:])
    low, high = domain.split(" to ")
    return float(low) <= number <= float(high)


def _number(value: float | str, unit: str, key: str) -> float:
    number = _from_text(value, unit, key) if isinstance(value, str) else float(value)
    if not isfinite(number) or (unit != "1" and number < 0.0):
        raise CaseError("out of range", key=key, value=value, expected=f"a finite number >= 0, in {unit}")
    return number


def _from_text(text: str, unit: str, key: str) -> float:
    expected = f"a number, or text with a unit that measures {unit}"
    try:
        number, given = split_quantity(text)
        result, dimension = to_si(number, given) if given else (float(number), (0, 0, 0, 0))
    except (NotAQuantity, UnknownUnit) as error:
        raise CaseError(str(error), key=key, value=text, expected=expected) from None
    wanted = (0, 0, 0, 0) if unit == "1" else parse_unit(unit).dimension
    if tuple(dimension) != tuple(wanted):
        raise CaseError("the unit does not fit", key=key, value=text, expected=expected)
    return result


def _granule(solid: float, material: Material) -> Granule:
    diameter = (6.0 * solid / (pi * (1.0 - material.porosity))) ** (1.0 / 3.0)
    mass = material.solid_density * solid * (1.0 + material.moisture)
    return Granule(solid, diameter, mass, log(diameter * diameter / mass), 0.0, 0.0, 1.0)


def _parent(solid: float, material: Material) -> Parent:
    one = _granule(solid, material)
    return Parent(solid, pi / 6.0 * one.diameter**3, log(one.diameter), one.mass)


def _value(law: Callable[..., float], *arguments: Any) -> float:
    """A law's value; not a number where its arithmetic fails, as it gives in compiled code."""
    try:
        return law(*arguments)
    except (ValueError, ZeroDivisionError, OverflowError):
        return nan


def _check_rates(rates: Floats, volumes: Floats, key: str, coefficients: Any) -> None:
    wrong = np.argwhere(~(np.isfinite(rates) & (rates >= 0.0)))
    if wrong.size:
        sizes = " and ".join(f"{volumes[place]:.3g} m3" for place in wrong[0])
        stated = ", ".join(f"{name}={value:g}" for name, value in coefficients._asdict().items())
        raise CaseError(
            f"outside its domain for granules of {sizes}", key=key, value=float(rates[tuple(wrong[0])]),
            expected=f"a finite rate >= 0; change {stated}, or the range of the grid",
        )  # fmt: skip
