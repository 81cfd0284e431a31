"""What comes to the host between two outputs: of particles that enter and leave, those alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.python import PythonBackend
from dem.outflow import KEPT, near_outlets, reached_outlets
from dem.particles import X
from dem.simulation import Simulation
from tests.device.systems import SHARES, WALLS, bowl_case

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
