"""What a DEM window hands on: encounters, exposure, speeds and transport in blocks, and the rates that follow.

Axes: n blocks, C compartments, K particle classes, W walls, B logarithmic speed bins, L = 2 lags. Of a class pair
only the upper triangle i <= j is used. Every array of the file is a sum over one block or over the window, so that
rates and their errors follow from the file alone (definitions: encounter, exposure and rate constant below).

* Encounter: a first touch of a pair, or a touch after it was apart by more than the re-arm gap; birth: any touch.
* Exposure: E_ij = Int N_i N_j / V_s dt for i < j, E_ii = Int N_i (N_i - 1) / (2 V_s) dt, V_s the solids volume.
* Rate constant: b_ij = B_ij / E_ij, so that encounters happen at the rate b_ij N_i N_j / V_s.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.errors import SimulationError
from dem import statistics_analysis as analysis
from dem.checkpoint import DATASET_OVERHEAD, FILE_OVERHEAD, atomic_replacement, reserved_hdf5
from dem.statistics_analysis import CountedRate, Estimate, Trend
from dem.statistics_exchange import ExchangeRates, exchange_rates

Array = NDArray[np.float64]

FORMAT_VERSION = 1
LAG_COUNT = 2

SHAPES: dict[str, tuple[str, str]] = {
    "block_time": ("n", "float64"),
    "class_diameter": ("K", "float64"),
    "wall_names": ("W", "str"),
    "speed_edges": ("B+1", "float64"),
    "encounters": ("n C K K", "int64"),
    "births": ("n C K K", "int64"),
    "normal_speed_counts": ("C K K B", "int64"),
    "tangential_speed_counts": ("C K K B", "int64"),
    "normal_speed_sum": ("n C K K", "float64"),
    "normal_speed_square_sum": ("n C K K", "float64"),
    "dissipated_energy": ("n C K K", "float64"),
    "contact_time": ("n C K K", "float64"),
    "exposure": ("n C K K", "float64"),
    "wall_encounters": ("n C K W", "int64"),
    "wall_births": ("n C K W", "int64"),
    "wall_normal_speed_counts": ("C K W B", "int64"),
    "wall_tangential_speed_counts": ("C K W B", "int64"),
    "wall_normal_speed_sum": ("n C K W", "float64"),
    "wall_normal_speed_square_sum": ("n C K W", "float64"),
    "wall_dissipated_energy": ("n C K W", "float64"),
    "wall_contact_time": ("n C K W", "float64"),
    "particle_time": ("n C K", "float64"),
    "solid_volume_time": ("n C", "float64"),
    "mean_velocity": ("n C 3", "float64"),
    "transitions": ("n L C C", "int64"),
    "lag": ("", "float64"),
}
"""Axes and type of every field, in the order of the file."""


class HoldUp(NamedTuple):
    """What a compartment holds on average, with standard errors.

    Args:
        number: particles by class [-], shape (C, K).
        solid_volume: [m3], shape (C,).
        velocity: mean velocity of the solids [m/s], shape (C, 3).
    """

    number: Estimate
    solid_volume: Estimate
    velocity: Estimate


@dataclass(frozen=True, eq=False)
class EncounterStatistics:
    """Sums of one DEM window, by block.

    Args:
        block_time: duration of each block [s], shape (n,).
        class_diameter: sphere diameter of each class [m], shape (K,).
        wall_names: name of each wall, shape (W,).
        speed_edges: edges of the speed bins [m/s], shape (B + 1,); the first and last bin take what lies outside.
        encounters, births: counts, shape (n, C, K, K).
        normal_speed_counts, tangential_speed_counts: encounters by speed at first touch, shape (C, K, K, B).
        normal_speed_sum, normal_speed_square_sum: sums over encounters [m/s], [m2/s2], shape (n, C, K, K).
        dissipated_energy, contact_time, exposure: [J], [s], [s/m3], shape (n, C, K, K).
        wall_...: the same of each class with each wall, shapes (n, C, K, W) and (C, K, W, B).
        particle_time: Int N_i dt [s], shape (n, C, K).
        solid_volume_time: Int V_s dt [m3 s], shape (n, C).
        mean_velocity: mean particle velocity in the block [m/s], shape (n, C, 3).
        transitions: particles seen in compartment a and, one or two lags later, in b; shape (n, 2, C, C).
        lag: the shorter lag [s]; the other is twice as long.

    Raises:
        ValueError: a field's shape disagrees with the others.
    """

    block_time: NDArray[np.float64]
    class_diameter: NDArray[np.float64]
    wall_names: NDArray[np.str_]
    speed_edges: NDArray[np.float64]
    encounters: NDArray[np.int64]
    births: NDArray[np.int64]
    normal_speed_counts: NDArray[np.int64]
    tangential_speed_counts: NDArray[np.int64]
    normal_speed_sum: NDArray[np.float64]
    normal_speed_square_sum: NDArray[np.float64]
    dissipated_energy: NDArray[np.float64]
    contact_time: NDArray[np.float64]
    exposure: NDArray[np.float64]
    wall_encounters: NDArray[np.int64]
    wall_births: NDArray[np.int64]
    wall_normal_speed_counts: NDArray[np.int64]
    wall_tangential_speed_counts: NDArray[np.int64]
    wall_normal_speed_sum: NDArray[np.float64]
    wall_normal_speed_square_sum: NDArray[np.float64]
    wall_dissipated_energy: NDArray[np.float64]
    wall_contact_time: NDArray[np.float64]
    particle_time: NDArray[np.float64]
    solid_volume_time: NDArray[np.float64]
    mean_velocity: NDArray[np.float64]
    transitions: NDArray[np.int64]
    lag: float

    def __post_init__(self) -> None:
        sizes: dict[str, int] = {}
        for name, (axes, kind) in SHAPES.items():
            value = np.ascontiguousarray(np.asarray(getattr(self, name), dtype=kind).astype(kind, copy=False))
            value = value.reshape(()) if not axes else value
            _check_shape(name, axes.split(), value.shape, sizes)
            object.__setattr__(self, name, value if axes else float(value))

    @property
    def block_count(self) -> int:
        """Number of blocks n."""
        return len(self.block_time)

    @property
    def duration(self) -> float:
        """Length of the window [s]."""
        return float(self.block_time.sum())

    def encounter_rate(self, dispersion_at_least: float = 1.0) -> CountedRate:
        """Rate constants of all class pairs [m3/s] with dispersion, variance and limits, shapes (C, K, K)."""
        return analysis.counted_rate(self.encounters, self.exposure, dispersion_at_least)

    def rate_constant(self) -> Array:
        """b_ij = B_ij/E_ij [m3/s], shape (C, K, K); not a number for i > j and where there was no exposure."""
        return self.encounter_rate().value

    def rate_variance(self) -> Array:
        """Var b_ij = D B/E^2 [m6/s2], shape (C, K, K); not a number where B = 0 (see `upper_limit`)."""
        return self.encounter_rate().variance

    def upper_limit(self) -> Array:
        """3/E_ij [m3/s] (95 %) where no encounter was seen, else not a number, shape (C, K, K)."""
        return self.encounter_rate().upper_limit

    def dispersion_index(self, at_least: float = 1.0) -> Array:
        """Variance over mean of the counts by block D [-], shape (C, K, K); `statistics_analysis.counted_rate`."""
        return self.encounter_rate(at_least).dispersion

    def stationarity(self, level: float = 0.05) -> Trend:
        """Trend test over the blocks.

        Two series per compartment, both corrected for changing class fractions: encounters over those expected at
        constant rates, and normal speeds over those expected at constant mean speeds.

        Args:
            level: probability of a false alarm over all series together [-].

        Returns:
            Trend with arrays of shape (C, 2): rate, speed.
        """
        expected = np.nan_to_num(self.rate_constant()) * self.exposure
        mean = np.nan_to_num(analysis.divide(self.normal_speed_sum.sum(axis=0), self.encounters.sum(axis=0)))
        pairs = (2, 3)
        rate = analysis.divide(self.encounters.sum(axis=pairs), expected.sum(axis=pairs))
        speed = analysis.divide(self.normal_speed_sum.sum(axis=pairs), (mean * self.encounters).sum(axis=pairs))
        series = np.stack([rate, speed], axis=-1)
        found = analysis.trend(series.reshape(self.block_count, -1), level)
        statistic, probability, change = (values.reshape(series.shape[1:]) for values in found[:3])
        return Trend(statistic, probability, change, found.passed)

    def speed_moments(self) -> tuple[Estimate, Estimate]:
        """Mean normal speed [m/s] and mean square [m2/s2] at first touch, shapes (C, K, K)."""
        return analysis.speed_moments(self.encounters, self.normal_speed_sum, self.normal_speed_square_sum)

    def speed_quantiles(self, shares: Array, component: Literal["normal", "tangential"] = "normal") -> Estimate:
        """Quantiles of the speed at first touch [m/s], shape (C, K, K, len(shares))."""
        counts = self.normal_speed_counts if component == "normal" else self.tangential_speed_counts
        effect = _design_effect(self.speed_moments(), self.encounters)
        return analysis.histogram_quantiles(counts, self.speed_edges, np.asarray(shares, float), effect)

    def wall_hits(self) -> CountedRate:
        """Encounters with a wall per particle and second [1/s], with errors, shapes (C, K, W)."""
        exposure = np.broadcast_to(self.particle_time[..., None], self.wall_encounters.shape)
        return analysis.counted_rate(self.wall_encounters, exposure)

    def energy_per_encounter(self) -> Estimate:
        """Dissipated energy over encounters [J], shape (C, K, K)."""
        return analysis.ratio(self.dissipated_energy, self.encounters)

    def hold_up(self) -> HoldUp:
        """Mean particle numbers, solid volume and velocity of each compartment."""
        time, volume = self.block_time[:, None], self.solid_volume_time
        number = analysis.ratio(self.particle_time, time[..., None])
        velocity = analysis.ratio(self.mean_velocity * volume[..., None], volume[..., None])
        return HoldUp(number, analysis.ratio(volume, time), velocity)

    def exchange_rates(self) -> ExchangeRates:
        """Rates of exchange between compartments and residence times; `statistics_exchange`."""
        return exchange_rates(self.transitions, self.lag, self.particle_time.sum(axis=(0, 2)))

    def save(self, path: Path | str) -> None:
        """Write every field as an HDF5 dataset of its own name; the file is replaced whole or not at all.

        Raises:
            SimulationError: the file could not be written (full disk, quota, permissions).
        """
        size = FILE_OVERHEAD + sum(np.asarray(getattr(self, name)).nbytes + DATASET_OVERHEAD for name in SHAPES)
        try:
            with atomic_replacement(Path(path)) as temporary, reserved_hdf5(temporary, size) as file:
                file.attrs["format"] = "dempbm encounter statistics"
                file.attrs["version"] = FORMAT_VERSION
                for name in SHAPES:
                    value = getattr(self, name)
                    file[name] = np.char.encode(value, "utf-8").astype("S") if name == "wall_names" else value
        except OSError as error:
            raise SimulationError(f"{path}: encounter statistics could not be written: {error}") from error

    @classmethod
    def load(cls, path: Path | str) -> EncounterStatistics:
        """Read a file written by `save`, exactly.

        Raises:
            SimulationError: the file cannot be read, or a dataset is missing or of another shape.
        """
        import h5py

        try:
            with h5py.File(path, "r") as file:
                return cls(**{field.name: _read(file, field.name) for field in fields(cls)})
        except (OSError, KeyError, ValueError) as error:
            raise SimulationError(f"{path}: no readable encounter statistics: {error}") from error


def _design_effect(moments: tuple[Estimate, Estimate], encounters: NDArray[np.int64]) -> Array:
    """Variance of the mean speed over that of independent encounters [-]."""
    mean, square = moments
    number = encounters.sum(axis=0).astype(float)
    independent = analysis.independent_variance(mean.value, square.value, number)
    return analysis.divide(mean.standard_error**2 * number, independent)


def _read(file: Any, name: str) -> Any:
    value = file[name][()]
    return np.char.decode(value, "utf-8") if name == "wall_names" else value


def _check_shape(name: str, axes: list[str], shape: tuple[int, ...], sizes: dict[str, int]) -> None:
    """Compare one field's shape with the axis sizes met so far, and note the new ones in `sizes`."""
    if len(axes) != len(shape):
        raise ValueError(f"{name}: shape {shape}, expected axes ({', '.join(axes)})")
    for axis, size in zip(axes, shape):
        label, extent = ("B", size - 1) if axis == "B+1" else (axis, size)
        fixed = {"3": 3, "L": LAG_COUNT}.get(label)
        if extent != sizes.setdefault(label, extent if fixed is None else fixed):
            raise ValueError(f"{name}: axis {axis} has size {size}, expected {sizes[label]} from the other fields")
