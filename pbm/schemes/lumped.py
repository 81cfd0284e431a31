"""What mergers do to lumped quantities: they move with the pools of `pbm.schemes.cell_average`, in a pass of their own.

Granules x and y with contents c and e of it make one with c + e. So the content is kept; of the sum of c^2/x over all
granules, which says how shares differ within a class, a merger takes x y/(x + y) (c/x - e/y)^2: mixing. Fragments of
the composition of their parent keep that sum, and so do granules that move between pivots.
"""

from __future__ import annotations

from compute.packed import WIDTH
from compute.physics import routine
from pbm.grid import Floats
from pbm.model import EXTERNAL, FIRST, INTERNAL, LIMIT, NUMBER, SECOND, Tables, Workspace
from pbm.places import ABSENT, QUANTITIES
from pbm.schemes.sharing import hand_on, pools_of


@routine
def begin_lumped(place: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Empty the pools of lumped quantities, and put side by side what classes hold, times their limits."""
    for k in range(state.shape[2]):
        for quantity in range(QUANTITIES, state.shape[1]):
            weight = 1.0 if quantity == tables.places.content else tables.solid_volume[k]
            limit = work.classes[LIMIT, place, k]
            work.lumped[k, quantity - QUANTITIES] = limit * weight * state[place, quantity, k]
        for column in range(WIDTH):
            work.lumped_births[place, k, column] = 0.0
            work.lumped_growth[place, k, column] = 0.0


@routine
def pool_lumped(place: int, i: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Add what mergers of class i with those up to it bring; the row of class i has just been filled."""
    number, merging = state[place, NUMBER, i], tables.merging
    for segment in range(merging.row[i], merging.row[i + 1]):
        mergers = sum_lumped(place, i, segment, state, tables, work)
        if mergers > 0.0:
            for quantity in range(state.shape[1] - QUANTITIES):
                brought = number * work.met[1, quantity]
                if merging.grows[segment] > 0:
                    work.lumped_growth[place, i, quantity] += brought
                else:
                    own = mergers * state[place, QUANTITIES + quantity, i]
                    work.lumped_births[place, merging.target[segment], quantity] += brought + own


@routine
def sum_lumped(place: int, i: int, segment: int, state: Floats, tables: Tables, work: Workspace) -> float:
    """Fill `met`, what the partners of a segment bring a granule of class i [m3/s]; returns its mergers [1/s]."""
    row, partner, limit = work.row, tables.merging.partner, work.classes[LIMIT, place, i]
    mergers, content, places = 0.0, 0.0, tables.places
    for at in range(tables.merging.start[segment], tables.merging.start[segment + 1]):
        mergers += row[partner[at]] * work.carried[partner[at], NUMBER]
    if places.content != ABSENT:
        for at in range(tables.merging.start[segment], tables.merging.start[segment + 1]):
            content += row[partner[at]] * work.lumped[partner[at], places.content - QUANTITIES]
        work.met[1, places.content - QUANTITIES] = limit * content
    if places.square != ABSENT:
        sum_squares(place, i, segment, places.square, places.content, places.content + 1, state, tables, work)
    if places.wetness != ABSENT:
        sum_squares(place, i, segment, places.wetness, INTERNAL, EXTERNAL + 1, state, tables, work)
    return limit * mergers


@routine
def sum_squares(
    place: int, i: int, segment: int, square: int, begin: int, end: int, state: Floats, tables: Tables, work: Workspace
) -> None:
    """Fill `met` with what partners bring of the sum of squares at a place, of the contents from begin to end.

    Of w = c^2/x, a granule x that takes up one of y with the content e gains (y w_y - y w + 2 c e)/(x + y).
    """
    row, partner, column = work.row, tables.merging.partner, square - QUANTITIES
    volume, squares, crossed, held = 0.0, 0.0, 0.0, 0.0
    for at in range(tables.merging.start[segment], tables.merging.start[segment + 1]):
        j, content = partner[at], 0.0
        weight = row[j] / (tables.solid_volume[i] + tables.solid_volume[j])
        for quantity in range(begin, end):
            content += state[place, quantity, j]
        volume += weight * (work.carried[j, FIRST] + work.carried[j, SECOND])
        squares += weight * work.lumped[j, column]
        crossed += weight * (work.classes[LIMIT, place, j] * content)
    for quantity in range(begin, end):
        held += 2.0 * state[place, quantity, i]
    own = held * crossed - state[place, square, i] * volume
    work.met[1, column] = work.classes[LIMIT, place, i] * (squares + own / state[place, NUMBER, i])


@routine
def share_lumped(place: int, state: Floats, tables: Tables, work: Workspace, change: Floats) -> None:
    """Share pooled lumped quantities between pivots as `share_pools` does granules, and add them to `change`."""
    if state.shape[1] == QUANTITIES:
        return
    births, growth, gained, held = work.lumped_births[place], work.lumped_growth[place], work.gained, work.met[1]
    for k in range(state.shape[2]):
        work.taken[k] = 0.0
        for quantity in range(state.shape[1] - QUANTITIES):
            gained[k, quantity] = births[k, quantity] + growth[k, quantity]
    for k in range(state.shape[2]):
        if work.births[place, k, NUMBER] > 0.0 or work.growth[place, k, NUMBER] > 0.0:
            stayed, arrived = pools_of(place, k, state, tables, work)
            for quantity in range(state.shape[1] - QUANTITIES):
                content = state[place, QUANTITIES + quantity, k]
                held[quantity] = growth[k, quantity] + work.growth[place, k, NUMBER] * content
            hand_on(k, stayed, held, tables, work.taken, gained)
            hand_on(k, arrived, births[k], tables, work.taken, gained)
    for quantity in range(state.shape[1] - QUANTITIES):
        for k in range(state.shape[2]):
            lost = work.drain[place, k] * state[place, QUANTITIES + quantity, k]
            change[place, QUANTITIES + quantity, k] += gained[k, quantity] - lost
