"""What particles do to a wall: force, torque and the power it gives them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from compute.physics import physics
from dem.particles import Particles, X
from dem.tally import FORCE, LANES, TORQUE, WORK, Tally, quantise_signed
from dem.touch import cross
from dem.walls.arrays import AXIS, DRIFT, PLACE, QUANTA, SPIN, Walls
from dem.walls.motion import bearing

Vector = tuple[float, float, float]


@cache
def make_load_booking(add: Callable[..., None], statistics: bool) -> Callable[..., None]:
    """Return `book_load(i, chunk, particles, walls, w, force, moment, tally, step)` for one contact with wall w.

    force [N], moment [N m]: of the wall on particle i, about its centre. With r from a point of the wall's axis to the
    centre the wall gets the force -F and the torque -(r x F + M) about that point, and does the work
    (F . v + (r x F + M) . w) step on the particle, v and w the velocities of the point and of the wall. What bears a
    load gets the force along its axis, with statistics and without.
    """

    @physics
    def book_load(
        i: int,
        chunk: int,
        particles: Particles,
        walls: Walls,
        w: int,
        force: Vector,
        moment: Vector,
        tally: Tally,
        step: float,
    ) -> None:
        loaded = bearing(walls, w)
        if loaded >= 0:
            axis = walls.motion[loaded]
            along = force[0] * axis[AXIS] + force[1] * axis[AXIS + 1] + force[2] * axis[AXIS + 2]
            add(walls.push, (chunk, loaded * LANES + i % LANES), quantise_signed(-along, axis[QUANTA]))
        if statistics:
            row, pose, loads, quanta = particles.row, walls.pose, tally.wall_loads, tally.quanta
            fx, fy, fz = force
            tx, ty, tz = cross(
                row[i, X] - pose[w, PLACE], row[i, X + 1] - pose[w, PLACE + 1], row[i, X + 2] - pose[w, PLACE + 2],
                fx, fy, fz,
            )  # fmt: skip
            tx, ty, tz = tx + moment[0], ty + moment[1], tz + moment[2]
            work = (
                fx * pose[w, DRIFT] + fy * pose[w, DRIFT + 1] + fz * pose[w, DRIFT + 2]
                + tx * pose[w, SPIN] + ty * pose[w, SPIN + 1] + tz * pose[w, SPIN + 2]
            )  # fmt: skip
            cell, impulse, twist = w * LANES + i % LANES, quanta[5] * step, quanta[6] * step
            add(loads, (chunk, cell, FORCE), quantise_signed(-fx, impulse))
            add(loads, (chunk, cell, FORCE + 1), quantise_signed(-fy, impulse))
            add(loads, (chunk, cell, FORCE + 2), quantise_signed(-fz, impulse))
            add(loads, (chunk, cell, TORQUE), quantise_signed(-tx, twist))
            add(loads, (chunk, cell, TORQUE + 1), quantise_signed(-ty, twist))
            add(loads, (chunk, cell, TORQUE + 2), quantise_signed(-tz, twist))
            add(loads, (chunk, cell, WORK), quantise_signed(work, quanta[0] * step))

    return book_load
