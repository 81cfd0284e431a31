"""Surrogate of particle simulations: a Gaussian process for each measured property."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from compute.errors import SimulationError
from pbm.grid import Floats

RESTARTS = 4
"""Further starts of the search for the lengths and the noise of a process."""
FEWEST = 4
"""Runs that a surrogate needs."""


@dataclass(frozen=True, eq=False)
class Surrogate:
    """What runs give on average, by the places of the unknowns between their bounds.

    Gaussian process with Matern covariance of smoothness 5/2, a length for each unknown, and white noise, the scatter
    of runs that differ in their seed; all of them at the maximum of the likelihood (Rasmussen, Williams 2006, isbn
    9780262182539).

    Attributes:
        noise: of one run, in the unit of the property.
    """

    process: Any
    noise: float

    @classmethod
    def fitted(cls, places: Floats, values: Floats, seed: int) -> Surrogate:
        """Fit to runs at places (runs, unknowns) with values (runs,); raises SimulationError for too few runs."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

        if len(values) < FEWEST:
            raise SimulationError(f"{len(values)} runs gave a result; a surrogate needs {FEWEST}; raise design")
        lengths = np.full(places.shape[1], 0.7)
        smooth = ConstantKernel(1.0, (1e-2, 1e2)) * Matern(lengths, (0.1, 20.0), nu=2.5)
        kernel = smooth + WhiteKernel(0.05, (1e-6, 2.0))
        process = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=RESTARTS, random_state=seed)
        with warnings.catch_warnings():
            # a length at its bound: the property does not depend on that unknown
            warnings.simplefilter("ignore", ConvergenceWarning)
            process.fit(places, values)
        scale = float(np.std(values)) or 1.0
        return cls(process, scale * float(np.sqrt(process.kernel_.k2.noise_level)))

    def mean(self, place: Floats) -> float:
        """What runs at a place give on average."""
        return float(self.process.predict(np.atleast_2d(place))[0])

    def deviation(self, place: Floats) -> float:
        """Standard deviation of `mean`, from the few runs there are; without the noise of a single run."""
        whole = float(self.process.predict(np.atleast_2d(place), return_std=True)[1][0])
        return float(np.sqrt(max(whole**2 - self.noise**2, 0.0)))
