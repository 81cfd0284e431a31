"""Random streams that are fed, wetted, dried and let out: nothing is lost of particles, mass and liquid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from compute import get_backend
from dem import insertion
from dem.case import DemCase
from dem.case_flow import EVENT_STEPS
from dem.case_particles import Insertion
from dem.engine import Engine
from dem.liquid import wetting
from dem.liquid.balance import require_liquid
from dem.packing import generator
from dem.particles import CLASS, MASS, RADIUS, X
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


def test_nozzles_and_feeders_draw_numbers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feeder, the first source of its case, and a nozzle beside it, at their first events: no stream serves both.

    Fast enough that the feeder draws a second block of its sequence, whose stream is the second of its range.
    """
    drawn: dict[str, set[int]] = {}
    for module in (insertion, wetting):
        streams = drawn.setdefault(module.__name__, set())
        noting = lambda seed, stream, streams=streams: streams.add(stream) or generator(seed, stream)  # noqa: E731
        monkeypatch.setattr(module, "generator", noting)
    given = wet_shaft((4e4, 0.5, 0.9, 0.0), 0.0)
    simulation = Simulation(given.model_copy(update={"particles": given.particles[1:]}), get_backend("python"), 7)
    for event in range(1, 4):
        simulation.flow.visit(event * EVENT_STEPS, simulation.engine)
        simulation.wetting.visit(event * EVENT_STEPS, simulation.engine)
    fed, sprayed = drawn[insertion.__name__], drawn[wetting.__name__]
    assert len(fed) >= 5 and len(sprayed) == 3
    assert max(fed) < min(sprayed)


HOURS, EVENT, FALL = 2.0, 20.0, 7e-3
FEEDS = (1.8e-3 / 3600.0, 0.9e-3 / 3600.0)
"""Mean mass rates of the two feeders [kg/s]."""


def two_feeders() -> DemCase:
    """Two loss-in-weight feeders side by side above a deep shaft, one of two sizes, each with its own pulses."""
    low, high = ["-6 mm", "-3 mm", "50 mm"], ["-1 mm", "3 mm", "57 mm"]
    left = {"shape": "box", "low": low, "high": high}
    right = {"shape": "box", "low": ["1 mm", *low[1:]], "high": ["6 mm", *high[1:]]}
    pulses = [{"period": "1000 s", "duty": 0.4}, {"period": "600 s", "duty": 0.5}]
    both = {"of": {"fine": 0.3, "coarse": 0.7}, "by": "mass"}
    feeders = [
        {"kind": "insertion", "name": name, "mass_rate": rate, "shares": shares, "region": region, "pulse": pulse}
        for name, rate, shares, region, pulse in zip(
            ("powder", "drug"), FEEDS, (both, {"of": {"fine": 1.0}}), (left, right), pulses
        )
    ]
    changed = {
        "domain": {"low": ["-20 mm", "-20 mm", "-20 mm"], "high": ["20 mm", "20 mm", "60 mm"]},
        "particles": feeders, "walls": [], "liquid": None, "time": {"step": EVENT / EVENT_STEPS, "end": 3600.0 * HOURS},
        "outlets": [{"name": "out", "region": {"shape": "plane", "point": [0, 0, "-5 mm"], "normal": [0, 0, 1]}}],
    }  # fmt: skip
    return DemCase.model_validate(wet_shaft((1.0, 0.5, 0.5, 0.0), 0.0).model_dump() | changed)


def test_two_feeders_for_two_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """At each event all sink by 7 mm, as if they fell: what enters has room, and the masses are those owed.

    Each feeder lags behind rate x time fed by less than its largest particle, at every event of two hours. The
    arrays double as the number grows, and are never made anew after that, however often it shrinks and grows.
    """
    grown: list[int] = []
    original = Engine._grow
    monkeypatch.setattr(Engine, "_grow", lambda self, capacity: grown.append(capacity) or original(self, capacity))
    simulation = Simulation(two_feeders(), get_backend("python"), 3)
    engine, mass, held = simulation.engine, simulation.setup.classes.mass, []
    for event in range(1, round(3600.0 * HOURS / EVENT) + 1):
        engine.particles.row[: engine.size, X + 2] -= FALL
        simulation.flow.visit(event * EVENT_STEPS, engine)
        place, radius = engine.particles.row[: engine.size, X : X + 3], engine.particles.row[: engine.size, RADIUS]
        apart = np.linalg.norm(place[:, None] - place, axis=2) - radius[:, None] - radius
        assert (apart[np.triu_indices(engine.size, 1)] > 0.0).all(), event
        held.append(engine.size)
        fed = simulation.flow.ledger.fed[1:] @ mass
        for source, rate, known in zip(simulation.setup.case.particles, FEEDS, fed):
            assert isinstance(source, Insertion)
            assert -1e-15 < rate * source.fed_time(event * EVENT) - known < mass.max(), event
    turns = np.diff(np.sign(np.diff(held)))
    assert (turns != 0).sum() > 30 and min(held[100:]) < 0.3 * max(held) and simulation.flow.ledger.removed.sum() > 500
    assert len(grown) <= 1 + np.log2(max(held)) and engine.capacity <= 2 * max(held)
