"""Rolling and twisting: a sphere on a plane slows down as it should, stops, and stays where it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dem.contact.damping import tsuji_coefficient
from dem.contact.law import Elasticity, PairProperties
from dem.contact.moduli import effective_shear_modulus, effective_youngs_modulus
from dem.engine import Engine
from tests.dem.engines import VX, WX, X, make_engine, plane, rows, spheres

RADIUS, GRAVITY, STEP = 1e-3, 9.81, 1e-5
SOFT = Elasticity(5e6, 0.25, 2500.0)
ROUGH = PairProperties(0.3, 0.5, 0.05)
MASS = SOFT.density * 4.0 / 3.0 * math.pi * RADIUS**3
INERTIA = 0.4 * MASS * RADIUS**2
MODULUS = effective_youngs_modulus(SOFT, SOFT)
DEPTH = (0.75 * MASS * GRAVITY / (MODULUS * math.sqrt(RADIUS))) ** (2.0 / 3.0)
"""Overlap at which Hertz's force carries the sphere [m]."""
ARM = RADIUS - 0.5 * DEPTH
LIMIT = ROUGH.rolling_friction * RADIUS * MASS * GRAVITY
"""Largest rolling moment, mu_r R* F_n [N m]."""
STIFFNESS = 8.0 * effective_shear_modulus(SOFT, SOFT) * math.sqrt(RADIUS * DEPTH) * RADIUS**2
"""Rolling stiffness k_t R*^2 [N m/rad]."""


def on_a_plane(speed: float, spin: tuple[float, float, float], slope: float = 0.0, twisting: str = "none") -> Engine:
    """A sphere that rests on a plane but for its velocity along x; slope: tangent of the plane's angle."""
    share = 1.0 / math.hypot(1.0, slope)
    return make_engine(
        spheres([[0.0, 0.0, RADIUS - DEPTH]], (speed, 0.0, 0.0), RADIUS, density=SOFT.density, spin=spin),
        step=STEP, skin=1e-4, rolling="epsd2", twisting=twisting, materials=[SOFT], pairs=ROUGH,
        low=(-0.01, -0.01, -0.01), high=(0.02, 0.01, 0.01), gravity=(GRAVITY * slope * share, 0.0, -GRAVITY * share),
        walls=[plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), "m0")],
    )  # fmt: skip


def places(engine: Engine, stops: NDArray[np.int64]) -> NDArray[np.float64]:
    """Columns of the sphere at these steps."""
    found = []
    for stop in stops:
        engine.run(int(stop))
        found.append(rows(engine)[0].copy())
    return np.array(found)


def test_rolling_sphere_slows_down_and_stays() -> None:
    """v' = -mu_r R* F_n R/(I + m R^2), R at the contact; it stops after v^2/(2 v') and then stays in place.

    The spring takes an elastic angle M/k_r to load, 1e-3 of the way rolled; the time step is small against that: 1 % is
    asked of the way, 0.5 % of the deceleration halfway. At rest the undamped spring lets it swing within that angle.
    """
    speed = 0.02
    slowing = LIMIT * ARM / (INERTIA + MASS * ARM**2)
    duration, angle = speed / slowing, LIMIT / STIFFNESS
    engine = on_a_plane(speed, (0.0, speed / ARM, 0.0))
    half = round(0.5 * duration / STEP)
    middle = places(engine, np.array([half]))[0]
    assert (speed - middle[VX]) / (half * STEP) == pytest.approx(slowing, rel=5e-3)
    rest = places(engine, np.arange(round(1.2 * duration / STEP), round(2.5 * duration / STEP), 7))
    assert rest[:, X].mean() == pytest.approx(speed**2 / (2.0 * slowing), rel=1e-2)
    assert np.ptp(rest[:, X]) < 2.0 * angle * ARM
    quarter = len(rest) // 4
    drift = rest[-quarter:, X].mean() - rest[:quarter, X].mean()
    assert abs(drift) < 0.1 * angle * ARM


@pytest.mark.parametrize("share", [0.45, 0.9])
def test_sphere_stays_on_a_slope_below_the_limit(share: float) -> None:
    """It rolls where tan(slope) > mu_r. Below, the spring carries it: no drift, be it that the sudden load yields it.

    A load put on suddenly swings to twice its rest: up to 0.5 of the limit the spring stays elastic, and the way is at
    most twice the load's angle, 1 % for the turned normal force.
    """
    engine = on_a_plane(0.0, (0.0, 0.0, 0.0), share * ROUGH.rolling_friction)
    rest = places(engine, np.arange(3000, 12000, 7))[:, X]
    angle = LIMIT / STIFFNESS
    quarter = len(rest) // 4
    assert abs(rest[-quarter:].mean() - rest[:quarter].mean()) < 0.1 * angle * ARM
    if share < 0.5:
        assert 0.0 < rest.max() < 1.01 * 2.0 * share * angle * ARM


def test_sphere_rolls_down_a_steeper_slope() -> None:
    """Once the spring has yielded: g (sin(slope) - mu_r cos(slope) R/arm)/(1 + I/(m arm^2)), to 0.5 % of the pull."""
    slope = 1.5 * ROUGH.rolling_friction
    early, late = places(on_a_plane(0.0, (0.0, 0.0, 0.0), slope), np.array([1000, 4000]))
    cosine, inertia = 1.0 / math.hypot(1.0, slope), 1.0 + INERTIA / (MASS * ARM**2)
    pull = GRAVITY * cosine * (slope - ROUGH.rolling_friction * RADIUS / ARM) / inertia
    assert (late[VX] - early[VX]) / (3000 * STEP) == pytest.approx(pull, rel=5e-3)


def test_spinning_sphere_slows_down_and_stops() -> None:
    """About the normal: I w' = -2/3 a mu F_n with a = sqrt(R* overlap), once the spring has yielded; 0.5 %.

    Then it swings with the damper g_t a^2/2, so that the swing decays as exp(-g_t a^2 t/(4 I)); read from the largest
    spin in two windows longer than half a swing, 5 %. Marshall 2009, and the damping of Tsuji et al. 1992.
    """
    spin, square = 10.0, RADIUS * DEPTH
    slowing = 2.0 / 3.0 * math.sqrt(square) * ROUGH.friction * MASS * GRAVITY / INERTIA
    engine = on_a_plane(0.0, (0.0, 0.0, spin), twisting="marshall")
    half = round(0.5 * spin / slowing / STEP)
    early, late = places(engine, np.array([half, 3 * half // 2]))[:, WX + 2]
    assert (early - late) / ((3 * half // 2 - half) * STEP) == pytest.approx(slowing, rel=5e-3)
    window, apart = round(SWING / STEP), round(3.0 * SWING / STEP)
    first = places(engine, np.arange(4 * half, 4 * half + window, 5))[:, WX + 2]
    second = places(engine, np.arange(4 * half + apart, 4 * half + apart + window, 5))[:, WX + 2]
    damper = tsuji_coefficient(ROUGH.restitution) * math.sqrt(STIFFNESS / RADIUS**2 * MASS)
    decay = math.exp(-damper * square * apart * STEP / (4.0 * INERTIA))
    assert np.abs(second).max() / np.abs(first).max() == pytest.approx(decay, rel=5e-2)
    assert decay < 0.9
    assert np.abs(first).max() < 0.3 * spin


SWING = 2.0 * math.pi * math.sqrt(2.0 * INERTIA / (STIFFNESS / RADIUS**2 * RADIUS * DEPTH))
"""Period of the swing about the normal, 2 pi sqrt(I/(k_t a^2/2)) [s]."""
