"""What holds touched surfaces together across a gap, and up to which one.

A bridge of liquid lasts to its rupture gap. An adhesion law that acts beyond contact states its `separation`; pairs and
walls that have touched are then evaluated until they are that far apart. Where there are both, the longer one counts. A
contact so drawn out is still the one that began when the surfaces met: it is counted once, as one encounter. Where no
law acts beyond contact these functions say so without a look at anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics
from compute.single import double
from compute.tuples import make_loader
from dem.interaction import Interaction
from dem.liquid.walls import make_reach_of_bridges
from dem.neighbours import BRIDGED, TOUCHING, PairList
from dem.particles import CLASS, COMPARTMENT, MATERIAL, RADIUS, Particles
from dem.tally import LOSS, Tally, pair_cell, quantise_signed, wall_cell
from dem.walls.arrays import WallTouches


@cache
def make_held(interaction: Interaction) -> Callable[..., bool]:
    """Return `held(i, j, entry, particles, pairs, square, settings)` for slots i and j without overlap.

    square: of the distance of the centres [m2].
    """
    if not interaction.wet:
        return make_necked(interaction)
    bridged, necked = _make_bridged(interaction), make_necked(interaction)
    if interaction.adhesion.separation is None:
        return bridged

    @physics
    def held(i: int, j: int, entry: int, particles: Particles, pairs: PairList, square: float, settings: Any) -> bool:
        by_neck = necked(i, j, entry, particles, pairs, square, settings)
        return by_neck or bridged(i, j, entry, particles, pairs, square, settings)

    return held


@cache
def make_necked(interaction: Interaction) -> Callable[..., bool]:
    """Return the same for the solids alone, which hold each other where they have touched and an adhesion law acts."""
    separation = interaction.adhesion.separation
    if separation is None:

        @physics
        def never(
            i: int, j: int, entry: int, particles: Particles, pairs: PairList, square: float, settings: Any
        ) -> bool:
            return False

        return never
    load, place = make_loader(interaction.adhesion.parameter_count), interaction.contact.parameter_count
    separation, cast = interaction.real(separation), interaction.cast

    @physics
    def necked(i: int, j: int, entry: int, particles: Particles, pairs: PairList, square: float, settings: Any) -> bool:
        if pairs.flags[entry] & TOUCHING == 0:
            return False
        first, second = particles.row[i, RADIUS], particles.row[j, RADIUS]
        base = particles.kind[i, MATERIAL] * settings.materials + particles.kind[j, MATERIAL]
        gap, radius = math.sqrt(square) - (first + second), first * second / (first + second)
        return gap < double(separation(cast(radius), load(settings.parameters[base], place, 1)))

    return necked


def _make_bridged(interaction: Interaction) -> Callable[..., bool]:
    rupture = interaction.solid_history + 1

    @physics
    def bridged(
        i: int, j: int, entry: int, particles: Particles, pairs: PairList, square: float, settings: Any
    ) -> bool:
        if pairs.flags[entry] & BRIDGED == 0:
            return False
        gap = math.sqrt(square) - (particles.row[i, RADIUS] + particles.row[j, RADIUS])
        return gap < pairs.history[entry, rupture]

    return bridged


@cache
def make_wall_limit(interaction: Interaction) -> Callable[..., float]:
    """Return `wall_limit(seat, w, begins, radius, touches, parameters, base)`: up to where wall w acts on a sphere [m].

    seat: row of its wall contacts; begins: the wall was not touched in the step before; base: row of sphere and wall in
    the interaction's table.
    """
    solid_limit, reach_of_bridges = make_solid_limit(interaction), make_reach_of_bridges(interaction)
    if not interaction.wet:
        return solid_limit

    @physics
    def with_bridges(
        seat: int, w: int, begins: bool, radius: float, touches: WallTouches, parameters: Any, base: int
    ) -> float:
        solid = solid_limit(seat, w, begins, radius, touches, parameters, base)
        return max(solid, radius + reach_of_bridges(seat, w, touches))

    return with_bridges


@cache
def make_solid_limit(interaction: Interaction) -> Callable[..., float]:
    """Return the same for the solids alone: its radius, or the gap across which a wall that was touched holds it."""
    separation = interaction.adhesion.separation
    if separation is None:

        @physics
        def own_radius(
            seat: int, w: int, begins: bool, radius: float, touches: WallTouches, parameters: Any, base: int
        ) -> float:
            return radius

        return own_radius
    load, place = make_loader(interaction.adhesion.parameter_count), interaction.contact.parameter_count
    separation, cast = interaction.real(separation), interaction.cast

    @physics
    def wall_limit(
        seat: int, w: int, begins: bool, radius: float, touches: WallTouches, parameters: Any, base: int
    ) -> float:
        return radius if begins else radius + double(separation(cast(radius), load(parameters[base], place, 1)))

    return wall_limit


@cache
def make_cycle(interaction: Interaction) -> Callable[..., float]:
    """Return `cycle(radius, parameters, base)`: what a contact of this effective radius [m] loses as it tears off [J].

    base: row of the two materials in the interaction's table.
    """
    if interaction.adhesion.cycle is None:

        @physics
        def nothing(radius: float, parameters: Any, base: int) -> float:
            return 0.0

        return nothing
    load, place = make_loader(interaction.adhesion.parameter_count), interaction.contact.parameter_count
    of_law, cast = interaction.real(interaction.adhesion.cycle), interaction.cast

    @physics
    def cycle(radius: float, parameters: Any, base: int) -> float:
        return double(of_law(cast(radius), load(parameters[base], place, 1)))

    return cycle


@cache
def make_tear(interaction: Interaction, add: Callable[..., None], statistics: bool) -> Callable[..., None]:
    """Return `tear(a, b, entry, chunk, particles, pairs, settings, tally)` for a pair that is apart from now on.

    What slots a and b lose by it, if they were in contact, is booked in the tally of the chunk.
    """
    of_contact, books = make_cycle(interaction), statistics and interaction.adhesion.cycle is not None
    cast = interaction.cast

    @physics
    def tear(
        a: int, b: int, entry: int, chunk: int, particles: Particles, pairs: PairList, settings: Any, tally: Tally
    ) -> None:
        if books and pairs.flags[entry] & TOUCHING != 0:
            kinds, first, second = particles.kind, cast(particles.row[a, RADIUS]), cast(particles.row[b, RADIUS])
            base = kinds[a, MATERIAL] * settings.materials + kinds[b, MATERIAL]
            lost = of_contact(first * second / (first + second), settings.parameters, base)
            cell = pair_cell(tally.sizes[0], kinds[a, COMPARTMENT], kinds[a, CLASS], kinds[b, CLASS])
            add(tally.pair_counts, (chunk, cell, LOSS), quantise_signed(lost, tally.quanta[0]))

    return tear


@cache
def make_wall_tear(interaction: Interaction, add: Callable[..., None], statistics: bool) -> Callable[..., None]:
    """Return `wall_tear(i, chunk, particles, w, parameters, base, tally)` for a wall that a particle leaves."""
    of_contact, books = make_cycle(interaction), statistics and interaction.adhesion.cycle is not None

    @physics
    def wall_tear(i: int, chunk: int, particles: Particles, w: int, parameters: Any, base: int, tally: Tally) -> None:
        if books:
            lost = of_contact(particles.row[i, RADIUS], parameters, base)
            cell = wall_cell(tally.sizes, particles.kind[i, COMPARTMENT], particles.kind[i, CLASS], w)
            add(tally.wall_counts, (chunk, cell, LOSS), quantise_signed(lost, tally.quanta[0]))

    return wall_tear
