"""The motion of rigid bodies: forces of their spheres summed in a fixed order, a step, and the spheres put in place.

Leapfrog as for spheres: forces at x^n and orientation q^n with velocity and angular momentum half a step before; these
are then kicked and carry the body on. Between two rebuilds a sphere stays in the image of the box it had at the last.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from compute.adding import plain_add
from compute.physics import physics, routine
from compute.tuples import make_loader
from dem.clock import halt, stands
from dem.clumps.rotation import Turn, Vector, freely_turned, spin_of, to_space
from dem.clumps.wall_encounters import make_meet_walls
from dem.domain import make_nearest_image
from dem.faults import UNSTABLE, note_fault
from dem.gather_step import NextStep, make_add_walls
from dem.interaction import Interaction
from dem.liquid.pairs import FILM
from dem.pairs import PairScratch, PairSettings
from dem.particles import MASS, RADIUS, ROW_SIZE, VX, WX, Particles, X
from dem.step import DISTANCE, make_wall_part, taken_changes
from dem.tally import Tally
from dem.touch import cross
from dem.walls import Walls, WallTouches

TURN, MOMENTUM = ROW_SIZE, ROW_SIZE + 4
BODY_SIZE = ROW_SIZE + 7


class BodyMotion(NamedTuple):
    """What moves bodies and when lists are stale; the first four as in `dem.step.Motion`.

    box: of the domain; body: the columns of a particle with the radius of the sphere of equal volume, then orientation
    (w, x, y, z) and angular momentum [kg m2/s], shape (bodies, 19); first: its first sphere in `member`, shape (bodies
    + 1,); member: slots of the spheres, body by body, shape (capacity,); shape: of each body, shape (bodies,); start:
    first sphere of each shape in `place`; place: centres of the spheres of each shape in the body frame [m], shape
    (n, 3); inverse_inertia: of the principal moments of each shape [1/(kg m2)], shape (shapes, 3); wetted: share of the
    film of a body on each sphere of each shape [-], shape (n,); met: walls touched in the last step, and walls not yet
    apart by the re-arm gap, as bits, shape (bodies, 2) int64.
    """

    gravity: Any
    reference: Any
    moved: Any
    reach: Any
    box: Any
    body: Any
    first: Any
    member: Any
    shape: Any
    start: Any
    place: Any
    inverse_inertia: Any
    wetted: Any
    met: Any


@physics
def orientation_of(b: int, motion: BodyMotion) -> Turn:
    """Return the orientation of body b."""
    body = motion.body
    return body[b, TURN], body[b, TURN + 1], body[b, TURN + 2], body[b, TURN + 3]


@physics
def inverse_inertia_of(b: int, motion: BodyMotion) -> Vector:
    """Return the inverse principal moments of body b [1/(kg m2)]."""
    shape, table = motion.shape[b], motion.inverse_inertia
    return table[shape, 0], table[shape, 1], table[shape, 2]


@physics
def arm_of(b: int, k: int, turn: Turn, motion: BodyMotion) -> Vector:
    """Return the way from the centre of body b to that of its k-th sphere, in space [m]."""
    at, place = motion.start[motion.shape[b]] + k, motion.place
    return to_space(turn, place[at, 0], place[at, 1], place[at, 2])


@physics
def moment_about_centre(b: int, k: int, turn: Turn, motion: BodyMotion, force: Vector, moment: Vector) -> Vector:
    """Return the moment about the centre of body b of a force [N] and a moment [N m] on its k-th sphere."""
    ax, ay, az = arm_of(b, k, turn, motion)
    fx, fy, fz = force
    mx, my, mz = moment
    cx, cy, cz = cross(ax, ay, az, fx, fy, fz)
    return mx + cx, my + cy, mz + cz


@routine
def kick_and_drift(b: int, force: Any, motion: BodyMotion, step: float) -> None:
    """Move body b by its force [N] and its moment about the centre [N m]."""
    body, gravity = motion.body, motion.gravity
    inverse_mass = 1.0 / body[b, MASS]
    for k in range(3):
        body[b, VX + k] += (force[k] * inverse_mass + gravity[k]) * step
        body[b, X + k] += body[b, VX + k] * step
        body[b, MOMENTUM + k] += force[3 + k] * step
    momentum = body[b, MOMENTUM], body[b, MOMENTUM + 1], body[b, MOMENTUM + 2]
    inverse_inertia = inverse_inertia_of(b, motion)
    turn = freely_turned(orientation_of(b, motion), momentum, inverse_inertia, step)
    spin = spin_of(turn, momentum, inverse_inertia)
    for k in range(4):
        body[b, TURN + k] = turn[k]
    for k in range(3):
        body[b, WX + k] = spin[k]


@routine
def spread_film(b: int, change: float, particles: Particles, motion: BodyMotion) -> None:
    """Change the film of body b [m3] and spread it over the spheres of the body, as deep everywhere."""
    total, first, place = change, motion.first[b], motion.start[motion.shape[b]]
    for at in range(first, motion.first[b + 1]):
        total += particles.film[motion.member[at]]
    for at in range(first, motion.first[b + 1]):
        particles.film[motion.member[at]] = total * motion.wetted[place + at - first]


@cache
def make_place_spheres(kind: int) -> Callable[..., float]:
    """Return `place_spheres(b, c, particles, motion, step, fault)`: the spheres of body b go where it is.

    It returns the largest squared displacement of a sphere since the rebuild [m2]. kind: boundary kind.
    """
    nearest = make_nearest_image(kind)

    @routine
    def place_spheres(b: int, c: int, particles: Particles, motion: BodyMotion, step: float, fault: Any) -> float:
        row, body, reference = particles.row, motion.body, motion.reference
        turn, first, largest = orientation_of(b, motion), motion.first[b], 0.0
        wx, wy, wz = body[b, WX], body[b, WX + 1], body[b, WX + 2]
        for at in range(first, motion.first[b + 1]):
            i = motion.member[at]
            ax, ay, az = arm_of(b, at - first, turn, motion)
            cx, cy, cz = cross(wx, wy, wz, ax, ay, az)
            vx, vy, vz = body[b, VX] + cx, body[b, VX + 1] + cy, body[b, VX + 2] + cz
            dx, dy, dz, _ = nearest(
                motion.box,
                body[b, X] + ax - reference[i, 0],
                body[b, X + 1] + ay - reference[i, 1],
                body[b, X + 2] + az - reference[i, 2],
                0.0,
            )
            row[i, X], row[i, X + 1], row[i, X + 2] = reference[i, 0] + dx, reference[i, 1] + dy, reference[i, 2] + dz
            row[i, VX], row[i, VX + 1], row[i, VX + 2] = vx, vy, vz
            row[i, WX], row[i, WX + 1], row[i, WX + 2] = wx, wy, wz
            travel = 0.5 * row[i, RADIUS]
            if not (vx * vx + vy * vy + vz * vz) * step * step < travel * travel:
                note_fault(fault, c, UNSTABLE, particles.id[i])
            largest = max(largest, dx * dx + dy * dy + dz * dz)
        return largest

    return place_spheres


@cache
def make_body_chunk(interaction: Interaction, kind: int, statistics: bool, has_walls: bool) -> Callable[..., None]:
    """Return `body_chunk(c, size, ...)` for the CPU: walls and motion of the bodies of chunk c of `size` bodies."""
    wall_part = make_wall_part(interaction, statistics, has_walls, plain_add, True)
    meet_walls, counts_walls = make_meet_walls(interaction, plain_add), statistics and has_walls
    wet = interaction.wet
    place_spheres = make_place_spheres(kind)

    @routine
    def body_chunk(
        c: int,
        size: int,
        particles: Particles,
        scratch: PairScratch,
        settings: PairSettings,
        walls: Walls,
        touches: WallTouches,
        motion: BodyMotion,
        tally: Tally,
        step: float,
        fault: Any,
    ) -> None:
        force = scratch.force
        chunks, largest = force.shape[0], 0.0
        for b in range(size * c // chunks, size * (c + 1) // chunks):
            turn, first = orientation_of(b, motion), motion.first[b]
            sx, sy, sz, tx, ty, tz, film = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            for at in range(first, motion.first[b + 1]):
                i = motion.member[at]
                own = taken_changes(i, scratch) if wet else 0.0
                fx, fy, fz, mx, my, mz, change = wall_part(
                    i, c, particles, walls, touches, settings, tally, step, fault, particles.film[i] + own
                )
                film += own + change
                for part in range(chunks):
                    fx, fy, fz = fx + force[part, i, 0], fy + force[part, i, 1], fz + force[part, i, 2]
                    mx, my, mz = mx + force[part, i, 3], my + force[part, i, 4], mz + force[part, i, 5]
                    for k in range(6):
                        force[part, i, k] = 0.0
                ax, ay, az = moment_about_centre(b, at - first, turn, motion, (fx, fy, fz), (mx, my, mz))
                sx, sy, sz, tx, ty, tz = sx + fx, sy + fy, sz + fz, tx + ax, ty + ay, tz + az
            if counts_walls:
                meet_walls(b, c, particles, walls, touches, motion, tally)
            if wet and film != 0.0:
                spread_film(b, film, particles, motion)
            kick_and_drift(b, (sx, sy, sz, tx, ty, tz), motion, step)
            largest = max(largest, place_spheres(b, c, particles, motion, step, fault))
        motion.moved[c] = largest

    return body_chunk


@cache
def make_body_move(kind: int, wet: bool = False, has_walls: bool = False) -> Callable[..., None]:
    """Return the body that moves rigid body b by the forces on its spheres, and stops the clock if one went far."""
    place_spheres, load_six, add_walls = make_place_spheres(kind), make_loader(6), make_add_walls(has_walls)

    @routine
    def move(
        b: int, particles: Particles, force: Any, after: NextStep, motion: BodyMotion, step: float, fault: Any,
        clock: Any,
    ) -> None:  # fmt: skip
        if stands(clock):
            return
        turn, first = orientation_of(b, motion), motion.first[b]
        sx, sy, sz, tx, ty, tz, film = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for at in range(first, motion.first[b + 1]):
            i = motion.member[at]
            fx, fy, fz, mx, my, mz = load_six(force[0, i], 0, 1)
            fx, fy, fz, mx, my, mz = add_walls(i, after, fx, fy, fz, mx, my, mz)
            if wet:
                film += force[0, i, FILM]
            ax, ay, az = moment_about_centre(b, at - first, turn, motion, (fx, fy, fz), (mx, my, mz))
            sx, sy, sz, tx, ty, tz = sx + fx, sy + fy, sz + fz, tx + ax, ty + ay, tz + az
        if wet and film != 0.0:
            spread_film(b, film, particles, motion)
        kick_and_drift(b, (sx, sy, sz, tx, ty, tz), motion, step)
        if not place_spheres(b, 0, particles, motion, step, fault) <= motion.reach[DISTANCE]:
            halt(clock)

    return move
