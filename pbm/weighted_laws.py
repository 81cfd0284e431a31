"""What weighted particles do to each other: the laws of a case at the sizes and contents of single granules.

The laws fitted to a particle simulation and the sticking of rigid granules are written here a second time, from their
formulas. Laws that a case states are read from their own modules, which tests compare with closed forms.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import TYPE_CHECKING, Any

import numpy as np

from pbm.aggregation.sticking import TINY_LOG_FILM
from pbm.grid import Floats
from pbm.laws import Fragments
from pbm.model import Conditions, Granule, Parameters, Parent
from pbm.program import rate_law, selection_law, sticking_law
from pbm.weighted import Particles

if TYPE_CHECKING:
    from pbm.granulation import Granulation

MARKS = 257
"""Shares of the parent's volume between which fragments count as one size, their mean."""
ALIKE = 0.01
"""Relative size within which parents count as equal where their fragments are drawn."""

Places = np.ndarray


class WeightedLaws:
    """Rates of meeting, shares that stick and rates of breakage, as the case of a granulation has them."""

    def __init__(self, model: Granulation) -> None:
        meeting, breaking = model.case.aggregation, model.case.breakage
        self.parameters, self.tables = model.parameters, model.tables
        self._meet = self._met_by(meeting.kernel["name"])
        self._stick = self._stuck_by(meeting.sticking)
        self._break = self._broken_by(breaking.rate["name"])

    def meeting(self, one: Particles, i: Places, j: Places, speed: float) -> Floats:
        """b_ij [m3/s] of pairs of particles at an impeller speed [rad/s]."""
        return self._meet(one, i, j, speed)

    def sticking(self, one: Particles, i: Places, j: Places, speed: float) -> Floats:
        """psi_ij of pairs of particles."""
        return self._stick(one, i, j, speed)

    def breaking(self, one: Particles, speed: float) -> Floats:
        """S [1/s] of every particle."""
        return self._break(one, speed)

    def _met_by(self, name: str) -> Callable[..., Floats]:
        if name == "dem":
            return lambda one, i, j, speed: encounter_rates(one, i, j, speed, self.parameters)
        law, stated = rate_law(name), self.tables.kernel
        return lambda *pairs: self._each_pair(lambda *given: law(*given, self.parameters, stated), *pairs)

    def _stuck_by(self, name: str) -> Callable[..., Floats]:
        if name == "stokes":
            return lambda one, i, j, speed: sticking_shares(one, i, j, speed, self.parameters)
        law = sticking_law(name)
        return lambda *pairs: self._each_pair(lambda *given: law(*given, self.parameters), *pairs)

    def _broken_by(self, name: str) -> Callable[..., Floats]:
        if name == "impact":
            return lambda one, speed: breakage_rates(one, speed, self.parameters)
        law, stated = selection_law(name), self.tables.selection

        def rates(one: Particles, speed: float) -> Floats:
            shared = conditions_of(one, speed, self.parameters)
            values = (one.solid, one.volume, np.log(one.diameter), one.mass(self.parameters))
            parents = map(Parent._make, zip(*(value.tolist() for value in values)))
            return np.array([law(each, shared, self.parameters, stated) for each in parents])

        return rates

    def _each_pair(self, law: Callable[..., float], one: Particles, i: Places, j: Places, speed: float) -> Floats:
        shared = conditions_of(one, speed, self.parameters)
        first, second = granules_of(one, i, self.parameters), granules_of(one, j, self.parameters)
        return np.array([law(here, there, shared) for here, there in zip(first, second)])


class FragmentDraw:
    """Fragments of a stated law, drawn by their volume.

    Between two marks fragments have their mean size, so that number and solids are those of the law. Those below the
    `smallest` solids [m3] count as grains of the `first` class [m3], as the classes have them.
    """

    def __init__(self, law: Fragments) -> None:
        self.law = law
        self._known: dict[tuple[int, int], tuple[Floats, Floats]] = {}

    def shares(self, parents: Floats, chances: Floats, smallest: Floats | float, first: Floats | float) -> Floats:
        """Share of each parent's solids [m3] that one of its fragments has, by chances in [0, 1)."""
        drawn = np.broadcast_to(first / parents, parents.shape).copy()
        least = np.broadcast_to(smallest / parents, parents.shape)
        for place, chance in enumerate(chances.tolist()):
            below, mean = self._marks(float(parents[place]), float(least[place]))
            here = int(np.searchsorted(below, chance, side="right"))
            if here < mean.size:
                drawn[place] = mean[here]
        return np.asarray(drawn)

    def _marks(self, parent: float, least: float) -> tuple[Floats, Floats]:
        """Volume of the fragments up to each mark, as a share of the parent's, and their mean share of it."""
        key = round(float(np.log(parent)) / ALIKE), round(float(np.log(least)) / ALIKE)
        if key not in self._known:
            marks = np.geomspace(least, 1.0, MARKS)
            number, volume = self.law.shares(marks[:-1], marks[1:], parent)
            filled = number > 0.0
            self._known[key] = np.cumsum(volume[filled]), volume[filled] / number[filled]
        return self._known[key]


def granules_of(one: Particles, places: Places, p: Parameters) -> list[Granule]:
    """What a pair law sees of some of the particles."""
    size, mass, mean = one.diameter[places], one.mass(p)[places], one.mean_diameter()
    film = one.external[places] / (pi * size**2)
    height = np.maximum(p.film_thickness, film)
    columns = (
        one.solid[places],
        size,
        mass,
        np.log(size**2 / mass),
        np.minimum(1.0, film / p.film_thickness),
        np.log(np.maximum(np.log(height / p.asperity_height), TINY_LOG_FILM)),
        np.clip(size / mean, np.exp(p.log_ratio_low), np.exp(p.log_ratio_high)) ** p.encounter_size_exponent,
    )
    return [Granule._make(row) for row in zip(*(column.tolist() for column in columns))]


def conditions_of(one: Particles, speed: float, p: Parameters) -> Conditions:
    """What all particles share at an impeller speed [rad/s]."""
    stage, log_mean = _stage(one, p), float(np.log(one.mean_diameter()))
    log_speed = _log_speed(speed, p)
    moving = 1.0 if speed > 0.0 else 0.0
    encounters = np.exp(p.encounter_speed_exponent * log_speed + p.encounter_state_slope * stage)
    hits = np.exp(p.hit_speed_exponent * log_speed + p.hit_state_slope * stage)
    return Conditions(
        encounter_prefactor=float(moving * p.encounter_scale * encounters),
        log_critical=float(np.log(p.viscous_factor)),
        log_pair_speed=float(p.log_pair_speed + p.pair_speed_exponent * log_speed + p.pair_state_slope * stage),
        log_two_mean=float(np.log(2.0)) + log_mean,
        log_mean=log_mean,
        hit_prefactor=float(moving * p.hit_scale * hits),
        tip_speed=speed * p.tip_radius,
    )


def encounter_rates(one: Particles, i: Places, j: Places, speed: float, p: Parameters) -> Floats:
    """b_ij [m3/s] as fitted to a particle simulation."""
    size, mean = one.diameter, one.mean_diameter()
    low, high = np.exp(p.log_ratio_low), np.exp(p.log_ratio_high)
    factor = np.clip(size / mean, low, high) ** p.encounter_size_exponent
    shared = conditions_of(one, speed, p)
    return np.asarray(shared.encounter_prefactor * (size[i] + size[j]) ** 3 * factor[i] * factor[j])


def sticking_shares(one: Particles, i: Places, j: Places, speed: float, p: Parameters) -> Floats:
    """psi_ij of rigid granules: wet where they touch, and slower than the critical speed."""
    size, mass, mean = one.diameter, one.mass(p), one.mean_diameter()
    distance, film = size[i] + size[j], one.external / (pi * size**2)
    wet = np.minimum(1.0, film / p.film_thickness)
    height = np.maximum(p.film_thickness, np.maximum(film[i], film[j]))
    harmonic, reduced = 2.0 * size[i] * size[j] / distance, mass[i] * mass[j] / (mass[i] + mass[j])
    lubrication = np.maximum(np.log(height / p.asperity_height), 0.0)
    critical = 0.25 * p.viscous_factor * lubrication * harmonic**2 / reduced
    ratio = np.clip(distance / (2.0 * mean), np.exp(p.log_ratio_low), np.exp(p.log_ratio_high))
    scale = np.exp(
        p.log_pair_speed + p.pair_speed_exponent * _log_speed(speed, p) + p.pair_state_slope * _stage(one, p)
    )
    slow = -np.expm1(-((critical / (scale * ratio**p.pair_size_exponent)) ** p.pair_speed_shape))
    return np.asarray(p.efficiency * (wet[i] + wet[j] - wet[i] * wet[j]) * slow)


def breakage_rates(one: Particles, speed: float, p: Parameters) -> Floats:
    """Blade hits times the chance that an impact exceeds the strength [1/s]."""
    size, volume, mean = one.diameter, one.volume, one.mean_diameter()
    if speed <= 0.0:
        return np.zeros_like(size)
    porosity = np.maximum(1.0 - one.solid / volume, 1e-6)
    strength = p.strength_factor * volume / one.mass(p) * ((1.0 - porosity) / porosity) ** 2
    share = np.minimum(strength / (speed * p.tip_radius * p.blade_share_scale), 1e30)
    hits = conditions_of(one, speed, p).hit_prefactor
    ratio = np.clip(size / mean, np.exp(p.log_ratio_low), np.exp(p.log_ratio_high))
    return np.asarray(hits * ratio**p.hit_size_exponent * np.exp(-np.minimum(share**p.blade_share_shape, 700.0)))


def _log_speed(speed: float, p: Parameters) -> float:
    return float(np.log(speed / p.reference_speed)) if speed > 0.0 else 0.0


def _stage(one: Particles, p: Parameters) -> float:
    stage: Any = (np.log(one.median_diameter()) - p.log_feed_size) / p.log_growth_span
    return float(np.clip(stage, 0.0, 1.0))
