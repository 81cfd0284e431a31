"""The pair loop that gathers: each particle sums the forces of all its partners, for targets without a scatter.

Each pair stands in both rows and is evaluated twice, both times as seen from the lower id, so that the two results are
opposite to the bit. The lower id counts the contact.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics, routine
from compute.single import double
from compute.sums import Sums, make_sums
from compute.tuples import Strip, make_storer
from dem.clock import NOW, stands
from dem.clumps.encounters import ENCOUNTER, NOTHING, make_meeting
from dem.contact_state import make_part, make_touch
from dem.domain import Domain, make_nearest_image
from dem.faults import DEEP_OVERLAP, note_fault
from dem.hold import make_held, make_tear
from dem.interaction import Interaction
from dem.liquid.pairs import make_break, make_follow
from dem.neighbours import TOUCHING, PairList
from dem.pair_law import make_pair_law
from dem.pairs import PairSettings
from dem.particles import (
    CLASS,
    COMPARTMENT,
    ENTRY,
    MASS,
    MATERIAL,
    RADIUS,
    SLOT,
    VX,
    VY,
    VZ,
    WX,
    WY,
    WZ,
    Particles,
    X,
    Y,
    Z,
)
from dem.tally import CONTACT_STEPS, LOSS, Tally, make_first_touch, pair_cell, quantise_signed
from dem.touch import Vector, approach_and_slip


@cache
def make_contact(interaction: Interaction) -> Callable[..., Any]:
    """Return the function that evaluates the touching pair of slots a and b and stores its history.

    contact(row, a, b, d, turn, excess, step, base, entry, settings, history) -> (force on a [N], its torque, the
    torque of b [N m], heat [W], overlap [m]) in the precision of contacts; d [m]: from a to b, turn [m/s]: speed of the
    image of b along x, excess as in `excess_touch`.
    """
    law, cast = make_pair_law(interaction), interaction.cast

    @physics
    def spin_of(row: Any, i: int) -> Vector:
        return cast(row[i, WX]), cast(row[i, WY]), cast(row[i, WZ])

    @routine
    def contact(
        row: Any,
        a: int,
        b: int,
        d: Vector,
        turn: float,
        excess: float,
        step: float,
        base: int,
        entry: int,
        settings: PairSettings,
        history: Any,
    ) -> Any:
        dx, dy, dz = d
        return law(
            cast(excess),
            (cast(dx), cast(dy), cast(dz)),
            (cast(row[a, VX] - row[b, VX] - turn), cast(row[a, VY] - row[b, VY]), cast(row[a, VZ] - row[b, VZ])),
            spin_of(row, a),
            spin_of(row, b),
            (cast(row[a, RADIUS]), cast(row[a, MASS])),
            (cast(row[b, RADIUS]), cast(row[b, MASS])),
            cast(step),
            Strip(settings.parameters[base], 0, 1),
            Strip(history[entry], 0, 1),
        )

    return contact


@cache
def make_first_touch_of_pair(add: Callable[..., None], kind: int, bodies: bool) -> Callable[..., None]:
    """Return the function that books the first touch of slots a (the lower id) and b."""
    first_touch, meeting = make_first_touch(add), make_meeting(kind, bodies)

    @routine
    def book(
        a: int,
        b: int,
        d: Vector,
        turn: float,
        entry: int,
        particles: Particles,
        pairs: PairList,
        box: Any,
        settings: Any,
        step_number: int,
        tally: Tally,
    ) -> None:
        news = meeting(a, b, entry, particles, pairs, box, settings, step_number)
        if news == NOTHING:
            return
        row, kind, (dx, dy, dz) = particles.row, particles.kind, d
        first, second = row[a, RADIUS], row[b, RADIUS]
        spin = (
            first * row[a, WX] + second * row[b, WX],
            first * row[a, WY] + second * row[b, WY],
            first * row[a, WZ] + second * row[b, WZ],
        )
        vx, vy, vz = row[a, VX] - row[b, VX] - turn, row[a, VY] - row[b, VY], row[a, VZ] - row[b, VZ]
        normal, tangential = approach_and_slip(dx, dy, dz, vx, vy, vz, spin)
        cell = pair_cell(tally.sizes[0], kind[a, COMPARTMENT], kind[a, CLASS], kind[b, CLASS])
        first_touch(tally.pair_counts, tally.pair_speeds, tally.quanta, 0, cell, normal, tangential, news == ENCOUNTER)

    return book


@cache
def make_step_of_pair(add: Callable[..., None]) -> Callable[..., None]:
    """Return the function that books a step in contact and the energy that slots a and b lose in it [J]."""

    @physics
    def book_step(a: int, b: int, kinds: Any, loss: float, apart: bool, tally: Tally) -> None:
        cell = pair_cell(tally.sizes[0], kinds[a, COMPARTMENT], kinds[a, CLASS], kinds[b, CLASS])
        if not apart:
            add(tally.pair_counts, (0, cell, CONTACT_STEPS), 1)
        add(tally.pair_counts, (0, cell, LOSS), quantise_signed(loss, tally.quanta[0]))

    return book_step


@physics
def who(i: int, entry: int, particles: Particles, pairs: PairList) -> tuple[int, int, bool]:
    """Return the slots of a pair, that of the lower id first, and whether that is i.

    They are looked up anew behind the law: on a device their places would else be kept in registers meanwhile.
    """
    j = pairs.other[entry] & SLOT
    lower = particles.id[i] < particles.id[j]
    return (i, j, lower) if lower else (j, i, lower)


@cache
def make_row_sums(
    interaction: Interaction, kind: int, statistics: bool, add: Callable[..., None], bodies: bool = False,
    lanes: int = 1, make_sums_of: Callable[[int, int, bool], Sums] | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """Return `row_sums(item, particles, pairs, domain, settings, tally, step, fault, clock)`: what a row of pairs does.

    That is force [N], torque [N m] and, of wet particles, change of film [m3] of particle i.
    lanes: items that share a particle, a power of two; the item i lanes + k takes the entries k, k + lanes, ... of its
    row. make_sums_of(lanes, count, one_more): the target's way to add values up, over them as well.
    """
    wet = interaction.wet
    nothing, plus, plus_last, total = make_sums_of(lanes, 6, wet) if make_sums_of else make_sums(6, wet)
    shift, others = lanes.bit_length() - 1, lanes - 1
    contact, part, nearest = make_contact(interaction), make_part(interaction, bodies), make_nearest_image(kind)
    book, book_step = make_first_touch_of_pair(add, kind, bodies), make_step_of_pair(add)
    held, follow, break_bridge = make_held(interaction), make_follow(interaction), make_break(interaction)
    limit, touch, tear = interaction.contact.overlap_limit, make_touch(bodies), make_tear(interaction, add, statistics)

    @routine
    def row_sums(
        item: int, particles: Particles, pairs: PairList, domain: Domain, settings: PairSettings, tally: Tally,
        step: float, fault: Any, clock: Any,
    ) -> Any:  # fmt: skip
        i, lane = (item >> shift) & SLOT, item & others
        row, kinds, box = particles.row, particles.kind, domain.box
        sums = nothing()
        place = pairs.start[i] + lane - lanes
        while place + lanes < pairs.start[i + 1]:
            place += lanes
            entry = place & ENTRY
            a, b, lower = who(i, entry, particles, pairs)
            dx, dy, dz, turn = nearest(box, row[b, X] - row[a, X], row[b, Y] - row[a, Y], row[b, Z] - row[a, Z], 0.0)
            square, reach = dx * dx + dy * dy + dz * dz, row[a, RADIUS] + row[b, RADIUS]
            apart = square >= reach * reach
            if apart and not held(a, b, entry, particles, pairs, square, settings):
                half = break_bridge(entry, pairs)
                if wet and half != 0.0:
                    sums = plus_last(sums, half)
                if pairs.flags[entry] != 0:
                    if lower:
                        tear(a, b, entry, 0, particles, pairs, settings, tally)
                    part(entry, pairs, square, reach, settings.rearm_gap, clock[NOW])
                continue
            one, other = follow(a, b, entry, apart, particles, pairs, square, reach, settings)
            if wet and not apart:
                sums = plus_last(sums, one if lower else other)
            if statistics and lower and not apart and pairs.flags[entry] & TOUCHING == 0:
                book(a, b, (dx, dy, dz), turn, entry, particles, pairs, box, settings, clock[NOW], tally)
            touch(entry, pairs.flags, apart, clock[NOW])
            base = (kinds[a, MATERIAL] * settings.materials + kinds[b, MATERIAL]) & SLOT
            (px, py, pz), first, second, heat, overlap = contact(
                row, a, b, (dx, dy, dz), turn, reach * reach - square, step, base, entry, settings, pairs.history
            )
            a, b, lower = who(i, entry, particles, pairs)
            tx, ty, tz = first if lower else second
            px, py, pz = (px, py, pz) if lower else (-px, -py, -pz)
            sums = plus(sums, (double(px), double(py), double(pz), double(tx), double(ty), double(tz)))
            if not double(overlap) <= limit * min(row[a, RADIUS], row[b, RADIUS]):
                note_fault(fault, 0, DEEP_OVERLAP, particles.id[a])
            if statistics and lower:
                book_step(a, b, kinds, double(heat) * step, wet and apart, tally)
        return total(sums)

    return row_sums


@cache
def make_gather_pairs(
    interaction: Interaction, kind: int, statistics: bool, add: Callable[..., None], bodies: bool = False,
    lanes: int = 1, make_sums_of: Callable[[int, int, bool], Sums] | None = None,
) -> Callable[..., None]:  # fmt: skip
    """Return the body `gather_pairs(item, particles, pairs, domain, force, settings, tally, step, fault, clock)`.

    While the clock runs it writes what `make_row_sums` tells of particle i to force[0, i].
    """
    row_sums = make_row_sums(interaction, kind, statistics, add, bodies, lanes, make_sums_of)
    store, shift, others = make_storer(7 if interaction.wet else 6), lanes.bit_length() - 1, lanes - 1

    @routine
    def gather_pairs(
        item: int, particles: Particles, pairs: PairList, domain: Domain, force: Any, settings: PairSettings,
        tally: Tally, step: float, fault: Any, clock: Any,
    ) -> None:  # fmt: skip
        if stands(clock):
            return
        sums = row_sums(item, particles, pairs, domain, settings, tally, step, fault, clock)
        if item & others == 0:
            store(force[0, (item >> shift) & SLOT], 0, 1, sums)

    return gather_pairs
