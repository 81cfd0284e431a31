"""The pair loop of the CPU: half list, blocks of touching pairs, one force array for each chunk."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from compute.adding import plain_add
from compute.physics import physics, routine
from compute.single import double
from dem.block import (
    BLOCK,
    DEPTH,
    FIRST_MASS,
    FIRST_RADIUS,
    FIRST_SPIN,
    FIRST_TORQUE,
    FORCE,
    HEAT,
    PARAMETERS,
    SECOND_MASS,
    SECOND_RADIUS,
    SECOND_SPIN,
    SECOND_TORQUE,
    SEPARATION,
    VELOCITY,
    make_block,
)
from dem.clumps.encounters import ENCOUNTER, NOTHING, make_meeting, make_remember
from dem.contact_state import make_part
from dem.domain import make_nearest_image
from dem.faults import DEEP_OVERLAP, note_fault
from dem.fetch import fetch
from dem.hold import make_held, make_tear
from dem.interaction import Interaction
from dem.liquid.pairs import FILM, make_break, make_change_films, make_follow
from dem.neighbours import NEAR, TOUCHING, PairList
from dem.particles import CLASS, COMPARTMENT, ENTRY, MASS, MATERIAL, RADIUS, SLOT, VX, WX, Particles, X, Y, Z
from dem.tally import (
    CONTACT_STEPS,
    LOSS,
    Tally,
    make_first_touch,
    pair_cell,
    quantise_signed,
    round_to_quanta,
)
from dem.touch import approach_and_slip

PLACE = BLOCK - 1
"""Mask of a place in the block, as SLOT and ENTRY are."""


class PairScratch(NamedTuple):
    """Working memory of the pair loop, one part for each chunk.

    force: force [N] and torque [N m] on each slot, with liquid the change of its film [m3], shape (chunks, capacity, 6
    or 7); buffer: shape (chunks, fields * BLOCK);
    pairs: entry, first slot, second slot and row of the statistics of each pair of the block, shape (chunks, 4 * BLOCK)
    int64; bounds: first row of each chunk, shape (chunks + 1,); span: first and last slot with a pair in the rows of
    each chunk, shape (chunks, 2); ahead: how many slots after its own the partners of a particle end, about, (1,).
    """

    force: Any
    buffer: Any
    pairs: Any
    bounds: Any
    span: Any
    ahead: Any


class PairSettings(NamedTuple):
    """What the pair loop needs beside its arrays.

    parameters: table of the interaction, shape (materials^2, parameter_count); materials: their number; rearm_gap:
    share of the mean diameter of a pair after which a touch is a new encounter [-].
    """

    parameters: Any
    materials: int
    rearm_gap: float


def force_columns(interaction: Interaction) -> int:
    """Return how many columns the force arrays have."""
    return FILM + 1 if interaction.wet else FILM


@cache
def make_pair_chunk(interaction: Interaction, kind: int, statistics: bool, bodies: bool = False) -> Callable[..., None]:
    """Return `pair_chunk(c, n, particles, pairs, box, scratch, settings, tally, step, fault)`: the rows of chunk c.

    n: number of the step; kind: boundary kind; statistics: whether encounters are counted; bodies: those of bodies.
    """
    gather, scatter = make_gather(interaction, statistics), make_scatter(interaction, statistics)
    block, held, follow = make_block(interaction), make_held(interaction), make_follow(interaction)
    nearest, part, remember = make_nearest_image(kind), make_part(interaction, bodies), make_remember(bodies)
    begin, tear = make_begin(kind, statistics, bodies), make_tear(interaction, plain_add, statistics)
    break_bridge, change_films, mixed = make_break(interaction), make_change_films(interaction), interaction.mixed

    @routine
    def pair_chunk(
        c: int,
        n: int,
        particles: Particles,
        pairs: PairList,
        box: Any,
        scratch: PairScratch,
        settings: PairSettings,
        tally: Tally,
        step: float,
        fault: Any,
    ) -> None:
        row, kinds = particles.row, particles.kind
        buffer, members, force = scratch.buffer[c], scratch.pairs[c], scratch.force[c]
        size, ahead, last = 0, scratch.ahead[0], row.shape[0] - 1
        for slot in range(scratch.bounds[c], scratch.bounds[c + 1]):
            i = slot & SLOT
            fetch(min(i + ahead, last), row, kinds, force)
            x, y, z, radius = row[i, X], row[i, Y], row[i, Z], row[i, RADIUS]
            own = kinds[i, COMPARTMENT] & SLOT, kinds[i, CLASS] & SLOT
            cells = pair_cell(tally.sizes[0], own[0], own[1], 0) if statistics else 0
            for at in range(pairs.start[i], pairs.start[i + 1]):
                entry = at & ENTRY
                j = pairs.other[entry] & SLOT
                dx, dy, dz, turn = nearest(box, row[j, X] - x, row[j, Y] - y, row[j, Z] - z, 0.0)
                square, reach = dx * dx + dy * dy + dz * dz, radius + row[j, RADIUS]
                apart = square >= reach * reach
                if apart and not held(i, j, entry, particles, pairs, square, settings):
                    half = break_bridge(entry, pairs)
                    change_films(force, i, j, half, half)
                    if pairs.flags[entry] != 0:
                        tear(i, j, entry, c, particles, pairs, settings, tally)
                        part(entry, pairs, square, reach, settings.rearm_gap, n)
                    continue
                one, other = follow(i, j, entry, apart, particles, pairs, square, reach, settings)
                change_films(force, i, j, one, other)
                if mixed:
                    buffer[DEPTH * BLOCK + (size & PLACE)] = reach * reach - square
                gather(size, i, j, entry, dx, dy, dz, turn, row, kinds, pairs.history, buffer, members, settings, cells)
                if not apart and not pairs.flags[entry] & TOUCHING:
                    begin(c, n, size, buffer, members, particles, pairs, box, settings, tally)
                remember(entry, pairs.flags, n)
                size += 1
                if size == BLOCK:
                    block(buffer, size, step)
                    scatter(c, size, buffer, members, particles, pairs.history, force, tally, step, fault)
                    size = 0
        block(buffer, size, step)
        scatter(c, size, buffer, members, particles, pairs.history, force, tally, step, fault)

    return pair_chunk


@cache
def make_gather(interaction: Interaction, statistics: bool) -> Callable[..., None]:
    """Return the function that puts one touching pair into the block's buffer."""
    parameter_count, history_size = interaction.parameter_count, interaction.history_size

    @physics
    def gather(
        t: int,
        i: int,
        j: int,
        entry: int,
        dx: float,
        dy: float,
        dz: float,
        turn: float,
        row: Any,
        kind: Any,
        history: Any,
        buffer: Any,
        members: Any,
        settings: PairSettings,
        cells: int,
    ) -> None:
        i, j, t, entry = i & SLOT, j & SLOT, t & PLACE, entry & ENTRY
        members[t], members[BLOCK + t], members[2 * BLOCK + t] = entry, i, j
        if statistics:
            members[3 * BLOCK + t] = cells + kind[j, CLASS]
        buffer[SEPARATION * BLOCK + t] = dx
        buffer[(SEPARATION + 1) * BLOCK + t] = dy
        buffer[(SEPARATION + 2) * BLOCK + t] = dz
        buffer[VELOCITY * BLOCK + t] = row[i, VX] - row[j, VX] - turn
        buffer[(VELOCITY + 1) * BLOCK + t] = row[i, VX + 1] - row[j, VX + 1]
        buffer[(VELOCITY + 2) * BLOCK + t] = row[i, VX + 2] - row[j, VX + 2]
        for k in range(3):
            buffer[(FIRST_SPIN + k) * BLOCK + t] = row[i, WX + k]
            buffer[(SECOND_SPIN + k) * BLOCK + t] = row[j, WX + k]
        buffer[FIRST_RADIUS * BLOCK + t], buffer[SECOND_RADIUS * BLOCK + t] = row[i, RADIUS], row[j, RADIUS]
        buffer[FIRST_MASS * BLOCK + t], buffer[SECOND_MASS * BLOCK + t] = row[i, MASS], row[j, MASS]
        pair = kind[i, MATERIAL] * settings.materials + kind[j, MATERIAL]
        for k in range(parameter_count):
            buffer[(PARAMETERS + k) * BLOCK + t] = settings.parameters[pair, k]
        for k in range(history_size):
            buffer[(PARAMETERS + parameter_count + k) * BLOCK + t] = history[entry, k]

    return gather


@physics
def field(buffer: Any, number: int, t: int) -> float:
    """Return a field of the pair in place t of a block, as a 64-bit float."""
    return double(buffer[number * BLOCK + t])


@cache
def make_begin(kind: int, statistics: bool, bodies: bool) -> Callable[..., None]:
    """Return the function that notes the touch of the pair in place t of the block, and books what news it is."""
    first_touch, meeting = make_first_touch(plain_add), make_meeting(kind, bodies)

    @routine
    def begin(
        c: int,
        n: int,
        t: int,
        buffer: Any,
        members: Any,
        particles: Particles,
        pairs: PairList,
        box: Any,
        settings: Any,
        tally: Tally,
    ) -> None:
        entry, news = members[t], NOTHING
        if statistics:
            news = meeting(members[BLOCK + t], members[2 * BLOCK + t], entry, particles, pairs, box, settings, n)
        if news != NOTHING:
            first, second = field(buffer, FIRST_RADIUS, t), field(buffer, SECOND_RADIUS, t)
            spin = (
                first * field(buffer, FIRST_SPIN, t) + second * field(buffer, SECOND_SPIN, t),
                first * field(buffer, FIRST_SPIN + 1, t) + second * field(buffer, SECOND_SPIN + 1, t),
                first * field(buffer, FIRST_SPIN + 2, t) + second * field(buffer, SECOND_SPIN + 2, t),
            )
            normal, tangential = approach_and_slip(
                field(buffer, SEPARATION, t),
                field(buffer, SEPARATION + 1, t),
                field(buffer, SEPARATION + 2, t),
                field(buffer, VELOCITY, t),
                field(buffer, VELOCITY + 1, t),
                field(buffer, VELOCITY + 2, t),
                spin,
            )
            cell = members[3 * BLOCK + t]
            first_touch(
                tally.pair_counts, tally.pair_speeds, tally.quanta, c, cell, normal, tangential, news == ENCOUNTER
            )
        pairs.flags[entry] |= TOUCHING | NEAR

    return begin


@cache
def make_scatter(interaction: Interaction, statistics: bool) -> Callable[..., None]:
    """Return the function that adds a block's forces to the chunk's force array and books what was lost."""
    parameter_count, history_size = interaction.parameter_count, interaction.history_size
    overlap_limit, wet, mixed = interaction.contact.overlap_limit, interaction.wet, interaction.mixed
    rounds = statistics and not mixed  # single precision has no room for quanta

    @routine
    def scatter(
        c: int,
        size: int,
        buffer: Any,
        members: Any,
        particles: Particles,
        history: Any,
        force: Any,
        tally: Tally,
        step: float,
        fault: Any,
    ) -> None:
        counts, quantum = tally.pair_counts[c], tally.quanta[0]
        if rounds:
            round_to_quanta(buffer[HEAT * BLOCK : (HEAT + 1) * BLOCK], size, step, quantum)
        for t in range(size):
            entry, i, j = members[t] & ENTRY, members[BLOCK + t] & SLOT, members[2 * BLOCK + t] & SLOT
            for k in range(3):
                force[i, k] += buffer[(FORCE + k) * BLOCK + t]
                force[j, k] -= buffer[(FORCE + k) * BLOCK + t]
                force[i, 3 + k] += buffer[(FIRST_TORQUE + k) * BLOCK + t]
                force[j, 3 + k] += buffer[(SECOND_TORQUE + k) * BLOCK + t]
            for k in range(history_size):
                history[entry, k] = buffer[(PARAMETERS + parameter_count + k) * BLOCK + t]
            smaller = min(field(buffer, FIRST_RADIUS, t), field(buffer, SECOND_RADIUS, t))
            if not field(buffer, DEPTH, t) <= overlap_limit * smaller:
                note_fault(fault, c, DEEP_OVERLAP, particles.id[i])
            if statistics:
                cell = members[3 * BLOCK + t] & SLOT
                if not wet or buffer[DEPTH * BLOCK + t] > 0.0:
                    counts[cell, CONTACT_STEPS] += 1
                loss = field(buffer, HEAT, t)
                counts[cell, LOSS] += quantise_signed(loss * step, quantum) if mixed else int(loss)

    return scatter
