"""What mergers do to a lumped solid: it moves with the pools of `pbm.schemes.cell_average`, in a pass of its own.

Granules x and y with contents c and e of it make one with c + e. So the content is kept; of the sum of c^2/x over all
granules, which says how shares differ within a class, a merger takes x y/(x + y) (c/x - e/y)^2: mixing. Fragments of
the composition of their parent keep that sum, and so do granules that move between pivots.
"""

from __future__ import annotations

from compute.packed import WIDTH
from compute.physics import routine
from pbm.grid import Floats
from pbm.model import CONTENT, FIRST, LIMIT, NUMBER, SQUARE, Tables, Workspace
from pbm.schemes.sharing import hand_on, pools_of


@routine
def begin_lumped(place: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Empty the pools of the lumped solid, and put side by side what classes hold, times their limits."""
    for k in range(state.shape[2]):
        for quantity in range(state.shape[1] - CONTENT):
            weight = tables.solid_volume[k] if quantity > 0 else 1.0
            work.lumped[k, quantity] = work.classes[LIMIT, place, k] * weight * state[place, CONTENT + quantity, k]
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
            for quantity in range(state.shape[1] - CONTENT):
                brought = number * work.met[1, quantity]
                if merging.grows[segment] > 0:
                    work.lumped_growth[place, i, quantity] += brought
                else:
                    own = mergers * state[place, CONTENT + quantity, i]
                    work.lumped_births[place, merging.target[segment], quantity] += brought + own


@routine
def sum_lumped(place: int, i: int, segment: int, state: Floats, tables: Tables, work: Workspace) -> float:
    """Fill `met`, what the partners of a segment bring a granule of class i [m3/s]; returns its mergers [1/s].

    Of w = c^2/x, a granule x that takes up one of y with the content e gains (y w_y - y w + 2 c e)/(x + y).
    """
    row, partner, limit = work.row, tables.merging.partner, work.classes[LIMIT, place, i]
    mergers, content, volume, squares, crossed = 0.0, 0.0, 0.0, 0.0, 0.0
    for at in range(tables.merging.start[segment], tables.merging.start[segment + 1]):
        mergers += row[partner[at]] * work.carried[partner[at], NUMBER]
        content += row[partner[at]] * work.lumped[partner[at], 0]
    work.met[1, 0] = limit * content
    if state.shape[1] > SQUARE:
        for at in range(tables.merging.start[segment], tables.merging.start[segment + 1]):
            j = partner[at]
            weight = row[j] / (tables.solid_volume[i] + tables.solid_volume[j])
            volume += weight * work.carried[j, FIRST]
            squares += weight * work.lumped[j, 1]
            crossed += weight * work.lumped[j, 0]
        own, held = state[place, SQUARE, i], 2.0 * state[place, CONTENT, i]
        work.met[1, 1] = limit * (squares + (held * crossed - own * volume) / state[place, NUMBER, i])
    return limit * mergers


@routine
def share_lumped(place: int, state: Floats, tables: Tables, work: Workspace, change: Floats) -> None:
    """Share pooled lumped quantities between pivots as `share_pools` does granules, and add them to `change`."""
    if state.shape[1] == CONTENT:
        return
    births, growth, gained, held = work.lumped_births[place], work.lumped_growth[place], work.gained, work.met[1]
    for k in range(state.shape[2]):
        work.taken[k] = 0.0
        for quantity in range(state.shape[1] - CONTENT):
            gained[k, quantity] = births[k, quantity] + growth[k, quantity]
    for k in range(state.shape[2]):
        if work.births[place, k, NUMBER] > 0.0 or work.growth[place, k, NUMBER] > 0.0:
            stayed, arrived = pools_of(place, k, state, tables, work)
            for quantity in range(state.shape[1] - CONTENT):
                content = state[place, CONTENT + quantity, k]
                held[quantity] = growth[k, quantity] + work.growth[place, k, NUMBER] * content
            hand_on(k, stayed, held, tables, work.taken, gained)
            hand_on(k, arrived, births[k], tables, work.taken, gained)
    for quantity in range(state.shape[1] - CONTENT):
        for k in range(state.shape[2]):
            lost = work.drain[place, k] * state[place, CONTENT + quantity, k]
            change[place, CONTENT + quantity, k] += gained[k, quantity] - lost
