"""The contacts of a particle with walls, before any law acts in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics
from dem.faults import DEEP_OVERLAP, WALL_SLOTS, note_fault
from dem.hold import make_solid_limit, make_wall_limit, make_wall_tear
from dem.interaction import Interaction
from dem.particles import MATERIAL, RADIUS, SLOT, Particles, X
from dem.tally import Tally
from dem.walls.arrays import CYLINDER, PLANE, SLOTS, Walls, WallTouches
from dem.walls.distance import cylinder_distance, plane_distance
from dem.walls.mesh import mesh_distance
from dem.walls.motion import point_to_body
from dem.walls.slots import ARMED, BEGINS, FIRST, end_slots, note_contact


@physics
def nearest_contact(
    walls: Walls,
    w: int,
    row: Any,
    i: int,
    limit: float,
    reach: float,
    touches: WallTouches,
    seat: int,
    first: int,
    used: int,
) -> tuple[float, float, float, float, int]:
    """Return distance [m], direction in the body frame and number of touching faces of wall w, the nearest contact.

    row, i: of the sphere; limit [m]: where the wall begins to act on it; reach [m]: farther away nothing matters; seat:
    row of the particle's contacts; first, used: slots with those of this wall accepted so far.
    """
    x, y, z = row[i, X], row[i, X + 1], row[i, X + 2]
    shape = walls.shape[w]
    if walls.turns[w] != 0:
        x, y, z = point_to_body(walls, w, x, y, z)
    if shape == PLANE:
        distance, nx, ny, nz = plane_distance(walls, w, x, y, z)
        return distance, nx, ny, nz, 1
    if shape == CYLINDER:
        distance, nx, ny, nz = cylinder_distance(walls, w, x, y, z, limit, reach)
        return distance, nx, ny, nz, 1
    return mesh_distance(walls, w, x, y, z, row[i, RADIUS], limit, reach, touches, seat, first, used)


@cache
def make_find_at_wall(interaction: Interaction, add: Callable[..., object], statistics: bool) -> Callable[..., int]:
    """Return `find_at_wall(i, chunk, w, seat, used, particles, walls, touches, parameters, tally, rearm_gap, fault)`.

    It finds the contacts of particle i with wall w, of which it is not known that it is far, and returns how many slots
    of this step are used then. What is noted of the wall is read where it is needed and written at once: on a device
    nothing of it is kept while triangles are looked through.
    """
    wall_limit, wall_tear = make_wall_limit(interaction), make_wall_tear(interaction, add, statistics)
    wet, deepest = interaction.wet, interaction.contact.overlap_limit
    solid_limit = make_solid_limit(interaction)

    @physics
    def find_at_wall(
        i: int, chunk: int, w: int, seat: int, used: int, particles: Particles, walls: Walls, touches: WallTouches,
        parameters: Any, tally: Tally, rearm_gap: float, fault: Any,
    ) -> int:  # fmt: skip
        row, bit, first, more = particles.row, 1 << w, used, True
        armed, begins, touching = touches.near[seat] & bit == 0, touches.touched[seat] & bit == 0, False
        base = (particles.kind[i, MATERIAL] * walls.sizes[0] + walls.material[w]) & SLOT
        limit = wall_limit(seat, w, begins, row[i, RADIUS], touches, parameters, base)
        while more:
            radius = row[i, RADIUS]
            apart = radius + 2.0 * rearm_gap * radius
            reach = limit if armed else max(limit, apart)
            distance, nx, ny, nz, faces = nearest_contact(walls, w, row, i, limit, reach, touches, seat, first, used)
            if used == first and not armed and distance >= (apart if wet else reach):
                touches.near[seat] &= ~bit
            more = distance < limit
            solid = not wet or distance < solid_limit(seat, w, begins, radius, touches, parameters, base)
            if more and used == SLOTS:
                if solid:
                    note_fault(fault, chunk, WALL_SLOTS, particles.id[i])
                more = False
            if more:
                if radius - distance > deepest * radius:
                    note_fault(fault, chunk, DEEP_OVERLAP, particles.id[i])
                marks = (FIRST if used == first and solid else 0) | (BEGINS if begins else 0)
                marks |= ARMED if armed else 0
                note_contact(touches, seat, used, w | marks, nx, ny, nz, distance - radius)
                used, touching = used + 1, touching or solid
                more = faces > used - first
        if touching:
            touches.touched[seat] |= bit
            touches.near[seat] |= bit
        elif not begins:
            touches.touched[seat] &= ~bit
            wall_tear(i, chunk, particles, w, parameters, base, tally)
        return used

    return find_at_wall


@cache
def make_find_contacts(interaction: Interaction, add: Callable[..., object], statistics: bool) -> Callable[..., int]:
    """Return `find(i, chunk, particles, walls, touches, parameters, tally, rearm_gap, fault)` -> number of contacts.

    It writes them into the slots of this step in the row of particle i, notes which walls it touches and is near, and
    what it loses by leaving one. Arguments as in `dem.walls.wrench.make_wall_wrench`.
    """
    find_at_wall = make_find_at_wall(interaction, add, statistics)

    @physics
    def find(
        i: int, chunk: int, particles: Particles, walls: Walls, touches: WallTouches, parameters: Any, tally: Tally,
        rearm_gap: float, fault: Any,
    ) -> int:  # fmt: skip
        seat, used = touches.seat[i] & SLOT, 0
        far = ~touches.close[seat]
        if (touches.near[seat] | touches.touched[seat]) & far != 0:
            touches.near[seat] &= ~far
            touches.touched[seat] &= ~far
        for w in range(walls.shape.shape[0]):
            if touches.close[seat] & (1 << w) != 0:
                used = find_at_wall(
                    i, chunk, w, seat, used, particles, walls, touches, parameters, tally, rearm_gap, fault
                )
        end_slots(touches, seat, used)
        return used

    return find
