"""Layering in a granulation: fine powder deposits on wet granules, whose diameter grows.

dd/dt = G phi V_p/(V_p + K V_g): G [m/s] on a granule that is wet all over amid plentiful powder, phi the wet share of
its surface, V_p and V_g the solids of powder and of granules in the compartment, K the ratio of the two at which the
rate is half. The dependence on what is left of the powder is that of Cameron, Wang, Immanuel and Stepanek, Chem. Eng.
Sci. 60 (2005) 3723, doi 10.1016/j.ces.2005.02.004. The layer is powder with its own pores and liquids: a granule of
diameter d gains solids dx/dt = (1 - eps_p) pi/2 d^2 dd/dt.

Granules move over the edges of their class by the high-resolution finite volume of `pbm.growth`, those of two solids
along both. The powder loses exactly what granules that pass an edge gain between pivots, every class of it alike, so
that number, solids, liquids and gas are kept. Of two solids, granules gain both as the powder holds them: the faster
of the two directions is slowed by the error of the scheme. Granules at the top of the grid grow no layers.
"""

from __future__ import annotations

import math

import numpy as np

from compute.physics import routine
from pbm.cells import Cells
from pbm.grid import Floats, Grid
from pbm.growth import limited
from pbm.model import (
    EXTERNAL,
    GAS,
    GRANULE_VOLUME,
    INTERNAL,
    LAYERED,
    LAYERED_NUMBER,
    LIMIT,
    LOSS,
    NUMBER,
    WET_SHARE,
    Deposition,
    Tables,
    Workspace,
)
from pbm.places import ABSENT, QUANTITIES

Powder = tuple[float, float, float, float, float, float, float]
NO_LIMITER = -1
"""Stands where nothing is layered."""


def no_deposition(classes: int) -> Deposition:
    """Tables of a granulation without layering."""
    nothing = np.zeros((2, classes))
    return Deposition(NO_LIMITER, 0.0, 1.0, np.zeros(classes), nothing, nothing)


def make_deposition(cells: Cells, largest: float, rate: float, half_ratio: float, limiter: int) -> Deposition:
    """Tables of layering.

    largest: solid volume of whole grains [m3] below which a class is powder
    rate: G [m/s]; half_ratio: K; limiter: number of the limiter in `pbm.growth.LIMITERS`
    """
    edges, widths = [grid.edges[1:] for grid in cells.grids], [_widths(grid) for grid in cells.grids]
    second = (edges[1], widths[1]) if len(cells.grids) > 1 else (np.zeros(1), np.ones(1))
    return Deposition(
        limiter,
        rate,
        half_ratio,
        np.where(cells.solid_volume < largest, 1.0, 0.0),
        cells.by_component(edges[0], second[0]),
        cells.by_component(widths[0], second[1]),
    )


def _widths(grid: Grid) -> Floats:
    """Of the classes [m3]; granules that lack a component have to grow up to the next pivot."""
    return np.where(grid.pivots > 0.0, np.diff(grid.edges), grid.least)


@routine
def density_at_edge(axis: int, k: int, numbers: Floats, tables: Tables) -> float:
    """Density [1/m3] along one component of what leaves class k upwards; neither powder below it bends a slope, nor
    granules that lack the component.
    """
    layers, stride = tables.deposition, tables.stride[axis]
    here = numbers[k] / layers.width[axis, k]
    if tables.down[axis, k] == math.inf or tables.component[axis, k - stride] == 0.0 or layers.powder[k - stride] > 0.0:
        return here
    below = numbers[k - stride] / layers.width[axis, k - stride]
    above = numbers[k + stride] / layers.width[axis, k + stride]
    back = 2.0 * (here - below) / (layers.width[axis, k] + layers.width[axis, k - stride])
    front = 2.0 * (above - here) / (layers.width[axis, k] + layers.width[axis, k + stride])
    return max(here + 0.5 * limited(layers.limiter, back, front) * layers.width[axis, k], 0.0)


@routine
def powder_in(place: int, state: Floats, tables: Tables) -> Powder:
    """Number [-], both solids, liquids, gas and the lumped solid [m3] of the powder of a compartment."""
    number, first, second, inner, outer, gas, content = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(state.shape[2]):
        if tables.deposition.powder[k] > 0.0:
            number += state[place, NUMBER, k]
            first += tables.component[0, k] * state[place, NUMBER, k]
            second += tables.component[1, k] * state[place, NUMBER, k]
            inner += state[place, INTERNAL, k]
            outer += state[place, EXTERNAL, k]
            gas += state[place, GAS, k]
            content += state[place, tables.places.content, k] if tables.places.content != ABSENT else 0.0
    return number, first, second, inner, outer, gas, content


@routine
def layer_rates(place: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Fill what passes the upper edges of every class [1/s], and add the losses of granules and powder by it."""
    layers, loss = tables.deposition, work.classes[LOSS, place]
    if layers.limiter < 0:
        return
    _, first, second, inner, _, gas, _ = powder_in(place, state, tables)
    powder, fastest = first + second, 0.0
    plenty = powder / (powder + layers.half_ratio * (work.solids[place] - powder)) if powder > 0.0 else 0.0
    for axis in range(2):
        part, gained = second if axis > 0 else first, 0.0
        speed = layers.rate * plenty * part / max(powder + inner + gas, 1e-300)
        for k in range(state.shape[2]):
            passing = 0.0
            grows = work.present[place, k] * (1.0 - layers.powder[k]) * work.classes[WET_SHARE, place, k]
            if speed * grows > 0.0 and tables.up[axis, k] < math.inf:
                beyond = (layers.edge[axis, k] - tables.component[axis, k]) / tables.solid_volume[k]
                size = (6.0 / math.pi * work.classes[GRANULE_VOLUME, place, k] * (1.0 + beyond)) ** (1.0 / 3.0)
                passing = 0.5 * math.pi * size * size * speed * grows
                passing *= density_at_edge(axis, k, state[place, NUMBER], tables)
                gained += passing * tables.up[axis, k]
                loss[k] += passing / state[place, NUMBER, k]
            work.layers[axis, place, k] = passing
        fastest = max(fastest, gained / part) if part > 0.0 else fastest
    for k in range(state.shape[2]):
        loss[k] += layers.powder[k] * fastest


@routine
def cover(axis: int, k: int, square: int, begin: int, end: int, state: Floats, share: float, tables: Tables) -> float:
    """Sum of c^2/x [m3] of class k, c the contents from begin to end, when each granule got a layer to the next pivot
    with this share of them.

    The layer is of many grains, so that all layers have one share.
    """
    grown, content = tables.up[axis, k], 0.0
    added = share * grown
    for quantity in range(begin, end):
        content += state[quantity, k]
    squares = tables.solid_volume[k] * state[square, k] + added * (2.0 * content + added * state[NUMBER, k])
    return squares / (tables.solid_volume[k] + grown)


@routine
def move_squares(
    axis: int, k: int, passing: float, state: Floats, powder: Powder, tables: Tables, change: Floats
) -> None:
    """Move the sums of squares of a share of class k [1/s] over its edge, with its layer."""
    places, above, solids = tables.places, k + tables.stride[axis], powder[1] + powder[2]
    if places.square != ABSENT:
        share = powder[6] / solids
        change[places.square, k] -= passing * state[places.square, k]
        covered = cover(axis, k, places.square, places.content, places.content + 1, state, share, tables)
        change[places.square, above] += passing * covered
    if places.wetness != ABSENT:
        share = (powder[3] + powder[4]) / solids
        change[places.wetness, k] -= passing * state[places.wetness, k]
        covered = cover(axis, k, places.wetness, INTERNAL, EXTERNAL + 1, state, share, tables)
        change[places.wetness, above] += passing * covered


@routine
def deposit(place: int, state: Floats, tables: Tables, work: Workspace, change: Floats, booked: Floats) -> None:
    """Move granules over the edges of their classes, with their contents and the powder that made them pass."""
    layers, limit, held = tables.deposition, work.classes[LIMIT, place], 1.0
    if layers.limiter < 0:
        return
    powder = powder_in(place, state, tables)
    for k in range(state.shape[2]):
        held = min(held, limit[k]) if layers.powder[k] * state[place, NUMBER, k] > 0.0 else held
    gained, taken = (0.0, 0.0), math.inf
    for axis in range(2):
        total = 0.0
        for k in range(state.shape[2]):
            if work.layers[axis, place, k] > 0.0:
                total += held * limit[k] * work.layers[axis, place, k] * tables.up[axis, k]
        gained = (gained[0], total) if axis > 0 else (total, 0.0)
        taken = min(taken, total / powder[1 + axis]) if powder[1 + axis] > 0.0 else taken
    if not 0.0 < taken < math.inf:
        return
    solids, contents = powder[1] + powder[2], QUANTITIES + (1 if tables.places.content != ABSENT else 0)
    booked[LAYERED_NUMBER] += taken * powder[0]
    booked[LAYERED] += taken * solids
    for k in range(state.shape[2]):
        for quantity in range(state.shape[1]):
            change[place, quantity, k] -= layers.powder[k] * taken * state[place, quantity, k]
        for axis in range(2):
            passing = held * limit[k] * work.layers[axis, place, k]
            if passing > 0.0:
                passing *= taken * powder[1 + axis] / gained[axis]
                above, layer = k + tables.stride[axis], passing * tables.up[axis, k] / solids
                for quantity in range(contents):
                    carried = passing / state[place, NUMBER, k] * state[place, quantity, k]
                    change[place, quantity, k] -= carried
                    change[place, quantity, above] += carried + (layer * powder[2 + quantity] if quantity > 0 else 0.0)
                move_squares(axis, k, passing / state[place, NUMBER, k], state[place], powder, tables, change[place])
