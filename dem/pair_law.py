"""The law of a pair of spheres and of a sphere at a wall: from how they lie and move to forces, torques and heat.

In mixed precision all of it is computed in 32 bits, from differences of positions and velocities made in 64.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics
from compute.tuples import Strip
from dem.interaction import Interaction
from dem.touch import Vector, cross, excess_touch, pair_touch, wall_touch


@cache
def make_pair_law(interaction: Interaction) -> Callable[..., Any]:
    """Return `pair_law(excess, d, velocity, first_spin, second_spin, first, second, step, parameters, history)`.

    It takes what `excess_touch` takes, and gives (force on the first [N], its torque, the second's torque [N m], heat
    [W], overlap [m]), and brings the history up to date; parameters, history: as in `Interaction`. In double precision
    `excess` is not read.
    """
    law, contact = interaction.law, interaction.contact
    velocity_arm, torque_arm = contact.velocity_arm, contact.torque_arm
    make_touch = excess_touch if interaction.mixed else pair_touch

    @physics
    def pair_law(
        excess: float,
        d: Vector,
        velocity: Vector,
        first_spin: Vector,
        second_spin: Vector,
        first: tuple[float, float],
        second: tuple[float, float],
        step: float,
        parameters: Strip,
        history: Strip,
    ) -> Any:
        touch = make_touch(excess, d, velocity, first_spin, second_spin, first, second, step, velocity_arm)
        wrench = law(touch, parameters, history)
        tx, ty, tz = cross(touch.nx, touch.ny, touch.nz, wrench.fx, wrench.fy, wrench.fz)
        first_arm, second_arm = first[0] - torque_arm * touch.overlap, second[0] - torque_arm * touch.overlap
        return (
            (
                wrench.fx - wrench.normal * touch.nx,
                wrench.fy - wrench.normal * touch.ny,
                wrench.fz - wrench.normal * touch.nz,
            ),
            (first_arm * tx + wrench.mx, first_arm * ty + wrench.my, first_arm * tz + wrench.mz),
            (second_arm * tx - wrench.mx, second_arm * ty - wrench.my, second_arm * tz - wrench.mz),
            wrench.loss,
            touch.overlap,
        )

    return interaction.real(pair_law)


@cache
def make_wall_law(interaction: Interaction) -> Callable[..., Any]:
    """Return `wall_law(overlap, normal, velocity, spin, wall_spin, radius, mass, step, parameters, history)`.

    velocity [m/s]: of the sphere's centre less that of the wall's surface; the rest as in `wall_touch`. It gives
    (force [N] and moment [N m] on the sphere, heat [W]), and brings the history up to date.
    """
    law, contact = interaction.law, interaction.contact
    velocity_arm, torque_arm = contact.velocity_arm, contact.wall_torque_arm

    @physics
    def wall_law(
        overlap: float,
        normal: Vector,
        velocity: Vector,
        spin: Vector,
        wall_spin: Vector,
        radius: float,
        mass: float,
        step: float,
        parameters: Strip,
        history: Strip,
    ) -> Any:
        at_rest = (0.0, 0.0, 0.0)
        touch = wall_touch(overlap, normal, velocity, spin, at_rest, wall_spin, radius, mass, step, velocity_arm)
        wrench = law(touch, parameters, history)
        nx, ny, nz = normal
        arm = radius - torque_arm * overlap
        tx, ty, tz = cross(arm * nx, arm * ny, arm * nz, wrench.fx, wrench.fy, wrench.fz)
        push = wrench.normal
        force = wrench.fx - push * nx, wrench.fy - push * ny, wrench.fz - push * nz
        return force, (tx + wrench.mx, ty + wrench.my, tz + wrench.mz), wrench.loss

    return interaction.real(wall_law)
