"""Bodies that enter, leave, are saved and brought back: whole, counted once, and to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compute import get_backend
from compute.errors import StateSaved
from dem.case import DemCase
from dem.clumps.encounters import CONSTITUENT_BITS
from dem.clumps.engine import ClumpEngine
from dem.clumps.orientation import turned
from dem.output import BODIES_NAME, SNAPSHOT_NAME
from dem.particles import MASS, X
from dem.simulation import Simulation, Watch
from dem.snapshots import read_snapshot
from dem.statistics_result import EncounterStatistics
from tests.results import assert_same_results

NEEDLE = {"kind": "needle", "length": "4 mm", "diameter": "1.5 mm"}
SEED = 5


def shaft() -> DemCase:
    """Needles and spheres fall through a shaft, hit a plate, and leave below it; new ones come in above."""
    return DemCase.model_validate(
        {
            "domain": {"low": ["-9 mm", "-9 mm", "-14 mm"], "high": ["9 mm", "9 mm", "22 mm"]},
            "materials": {"m": {"density": 1500, "youngs_modulus": "5 MPa"}},
            "pairs": [{"between": ["m", "m"], "restitution": 0.5, "friction": 0.4}],
            "classes": [
                {"name": "needles", "material": "m", "shape": NEEDLE},
                {"name": "balls", "material": "m", "diameter": "2 mm"},
            ],
            "walls": [
                {"name": "plate", "shape": "plane", "material": "m", "point": [0, 0, 0], "normal": [0.5, 0, 1]},
                {"name": "side", "shape": "plane", "material": "m", "point": ["5.5 mm", 0, 0], "normal": [-1, 0, 0]},
            ],
            "particles": [
                {
                    "kind": "packing", "number": 6, "shares": {"of": {"needles": 0.5, "balls": 0.5}},
                    "region": {"shape": "box", "low": ["-4 mm", "-4 mm", "4 mm"], "high": ["4 mm", "4 mm", "14 mm"]},
                    "velocity": [0, 0, -0.6],
                },
                {
                    "kind": "insertion", "number_rate": 500, "shares": {"of": {"needles": 0.5, "balls": 0.5}},
                    "region": {"shape": "box", "low": ["-4 mm", "-4 mm", "14 mm"], "high": ["4 mm", "4 mm", "21 mm"]},
                    "velocity": [0, 0, -0.8],
                },
            ],
            "outlets": [
                {"name": "out", "region": {"shape": "plane", "point": ["3 mm", 0, 0], "normal": [-1, 0, 0]}},
            ],
            "time": {"step": "20 us", "output_interval": "5 ms", "checkpoint_interval": "10 ms"},
            "statistics": {"block": "10 ms", "blocks": 3, "bins": 8, "speed_range": [1e-3, 10.0]},
        }
    )  # fmt: skip


def run(folder: Path, *stops: int) -> Simulation:
    """Run the shaft to its end, stopping and resuming on the way."""
    folder.mkdir()
    for stop in stops:
        seen = [0]

        def advanced(done: int, total: int, seen: list[int] = seen) -> None:
            seen[0] = total

        watch = Watch(advanced=advanced, stop_requested=lambda seen=seen, stop=stop: seen[0] >= stop)
        with pytest.raises(StateSaved):
            Simulation(shaft(), get_backend("python"), SEED, folder).run(watch)
    simulation = Simulation(shaft(), get_backend("python"), SEED, folder)
    simulation.run()
    return simulation


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Simulation]:
    """A run that was never stopped, and its folder."""
    folder = tmp_path_factory.mktemp("shaft") / "whole"
    return folder, run(folder)


def test_bodies_flow_and_resume(tmp_path: Path, whole: tuple[Path, Simulation]) -> None:
    """Whoever leaves goes whole, ids are never used again, and a stopped run ends with the same files to the bit."""
    folder, straight = whole
    engine = straight.engine
    assert isinstance(engine, ClumpEngine)
    assert straight.flow.ledger.removed.sum() >= 3 and straight.flow.ledger.fed.sum() >= 16
    assert straight.flow.ledger.removed[:, :, 0].sum() >= 1, "no needle has left"
    spheres, bodies = engine.host_particles(), engine.host_bodies()
    owner, count = np.unique(spheres.id >> CONSTITUENT_BITS, return_counts=True)
    np.testing.assert_array_equal(owner, np.sort(bodies.id))
    shapes = [len(engine.shapes[kind].radius) for kind in bodies.kind[np.argsort(bodies.id), 1]]
    np.testing.assert_array_equal(count, shapes)
    held = straight.setup.classes.mass[bodies.kind[:, 1]]
    np.testing.assert_allclose(bodies.row[:, MASS], held, rtol=1e-14)
    run(tmp_path / "stopped", 501, 1000)
    assert_same_results(folder, tmp_path / "stopped", ("statistics.h5", SNAPSHOT_NAME, BODIES_NAME))


def test_snapshots_of_bodies(whole: tuple[Path, Simulation]) -> None:
    """Spheres are where the centre and the orientation of their body put them, to the 32 bits of a snapshot."""
    folder, simulation = whole
    engine = simulation.engine
    assert isinstance(engine, ClumpEngine)
    spheres, bodies = (read_snapshot(folder / name, -1) for name in (SNAPSHOT_NAME, BODIES_NAME))
    assert len(bodies["id"]) == engine.body_count and len(spheres["id"]) == engine.size
    needles = bodies["class"] == 0
    assert needles.any() and bodies["orientation"].shape == (engine.body_count, 4)
    for number, centre, turn in zip(bodies["id"][needles], bodies["position"][needles], bodies["orientation"][needles]):
        own = spheres["position"][spheres["body"] == number]
        along = turned(turn.astype(float), np.array([1.0, 0.0, 0.0]))
        places = np.linspace(-1.25e-3, 1.25e-3, len(own))
        np.testing.assert_allclose(own, centre + places[:, None] * along, atol=3e-9)
    statistics = EncounterStatistics.load(folder / "statistics.h5")
    assert statistics.wall_encounters.sum() > 0
    order = np.argsort(engine.host_bodies().id)
    np.testing.assert_allclose(bodies["position"], engine.host_bodies().row[order, X : X + 3], atol=1e-8)
