"""Force and moment of all walls on one particle."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics
from compute.single import double
from compute.sums import Sums, make_sums
from compute.tuples import Strip
from dem.interaction import Interaction
from dem.liquid.walls import make_bridge_of_wall, make_held_at_walls
from dem.pair_law import make_wall_law
from dem.particles import CLASS, COMPARTMENT, MASS, MATERIAL, RADIUS, SLOT, VX, WX, Particles, X
from dem.tally import CONTACT_STEPS, LOSS, Tally, make_first_touch, quantise_signed, wall_cell
from dem.touch import Vector, wall_touch
from dem.walls.arrays import HISTORY, Walls, WallTouches
from dem.walls.find import make_find_contacts
from dem.walls.loads import make_load_booking
from dem.walls.motion import direction_to_space, surface_velocity, wall_spin
from dem.walls.slots import ARMED, BEGINS, FIRST, WALL, go_on, keep_slots, seat_of


@cache
def make_contact(interaction: Interaction) -> Callable[..., Any]:
    """Return `contact(i, particles, walls, w, touches, seat, slot, parameters, step)`.

    It evaluates the contact of particle i with wall w that is in a slot of this step in row `seat`, and gives (force
    [N], moment [N m], heat [W]) in the precision of contacts.
    """
    law, cast, width = make_wall_law(interaction), interaction.cast, HISTORY + interaction.history_size

    @physics
    def contact(
        i: int,
        particles: Particles,
        walls: Walls,
        w: int,
        touches: WallTouches,
        seat: int,
        slot: int,
        parameters: Any,
        step: float,
    ) -> Any:
        row, carried = particles.row[i], touches.fresh[seat, slot]
        values = parameters[(particles.kind[i, MATERIAL] * walls.sizes[0] + walls.material[w]) & SLOT]
        gap = carried[width]
        distance = row[RADIUS] + double(gap)
        nx, ny, nz = direction_to_space(walls, w, double(carried[0]), double(carried[1]), double(carried[2]))
        ux, uy, uz = surface_velocity(
            walls, w, row[X] + distance * nx, row[X + 1] + distance * ny, row[X + 2] + distance * nz
        )
        sx, sy, sz = wall_spin(walls, w)
        return law(
            cast(-gap),
            (cast(nx), cast(ny), cast(nz)),
            (cast(row[VX] - ux), cast(row[VX + 1] - uy), cast(row[VX + 2] - uz)),
            (cast(row[WX]), cast(row[WX + 1]), cast(row[WX + 2])),
            (cast(sx), cast(sy), cast(sz)),
            cast(row[RADIUS]),
            cast(row[MASS]),
            cast(step),
            Strip(values, 0, 1),
            Strip(carried, HISTORY, 1),
        )

    return contact


@cache
def make_speeds(interaction: Interaction) -> Callable[..., tuple[float, float]]:
    """Return `speeds(i, w, particles, walls, normal, gap)`: normal and tangential speed of a touch with wall w [m/s].

    normal: in the body frame of the wall; gap [m]: negative in overlap.
    """
    arm_share = interaction.contact.velocity_arm

    @physics
    def speeds(i: int, w: int, particles: Particles, walls: Walls, normal: Vector, gap: float) -> tuple[float, float]:
        row = particles.row[i]
        radius, mass, distance = row[RADIUS], row[MASS], row[RADIUS] + gap
        nx, ny, nz = direction_to_space(walls, w, normal[0], normal[1], normal[2])
        surface = surface_velocity(
            walls, w, row[X] + distance * nx, row[X + 1] + distance * ny, row[X + 2] + distance * nz
        )
        velocity, spin = (row[VX], row[VX + 1], row[VX + 2]), (row[WX], row[WX + 1], row[WX + 2])
        touch = wall_touch(
            -gap, (nx, ny, nz), velocity, spin, surface, wall_spin(walls, w), radius, mass, 0.0, arm_share
        )
        approach = touch.ux * nx + touch.uy * ny + touch.uz * nz
        square = touch.ux * touch.ux + touch.uy * touch.uy + touch.uz * touch.uz - approach * approach
        return max(approach, 0.0), math.sqrt(max(square, 0.0))

    return speeds


@cache
def make_booking(
    interaction: Interaction, add: Callable[..., None], statistics: bool, bodies: bool = False
) -> Callable[..., None]:
    """Return `book(i, chunk, particles, walls, w, touches, seat, slot, loss, marks, tally)` for a contact with wall w.

    loss [J]: turned into heat in this step; marks: of the contact, see `dem.walls.slots`. First touches of bodies are
    not those of their spheres and are left to `dem.clumps.wall_encounters`.
    """
    first_touch, speeds = make_first_touch(add), make_speeds(interaction)

    @physics
    def book(
        i: int, chunk: int, particles: Particles, walls: Walls, w: int, touches: WallTouches, seat: int, slot: int,
        loss: float, marks: int, tally: Tally,
    ) -> None:  # fmt: skip
        if statistics:
            counts = tally.wall_counts
            cell = wall_cell(tally.sizes, particles.kind[i, COMPARTMENT], particles.kind[i, CLASS], w)
            add(counts, (chunk, cell, LOSS), quantise_signed(loss, tally.quanta[0]))
            if marks & FIRST != 0:
                add(counts, (chunk, cell, CONTACT_STEPS), 1)
            if marks & FIRST != 0 and marks & BEGINS != 0 and not bodies:
                met = touches.fresh[seat, slot]
                normal, gap = (double(met[0]), double(met[1]), double(met[2])), double(met[touches.fresh.shape[2] - 1])
                approach, slip = speeds(i, w, particles, walls, normal, gap)
                armed = marks & ARMED != 0
                first_touch(counts, tally.wall_speeds, tally.quanta, chunk, cell, approach, slip, armed)

    return book


@cache
def make_draw(interaction: Interaction) -> Callable[..., float]:
    """Return the function that gives a contact found in a slot the history of that which it continues.

    draw(i, particles, walls, touches, slot, parameters, film) returns the volume that a bridge which begins draws from
    `film` [m3].
    """
    bridge_of_wall, width = make_bridge_of_wall(interaction), HISTORY + interaction.history_size

    @physics
    def draw(
        i: int, particles: Particles, walls: Walls, touches: WallTouches, slot: int, parameters: Any, film: float
    ) -> float:
        seat = seat_of(i, touches)
        marks, gap = go_on(touches, seat, slot, width), double(touches.fresh[seat, slot, width])
        w, radius = marks & WALL, particles.row[i, RADIUS]
        values = parameters[particles.kind[i, MATERIAL] * walls.sizes[0] + walls.material[w]]
        return bridge_of_wall(seat, slot, gap, radius, touches, values, film)

    return draw


@cache
def make_wall_load(
    interaction: Interaction, add: Callable[..., None], statistics: bool, bodies: bool = False
) -> Callable[..., Any]:
    """Return the function that evaluates and books the contact that was found in a slot, drawn already.

    It returns force [N] and moment [N m].
    """
    contact, book_load = make_contact(interaction), make_load_booking(add, statistics)
    book = make_booking(interaction, add, statistics, bodies)

    @physics
    def wall_load(
        i: int,
        chunk: int,
        particles: Particles,
        walls: Walls,
        touches: WallTouches,
        slot: int,
        parameters: Any,
        tally: Tally,
        step: float,
    ) -> Any:
        seat = seat_of(i, touches)
        w = touches.fresh_wall[seat, slot] & WALL
        force, moment, heat = contact(i, particles, walls, w, touches, seat, slot, parameters, step)
        seat = seat_of(i, touches)
        marks = touches.fresh_wall[seat, slot]
        w = marks & WALL
        book(i, chunk, particles, walls, w, touches, seat, slot, double(heat) * step, marks, tally)
        pushed = double(force[0]), double(force[1]), double(force[2])
        turned = double(moment[0]), double(moment[1]), double(moment[2])
        book_load(i, chunk, particles, walls, w, pushed, turned, tally, step)
        return pushed + turned

    return wall_load


@cache
def make_press(
    interaction: Interaction, add: Callable[..., None], statistics: bool, bodies: bool = False,
    make_sums_of: Callable[[int, int, bool], Sums] | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """Return the function that evaluates the contacts that were found of particle i.

    press(i, chunk, used, particles, walls, touches, parameters, tally, step, film) -> as `make_wall_wrench` has it;
    used: how many contacts there are in the slots of this step, which then become the particle's state. make_sums_of:
    the target's way to add values up, as in `dem.gather.make_row_sums`.
    """
    width = HISTORY + interaction.history_size
    held_at_walls, draw = make_held_at_walls(interaction), make_draw(interaction)
    wall_load = make_wall_load(interaction, add, statistics, bodies)
    nothing, plus, _, total = make_sums_of(1, 6, False) if make_sums_of else make_sums(6, False)

    @physics
    def press(
        i: int, chunk: int, used: int, particles: Particles, walls: Walls, touches: WallTouches, parameters: Any,
        tally: Tally, step: float, film: float,
    ) -> Any:  # fmt: skip
        held, drawn, sums = held_at_walls(seat_of(i, touches), touches), 0.0, nothing()
        for slot in range(used):
            drawn += draw(i, particles, walls, touches, slot, parameters, film - drawn)
            sums = plus(sums, wall_load(i, chunk, particles, walls, touches, slot, parameters, tally, step))
        seat = seat_of(i, touches)
        if used > 0 or touches.wall[seat, 0] >= 0:
            keep_slots(touches, seat, used, width)
        return total(sums) + (held - held_at_walls(seat, touches),)

    return press


@cache
def make_wall_wrench(
    interaction: Interaction, add: Callable[..., None], statistics: bool, bodies: bool = False
) -> Callable[..., Any]:
    """Return the function that gives the force [N] and the moment [N m] of all walls on particle i.

    wall_wrench(i, chunk, particles, walls, touches, parameters, tally, rearm_gap, step, fault, film) -> (fx, fy,
    fz, mx, my, mz, change of film [m3]); it also brings the particle's slots and the tally of the chunk up to date.
    parameters: the interaction's table; rearm_gap: gap over the particle's diameter beyond which a new touch is a new
    encounter [-]; fault: shape (chunks, 2), see dem.faults; film: of the particle, after the pairs of the step [m3].
    """
    find, press = make_find_contacts(interaction, add, statistics), make_press(interaction, add, statistics, bodies)

    @physics
    def wall_wrench(
        i: int, chunk: int, particles: Particles, walls: Walls, touches: WallTouches, parameters: Any, tally: Tally,
        rearm_gap: float, step: float, fault: Any, film: float,
    ) -> Any:  # fmt: skip
        used = find(i, chunk, particles, walls, touches, parameters, tally, rearm_gap, fault)
        return press(i, chunk, used, particles, walls, touches, parameters, tally, step, film)

    return wall_wrench
