"""Populations of several components that the device is tested with, and all that their integration launches."""

from __future__ import annotations

from typing import Any

import numpy as np

from compute.base import Backend, Launch
from pbm.grid import Floats, geometric_grid, with_nil
from pbm.lattice_device import DeviceLattice
from pbm.plane_device import DevicePlane
from pbm.runs import make_runs
from pbm.runs_device import prepare, trial
from pbm.several_components import SeveralComponentPopulation
from pbm.sources import Layer, Nuclei
from pbm.splitting import Splitting
from pbm.two_components import TwoComponentPopulation

TIMES = np.array([0.0, 0.1, 0.3])
SIZES = (4, 5, 3, 2)


def rate_of_both(one: Floats, other: Floats) -> Floats:
    """A rate that depends on all components of both."""
    return np.asarray(1.0 + one.sum(axis=0) * other[0] + one[0] * other.sum(axis=0))


def filled(shape: tuple[int, ...]) -> Floats:
    """Numbers between nil and one, of one cell none."""
    numbers = np.random.Generator(np.random.Philox(5)).uniform(size=shape)
    numbers.flat[1] = 0.0
    return numbers


def plane(contents: int = 1, classes: tuple[int, int] = (6, 12)) -> tuple[TwoComponentPopulation, Floats, Floats]:
    """Two components, the second of which some granules lack, in more cells than a block, with what they hold."""
    grids = geometric_grid(0.1, 10.0, classes[0]), with_nil(geometric_grid(0.1, 10.0, classes[1] - 1))
    population = TwoComponentPopulation(
        grids, lambda x, y, a, b: 1.0 + x * a + 0.3 * (y + b), tolerance=1e-3, compiled=False
    )
    return population, filled(classes), filled((contents, *classes))


def lattice(dimensions: int, scheme: str) -> tuple[SeveralComponentPopulation, Floats]:
    """Everything that a lattice knows."""
    grids = tuple(geometric_grid(0.1, 10.0, size) for size in SIZES[:dimensions])
    mechanisms: dict[str, Any] = {
        "breakage": Splitting(0.3),
        "layers": (Layer(0, 0.1), Layer(dimensions - 1, lambda contents: 0.2 - 0.1 * contents[-1], "minmod")),
        "nuclei": (Nuclei((0.3,) * dimensions, 0.2),),
    }
    population = SeveralComponentPopulation(grids, rate_of_both, 1e-3, scheme, compiled=False, **mechanisms)
    return population, filled(population.lattice.shape)


def assert_close(found: Floats, expected: Floats, tolerance: float) -> None:
    """Equal to a share of the largest."""
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=tolerance * np.abs(expected).max())


def integration_launches(backend: Backend, name: str) -> list[Launch]:
    """What a step launches, of a plane, or of a lattice by its scheme."""
    if name == "plane":
        population, numbers, _ = plane()
        balance: Any = DevicePlane(backend, population._problem, 1)
        start = np.zeros(2 * numbers.size)
    else:
        several, numbers = lattice(2, name)
        balance, start = DeviceLattice(backend, several._problem), np.zeros(several._size)
    stages, course = prepare(backend, balance, make_runs(start[None], TIMES, np.ones(1), numbers.size))
    return trial(balance, numbers.size, stages, course)
