"""The granulation model by weighted particles: an oracle that shares no class and no scheme with the rest.

Each particle stands for `weight` equal granules. In a step every particle meets one partner of its compartment drawn at
random, with the chance of all partners: Shima et al., Q. J. R. Meteorol. Soc. 135 (2009) 1307, doi 10.1002/qj.441. Of a
pair, the one with fewer granules takes up whole granules of the other: solids, liquids and gas are kept by every event,
the number on average. A particle that breaks goes on as one of its fragments, drawn by volume: Eibeck and Wagner, Ann.
Appl. Probab. 11 (2001) 1137, doi 10.1214/aoap/1015345398. Layers, films and pores follow their own laws particle by
particle. Particles move between compartments as a whole. Randomness is Philox, keyed by seed and stream.

A step goes through the mechanisms and back by halves: Strang, SIAM J. Numer. Anal. 5 (1968) 506, doi 10.1137/0705041.
What has a closed form is of second order in the step; merging, breakage and layers are of first order in it.

`lumped` gives all granules of a class the same liquid and pores per solids, which is what the classes of
`pbm.granulation` assume; without it each granule keeps its own. A second solid is every granule's own in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pbm.grid import Floats
from pbm.inputs import Steps, constant
from pbm.weighted import Particles
from pbm.weighted_contents import absorb, consolidate, deposit, evaporate, largest_powder
from pbm.weighted_events import Breakage, merge
from pbm.weighted_flow import Feeder, Flows, standing_mass
from pbm.weighted_laws import WeightedLaws
from pbm.weighted_spray import Sprayer
from pbm.weighted_start import classes_of, particles_of

if TYPE_CHECKING:
    from pbm.granulation import Granulation

MERGING, BREAKING, SPRAYING, FLOWING, FEEDING = 0, 1, 2, 3, 4
"""Streams of randomness."""
HELD = 5
"""Sums of granules: number, solids, second solid, liquid, gas."""


@dataclass(frozen=True, eq=False)
class StochasticResult:
    """At `times` [s], (times,): the particles of every compartment; liquid that met powder and that evaporated so far
    [m3], (times,); what feeds brought and outlets took so far, (times, 5): number [-], solids, second solid, liquid
    and gas [m3].
    """

    times: Floats
    beds: tuple[tuple[Particles, ...], ...]
    sprayed: Floats
    evaporated: Floats
    fed: Floats
    left: Floats

    @property
    def held(self) -> Floats:
        """Number [-], solids, second solid, liquid and gas [m3] of every compartment, (times, compartments, 5)."""
        return np.array([[bed.sums for bed in beds] for beds in self.beds])

    @property
    def number(self) -> Floats:
        """Of all granules, (times,)."""
        return self._whole(0)

    @property
    def solids(self) -> Floats:
        """Of all granules [m3], (times,)."""
        return self._whole(1)

    @property
    def second(self) -> Floats:
        """Second solid in all granules [m3], (times,)."""
        return self._whole(2)

    @property
    def liquid(self) -> Floats:
        """In and on all granules [m3], (times,)."""
        return self._whole(3)

    @property
    def gas(self) -> Floats:
        """In all pores [m3], (times,)."""
        return self._whole(4)

    @property
    def d50(self) -> Floats:
        """By granule volume, of all compartments together [m], (times,)."""
        return np.array([Particles.none().join(*beds).median_diameter() for beds in self.beds])

    def _whole(self, column: int) -> Floats:
        return np.asarray(self.held[:, :, column].sum(axis=1))


class StochasticGranulation:
    """Weighted particles with the laws, parameters, tables, feeds and compartments of a granulation.

    per_class: particles that stand for each class, at the start of each compartment and of the powder that is fed;
    step [s]; seed: of the random streams.
    """

    def __init__(
        self, model: Granulation, per_class: int = 50, step: float = 0.02, seed: int = 0, lumped: bool = True
    ) -> None:
        self.model, self.parameters, self.tables = model, model.parameters, model.tables
        self.laws = WeightedLaws(model)
        self.per_class, self.step, self.lumped = per_class, step, lumped
        self._random = [np.random.Generator(np.random.Philox(key=[seed, stream])) for stream in range(5)]
        self._sprayer = Sprayer(model, self._random[SPRAYING])
        self._flows = Flows(self.tables.exchange, self.tables.outlet, self._random[FLOWING])
        self._breakage = Breakage(model, self.laws, self._random[BREAKING])
        self._feeders = self._make_feeders()
        self._powder_below = largest_powder(model.case, model.cells)
        self._sprayed, self._evaporated = 0.0, 0.0
        self._fed, self._left = np.zeros(HELD), np.zeros(HELD)

    def simulate(
        self, times: Floats, speed: Steps | float = 0.0, spray: Steps | None = None, initial: Floats | None = None
    ) -> StochasticResult:
        """Run from times[0] on; impeller speed [rad/s], spray [kg/s] and start as of `Granulation.simulate`."""
        from pbm.granulation import spray_of

        speed = speed if isinstance(speed, Steps) else constant(speed)
        spray = spray_of(self.model.case.liquid.spray) if spray is None else spray
        beds = self.start(self.model.initial_state() if initial is None else initial)
        rows = [self._read(beds)]
        for begin, end in pairwise(times):
            marks = np.linspace(begin, end, max(1, round(float(end - begin) / self.step)) + 1)
            for now, later in pairwise(marks.tolist()):
                step = later - now
                self.advance(beds, now, step, speed.integral(now, later) / step, spray.integral(now, later) / step)
            rows.append(self._read(beds))
        kept, *series = zip(*rows)
        return StochasticResult(np.asarray(times), kept, *(np.array(column) for column in series))

    def start(self, state: Floats) -> list[Particles]:
        """Particles of each compartment, as many for each of its filled classes."""
        return [particles_of(each, self.model.cells, self.per_class, self.tables.places) for each in state]

    def advance(self, beds: list[Particles], now: float, step: float, speed: float, spray: float) -> None:
        """One step from the time `now` [s], through the mechanisms and back."""
        half = 0.5 * step
        self._move(beds, half)
        self._feed(beds, now, now + half)
        self._wet(beds, half, spray)
        for bed in filter(_filled, beds):
            self._lump(bed)
            absorb(bed, half, self.parameters)
            consolidate(bed, half, self.parameters)
            self._evaporated += evaporate(bed, half, self.parameters)
        for bed, stirred in zip(beds, self.tables.speed_share):
            if _filled(bed):
                self._meet(bed, step, speed * float(stirred))
                self._lump(bed)
        for bed in filter(_filled, beds):
            self._evaporated += evaporate(bed, half, self.parameters)
            consolidate(bed, half, self.parameters)
            absorb(bed, half, self.parameters)
        self._wet(beds, half, spray)
        self._feed(beds, now + half, now + step)
        self._move(beds, half)

    def _meet(self, bed: Particles, step: float, speed: float) -> None:
        """What particles of one compartment do to each other, and what breaks them."""
        if self.model.case.layering is not None:
            deposit(bed, step, self.model.case.layering, self._powder_below, self.parameters)
        merge(bed, step, speed, self.laws, self._random[MERGING])
        self._breakage.apply(bed, step, speed)

    def _lump(self, bed: Particles) -> None:
        if self.lumped:
            bed.lump(classes_of(bed, self.model.cells))

    def _wet(self, beds: list[Particles], step: float, spray: float) -> None:
        for place in range(len(beds)):
            self._sprayed += self._sprayer.wet(beds, place, step, spray)

    def _feed(self, beds: list[Particles], begin: float, end: float) -> None:
        for feeder in self._feeders:
            come = feeder.feed(begin, end)
            self._fed += come.sums
            beds[feeder.place] = beds[feeder.place].join(come)

    def _move(self, beds: list[Particles], step: float) -> None:
        for gone in self._flows.move(beds, step):
            self._left += gone.sums

    def _make_feeders(self) -> list[Feeder]:
        """Feeds, each of whose lots stands for the mass in one compartment."""
        model, feeds = self.model, np.zeros(self.model.places)
        for inflow in model.inflows:
            feeds[inflow.place] += max(inflow.rate.values)
        charge, end = float(model.charged_mass().sum()), model.case.end
        mass = standing_mass(model.graph.matrix, feeds, charge, end) / model.places
        return [
            Feeder(
                inflow.place,
                particles_of(inflow.contents, model.cells, self.per_class, self.tables.places),
                self.per_class,
                mass,
                inflow.rate,
                self._random[FEEDING],
            )
            for inflow in model.inflows
        ]

    def _read(self, beds: list[Particles]) -> tuple[tuple[Particles, ...], float, float, Floats, Floats]:
        kept = tuple(bed.pick(np.arange(bed.count)) for bed in beds)
        return kept, self._sprayed, self._evaporated, self._fed.copy(), self._left.copy()


def _filled(bed: Particles) -> bool:
    return bed.count > 0
