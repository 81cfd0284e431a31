"""Random streams that are fed, wetted, dried and let out: nothing is lost of particles, mass and liquid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from compute import get_backend
from dem.case import DemCase
from dem.liquid.balance import require_liquid
from dem.particles import CLASS, MASS
from dem.simulation import Simulation

RATES = st.tuples(st.floats(200.0, 900.0), st.floats(0.2, 0.9), st.floats(0.2, 0.9), st.floats(0.0, 0.05))
"""Particles fed in a second, share of the fine class, duty of the pulses, and content of liquid."""


def wet_shaft(rates: tuple[float, ...], evaporation: float) -> DemCase:
    """Two sizes fall past a nozzle onto a slope, in pulses, and leave at its foot."""
    rate, fine, duty, content = rates
    region = {"shape": "box", "low": ["-5 mm", "-3 mm", "12 mm"], "high": ["5 mm", "3 mm", "18 mm"]}
    return DemCase.model_validate(
        {
            "domain": {"low": ["-20 mm", "-20 mm", "-14 mm"], "high": ["20 mm", "20 mm", "22 mm"]},
            "materials": {"m": {"density": 1500, "youngs_modulus": "0.5 MPa"}},
            "pairs": [{"between": ["m", "m"], "restitution": 0.5, "friction": 0.4}],
            "classes": [
                {"name": "fine", "material": "m", "diameter": "1.6 mm"},
                {"name": "coarse", "material": "m", "diameter": "2 mm"},
            ],
            "walls": [
                {"name": "slope", "shape": "plane", "material": "m", "point": [0, 0, "6 mm"], "normal": [0.5, 0, 1]},
            ],
            "particles": [
                {
                    "kind": "packing", "number": 8, "shares": {"of": {"fine": 0.5, "coarse": 0.5}},
                    "region": region, "velocity": [0, 0, -0.8],
                },
                {
                    "kind": "insertion", "number_rate": rate, "shares": {"of": {"fine": fine, "coarse": 1.0 - fine}},
                    "region": region, "velocity": [0, 0, -1.0], "pulse": {"period": "9 ms", "duty": duty},
                },
            ],
            "outlets": [
                {"name": "foot", "region": {"shape": "plane", "point": ["3 mm", 0, 0], "normal": [-1, 0, 0.2]}},
            ],
            "liquid": {
                "surface_tension": "70 mN/m", "viscosity": "5 mPa s", "smallest_gap": "10 um", "content": content,
                "evaporation": evaporation, "interval": "2 ms", "drops": 40,
                "sprays": [
                    {"name": "jet", "rate": "0.5 g/s", "position": [0, 0, "21 mm"], "half_angle": "15 deg"},
                ],
            },
            "time": {"step": "40 us", "end": "32 ms"},
        }
    )  # fmt: skip


@settings(max_examples=2, phases=(Phase.explicit, Phase.generate))
@given(rates=RATES, evaporation=st.sampled_from([0.0, 0.5]))
def test_particles_mass_and_liquid_balance(rates: tuple[float, ...], evaporation: float) -> None:
    """Fed, wetted by a nozzle, dried and let out as it comes: what is there is what came less what went.

    Particles in whole numbers, by class and from each source; mass and liquid to the rounding of some thousand sums.
    """
    simulation = Simulation(wet_shaft(rates, evaporation), get_backend("python"), 7)
    simulation.run()
    ledger, engine = simulation.flow.ledger, simulation.engine
    present = engine.host_particles()
    held = np.bincount(present.kind[:, CLASS], minlength=2)
    fed, removed = ledger.fed.sum(axis=0), ledger.removed.sum(axis=(0, 1))
    np.testing.assert_array_equal(fed - removed, held)
    assert fed.sum() > 8 and removed.sum() > 0 and len(set(present.id)) == held.sum()
    mass = simulation.setup.classes.mass
    assert present.row[:, MASS].sum() == pytest.approx((fed - removed) @ mass, rel=1e-13)
    volume = mass / 1500.0
    found, outcome = require_liquid(engine), simulation.wetting.outcome
    assert found.added == pytest.approx(rates[3] * (fed @ volume) + outcome.caught.sum(), rel=1e-12)
    assert outcome.caught.sum() > 0.0 and found.removed >= outcome.evaporated * (1.0 - 1e-12)
    assert abs(found.error) < 1e-12 and (present.film >= 0.0).all()
