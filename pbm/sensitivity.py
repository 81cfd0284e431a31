"""What an output owes to each parameter: derivatives at a point, and shares of the variance over a range (Sobol').

A response takes parameter sets, shape (members, parameters), and gives outputs, shape (members,) or (members, outputs):
all sets at once, so that an ensemble runs them in one call.

    def number(sets):
        return pbm.Ensemble(population, aggregation=sets[:, 0]).solve(start, times).moment(0)[:, -1]

    slopes = pbm.sensitivities(number, [1.0])
    shares = pbm.sobol_indices(number, [scipy.stats.uniform(0.5, 1.0)])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats

Response = Callable[[Floats], Floats]

STENCIL = np.array([-2.0, -1.0, 1.0, 2.0])
"""Steps of a parameter at which the response is asked."""
FOURTH, SECOND = np.array([1.0, -8.0, 8.0, -1.0]) / 12.0, np.array([0.0, -1.0, 1.0, 0.0]) / 2.0
"""Weights of the central differences of fourth and of second order."""


@dataclass(frozen=True)
class Sensitivities:
    """Outputs at a point, shape (outputs,), and their derivatives, shape (outputs, parameters), with their errors.

    elasticities: relative change of the output over relative change of the parameter
    errors: difference to the result of second order; it does not see the noise, which is the error of the time
    integration over the step
    """

    outputs: Floats
    derivatives: Floats
    elasticities: Floats
    errors: Floats


def sensitivities(response: Response, point: Sequence[float] | Floats, step: float = 0.02) -> Sensitivities:
    """Derivatives at a point by central differences of fourth order, all 4 p + 1 sets in one call.

    step: relative to each parameter. Raises CaseError for a parameter that is nil, or an output that is no number.
    """
    middle = np.asarray(point, dtype=float)
    if middle.ndim != 1 or not np.all(np.isfinite(middle)) or np.any(middle == 0.0) or not 0.0 < step < 0.5:
        text = "parameters that are not nil, and a step between 0 and 0.5"
        raise CaseError("no point to differentiate at", key="point", value=middle.tolist(), expected=text)
    lengths = step * middle
    moves = STENCIL[None, :, None] * np.diag(lengths)[:, None, :]
    sets = np.concatenate((middle[None], (middle + moves).reshape(-1, middle.size)))
    values = _answer(response, sets)
    asked = values[1:].reshape(middle.size, STENCIL.size, -1)
    fourth, second = (np.einsum("psk,s,p->kp", asked, weights, 1.0 / lengths) for weights in (FOURTH, SECOND))
    with np.errstate(divide="ignore", invalid="ignore"):
        elasticities = fourth * middle / values[0][:, None]
    return Sensitivities(values[0], fourth, elasticities, np.abs(fourth - second))


@dataclass(frozen=True)
class SobolIndices:
    """Shares of the variance of every output, (outputs, parameters), with 95 % intervals (2, outputs, parameters).

    first: by the parameter alone; total: by it and all that it interacts with. members: models that were run.
    """

    first: Floats
    total: Floats
    first_interval: Floats
    total_interval: Floats
    members: int


def sobol_indices(response: Response, distributions: Sequence[Any], samples: int = 1024, seed: int = 0) -> SobolIndices:
    """First-order and total indices by Saltelli's method, `scipy.stats.sobol_indices`.

    distributions: of the parameters, frozen ones of `scipy.stats`; samples: a power of two, samples (p + 2) models are
    run. Raises CaseError for another number of samples, or an output that does not vary.
    """
    from scipy import stats

    if samples < 2 or samples & (samples - 1):
        raise CaseError("not a number of samples", key="samples", value=samples, expected="a power of two")
    run = 0

    def asked(columns: Floats) -> Floats:
        nonlocal run
        run += columns.shape[1]
        return np.ascontiguousarray(_answer(response, np.ascontiguousarray(columns.T)).T)

    rng = np.random.default_rng(np.random.Philox(seed))
    found = stats.sobol_indices(func=asked, n=samples, dists=list(distributions), rng=rng)
    spread = found.bootstrap(confidence_level=0.95, n_resamples=199)
    first, total = (np.atleast_2d(part) for part in (found.first_order, found.total_order))
    if not np.all(np.isfinite(first)):
        raise CaseError("an output does not vary", key="response", expected="outputs that depend on a parameter")
    first_interval, total_interval = (
        np.array([np.atleast_2d(part.confidence_interval.low), np.atleast_2d(part.confidence_interval.high)])
        for part in (spread.first_order, spread.total_order)
    )
    return SobolIndices(first, total, first_interval, total_interval, run)


def _answer(response: Response, sets: Floats) -> Floats:
    """Outputs (members, outputs) of a response; CaseError where it gives anything else."""
    values = np.asarray(response(sets), dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) != len(sets) or not np.all(np.isfinite(values)):
        expected = f"finite numbers, ({len(sets)},) or ({len(sets)}, outputs)"
        raise CaseError("not a response", key="response", value=values.shape, expected=expected)
    return values
