"""The way of the liquid: spray onto granules and powder, films into pores, and out of pores that shrink.

Absorption is much faster than the rest. Over a step of given length it may be taken implicitly: with E*, G* what the
other mechanisms leave at the end of the step, A = a G E*/(1 + a G step), at most MOST_LOST G*/step. A film in balance
with its spray stays in balance, whatever the step.
"""

from __future__ import annotations

from compute.physics import routine
from pbm.grid import Floats
from pbm.model import (
    ABSORPTION,
    EXTERNAL,
    GAS,
    INTERNAL,
    LIMIT,
    MOST_LOST,
    NUMBER,
    SQUEEZE,
    Parameters,
    Tables,
    Workspace,
)
from pbm.nucleation import liquid_inside, nucleation_loss


@routine
def spray_on(
    place: int, state: Floats, liquid: float, p: Parameters, tables: Tables, work: Workspace, change: Floats
) -> tuple[float, float, float]:
    """Coat granules and turn powder into nuclei; returns nuclei made, grains used [1/s], gas driven out [m3/s]."""
    solids = work.solids[place]
    taken = nucleation_loss(liquid, p.drop_volume, p.nucleus_solids, solids)
    nuclei, grains, inner, outer, gas, filled = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(state.shape[2]):
        met = liquid * tables.solid_volume[k] * state[place, NUMBER, k] / solids
        share = tables.powder[k] * work.classes[LIMIT, place, k]
        lost = taken * share
        drops = met * share
        inside = liquid_inside(drops, lost * state[place, GAS, k])
        nuclei += drops / p.drop_volume
        grains += lost * state[place, NUMBER, k]
        inner += lost * state[place, INTERNAL, k] + inside
        outer += lost * state[place, EXTERNAL, k] + drops - inside
        gas += lost * state[place, GAS, k] - inside
        filled += inside
        for quantity in range(4):
            change[place, quantity, k] -= lost * state[place, quantity, k]
        change[place, EXTERNAL, k] += met - drops
    book_nuclei(place, nuclei, inner, outer, gas, tables, change)
    return nuclei * (tables.nucleus_number + tables.nucleus_number_above), grains, filled


@routine
def book_nuclei(
    place: int, nuclei: float, inner: float, outer: float, gas: float, tables: Tables, change: Floats
) -> None:
    """Share nuclei [1/s] and their liquids and gas [m3/s] between the two pivots around x_nuc."""
    low = tables.nucleus_class
    below = tables.nucleus_number * tables.solid_volume[low]
    above = tables.nucleus_number_above * tables.solid_volume[low + 1]
    part = above / (below + above)
    change[place, NUMBER, low] += tables.nucleus_number * nuclei
    change[place, NUMBER, low + 1] += tables.nucleus_number_above * nuclei
    change[place, INTERNAL, low] += (1.0 - part) * inner
    change[place, INTERNAL, low + 1] += part * inner
    change[place, EXTERNAL, low] += (1.0 - part) * outer
    change[place, EXTERNAL, low + 1] += part * outer
    change[place, GAS, low] += (1.0 - part) * gas
    change[place, GAS, low + 1] += part * gas


@routine
def squeeze_out(place: int, state: Floats, work: Workspace, change: Floats) -> float:
    """Squeeze liquid and gas out of pores; returns the gas [m3/s]."""
    expelled = 0.0
    for k in range(state.shape[2]):
        squeezed = work.classes[SQUEEZE, place, k] * work.classes[LIMIT, place, k]
        wrung = squeezed * state[place, INTERNAL, k]
        change[place, EXTERNAL, k] += wrung
        change[place, INTERNAL, k] -= wrung
        change[place, GAS, k] -= squeezed * state[place, GAS, k]
        expelled += squeezed * state[place, GAS, k]
    return expelled


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
