"""Weighted particles of what classes hold: at the start of a run, and of powder that is fed."""

from __future__ import annotations

import numpy as np

from pbm.cells import Cells
from pbm.grid import Floats
from pbm.model import EXTERNAL, GAS, INTERNAL, NUMBER
from pbm.places import ABSENT, Places
from pbm.weighted import Particles


def particles_of(state: Floats, cells: Cells, per_class: int, places: Places) -> Particles:
    """Particles of one compartment, `per_class` of one weight for each filled class, class after class.

    state: (quantities, classes); number, solids and contents of every class are kept. Along a single grid particles
    are spread over the cell; of two grids they are at the pivot. Where the scatter of a lumped solid is known, a class
    has twice as many, rich ones and poor ones.
    """
    filled = np.flatnonzero(state[NUMBER] > 0.0)
    parts = _kinds(state, cells, filled, places)
    groups = [(place, *kind) for place, kinds in zip(filled, parts) for kind in kinds]
    if not groups:
        return Particles.none()
    place, portion, rich = (np.repeat(np.array(column), per_class) for column in zip(*groups))
    number, pivot = state[NUMBER, place], cells.solid_volume[place]
    steps = np.tile((np.arange(per_class) + 0.5) / per_class - 0.5, len(groups))
    width = np.diff(cells.grids[0].edges)[place] if len(cells.grids) == 1 else np.zeros(place.size)
    solid = pivot + steps * width
    share = solid / (number * pivot)
    internal, external, gas = (state[quantity, place] * share for quantity in (INTERNAL, EXTERNAL, GAS))
    return Particles(portion * number / per_class, solid, internal, external, gas, rich * solid)


def _kinds(state: Floats, cells: Cells, filled: np.ndarray, places: Places) -> list[list[tuple[float, float]]]:
    """Of every filled class, portions of its granules and the share of the second solid in them."""
    if places.content == ABSENT:
        shares = cells.components[1, filled] / cells.solid_volume[filled]
        return [[(1.0, float(share))] for share in shares]
    solids = (state[NUMBER] * cells.solid_volume)[filled]
    mean = np.clip(state[places.content, filled] / solids, 0.0, 1.0)
    if places.square == ABSENT:
        return [[(1.0, float(share))] for share in mean]
    spread = np.sqrt(np.clip(state[places.square, filled] / solids - mean**2, 0.0, mean * (1.0 - mean)))
    return [two_kinds(float(m), float(s)) for m, s in zip(mean, spread)]


def two_kinds(mean: float, spread: float) -> list[tuple[float, float]]:
    """Portions and shares with this mean and standard deviation, between nil and one: `mean` of them are rich."""
    if spread == 0.0:
        return [(1.0, mean)]
    rich, poor = mean + spread * ((1.0 - mean) / mean) ** 0.5, mean - spread * (mean / (1.0 - mean)) ** 0.5
    return [(mean, min(rich, 1.0)), (1.0 - mean, max(poor, 0.0))]


def classes_of(bed: Particles, cells: Cells) -> np.ndarray:
    """Class of each particle, (particles,); what lies beyond the grid has classes of its own."""
    axes = [bed.solid] if len(cells.grids) == 1 else list(bed.parts)
    held = np.zeros(bed.count, dtype=np.int64)
    for grid, axis in zip(cells.grids, axes):
        held = held * (grid.edges.size + 1) + np.searchsorted(grid.edges, axis, side="right")
    return held
