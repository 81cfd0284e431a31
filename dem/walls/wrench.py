"""Force and moment of all walls on one particle."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics
from compute.single import double
from compute.tuples import make_group_loader, make_group_storer
from dem.faults import DEEP_OVERLAP, WALL_SLOTS, note_fault
from dem.hold import make_solid_limit, make_wall_limit, make_wall_tear
from dem.interaction import Interaction
from dem.liquid.walls import make_bridge_of_wall, make_held_at_walls
from dem.pair_law import make_wall_law
from dem.particles import CLASS, COMPARTMENT, MASS, MATERIAL, RADIUS, SLOT, VX, WX, Particles, X
from dem.tally import CONTACT_STEPS, LOSS, Tally, make_first_touch, quantise_signed, wall_cell
from dem.touch import Touch, Vector
from dem.walls.arrays import CYLINDER, HISTORY, PLANE, SLOTS, Walls, WallTouches
from dem.walls.distance import cylinder_distance, plane_distance
from dem.walls.loads import make_load_booking
from dem.walls.mesh import mesh_distance
from dem.walls.motion import direction_to_space, point_to_body, surface_velocity, wall_spin
from dem.walls.slots import keep_slots, open_slot


@physics
def nearest_contact(
    walls: Walls,
    w: int,
    centre: Vector,
    radius: float,
    reach: float,
    touches: WallTouches,
    seat: int,
    first: int,
    used: int,
) -> tuple[float, float, float, float, int]:
    """Return distance [m], direction in the body frame and number of touching faces of wall w, the nearest contact.

    seat: row of the particle's contacts; first, used: slots with those of this wall accepted so far; reach [m]: farther
    away nothing matters.
    """
    x, y, z = centre
    shape = walls.shape[w]
    if walls.turns[w] != 0:
        x, y, z = point_to_body(walls, w, x, y, z)
    if shape == PLANE:
        distance, nx, ny, nz = plane_distance(walls, w, x, y, z)
        return distance, nx, ny, nz, 1
    if shape == CYLINDER:
        distance, nx, ny, nz = cylinder_distance(walls, w, x, y, z, radius, reach)
        return distance, nx, ny, nz, 1
    return mesh_distance(walls, w, x, y, z, radius, reach, touches, seat, first, used)


@cache
def make_contact(interaction: Interaction) -> Callable[..., Any]:
    """Return `contact(i, particles, walls, w, touches, seat, slot, distance, normal, parameters, step)`.

    It evaluates the contact of particle i with wall w, whose history is in the slot of this step in row `seat`, and
    gives (Touch, force [N], moment [N m], heat [W]) in the precision of contacts.
    """
    law, cast = make_wall_law(interaction), interaction.cast
    load_parameters = make_group_loader(interaction.parameter_counts)
    load_history = make_group_loader(interaction.history_sizes)
    store_history = make_group_storer(interaction.changing_sizes)

    @physics
    def contact(
        i: int,
        particles: Particles,
        walls: Walls,
        w: int,
        touches: WallTouches,
        seat: int,
        slot: int,
        distance: float,
        normal: Vector,
        parameters: Any,
        step: float,
    ) -> Any:
        row, carried = particles.row[i], touches.fresh[seat, slot]
        values = parameters[(particles.kind[i, MATERIAL] * walls.sizes[0] + walls.material[w]) & SLOT]
        nx, ny, nz = normal
        ux, uy, uz = surface_velocity(
            walls, w, row[X] + distance * nx, row[X + 1] + distance * ny, row[X + 2] + distance * nz
        )
        sx, sy, sz = wall_spin(walls, w)
        touch, force, moment, loss, memory = law(
            cast(row[RADIUS] - distance),
            (cast(nx), cast(ny), cast(nz)),
            (cast(row[VX] - ux), cast(row[VX + 1] - uy), cast(row[VX + 2] - uz)),
            (cast(row[WX]), cast(row[WX + 1]), cast(row[WX + 2])),
            (cast(sx), cast(sy), cast(sz)),
            cast(row[RADIUS]),
            cast(row[MASS]),
            cast(step),
            load_parameters(values, 0, 1),
            load_history(carried, HISTORY, 1),
        )
        store_history(carried, HISTORY, 1, memory)
        return touch, force, moment, loss

    return contact


@physics
def approach_and_slip(touch: Touch) -> tuple[float, float]:
    """Return the normal speed of approach and the tangential speed of the two surfaces [m/s]."""
    ux, uy, uz = double(touch.ux), double(touch.uy), double(touch.uz)
    normal = ux * double(touch.nx) + uy * double(touch.ny) + uz * double(touch.nz)
    square = ux * ux + uy * uy + uz * uz - normal * normal
    return max(normal, 0.0), math.sqrt(max(square, 0.0))


@cache
def make_booking(add: Callable[..., None], statistics: bool, bodies: bool = False) -> Callable[..., None]:
    """Return `book(i, chunk, particles, w, touch, loss, is_first, begins, armed, tally)` for one contact with wall w.

    loss [J]: turned into heat in this step; is_first: first contact with this wall in this step; begins: the wall was
    not touched in the step before; armed: nor since it was apart by the re-arm gap. First touches of bodies are not
    those of their spheres and are left to `dem.clumps.wall_encounters`.
    """
    first_touch = make_first_touch(add)

    @physics
    def book(
        i: int,
        chunk: int,
        particles: Particles,
        w: int,
        touch: Touch,
        loss: float,
        is_first: bool,
        begins: bool,
        armed: bool,
        tally: Tally,
    ) -> None:
        if statistics:
            counts = tally.wall_counts
            cell = wall_cell(tally.sizes, particles.kind[i, COMPARTMENT], particles.kind[i, CLASS], w)
            add(counts, (chunk, cell, LOSS), quantise_signed(loss, tally.quanta[0]))
            if is_first:
                add(counts, (chunk, cell, CONTACT_STEPS), 1)
            if is_first and begins and not bodies:
                normal, tangential = approach_and_slip(touch)
                first_touch(counts, tally.wall_speeds, tally.quanta, chunk, cell, normal, tangential, armed)

    return book


@cache
def make_wall_load(
    interaction: Interaction, add: Callable[..., None], statistics: bool, bodies: bool = False
) -> Callable[..., Any]:
    """Return the function that evaluates and books one contact.

    It returns force [N], moment [N m], and the volume that a bridge which begins draws from `film` [m3].
    """
    contact, book_load = make_contact(interaction), make_load_booking(add, statistics)
    book, limit = make_booking(add, statistics, bodies), interaction.contact.overlap_limit
    bridge_of_wall = make_bridge_of_wall(interaction)

    @physics
    def wall_load(
        i: int,
        chunk: int,
        particles: Particles,
        walls: Walls,
        w: int,
        touches: WallTouches,
        seat: int,
        slot: int,
        nearest: tuple[float, float, float, float],
        flags: tuple[bool, bool, bool],
        parameters: Any,
        tally: Tally,
        step: float,
        fault: Any,
        film: float,
    ) -> Any:
        distance, bx, by, bz = nearest
        is_first, begins, armed = flags
        radius = particles.row[i, RADIUS]
        open_slot(touches, seat, slot, w, bx, by, bz, distance)
        values = parameters[particles.kind[i, MATERIAL] * walls.sizes[0] + walls.material[w]]
        drawn = bridge_of_wall(seat, slot, distance - radius, radius, touches, values, film)
        nx, ny, nz = direction_to_space(walls, w, bx, by, bz)
        touch, force, moment, heat = contact(
            i, particles, walls, w, touches, seat, slot, distance, (nx, ny, nz), parameters, step
        )
        book(i, chunk, particles, w, touch, double(heat) * step, is_first, begins, armed, tally)
        if radius - distance > limit * radius:
            note_fault(fault, chunk, DEEP_OVERLAP, particles.id[i])
        fx, fy, fz = double(force[0]), double(force[1]), double(force[2])
        mx, my, mz = double(moment[0]), double(moment[1]), double(moment[2])
        book_load(i, chunk, particles, walls, w, (fx, fy, fz), (mx, my, mz), tally, step)
        return fx, fy, fz, mx, my, mz, drawn

    return wall_load


@cache
def make_wall_wrench(
    interaction: Interaction, add: Callable[..., None], statistics: bool, bodies: bool = False
) -> Callable[..., Any]:
    """Return the function that gives the force [N] and the moment [N m] of all walls on particle i.

    wall_wrench(i, chunk, particles, walls, touches, parameters, tally, rearm_gap, step_size, fault, film) -> (fx, fy,
    fz, mx, my, mz, change of film [m3]); it also brings the particle's slots and the tally of the chunk up to date.
    parameters: the interaction's table; rearm_gap: gap over the particle's diameter beyond which a new touch is a new
    encounter [-]; fault: shape (chunks, 2), see dem.faults; film: of the particle, after the pairs of the step [m3].
    """
    wall_load, wall_limit = make_wall_load(interaction, add, statistics, bodies), make_wall_limit(interaction)
    wall_tear, held_at_walls = make_wall_tear(interaction, add, statistics), make_held_at_walls(interaction)
    wet, solid_limit = interaction.wet, make_solid_limit(interaction)

    @physics
    def wall_wrench(
        i: int, chunk: int, particles: Particles, walls: Walls, touches: WallTouches, parameters: Any, tally: Tally,
        rearm_gap: float, step_size: float, fault: Any, film: float,
    ) -> Any:  # fmt: skip
        seat, row = touches.seat[i] & SLOT, particles.row
        touched, near, close = touches.touched[seat], touches.near[seat], touches.close[seat]
        centre, radius = (row[i, X], row[i, X + 1], row[i, X + 2]), row[i, RADIUS]
        fx, fy, fz, mx, my, mz, used, touching, still_near = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, near
        held, drawn = held_at_walls(seat, touches), 0.0
        for w in range(walls.shape.shape[0]):
            bit, first, more = 1 << w, used, True
            if close & bit == 0:
                still_near &= ~bit
                continue
            armed, begins, apart = near & bit == 0, touched & bit == 0, radius + 2.0 * rearm_gap * radius
            base = (particles.kind[i, MATERIAL] * walls.sizes[0] + walls.material[w]) & SLOT
            limit = wall_limit(seat, w, begins, radius, touches, parameters, base)
            reach = limit if armed else max(limit, apart)
            while more:
                found = nearest_contact(walls, w, centre, limit, reach, touches, seat, first, used)
                distance, bx, by, bz, faces = found
                if used == first and not armed and distance >= (apart if wet else reach):
                    still_near ^= bit
                more = distance < limit
                solid = not wet or distance < solid_limit(seat, w, begins, radius, touches, parameters, base)
                if more and used == SLOTS:
                    if solid:
                        note_fault(fault, chunk, WALL_SLOTS, particles.id[i])
                    more = False
                if more:
                    ax, ay, az, px, py, pz, volume = wall_load(
                        i, chunk, particles, walls, w, touches, seat, used, (distance, bx, by, bz),
                        (used == first and solid, begins, armed), parameters, tally, step_size, fault, film - drawn,
                    )  # fmt: skip
                    fx, fy, fz, mx, my, mz = fx + ax, fy + ay, fz + az, mx + px, my + py, mz + pz
                    used, drawn = used + 1, drawn + volume
                    touching |= bit if solid else 0
                    more = faces > used - first
            if touched & bit != 0 and touching & bit == 0:
                wall_tear(i, chunk, particles, w, parameters, base, tally)
        if used > 0 or touches.wall[seat, 0] >= 0:
            keep_slots(touches, seat, used)
            touches.touched[seat] = touching
        if (still_near | touching) != near:
            touches.near[seat] = still_near | touching
        return fx, fy, fz, mx, my, mz, held - held_at_walls(seat, touches)

    return wall_wrench
