"""What goes wrong inside a simulation ends it with exit code 3, the particle, the time, and what to change."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from compute import get_backend
from compute.errors import NeighbourOverflow, ParticleLost, SimulationError, UnstableTimeStep
from dem.contact.law import Elasticity, PairProperties
from dem.engine import Engine
from dem.faults import FAULT_SIZE, LOST, WALL_SLOTS, note_fault, read_fault
from dem.particles import VX
from dem.simulation import Simulation, Watch
from tests.dem.engines import make_engine, plane, spheres
from tests.dem.mixer import read_mixer, write_mixer

RADIUS = 1e-3
HARD = Elasticity(1e9, 0.25, 2500.0)


def test_particle_that_leaves_the_domain() -> None:
    """Sphere 5 flies out of the open box at 1 m/s after 3 ms; it is missed at the next rebuild, not a skin later."""
    engine = make_engine(
        spheres([[7e-3, 5e-3, 5e-3], [2e-3, 2e-3, 2e-3]], [[1.0, 0, 0], [0, 0, 0]], RADIUS, ids=[5, 9]), step=1e-5,
        skin=2e-4, high=(0.01,) * 3,
    )  # fmt: skip
    with pytest.raises(
        ParticleLost, match=r"particle 5 at \(0\.0100?\d*, 0\.005, 0\.005\) m left the domain"
    ) as caught:
        engine.run(2000)
    assert caught.value.exit_code == 3
    time = float(re.search(r"t = ([0-9.e-]+) s", str(caught.value))[1])  # type: ignore[index]
    assert 3e-3 <= time < 3e-3 + 0.5 * 2e-4 / 1.0 + 1e-4
    assert "enlarge dem.domain" in str(caught.value)


def two_spheres(apart: float, speed: float = 0.0, step: float = 1e-6) -> Engine:
    position = [[0.02, 0.02, 0.02], [0.02 + apart, 0.02, 0.02]]
    velocity = [[speed / 2, 0.0, 0.0], [-speed / 2, 0.0, 0.0]]
    return make_engine(
        spheres(position, velocity, RADIUS, density=2500.0), step=step, skin=2e-4, high=(0.04,) * 3, materials=[HARD],
        pairs=PairProperties(1.0, 0.0),
    )  # fmt: skip


def test_spheres_pressed_into_each_other() -> None:
    """An overlap above half a radius has no meaning for the law: it ends the run in the step that finds it."""
    with pytest.raises(
        UnstableTimeStep,
        match=r"particle [01] at .* pressed into a particle .* by more than 0\.5 of the smaller radius "
        r"\(dem\.contact\.largest_overlap = 0\.5\); .* \(t = 1e-06 s, step 1\)",
    ):
        two_spheres(1.4 * RADIUS).run(10)


@pytest.mark.parametrize("places", [["0,0,0.02,coarse", "0,0.0017,0.02,coarse"], ["0,0,0.0383,coarse"]])
def test_the_largest_overlap_of_the_case_is_told(tmp_path: Path, places: list[str]) -> None:
    """A pair, and a sphere at the lid, 0.3 radii deep where the case allows 0.2: told the key and that value."""
    case = read_mixer(tmp_path, *particle_file(tmp_path, places), "dem.contact.largest_overlap=0.2")
    text = r"a particle or a wall by more than 0\.2 of the smaller radius \(dem\.contact\.largest_overlap = 0\.2\)"
    with pytest.raises(UnstableTimeStep, match=text):
        Simulation(case, get_backend("python"), 1).engine.run(10)


@pytest.mark.parametrize(("speed", "step"), [(3000.0, 1e-6), (float("nan"), 1e-6)])
def test_explosion(speed: float, step: float) -> None:
    """A sphere that moves more than half its radius in a step, or whose state is no number, ends the run at once."""
    with pytest.raises(UnstableTimeStep, match=r"particle [01] at .*shorten dem\.time\.step.*\(t = 1e-06 s, step 1\)"):
        two_spheres(0.01, speed, step).run(10)


def test_step_far_too_long_explodes_and_is_told() -> None:
    """At ten times the Rayleigh step the contact gains energy until a limit is met; nothing goes on quietly."""
    with pytest.raises(SimulationError, match=r"particle \d+ .* \(t = "):
        two_spheres(1.99 * RADIUS, 1.0, 5e-5).run(400)


def test_wall_pressed_through() -> None:
    """A sphere whose centre has passed a wall by more than half a radius."""
    engine = make_engine(
        spheres([[0.02, 0.02, 0.3e-3]], 0.0, RADIUS), step=1e-6, skin=2e-4, high=(0.04,) * 3,
        walls=[plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))],
    )  # fmt: skip
    with pytest.raises(UnstableTimeStep, match=r"particle 0 at \(0\.02, 0\.02, .* pressed into a particle or a wall"):
        engine.run(10)


def test_fault_of_any_chunk_is_raised() -> None:
    """Faults are found by chunk; that of the second is raised when the first has none."""
    engine = two_spheres(0.01)
    engine.fault = np.zeros((2, FAULT_SIZE), np.int64)
    note_fault(engine.fault, 1, WALL_SLOTS, 1)
    with pytest.raises(NeighbourOverflow, match=r"particle 1 at .* touches more wall contacts"):
        engine.raise_faults()


def test_first_fault_is_kept() -> None:
    """What follows from it is not told in its place; an id takes the bits above the code, however large."""
    fault = np.zeros((1, FAULT_SIZE), np.int64)
    note_fault(fault, 0, WALL_SLOTS, 2**59 - 1)
    note_fault(fault, 0, LOST, 5)
    assert read_fault(fault[0, 0]) == (WALL_SLOTS, 2**59 - 1)


def particle_file(folder: Path, rows: list[str]) -> list[str]:
    """Assignments that replace the mixer's particles by those of a file."""
    path = folder / "particles.csv"
    path.write_text("\n".join(["x,y,z,class", *rows]) + "\n")
    return ["dem.particles=[{kind: file, file: particles.csv}]"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["0,0,0.02,fine", "0.0012,0,0.02,fine", "0,0.004,0.02,coarse"],
         r"particles 0 and 1 overlap by 0\.0003 m at the start \(t = 0 s\), 40% of the radius; move them apart in "
         r"dem\.particles"),
        (["0,0,0.02,fine", "0,0,0.0005,fine"], r"particle 1 reaches into a wall by .* at the start"),
        (["0,0,0.02,fine", "0.0081,0,0.02,fine"], r"particle 1 reaches into a wall by .* at the start"),
    ],
)  # fmt: skip
def test_overlap_at_the_start(tmp_path: Path, rows: list[str], message: str) -> None:
    """Overlaps above a tenth of the radius would fly apart: refused before the first step, with both particles."""
    case = read_mixer(tmp_path, *particle_file(tmp_path, rows))
    with pytest.raises(SimulationError, match=message) as caught:
        Simulation(case, get_backend("python"), 1).run()
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("apart", "law"), [(0.00145, "hertz-mindlin"), (0.0001, "ghost")], ids=["settled bed", "ghosts"]
)
def test_small_overlaps_and_ghosts_may_start(tmp_path: Path, apart: float, law: str) -> None:
    """A settled bed is pressed together by a few percent, and spheres without force by as much as they like.

    Both run to their end; only those that touch push each other apart.
    """
    short = ["dem.statistics=null", "dem.time.end=5e-5 s", "dem.walls=[]", f"dem.contact.law={law}"]
    places = particle_file(tmp_path, ["0,0,0.02,fine", f"{apart},0,0.02,fine"])
    simulation = Simulation(read_mixer(tmp_path, *places, *short), get_backend("python"), 1)
    simulation.run()
    row = simulation.engine.host_particles().row
    assert simulation.engine.step_number == simulation.last_step > 0
    assert np.isfinite(row).all()
    speeds = np.sort(row[:, VX])
    assert np.all(speeds == 0.0) if law == "ghost" else speeds[0] < 0.0 < speeds[1]


def test_insertion_without_room_is_told(tmp_path: Path) -> None:
    """A region for one sphere and a stream of thousands: said once, with the time, and the run goes on."""
    case = read_mixer(
        tmp_path,
        "dem.particles=[{kind: insertion, region: {shape: box, low: [-1 mm, -1 mm, 30 mm], high: [1 mm, 1 mm, 32 mm]}, "
        "shares: {of: {fine: 1}}, number_rate: 4000 1/s, end: 30 ms}]",
        "dem.statistics=null", "dem.time.end=5 ms", "dem.gravity=[0, 0, 0]",
    )  # fmt: skip
    told: list[str] = []
    simulation = Simulation(case, get_backend("python"), 1)
    simulation.run(Watch(told=told.append))
    told = [text for text in told if "no room" in text]
    assert len(told) == 1
    message = r"particles to be inserted find no room \(t = 0\.00125 s\) and wait: feeder-1 \(4\); enlarge the region"
    assert re.match(message, told[0])
    assert simulation.engine.size == 1


def test_exit_code_and_message_of_the_command(tmp_path: Path) -> None:
    """From outside: exit code 3, one message with particle, time and remedy, no traceback; the manifest says failed."""
    assignments = particle_file(tmp_path, ["0,0,0.02,fine", "0.0012,0,0.02,fine"])
    words = [sys.executable, "-c", "from coupling.cli import main; main()", "run", str(write_mixer(tmp_path))]
    words += ["--backend", "python", "--out", str(tmp_path / "run")]
    for assignment in assignments:
        words += ["--set", assignment]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 3, done.stderr
    assert "particles 0 and 1 overlap" in done.stderr and "t = 0 s" in done.stderr
    assert "Traceback" not in done.stderr
    assert '"failed"' in (tmp_path / "run" / "manifest.json").read_text()
