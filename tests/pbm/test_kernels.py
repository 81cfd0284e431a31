"""Every rate of aggregation and breakage, from the tables: dimension, symmetry, sign; then numbers known by hand."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from math import exp, log, pi, sqrt
from typing import Any

import pytest

from compute.units import parse_unit
from pbm.aggregation import KERNELS, STICKING_LAWS
from pbm.assemble import bare_parameters
from pbm.model import FITTED, Conditions, Granule, Parent
from pbm.program import rate_law, sticking_law
from pbm.selection import SELECTIONS

NOTHING = Conditions(*(0.0,) * len(Conditions._fields))
SCALES = (3.7, 0.21, 1.9, 5.3)
"""New units of kg, m, s and K in old ones."""
SAMPLES: dict[str, dict[str, float]] = {
    "brownian": {"thermal_energy": 4.05e-21, "viscosity": 1e-3},
    "shear": {"shear_rate": 20.0},
    "gravitational": {"viscosity": 1e-3, "fluid_density": 998.0},
    "equipartition": {"agitation_energy": 1e-9},
    "kapur": {"rate": 1e-12, "sum_exponent": 1.3, "product_exponent": 0.4, "reference_volume": 1e-12},
    "adetayo-ennis": {"rate": 1e-12, "critical_volume": 1e-10},
    "thompson": {"rate": 0.1},
    "peglow": {"rate": 1e-12, "reference_volume": 1e-12},
    "madec": {
        "rate": 1e-5,
        "content_exponent": 1.0,
        "dryness_exponent": 1.0,
        "solid_density": 1540.0,
        "liquid_density": 1000.0,
    },
    "power": {"rate": 0.3, "reference_volume": 1e-12, "exponent": 1.5},
    "pandya-spielman": {"shear_rate": 20.0, "reference_diameter": 1e-3, "exponent": 1.3},
    "soos": {"shear_rate": 20.0, "strength": 0.05},
    "impact-speed": {"impact_rate": 2.0, "impact_speed": 3.0, "speed_shape": 2.0, "strength": 300.0},
    "vogel": {"impact_rate": 2.0, "impact_speed": 5.0, "fracture_coefficient": 300.0, "threshold": 1e-4},
}


def wet_granule(diameter: float) -> Granule:
    """Solids 1540 kg/m3 in 60 % of the volume, water in half of the rest."""
    volume = pi / 6.0 * diameter**3
    mass = 1540.0 * 0.6 * volume + 1000.0 * 0.2 * volume
    return Granule(0.6 * volume, diameter, mass, log(diameter**2 / mass), 0.3, 0.1, 1.0)


def coefficients_of(module: Any, name: str) -> Any:
    names = module.Coefficients._fields
    return module.Coefficients(**SAMPLES.get(name, {each: 0.3 for each in names}))


def factor(unit: str) -> float:
    """What a number in this unit is multiplied by when the units change by SCALES."""
    result = 1.0
    if unit == "1":
        return result
    for scale, power in zip(SCALES, parse_unit(unit).dimension):
        result /= scale**power
    return result


def in_other_units(module: Any, coefficients: Any) -> Any:
    assert set(module.UNITS) == set(coefficients._fields)
    return type(coefficients)(*(value * factor(module.UNITS[name]) for name, value in coefficients._asdict().items()))


def granule_in_other_units(one: Granule) -> Granule:
    diameter, mass = one.diameter * factor("m"), one.mass * factor("kg")
    volume = one.solid_volume * factor("m^3")
    return one._replace(solid_volume=volume, diameter=diameter, mass=mass, log_inertia=log(diameter**2 / mass))


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_has_the_dimension_of_a_rate_constant(name: str) -> None:
    """In other units of mass, length, time and temperature the same pair has the same b in m3/s, to round-off."""
    module = import_module(KERNELS[name])
    coefficients, pair = coefficients_of(module, name), (wet_granule(4e-4), wet_granule(9e-4))
    rate = module.rate_constant(*pair, NOTHING, coefficients)
    changed = (granule_in_other_units(one) for one in pair)
    other = module.rate_constant(*changed, NOTHING, in_other_units(module, coefficients))
    assert rate > 0.0
    assert other == pytest.approx(rate * factor("m^3/s"), rel=1e-10)


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_is_symmetric_and_not_negative(name: str) -> None:
    """b_ij = b_ji to the last digit but one, and b >= 0, over four decades of size."""
    module = import_module(KERNELS[name])
    coefficients = coefficients_of(module, name)
    granules = [wet_granule(1e-6 * 10.0 ** (0.5 * k)) for k in range(9)]
    for one in granules:
        for other in granules:
            rate = module.rate_constant(one, other, NOTHING, coefficients)
            assert rate >= 0.0
            assert rate == pytest.approx(module.rate_constant(other, one, NOTHING, coefficients), rel=1e-15)


PARAMETERS = bare_parameters()._replace(
    efficiency=0.7, film_thickness=20e-6, asperity_height=5e-6, viscous_factor=0.8, lubrication=0.06,
    yield_strength=5e6, softness=1e-3, pair_speed_shape=1.7, log_ratio_low=-1.5, log_ratio_high=1.5,
    pair_size_exponent=0.4,
)  # fmt: skip
LENGTHS = {"film_thickness": "m", "asperity_height": "m", "viscous_factor": "Pa*s", "lubrication": "Pa*s",
           "yield_strength": "Pa"}  # fmt: skip
CONDITIONS = Conditions(40.0, log(0.8), log(1.0), log(1e-3), log(5e-4), 1.0, 5.0)
LOGARITHMS = {"log_critical": "Pa*s", "log_pair_speed": "m/s", "log_two_mean": "m", "log_mean": "m"}
PAIR_LAWS = {name: sticking_law(name) for name in STICKING_LAWS} | {"dem": partial(rate_law("dem"), stated=FITTED)}


@pytest.mark.parametrize("name", PAIR_LAWS)
def test_fitted_rates_and_sticking_have_dimension_symmetry_and_sign(name: str) -> None:
    """In other units the same pair sticks with the same chance, and meets at the same b in m3/s, to round-off of the
    logarithms; both granules change places; chances lie between nil and the efficiency, or one for `always`.
    """
    law, unit = PAIR_LAWS[name], factor("m^3/s") if name == "dem" else 1.0
    changes = {key: getattr(PARAMETERS, key) * factor(each) for key, each in LENGTHS.items()}
    logs = {key: getattr(CONDITIONS, key) + log(factor(each)) for key, each in LOGARITHMS.items()}
    prefactor = CONDITIONS.encounter_prefactor * factor("1/s")
    conditions = CONDITIONS._replace(encounter_prefactor=prefactor, **logs)
    sizes, found = [1e-5 * 10.0 ** (0.5 * k) for k in range(6)], set()
    for one in map(wet_granule, sizes):
        for other in map(wet_granule, sizes):
            chance = law(one, other, conditions=CONDITIONS, parameters=PARAMETERS)
            changed = (granule_in_other_units(each) for each in (one, other))
            again = law(*changed, conditions=conditions, parameters=PARAMETERS._replace(**changes))
            assert again == pytest.approx(chance * unit, rel=1e-9, abs=1e-12 * unit)
            assert chance == pytest.approx(law(other, one, conditions=CONDITIONS, parameters=PARAMETERS), rel=1e-13)
            assert 0.0 <= chance <= (1.0 if name in ("always", "dem") else PARAMETERS.efficiency)
            found.add(chance)
    assert max(found) > 0.0 and (name in ("always", "both-wet")) == (len(found) == 1)


def rate_of_breakage(name: str, one: Granule, module: Any, coefficients: Any) -> float:
    parent = Parent(one.solid_volume, pi / 6.0 * one.diameter**3, log(one.diameter), one.mass)
    return float(module.rate(parent, NOTHING, coefficients))


@pytest.mark.parametrize("name", SELECTIONS)
def test_breakage_rate_has_its_dimension_and_sign(name: str) -> None:
    """S in 1/s in any units, S >= 0, and larger granules break no less often."""
    module = import_module(SELECTIONS[name])
    coefficients = coefficients_of(module, name)
    rate = rate_of_breakage(name, wet_granule(5e-4), module, coefficients)
    changed = granule_in_other_units(wet_granule(5e-4))
    other = rate_of_breakage(name, changed, module, in_other_units(module, coefficients))
    assert rate > 0.0
    assert other == pytest.approx(rate * factor("1/s"), rel=1e-10)
    sizes = (1e-6, 1e-5, 1e-4, 1e-3)
    rates = [rate_of_breakage(name, wet_granule(size), module, coefficients) for size in sizes]
    assert rates == sorted(rates) and rates[0] >= 0.0


def kernel(name: str, first: float, second: float) -> float:
    module = import_module(KERNELS[name])
    pair = (wet_granule(first), wet_granule(second))
    return float(module.rate_constant(*pair, NOTHING, coefficients_of(module, name)))


def test_equal_spheres_in_brownian_motion() -> None:
    """8 kT/(3 mu) at any size: Smoluchowski (1917)."""
    assert kernel("brownian", 1e-6, 1e-6) == pytest.approx(8.0 * 4.05e-21 / 3e-3, rel=1e-12)
    assert kernel("brownian", 1e-6, 4e-6) / kernel("brownian", 1e-6, 1e-6) == pytest.approx(25.0 / 16.0, rel=1e-12)


def test_sheared_spheres_meet_by_radii() -> None:
    """4/3 gamma (r_i + r_j)^3, an eighth of the form printed with diameters."""
    assert kernel("shear", 2e-4, 4e-4) == pytest.approx(4.0 / 3.0 * 20.0 * 3e-4**3, rel=1e-12)


def test_equal_energies_are_a_gas() -> None:
    """At equal masses 4 sqrt(pi) sigma d^2 of the gas of one velocity variance, theta = m sigma^2."""
    one = wet_granule(5e-4)
    sigma = sqrt(1e-9 / one.mass)
    assert kernel("equipartition", 5e-4, 5e-4) == pytest.approx(4.0 * sqrt(pi) * sigma * 25e-8, rel=1e-12)


def test_settling_by_stokes() -> None:
    """A granule of 1124 kg/m3 in water: u = 126 g d^2/(18 mu); equal granules never meet."""
    speeds = [126.0 * 9.80665 * size**2 / 18e-3 for size in (1e-4, 2e-4)]
    expected = 0.25 * pi * 3e-4**2 * (speeds[1] - speeds[0])
    assert kernel("gravitational", 1e-4, 2e-4) == pytest.approx(expected, rel=1e-9)
    assert kernel("gravitational", 1e-4, 1e-4) == 0.0


def test_adetayo_and_ennis_cut_off_at_the_harmonic_mean() -> None:
    """x_i x_j/(x_i + x_j) = w*: for equal granules x = 2 w*, just below binds and just above does not."""
    limit = (6.0 * 2e-10 / (pi * 0.6)) ** (1.0 / 3.0)
    assert kernel("adetayo-ennis", 0.999 * limit, 0.999 * limit) == 1e-12
    assert kernel("adetayo-ennis", 1.001 * limit, 1.001 * limit) == 0.0


def test_madec_by_hand() -> None:
    """c = 20 % each, alpha = delta = 1: b = b1 (v_i + v_j) 40 (100 - 20)."""
    volume = pi / 6.0 * (1e-4**3 + 2e-4**3)
    assert kernel("madec", 1e-4, 2e-4) == pytest.approx(1e-5 * volume * 40.0 * 80.0, rel=1e-9)


def sized(diameter: float) -> Parent:
    return Parent(1.0, 1.0, log(diameter), 1.0)


def test_breakage_rates_by_hand() -> None:
    """Power at x0; Pandya and Spielman at d0; Soos at rest; Vogel at the threshold and far above it."""
    rates = {name: import_module(SELECTIONS[name]) for name in SELECTIONS}
    power = rates["power"].rate(Parent(1e-12, 1e-12, 0.0, 1e-9), NOTHING, coefficients_of(rates["power"], "power"))
    assert power == pytest.approx(0.3, rel=1e-12)
    spielman = coefficients_of(rates["pandya-spielman"], "pandya-spielman")
    assert rates["pandya-spielman"].rate(sized(1e-3), NOTHING, spielman) == pytest.approx(10.0, rel=1e-12)
    soos = coefficients_of(rates["soos"], "soos")
    assert rates["soos"].rate(sized(1e-3), NOTHING, soos._replace(shear_rate=0.0)) == 0.0
    expected = sqrt(4.0 / (15.0 * pi)) * 20.0 * exp(-0.05 / (400.0 * 5e-4))
    assert rates["soos"].rate(sized(1e-3), NOTHING, soos) == pytest.approx(expected, rel=1e-12)
    vogel = coefficients_of(rates["vogel"], "vogel")
    assert rates["vogel"].rate(sized(0.99e-4 / 12.5), NOTHING, vogel) == 0.0
    assert rates["vogel"].rate(sized(1.0), NOTHING, vogel) == pytest.approx(2.0, rel=1e-12)
