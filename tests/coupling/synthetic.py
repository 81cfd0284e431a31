"""DEM windows drawn from laws that are known, so that a fit can be held against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from coupling.window import Window
from dem.statistics_result import EncounterStatistics


@dataclass(frozen=True)
class Truth:
    """The laws of the synthetic windows (see `coupling.size_law`, `coupling.speed_law`)."""

    encounter: tuple[float, ...] = (log(8.0), 0.9, 0.15, -0.2)
    pair_speed: tuple[float, ...] = (log(0.08), 1.0, 0.5, 0.1, log(1.3))
    blade_hit: tuple[float, ...] = (log(1.5), 1.0, 0.2, 0.1)
    blade_share: tuple[float, ...] = (log(0.4), log(1.6))
    reference_speed: float = (20.0 * 30.0 * 45.0 * 30.0) ** 0.25
    tip_radius: float = 0.06
    feed_diameter: float = 80e-6
    grown_diameter: float = 400e-6

    def coefficients(self) -> np.ndarray:
        return np.array([*self.encounter, *self.pair_speed, *self.blade_hit, *self.blade_share])


TRUTH = Truth()
_DIAMETERS = np.array([0.6e-3, 1.0e-3, 1.5e-3, 2.4e-3])
_NUMBERS = np.array([4000.0, 900.0, 400.0, 150.0])
_BLOCK_TIME, _BLOCKS = 0.05, 24


def make_design_windows(seed: int) -> list[Window]:
    """Three speeds at the feed, and the middle speed at the grown state."""
    points = [(20.0, 0.0), (30.0, 0.0), (45.0, 0.0), (30.0, 1.0)]
    return [make_window(speed, state, seed + 100 * number) for number, (speed, state) in enumerate(points)]


def make_window(speed: float, state: float, seed: int) -> Window:
    """One window of 24 blocks; counts are gamma-Poisson with a dispersion of about two."""
    random = np.random.default_rng(seed)
    size, mean = len(_DIAMETERS), np.sum(_NUMBERS * _DIAMETERS**3) / np.sum(_NUMBERS * _DIAMETERS**2)
    ratio, volume = _DIAMETERS / mean, float(np.sum(_NUMBERS * np.pi / 6.0 * _DIAMETERS**3))
    log_speed = log(speed / TRUTH.reference_speed)
    exposure = np.triu(np.outer(_NUMBERS, _NUMBERS) / volume * _BLOCK_TIME)
    exposure[np.arange(size), np.arange(size)] = _NUMBERS * (_NUMBERS - 1.0) / (2.0 * volume) * _BLOCK_TIME
    rate = _encounter_rate(ratio, log_speed, state)
    encounters = _bursty(random, np.tile(rate * exposure, (_BLOCKS, 1, 1)))
    q0, q1, q2, q3 = TRUTH.blade_hit
    hits = np.exp(q0 + q1 * log_speed + q3 * state) * ratio**q2 * _NUMBERS * _BLOCK_TIME
    blade = _bursty(random, np.tile(hits, (_BLOCKS, 1)))
    edges = np.geomspace(1e-4, 20.0, 61)
    pairs = _pair_histograms(random, edges, encounters.sum(axis=0), ratio, log_speed, state)
    walls = np.zeros((1, size, 2, 60), dtype=np.int64)
    scale = speed * TRUTH.tip_radius * np.exp(TRUTH.blade_share[0])
    for i in range(size):
        walls[0, i, 1] = _histogram(random, edges, int(blade[:, i].sum()), scale, np.exp(TRUTH.blade_share[1]))
    record = _record(encounters, exposure, blade, pairs, walls, edges, volume)
    median = TRUTH.feed_diameter * (TRUTH.grown_diameter / TRUTH.feed_diameter) ** state
    return Window(f"{speed:g}-{state:g}", speed, median, 1.0, record, compartment=0)


def _encounter_rate(ratio: np.ndarray, log_speed: float, state: float) -> np.ndarray:
    c0, c1, c2, c3 = TRUTH.encounter
    sums = (_DIAMETERS[:, None] + _DIAMETERS[None, :]) ** 3
    return np.exp(c0 + c1 * log_speed + c3 * state) * sums * np.outer(ratio, ratio) ** c2


def _bursty(random: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    """Counts of variance about twice the mean."""
    return random.poisson(mean * random.gamma(np.maximum(mean, 1e-9), 1.0 / np.maximum(mean, 1e-9)))


def _pair_histograms(random, edges, counts, ratio, log_speed, state) -> np.ndarray:
    a0, a1, a2, a3, log_shape = TRUTH.pair_speed
    size = len(ratio)
    histograms = np.zeros((1, size, size, len(edges) - 1), dtype=np.int64)
    for i in range(size):
        for j in range(i, size):
            scale = np.exp(a0 + a1 * log_speed + a2 * log(0.5 * (ratio[i] + ratio[j])) + a3 * state)
            histograms[0, i, j] = _histogram(random, edges, int(counts[i, j]), scale, np.exp(log_shape))
    return histograms


def _histogram(random, edges, count, scale, shape) -> np.ndarray:
    speeds = np.clip(scale * random.weibull(shape, count), edges[0] * 1.0001, edges[-1] * 0.9999)
    return np.histogram(speeds, edges)[0]


def _record(encounters, exposure, blade, pairs, walls, edges, volume) -> EncounterStatistics:
    size, n = len(_DIAMETERS), _BLOCKS
    pair, wall = (n, 1, size, size), (n, 1, size, 2)
    blades = np.zeros(wall, dtype=np.int64)
    blades[:, 0, :, 1] = blade
    return EncounterStatistics(
        block_time=np.full(n, _BLOCK_TIME),
        class_diameter=_DIAMETERS,
        wall_names=np.array(["bowl", "impeller"]),
        speed_edges=edges,
        encounters=encounters.reshape(pair),
        births=encounters.reshape(pair),
        normal_speed_counts=pairs,
        tangential_speed_counts=pairs,
        normal_speed_sum=np.zeros(pair),
        normal_speed_square_sum=np.zeros(pair),
        dissipated_energy=np.zeros(pair),
        contact_time=np.zeros(pair),
        exposure=np.tile(exposure, (n, 1, 1)).reshape(pair),
        wall_encounters=blades,
        wall_births=blades,
        wall_normal_speed_counts=walls,
        wall_tangential_speed_counts=walls,
        wall_normal_speed_sum=np.zeros(wall),
        wall_normal_speed_square_sum=np.zeros(wall),
        wall_dissipated_energy=np.zeros(wall),
        wall_contact_time=np.zeros(wall),
        particle_time=np.tile(_NUMBERS * _BLOCK_TIME, (n, 1)).reshape(n, 1, size),
        solid_volume_time=np.full((n, 1), volume * _BLOCK_TIME),
        mean_velocity=np.zeros((n, 1, 3)),
        transitions=np.zeros((n, 2, 1, 1), dtype=np.int64),
        lag=0.01,
    )
