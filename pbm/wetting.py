"""The way of the liquid: spray onto granules and powder, films into pores, and out of pores that shrink.

Absorption is much faster than the rest. Over a step of given length it may be taken implicitly: with E*, G* what the
other mechanisms leave at the end of the step, A = a G E*/(1 + a G step), at most MOST_LOST G*/step. A film in balance
with its spray stays in balance, whatever the step.
"""

from __future__ import annotations

import math

from compute.physics import routine
from pbm.consolidation import LEAST_GAS
from pbm.grid import Floats
from pbm.model import (
    ABSORPTION,
    DIAMETER,
    EXTERNAL,
    GAS,
    INTERNAL,
    LIMIT,
    MOST_LOST,
    NUMBER,
    SQUEEZE,
    USED,
    WET_SHARE,
    Parameters,
    Tables,
    Workspace,
)
from pbm.nucleation import liquid_inside, nucleation_loss
from pbm.places import ABSENT


@routine
def spray_on(
    place: int, state: Floats, liquid: float, p: Parameters, tables: Tables, work: Workspace, change: Floats
) -> tuple[float, float, float]:
    """Coat granules and turn powder into nuclei; returns nuclei made, grains used [1/s], gas driven out [m3/s]."""
    if liquid <= 0.0:
        return 0.0, 0.0, 0.0
    solids, sizes, pool, places = work.solids[place], tables.drops.share.size, work.nuclei, tables.places
    taken = nucleation_loss(liquid, p.drop_volume, p.nucleus_solids, solids)
    grains, filled, nuclei = 0.0, 0.0, 0.0
    for size in range(sizes):
        for content in range(USED):
            pool[size, content] = 0.0
    for k in range(state.shape[2]):
        met = liquid * tables.solid_volume[k] * state[place, NUMBER, k] / solids
        share = tables.powder[k] * work.classes[LIMIT, place, k]
        lost = taken * share
        drops = met * share
        inside = liquid_inside(drops, lost * state[place, GAS, k])
        used = lost * state[place, NUMBER, k]
        if used > 0.0:
            own, whole = pool[tables.drops.first[k]], 1.0 / tables.powder[k]
            own[0] += whole * used * tables.component[0, k]
            own[1] += whole * used * tables.component[1, k]
            own[2] += whole * (lost * state[place, INTERNAL, k] + inside)
            own[3] += whole * (lost * state[place, EXTERNAL, k] + drops - inside)
            own[4] += whole * (lost * state[place, GAS, k] - inside)
            if places.content != ABSENT:
                own[5] += whole * lost * state[place, places.content, k]
            if places.square != ABSENT:
                grain = whole * lost * tables.solid_volume[k]
                own[6] += grain * state[place, places.square, k]
                own[7] += grain * state[place, places.content, k]
                own[8] += grain * tables.solid_volume[k] * state[place, NUMBER, k]
        grains += used
        filled += inside
        if lost > 0.0:
            for quantity in range(state.shape[1]):
                change[place, quantity, k] -= lost * state[place, quantity, k]
        change[place, EXTERNAL, k] += met - drops
        if places.wetness != ABSENT and met > drops:
            held = state[place, INTERNAL, k] + state[place, EXTERNAL, k]
            gained = 2.0 * (met - drops) / (tables.solid_volume[k] * state[place, NUMBER, k])
            change[place, places.wetness, k] += gained * held
    for size in range(sizes):
        for content in range(USED):
            pool[size, content] += pool[size - 1, content] if size > 0 else 0.0
        if pool[size, 0] + pool[size, 1] > 0.0:
            nuclei += book_nuclei(place, size, tables, work, change)
    return nuclei, grains, filled


@routine
def book_nuclei(place: int, size: int, tables: Tables, work: Workspace, change: Floats) -> float:
    """Make the nuclei of drops of one size from the powder that they use; returns their number [1/s].

    A nucleus has the mean composition of the powder. It is shared by the pivots around it, so that number and both
    components are kept; where it would hold less of a component than the first pivot, there are fewer of them, and
    more where it would hold more than the last. Where granules may lack a component and the mean lies below the lowest
    that others hold, so many nuclei lack it. Of a lumped solid, grains of a nucleus are drawn at random; the
    nuclei of drops of one size have one moisture.
    """
    used, drops = work.nuclei[size], tables.drops.share[size]
    solids = drops * (used[0] + used[1])
    number, top = solids / tables.drops.solids[size], tables.solid_volume.size - 1
    for axis in range(2):
        if tables.component[axis, top] > 0.0:
            number = max(number, drops * used[axis] / tables.component[axis, top])
        if tables.component[axis, 0] > 0.0:
            number = min(number, drops * used[axis] / tables.component[axis, 0])
    if tables.component[0, 0] + tables.component[1, 0] == 0.0:
        number = min(number, drops * (used[0] / tables.up[0, 0] + used[1] / tables.up[1, 0]))
    if not number > 0.0:
        return 0.0
    first, second, low = drops * used[0] / number, drops * used[1] / number, 0
    for axis in range(2):
        held = second if axis > 0 else first
        while tables.component[axis, low] + tables.up[axis, low] <= held:
            low += tables.stride[axis]
    mean = used[5] / (used[0] + used[1])
    square = mean * used[5] + (used[6] - 2.0 * mean * used[7] + mean * mean * used[8]) * number / solids
    wetness = (used[2] + used[3]) ** 2 / (used[0] + used[1])
    above = (first - tables.component[0, low]) / tables.up[0, low]
    beside = (second - tables.component[1, low]) / tables.up[1, low]
    both, none = above * beside, (1.0 - above) * (1.0 - beside)
    if tables.component[0, low] + tables.component[1, low] == 0.0:
        both, none = max(above + beside - 1.0, 0.0), 0.0
    for corner in range(4):
        along, across = corner // 2, corner % 2
        share = both if along * across > 0 else none
        if along != across:
            share = above - both if along > 0 else beside - both
        if share > 0.0:
            k = low + along * tables.stride[0] + across * tables.stride[1]
            part = drops * share * number * tables.solid_volume[k] / solids
            change[place, NUMBER, k] += share * number
            change[place, INTERNAL, k] += part * used[2]
            change[place, EXTERNAL, k] += part * used[3]
            change[place, GAS, k] += part * used[4]
            if tables.places.content != ABSENT:
                change[place, tables.places.content, k] += part * used[5]
            if tables.places.square != ABSENT:
                change[place, tables.places.square, k] += part * square
            if tables.places.wetness != ABSENT:
                change[place, tables.places.wetness, k] += part * wetness
    return number


@routine
def squeeze_out(
    place: int, state: Floats, p: Parameters, tables: Tables, work: Workspace, change: Floats
) -> tuple[float, float]:
    """Squeeze liquid and gas out of pores; returns the gas [m3/s], and what of it the published form only owes."""
    expelled, owed, wrings = 0.0, 0.0, 1.0 - p.published_squeeze
    for k in range(state.shape[2]):
        squeezed = work.classes[SQUEEZE, place, k] * work.classes[LIMIT, place, k]
        wrung = wrings * squeezed * state[place, INTERNAL, k]
        missing = p.published_squeeze * LEAST_GAS * tables.solid_volume[k] * state[place, NUMBER, k]
        taken = squeezed * state[place, GAS, k] + min(squeezed, 0.0) * missing
        change[place, EXTERNAL, k] += wrung
        change[place, INTERNAL, k] -= wrung
        change[place, GAS, k] -= taken
        owed += max(squeezed, 0.0) * missing
        expelled += taken + max(squeezed, 0.0) * missing
    return expelled, owed


@routine
def evaporate(place: int, state: Floats, p: Parameters, tables: Tables, work: Workspace, change: Floats) -> float:
    """Take liquid off wet surfaces, j/rho_l times their area phi pi d^2 N; returns it [m3/s].

    Granules of a class lose it in proportion to what they hold.
    """
    vanished = 0.0
    for k in range(state.shape[2]):
        size = work.classes[DIAMETER, place, k]
        surface = work.classes[WET_SHARE, place, k] * math.pi * size * size * state[place, NUMBER, k]
        lost = p.evaporation_speed * surface * work.classes[LIMIT, place, k]
        change[place, EXTERNAL, k] -= lost
        vanished += lost
        if tables.places.wetness != ABSENT and lost > 0.0:
            share = lost / (state[place, INTERNAL, k] + state[place, EXTERNAL, k])
            change[place, tables.places.wetness, k] -= 2.0 * share * state[place, tables.places.wetness, k]
    return vanished


@routine
def soak_in(place: int, state: Floats, step: float, work: Workspace, change: Floats) -> float:
    """Absorb surface liquid into pores and return it [m3/s]: implicitly over `step` [s] and after all else, or
    explicitly for a step of nil.
    """
    soaked = 0.0
    for k in range(state.shape[2]):
        rate = work.classes[ABSORPTION, place, k] * state[place, GAS, k]
        film = state[place, EXTERNAL, k] + step * change[place, EXTERNAL, k]
        absorbed = rate * film / (1.0 + step * rate)
        if step > 0.0:
            absorbed = min(absorbed, MOST_LOST * (state[place, GAS, k] / step + change[place, GAS, k]))
        change[place, EXTERNAL, k] -= absorbed
        change[place, INTERNAL, k] += absorbed
        change[place, GAS, k] -= absorbed
        soaked += absorbed
    return soaked
