"""Encounters where theory gives them exactly: an elastic gas, and spheres that pass through each other.

Definitions: B encounters over the exposure E = Int N (N - 1)/(2 V) dt of a class with itself, or Int N_i N_j/V dt of
two classes, are the rate constant b = B/E [m3/s].
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from compute import get_backend
from coupling.case_file import read_case
from dem.contact.law import Elasticity, PairProperties
from dem.particles import MASS, VX
from dem.simulation import Simulation
from dem.statistics_result import EncounterStatistics
from dem.tally import BIRTHS, ENCOUNTERS, SPEED, SPEED_SQUARE, fold_classes
from tests.dem.engines import kinetic_energy, make_engine, momentum, rows, spheres

CASES = Path(__file__).resolve().parents[2] / "cases"
SPHERE_DIAMETER = 1e-3
PERIODIC = (True, True, True)


def contact_value(fraction: float) -> float:
    """Carnahan and Starling's pair distribution at contact, g0 = (1 - phi/2)/(1 - phi)^3."""
    return (1.0 - fraction / 2.0) / (1.0 - fraction) ** 3


class Gas(NamedTuple):
    """A run of the case `gas`: what was counted, and energy, momentum and sum of m |v| before and after."""

    statistics: EncounterStatistics
    sigma: float
    energy: tuple[float, float]
    momentum: tuple[Any, Any]
    scale: float


def run_gas(*assignments: str) -> Gas:
    """Run the shipped case, changed."""
    case = read_case(CASES / "gas" / "case.yaml", assignments)
    assert case.dem is not None
    simulation = Simulation(case.dem, get_backend("cpu", 1), case.seed)
    before = kinetic_energy(simulation.engine), momentum(simulation.engine)
    row = rows(simulation.engine)
    sigma = math.sqrt((row[:, VX : VX + 3] ** 2).mean())
    statistics = simulation.run()
    assert statistics is not None
    scale = float((row[:, MASS] * np.linalg.norm(row[:, VX : VX + 3], axis=1)).sum())
    after = kinetic_energy(simulation.engine), momentum(simulation.engine)
    return Gas(statistics, sigma, (before[0], after[0]), (before[1], after[1]), scale)


@pytest.fixture(scope="module")
def gas(request: pytest.FixtureRequest) -> Gas:
    """1000 spheres, phi = 0.01: half of the shipped window, some 5000 encounters; the whole with --validate."""
    return run_gas() if request.config.getoption("--validate") else run_gas("dem.statistics.blocks=12")


def assert_close(value: float, expected: float, standard_error: float) -> None:
    """Within 3 standard errors and 1 %."""
    assert abs(value - expected) < 3.0 * standard_error + 0.01 * expected


def test_gas_encounter_rate(gas: Gas) -> None:
    """b = 4 sqrt(pi) sigma d^2 g0 (Chapman and Cowling); error by the scatter of the blocks."""
    measured, theory = gas.statistics.encounter_rate(), 4.0 * math.sqrt(math.pi) * gas.sigma * SPHERE_DIAMETER**2
    error = math.sqrt(float(measured.variance[0, 0, 0]))
    assert 0.0 < error < 0.04 * theory
    assert_close(float(measured.value[0, 0, 0]), theory * contact_value(0.01), error)


def test_gas_normal_speeds(gas: Gas) -> None:
    """Encounters are flux-weighted: the normal speed is Rayleigh-distributed, mean sqrt(pi) sigma, square 4 sigma^2.

    Variances of the single values: (4 - pi) sigma^2, and (4 sigma^2)^2 for the square, which is exponential.
    """
    statistics = gas.statistics
    count = float(statistics.encounters.sum())
    mean, square = statistics.normal_speed_sum.sum() / count, statistics.normal_speed_square_sum.sum() / count
    assert_close(mean, math.sqrt(math.pi) * gas.sigma, math.sqrt((4.0 - math.pi) / count) * gas.sigma)
    assert_close(square, 4.0 * gas.sigma**2, 4.0 * gas.sigma**2 / math.sqrt(count))


def test_gas_speed_histogram(gas: Gas) -> None:
    """Shares below the bin edges: 1 - exp(-v^2/(4 sigma^2)), within 4/sqrt(B) of the largest deviation (Kolmogorov)."""
    counts, edges = gas.statistics.normal_speed_counts[0, 0, 0], gas.statistics.speed_edges
    assert counts.sum() == gas.statistics.encounters.sum()
    share = np.cumsum(counts)[:-1] / counts.sum()
    theory = 1.0 - np.exp(-(edges[1:-1] ** 2) / (4.0 * gas.sigma**2))
    assert np.abs(share - theory).max() < 1.63 / math.sqrt(counts.sum()) + 0.01


def test_gas_conserves_energy_and_momentum(gas: Gas) -> None:
    """Elastic, frictionless impacts of some 20 steps keep the energy to 0.1 %; momentum changes by rounding alone."""
    assert gas.energy[1] == pytest.approx(gas.energy[0], rel=1e-3)
    assert np.abs(gas.momentum[1] - gas.momentum[0]).max() < 1e-11 * gas.scale


def test_gas_gains_and_loses_nobody(gas: Gas) -> None:
    """Exposure N (N - 1)/(2 V) t of the box and particle time N t, exact but for rounding."""
    time = gas.statistics.block_time.sum()
    exposure = 1000.0 * 999.0 / (2.0 * 0.03741**3) * time
    assert gas.statistics.exposure.sum() == pytest.approx(exposure, rel=1e-9)
    assert gas.statistics.particle_time.sum() == pytest.approx(1000.0 * time, rel=1e-9)


@pytest.mark.validate
@pytest.mark.parametrize("fraction", [0.05, 0.10])
def test_denser_gases(fraction: float) -> None:
    """The same at phi = 0.05 and 0.10, stiffer, so that contacts stay short against the free time."""
    edge = f"{(1000 * math.pi / 6 / fraction) ** (1 / 3):.6f} mm"
    stiff = ["dem.materials.glass.youngs_modulus=2 GPa", "dem.statistics.blocks=20", "dem.statistics.block=6 ms"]
    sides = [f"dem.domain.high=[{edge}, {edge}, {edge}]", f"dem.particles.0.region.high=[{edge}, {edge}, {edge}]"]
    found = run_gas(*stiff, *sides, "dem.time.spin_up=10 ms")
    measured = found.statistics.encounter_rate()
    theory = 4.0 * math.sqrt(math.pi) * found.sigma * SPHERE_DIAMETER**2 * contact_value(fraction)
    assert_close(float(measured.value[0, 0, 0]), theory, math.sqrt(float(measured.variance[0, 0, 0])))


class Ghosts(NamedTuple):
    """Encounters, births and normal speeds of class pairs (0, 0), (0, 1), (1, 1)."""

    encounters: Any
    births: Any
    mean_speed: Any
    mean_square: Any
    highest: Any


PAIRS = [0, 1, 3]
DIAMETERS = np.array([1.0, 0.7]) * SPHERE_DIAMETER
BOX = np.array([40.0, 6.0, 10.0]) * SPHERE_DIAMETER


def run_ghosts(velocity: Any, shear_rate: float, step: float, steps: int) -> Ghosts:
    """Let 2 x 500 spheres at random places move; pairs that overlap at the start are left out.

    velocity: function of (position, class) to velocity.
    """
    random = np.random.Generator(np.random.Philox(key=(11, 3)))
    kind = np.arange(1000) % 2
    position = random.uniform(-0.5, 0.5, (1000, 3)) * BOX
    engine = make_engine(
        spheres(position, velocity(position, kind), DIAMETERS[kind] / 2, kind=kind), backend=get_backend("cpu", 1),
        law="ghost", statistics=True, low=tuple(-BOX / 2), high=tuple(BOX / 2), periodic=PERIODIC,
        shear_rate=shear_rate, step=step, skin=0.5 * SPHERE_DIAMETER,
        materials=[Elasticity(5e6, 0.3, 1500.0)] * 2, pairs=PairProperties(1.0, 0.0),
    )  # fmt: skip
    engine.run(1)
    for array in engine.tally[:4]:
        array[:] = 0
    engine.run(1 + steps)
    counts = fold_classes(engine.tally.pair_counts.sum(axis=0), 2)[PAIRS]
    number = np.maximum(counts[:, ENCOUNTERS], 1)
    speeds = fold_classes(engine.tally.pair_speeds.sum(axis=0), 2)[PAIRS, 0]
    filled = speeds.shape[1] - 1 - np.argmax(speeds[:, ::-1] > 0, axis=1)
    quanta = engine.tally.quanta
    return Ghosts(
        counts[:, ENCOUNTERS], counts[:, BIRTHS], counts[:, SPEED] / quanta[1] / number,
        counts[:, SPEED_SQUARE] / quanta[2] / number, np.exp(quanta[3] + filled / quanta[4]),
    )  # fmt: skip


def test_ghosts_that_settle() -> None:
    """Two classes at constant velocities: b = pi (r_i + r_j)^2 u, p(v_n) = 2 v_n/u^2, mean 2u/3, mean square u^2/2.

    They move 36 diameters against each other, less than the box is long, so that no pair meets twice; spheres of one
    class never meet. A step of 0.02 diameters sees a touch up to that late, which lowers v_n by 1 % at most. The box is
    sheared by 1e-9 1/s, which moves nothing, so that one compiled variant serves both tests of ghosts.
    """
    speed, step, steps = 1.0, 2e-5, 1800
    found = run_ghosts(lambda x, kind: np.where(kind[:, None], [0.5, 0.0, 0.0], [-0.5, 0.0, 0.0]), 1e-9, step, steps)
    reach = DIAMETERS.sum() / 2
    exposure = 500.0 * 500.0 / BOX.prod() * step * steps
    rate, error = found.encounters[1] / exposure, math.sqrt(found.encounters[1]) / exposure
    assert found.encounters[0] == found.encounters[2] == 0
    np.testing.assert_array_equal(found.births, found.encounters)
    assert_close(rate, math.pi * reach**2 * speed, error)
    root = math.sqrt(found.encounters[1])
    assert_close(found.mean_speed[1], 2.0 / 3.0 * speed, speed / math.sqrt(18.0) / root)
    assert_close(found.mean_square[1], 0.5 * speed**2, speed**2 / math.sqrt(12.0) / root)


def test_ghosts_in_shear() -> None:
    """v = (gamma y, 0, 0): b = 4/3 gamma (r_i + r_j)^3, mean v_n = pi/10 gamma (r_i + r_j) (Smoluchowski 1917).

    Strain 38, less than the box's length over a diameter, so that no pair meets twice. v_n is at most gamma (r_i +
    r_j)/2. At a strain of 0.01 a step a touch is seen late by 0.005 diameters on average.
    """
    rate, step, steps = 100.0, 1e-4, 3800

    def affine(position: Any, kind: Any) -> Any:
        return np.stack([rate * position[:, 1], 0.0 * kind, 0.0 * kind], axis=1)

    found = run_ghosts(affine, rate, step, steps)
    reach = np.array([DIAMETERS[0], DIAMETERS.sum() / 2, DIAMETERS[1]])
    exposure = np.array([499.0 / 2, 500.0, 499.0 / 2]) * 500.0 / BOX.prod() * step * steps
    np.testing.assert_array_equal(found.births, found.encounters)
    for at in range(3):
        theory, root = 4.0 / 3.0 * rate * reach[at] ** 3, math.sqrt(found.encounters[at])
        assert_close(found.encounters[at] / exposure[at], theory, root / exposure[at])
        scatter = math.sqrt(max(found.mean_square[at] - found.mean_speed[at] ** 2, 0.0)) / root
        assert_close(found.mean_speed[at], math.pi / 10.0 * rate * reach[at], scatter)
    assert np.all(found.highest < 0.5 * rate * reach * 1.001)
