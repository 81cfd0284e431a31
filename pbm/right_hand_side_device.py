"""The right-hand side and steps of the granulation model on a device: the routines of the CPU, side by side.

What belongs to a compartment alone runs in a thread for each, exchange in one for each class; of pairs says
`pbm.pools_device`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from compute.physics import physics, routine
from pbm.compartments import cross_border_at, mix
from pbm.grid import Floats
from pbm.layering import layer_rates
from pbm.model import BOOKED, DISPLACED, STALE, Parameters, Tables, Workspace
from pbm.pools_device import view, view_of
from pbm.program import selection_law
from pbm.right_hand_side import (
    add_merging_loss,
    change_inside,
    conditions_of,
    inner_rates,
    largest_loss,
    limit_losses,
    outer_rates,
    wet_and_size,
)
from pbm.schemes.cell_average import hold_conditions
from pbm.schemes.fragments import make_selection
from pbm.stages import Scratch, blend, settle
from pbm.state import describe_granules
from pbm.wetting import soak_in


class Inputs(NamedTuple):
    """What the rates depend on beside state and model."""

    speed: float  # of the impeller [rad/s]
    spray: float  # [kg/s]


class Rates(NamedTuple):
    """Results of the right-hand side."""

    change: Floats  # [1/s, m3/s], shape of the state
    booked: Floats  # rates of the ledger by compartment, (compartments, BOOKED)
    loss: Floats  # largest relative losses [1/s] of `largest_loss`, (compartments, 2)


@cache
def make_describe(selection: str) -> Callable[..., None]:
    """Build the body of all that comes before the pairs, for a breakage rate by name; limits become one."""
    select = routine(make_selection(selection_law(selection)))

    @routine
    def describe(
        place: int, state: Floats, inputs: Inputs, parameters: Parameters, tables: Tables, work: Workspace
    ) -> None:
        own = view(place, 0, 0, state.shape[2], work)
        own.counts[place, STALE] = 0.0
        if describe_granules(place, state, parameters, tables, own, False) > 0.0:
            conditions = conditions_of(place, state, inputs.speed * tables.speed_share[place], parameters, tables, own)
            wet_and_size(place, state, conditions.log_mean, parameters, own)
            select(place, conditions, parameters, tables, own)
            outer_rates(place, state, inputs.spray, parameters, tables, own)
            inner_rates(place, state, parameters, tables, own)
            layer_rates(place, state, tables, own)
            hold_conditions(place, conditions, own)
            own.counts[place, STALE] = 1.0

    return describe


@routine
def find_losses(place: int, state: Floats, tables: Tables, work: Workspace, rates: Rates) -> None:
    """Find the losses of a compartment whose pairs have just been pooled."""
    rates.loss[place, 0] = 0.0
    rates.loss[place, 1] = 0.0
    if work.solids[place] > 0.0:
        add_merging_loss(place, view(place, 0, 0, state.shape[2], work))
        rates.loss[place, 0], rates.loss[place, 1] = largest_loss(place, state, tables, work)


@routine
def find_change(
    place: int, state: Floats, inputs: Inputs, parameters: Parameters, tables: Tables, work: Workspace, rates: Rates
) -> None:
    """Turn the rates of a compartment into its change, all but what exchange and absorption do."""
    cells, booked = state.shape[2], rates.booked[place]
    for quantity in range(state.shape[1]):
        for k in range(cells):
            rates.change[place, quantity, k] = 0.0
    for event in range(BOOKED):
        booked[event] = 0.0
    own = view(place, 0, work.met.shape[1] - 1, cells, work)
    if work.solids[place] > 0.0:
        change_inside(place, state, inputs.spray, parameters, tables, own, rates.change, booked)
    cross_border_at(place, state, tables, own, rates.change, booked)


@routine
def mix_class(k: int, state: Floats, tables: Tables, work: Workspace, rates: Rates) -> None:
    """Exchange the granules of one class between compartments."""
    one = view_of(work.classes[:, :, k : k + 1], work.counts[0], 0, 0, 0, work)
    mix(state[:, :, k : k + 1], tables, one, rates.change[:, :, k : k + 1])


@routine
def absorb_at(place: int, state: Floats, step: float, work: Workspace, rates: Rates) -> None:
    """Add the absorption of the films of a compartment, implicitly over `step` [s], or explicitly for a step of nil."""
    if work.solids[place] > 0.0:
        soaked = soak_in(place, state, step, view(place, 0, 0, 0, work), rates.change)
        rates.booked[place, DISPLACED] += soaked


@routine
def limit_at(place: int, step: float, work: Workspace) -> None:
    """Limit the losses of a compartment for a step [s]."""
    counts = work.counts[work.counts.shape[0] - 1, place : place + 1]
    limit_losses(step, view_of(work.classes[:, place : place + 1], counts, place, 0, 0, work))


@physics
def scratch_at(place: int, scratch: Scratch) -> Scratch:
    """The scratch of a step that belongs to one compartment."""
    here = slice(place, place + 1)
    return Scratch(
        scratch.rate[:, here], scratch.booked, scratch.level, scratch.ledger, scratch.trial[here], scratch.moves,
        scratch.weights, scratch.leaving, scratch.soaking, scratch.films,
    )  # fmt: skip


@routine
def blend_at(place: int, state: Floats, step: float, first: float, second: float, scratch: Scratch) -> None:
    """Put together the trial state of a compartment."""
    blend(state[place : place + 1], step, first, second, scratch_at(place, scratch))


@routine
def settle_at(place: int, state: Floats, step: float, scratch: Scratch, rates: Rates, ledger: Floats) -> None:
    """Take the trial state of a compartment over, and book the step with its two rates in `rates.booked`."""
    settle(state[place : place + 1], scratch.trial[place : place + 1])
    for event in range(BOOKED):
        ledger[place, event] += 0.5 * step * (rates.booked[place, event] + scratch.booked[place, event])
