"""The granulation model by weighted particles: an oracle that shares no class, no scheme and no pair law with the rest.

Each particle stands for `weight` equal granules. In a step every particle meets one partner drawn at random, with the
chance of all partners: Shima et al., Q. J. R. Meteorol. Soc. 135 (2009) 1307, doi 10.1002/qj.441. Of a pair, the one
with fewer granules takes up whole granules of the other: solids, liquids and gas are kept by every event, the number on
average. A particle that breaks goes on as one of its fragments, drawn by volume: Eibeck and Wagner, Ann. Appl. Probab.
11 (2001) 1137, doi 10.1214/aoap/1015345398. First order in the step; randomness is Philox, keyed by seed and stream.

`lumped` gives all granules of a size class the same liquid and pores per solids, which is what the classes of
`pbm.granulation` assume; without it each granule keeps its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import pi

import numpy as np

from pbm.grid import Floats
from pbm.inputs import Steps
from pbm.model import EXTERNAL, GAS, INTERNAL, NUMBER, Parameters, Tables

MERGING, BREAKING, SPRAYING = 0, 1, 2
"""Streams of randomness."""
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
    def diameter(self) -> Floats:
        """(6 (x + I + G)/pi)^(1/3) [m]."""
        return np.cbrt(6.0 / pi * (self.solid + self.internal + self.gas))

    def mass(self, parameters: Parameters) -> Floats:
        """rho_s x + rho_l (I + E) [kg]."""
        return parameters.solid_density * self.solid + parameters.liquid_density * (self.internal + self.external)


@dataclass(frozen=True)
class StochasticResult:
    """At `times` [s]: number [-], d50 by granule volume [m], solids, liquid and gas [m3]; all of shape (times,)."""

    times: Floats
    number: Floats
    d50: Floats
    solids: Floats
    liquid: Floats
    gas: Floats


class StochasticGranulation:
    """Weighted particles with the parameters and tables of a granulation of one compartment.

    per_class: particles that stand for each class of the start; step [s]; seed: of the random streams
    """

    def __init__(
        self, parameters: Parameters, tables: Tables, edges: Floats, per_class: int = 50, step: float = 0.02,
        seed: int = 0, lumped: bool = True,
    ) -> None:  # fmt: skip
        self.parameters, self.tables, self.edges = parameters, tables, edges
        self.per_class, self.step, self.lumped = per_class, step, lumped
        self._random = [np.random.Generator(np.random.Philox(key=[seed, stream])) for stream in range(3)]
        self._owed = 0.0

    def simulate(self, state: Floats, times: Floats, speed: float, spray: Steps) -> StochasticResult:
        """Run from a state of shape (1, 4, classes) at times[0], impeller speed [rad/s], spray [kg/s]."""
        particles = self.start(state)
        rows = [_read(particles)]
        for begin, end in pairwise(times):
            count = max(1, round(float(end - begin) / self.step))
            length = float(end - begin) / count
            for turn in range(count):
                self.advance(particles, length, speed, spray.at(begin + turn * length))
            rows.append(_read(particles))
        return StochasticResult(np.asarray(times), *np.array(rows).T)

    def start(self, state: Floats) -> Particles:
        """Particles of one weight for each filled class, spread over its cell: number, solids and contents as there."""
        classes = np.flatnonzero(state[0, NUMBER] > 0.0)
        place = np.repeat(classes, self.per_class)
        number, width = state[0, NUMBER, place], np.diff(self.edges)[place]
        steps = np.tile((np.arange(self.per_class) + 0.5) / self.per_class, classes.size)
        solid = self.tables.solid_volume[place] + (steps - 0.5) * width
        share = solid / (number * self.tables.solid_volume[place])
        content = [state[0, quantity, place] * share for quantity in (INTERNAL, EXTERNAL, GAS)]
        return Particles(number / self.per_class, solid, *content)

    def advance(self, one: Particles, step: float, speed: float, spray: float) -> None:
        """One step, mechanism after mechanism."""
        if self.lumped:
            _lump(one, self.edges)
        self._wet(one, step, spray)
        self._pores(one, step)
        self._merge(one, step, speed)
        self._break(one, step, speed)

    def _wet(self, one: Particles, step: float, spray: float) -> None:
        """Spray goes by solids: onto granules as a coat, onto powder as drops, and a drop makes a nucleus.

        Powder particles are drawn with one chance until their solids are those that the drops so far take.
        """
        p = self.parameters
        liquid = spray / p.liquid_density * step
        if liquid == 0.0:
            return
        per_solid = liquid / float(one.weight @ one.solid)
        first = self.edges[int(self.tables.powder.sum())] if self.tables.powder.any() else 0.0
        powder = one.solid < first
        one.external += np.where(powder, 0.0, per_solid * one.solid)
        powder_solids = float(one.weight[powder] @ one.solid[powder])
        self._owed += per_solid * powder_solids / p.drop_volume * p.nucleus_solids
        for hit in self._random[SPRAYING].permutation(np.flatnonzero(powder)):
            if self._owed <= 0.0:
                return
            self._owed -= float(one.weight[hit] * one.solid[hit])
            self._nucleate(one, hit)

    def _nucleate(self, one: Particles, hit: int) -> None:
        """Draw the powder of a particle together into nuclei, each with a drop that fills its pores first."""
        p = self.parameters
        ratio = p.nucleus_solids / one.solid[hit]
        one.weight[hit] /= ratio
        for content in (one.solid, one.internal, one.external, one.gas):
            content[hit] *= ratio
        inside = min(p.drop_volume, one.gas[hit])
        one.internal[hit] += inside
        one.gas[hit] -= inside
        one.external[hit] += p.drop_volume - inside

    def _pores(self, one: Particles, step: float) -> None:
        """Absorption by its closed form, then consolidation by its own."""
        p = self.parameters
        pores = np.maximum(one.internal + one.gas, 1e-300)
        pace = step / (p.absorption_time * pores)
        rest = one.gas - one.external
        exponent = np.clip(rest * pace, -700.0, 700.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(np.abs(exponent) > 1e-12, np.expm1(exponent) / rest, pace)
        film = np.minimum(one.external / (np.exp(exponent) + one.external * slope), one.external)
        soaked = np.minimum(one.external - film, one.gas)
        one.external -= soaked
        one.internal += soaked
        one.gas -= soaked
        least = one.solid * p.minimum_pore_ratio
        shrunk = np.minimum(pores, least + (pores - least) * np.exp(-p.consolidation_rate * step))
        share = 1.0 - shrunk / pores
        one.external += share * one.internal
        one.internal -= share * one.internal
        one.gas -= share * one.gas

    def _merge(self, one: Particles, step: float, speed: float) -> None:
        order = self._random[MERGING].permutation(one.weight.size)
        half = order.size // 2
        first, second = order[:half], order[half : 2 * half]
        many = np.where(one.weight[first] >= one.weight[second], first, second)
        few = np.where(many == first, second, first)
        rate = meeting_rates(one, many, few, speed, self.parameters)
        # every pair stands for all pairs: n (n - 1)/2 of them in n/2 draws
        scale = (one.weight.size - 1.0) if one.weight.size % 2 == 0 else float(one.weight.size)
        mean = scale * step * rate * one.weight[many] / float(one.weight @ one.solid)
        taken = np.floor(mean + self._random[MERGING].random(half))
        taken = np.minimum(taken, np.floor(one.weight[many] / one.weight[few]))
        _take_up(one, many[taken > 0.0], few[taken > 0.0], taken[taken > 0.0])

    def _break(self, one: Particles, step: float, speed: float) -> None:
        rate = breakage_rates(one, speed, self.parameters)
        smallest = self.edges[0]
        limit = self.tables.solid_volume[np.argmax(self.tables.breakable)] if self.tables.breakable.any() else np.inf
        rate = np.where((one.solid > smallest * 2.0) & (one.solid >= limit), rate, 0.0)
        random = self._random[BREAKING].random((2, one.solid.size))
        broken = random[0] < -np.expm1(-rate * step)
        low, high = smallest / one.solid, 1.0 - smallest / one.solid
        share = np.sqrt(low**2 + random[1] * np.maximum(high**2 - low**2, 0.0))
        ratio = np.where(broken, share, 1.0)
        one.weight /= ratio
        for content in (one.solid, one.internal, one.external, one.gas):
            content *= ratio


def meeting_rates(one: Particles, i: np.ndarray, j: np.ndarray, speed: float, p: Parameters) -> Floats:
    """b_ij psi_ij [m3/s] of pairs of particles, from the formulas of the model."""
    size, mass = one.diameter, one.mass(p)
    mean, stage = _mean_and_stage(one, p)
    log_speed, low, high = np.log(speed / p.reference_speed), np.exp(p.log_ratio_low), np.exp(p.log_ratio_high)
    factor = np.clip(size / mean, low, high) ** p.encounter_size_exponent
    distance = size[i] + size[j]
    prefactor = p.encounter_scale * np.exp(p.encounter_speed_exponent * log_speed + p.encounter_state_slope * stage)
    meeting = prefactor * distance**3 * factor[i] * factor[j]
    film = one.external / (pi * size**2)
    wet = np.minimum(1.0, film / p.film_thickness)
    height = np.maximum(p.film_thickness, np.maximum(film[i], film[j]))
    harmonic, reduced = 2.0 * size[i] * size[j] / distance, mass[i] * mass[j] / (mass[i] + mass[j])
    lubrication = np.maximum(np.log(height / p.asperity_height), 0.0)
    critical = 0.25 * p.viscous_factor * lubrication * harmonic**2 / reduced
    ratio = np.clip(distance / (2.0 * mean), low, high)
    scale = np.exp(p.log_pair_speed + p.pair_speed_exponent * log_speed + p.pair_state_slope * stage)
    scale = scale * ratio**p.pair_size_exponent
    slow = -np.expm1(-((critical / scale) ** p.pair_speed_shape))
    return meeting * p.efficiency * (wet[i] + wet[j] - wet[i] * wet[j]) * slow


def breakage_rates(one: Particles, speed: float, p: Parameters) -> Floats:
    """Blade hits times the chance that an impact exceeds the strength [1/s]."""
    size, volume = one.diameter, one.solid + one.internal + one.gas
    mean, stage = _mean_and_stage(one, p)
    porosity = np.maximum(1.0 - one.solid / volume, 1e-6)
    strength = p.strength_factor * volume / one.mass(p) * ((1.0 - porosity) / porosity) ** 2
    share = np.minimum(strength / (speed * p.tip_radius * p.blade_share_scale), 1e30)
    log_speed = np.log(speed / p.reference_speed)
    hits = p.hit_scale * np.exp(p.hit_speed_exponent * log_speed + p.hit_state_slope * stage)
    ratio = np.clip(size / mean, np.exp(p.log_ratio_low), np.exp(p.log_ratio_high))
    return hits * ratio**p.hit_size_exponent * np.exp(-np.minimum(share**p.blade_share_shape, 700.0))


def _mean_and_stage(one: Particles, p: Parameters) -> tuple[float, float]:
    size = one.diameter
    mean = float(one.weight @ size**3 / (one.weight @ size**2))
    stage = (np.log(_median(one)) - p.log_feed_size) / p.log_growth_span
    return mean, float(np.clip(stage, 0.0, 1.0))


def _median(one: Particles) -> float:
    size = one.diameter
    order = np.argsort(size)
    below = np.cumsum((one.weight * size**3)[order])
    middle = below - 0.5 * (one.weight * size**3)[order]
    return float(np.exp(np.interp(0.5 * below[-1], middle, np.log(size[order]))))


def _take_up(one: Particles, many: np.ndarray, few: np.ndarray, taken: Floats) -> None:
    """Each granule of `few` takes up `taken` granules of `many`."""
    one.weight[many] -= taken * one.weight[few]
    for content in (one.solid, one.internal, one.external, one.gas):
        content[few] += taken * content[many]
    used = one.weight[many] < REST * one.weight[few]
    gone, left = many[used], few[used]
    one.weight[left] *= 0.5
    one.weight[gone] = one.weight[left]
    for content in (one.solid, one.internal, one.external, one.gas):
        content[gone] = content[left]


def _lump(one: Particles, edges: Floats) -> None:
    """Share liquids and gas of each class by solid volume."""
    place = np.clip(np.searchsorted(edges, one.solid, side="right"), 0, edges.size)
    solids = np.bincount(place, one.weight * one.solid, edges.size + 1)
    for content in (one.internal, one.external, one.gas):
        total = np.bincount(place, one.weight * content, edges.size + 1)
        content[:] = one.solid * (total / np.where(solids > 0.0, solids, 1.0))[place]


def _read(one: Particles) -> tuple[float, ...]:
    liquid = float(one.weight @ (one.internal + one.external))
    solids, gas = float(one.weight @ one.solid), float(one.weight @ one.gas)
    return float(one.weight.sum()), _median(one), solids, liquid, gas
