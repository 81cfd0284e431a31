"""Profiles of the likelihood: how well the data are explained with one unknown held and all others fitted anew.

The interval of an unknown is where chi-square stays within 3.84 widening^2 of its least value, 95 % by Wilks, Ann.
Math. Stat. 9 (1938) 60, doi 10.1214/aoms/1177732360; unlike the covariance it follows a model that is not linear. A
profile that never rises so far on one side, or on both, leaves the unknown open there: Raue et al., Bioinformatics 25
(2009) 1923, doi 10.1093/bioinformatics/btp358.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from coupling.calibration.certainty import NORMAL_95, Certainty
from coupling.calibration.problem import Variable
from coupling.calibration.search import CONVERGED, Comparison, chi_square
from pbm.grid import Floats

REACHES = (0.5, 1.0, 1.5, 2.5, 4.0, 8.0, 16.0)
"""Distances from the estimate at which an unknown is held, in half widths of the interval by the covariance."""
NARROWEST = 0.01
"""Least half width, as a share of the distance between the bounds."""
EVALUATIONS = 8
"""Runs of all experiments for one held value, derivatives not counted."""
BETTER = 1.0
"""Fall of chi-square below that of the best search above which the user is told."""
INSIDE = 1e-6
"""Distance that fitted unknowns keep from their bounds."""


@dataclass(frozen=True, eq=False)
class Profile:
    """The profile of one unknown.

    Attributes:
        places: held places between the bounds, rising; chi_squares: least ones there; both (points,)
        low, high: ends of the interval of 95 % as places; none: the data set no end between the bounds
        limit: chi-square at the ends
    """

    variable: Variable
    places: Floats
    chi_squares: Floats
    low: float | None
    high: float | None
    limit: float

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """Ends of the interval in the unit of the unknown."""
        low, high = (None if end is None else self.variable.value(end) for end in (self.low, self.high))
        return low, high

    def warnings(self) -> Iterator[str]:
        """What the profile says of the estimate: open ends, and a better place than the search found."""
        name = self.variable.name
        if self.low is None and self.high is None:
            yield f"{name} cannot be told from these data: its profile stays flat between its bounds"
        elif self.low is None or self.high is None:
            side, known = ("below", self.interval[1]) if self.low is None else ("above", self.interval[0])
            yield f"the data set {name} no end {side} its estimate before its bound, only {known:.4g} on the other side"


def profile_of(bench: Comparison[Any], certainty: Certainty, at: int) -> Profile:
    """Profile of one unknown, outwards from the estimate until chi-square has risen enough or a bound is met."""
    variable, centre = bench.problem.variables[at], certainty.places
    rise = (NORMAL_95 * certainty.widening) ** 2
    half = max(NORMAL_95 * certainty.widening * float(certainty.deviations[at]), NARROWEST)
    rows, ends = [(float(centre[at]), certainty.chi_square)], []
    for sign in (-1.0, 1.0):
        start, last = centre.copy(), (float(centre[at]), certainty.chi_square)
        end = None
        for place in _held(float(centre[at]), sign * half):
            start, least = _fit_others(bench, start, at, place)
            rows.append((place, least))
            if least > certainty.chi_square + rise:
                end = _crossing(last, (place, least), certainty.chi_square, rise)
                break
            last = (place, least)
        ends.append(end)
    rows.sort()
    places, chi_squares = np.array(rows).T
    return Profile(variable, places, chi_squares, ends[0], ends[1], certainty.chi_square + rise)


def profiles_of(bench: Comparison[Any], certainty: Certainty) -> list[Profile]:
    """Profiles of all unknowns."""
    return [profile_of(bench, certainty, at) for at in range(certainty.places.size)]


def profile_warnings(profiles: list[Profile], certainty: Certainty) -> tuple[str, ...]:
    """What all profiles have to say."""
    told = [text for profile in profiles for text in profile.warnings()]
    least = min((float(profile.chi_squares.min()) for profile in profiles), default=certainty.chi_square)
    if least < certainty.chi_square - BETTER:
        told.append(
            f"a profile came to chi-square {least:.4g}, below that of the best search: raise starts or evaluations"
        )
    return tuple(told)


def _held(centre: float, half: float) -> Iterator[float]:
    """Places at which the unknown is held on one side, the bound last."""
    bound = 0.0 if half < 0.0 else 1.0
    for reach in REACHES:
        place = centre + reach * half
        if not 0.0 < place < 1.0:
            break
        yield place
    if abs(bound - centre) > INSIDE:
        yield bound


def _fit_others(bench: Comparison[Any], start: Floats, at: int, place: float) -> tuple[Floats, float]:
    """Places with one held and the others fitted from `start`, and chi-square there."""
    others = np.delete(np.arange(start.size), at)

    def whole(free: Floats) -> Floats:
        places = start.copy()
        places[at], places[others] = place, free
        return places

    if others.size == 0:
        return whole(np.zeros(0)), chi_square(bench.residuals(whole(np.zeros(0))))
    result = least_squares(
        lambda free: bench.residuals(whole(free)),
        np.clip(start[others], INSIDE, 1.0 - INSIDE),
        lambda free: bench.slopes(whole(free))[:, others],
        bounds=(0.0, 1.0),
        ftol=CONVERGED,
        xtol=CONVERGED,
        gtol=None,
        max_nfev=EVALUATIONS,
    )
    return whole(result.x), chi_square(result.fun)


def _crossing(inner: tuple[float, float], outer: tuple[float, float], least: float, rise: float) -> float:
    """Place where chi-square has risen by `rise`, its root taken as linear between two places."""
    low, high = (float(np.sqrt(max(value - least, 0.0))) for _, value in (inner, outer))
    share = (np.sqrt(rise) - low) / (high - low)
    return float(inner[0] + share * (outer[0] - inner[0]))
