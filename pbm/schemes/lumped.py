"""What mergers do to a lumped solid: it moves with the pools of `pbm.schemes.cell_average`, in a pass of its own.

Granules x and y with contents c and e of it make one with c + e. So the content is kept; of the sum of c^2/x over all
granules, which says how shares differ within a class, a merger takes x y/(x + y) (c/x - e/y)^2: mixing. Fragments of
the composition of their parent keep that sum, and so do granules that move between pivots.
"""

from __future__ import annotations

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
            work.lumped_births[place, k, quantity] = 0.0
            work.lumped_growth[place, k, quantity] = 0.0


@routine
def pool_lumped(place: int, i: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Add what mergers of class i with those up to it bring; the row of class i has just been filled."""
    number, merging = state[place, NUMBER, i], tables.merging
    for segment in range(merging.row[i], merging.row[i + 1]):
        mergers = sum_lumped(place, i, segment, state, tables, work)
        if mergers > 0.0:
            for quantity in range(state.shape[1] - CONTENT):
                brought = number * work.met[quantity]
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
    work.met[0] = limit * content
    if state.shape[1] > SQUARE:
        for at in range(tables.merging.start[segment], tables.merging.start[segment + 1]):
            j = partner[at]
            weight = row[j] / (tables.solid_volume[i] + tables.solid_volume[j])
            volume += weight * work.carried[j, FIRST]
            squares += weight * work.lumped[j, 1]
            crossed += weight * work.lumped[j, 0]
        own, held = state[place, SQUARE, i], 2.0 * state[place, CONTENT, i]
        work.met[1] = limit * (squares + (held * crossed - own * volume) / state[place, NUMBER, i])
    return limit * mergers


@routine
def share_lumped(place: int, state: Floats, tables: Tables, work: Workspace, change: Floats) -> None:
    """Share pooled lumped quantities between pivots as `share_pools` does granules, and add them to `change`."""
    moved = work.shifted
    if state.shape[1] == CONTENT:
        return
    for quantity in range(3):
        for k in range(state.shape[2]):
            moved[place, quantity, k] = 0.0
    for k in range(state.shape[2]):
        births, growth = work.lumped_births[place, k], work.lumped_growth[place, k]
        if work.births[place, k, NUMBER] > 0.0 or work.growth[place, k, NUMBER] > 0.0:
            one, other = pools_of(place, k, state, tables, work)
            content = work.growth[place, k, NUMBER] * state[place, CONTENT, k] + growth[0]
            square = 0.0
            if state.shape[1] > SQUARE:
                square = work.growth[place, k, NUMBER] * state[place, SQUARE, k] + growth[1]
            hand_on(place, k, (one[0], one[1], one[2], one[3], one[4], content, square, 0.0), tables, moved)
            pool = (other[0], other[1], other[2], other[3], other[4], births[0], births[1], 0.0)
            hand_on(place, k, pool, tables, moved)
    for quantity in range(state.shape[1] - CONTENT):
        for k in range(state.shape[2]):
            gained = work.lumped_births[place, k, quantity] + work.lumped_growth[place, k, quantity]
            lost = work.drain[place, k] * state[place, CONTENT + quantity, k]
            change[place, CONTENT + quantity, k] += gained + moved[place, 1 + quantity, k] - lost
