"""Bridges of listed pairs: they form when wet surfaces meet, outlast the contact, and give their liquid back.

Films are read as they were at the beginning of the step, and what is drawn and given back is added to them at its end,
so that the order of the pairs does not matter. Shares that face different partners do not overlap: a film is never
overdrawn.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics, routine
from compute.single import double
from compute.tuples import make_loader, make_storer
from dem.hold import make_necked
from dem.interaction import Interaction
from dem.liquid.bridge import facing_share, rupture_gap
from dem.neighbours import ALL_FLAGS, BRIDGED, NEAR, TOUCHING, PairList
from dem.particles import MATERIAL, RADIUS, Particles

FILM = 6
"""Column of the force arrays with the change of the film."""


@cache
def make_meet(interaction: Interaction) -> Callable[..., tuple[float, float]]:
    """Return `meet(a, b, entry, particles, pairs, settings)` for slots a (the lower id) and b in overlap.

    A contact that begins has slack springs, and a bridge forms where there is none; the volumes drawn from the two
    films [m3] are returned. They add up to the volume that the bridge remembers, rounded down in mixed precision.
    """
    solid, law, cast = interaction.solid_history, interaction.liquid, interaction.cast
    place, smallest = interaction.parameter_count - 5, law.smallest
    constants, rupture = interaction.real(law.constants), interaction.real(rupture_gap)
    load, store = make_loader(5), make_storer(7)
    below = 1.0 - 2.0**-23 if interaction.mixed else 1.0

    @physics
    def drawn(a: int, b: int, particles: Particles, largest: float) -> tuple[float, float, float]:
        first, second = particles.row[a, RADIUS], particles.row[b, RADIUS]
        radius = 2.0 * first * second / (first + second)
        one, other = facing_share(first, second) * particles.film[a], facing_share(second, first) * particles.film[b]
        share = min(1.0, double(largest) * radius * radius * radius / max(one + other, 1e-300))
        return share * one, share * other, radius

    @routine
    def meet(a: int, b: int, entry: int, particles: Particles, pairs: PairList, settings: Any) -> tuple[float, float]:
        if pairs.flags[entry] & TOUCHING == 0:
            for k in range(solid):
                pairs.history[entry, k] = 0.0
        if pairs.flags[entry] & BRIDGED != 0:
            return 0.0, 0.0
        base = particles.kind[a, MATERIAL] * settings.materials + particles.kind[b, MATERIAL]
        tension, angle, _, _, largest = load(settings.parameters[base], place, 1)
        one, other, radius = drawn(a, b, particles, largest)
        if one + other <= smallest * radius * radius * radius:
            return 0.0, 0.0
        volume = cast(below * (one + other))
        values = (volume, rupture(volume, angle)) + constants(cast(radius), volume, tension, angle)
        store(pairs.history[entry], solid, 1, values)
        pairs.flags[entry] |= BRIDGED
        drawn_share = double(volume) / (one + other)
        return drawn_share * one, drawn_share * other

    return meet


@cache
def make_follow(interaction: Interaction) -> Callable[..., tuple[float, float]]:
    """Return `follow(a, b, entry, apart, particles, pairs, square, reach, settings)` for a pair about to be evaluated.

    It brings flags and bridge of a pair up to date that touches or is held apart, and returns the changes of the two
    films [m3]. square: of the distance [m2]; reach: sum of the radii [m].
    """
    if not interaction.wet:

        @physics
        def nothing(
            a: int, b: int, entry: int, apart: bool, particles: Particles, pairs: PairList, square: float,
            reach: float, settings: Any,
        ) -> tuple[float, float]:  # fmt: skip
            return 0.0, 0.0

        return nothing
    meet, necked = make_meet(interaction), make_necked(interaction)

    @routine
    def follow(
        a: int, b: int, entry: int, apart: bool, particles: Particles, pairs: PairList, square: float, reach: float,
        settings: Any,
    ) -> tuple[float, float]:  # fmt: skip
        if apart:
            if not necked(a, b, entry, particles, pairs, square, settings):
                draw_out(entry, pairs, square, reach, settings.rearm_gap)
            return 0.0, 0.0
        one, other = meet(a, b, entry, particles, pairs, settings)
        return -one, -other

    return follow


@cache
def make_change_films(interaction: Interaction) -> Callable[..., None]:
    """Return `change_films(force, i, j, one, other)`: notes the changes of two films [m3] in the force array."""
    wet = interaction.wet

    @physics
    def change_films(force: Any, i: int, j: int, one: float, other: float) -> None:
        if wet:
            force[i, FILM] += one
            force[j, FILM] += other

    return change_films


@physics
def draw_out(entry: int, pairs: PairList, square: float, reach: float, rearm_gap: float) -> None:
    """Note that a bridged pair is apart; beyond the re-arm gap its next touch is a new encounter."""
    pairs.flags[entry] &= ~TOUCHING & ALL_FLAGS
    apart = reach * (1.0 + rearm_gap)
    if square > apart * apart:
        pairs.flags[entry] &= ~(TOUCHING | NEAR) & ALL_FLAGS


@cache
def make_break(interaction: Interaction) -> Callable[..., float]:
    """Return `break_bridge(entry, pairs)`: ends a pair's bridge and returns half its volume [m3], 0 without one."""
    if not interaction.wet:

        @physics
        def no_bridge(entry: int, pairs: PairList) -> float:
            return 0.0

        return no_bridge
    solid, size = interaction.solid_history, interaction.history_size

    @physics
    def break_bridge(entry: int, pairs: PairList) -> float:
        if pairs.flags[entry] & BRIDGED == 0:
            return 0.0
        half = 0.5 * double(pairs.history[entry, solid])
        for k in range(size):
            pairs.history[entry, k] = 0.0
        pairs.flags[entry] &= ~BRIDGED & ALL_FLAGS
        return half

    return break_bridge
