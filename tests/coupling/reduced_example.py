"""A reduced model put together by hand: twelve classes, a plausible law, two error members."""

from __future__ import annotations

import dataclasses
from math import exp, log, pi

import numpy as np

from coupling.reduced.description import Description, ErrorTerms, Rule
from coupling.reduced.law import with_coefficients
from pbm.grid import diameter_grid
from pbm.law import KernelLaw
from pbm.model import Parameters
from tests.coupling.synthetic import TRUTH

POROSITY, DROP, PRIMARY = 0.5, 150e-6, 78e-6
SOLID, LIQUID = 1540.0, 1000.0


def make_description(classes: int = 12, rule: Rule | None = None, **changes: object) -> Description:
    """A description whose batch of 0.3 kg doubles its d50 within a minute at 30 rad/s and 1 g/s of spray."""
    grid = diameter_grid(12e-6, 3e-3, classes, POROSITY)
    sizes = grid.diameters(POROSITY)
    feed = np.exp(-0.5 * (np.log(sizes / 80e-6) / 0.5) ** 2)
    drop = pi / 6.0 * DROP**3
    best = with_coefficients(_parameters(drop), TRUTH.coefficients() + _slower())
    moved = [np.zeros(15), np.zeros(15)]
    moved[0][0], moved[1][4] = 0.1, 0.1
    members = [with_coefficients(best, TRUTH.coefficients() + _slower() + move) for move in moved]
    description = Description(
        name="example granulator",
        edges=grid.edges,
        pivots=grid.pivots,
        laws=(best, *members),
        nucleus_solids=best.nucleus_solids,
        smallest_breakable=(1.0 - POROSITY) * pi / 6.0 * (2.0 * PRIMARY) ** 3,
        law=make_law(),
        spray_limit=1.5e-3,
        speed_start=30.0,
        spray_start=0.0,
        charge=0.3,
        feed_fractions=feed / feed.sum(),
        feed_moisture=0.02,
        rule=rule or Rule(),
        errors=ErrorTerms((0.03, 0.02, 0.04), (0.05, 0.04, 0.06), 0.002, 0.01),
        record={"frozen_kernel_measured": True},
    )
    return dataclasses.replace(description, **changes)


def _slower() -> np.ndarray:
    """A calmer law than that of the synthetic windows: fewer encounters, weaker blades."""
    change = np.zeros(15)
    change[0], change[9] = log(0.08), log(0.02)
    return change


def make_law() -> KernelLaw:
    values = TRUTH.coefficients() + _slower()
    return KernelLaw(
        encounters=tuple(values[:4]),
        pair_speed=tuple(values[4:8]),
        pair_speed_shape=exp(values[8]),
        blade_hits=tuple(values[9:13]),
        blade_share_scale=exp(values[13]),
        blade_share_shape=exp(values[14]),
        reference_speed=TRUTH.reference_speed,
        tip_radius=TRUTH.tip_radius,
        size_ratio_low=0.1,
        size_ratio_high=3.0,
        d50_feed=TRUTH.feed_diameter,
        d50_grown=TRUTH.grown_diameter,
        speed_low=20.0,
        speed_high=45.0,
    )


def _parameters(drop: float) -> Parameters:
    zero = dict.fromkeys(Parameters._fields, 0.0)
    return Parameters(
        **zero
        | {
            "solid_density": SOLID,
            "liquid_density": LIQUID,
            "addition_density": LIQUID,
            "feed_porosity": POROSITY,
            "film_thickness": 20e-6,
            "asperity_height": 5e-6,
            "viscous_factor": (1.0 + 1.0 / 0.4) * 1.5 * pi * 0.05,
            "efficiency": 1.0,
            "reference_speed": TRUTH.reference_speed,
            "log_ratio_low": log(0.1),
            "log_ratio_high": log(3.0),
            "tip_radius": TRUTH.tip_radius,
            "strength_factor": 2.0 * 0.2 * (9.0 / 8.0) * (9.0 / 16.0) * 0.05 / PRIMARY,
            "log_feed_size": log(TRUTH.feed_diameter),
            "log_growth_span": log(TRUTH.grown_diameter / TRUTH.feed_diameter),
            "drop_volume": drop,
            "nucleus_solids": drop * (1.0 - POROSITY) / (POROSITY * 0.75),
            "absorption_time": 0.5,
            "evaporation_speed": 5e-6,
            "consolidation_rate": 0.01,
            "minimum_pore_ratio": 0.25,
        }
    )


def recorded_input(seconds: int = 40) -> list[tuple[float, float, float]]:
    """Rows (duration [s], impeller speed [rad/s], spray [kg/s]) with steps in both, and uneven durations."""
    rows = []
    for second in range(seconds):
        speed = 30.0 if second < 12 else 44.0 if second < 24 else 22.0
        spray = 0.0 if second < 3 else 1.2e-3 if second < 25 else 0.0
        rows.append((1.0 if second % 7 else 2.5, speed, spray))
    return rows
