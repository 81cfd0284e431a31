"""JKR adhesion beside a bridge of liquid: both pull, the neck tears off first, and each takes its own energy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from compute.tuples import Strip
from dem.adhesion import jkr
from dem.contact.law import Elasticity, PairProperties
from dem.engine import Engine
from dem.interaction import make_interaction
from dem.liquid import bagheri
from dem.liquid.balance import require_liquid
from dem.liquid.bridge import facing_share, rupture_gap
from dem.tally import LOSS
from dem.touch import Touch
from tests.dem.engines import MASS, VX, X, make_engine, plane, rows, spheres

RADIUS, STEP, TENSION = 1e-3, 1e-6, 0.07
SOFT = Elasticity(5e6, 0.25, 2500.0)
WORK = 0.5
STICKY = PairProperties(
    1.0, 0.0, work_of_adhesion=WORK, surface_tension=TENSION, contact_angle=0.0, viscosity=0.0, smallest_gap=1e-5,
    largest_bridge=0.05,
)  # fmt: skip
FLOOR = plane("floor", (0, 0, 0), (0, 0, 1))
SPEED = 0.25


def impact(partner: str, film: float, **changes: Any) -> Engine:
    """A sphere that flies onto another one, or onto a floor, upwards or downwards along z, without any dissipation."""
    place, velocity = [[0.0, 0.0, RADIUS + 2e-6]], [[0.0, 0.0, -SPEED]]
    if partner == "sphere":
        place, velocity = [[0.0, 0.0, 1.1 * RADIUS], [0.0, 0.0, 3.1 * RADIUS + 2e-6]], [[0.0, 0.0, 0.5 * SPEED]]
        velocity.append([0.0, 0.0, -0.5 * SPEED])
    options = {"liquid": "bagheri", "film_share": film} | changes
    return make_engine(
        spheres(place, velocity, RADIUS, density=2500.0), step=STEP, skin=5e-4, materials=[SOFT], pairs=STICKY,
        adhesion="jkr", walls=[FLOOR] if partner == "floor" else [], low=(-0.01, -0.01, -0.002),
        high=(0.01, 0.01, 0.03), statistics=True, **options,
    )  # fmt: skip


def gap_and_speed(engine: Engine) -> tuple[float, float]:
    """Gap [m] and its growth [m/s]."""
    row = rows(engine)
    if len(row) == 1:
        return float(row[0, X + 2]) - RADIUS, float(row[0, VX + 2])
    return float(row[1, X + 2] - row[0, X + 2]) - 2.0 * RADIUS, float(row[1, VX + 2] - row[0, VX + 2])


def effective(partner: str, engine: Engine) -> tuple[float, float, float]:
    """Effective radius [m] and mass [kg], and the volume of the bridge [m3]."""
    mass, film = float(rows(engine)[0, MASS]), float(engine.particles.film[0])
    if partner == "floor":
        return RADIUS, mass, 0.5 * film
    return 0.5 * RADIUS, 0.5 * mass, 2.0 * facing_share(RADIUS, RADIUS) * film


def booked(engine: Engine) -> float:
    """Energy that the statistics know as lost [J]."""
    counts = engine.tally.pair_counts[..., LOSS].sum() + engine.tally.wall_counts[..., LOSS].sum()
    return float(counts / engine.tally.quanta[0])


@pytest.mark.parametrize("partner", ["sphere", "floor"])
def test_neck_and_bridge_pull_together_until_the_neck_tears_off(partner: str) -> None:
    """The pull in every step on the way out is JKR's curve and the capillary force; beyond the tear the latter alone.

    1e-9 of the pull, rounding of a difference of two speeds over a step. The neck ends at 3/4 k (k R*/4)^(1/3).
    """
    engine = impact(partner, 0.02)
    radius, mass, volume = effective(partner, engine)
    neck, constants = jkr.parameters_of(SOFT, SOFT, STICKY), bagheri.constants(2.0 * radius, volume, TENSION, 0.0)
    torn, seen, beyond = jkr.separation(radius, neck), 0, 0
    gap, speed = gap_and_speed(engine)
    for step in range(1, 1000):
        engine.run(step)
        now, faster = gap_and_speed(engine)
        if speed > 0.0 and 0.0 < gap < rupture_gap(volume, 0.0):
            touch = Touch(-gap, 1.0, 0.0, 0.0, *(0.0,) * 6, radius, mass, STEP, 0.5 / RADIUS)
            seat, attraction = jkr.pull(touch, neck)
            push = 4.0 / 3.0 * 0.5 * neck[1] * (radius * seat) ** 1.5 / radius
            expected = attraction - push + bagheri.capillary(gap, constants)
            assert (attraction > 0.0) == (gap < torn)
            assert mass * (speed - faster) / STEP == pytest.approx(expected, rel=1e-7)
            seen, beyond = seen + (gap < torn), beyond + (gap > torn)
        gap, speed = now, faster
    assert seen > 3 and beyond > 20
    assert abs(require_liquid(engine).error) < 1e-14


@pytest.mark.parametrize("partner", ["sphere", "floor"])
@pytest.mark.parametrize("film", [0.02, 0.0])
def test_each_takes_its_energy(partner: str, film: float) -> None:
    """Lost is the cycle of JKR, 7.09 (w^5 R*^4/E*^2)^(1/3), and the work of the bridge to its rupture.

    The cycle is booked, whether the neck ends in a bridge or dry; what the bridge takes is not, as without JKR.
    The pull of the neck begins with 8/9 of its largest, 1.5 pi w R*, and ends with 5/9 of it, each somewhere within a
    step; the capillary force jumps too, and is of its size.
    """
    engine = impact(partner, film)
    radius, mass, volume = effective(partner, engine)
    cycle = jkr.cycle(radius, jkr.parameters_of(SOFT, SOFT, STICKY))
    drawn = 0.0
    if film:
        gaps = np.linspace(0.0, rupture_gap(volume, 0.0), 2001)
        constants = bagheri.constants(2.0 * radius, volume, TENSION, 0.0)
        drawn = float(np.trapezoid([bagheri.capillary(gap, constants) for gap in gaps], gaps))
    engine.run(3000)
    _, speed = gap_and_speed(engine)
    assert speed > 0.0 and not engine.pairs.flags.any() and require_liquid(engine).joined == 0
    lost = 0.5 * mass * (SPEED**2 - speed**2)
    jumps = (13.0 / 9.0 * 1.5 * np.pi * WORK * radius + 4.0 * np.pi * radius * TENSION) * SPEED * STEP
    assert lost == pytest.approx(cycle + drawn, abs=jumps)
    assert booked(engine) == pytest.approx(cycle, rel=1e-6)


@pytest.mark.parametrize("partner", ["sphere", "floor"])
def test_dry_in_a_wet_case_is_as_dry_as_ever(partner: str) -> None:
    """Without a film the motion is that of the same case without liquid, bit by bit."""
    wet, dry = impact(partner, 0.0), impact(partner, 0.0, liquid="none")
    for engine in (wet, dry):
        engine.run(1500)
    np.testing.assert_array_equal(rows(wet), rows(dry))
    assert booked(wet) == booked(dry) > 0.0


def test_a_neck_that_is_torn_does_not_come_back_without_a_touch() -> None:
    """At a gap within the neck's reach the solids pull where they have held since they touched, and not otherwise.

    Where the neck has just torn off its energy is the heat of that step.
    """
    interaction = make_interaction("hertz-mindlin-liggghts", adhesion="jkr", liquid="bagheri")
    values, volume = interaction.parameters_of(SOFT, SOFT, STICKY), 1e-2 * RADIUS**3
    neck = tuple(values[4:6])
    gap = 0.5 * jkr.separation(0.5 * RADIUS, neck)
    constants = bagheri.constants(RADIUS, volume, TENSION, 0.0)

    def at(gap: float, held: float) -> tuple[Any, float]:
        touch = Touch(-gap, 1.0, 0.0, 0.0, *(0.0,) * 6, 0.5 * RADIUS, 1e-5, 1e-7, 0.5 / RADIUS)
        history = [0.0, 0.0, 0.0, held, volume, rupture_gap(volume, 0.0), *constants]
        return interaction.law(touch, Strip(values, 0, 1), Strip(history, 0, 1)), history[3]

    (apart, still), (held, holding), (torn, ended) = at(gap, 0.0), at(gap, 1.0), at(3.0 * gap, 1.0)
    assert (still, holding, ended) == (0.0, 1.0, 0.0)
    assert -apart.normal == pytest.approx(bagheri.capillary(gap, constants), rel=1e-14)
    assert held.normal < apart.normal - 0.5 * 1.5 * np.pi * WORK * 0.5 * RADIUS
    assert (apart.loss, held.loss) == (0.0, 0.0)
    assert torn.loss * 1e-7 == pytest.approx(jkr.cycle(0.5 * RADIUS, neck), rel=1e-14)
