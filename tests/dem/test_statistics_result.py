"""Rates, errors, speeds, trends and exchange from synthetic blocks whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.errors import SimulationError
from dem.statistics_result import SHAPES, EncounterStatistics

EDGES = np.geomspace(1e-3, 10.0, 81)


def random_numbers(stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=(20, stream)))


def make_statistics(blocks: int = 20, **fields: Any) -> EncounterStatistics:
    """One compartment, two classes, one wall and zeros, but for the fields given, which set their axes' sizes."""
    sizes = {"n": blocks, "C": 1, "K": 2, "W": 1, "B": len(EDGES) - 1, "B+1": len(EDGES), "L": 2, "3": 3}
    for name, value in fields.items():
        sizes |= dict(zip(SHAPES[name][0].split(), np.shape(value)))
    sizes["B+1"] = sizes["B"] + 1
    defaults: dict[str, Any] = {
        name: np.zeros([sizes[axis] for axis in axes.split()], dtype=kind) for name, (axes, kind) in SHAPES.items()
    }
    defaults |= {"block_time": np.ones(blocks), "speed_edges": EDGES, "lag": 0.1}
    return EncounterStatistics(**(defaults | fields))


def pair_blocks(values: np.ndarray) -> np.ndarray:
    """One value per block as the 0-0 pair of one compartment and two classes."""
    result = np.zeros((len(values), 1, 2, 2), dtype=values.dtype)
    result[:, 0, 0, 0] = values
    return result


def test_file_keeps_every_bit(tmp_path: Path) -> None:
    """Save and load give equal arrays and types; saving twice gives equal datasets."""
    generator = random_numbers(0)
    sizes = {"n": 20, "C": 2, "K": 3, "W": 2, "B": 10, "B+1": 11, "L": 2, "3": 3}
    fields: dict[str, Any] = {}
    for name, (axes, kind) in SHAPES.items():
        shape = [sizes[axis] for axis in axes.split()]
        fields[name] = generator.integers(0, 2**60, shape) if kind == "int64" else generator.normal(size=shape)
    statistics = EncounterStatistics(**(fields | {"wall_names": np.array(["bowl", "Flügel"])}))
    statistics.save(tmp_path / "statistics.h5")
    loaded = EncounterStatistics.load(tmp_path / "statistics.h5")
    for name in SHAPES:
        expected, found = np.asarray(getattr(statistics, name)), np.asarray(getattr(loaded, name))
        assert (found.dtype, found.shape, found.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())
    assert [path.name for path in tmp_path.iterdir()] == ["statistics.h5"]


def test_file_without_walls_and_broken_files(tmp_path: Path) -> None:
    """No wall is a valid case; a cut or foreign file and a missing folder are named, not traced back."""
    path = tmp_path / "statistics.h5"
    statistics = make_statistics(wall_names=np.array([], dtype=str), wall_births=np.zeros((20, 1, 2, 0), int))
    statistics.save(path)
    assert EncounterStatistics.load(path).wall_encounters.shape == (20, 1, 2, 0)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(SimulationError, match=r"statistics\.h5: no readable encounter statistics"):
        EncounterStatistics.load(path)
    with pytest.raises(SimulationError, match="could not be written"):
        statistics.save(tmp_path / "absent" / "statistics.h5")


def test_disagreeing_shapes_are_refused() -> None:
    """The field and the axis are named."""
    with pytest.raises(ValueError, match="births: axis n has size 19, expected 20"):
        replace(make_statistics(), births=np.zeros((19, 1, 2, 2), int))
    with pytest.raises(ValueError, match="exposure: shape"):
        replace(make_statistics(), exposure=np.zeros((20, 2, 2)))


def test_rate_constant_of_poisson_counts() -> None:
    """B of Poisson with mean b E: b = B/E within 4 of its own standard errors, D near 1, and 0/0 is not a number.

    D (n - 1) is chi-square with 19 degrees of freedom: below 2.3 with probability 0.999.
    """
    exposure = np.triu(random_numbers(1).uniform(50.0, 150.0, (20, 2, 2, 2)))
    truth = np.array([[4.0, 1.0], [0.0, 9.0]])
    counts = random_numbers(2).poisson(truth * exposure)
    statistics = make_statistics(encounters=counts, exposure=exposure)
    rate, variance = statistics.rate_constant(), statistics.rate_variance()
    assert np.all(np.isnan(rate[:, 1, 0]) & np.isnan(variance[:, 1, 0]))
    upper = np.triu_indices(2)
    for compartment in range(2):
        error = (rate[compartment] - truth)[upper] / np.sqrt(variance[compartment][upper])
        assert np.all(np.abs(error) < 4.0)
    index = statistics.dispersion_index()[:, *upper]
    assert np.all((index >= 1.0) & (index < 2.3))
    total, exposed = counts.sum(axis=0), exposure.sum(axis=0)
    assert variance[0, 0, 1] == pytest.approx(index[0, 1] * total[0, 0, 1] / exposed[0, 0, 1] ** 2)


def test_dispersion_of_bursts() -> None:
    """Gamma-mixed Poisson with mean 100 and shape 20 has variance/mean 1 + 100/20 = 6; its mean over 200 windows.

    One window's D has a relative deviation of about sqrt(2/19), the mean of 200 of 2.3 % plus the mixture's tails: 8 %.
    """
    generator = random_numbers(3)
    found = []
    for _ in range(200):
        counts = generator.poisson(100.0 * generator.gamma(20.0, 1 / 20.0, 20))
        statistics = make_statistics(encounters=pair_blocks(counts), exposure=pair_blocks(np.full(20, 2.0)))
        found.append(statistics.dispersion_index()[0, 0, 0])
    assert np.mean(found) == pytest.approx(6.0, rel=0.08)


def correlated_windows(windows: int, blocks: int, memory: float) -> np.ndarray:
    """Counts of mean 400 whose rate follows an autoregression with 15 % deviation and the memory given."""
    generator = random_numbers(4)
    level, rows = np.zeros(windows), []
    for _ in range(blocks + 50):
        level = memory * level + np.sqrt(1 - memory**2) * generator.normal(size=windows)
        rows.append(generator.poisson(400.0 * np.exp(0.15 * level)))
    return np.array(rows[50:]).T


def test_correlated_blocks_widen_the_error() -> None:
    """Neighbouring blocks correlated by 0.6: the error from single blocks is half of the true spread of b.

    An autoregression of memory 0.6 has (1 + 0.6)/(1 - 0.6) = 4 times the variance of independent blocks; batches of 4
    hold a factor 2.4 of it and their remaining correlation most of the rest: within 0.6 to 1.3 of the true variance.
    """
    counts = correlated_windows(300, 40, 0.6)
    true = np.var(counts.sum(axis=1) / 40.0)
    stated = np.mean(
        [
            make_statistics(40, encounters=pair_blocks(row), exposure=pair_blocks(np.ones(40))).rate_variance()[0, 0, 0]
            for row in counts
        ]
    )
    single = np.mean(np.var(counts, axis=1, ddof=1) / 40.0)
    assert single / true < 0.4
    assert 0.6 < stated / true < 1.3


def test_few_counts_share_one_dispersion_index() -> None:
    """Pairs with less than 5 counts per block get one index; all are Poisson, so it lies near 1 (30 pairs: 20 %)."""
    counts = np.zeros((20, 1, 8, 8), dtype=np.int64)
    upper = np.triu_indices(8)
    counts[:, 0, upper[0], upper[1]] = random_numbers(5).poisson(0.4, (20, 36))
    exposure = np.broadcast_to(np.triu(np.ones((8, 8))), counts.shape).copy()
    statistics = make_statistics(encounters=counts, exposure=exposure)
    index = statistics.dispersion_index(at_least=0.0)[0][upper]
    assert np.unique(index[~np.isnan(index)].round(12)).size == 1
    assert np.nanmean(index) == pytest.approx(1.0, rel=0.2)


def test_no_encounter_is_an_upper_limit() -> None:
    """At the rate of the limit, 3/E, no count has the probability exp(-3) = 5 %; with counts there is no limit."""
    statistics = make_statistics(
        encounters=pair_blocks(np.zeros(20, dtype=int)), exposure=pair_blocks(np.full(20, 5.0))
    )
    assert statistics.rate_constant()[0, 0, 0] == 0.0
    assert statistics.upper_limit()[0, 0, 0] == pytest.approx(0.03)
    assert np.isnan(statistics.rate_variance()[0, 0, 0])
    assert np.exp(-statistics.upper_limit()[0, 0, 0] * 100.0) == pytest.approx(0.05, rel=0.01)
    counted = replace(statistics, encounters=pair_blocks(np.ones(20, dtype=int)))
    assert np.isnan(counted.upper_limit()[0, 0, 0])


def trending(slope: float, stream: int) -> EncounterStatistics:
    """Counts of mean 400 per block that rise by the share `slope` over 24 blocks, with Rayleigh speeds."""
    generator = random_numbers(stream)
    counts = generator.poisson(400.0 * (1 + slope * (np.arange(24) / 23 - 0.5)))
    total = np.array([generator.rayleigh(1.0, count).sum() for count in counts])
    return make_statistics(
        24,
        encounters=pair_blocks(counts),
        exposure=pair_blocks(np.ones(24)),
        normal_speed_sum=pair_blocks(total),
    )


def test_stationarity_alarms() -> None:
    """Without a trend 5 % of windows alarm (at most 13 % of 100: 3 binomial deviations more); 30 % is always seen."""
    passed = [trending(0.0, 100 + window).stationarity().passed for window in range(100)]
    assert np.mean(passed) > 0.87
    found = [trending(0.3, 300 + window).stationarity() for window in range(10)]
    assert not any(result.passed for result in found)
    assert np.mean([result.change[0, 0] for result in found]) == pytest.approx(0.3, abs=0.05)
    assert np.mean([result.probability[0, 1] for result in found]) > 0.1, "the speeds have no trend"


def test_stationarity_needs_blocks_and_encounters() -> None:
    """Four blocks, or none with an encounter, prove nothing: not passed."""
    few = make_statistics(4, encounters=pair_blocks(np.full(4, 9)), exposure=pair_blocks(np.ones(4)))
    assert not few.stationarity().passed
    assert not make_statistics().stationarity().passed


def rayleigh_statistics(blocks: int, mean_count: float, stream: int) -> EncounterStatistics:
    generator = random_numbers(stream)
    speeds = [generator.rayleigh(0.2, count) for count in generator.poisson(mean_count, blocks)]
    histogram = np.zeros((1, 2, 2, len(EDGES) - 1), dtype=np.int64)
    histogram[0, 0, 0] = np.histogram(np.concatenate(speeds), EDGES)[0]
    return make_statistics(
        blocks,
        encounters=pair_blocks(np.array([len(part) for part in speeds])),
        exposure=pair_blocks(np.ones(blocks)),
        normal_speed_sum=pair_blocks(np.array([part.sum() for part in speeds])),
        normal_speed_square_sum=pair_blocks(np.array([np.sum(part**2) for part in speeds])),
        normal_speed_counts=histogram,
    )


def test_speed_moments_and_quantiles_of_a_rayleigh_law() -> None:
    """Rayleigh of scale s: mean s sqrt(pi/2), mean square 2 s^2, quantile s sqrt(-2 ln(1 - p)).

    The errors are those of independent draws, so over 60 windows the deviations in units of the stated error have a
    mean square near 1: within 0.5 to 1.5 (relative deviation of the mean square sqrt(2/60), and the errors' own 16 %).
    """
    shares = np.array([0.1, 0.5, 0.9])
    truth = np.array([0.2 * np.sqrt(np.pi / 2), 2 * 0.2**2, *(0.2 * np.sqrt(-2 * np.log(1 - shares)))])
    deviations = []
    for window in range(60):
        statistics = rayleigh_statistics(20, 50.0, 500 + window)
        mean, square = statistics.speed_moments()
        quantiles = statistics.speed_quantiles(shares)
        value = np.array([mean.value[0, 0, 0], square.value[0, 0, 0], *quantiles.value[0, 0, 0]])
        error = np.array(
            [mean.standard_error[0, 0, 0], square.standard_error[0, 0, 0], *quantiles.standard_error[0, 0, 0]]
        )
        deviations.append((value - truth) / error)
    assert np.all(np.isnan(quantiles.value[0, 0, 1]))
    spread = np.mean(np.square(deviations), axis=0)
    assert np.all((spread > 0.5) & (spread < 1.5)), spread


def test_one_encounter_states_no_error() -> None:
    """A single encounter has a speed but no known spread; two give the sample deviation over sqrt(2) at least."""
    counts = np.zeros(20, dtype=int)
    counts[3] = 1
    one = make_statistics(
        encounters=pair_blocks(counts),
        normal_speed_sum=pair_blocks(0.5 * counts),
        normal_speed_square_sum=pair_blocks(0.25 * counts),
    )
    mean, _ = one.speed_moments()
    assert (mean.value[0, 0, 0], np.isnan(mean.standard_error[0, 0, 0])) == (0.5, True)
    counts[9] = 1
    speed = np.where(np.arange(20) == 3, 0.5, 0.7) * counts
    two = replace(
        one,
        encounters=pair_blocks(counts),
        normal_speed_sum=pair_blocks(speed),
        normal_speed_square_sum=pair_blocks(speed**2),
    )
    assert two.speed_moments()[0].standard_error[0, 0, 0] >= np.std([0.5, 0.7], ddof=1) / np.sqrt(2) - 1e-12


def test_wall_hits_per_particle_and_second() -> None:
    """Poisson hits at 3 1/s of 50 particles in blocks of 1 s: rate within 4 errors, error near sqrt(3/1000 s)."""
    hits = np.zeros((20, 1, 2, 1), dtype=int)
    hits[:, 0, 0, 0] = random_numbers(6).poisson(150.0, 20)
    time = np.zeros((20, 1, 2))
    time[:, 0] = 50.0
    found = make_statistics(wall_encounters=hits, particle_time=time).wall_hits()
    error = np.sqrt(found.variance[0, 0, 0])
    assert abs(found.value[0, 0, 0] - 3.0) < 4.0 * error
    assert np.sqrt(3.0 / 1000.0) <= 1.2 * error < 2.0 * np.sqrt(3.0 / 1000.0)
    assert found.upper_limit[0, 1, 0] == pytest.approx(3.0 / 1000.0)


def test_hold_up_and_energy() -> None:
    """Known sums: 12 and 8 particles in turn hold 10 on average with the error 2/sqrt(19); 3 J per encounter."""
    number = np.where(np.arange(20) % 2 == 0, 12.0, 8.0)
    time = np.zeros((20, 1, 2))
    time[:, 0, 0] = number
    velocity = np.zeros((20, 1, 3))
    velocity[:, 0, 1] = 0.5
    statistics = make_statistics(
        particle_time=time,
        solid_volume_time=number[:, None],
        mean_velocity=velocity,
        encounters=pair_blocks(number.astype(int)),
        dissipated_energy=pair_blocks(3.0 * number),
    )
    held = statistics.hold_up()
    assert held.number.value[0, 0] == pytest.approx(10.0)
    assert held.number.standard_error[0, 0] == pytest.approx(2.0 / np.sqrt(19.0))
    assert held.velocity.value[0] == pytest.approx([0.0, 0.5, 0.0])
    energy = statistics.energy_per_encounter()
    assert (energy.value[0, 0, 0], energy.standard_error[0, 0, 0]) == pytest.approx((3.0, 0.0), abs=1e-12)


RATES = np.array([[0.0, 0.8, 0.0], [0.4, 0.0, 0.6], [0.1, 0.5, 0.0]])


def walk_transitions(stream: int, misplaced: float = 0.0, blocks: int = 40, particles: int = 3000) -> np.ndarray:
    """Transitions of particles that jump at RATES, seen every 0.1 s; a share is seen in the next compartment."""
    from scipy.linalg import expm

    generator = random_numbers(stream)
    step = np.cumsum(expm((RATES - np.diag(RATES.sum(axis=1))) * 0.1), axis=1)
    place, seen, counts = generator.integers(0, 3, particles), [], np.zeros((blocks, 2, 3, 3), dtype=int)
    for sample in range(5 * blocks):
        place = (generator.random(particles)[:, None] > step[place]).sum(axis=1)
        seen.append(np.where(generator.random(particles) < misplaced, (place + 1) % 3, place))
        for at in (0, 1):
            if sample > at:
                np.add.at(counts[sample // 5, at], (seen[-2 - at], seen[-1]), 1)
    return counts


def test_exchange_rates_of_a_markov_walk() -> None:
    """Rates and residence times 1/sum_b k_ab within 4 of their errors, and P(2 tau) = P(tau)^2 is accepted."""
    time = np.full((40, 3, 2), 250.0)
    statistics = make_statistics(40, transitions=walk_transitions(7), lag=0.1, particle_time=time)
    found = statistics.exchange_rates()
    assert found.accepted
    assert (found.lag, found.method) == (0.1, "matrix logarithm")
    moving = RATES > 0.0
    assert np.all(np.abs(found.rate - RATES)[moving] < 4.0 * found.standard_error[moving])
    assert np.all(found.standard_error[moving] < 0.03)
    assert found.rate[0, 2] < 0.02
    error = np.abs(found.residence_time - 1.0 / RATES.sum(axis=1))
    assert np.all(error < 4.0 * found.residence_time_error)


def test_chatter_is_not_exchange() -> None:
    """2 % of the places misread adds 0.02/0.1 s to the rates at lag tau, half at 2 tau: seen, not accepted."""
    time = np.full((40, 3, 2), 250.0)
    found = make_statistics(40, transitions=walk_transitions(8, 0.02), lag=0.1, particle_time=time).exchange_rates()
    assert not found.accepted
    assert np.abs(found.deviation).max() > 5.0
    assert found.lag == pytest.approx(0.2)


def test_exchange_of_one_or_empty_compartments() -> None:
    """One compartment keeps everything; one never occupied has no rates; one never left has the limit 3/time."""
    one = make_statistics(transitions=np.full((20, 2, 1, 1), 9)).exchange_rates()
    assert one.accepted
    assert np.isinf(one.residence_time[0])
    counts = np.zeros((20, 2, 2, 2), dtype=int)
    counts[:, :, 0, 0] = 50
    found = make_statistics(transitions=counts, particle_time=np.ones((20, 2, 2))).exchange_rates()
    assert found.rate[0, 1] == 0.0
    assert found.upper_limit[0, 1] == pytest.approx(3.0 / 40.0)
    assert np.all(np.isnan(found.rate[1]))


def test_oscillating_walk_falls_back_on_first_order() -> None:
    """A matrix with the eigenvalue 1 - 0.7 - 0.7 < 0 has no real logarithm: k = P/tau, and the result says so."""
    counts = np.zeros((20, 2, 2, 2), dtype=int)
    counts[:, 0] = [[30, 70], [70, 30]]
    counts[:, 1] = [[58, 42], [42, 58]]
    found = make_statistics(transitions=counts, lag=0.5, particle_time=np.ones((20, 2, 2))).exchange_rates()
    assert (found.accepted, found.method) == (True, "first order")
    assert found.rate[0, 1] == pytest.approx(0.7 / 0.5)
