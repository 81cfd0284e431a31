"""Weighted particles: each stands for a number of equal granules, and carries what one of them holds."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from pbm.grid import Floats
from pbm.model import Parameters

REST = 1e-9
"""A particle left with less than this share of its weight is used up: its partner is divided into two."""


@dataclass
class Particles:
    """Weighted particles, arrays of shape (particles,): solid volume and contents of one granule [m3], weight [-]."""

    weight: Floats
    solid: Floats
    internal: Floats
    external: Floats
    gas: Floats

    @property
    def volume(self) -> Floats:
        """x + I + G [m3]."""
        return self.solid + self.internal + self.gas

    @property
    def diameter(self) -> Floats:
        """(6 (x + I + G)/pi)^(1/3) [m]."""
        return np.cbrt(6.0 / pi * self.volume)

    @property
    def solids(self) -> float:
        """Of all granules [m3]."""
        return float(self.weight @ self.solid)

    def mass(self, parameters: Parameters) -> Floats:
        """rho_s x + rho_l (I + E) [kg]."""
        return parameters.solid_density * self.solid + parameters.liquid_density * (self.internal + self.external)

    def scale(self, place: np.ndarray | int, ratio: Floats | float) -> None:
        """Make granules `ratio` times as large, and as many fewer."""
        self.weight[place] /= ratio
        for content in (self.solid, self.internal, self.external, self.gas):
            content[place] *= ratio

    def take_up(self, many: np.ndarray, few: np.ndarray, taken: Floats) -> None:
        """Each granule of `few` takes up `taken` granules of `many`."""
        self.weight[many] -= taken * self.weight[few]
        for content in (self.solid, self.internal, self.external, self.gas):
            content[few] += taken * content[many]
        used = self.weight[many] < REST * self.weight[few]
        gone, left = many[used], few[used]
        self.weight[left] *= 0.5
        self.weight[gone] = self.weight[left]
        for content in (self.solid, self.internal, self.external, self.gas):
            content[gone] = content[left]

    def lump(self, edges: Floats) -> None:
        """Share liquids and gas of each class by solid volume."""
        place = np.clip(np.searchsorted(edges, self.solid, side="right"), 0, edges.size)
        solids = np.bincount(place, self.weight * self.solid, edges.size + 1)
        for content in (self.internal, self.external, self.gas):
            total = np.bincount(place, self.weight * content, edges.size + 1)
            content[:] = self.solid * (total / np.where(solids > 0.0, solids, 1.0))[place]

    def mean_diameter(self) -> float:
        """d32 [m]."""
        size = self.diameter
        return float(self.weight @ size**3 / (self.weight @ size**2))

    def median_diameter(self) -> float:
        """d50 by granule volume [m]."""
        size = self.diameter
        order = np.argsort(size)
        below = np.cumsum((self.weight * size**3)[order])
        middle = below - 0.5 * (self.weight * size**3)[order]
        return float(np.exp(np.interp(0.5 * below[-1], middle, np.log(size[order]))))
