"""Who touches whom: contacts of solids as they were in the last step, drawn out by adhesion or not.

Where a bridge of liquid alone is left there is no contact. At a wall that is touched, each contact with it counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dem.neighbours import TOUCHING

if TYPE_CHECKING:
    from dem.engine import Engine

Integers = NDArray[np.int64]


class Touching(NamedTuple):
    """Contacts of an instant.

    first, other: slots of the spheres of each pair, once, shape (n,); at_wall: slot of the sphere of each contact with
    a wall, shape (m,).
    """

    first: Integers
    other: Integers
    at_wall: Integers


def touching(engine: Engine) -> Touching:
    """Return the contacts of the last step of an engine."""
    size, numpy = engine.size, engine.backend.numpy
    start, ids = numpy(engine.pairs.start[: size + 1]), numpy(engine.particles.id[:size])
    met = np.flatnonzero(numpy(engine.pairs.flags[: int(start[-1])]) & TOUCHING != 0)
    first = np.searchsorted(start, met, side="right") - 1
    other = numpy(engine.pairs.other)[met].astype(np.int64)
    once = ids[first] < ids[other]
    seat = numpy(engine.touches.seat[:size])
    slots = np.flatnonzero(seat >= 0)
    wall, touched = numpy(engine.touches.wall)[seat[slots]], numpy(engine.touches.touched)[seat[slots]]
    solid = (wall >= 0) & (touched[:, None] >> np.maximum(wall, 0) & 1 != 0)
    return Touching(first[once], other[once], np.repeat(slots, solid.sum(axis=1)))


class Meetings(NamedTuple):
    """Who touches whom among bodies, by their place in the order of ids.

    pairs: each once, however many of their spheres touch, shape (2, n); at_wall: body of each contact with a wall.
    """

    pairs: Integers
    at_wall: Integers


def meetings(engine: Engine) -> Meetings:
    """Return which bodies of an engine touched in the last step; a lone sphere is a body."""
    found = touching(engine)
    owner = engine.backend.numpy(engine.particles.id[: engine.size]) >> engine.id_bits
    place = np.unique(owner, return_inverse=True)[1]
    pairs = np.unique(np.stack([place[found.first], place[found.other]]), axis=1)
    return Meetings(pairs, place[found.at_wall])


def contact_numbers(engine: Engine) -> Integers:
    """Return the number of contacts of each body with others and with walls, by rising id, shape (body_count,)."""
    found = meetings(engine)
    return np.bincount(np.concatenate([*found.pairs, found.at_wall]), minlength=engine.body_count)


def coordination(engine: Engine) -> dict[str, float]:
    """Return the mean numbers of contacts of a particle with others and with walls [-].

    2 N_c/N of the pairs in touch, of bodies each pair once.
    """
    if engine.size == 0:
        return {}
    found, bodies = meetings(engine), engine.body_count
    return {"coordination": 2 * found.pairs.shape[1] / bodies, "wall contacts": len(found.at_wall) / bodies}
