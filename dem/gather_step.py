"""The kernels of a step on targets that gather: walls, then pairs and motion of a sphere in one.

Nobody may move while others still look at it, so that a sphere is read in one array and written to another; the next
step goes back. What walls do to the few at walls is found before, a row of wall contacts a thread. Where films meet
walls, which take what pairs left, pairs, walls and motion are kernels of their own, as they are for rigid bodies.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from compute.physics import physics, routine
from compute.sums import Sums
from compute.tuples import make_loader, make_storer
from dem.clock import halt, stands
from dem.domain import Domain
from dem.gather import make_row_sums
from dem.interaction import Interaction
from dem.liquid.pairs import FILM
from dem.neighbours import PairList
from dem.pairs import PairSettings
from dem.particles import SLOT, Particles
from dem.step import DISTANCE, Motion, advance
from dem.tally import Tally
from dem.walls import Walls, WallTouches
from dem.walls.find import make_find_contacts
from dem.walls.slots import slots_used
from dem.walls.wrench import make_press


class NextStep(NamedTuple):
    """Where a step puts what it finds.

    row, film: of the particles after it, as in `Particles`; seat: row of wall contacts of each, as in `WallTouches`,
    and wrench: force [N] and moment [N m] of the walls on the particle of such a row, shape (rows, 6).
    """

    row: Any
    film: Any
    seat: Any
    wrench: Any


@routine
def copy_state(i: int, source: Particles, to: Particles) -> None:
    """Copy what a step changes of particle i, and what goes with it in its row."""
    for k in range(source.row.shape[1]):
        to.row[i, k] = source.row[i, k]
    to.film[i] = source.film[i]


@cache
def make_find_body(interaction: Interaction, statistics: bool, add: Any) -> Any:
    """Return the body that finds the contacts with walls of the particle of a row of wall contacts.

    Apart from what evaluates them: what a search for triangles holds and what a law holds fit the registers one by one.
    """
    find_contacts = make_find_contacts(interaction, add, statistics)

    @routine
    def find(
        seat: int, particles: Particles, settings: PairSettings, walls: Walls, touches: WallTouches, tally: Tally,
        fault: Any, clock: Any,
    ) -> None:  # fmt: skip
        if not stands(clock):
            i = touches.holder[seat] & SLOT
            find_contacts(i, 0, particles, walls, touches, settings.parameters, tally, settings.rearm_gap, fault)

    return find


@cache
def make_press_body(
    interaction: Interaction, statistics: bool, add: Any, bodies: bool = False,
    make_sums_of: Callable[[int, int, bool], Sums] | None = None,
) -> Any:  # fmt: skip
    """Return the body that finds the wrench of the walls on the particle of a row of wall contacts.

    Of wet particles the pairs come first: walls take of the film what these left, and force[0, i] has that change.
    """
    press_contacts = make_press(interaction, add, statistics, bodies, make_sums_of)
    store_six, wet = make_storer(6), interaction.wet

    @routine
    def press(
        seat: int, particles: Particles, after: NextStep, force: Any, settings: PairSettings, walls: Walls,
        touches: WallTouches, tally: Tally, step: float, clock: Any,
    ) -> None:  # fmt: skip
        if stands(clock):
            return
        i = touches.holder[seat] & SLOT
        film, used = particles.film[i] + force[0, i, FILM] if wet else 0.0, slots_used(touches, seat)
        fx, fy, fz, mx, my, mz, change = press_contacts(
            i, 0, used, particles, walls, touches, settings.parameters, tally, step, film
        )
        if wet:
            force[0, i, FILM] += change
        store_six(after.wrench[seat], 0, 1, (fx, fy, fz, mx, my, mz))

    return press


@cache
def make_add_walls(has_walls: bool) -> Callable[..., Any]:
    """Return `add_walls(i, after, fx, fy, fz, mx, my, mz)`: the wrench on particle i with that of the walls."""
    load_six = make_loader(6)

    @physics
    def add_walls(i: int, after: NextStep, fx: float, fy: float, fz: float, mx: float, my: float, mz: float) -> Any:
        if has_walls and after.seat[i] >= 0:
            ax, ay, az, bx, by, bz = load_six(after.wrench[after.seat[i] & SLOT], 0, 1)
            return fx + ax, fy + ay, fz + az, mx + bx, my + by, mz + bz
        return fx, fy, fz, mx, my, mz

    return add_walls


@cache
def make_step_sphere(
    interaction: Interaction, kind: int, statistics: bool, has_walls: bool, add: Callable[..., None], lanes: int = 1,
    make_sums_of: Callable[[int, int, bool], Sums] | None = None,
) -> Callable[..., None]:  # fmt: skip
    """Return `step_sphere(item, particles, pairs, domain, after, settings, tally, motion, step, fault, clock)`.

    While the clock runs it moves a sphere by the forces of its pairs and walls, and stops the clock if it went far.
    lanes, make_sums_of: as in `make_row_sums`.
    """
    row_sums, wet = make_row_sums(interaction, kind, statistics, add, False, lanes, make_sums_of), interaction.wet
    shift, others, add_walls = lanes.bit_length() - 1, lanes - 1, make_add_walls(has_walls)

    @routine
    def step_sphere(
        item: int, particles: Particles, pairs: PairList, domain: Domain, after: NextStep, settings: PairSettings,
        tally: Tally, motion: Motion, step: float, fault: Any, clock: Any,
    ) -> None:  # fmt: skip
        if stands(clock):
            return
        sums = row_sums(item, particles, pairs, domain, settings, tally, step, fault, clock)
        if item & others == 0:
            i = (item >> shift) & SLOT
            wrench = add_walls(i, after, sums[0], sums[1], sums[2], sums[3], sums[4], sums[5])
            if wet:
                after.film[i] = particles.film[i] + sums[FILM]
            square = advance(i, 0, particles, after.row, wrench, motion, step, fault)
            if not square <= motion.reach[DISTANCE]:
                halt(clock)

    return step_sphere


@cache
def make_move_sphere(wet: bool, has_walls: bool) -> Callable[..., None]:
    """Return the body that moves a sphere by the forces found before, and stops the clock if it went far."""
    load_six, add_walls = make_loader(6), make_add_walls(has_walls)

    @routine
    def move(
        i: int, particles: Particles, force: Any, after: NextStep, motion: Motion, step: float, fault: Any, clock: Any
    ) -> None:
        if stands(clock):
            return
        if wet:
            after.film[i] = particles.film[i] + force[0, i, FILM]
        fx, fy, fz, mx, my, mz = load_six(force[0, i], 0, 1)
        wrench = add_walls(i, after, fx, fy, fz, mx, my, mz)
        square = advance(i, 0, particles, after.row, wrench, motion, step, fault)
        if not square <= motion.reach[DISTANCE]:
            halt(clock)

    return move
