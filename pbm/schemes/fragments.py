"""Breakage on the classes of a grid: how often the granules of each break, and where their fragments go."""

from __future__ import annotations

from collections.abc import Callable

from compute.packed import WIDTH, spread_row
from compute.physics import routine
from pbm.grid import Floats
from pbm.model import (
    GRANULE_VOLUME,
    LIMIT,
    LOG_DIAMETER,
    MASS,
    NUMBER,
    SELECTION,
    Conditions,
    Parameters,
    Parent,
    Tables,
    Workspace,
)


def make_selection(selection_law: Callable[..., float]) -> Callable[..., None]:
    """Build the loop that fills the breakage rate of every class."""

    def selection(place: int, conditions: Conditions, parameters: Parameters, tables: Tables, work: Workspace) -> None:
        classes, solid = work.classes, tables.solid_volume
        for k in range(solid.size):
            rate = 0.0
            if work.present[place, k] * tables.breakable[k] > 0.0:
                volume, log_diameter = classes[GRANULE_VOLUME, place, k], classes[LOG_DIAMETER, place, k]
                parent = Parent(solid[k], volume, log_diameter, classes[MASS, place, k])
                rate = selection_law(parent, conditions, parameters, tables.selection)
            classes[SELECTION, place, k] = rate

    return selection


@routine
def shatter(place: int, state: Floats, tables: Tables, work: Workspace, change: Floats) -> float:
    """Break granules; what they hold follows the solid volume. Returns the grains gained per second."""
    solid, gained, broken, grains = tables.solid_volume, work.gained, work.met[0], 0.0
    for k in range(solid.size):
        for column in range(WIDTH):
            gained[k, column] = 0.0
    for k in range(solid.size):
        rate = work.classes[SELECTION, place, k] * work.classes[LIMIT, place, k]
        if rate * state[place, NUMBER, k] > 0.0:
            grains += rate * state[place, NUMBER, k] * tables.gained[k]
            for quantity in range(state.shape[1]):
                broken[quantity] = rate * state[place, quantity, k]
                change[place, quantity, k] -= broken[quantity]
            broken[NUMBER] *= solid[k]
            begin, end = tables.fragment_start[k], tables.fragment_start[k + 1]
            spread_row(broken, tables.fragment_share, tables.fragment_class, begin, end, gained)
    for k in range(solid.size):
        change[place, NUMBER, k] += gained[k, NUMBER] / solid[k]
    for quantity in range(1, state.shape[1]):
        for k in range(solid.size):
            change[place, quantity, k] += gained[k, quantity]
    return grains
