"""What random systems of bodies keep, whatever they are made of."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dem.test_clumps import LUMP, ROD, engine_of, motion_of, small_case


@settings(max_examples=4, deadline=None, derandomize=True, database=None)
@given(
    seed=st.integers(0, 2**20), restitution=st.floats(0.1, 1.0), friction=st.floats(0.0, 1.0),
    bodies=st.integers(2, 4),
)  # fmt: skip
def test_bodies_keep_momentum_and_gain_no_energy(seed: int, restitution: float, friction: float, bodies: int) -> None:
    """Rods and lumps thrown at each other with any spin: momentum and angular momentum are kept to rounding of some
    hundred sums (1e-13 of the sum of magnitudes), and the linear law gives back no more energy than it took.

    Kinetic energy is looked at in flight at the end; contacts of 30 steps and more leave the energy of an elastic
    impact within 2 %.
    """
    random = np.random.default_rng(seed)
    corners = np.array([[-1, -1, -1], [1, 1, 1], [1, -1, 1], [-1, 1, 1]])[:bodies] * 3.4e-3
    items = [
        {
            "class": ("rod", "lump")[number % 2], "position": place.tolist(),
            "velocity": (-150.0 * place + random.normal(scale=0.05, size=3)).tolist(),
            "spin": random.normal(scale=60.0, size=3).tolist(),
            "orientation": {"axis": random.normal(size=3).tolist(), "angle": f"{random.uniform(0, 180)} deg"},
        }
        for number, place in enumerate(corners)
    ]  # fmt: skip
    case = small_case(
        classes=[{"name": "rod", "material": "m", "shape": ROD}, {"name": "lump", "material": "m", "shape": LUMP}],
        pairs=[{"between": ["m", "m"], "restitution": restitution, "friction": friction}],
        contact={"law": "linear", "normal_stiffness": "20 kN/m"},
        particles=[{"kind": "given", "items": items}], time={"end": 1.0, "step": "5 us"},
    )  # fmt: skip
    engine = engine_of(case)
    momentum, angular, energy = motion_of(engine)
    masses = [float(each["velocity"][0]) for each in items]
    assert len(masses) == bodies
    scale = np.sqrt(2.0 * energy * engine.host_bodies().row[:, 7].sum())
    start = engine.host_bodies().row[:, 4:7].copy()
    engine.run(1200)
    now = motion_of(engine)
    np.testing.assert_allclose(now[0], momentum, atol=1e-13 * scale)
    np.testing.assert_allclose(now[1], angular, atol=1e-13 * scale * 2e-2)
    assert now[2] <= 1.02 * energy
    assert np.abs(engine.host_bodies().row[:, 4:7] - start).max() > 0.01, "none has met another"
