"""An implicit step of transport, and of the absorption of films with it.

Transport is linear and often faster than everything else, so the adaptive integration takes it implicitly, after the
rest of a step: y' = (I - h M)^-1 y. Row a of that inverse is where a grain of compartment a is found after a time drawn
from an exponential distribution of mean h: shares that are never negative and have the sum one. They come from the
elimination without subtractions of Grassmann, Taksar and Heyman, Oper. Res. 33 (1985) 1107, doi
10.1287/opre.33.5.1107, so that sums are kept to round-off however fast the exchange.

Films are absorbed as fast, and one after the other the two would leave an error even at a steady state. So the film
of each class is found from both at once, (I - h M + h r) E' = E with r = a G the absorption of each compartment, by
the same elimination; what it absorbs, h r E', is moved from film and gas to the liquid inside before transport.
"""

from __future__ import annotations

from compute.physics import routine
from pbm.compartments import book_left
from pbm.grid import Floats
from pbm.model import (
    ABSORPTION,
    DISPLACED,
    EXTERNAL,
    GAS,
    INTERNAL,
    MOST_LOST,
    Tables,
    Workspace,
)
from pbm.stages import Scratch


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
            for end in range(size + 1 if weights[place, other] > 0.0 else 0):
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
    size = state.shape[0]
    moved[:] = 0.0
    for place in range(size):
        out = moves[place, size]
        for k in range(state.shape[2] if out > 0.0 else 0):
            book_left(place, k, out, state, tables, booked)
        for other in range(size):
            share = moves[place, other]
            if share > 0.0:
                for quantity in range(state.shape[1]):
                    for k in range(state.shape[2]):
                        moved[other, quantity, k] += share * state[place, quantity, k]
    for place in range(size):
        for quantity in range(state.shape[1]):
            for k in range(state.shape[2]):
                state[place, quantity, k] = moved[place, quantity, k]


@routine
def hold_absorption(state: Floats, work: Workspace, soaking: Floats) -> None:
    """Fill `soaking` (compartments, classes) with the relative rates r = a G [1/s] at which films are absorbed."""
    for place in range(state.shape[0]):
        for k in range(state.shape[2]):
            soaking[place, k] = work.classes[ABSORPTION, place, k] * state[place, GAS, k]


@routine
def find_film(k: int, step: float, state: Floats, tables: Tables, scratch: Scratch) -> None:
    """Fill the films of class k after transport and absorption over `step` [s]; absent films and links cost nothing."""
    size, weights, leaving, films = tables.outlet.size, scratch.weights, scratch.leaving, scratch.films
    held = 0.0
    for place in range(size):
        films[place, k] = state[place, EXTERNAL, k]
        held += films[place, k]
    if held == 0.0:
        return
    if tables.coupled == 0:
        for place in range(size):
            films[place, k] /= 1.0 + step * scratch.soaking[place, k]
        return
    for place in range(size):
        leaving[place] = 1.0 + step * (tables.outlet[place] + scratch.soaking[place, k])
        for other in range(size):
            weights[place, other] = step * tables.exchange[place, other]
    for gone in range(size):
        total = leaving[gone]
        for other in range(gone + 1, size):
            total += weights[gone, other]
        weights[gone, gone] = total
        for place in range(gone + 1, size):
            if weights[gone, place] > 0.0:
                films[place, k] += films[gone, k] * weights[gone, place] / total
            if weights[place, gone] > 0.0:
                through = weights[place, gone] / total
                leaving[place] += through * leaving[gone]
                for other in range(gone + 1, size):
                    if other != place:
                        weights[place, other] += through * weights[gone, other]
    for place in range(size - 1, -1, -1):
        for other in range(place + 1, size):
            if weights[other, place] > 0.0:
                films[place, k] += films[other, k] * weights[other, place]
        films[place, k] /= weights[place, place]


@routine
def soak(k: int, step: float, state: Floats, scratch: Scratch) -> tuple[bool, float]:
    """Absorb what the films of class k let through, at most MOST_LOST of the gas; whether that bound, and the flow."""
    bound, soaked = False, 0.0
    for place in range(state.shape[0]):
        absorbed = step * scratch.soaking[place, k] * scratch.films[place, k]
        most = MOST_LOST * state[place, GAS, k]
        bound = bound or absorbed > most
        absorbed = min(absorbed, most)
        state[place, EXTERNAL, k] -= absorbed
        state[place, INTERNAL, k] += absorbed
        state[place, GAS, k] -= absorbed
        soaked += absorbed
    return bound, soaked


@routine
def soak_class(k: int, step: float, state: Floats, tables: Tables, scratch: Scratch) -> float:
    """Films of class k after transport and absorption, -1 where gas ran short; absorbs, and returns what it did."""
    find_film(k, step, state, tables, scratch)
    bound, soaked = soak(k, step, state, scratch)
    if bound:
        for place in range(state.shape[0]):
            scratch.films[place, k] = -1.0
    return soaked


@routine
def lay_films(state: Floats, films: Floats) -> None:
    """Put the films found in the state; those of -1 were moved with the rest."""
    for place in range(state.shape[0]):
        for k in range(state.shape[2]):
            if films[place, k] >= 0.0:
                state[place, EXTERNAL, k] = films[place, k]


@routine
def soak_and_move(step: float, level: int, tables: Tables, scratch: Scratch) -> None:
    """Absorption and transport of a level over `step` [s], booked; its `moves` are filled for this step.

    Films end where `find_film` finds them, unless gas ran short: then they are moved with the rest.
    """
    state, booked = scratch.level[level], scratch.ledger[level]
    for k in range(state.shape[2]):
        booked[DISPLACED] += soak_class(k, step, state, tables, scratch)
    if tables.coupled == 1:
        move(state, scratch.moves[level], tables, scratch.trial, booked)
    lay_films(state, scratch.films)
