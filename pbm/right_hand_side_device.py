"""The right-hand side of the granulation model on a device: the routines of the CPU, side by side.

What a class does alone runs in a thread for each compartment and class; means over the classes of a compartment, layers
and drops that make nuclei in one for each compartment. `pbm.pools_device` and `pbm.sharing_device` say the rest. Events
are booked by compartment and class, and by compartment behind all classes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from compute.physics import routine
from pbm.clock_device import LENGTH, SPEED, SPRAY
from pbm.compartments import cross_border_at, mix
from pbm.grid import Floats
from pbm.layering import deposit, layer_rates
from pbm.model import (
    DISPLACED,
    EVAPORATED,
    GAS_OWED,
    LIMIT,
    NUCLEATED,
    NUCLEI,
    STALE,
    Parameters,
    Tables,
    Workspace,
)
from pbm.program import selection_law
from pbm.right_hand_side import (
    add_merging_loss,
    book_spray,
    caught_spray,
    conditions_of,
    inner_rates,
    largest_loss,
    outer_rates,
    wet_and_size,
)
from pbm.schemes.cell_average import held_conditions, hold_conditions
from pbm.schemes.fragments import make_selection
from pbm.sharing_device import Rates
from pbm.state import describe_class, solids_of
from pbm.views_device import tables_of_class, view, view_class
from pbm.wetting import evaporate, soak_in, spray_on, squeeze_out


@routine
def describe(
    item: int, held: int, state: Floats, parameters: Parameters, tables: Tables, work: Workspace
) -> None:  # fmt: skip
    """Describe the granules of one class; its limit becomes one unless it is held."""
    cells = state.shape[2]
    place, k = item // cells, item % cells
    solids = solids_of(place, state, tables)
    if held == 0:
        work.classes[LIMIT, place, k] = 1.0
    describe_class(place, k, solids, state, parameters, tables, work)
    if k == 0:
        work.solids[place] = solids
        work.counts[cells, place, STALE] = 1.0 if solids > 0.0 else 0.0


@routine
def find_conditions(
    place: int, state: Floats, clock: Floats, parameters: Parameters, tables: Tables, work: Workspace
) -> None:  # fmt: skip
    """Hold what all pairs of a compartment share."""
    if work.solids[place] > 0.0:
        own = view(place, 0, 0, state.shape[2], work)
        speed = clock[SPEED] * tables.speed_share[place]
        hold_conditions(place, conditions_of(place, state, speed, parameters, tables, own), own)


@cache
def make_find_class(selection: str) -> Callable[..., None]:
    """Build the body of the rates of one class without its pairs, for a breakage rate by name."""
    select = routine(make_selection(selection_law(selection)))

    @routine
    def find_class(
        item: int, state: Floats, clock: Floats, parameters: Parameters, tables: Tables, work: Workspace
    ) -> None:
        cells = state.shape[2]
        place, k = item // cells, item % cells
        if work.solids[place] > 0.0:
            conditions = held_conditions(place, work)
            one, own, alone = tables_of_class(k, tables), view_class(place, k, work), state[:, :, k : k + 1]
            wet_and_size(place, alone, conditions.log_mean, parameters, own)
            select(place, conditions, parameters, one, own)
            outer_rates(place, alone, clock[SPRAY], parameters, one, own)
            inner_rates(place, alone, parameters, one, own)

    return find_class


@routine
def find_layers(place: int, state: Floats, tables: Tables, work: Workspace) -> None:
    """Find what passes the edges of all classes of a compartment by layering."""
    if work.solids[place] > 0.0:
        layer_rates(place, state, tables, work)


@routine
def add_loss(item: int, state: Floats, work: Workspace) -> None:
    """Add what merging takes of one class whose pairs have just been pooled."""
    cells = state.shape[2]
    place, k = item // (cells + 1), item % (cells + 1)
    if k == cells:
        work.counts[cells, place, STALE] = 0.0
    elif work.solids[place] > 0.0:
        add_merging_loss(place, view_class(place, k, work))


@routine
def find_losses(place: int, state: Floats, tables: Tables, work: Workspace, loss: Floats) -> None:
    """Fill the largest losses of a compartment, (compartments, 2)."""
    loss[place, 0], loss[place, 1] = 0.0, 0.0
    if work.solids[place] > 0.0:
        loss[place, 0], loss[place, 1] = largest_loss(place, state, tables, work)


@routine
def lay_on(place: int, state: Floats, tables: Tables, work: Workspace, rates: Rates) -> None:
    """Lay powder on the granules of a compartment."""
    if work.solids[place] > 0.0:
        deposit(place, state, tables, work, rates.change, rates.booked[:, place, state.shape[2]])


@routine
def coat_class(
    item: int, state: Floats, clock: Floats, parameters: Parameters, tables: Tables, work: Workspace, rates: Rates
) -> None:
    """Spray on one class, where drops make no nuclei of any."""
    cells = state.shape[2]
    place, k = item // cells, item % cells
    if work.solids[place] > 0.0:
        liquid = caught_spray(place, clock[SPRAY], parameters, tables, work)
        one, own = tables_of_class(k, tables), view_class(place, k, work)
        change = rates.change[:, :, k : k + 1]
        spray_on(place, state[:, :, k : k + 1], liquid, parameters, one, own, change)
        if k == 0:
            book_spray(liquid, parameters, rates.booked[:, place, cells])


@routine
def spray_bed(
    place: int, state: Floats, clock: Floats, parameters: Parameters, tables: Tables, work: Workspace, rates: Rates
) -> None:
    """Spray on a compartment."""
    if work.solids[place] > 0.0:
        own, booked = view(place, 0, 0, state.shape[2], work), rates.booked[:, place, state.shape[2]]
        liquid = caught_spray(place, clock[SPRAY], parameters, tables, work)
        nuclei, grains, filled = spray_on(place, state, liquid, parameters, tables, own, rates.change)
        booked[NUCLEI] += nuclei
        booked[NUCLEATED] += grains
        booked[DISPLACED] += filled
        book_spray(liquid, parameters, booked)


@routine
def dry_class(
    item: int, state: Floats, parameters: Parameters, tables: Tables, work: Workspace, rates: Rates
) -> None:  # fmt: skip
    """Evaporation, consolidation, feed and outlet of one class."""
    cells = state.shape[2]
    place, k = item // cells, item % cells
    one, own, alone = tables_of_class(k, tables), view_class(place, k, work), state[:, :, k : k + 1]
    change, booked = rates.change[:, :, k : k + 1], rates.booked[:, place, k]
    if work.solids[place] > 0.0:
        booked[EVAPORATED] += evaporate(place, alone, parameters, one, own, change)
        expelled, owed = squeeze_out(place, alone, parameters, one, own, change)
        booked[DISPLACED] += expelled
        booked[GAS_OWED] += owed
    cross_border_at(place, alone, one, own, change, booked)


@routine
def mix_class(k: int, state: Floats, tables: Tables, work: Workspace, rates: Rates) -> None:
    """Exchange the granules of one class between compartments."""
    mix(state[:, :, k : k + 1], tables, view_class(0, k, work), rates.change[:, :, k : k + 1])


@routine
def absorb_class(item: int, state: Floats, clock: Floats, work: Workspace, rates: Rates) -> None:
    """Add the absorption of the film of one class, implicitly over the step, or explicitly for a step of nil."""
    cells, step = state.shape[2], clock[LENGTH]
    place, k = item // cells, item % cells
    if work.solids[place] > 0.0:
        own, change = view_class(place, k, work), rates.change[:, :, k : k + 1]
        rates.booked[DISPLACED, place, k] += soak_in(place, state[:, :, k : k + 1], step, own, change)
