"""No cycle and no collision of sticky spheres makes energy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.tuples import Strip
from dem.adhesion import ADHESION_LAWS
from dem.contact.law import Elasticity, PairProperties
from dem.hold import make_cycle
from dem.interaction import make_interaction
from dem.skin import largest_separation
from dem.tally import LOSS
from dem.touch import Touch
from tests.dem.engines import kinetic_energy, make_engine, spheres

SOFT = Elasticity(5e6, 0.25, 2500.0)
RADIUS, STEP = 1e-3, 4e-6
LAW = "hertz-mindlin-lammps-rescaled-clipped-thornton"
STICKY = {"work_of_adhesion": 0.2, "cohesion_energy_density": 1e5}
ADHESIVE = [name for name in ADHESION_LAWS if name != "none"]


@pytest.mark.parametrize("adhesion", ADHESIVE)
@settings(max_examples=25)
@given(turns=st.lists(st.floats(1e-3, 3e-2), min_size=1, max_size=4))
def test_a_closed_cycle_makes_no_energy(adhesion: str, turns: list[float]) -> None:
    """Pressed to random depths, drawn back and torn off, without a damper: the force gives nothing to the motion.

    JKR takes the closed form of its cycle, whatever came between touch and tear; DMT and SJKR act in overlap alone and
    take nothing. Gauss's rule over overlaps that lie densely at the ends, where slopes are steep: 1e-3 of the cycle of
    JKR, 1e-6 of the energy of the deepest overlap for the others.
    """
    interaction = make_interaction(LAW, adhesion=adhesion)
    parameters = interaction.parameters_of(SOFT, SOFT, PairProperties(1.0, 0.0, **STICKY))
    end, radius = largest_separation(interaction, [parameters], 0.5 * RADIUS), 0.5 * RADIUS
    slack = [0.0] * interaction.history_size

    def push(overlap: float) -> float:
        touch = Touch(overlap, 1.0, 0.0, 0.0, *(0.0,) * 6, radius, 1e-5, 1e-9, 0.5 / RADIUS)
        return float(interaction.law(touch, Strip(parameters, 0, 1), Strip(slack.copy(), 0, 1)).normal)

    def work(first: float, last: float) -> float:
        share, weight = np.polynomial.legendre.leggauss(40)
        share, slope = 0.25 * (3.0 * share - share**3) + 0.5, 0.75 * (1.0 - share**2)
        overlaps = first + (last - first) * share
        return float((last - first) * (weight * slope * [push(each) for each in overlaps]).sum())

    depths = [RADIUS * each for each in turns]
    path = [1e-15 * RADIUS, *[depth * part for depth in depths for part in (1.0, 0.3)], -end * (1.0 - 1e-12)]
    taken = sum(work(first, last) for first, last in itertools.pairwise(path))
    deepest = abs(work(path[0], max(depths)))
    cycle = make_cycle(interaction)(radius, [parameters], 0)
    assert (cycle > 0.0) == (adhesion == "jkr")
    assert taken == pytest.approx(cycle, abs=1e-3 * cycle + 1e-6 * deepest)


@pytest.mark.parametrize("adhesion", ADHESIVE)
@settings(max_examples=4)
@given(speed=st.floats(0.1, 0.6), offset=st.floats(0.0, 1.2), restitution=st.floats(0.5, 1.0))
def test_a_collision_makes_no_energy(adhesion: str, speed: float, offset: float, restitution: float) -> None:
    """Two spheres meet at random speed and angle and part: with less energy, and the statistics know where it is.

    A step of 1/300 of the contact leaves 2 % of what is exchanged; that is also all that could be gained.
    """
    place = [[0.01, 0.01, 0.01], [0.01 + RADIUS * offset, 0.01, 0.01 + RADIUS * (4.0 - offset**2) ** 0.5 + 1e-7]]
    engine = make_engine(
        spheres(place, [[0.0, 0.0, speed], [0.0, 0.0, -speed]], RADIUS, density=2500.0), step=STEP / 8.0, skin=2e-4,
        law=LAW, adhesion=adhesion, materials=[SOFT], pairs=PairProperties(restitution, 0.3, **STICKY),
        high=(0.02, 0.02, 0.02), statistics=True,
    )  # fmt: skip
    before = kinetic_energy(engine)
    for _ in range(20):
        engine.run(engine.step_number + 100)
        if not engine.pairs.flags.any():
            break
    after, lost = kinetic_energy(engine), engine.tally.pair_counts[..., LOSS].sum() / engine.tally.quanta[0]
    assert after <= before * (1.0 + 1e-3)
    if not engine.pairs.flags.any():
        assert after + lost == pytest.approx(before, rel=0.02)
