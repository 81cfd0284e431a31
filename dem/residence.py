"""Residence times of the particles that have left, from the table of exits; and the blend they make at the outlet."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dem.mixing import MixingState, consecutive_samples, mixing_state
from dem.table import read_table

Array = NDArray[np.float64]


class ResidenceTimes(NamedTuple):
    """Ages at the exit.

    number: of particles; mean, mean_error [s]: and its standard error; variance [s2]; edges [s] (bins + 1,) and density
    E(t) [1/s] (bins,): the distribution.
    """

    number: int
    mean: float
    mean_error: float
    variance: float
    edges: Array
    density: Array


class ExitTable(NamedTuple):
    """The particles that have left, in order: time and age [s], class, source and outlet by name, mass [kg]; (n,)."""

    time: Array
    age: Array
    kind: NDArray[np.str_]
    source: NDArray[np.str_]
    outlet: NDArray[np.str_]
    mass: Array

    def chosen(self, which: NDArray[np.bool_]) -> ExitTable:
        """Return the exits that are marked."""
        return ExitTable(*(column[which] for column in self))  # type: ignore[arg-type]


def read_exits(path: Path) -> ExitTable:
    """Read a table of exits."""
    table = read_table(path)
    numbers = {name: table[name].astype(float) for name in ("time [s]", "age [s]", "mass [kg]")}
    return ExitTable(
        numbers["time [s]"], numbers["age [s]"], table["class"], table["source"], table["outlet"], numbers["mass [kg]"]
    )


def residence_times(exits: ExitTable) -> ResidenceTimes | None:
    """Return the residence times of tracers that have left; None where fewer than two have.

    Choose as tracers what entered early enough for nearly all to have left: those still inside are the oldest.
    """
    age = exits.age
    if len(age) < 2:
        return None
    bins = math.ceil(2.0 * len(age) ** (1.0 / 3.0))  # Rice's rule
    density, edges = np.histogram(age, bins=bins, range=(0.0, float(age.max())), density=True)
    variance = float(age.var(ddof=1))
    return ResidenceTimes(len(age), float(age.mean()), math.sqrt(variance / len(age)), variance, edges, density)


def outlet_blend(
    exits: ExitTable, component: tuple[str, ...], sample_mass: float, scale: float = 1.0
) -> MixingState | None:
    """Return the state of mixing of consecutive samples of this mass [kg] at the outlet; None with fewer than two."""
    label = consecutive_samples(exits.mass, sample_mass)
    return mixing_state(np.isin(exits.kind, component), exits.mass, label, sample_mass, scale)
