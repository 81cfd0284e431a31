"""Transport between compartments and across the border: rates [1/s] act on every content of every class alike.

Per compartment a, with rates k_ab to others and o_a out of the whole: dN_a/dt = sum_b k_ba N_b - (o_a + sum_b k_ab) N_a
+ feed_a; liquids and gas alike. An outflow of F [m3/s] from a volume V is the rate o = F/V.

Transport is linear and often faster than everything else, so the adaptive integration takes it implicitly, after the
rest of a step: y' = (I - h M)^-1 y. Row a of that inverse is where a grain of compartment a is found after a time drawn
from an exponential distribution of mean h: shares that are never negative and have the sum one. They come from the
elimination without subtractions of Grassmann, Taksar and Heyman, Oper. Res. 33 (1985) 1107, doi
10.1287/opre.33.5.1107, so that sums are kept to round-off however fast the exchange.
"""

from __future__ import annotations

from compute.physics import physics, routine
from pbm.grid import Floats
from pbm.model import (
    EXTERNAL,
    FED_GAS,
    FED_LIQUID,
    FED_NUMBER,
    FED_SOLIDS,
    GAS,
    INTERNAL,
    LEFT_GAS,
    LEFT_LIQUID,
    LEFT_NUMBER,
    LEFT_SOLIDS,
    LIMIT,
    NUMBER,
    Tables,
    Workspace,
)


@physics
def transfer(rate: float, content: float, limit: float) -> float:
    """Flow [1/s or m3/s] of a content along one rate [1/s]: the rate times the content times its limit."""
    return rate * content * limit


@routine
def mix(state: Floats, tables: Tables, work: Workspace, change: Floats) -> None:
    """Exchange between compartments, explicitly; none where `outflow` says that transport is implicit."""
    for place in range(state.shape[0]):
        for other in range(state.shape[0]):
            if tables.outflow[place] * tables.exchange[place, other] > 0.0:
                for quantity in range(4):
                    for k in range(state.shape[2]):
                        limit = work.classes[LIMIT, place, k]
                        flow = transfer(tables.exchange[place, other], state[place, quantity, k], limit)
                        change[place, quantity, k] -= flow
                        change[other, quantity, k] += flow


@routine
def cross_border(state: Floats, tables: Tables, work: Workspace, change: Floats, booked: Floats) -> None:
    """Feeds in, and outlets out where transport is explicit; both booked."""
    solid = tables.solid_volume
    for place in range(state.shape[0]):
        for k in range(state.shape[2]):
            fed = tables.feed[place, NUMBER, k]
            booked[FED_NUMBER] += fed
            booked[FED_SOLIDS] += solid[k] * fed
            booked[FED_LIQUID] += tables.feed[place, INTERNAL, k] + tables.feed[place, EXTERNAL, k]
            booked[FED_GAS] += tables.feed[place, GAS, k]
            explicit = 1.0 if tables.outflow[place] > 0.0 else 0.0
            rate = explicit * tables.outlet[place] * work.classes[LIMIT, place, k]
            booked[LEFT_NUMBER] += rate * state[place, NUMBER, k]
            booked[LEFT_SOLIDS] += solid[k] * rate * state[place, NUMBER, k]
            booked[LEFT_LIQUID] += rate * (state[place, INTERNAL, k] + state[place, EXTERNAL, k])
            booked[LEFT_GAS] += rate * state[place, GAS, k]
            for quantity in range(4):
                change[place, quantity, k] += tables.feed[place, quantity, k] - rate * state[place, quantity, k]


@routine
def fill_moves(step: float, tables: Tables, weights: Floats, moves: Floats) -> None:
    """Fill `moves` (compartments, compartments + 1): of what is in a row's compartment, the share found in each
    compartment and, last, outside after an implicit step [s].

    weights: scratch, (compartments, compartments)
    """
    size = tables.outlet.size
    for place in range(size):
        for other in range(size):
            weights[place, other] = step * tables.exchange[place, other]
            moves[place, other] = 0.0
        moves[place, place] = 1.0
        moves[place, size] = step * tables.outlet[place]
    for gone in range(size):
        leave_out(gone, weights, moves)
    for place in range(size - 2, -1, -1):
        for other in range(place + 1, size):
            for end in range(size + 1):
                moves[place, end] += weights[place, other] * moves[other, end]


@routine
def leave_out(gone: int, weights: Floats, moves: Floats) -> None:
    """Eliminate one compartment: those after it are joined by the ways through it."""
    size = weights.shape[0]
    total = 0.0
    for end in range(size + 1):
        total += moves[gone, end]
    for other in range(gone + 1, size):
        total += weights[gone, other]
    for end in range(size + 1):
        moves[gone, end] /= total
    for other in range(gone + 1, size):
        weights[gone, other] /= total
    for place in range(gone + 1, size):
        through = weights[place, gone]
        if through > 0.0:
            for end in range(size + 1):
                moves[place, end] += through * moves[gone, end]
            for other in range(gone + 1, size):
                if other != place:
                    weights[place, other] += through * weights[gone, other]


@routine
def move(state: Floats, moves: Floats, tables: Tables, moved: Floats, booked: Floats) -> None:
    """Move a state on by the shares of `fill_moves`, and book what left; moved: scratch of the state's shape."""
    size, solid = state.shape[0], tables.solid_volume
    moved[:] = 0.0
    for place in range(size):
        out = moves[place, size]
        for k in range(state.shape[2]):
            booked[LEFT_NUMBER] += out * state[place, NUMBER, k]
            booked[LEFT_SOLIDS] += solid[k] * out * state[place, NUMBER, k]
            booked[LEFT_LIQUID] += out * (state[place, INTERNAL, k] + state[place, EXTERNAL, k])
            booked[LEFT_GAS] += out * state[place, GAS, k]
        for other in range(size):
            share = moves[place, other]
            if share > 0.0:
                for quantity in range(4):
                    for k in range(state.shape[2]):
                        moved[other, quantity, k] += share * state[place, quantity, k]
    for place in range(size):
        for quantity in range(4):
            for k in range(state.shape[2]):
                state[place, quantity, k] = moved[place, quantity, k]
