"""Weighted particles: each stands for a number of equal granules, and carries what one of them holds."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from pbm.grid import Floats
from pbm.model import Parameters

REST = 1e-9
"""A particle left with less than this share of its weight is used up: its partner is divided into two."""

Places = np.ndarray


@dataclass
class Particles:
    """Weighted particles, arrays of shape (particles,): weight [-], and solid volume, contents and volume of the second
    solid, a part of the solid volume, of one granule [m3].
    """

    weight: Floats
    solid: Floats
    internal: Floats
    external: Floats
    gas: Floats
    second: Floats

    @classmethod
    def none(cls) -> Particles:
        """An empty bed."""
        return cls(*np.zeros((6, 0)))

    @property
    def contents(self) -> tuple[Floats, ...]:
        """What one granule of each particle holds [m3], all but its weight."""
        return self.solid, self.internal, self.external, self.gas, self.second

    @property
    def parts(self) -> tuple[Floats, Floats]:
        """Volumes of the first and of the second solid [m3]."""
        return self.solid - self.second, self.second

    @property
    def count(self) -> int:
        """Number of particles."""
        return int(self.weight.size)

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

    @property
    def sums(self) -> Floats:
        """Of all granules: their number, and solids, second solid, liquid and gas [m3]."""
        liquid = self.internal + self.external
        return np.array(
            [self.weight.sum(), *(self.weight @ each for each in (self.solid, self.second, liquid, self.gas))]
        )

    def mass(self, parameters: Parameters) -> Floats:
        """rho_s x + rho_l (I + E) [kg]."""
        return parameters.solid_density * self.solid + parameters.liquid_density * (self.internal + self.external)

    def pick(self, chosen: Places) -> Particles:
        """Some of the particles, by place or by whether they are chosen."""
        return Particles(self.weight[chosen], *(content[chosen] for content in self.contents))

    def join(self, *others: Particles) -> Particles:
        """These particles and others."""
        beds = [(each.weight, *each.contents) for each in (self, *others)]
        return Particles(*(np.concatenate(rows) for rows in zip(*beds)))

    def scale(self, place: Places, ratio: Floats | float) -> None:
        """Make granules `ratio` times as large, and as many fewer."""
        self.weight[place] /= ratio
        for content in self.contents:
            content[place] *= ratio

    def take_up(self, many: Places, few: Places, taken: Floats) -> None:
        """Each granule of `few` takes up `taken` granules of `many`."""
        self.weight[many] -= taken * self.weight[few]
        for content in self.contents:
            content[few] += taken * content[many]
        used = self.weight[many] < REST * self.weight[few]
        gone, left = many[used], few[used]
        self.weight[left] *= 0.5
        self.weight[gone] = self.weight[left]
        for content in self.contents:
            content[gone] = content[left]

    def lump(self, classes: Places) -> None:
        """Share liquids and gas of each class by solid volume; classes: of the particles, (particles,)."""
        solids = np.bincount(classes, self.weight * self.solid)
        for content in (self.internal, self.external, self.gas):
            total = np.bincount(classes, self.weight * content)
            content[:] = self.solid * (total / np.where(solids > 0.0, solids, 1.0))[classes]

    def mean_diameter(self) -> float:
        """d32 [m]."""
        size = self.diameter
        return float(self.weight @ size**3 / (self.weight @ size**2))

    def median_diameter(self) -> float:
        """d50 by granule volume [m], not a number of an empty bed."""
        if self.count == 0:
            return float("nan")
        size = self.diameter
        order = np.argsort(size)
        below = np.cumsum((self.weight * size**3)[order])
        middle = below - 0.5 * (self.weight * size**3)[order]
        return float(np.exp(np.interp(0.5 * below[-1], middle, np.log(size[order]))))
