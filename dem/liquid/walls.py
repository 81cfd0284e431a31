"""Bridges between particles and walls: a wall is a sphere without end, that has no film of its own.

A bridge forms where a wet sphere touches a wall, from the half of its film that faces it, and all of it goes back to
that film where the bridge breaks or the contact is lost. Its harmonic mean radius is 2 r, as Derjaguin has it: within
3 % of the Young-Laplace equation between sphere and plane up to 0.6 of the rupture gap (V* to 1e-2, 20 degrees). What
the walls of a step draw comes after the pairs and one after the other, from what is left, so that no film is overdrawn.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics
from compute.single import double
from compute.tuples import make_loader, make_storer
from dem.interaction import Interaction
from dem.liquid.bridge import rupture_gap
from dem.walls.arrays import HISTORY, SLOTS, WallTouches

FACING = 0.5
"""Share of a sphere's surface that faces a wall: `facing_share` of a partner without end."""


@cache
def make_bridge_of_wall(interaction: Interaction) -> Callable[..., float]:
    """Return `bridge_of_wall(seat, slot, gap, radius, touches, values, film)` -> volume drawn from the film [m3].

    It brings the bridge of a contact of this step up to date: one forms in touch, ends beyond its rupture gap, and a
    contact that is apart has slack springs, unless the solids hold each other. seat: row of the sphere; gap: to the
    wall [m], negative in overlap; values: of the pair of materials; film: what is left of that of the sphere [m3].
    """
    if not interaction.wet:

        @physics
        def nothing(
            seat: int, slot: int, gap: float, radius: float, touches: WallTouches, values: Any, film: float
        ) -> float:
            return 0.0

        return nothing
    law, cast, solid = interaction.liquid, interaction.cast, interaction.solid_history
    place, parameters, smallest = HISTORY + solid, interaction.parameter_count - 5, law.smallest
    constants, rupture = interaction.real(law.constants), interaction.real(rupture_gap)
    load, store = make_loader(5), make_storer(7)
    below = 1.0 - 2.0**-23 if interaction.mixed else 1.0
    necked = _make_necked(interaction)

    @physics
    def bridge_of_wall(
        seat: int, slot: int, gap: float, radius: float, touches: WallTouches, values: Any, film: float
    ) -> float:
        bridge = touches.fresh[seat, slot]
        if gap > 0.0:
            if not necked(bridge, gap, radius, values):
                for k in range(HISTORY, place):
                    bridge[k] = 0.0
            if not gap < bridge[place + 1]:
                bridge[place] = 0.0
            return 0.0
        tension, angle, _, _, largest = load(values, parameters, 1)
        mean = 2.0 * radius
        cube = mean * mean * mean
        drawn = min(FACING * film, double(largest) * cube)
        if bridge[place] > 0.0 or drawn <= smallest * cube:
            return 0.0
        volume = cast(below * drawn)
        store(bridge, place, 1, (volume, rupture(volume, angle)) + constants(cast(mean), volume, tension, angle))
        return double(volume)

    return bridge_of_wall


@cache
def _make_necked(interaction: Interaction) -> Callable[..., bool]:
    """Return `necked(bridge, gap, radius, values)`: whether a wall and a sphere hold each other across a gap [m]."""
    separation, cast, place = interaction.adhesion.separation, interaction.cast, interaction.contact.parameter_count
    if separation is None:

        @physics
        def never(bridge: Any, gap: float, radius: float, values: Any) -> bool:
            return False

        return never
    load, neck = make_loader(interaction.adhesion.parameter_count), HISTORY + interaction.contact.history_size
    separation = interaction.real(separation)

    @physics
    def necked(bridge: Any, gap: float, radius: float, values: Any) -> bool:
        return bridge[neck] > 0.0 and gap < double(separation(cast(radius), load(values, place, 1)))

    return necked


@cache
def make_held_at_walls(interaction: Interaction) -> Callable[..., float]:
    """Return `held_at_walls(seat, touches)`: volume of the bridges to walls in a row, at the end of a step [m3]."""
    if not interaction.wet:

        @physics
        def nothing(seat: int, touches: WallTouches) -> float:
            return 0.0

        return nothing
    place = HISTORY + interaction.solid_history

    @physics
    def held_at_walls(seat: int, touches: WallTouches) -> float:
        held = 0.0
        for slot in range(SLOTS):
            held += double(touches.spring[seat, slot, place]) if touches.wall[seat, slot] >= 0 else 0.0
        return held

    return held_at_walls


@cache
def make_reach_of_bridges(interaction: Interaction) -> Callable[..., float]:
    """Return `reach_of_bridges(seat, w, touches)`: the largest rupture gap of the bridges in a row to wall w [m]."""
    rupture = HISTORY + interaction.solid_history + 1

    @physics
    def reach_of_bridges(seat: int, w: int, touches: WallTouches) -> float:
        reach = 0.0
        for slot in range(SLOTS):
            bridged = touches.wall[seat, slot] == w and touches.spring[seat, slot, rupture - 1] > 0.0
            reach = max(reach, double(touches.spring[seat, slot, rupture])) if bridged else reach
        return reach

    return reach_of_bridges
