"""Energy of contacts that are led around closed paths of overlap and shear, and of free impacts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dem.contact import CONTACT_LAWS
from dem.contact.law import Elasticity, PairProperties
from dem.touch import Touch
from tests.dem.engines import kinetic_energy, make_engine, spheres

MATERIAL = Elasticity(5e6, 0.3, 1500.0)
RADIUS, MASS, STEP = 1e-3, 1e-5, 1e-6
LARGEST_OVERLAP, LARGEST_SHEAR = 5e-5, 5e-6
SAMPLES = 100
LAWS = {
    "linear": "linear",
    "total": "hertz-mindlin-liggghts",
    "incremental": "hertz-mindlin-liggghts-incremental",
    "rescaled": "hertz-mindlin-liggghts-rescaled",
    "rescaled, damper within the limit": "hertz-mindlin-lammps-rescaled-clipped",
}
GAINING = {"total": 1.0, "incremental": -1.0}
"""Springs that can gain energy, and the sign of the change of stiffness that gains it."""


class Cycle(NamedTuple):
    """What a closed path gave: work done by the tangential force and energy booked as lost [J], tangential stiffness
    [N/m] and stretch [m] of the spring on the way, and the largest energy that the spring held [J]."""

    work: float
    lost: float
    stiffness: np.ndarray
    stretch: np.ndarray
    held: float


def path(corners: list[tuple[float, float]]) -> np.ndarray:
    """Overlap and shear [m] along straight lines from corner to corner, from and to no shear; shape (points, 2)."""
    closed = [(corners[0][0], 0.0), *corners, (corners[-1][0], 0.0)]
    share = np.linspace(0.0, 1.0, SAMPLES, endpoint=False)[:, None]
    lines = [np.array(a) + share * (np.array(b) - np.array(a)) for a, b in pairwise(closed)]
    return np.concatenate([*lines, [closed[-1]]])


def led_around(law_name: str, corners: list[tuple[float, float]], friction: float) -> Cycle:
    """Lead a contact without damping around: the surfaces move as given, slowly, and the force's work is summed up."""
    law = CONTACT_LAWS[law_name]
    pair = PairProperties(1.0, friction, normal_stiffness=500.0)
    parameters = law.parameters_of(MATERIAL, MATERIAL, pair)
    history: Any = (0.0,) * law.history_size
    points = path(corners)
    force, work, lost, stiffness, stretch = 0.0, 0.0, 0.0, [], []
    for (overlap, shear), (less, before) in zip(points[1:], points):
        slip, approach = (shear - before) / STEP, (overlap - less) / STEP
        touch = Touch(overlap, 0.0, 0.0, 1.0, slip, 0.0, approach, 0.0, 0.0, 0.0, RADIUS, MASS, STEP, 500.0)
        _, pulling, _, _, loss, history = law.force(touch, parameters, history)
        work += 0.5 * (force + pulling) * (shear - before)
        lost += loss * STEP
        force = pulling
        assert law.shear is not None
        stiffness.append(law.shear(touch, parameters)[0])
        stretch.append(abs(history[0]))
    k, s = np.array(stiffness), np.array(stretch)
    return Cycle(work, lost, k, s, float((0.5 * k * s**2).max()))


def corners_above(least: float) -> st.SearchStrategy[list[tuple[float, float]]]:
    """Paths of two to five corners with overlaps from this share of the largest on."""
    one = st.tuples(st.floats(least, 1.0), st.floats(-1.0, 1.0)).map(
        lambda corner: (corner[0] * LARGEST_OVERLAP, corner[1] * LARGEST_SHEAR)
    )
    return st.lists(one, min_size=2, max_size=5)


corners = corners_above(0.02)
frictions = st.sampled_from([1e9, 0.5, 0.1])


@pytest.mark.parametrize("name", [name for name in LAWS if name not in GAINING])
@given(corners=corners, friction=frictions)
@settings(max_examples=25)
def test_a_closed_cycle_gains_no_energy(name: str, corners: list[tuple[float, float]], friction: float) -> None:
    """The linear spring is conservative; that of Thornton et al. (2013), doi 10.1016/j.powtec.2012.08.012, loses.

    F a/a_old on unloading takes s^2/2 dk < 0 from what is stored, F kept on loading -(s^2/2) dk < 0. The trapezoidal
    sum over 100 points a line leaves 2e-3 of the largest energy that the spring held.
    """
    cycle = led_around(LAWS[name], corners, friction)
    assert cycle.work <= 2e-3 * cycle.held


@pytest.mark.parametrize("name", GAINING)
@given(corners=corners, friction=frictions)
@settings(max_examples=25)
def test_what_a_closed_cycle_gains_is_bounded(name: str, corners: list[tuple[float, float]], friction: float) -> None:
    """A total spring gains s^2/2 dk while it is compressed, an incremental one -s^2/2 dk while it is relieved.

    So no cycle gains more than the stiffness rises (falls) in it times s^2/2, s the largest stretch: for one stroke
    (k_t1 - k_t2) s^2/2. What the sum leaves is as above.
    """
    cycle = led_around(LAWS[name], corners, friction)
    change = np.maximum(GAINING[name] * np.diff(cycle.stiffness), 0.0).sum()
    assert cycle.work <= 0.5 * change * (cycle.stretch.max() ** 2) + 2e-3 * cycle.held


@pytest.mark.parametrize("name", LAWS)
@given(corners=corners_above(0.2), friction=frictions)
@settings(max_examples=25)
def test_what_a_cycle_takes_is_booked(name: str, corners: list[tuple[float, float]], friction: float) -> None:
    """First law around a closed path: the work done on the spring is lost by sliding and stiffness, or left in it.

    Sums of the values at the ends of 100 intervals a line, against a trapezoidal work: first order, 3 % of what was
    moved and held, as long as an interval is not most of the overlap.
    """
    cycle = led_around(LAWS[name], corners, friction)
    left = 0.5 * cycle.stiffness[-1] * cycle.stretch[-1] ** 2
    assert abs(cycle.work + cycle.lost + left) <= 0.03 * (abs(cycle.work) + abs(cycle.lost) + cycle.held)


@pytest.mark.parametrize("name", LAWS)
def test_the_gaining_cycle_gains_what_it_should(name: str) -> None:
    """Shear at small overlap, compress, unshear at large overlap; its mirror for the incremental spring.

    The gain is (k_t1 - k_t2) s^2/2 for these two, nothing for the linear spring, and a loss for the rescaled one, in
    either direction; sums over 100 points a line leave 1e-3.
    """
    low, high, shear = 0.1 * LARGEST_OVERLAP, LARGEST_OVERLAP, LARGEST_SHEAR
    gains = {}
    for way, (first, second) in {"compressed": (low, high), "relieved": (high, low)}.items():
        cycle = led_around(LAWS[name], [(first, shear), (second, shear)], 1e9)
        gains[way] = cycle.work / (0.5 * (cycle.stiffness.max() - cycle.stiffness.min()) * shear**2 or cycle.held)
    told = ", ".join(f"{gain:.4f} {way}" for way, gain in gains.items())
    print(f"{name}: gain over (k_t1 - k_t2) s^2/2: {told}")
    if name in GAINING:
        gaining = "compressed" if name == "total" else "relieved"
        assert gains[gaining] == pytest.approx(1.0, abs=1e-3)
    else:
        assert max(gains.values()) <= 1e-3


impacts = st.tuples(st.floats(0.2, 1.0), *[st.floats(-1.0, 1.0)] * 2, *[st.floats(-1000.0, 1000.0)] * 2)


@pytest.mark.parametrize("name", ["linear", "rescaled", "rescaled, damper within the limit"])
@given(impact=impacts, restitution=st.sampled_from([1.0, 0.6]))
@settings(max_examples=8)
def test_a_free_impact_gains_no_energy(name: str, impact: tuple[float, ...], restitution: float) -> None:
    """Two spinning spheres meet at some angle: afterwards they hold no more energy than before.

    A contact has some 1000 steps; the last overshoots the end of the contact, as does the damper's jump there: 2e-4.
    """
    normal, across, along, first, second = impact
    speed = [[0.5 * normal, 0.5 * across, 0.5 * along], [-0.5 * normal, -0.5 * across, -0.5 * along]]
    engine = make_engine(
        spheres([[0.03, 0.05, 0.05], [0.03 + 2e-3 + 1e-7, 0.05, 0.05]], speed, RADIUS,
                spin=[[first, 0.0, second], [second, first, 0.0]]),
        step=1e-6, skin=2e-3, law=LAWS[name], pairs=PairProperties(restitution, 0.4, normal_stiffness=50.0),
    )  # fmt: skip
    before = kinetic_energy(engine)
    engine.run(1200)
    row = engine.host_particles().row
    assert np.linalg.norm(row[1, :3] - row[0, :3]) > 2e-3, "the impact is not over"
    assert kinetic_energy(engine) <= before * (1.0 + 2e-4)
