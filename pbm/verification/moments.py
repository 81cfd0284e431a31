"""Quadrature of moments against closed moment equations: exact but for the integrator."""

from __future__ import annotations

from math import exp

import numpy as np

from compute.verification import Check
from pbm import analytic
from pbm.laws import breakage_rate, fragments, kernel
from pbm.moments import MomentPopulation
from pbm.verification.starts import SCOTT, SMOLUCHOWSKI

INTEGRATED = 1e-8
"""Integrator's tolerance 1e-11 per step, over some hundred steps and a growth of M3 by 5000."""
EXPONENTIAL = np.array([1.0, 1.0, 2.0, 6.0, 24.0, 120.0])


def closed_kernels() -> list[Check]:
    """Three nodes from the exponential start: constant to tau = 98, sum to t' = 2, product to T = 0.4, M0 to M3."""
    number, second = analytic.constant_moments(1.0, 2.0, 98.0)
    cases = {
        ("constant", 98.0, SMOLUCHOWSKI): (number, 1.0, second, 6.0 + 6.0 * 98.0 + 1.5 * 98.0**2),
        ("sum", 2.0, SCOTT): (exp(-2.0), 1.0, 2.0 * exp(4.0), 12.0 * exp(8.0) - 6.0 * exp(6.0)),
        ("product", 0.4, SCOTT): (0.8, 1.0, 10.0, 750.0),
    }
    rows = []
    for (name, time, source), exact in cases.items():
        population = MomentPopulation(kernel(name, rate_coefficient=1.0))
        got = population.solve(EXPONENTIAL, np.array([0.0, time]))[-1]
        case = f"QMOM, {name} kernel, time {time:g}"
        rows += [Check(case, f"M{k}", exact[k], float(got[k]), INTEGRATED, source) for k in range(4)]
    return rows


def extended() -> list[Check]:
    """Two distributions of one width, M0 to M4, from the exponential start: the same three kernels and limits.

    The limit holds for both kinds, whether the population is of that kind or not: no moment kept is closed by a guess.
    """
    number, second = analytic.constant_moments(1.0, 2.0, 98.0)
    cases = {
        ("constant", 98.0, "gamma", SMOLUCHOWSKI): (number, 1.0, second, 6.0 + 6.0 * 98.0 + 1.5 * 98.0**2),
        ("sum", 2.0, "lognormal", SCOTT): (exp(-2.0), 1.0, 2.0 * exp(4.0), 12.0 * exp(8.0) - 6.0 * exp(6.0)),
        ("product", 0.4, "gamma", SCOTT): (0.8, 1.0, 10.0, 750.0),
    }
    rows = []
    for (name, time, kind, source), exact in cases.items():
        population = MomentPopulation(kernel(name, rate_coefficient=1.0), closure=kind)
        got = population.solve(EXPONENTIAL[:5], np.array([0.0, time]))[-1]
        case = f"EQMOM of {kind} distributions, {name} kernel, time {time:g}"
        rows += [Check(case, f"M{k}", exact[k], float(got[k]), INTEGRATED, source) for k in range(4)]
    return rows


def breakage() -> list[Check]:
    """Constant rate, closed for any daughters: M_k grows as exp((mu_k - 1) S t)."""
    rate = breakage_rate("power", rate=1.0, reference_volume=1.0, exponent=0.0)
    rows = []
    for law in (fragments("uniform"), fragments("symmetric", number=8), fragments("diemer-olson", number=3, shape=2)):
        got = MomentPopulation(None, rate, law).solve(EXPONENTIAL, np.array([0.0, 1.0]))[-1]
        for order in range(4):
            exact = float(EXPONENTIAL[order]) * exp(law.moment(order) - 1.0)
            case = f"QMOM, breakage at a constant rate, {law.name}"
            rows.append(Check(case, f"M{order}", exact, float(got[order]), INTEGRATED, "moments of the daughters' law"))
    return rows
