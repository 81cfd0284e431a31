"""Runs in mixed precision: the same bits however they are made, and the results of double within their errors."""

from __future__ import annotations

import math
import os
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from compute import get_backend
from compute.errors import StateSaved
from dem.clumps.engine import ClumpEngine
from dem.clumps.motion import MOMENTUM, TURN
from dem.engine import Engine
from dem.particles import MASS, VX, X
from dem.simulation import Simulation
from dem.statistics_result import EncounterStatistics
from dem.tally import ENCOUNTERS
from tests.dem.engines import momentum, plane, rows
from tests.dem.mixer import read_mixer
from tests.dem.test_clumps import small_case
from tests.dem.test_collisions import worst_deviation
from tests.dem.test_engine import EDGE, granulator, random_spheres, tallies
from tests.dem.test_gas import SPHERE_DIAMETER, assert_close, contact_value, run_gas
from tests.dem.test_resume import stop_at
from tests.device.systems import make_engine
from tests.results import assert_same_results

SEED = 3
MIXED = "dem.numerics=mixed"
OPEN: dict[str, Any] = {"low": (-5 * EDGE,) * 3, "high": (5 * EDGE,) * 3}
"""Room around the spheres."""
mixed_granulator = partial(granulator, mixed=True)
"""Walls, Hertz's law, rolling friction and statistics: the one variant in mixed precision that is compiled here."""


def state_of(engine: Engine) -> dict[str, NDArray[Any]]:
    return {name: array.copy() for name, array in engine.state().items()}


def assert_same_bits(one: Engine, other: Engine) -> None:
    first, second = state_of(one), state_of(other)
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert array.dtype == second[name].dtype
        np.testing.assert_array_equal(array, second[name], err_msg=name)
    for counted, again in zip(tallies(one), tallies(other)):
        np.testing.assert_array_equal(counted, again)


def test_plain_python_and_compiled_agree_to_the_bit() -> None:
    """Plain Python rounds to 32 bits where the processor does; springs are stored in 32 bits, positions in 64."""
    particles = random_spheres(1, 27, edge=3e-3)
    plain, compiled = (
        mixed_granulator(backend, particles) for backend in (get_backend("python"), get_backend("cpu", 1))
    )
    for engine in (plain, compiled):
        engine.run(250)
    assert tallies(plain)[0].sum() > 0 and tallies(plain)[2].sum() > 0
    assert (plain.pairs.history.dtype, plain.particles.row.dtype) == (np.float32, np.float64)
    assert_same_bits(plain, compiled)


def test_threads_do_not_change_the_bits() -> None:
    """Sums in 64 bits of forces in 32 are exact, in any order, unless one is 2^29 times smaller than another's sum."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core only: two threads cannot be tried")
    engines = [mixed_granulator(get_backend("cpu", threads), random_spheres(7, 216)) for threads in (1, 2)]
    for engine in engines:
        engine.run(300)
    assert tallies(engines[0])[0].sum() > 0
    assert_same_bits(*engines)


def test_momentum_is_conserved_to_rounding() -> None:
    """Each pair's force is one number, added to one sphere and taken from the other in 64 bits.

    As in double precision: what is left is the rounding of the sums, some 2^-53 of each momentum a step.
    """
    far = plane("far", (0.0, 0.0, -EDGE), (0.0, 0.0, 1.0))
    free = mixed_granulator(get_backend("cpu", 1), random_spheres(2, 216), walls=[far], gravity=(0.0, 0.0, 0.0), **OPEN)
    before, row = momentum(free), rows(free)
    free.run(600)
    assert tallies(free)[0][:, ENCOUNTERS].sum() > 30
    scale = (row[:, MASS] * np.linalg.norm(row[:, VX : VX + 3], axis=1)).sum()
    assert np.abs(momentum(free) - before).max() < 1e-13 * scale


def test_nineteen_impacts_agree_with_double() -> None:
    """Peak overlap, contact time, restitution, velocity and spin against double precision of a peer.

    Rounding to 32 bits leaves 1e-7 of them, and 3e-6 of the spin of one impact, in which a spring begins to slip a step
    earlier or later; 1e-5 is asked.
    """
    backend = get_backend("cpu", 1)
    assert worst_deviation("liggghts", backend=backend, rolling="constant-torque", statistics=True, mixed=True) < 1e-5


def simulate_mixer(folder: Path, *assignments: str) -> Simulation:
    (folder / "run").mkdir(parents=True, exist_ok=True)
    return Simulation(read_mixer(folder, *assignments), get_backend("cpu", 1), SEED, folder / "run")


def test_stopped_and_resumed(tmp_path: Path) -> None:
    """Stopped in settling and twice in the window, it ends with every bit of the run that went through."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    simulate_mixer(whole, MIXED).run()
    for step in (500, 3300, 3301):
        with pytest.raises(StateSaved):
            simulate_mixer(parts, MIXED).run(stop_at(step))
    simulate_mixer(parts, MIXED).run()
    assert_same_results(whole / "run", parts / "run")


class Window(NamedTuple):
    """Of one run: number of encounters, mean normal speed [m/s] and lost energy [J], each with its standard error."""

    encounters: tuple[float, float]
    speed: tuple[float, float]
    energy: tuple[float, float]


def window_of(statistics: EncounterStatistics) -> Window:
    """The sums of a window; an error from the scatter of its blocks, of a mean speed from that of the speeds."""
    count = statistics.encounters.sum(axis=(1, 2, 3)).astype(float)
    energy = statistics.dissipated_energy.sum(axis=(1, 2, 3))
    scatter = [math.sqrt(len(each) * each.var(ddof=1)) for each in (count, energy)]
    total, speed = count.sum(), statistics.normal_speed_sum.sum()
    mean = speed / total
    spread = math.sqrt((statistics.normal_speed_square_sum.sum() / total - mean**2) / total)
    return Window((total, scatter[0]), (mean, spread), (energy.sum(), scatter[1]))


def assert_same_window(one: EncounterStatistics, other: EncounterStatistics) -> None:
    """Two runs that lost each other by chaos: equal within four standard errors of their difference."""
    for name, (value, error), (again, its_error) in zip(Window._fields, window_of(one), window_of(other)):
        assert abs(value - again) < 4.0 * math.hypot(error, its_error), f"{name}: {value} and {again}"
        assert 0.0 < error < 0.3 * value, name


def test_statistics_agree_with_double(tmp_path: Path) -> None:
    """A stirred bowl: number of encounters, mean normal speed and dissipated energy of the window."""
    mixed, double = (simulate_mixer(tmp_path / name, *words).run() for name, words in (("m", [MIXED]), ("d", [])))
    assert mixed is not None and double is not None
    assert mixed.encounters.sum() > 300
    assert_same_window(mixed, double)


def motion_of_bodies(numerics: str, contact: dict[str, Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Forces [N] and moments [N m] on a tablet and a needle in each step of an impact, and how they lie at its end."""
    items = [
        {"class": "needle", "position": [0, 0, 0], "velocity": [0, 0, 0.3], "spin": [40, -90, 0]},
        {"class": "tablet", "position": [1.2e-3, 0.3e-3, 1.02e-3], "velocity": [-0.1, 0, -0.3], "spin": [-60, 0, 30]},
    ]  # fmt: skip
    classes = [
        {"name": "needle", "material": "m", "shape": {"kind": "needle", "length": "4 mm", "diameter": "1 mm"}},
        {"name": "tablet", "material": "m", "shape": {"kind": "tablet", "diameter": "3 mm", "thickness": "1 mm"}},
    ]
    pair = {"between": ["m", "m"], "restitution": 0.5, "friction": 0.4, "rolling_friction": 0.1}
    plastic = {"plasticity_ratio": 0.5, "adhesive_stiffness_ratio": 0.5} if contact["law"] == "eepa" else {}
    case = small_case(
        classes=classes, particles=[{"kind": "given", "items": items}], contact=contact, pairs=[pair | plastic],
        numerics=numerics, time={"step": "1 us", "end": 1.0},
    )  # fmt: skip
    engine = make_engine(case, get_backend("python"))
    assert isinstance(engine, ClumpEngine)
    before, kicks = engine.motion.body[:2].copy(), []
    for step in range(1, 601):
        engine.run(step)
        now = engine.motion.body[:2].copy()
        force = (now[:, VX : VX + 3] - before[:, VX : VX + 3]) * now[:, MASS, None] / engine.step_size
        kicks.append((force, (now[:, MOMENTUM : MOMENTUM + 3] - before[:, MOMENTUM : MOMENTUM + 3]) / engine.step_size))
        before = now
    force, moment = (np.array(each) for each in zip(*kicks))
    assert engine.interaction.mixed == (numerics == "mixed") and force.any() and moment.any()
    np.testing.assert_allclose(force[:, 0], -force[:, 1], atol=1e-11 * np.abs(force).max())
    return force, moment, np.concatenate([now[:, X : X + 3] / 1e-3, now[:, TURN : TURN + 4]], axis=1)


@pytest.mark.parametrize(
    "contact", [{"law": "hertz-mindlin", "rolling": "epsd2"}, {"law": "eepa"}], ids=["hertz", "eepa"]
)
def test_bodies_agree_with_double(contact: dict[str, Any]) -> None:
    """A tablet and a needle collide, spinning: forces and moments in every step to 1e-6 of the largest, as those of one
    contact; places to 1e-8 of 1 mm and orientations to 1e-8 afterwards. Bodies themselves move in 64 bits: the forces
    on the two are opposite to the rounding of their velocities.
    """
    double, mixed = motion_of_bodies("double", contact), motion_of_bodies("mixed", contact)
    for one, other in zip(mixed[:2], double[:2]):
        assert np.abs(one - other).max() <= 1e-6 * np.abs(other).max()
        assert (one != other).any()
    np.testing.assert_allclose(mixed[2], double[2], rtol=0, atol=1e-8)


@pytest.mark.validate
def test_gas_agrees_with_double_and_with_theory() -> None:
    """Some ten thousand encounters of an elastic gas: rate and speeds as in double, and energy kept.

    To 0.3 %: a pair that touches at the end holds up to 2/1000 of the energy; with none in touch 5e-5 is missing.
    """
    mixed, double = run_gas(MIXED), run_gas()
    count = mixed.statistics.encounters.sum()
    rate = 4.0 * math.sqrt(math.pi) * mixed.sigma * SPHERE_DIAMETER**2 * contact_value(0.01)
    measured = mixed.statistics.encounter_rate()
    assert_close(float(measured.value[0, 0, 0]), rate, math.sqrt(float(measured.variance[0, 0, 0])))
    assert mixed.energy[1] == pytest.approx(mixed.energy[0], rel=3e-3)
    assert np.abs(mixed.momentum[1] - mixed.momentum[0]).max() < 1e-11 * mixed.scale
    for name in ("encounters", "normal_speed_sum"):
        one, other = (float(getattr(found.statistics, name).sum()) for found in (mixed, double))
        assert one == pytest.approx(other, rel=4.0 * math.sqrt(2.0 / count)), name


@pytest.mark.validate
def test_long_mixing_agrees_with_double(tmp_path: Path) -> None:
    """Ten times the window of the stirred bowl."""
    mixed, double = (
        simulate_mixer(tmp_path / name, "dem.statistics.blocks=60", *words).run()
        for name, words in (("m", [MIXED]), ("d", []))
    )
    assert mixed is not None and double is not None
    assert_same_window(mixed, double)
