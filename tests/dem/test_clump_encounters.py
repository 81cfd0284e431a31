"""Encounters of bodies: one for two bodies, however many of their spheres touch, and one for a body and a wall."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dem.engine
from compute import get_backend
from dem.case import DemCase
from dem.clumps.encounters import CONSTITUENT_BITS
from dem.clumps.engine import ClumpEngine
from dem.loops_gather import GatherLoops
from dem.particles import RADIUS, VX, WX, X
from dem.tally import BIRTHS, CONTACT_STEPS, ENCOUNTERS, SPEED
from tests.device.comparison import total
from tests.device.systems import make_engine

Array = NDArray[np.float64]
FLOOR = {"name": "floor", "shape": "plane", "material": "m", "point": [0, 0, 0], "normal": [0, 0, 1]}
TABLET = {"kind": "tablet", "diameter": "6 mm", "thickness": "2 mm"}
ROD = {"kind": "needle", "length": "5 mm", "diameter": "1 mm"}
EDGE = 9.5e-3
DIMER = {"kind": "needle", "length": "3 mm", "diameter": "2 mm", "spacing": 1.0}


def case_of(shape: dict[str, Any], items: list[dict[str, Any]], **changes: Any) -> DemCase:
    """Bodies of one shape in a box of 40 mm without gravity, elastic and without friction."""
    case = {
        "gravity": [0, 0, 0],
        "domain": {"low": ["-20 mm"] * 3, "high": ["20 mm"] * 3},
        "materials": {"m": {"density": 1500, "youngs_modulus": "5 MPa"}},
        "pairs": [{"between": ["m", "m"], "restitution": 1.0, "friction": 0.0}],
        "contact": {"law": "linear", "normal_stiffness": "20 kN/m"},
        "classes": [{"name": "body", "material": "m", "shape": shape}],
        "particles": [{"kind": "given", "items": [{"class": "body"} | item for item in items]}],
        "statistics": {"block": 1.0, "blocks": 1, "bins": 8, "speed_range": [1e-3, 10.0]},
        "time": {"step": "2 us"},
    }
    return DemCase.model_validate(case | changes)


def engine_of(case: DemCase) -> ClumpEngine:
    engine = make_engine(case, get_backend("python"))
    assert isinstance(engine, ClumpEngine)
    engine.set_compartments(np.zeros(engine.body_count, np.int32))
    return engine


def counts(engine: ClumpEngine, name: str = "pair_counts") -> NDArray[np.int64]:
    """Sums over compartments and classes, by field."""
    return total(engine, name).sum(axis=0)


@pytest.fixture(params=["half list", "full list"])
def loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test with the loops of the CPU and with those of the device."""
    if request.param == "full list":
        monkeypatch.setattr(dem.engine, "make_loops", GatherLoops)


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize(("shape", "apart", "touching"), [(TABLET, 2e-3, 21), (ROD, 1e-3, 9)])
def test_bodies_meet_face_to_face(shape: dict[str, Any], apart: float, touching: int) -> None:
    """Two tablets flat on each other, two rods side by side: all their spheres touch, and that is one encounter.

    The speed of the encounter is that of the bodies, to the quantum of the sums; contact time is that of all spheres.
    """
    items = [
        {"position": [0, 0, z], "velocity": [0, 0, -v]}
        for z, v in ((0.0, 0.0), (apart + 1e-5, 0.4))
    ]  # fmt: skip
    engine = engine_of(case_of(shape, items))
    assert engine.size == 2 * touching
    engine.run(40)
    found = counts(engine)
    assert found[ENCOUNTERS] == 1 and found[BIRTHS] == 1
    assert found[CONTACT_STEPS] >= 3 * touching and found[CONTACT_STEPS] % touching == 0
    assert found[SPEED] / engine.tally.quanta[1] == pytest.approx(0.4, rel=1e-6)
    assert engine.host_bodies().row[1, VX + 2] > -0.01, "it has not passed its speed on"


@pytest.mark.usefixtures("loops")
def test_rod_falls_flat_on_a_floor() -> None:
    """All spheres reach the floor in the same step: one encounter, with the speed of the fall.

    A second rod stands at a slant and meets it with its lower end, is turned by that and meets it with the other end:
    two encounters, since in between it is off the floor by more than the re-arm gap.
    """
    items = [
        {"position": [0, 0, 0.51e-3], "velocity": [0, 0, -0.3]},
        {"position": [0, 8e-3, 1.03e-3], "velocity": [0, 0, -0.3], "orientation": {"axis": [0, 1, 0], "angle": 0.25}},
    ]  # fmt: skip
    engine = engine_of(case_of(ROD, items, walls=[FLOOR]))
    engine.run(60)
    first = counts(engine, "wall_counts")
    assert first[ENCOUNTERS] == 2 and first[BIRTHS] == 2
    assert first[SPEED] / engine.tally.quanta[1] == pytest.approx(0.6, rel=1e-6)
    assert first[CONTACT_STEPS] > 9 * 5
    engine.run(1500)
    assert counts(engine, "wall_counts")[ENCOUNTERS] == 3


def gas(number: int) -> DemCase:
    """Dimers that fly through a periodic box at random and spin."""
    box = {"low": [0, 0, 0], "high": [EDGE] * 3, "periodic": ["x", "y", "z"]}
    source = {
        "kind": "packing", "number": number, "shares": {"of": {"body": 1.0}}, "spread": 3.0,
        "region": {"shape": "box", "low": [0, 0, 0], "high": [EDGE] * 3},
    }  # fmt: skip
    statistics = {"block": 1.0, "blocks": 1, "bins": 8, "speed_range": [1e-3, 10.0], "rearm_gap": 0.5}
    pairs = [{"between": ["m", "m"], "restitution": 0.3, "friction": 0.3}]
    return case_of(
        DIMER, [], domain=box, pairs=pairs, particles=[source], time={"step": "15 us"}, statistics=statistics
    )


class BruteForce:
    """Encounters of bodies from positions and velocities alone, step by step."""

    def __init__(self, box: float, gap: float) -> None:
        self.box, self.gap = box, gap
        self.touching: dict[tuple[int, int], bool] = {}
        self.near: set[int] = set()
        self.births = self.encounters = self.touches = 0
        self.met: set[int] = set()
        self.speeds: list[float] = []

    def look(self, engine: ClumpEngine) -> None:
        """Count what begins at the positions of this step."""
        host = engine.host_particles()
        row, body = host.row[np.argsort(host.id)], np.sort(host.id) >> CONSTITUENT_BITS
        i, j = np.nonzero(body[:, None] < body[None, :])
        away = row[j, X : X + 3] - row[i, X : X + 3]
        away -= self.box * np.round(away / self.box)
        distance, reach = np.linalg.norm(away, axis=1), row[i, RADIUS] + row[j, RADIUS]
        met = set(np.flatnonzero(distance < reach).tolist())
        self.touches, self.met = self.touches + len(met - self.met), met
        for pair in sorted(set(zip(body[i].tolist(), body[j].tolist()))):
            of_pair = np.flatnonzero((body[i] == pair[0]) & (body[j] == pair[1]))
            deepest = of_pair[np.argmax(reach[of_pair] - distance[of_pair])]
            touches = bool(distance[deepest] < reach[deepest])
            if touches and not self.touching.get(pair):
                self.births += 1
                if not self.near.intersection(of_pair.tolist()):
                    self.encounters += 1
                    first, second = row[i[deepest]], row[j[deepest]]
                    velocity = first[VX : VX + 3] - second[VX : VX + 3]
                    self.speeds.append(float(velocity @ away[deepest]) / float(distance[deepest]))
            self.touching[pair] = touches
        self.near = (self.near | met) - set(np.flatnonzero(distance > (1.0 + self.gap) * reach).tolist())


@pytest.mark.usefixtures("loops")
def test_gas_of_dimers_against_a_count_from_positions() -> None:
    """As many births and encounters as a count over all bodies and steps gives, with the same speeds: no tolerance but
    the rounding of the sum of speeds, half a quantum each. Some touch twice without having been apart, some with both
    spheres at once.
    """
    engine = engine_of(gas(11))
    count = BruteForce(EDGE, engine.settings.rearm_gap)
    for step in range(1, 241):
        count.look(engine)
        engine.run(step)
    found = counts(engine)
    assert count.touches > count.births > count.encounters > 20
    assert (found[BIRTHS], found[ENCOUNTERS]) == (count.births, count.encounters)
    tolerance = 0.5 * len(count.speeds) / engine.tally.quanta[1]
    assert found[SPEED] / engine.tally.quanta[1] == pytest.approx(sum(count.speeds), abs=tolerance)
    assert engine.rebuilds > 4
    assert np.abs(engine.host_particles().row[:, WX : WX + 3]).max() > 0.0
