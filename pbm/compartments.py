"""Transport between compartments and across the border: rates [1/s] act on every content of every class alike.

Per compartment a, with rates k_ab to others and o_a out of the whole: dN_a/dt = sum_b k_ba N_b - (o_a + sum_b k_ab) N_a
+ feed_a; liquids and gas alike. An outflow of F [m3/s] from a volume V is the rate o = F/V.
"""

from __future__ import annotations

from compute.physics import physics, routine
from pbm.grid import Floats
from pbm.model import (
    EXTERNAL,
    FED_GAS,
    FED_LIQUID,
    FED_NUMBER,
    FED_SECOND,
    FED_SOLIDS,
    GAS,
    INTERNAL,
    LEFT_GAS,
    LEFT_LIQUID,
    LEFT_NUMBER,
    LEFT_SECOND,
    LEFT_SOLIDS,
    LIMIT,
    NUMBER,
    Tables,
    Workspace,
)
from pbm.places import ABSENT


@physics
def transfer(rate: float, content: float, limit: float) -> float:
    """Flow [1/s or m3/s] of a content along one rate [1/s]: the rate times the content times its limit."""
    return rate * content * limit


@routine
def mix(state: Floats, tables: Tables, work: Workspace, change: Floats) -> None:
    """Exchange between compartments, explicitly."""
    for place in range(state.shape[0]):
        for other in range(state.shape[0]):
            if tables.exchange[place, other] > 0.0:
                for quantity in range(state.shape[1]):
                    for k in range(state.shape[2]):
                        limit = work.classes[LIMIT, place, k]
                        flow = transfer(tables.exchange[place, other], state[place, quantity, k], limit)
                        change[place, quantity, k] -= flow
                        change[other, quantity, k] += flow


@routine
def book_left(place: int, k: int, share: float, state: Floats, tables: Tables, booked: Floats) -> None:
    """Book that a share of class k, or a share per second, leaves the whole from a compartment."""
    number = share * state[place, NUMBER, k]
    booked[LEFT_NUMBER] += number
    booked[LEFT_SOLIDS] += tables.solid_volume[k] * number
    booked[LEFT_SECOND] += tables.component[1, k] * number
    booked[LEFT_LIQUID] += share * (state[place, INTERNAL, k] + state[place, EXTERNAL, k])
    booked[LEFT_GAS] += share * state[place, GAS, k]
    if tables.places.content != ABSENT:
        booked[LEFT_SECOND] += share * state[place, tables.places.content, k]


@routine
def cross_border(state: Floats, tables: Tables, work: Workspace, change: Floats, booked: Floats) -> None:
    """Feeds in, and outlets out where transport is explicit; both booked."""
    for place in range(state.shape[0]):
        cross_border_at(place, state, tables, work, change, booked)


@routine
def cross_border_at(place: int, state: Floats, tables: Tables, work: Workspace, change: Floats, booked: Floats) -> None:
    """Feed and outlet of one compartment, where it has any."""
    outlet, fed = (1.0 - tables.coupled) * tables.outlet[place], 0.0
    for k in range(state.shape[2]):
        fed += tables.feed[place, NUMBER, k]
    if outlet > 0.0 or fed > 0.0:
        cross_border_of(place, outlet, state, tables, work, change, booked)


@routine
def cross_border_of(
    place: int, outlet: float, state: Floats, tables: Tables, work: Workspace, change: Floats, booked: Floats
) -> None:
    """Feed and outlet [1/s] of one compartment."""
    solid = tables.solid_volume
    for k in range(state.shape[2]):
        fed = tables.feed[place, NUMBER, k]
        booked[FED_NUMBER] += fed
        booked[FED_SOLIDS] += solid[k] * fed
        booked[FED_SECOND] += tables.component[1, k] * fed
        booked[FED_LIQUID] += tables.feed[place, INTERNAL, k] + tables.feed[place, EXTERNAL, k]
        booked[FED_GAS] += tables.feed[place, GAS, k]
        if tables.places.content != ABSENT:
            booked[FED_SECOND] += tables.feed[place, tables.places.content, k]
        rate = outlet * work.classes[LIMIT, place, k]
        book_left(place, k, rate, state, tables, booked)
        for quantity in range(state.shape[1]):
            change[place, quantity, k] += tables.feed[place, quantity, k] - rate * state[place, quantity, k]
