"""The granulation model by weighted particles: an oracle that shares no class and no scheme with the rest.

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
from typing import TYPE_CHECKING

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats
from pbm.inputs import Steps, constant
from pbm.model import EXTERNAL, GAS, INTERNAL, NUMBER
from pbm.stated import stated_laws
from pbm.weighted import Particles
from pbm.weighted_laws import FragmentDraw, WeightedLaws

if TYPE_CHECKING:
    from pbm.granulation import Granulation

MERGING, BREAKING, SPRAYING = 0, 1, 2
"""Streams of randomness."""


@dataclass(frozen=True)
class StochasticResult:
    """At `times` [s]: number [-], d50 by granule volume [m], solids, liquid and gas [m3], and the liquid that sprayed
    and evaporated so far [m3]; all of shape (times,).
    """

    times: Floats
    number: Floats
    d50: Floats
    solids: Floats
    liquid: Floats
    gas: Floats
    sprayed: Floats
    evaporated: Floats


class StochasticGranulation:
    """Weighted particles with the laws, parameters and tables of a granulation of one solid in one closed compartment.

    per_class: particles that stand for each class of the start; step [s]; seed: of the random streams.
    Raises CaseError for other granulations.
    """

    def __init__(
        self, model: Granulation, per_class: int = 50, step: float = 0.02, seed: int = 0, lumped: bool = True
    ) -> None:
        case, alone = model.case, model.places == len(model.cells.grids) == 1 and not model.case.flows_through
        if not alone or not case.balanced or case.layering is not None or case.liquid.drops is not None:
            expected = "one solid in one closed compartment, one size of drops, no layers, no published forms"
            raise CaseError("weighted particles do not follow this case", key="pbm", expected=expected)
        self.model, self.parameters, self.tables = model, model.parameters, model.tables
        self.laws = WeightedLaws(model)
        self.per_class, self.step, self.lumped = per_class, step, lumped
        law, first = stated_laws(model.case, model.grid).fragments, float(model.grid.pivots[0])
        self._fragments = None if law is None else FragmentDraw(law, float(model.grid.edges[0]), first)
        self._random = [np.random.Generator(np.random.Philox(key=[seed, stream])) for stream in range(3)]
        self._owed, self._sprayed, self._evaporated = 0.0, 0.0, 0.0

    def simulate(
        self, times: Floats, speed: Steps | float = 0.0, spray: Steps | None = None, initial: Floats | None = None
    ) -> StochasticResult:
        """Run from times[0] on; impeller speed [rad/s], spray [kg/s] and start as of `Granulation.simulate`."""
        from pbm.granulation import spray_of

        speed = speed if isinstance(speed, Steps) else constant(speed)
        spray = spray_of(self.model.case.liquid.spray) if spray is None else spray
        particles = self.start(self.model.initial_state() if initial is None else initial)
        rows = [self._read(particles)]
        for begin, end in pairwise(times):
            count = max(1, round(float(end - begin) / self.step))
            length = float(end - begin) / count
            for turn in range(count):
                now = begin + turn * length
                self.advance(particles, length, speed.at(now), spray.at(now))
            rows.append(self._read(particles))
        return StochasticResult(np.asarray(times), *np.array(rows).T)

    def start(self, state: Floats) -> Particles:
        """Particles of one weight for each filled class, spread over its cell: number, solids and contents as there."""
        classes = np.flatnonzero(state[0, NUMBER] > 0.0)
        place = np.repeat(classes, self.per_class)
        number, width = state[0, NUMBER, place], np.diff(self.model.grid.edges)[place]
        steps = np.tile((np.arange(self.per_class) + 0.5) / self.per_class, classes.size)
        solid = self.tables.solid_volume[place] + (steps - 0.5) * width
        share = solid / (number * self.tables.solid_volume[place])
        content = [state[0, quantity, place] * share for quantity in (INTERNAL, EXTERNAL, GAS)]
        return Particles(number / self.per_class, solid, *content)

    def advance(self, one: Particles, step: float, speed: float, spray: float) -> None:
        """One step, mechanism after mechanism."""
        if self.lumped:
            one.lump(self.model.grid.edges)
        self._wet(one, step, spray)
        self._dry(one, step)
        self._pores(one, step)
        self._merge(one, step, speed)
        self._break(one, step, speed)

    def _wet(self, one: Particles, step: float, spray: float) -> None:
        """Spray goes by solids: onto granules as a coat, onto powder as drops, and a drop makes a nucleus.

        Powder particles are drawn with one chance until their solids are those that the drops so far take.
        """
        p, cover = self.parameters, self.tables.spray_cover
        caught = min(1.0, one.solids / cover) if cover > 0.0 else 1.0
        liquid = spray / p.liquid_density * step * float(self.tables.spray_share[0]) * caught
        if liquid == 0.0:
            return
        per_solid = liquid / one.solids
        first = self.model.grid.edges[int(self.tables.powder.sum())] if self.tables.powder.any() else 0.0
        powder = one.solid < first
        coat = np.where(powder, 0.0, per_solid * one.solid)
        one.external += coat
        self._sprayed += float(one.weight @ coat)
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
        one.scale(hit, p.nucleus_solids / one.solid[hit])
        self._sprayed += float(one.weight[hit]) * p.drop_volume
        inside = min(p.drop_volume, one.gas[hit])
        one.internal[hit] += inside
        one.gas[hit] -= inside
        one.external[hit] += p.drop_volume - inside

    def _dry(self, one: Particles, step: float) -> None:
        """Evaporation at a film speed j/rho_l: films fall to the thickness of patches, then patches shrink by area."""
        p = self.parameters
        if p.evaporation_speed == 0.0:
            return
        surface = pi * one.diameter**2
        film, patch = one.external / surface, p.film_thickness
        whole = np.minimum(np.maximum(film - patch, 0.0) / p.evaporation_speed, step)
        left = (film - p.evaporation_speed * whole) * np.exp(-p.evaporation_speed * (step - whole) / patch)
        self._evaporated += float(one.weight @ (one.external - left * surface))
        one.external[:] = left * surface

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
        """Pairs drawn at random; whether they stick is asked only of those that a meeting has come to."""
        order = self._random[MERGING].permutation(one.weight.size)
        half = order.size // 2
        first, second = order[:half], order[half : 2 * half]
        many = np.where(one.weight[first] >= one.weight[second], first, second)
        few = np.where(many == first, second, first)
        # every pair stands for all pairs: n (n - 1)/2 of them in n/2 draws
        scale = (one.weight.size - 1.0) if one.weight.size % 2 == 0 else float(one.weight.size)
        met = scale * step / one.solids * self.laws.meeting(one, many, few, speed) * one.weight[many]
        drawn = self._random[MERGING].random(half)
        come = met + drawn >= 1.0
        many, few = many[come], few[come]
        taken = np.floor(met[come] * self.laws.sticking(one, many, few, speed) + drawn[come])
        taken = np.minimum(taken, np.floor(one.weight[many] / one.weight[few]))
        one.take_up(many[taken > 0.0], few[taken > 0.0], taken[taken > 0.0])

    def _break(self, one: Particles, step: float, speed: float) -> None:
        if not self.tables.breakable.any():
            return
        rate = self.laws.breaking(one, speed)
        smallest = self.model.grid.edges[0]
        limit = self.tables.solid_volume[np.argmax(self.tables.breakable)]
        rate = np.where((one.solid > smallest * 2.0) & (one.solid >= limit), rate, 0.0)
        random = self._random[BREAKING].random((2, one.solid.size))
        broken = np.flatnonzero(random[0] < -np.expm1(-rate * step))
        one.scale(broken, self._fragment(one.solid[broken], random[1, broken]))

    def _fragment(self, parents: Floats, chances: Floats) -> Floats:
        """Share of their parent's solids in fragments drawn by volume; two uniform ones from the lowest edge on."""
        if self._fragments is not None:
            return self._fragments.shares(parents, chances)
        smallest = self.model.grid.edges[0]
        low, high = smallest / parents, 1.0 - smallest / parents
        return np.asarray(np.sqrt(low**2 + chances * np.maximum(high**2 - low**2, 0.0)))

    def _read(self, one: Particles) -> tuple[float, ...]:
        liquid = float(one.weight @ (one.internal + one.external))
        number, gas = float(one.weight.sum()), float(one.weight @ one.gas)
        return number, one.median_diameter(), one.solids, liquid, gas, self._sprayed, self._evaporated
