"""What comes to the host between two outputs: of particles that enter and leave, those alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dem.engine
import dem.loops_gather
import dem.simulation
from compute.errors import ConservationError
from compute.python import PythonBackend
from dem.liquid.balance import require_liquid, volumes_at_walls
from dem.loops_block import BlockLoops
from dem.loops_gather import GatherLoops
from dem.neighbours import BRIDGED
from dem.outflow import KEPT, near_outlets, reached_outlets
from dem.particles import Particles, X
from dem.simulation import Simulation
from tests.device.systems import CLASSES, SHARES, TABLETS, WALLS, WATER, WET_LAWS, bowl_case, make_engine

BYTES_OF_A_PARTICLE = 12 * 8 + 4 * 4 + 8 + 8
OUTLETS = [
    {"name": "hole", "region": {"shape": "cylinder", "point": [0, 0, -1e-3], "radius": 2e-3, "length": 2e-3}},
    {"name": "side", "region": {"shape": "plane", "point": [-11.5e-3, 0, 0], "normal": [1, 0, 0]}},
]
FEEDER = {
    "kind": "insertion", "shares": SHARES, "number_rate": 1.0,
    "region": {"shape": "box", "low": [-3e-3, -3e-3, 30e-3], "high": [3e-3, 3e-3, 36e-3]},
}  # fmt: skip


class Counting(PythonBackend):
    """Plain Python that counts the bytes the host is given."""

    def __init__(self) -> None:
        self.given = 0

    def numpy(self, array: Any) -> NDArray[Any]:
        self.given += array.nbytes
        return super().numpy(array)


def test_event_brings_those_that_leave_and_enter_alone() -> None:
    """Nobody near: next to nothing. One in the hole: its row, and the ids that the ledger still needs."""
    case = bowl_case(outlets=OUTLETS, walls=WALLS[1:], statistics=None, time={"end": 1.0})
    (feeder,) = bowl_case(particles=[FEEDER], walls=WALLS[1:], statistics=None, time={"end": 1.0}).particles
    case = case.model_copy(update={"particles": [*case.particles, feeder]})
    backend = Counting()
    simulation = Simulation(case, backend, 1)
    engine, all_of_it = simulation.engine, 30 * BYTES_OF_A_PARTICLE
    row = engine.particles.row
    row[: engine.size, X + 2] = np.maximum(row[: engine.size, X + 2], 3e-3)
    backend.given = 0
    simulation.flow.visit(250, engine)
    assert backend.given < BYTES_OF_A_PARTICLE
    row[7, X : X + 3] = 0.0
    backend.given = 0
    simulation.flow.visit(500, engine)
    assert engine.size == 29
    assert backend.given < all_of_it / 3


def test_none_that_reached_an_outlet_is_overlooked() -> None:
    """Of random points those near are few, and hold all that reached one."""
    case = bowl_case(outlets=OUTLETS)
    points = np.random.default_rng(3).uniform(-12e-3, 12e-3, (2000, 3))
    reached = reached_outlets(case.outlets, case.domain, points) != KEPT
    near = near_outlets(case.outlets, case.domain, points, np)
    assert reached.sum() > 20
    assert near[reached].all() and near.sum() < 3 * reached.sum()


def wet_simulation(number: int, backend: PythonBackend) -> Simulation:
    """Wet spheres in the bowl, some of them held by its walls, on the loops of the device."""
    case = bowl_case(number, contact=WET_LAWS, liquid=WATER, statistics=None, time={"step": 1e-5, "end": 1.0})
    return Simulation(case, backend, 1)


def bytes_of_stops(number: int) -> int:
    """What the host is given over three stops of a wet run without a list made anew."""
    backend = Counting()
    simulation = wet_simulation(number, backend)
    simulation.advance(3)
    rebuilds, backend.given = simulation.engine.rebuilds, 0
    simulation.advance(6)
    assert simulation.engine.rebuilds == rebuilds
    return backend.given


def test_a_stop_of_a_wet_run_brings_no_more_for_more_particles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Films and bridges are added up where they are: three numbers, whatever the number of particles and pairs."""
    monkeypatch.setattr(dem.engine, "make_loops", GatherLoops)
    monkeypatch.setattr(dem.loops_gather, "LOOK_STEPS", 2)
    monkeypatch.setattr(dem.simulation, "PATROL_STEPS", 1)
    assert bytes_of_stops(6) == bytes_of_stops(12)


def bytes_of_an_event(number: int, shapes: bool) -> int:
    """What the host is given while a nozzle wets a bed of spheres, or of bodies, and films dry."""
    nozzle = {"name": "nozzle", "rate": "1 g/s", "position": [0, 0, 0.05], "half_angle": "10 deg"}
    liquid = WATER | {"sprays": [nozzle], "evaporation": 0.01, "drops": 60}
    case = bowl_case(
        number, contact=WET_LAWS, liquid=liquid, walls=WALLS[:2], statistics=None,
        time={"step": 1e-4, "end": 1.0}, classes=[CLASSES[0], TABLETS] if shapes else CLASSES,
    )  # fmt: skip
    backend = Counting()
    simulation = Simulation(case, backend, 1)
    backend.given = 0
    simulation.wetting.visit(10, simulation.engine)
    outcome, found = simulation.wetting.outcome, backend.given
    assert outcome.caught[0] > 0.0 and outcome.evaporated > 0.0
    require_liquid(simulation.engine)
    return found


@pytest.mark.parametrize("shapes", [False, True], ids=["spheres", "bodies"])
def test_sprays_and_drying_bring_no_more_for_more_particles(shapes: bool) -> None:
    """Flight and slot of each drop and the poses of walls, whatever the number of particles."""
    assert bytes_of_an_event(6, shapes) == bytes_of_an_event(24, shapes) < 2000


def test_a_body_that_leaves_a_wet_bed_brings_its_own_films_alone() -> None:
    """One of 30 tablets in the bowl: less comes than the ids of all their spheres; the others keep films and order."""
    case = bowl_case(contact=WET_LAWS, liquid=WATER, statistics=None, time={"end": 1.0}, classes=[CLASSES[0], TABLETS])
    backend = Counting()
    engine = make_engine(case, backend)
    engine.rebuild()
    bodies, gone = engine.host_bodies(), np.arange(engine.body_count) == 11
    before = Particles(*(array.copy() for array in bodies))
    backend.given = 0
    engine.remove(gone)
    assert backend.given < engine.size * 8
    after = engine.host_bodies()
    for name in ("row", "kind", "id", "film"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name)[~gone], err_msg=name)
    assert engine.film_removed == pytest.approx(before.film[gone].sum(), rel=1e-14)
    np.testing.assert_array_equal(
        engine.particles.id[engine.motion.member[: engine.size]] >> engine.id_bits,
        np.repeat(after.id, np.diff(engine.motion.first[: engine.body_count + 1])),
    )


@pytest.mark.parametrize("loops", [BlockLoops, GatherLoops])
def test_one_that_leaves_a_wet_bed_brings_its_own_bridges_alone(loops: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most bridged of 30: less comes than two numbers for each particle and entry, and no liquid is lost."""
    monkeypatch.setattr(dem.engine, "make_loops", loops)
    backend = Counting()
    engine = wet_simulation(30, backend).engine
    engine.run(60)
    before, entries = require_liquid(engine), int(engine.pairs.start[engine.size])
    ends = np.repeat(np.arange(engine.size), np.diff(engine.pairs.start[: engine.size + 1]))
    bridged = engine.pairs.flags[:entries] & BRIDGED != 0
    gone = np.arange(engine.size) == np.bincount(ends[bridged]).argmax()
    held = before.films + before.bridges
    backend.given = 0
    engine.remove(gone)
    assert backend.given < BYTES_OF_A_PARTICLE * 3
    after = require_liquid(engine)
    assert after.joined < before.joined and after.removed > 0.0
    assert after.films + after.bridges + after.removed == pytest.approx(held + before.removed, rel=1e-14)


@pytest.mark.parametrize("loops", [BlockLoops, GatherLoops])
def test_liquid_is_added_up_as_it_is_saved(loops: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Films, bridges of pairs and to walls against the arrays of a checkpoint; what one bridge loses is noticed."""
    monkeypatch.setattr(dem.engine, "make_loops", loops)
    backend = Counting()
    engine = wet_simulation(30, backend).engine
    engine.run(60)
    backend.given = 0
    found = require_liquid(engine)
    assert backend.given == 3 * 8
    state, place = engine.state(), engine.interaction.solid_history
    volumes = state["history"][state["flags"] & BRIDGED != 0, place]
    at_walls = volumes_at_walls(engine, np.arange(engine.size))
    assert len(volumes) > 5 and at_walls.any()
    share = 0.5 if engine.loops.full else 1.0
    assert found.films == pytest.approx(state["film"].sum(), rel=1e-14)
    assert found.bridges == pytest.approx(share * volumes.sum() + at_walls.sum(), rel=1e-14)
    engine.pairs.history[np.flatnonzero(engine.pairs.flags & BRIDGED), place] *= 0.99
    with pytest.raises(ConservationError, match="error -"):
        require_liquid(engine)
