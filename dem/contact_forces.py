"""The forces in all contacts of an instant, one by one, without a trace in the state: stress is made of them.

Forces are those of the step to come: at the present positions, with the velocities half a step before. A contact is
whatever a law acts in: surfaces that overlap, and those that adhesion or a bridge of liquid holds across a gap. Its
force is that of solids and liquid together. Bridges that the step to come forms or breaks are taken into account; one
that begins at a wall draws from the film as it is now, in the step from what new bridges to partners leave of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.adding import plain_add
from compute.physics import routine
from compute.single import double
from compute.tuples import make_storer
from dem.domain import Domain, make_nearest_image
from dem.gather import make_contact as make_pair_contact
from dem.hold import make_held
from dem.interaction import Interaction
from dem.liquid.pairs import make_follow
from dem.neighbours import PairList
from dem.pairs import PairSettings
from dem.particles import MATERIAL, RADIUS, Particles, X, Y, Z
from dem.tally import Tally
from dem.walls import SLOTS, Walls, WallTouches, set_pose
from dem.walls.arrays import HISTORY
from dem.walls.find import make_find_contacts
from dem.walls.motion import direction_to_space
from dem.walls.slots import WALL
from dem.walls.wrench import make_contact as make_wall_contact
from dem.walls.wrench import make_draw

if TYPE_CHECKING:
    from dem.engine import Engine

Array = NDArray[np.float64]

VALUES = 6
"""Numbers of a contact: force on the particle that sees it [N], and the way from its centre to the other end [m]."""
store_contact = make_storer(VALUES)


class Contacts(NamedTuple):
    """Contacts of an instant.

    slot: of the particle that sees it, shape (n,); other: slot of its partner, -1 for a wall; force: on the particle
    [N], branch: from its centre to that of its partner, or to the nearest point of a wall [m], shape (n, 3). Of bodies
    the particles are their spheres.
    """

    slot: NDArray[np.int64]
    other: NDArray[np.int64]
    force: Array
    branch: Array


@cache
def make_pair_force(interaction: Interaction, kind: int) -> Callable[..., None]:
    """Return the body that writes force and branch of an entry of the list, if it is in the row of its lower id.

    pair_force(entry, first, particles, pairs, domain, settings, step, found); first: row of each entry; kind: boundary
    kind. Histories and flags of `pairs` are changed.
    """
    contact, nearest, held = make_pair_contact(interaction), make_nearest_image(kind), make_held(interaction)
    follow = make_follow(interaction)

    @routine
    def pair_force(
        entry: int,
        first: Any,
        particles: Particles,
        pairs: PairList,
        domain: Domain,
        settings: PairSettings,
        step: float,
        found: Any,
    ) -> None:
        row, kinds = particles.row, particles.kind
        i, j = first[entry], pairs.other[entry]
        dx, dy, dz, turn = nearest(domain.box, row[j, X] - row[i, X], row[j, Y] - row[i, Y], row[j, Z] - row[i, Z], 0.0)
        square, reach = dx * dx + dy * dy + dz * dz, row[i, RADIUS] + row[j, RADIUS]
        apart = square >= reach * reach
        acts = not apart or held(i, j, entry, particles, pairs, square, settings)
        if acts and particles.id[i] < particles.id[j]:
            follow(i, j, entry, apart, particles, pairs, square, reach, settings)
            base, excess = kinds[i, MATERIAL] * settings.materials + kinds[j, MATERIAL], reach * reach - square
            (fx, fy, fz), _, _, _, _ = contact(
                row, i, j, (dx, dy, dz), turn, excess, step, base, entry, settings, pairs.history
            )
            store_contact(found[entry], 0, 1, (double(fx), double(fy), double(fz), dx, dy, dz))

    return pair_force


@cache
def make_wall_force(interaction: Interaction) -> Callable[..., None]:
    """Return the body that writes force and branch of every contact with walls in a row of `touches`.

    wall_force(seat, particles, walls, touches, tally, settings, fault, step, found); found: shape (rows, SLOTS,
    VALUES). The slots of `touches` are changed, and `fault` as in a step.
    """
    find, contact = make_find_contacts(interaction, plain_add, False), make_wall_contact(interaction)
    draw, width = make_draw(interaction), HISTORY + interaction.history_size

    @routine
    def wall_force(
        seat: int, particles: Particles, walls: Walls, touches: WallTouches, tally: Tally, settings: PairSettings,
        fault: Any, step: float, found: Any,
    ) -> None:  # fmt: skip
        i, drawn = touches.holder[seat], 0.0
        used = find(i, 0, particles, walls, touches, settings.parameters, tally, settings.rearm_gap, fault)
        for slot in range(used):
            drawn += draw(i, particles, walls, touches, slot, settings.parameters, particles.film[i] - drawn)
            w, carried = touches.fresh_wall[seat, slot] & WALL, touches.fresh[seat, slot]
            nx, ny, nz = direction_to_space(walls, w, double(carried[0]), double(carried[1]), double(carried[2]))
            fx, fy, fz = contact(i, particles, walls, w, touches, seat, slot, settings.parameters, step)[0]
            distance = particles.row[i, RADIUS] + double(carried[width])
            branch = distance * nx, distance * ny, distance * nz
            store_contact(found[seat, slot], 0, 1, (double(fx), double(fy), double(fz), *branch))

    return wall_force


def contacts_of(engine: Engine) -> Contacts:
    """Return all contacts of an engine as they are now; its state stays as it is."""
    backend, size, numpy = engine.backend, engine.size, engine.backend.numpy
    start = numpy(engine.pairs.start[: size + 1])
    first = np.repeat(np.arange(size), np.diff(start))
    found = backend.zeros((len(first), VALUES))
    flags, history = (backend.array(numpy(array)) for array in (engine.pairs.flags, engine.pairs.history))
    pairs = engine.pairs._replace(flags=flags, history=history)
    body = make_pair_force(engine.interaction, engine.kind)
    rows = backend.array(first)
    backend.foreach(
        body, len(first), rows, engine.particles, pairs, engine.domain, engine.settings, engine.step_size, found
    )
    values = numpy(found)
    met = np.flatnonzero(values[:, 3:].any(axis=1))
    slots, others, parts = [first[met]], [numpy(engine.pairs.other)[met].astype(np.int64)], [values[met]]
    if engine.wall_count:
        at, wall_values = _wall_contacts(engine)
        slots, others, parts = [*slots, at], [*others, np.full(len(at), -1)], [*parts, wall_values]
    both = np.concatenate(parts)
    return Contacts(np.concatenate(slots), np.concatenate(others), both[:, :3], both[:, 3:])


def _wall_contacts(engine: Engine) -> tuple[NDArray[np.int64], Array]:
    backend, numpy = engine.backend, engine.backend.numpy
    backend.foreach(set_pose, engine.wall_count, engine.walls, engine.step_number, engine.step_size)
    copied = WallTouches(*(array.copy() for array in engine.touches))
    touches, rows = engine.loops.give_rows(engine, engine.particles, copied, False)
    found = backend.zeros((max(1, rows), SLOTS, VALUES))
    body = make_wall_force(engine.interaction)
    fault = backend.zeros(engine.fault.shape, np.int64)
    backend.foreach(
        body, rows, engine.particles, engine.walls, touches, engine.tally, engine.settings, fault, engine.step_size,
        found,
    )  # fmt: skip
    values = numpy(found)
    seat, place = np.nonzero(values[:, :, 3:].any(axis=2))
    return numpy(touches.holder)[seat].astype(np.int64), values[seat, place]
