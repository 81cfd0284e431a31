"""One DEM window as the laws see it: which classes, of which real size, in which state, under which speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import CaseError, SimulationError
from dem.parcels import ParcelLaw
from dem.statistics_result import EncounterStatistics

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Window:
    """A DEM window at one point of the design.

    Args:
        name: name of the window.
        impeller_speed: [rad/s].
        median_diameter: volume median d50 of the real grains whose state the parcels stand for [m].
        scale: scale factor s = parcel size / real size of this state [-].
        statistics: what the window measured, in parcels.
        compartment: index of the compartment to read, or None for the whole bed (the number of parcels in the bed
            is constant over the window, so that the exposure of the whole follows from the parts).
    """

    name: str
    impeller_speed: float
    median_diameter: float
    scale: float
    statistics: EncounterStatistics
    compartment: int | None = None

    def _of(self, values: NDArray[Any]) -> Array:
        """Sum over compartments, or the chosen one; `values` has blocks and compartments as first two axes."""
        chosen = values.sum(axis=1) if self.compartment is None else values[:, self.compartment]
        return np.asarray(chosen, dtype=float)

    @cached_property
    def particle_time(self) -> Array:
        """Int N_i dt [s], shape (blocks, classes)."""
        return self._of(self.statistics.particle_time)

    @cached_property
    def encounters(self) -> Array:
        """Counts B_ij, shape (blocks, classes, classes)."""
        return self._of(self.statistics.encounters).astype(float)

    @cached_property
    def exposure(self) -> Array:
        """E_ij [s/m3], shape (blocks, classes, classes)."""
        if self.compartment is not None or self.statistics.encounters.shape[1] == 1:
            return self._of(self.statistics.exposure)
        number = self.particle_time / self.statistics.block_time[:, None]
        volume = self._of(self.statistics.solid_volume_time) / self.statistics.block_time
        pairs = number[:, :, None] * number[:, None, :]
        diagonal = np.arange(number.shape[1])
        pairs[:, diagonal, diagonal] = 0.5 * number * np.maximum(number - 1.0, 0.0)
        return pairs * (self.statistics.block_time / volume)[:, None, None]

    @cached_property
    def size_ratio(self) -> Array:
        """Class diameter over the Sauter mean diameter d32 of the window [-], shape (classes,)."""
        number, diameter = self.particle_time.sum(axis=0), self.statistics.class_diameter
        if not number.sum() > 0.0:
            raise SimulationError(f"{self.name}: the window holds no particle; check its fill and its compartments")
        return diameter / (np.sum(number * diameter**3) / np.sum(number * diameter**2))

    def real_diameter(self, law: ParcelLaw) -> Array:
        """Diameters of the grains that the classes stand for [m], shape (classes,)."""
        return self.statistics.class_diameter * self.scale**law.size

    def pair_speed_counts(self) -> Array:
        """Encounters by normal speed, shape (classes, classes, bins)."""
        counts = self.statistics.normal_speed_counts.astype(float)
        return counts.sum(axis=0) if self.compartment is None else counts[self.compartment]

    def blade_encounters(self, blades: tuple[str, ...]) -> Array:
        """Encounters of each class with the blades, shape (blocks, classes)."""
        return self._of(self.statistics.wall_encounters)[..., self._walls(blades)].sum(axis=-1).astype(float)

    def blade_speed_counts(self, blades: tuple[str, ...]) -> Array:
        """Encounters with the blades by normal speed, shape (classes, bins)."""
        counts = self.statistics.wall_normal_speed_counts[..., self._walls(blades), :].sum(axis=-2).astype(float)
        return counts.sum(axis=0) if self.compartment is None else counts[self.compartment]

    def _walls(self, blades: tuple[str, ...]) -> list[int]:
        names = [str(name) for name in self.statistics.wall_names]
        unknown = [blade for blade in blades if blade not in names]
        if unknown or not blades:
            raise CaseError("no such wall in the window", key="blades", value=unknown, expected=", ".join(names))
        return [names.index(blade) for blade in blades]


def measured_exchange(windows: Sequence[Window], speed: float) -> Array:
    """Rates of exchange [1/s] between compartments of the window nearest to an impeller speed [rad/s]."""
    window = min(windows, key=lambda window: abs(window.impeller_speed - speed))
    return np.nan_to_num(window.statistics.exchange_rates().rate)
