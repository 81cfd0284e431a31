"""The right-hand side of the granulation model: every mechanism, compartment by compartment.

Two passes. `prepare` derives the granules of each class and all relative rates of loss; `change` turns rates into
dN/dt, dI/dt, dE/dt, dG/dt and books the events. Between them `limit_losses` may hold back losses that one step cannot
resolve: each loss of class k is multiplied by limit_k = min(1, MOST_LOST/(step loss_k)), pairs by both partners'. Every
merger stays whole, so balances hold whatever the limit, and no step of this length can empty a class.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from compute.physics import routine
from pbm.aggregation.dem import encounter_prefactor, size_factor
from pbm.aggregation.sticking import log_film, log_pair_speed, wet_share
from pbm.breakage import hit_prefactor
from pbm.compartments import cross_border, mix
from pbm.consolidation import published_squeeze_rate, squeeze_rate
from pbm.grid import Floats
from pbm.layering import deposit, layer_rates
from pbm.liquid import absorption_coefficient, addition, caught_share
from pbm.model import (
    ABSORPTION,
    DIAMETER,
    DISPLACED,
    EVAPORATED,
    EXTERNAL,
    FRAGMENTED,
    GAS,
    GAS_OWED,
    INTERNAL,
    LIMIT,
    LIQUID_LOST,
    LOG_DIAMETER,
    LOG_FILM,
    LOSS,
    MERGED,
    MERGERS,
    MOST_LOST,
    NUCLEATED,
    NUCLEI,
    NUMBER,
    OVERFLOW_NUMBER,
    OVERFLOW_VOLUME,
    SELECTION,
    SIZE_FACTOR,
    SPRAYED,
    SQUEEZE,
    STALE,
    SURPLUS_NUMBER,
    SURPLUS_VOLUME,
    VANISHED,
    WET_SHARE,
    Conditions,
    Parameters,
    Tables,
    Workspace,
)
from pbm.nucleation import nucleation_loss
from pbm.places import ABSENT
from pbm.schemes.cell_average import hold_conditions
from pbm.schemes.fragments import shatter
from pbm.schemes.lumped import share_lumped
from pbm.schemes.sharing import share_pools
from pbm.state import describe_granules, median_log_diameter, surface_mean_log_diameter
from pbm.wetting import evaporate, soak_in, spray_on, squeeze_out

MINOR_SHARE = 1e-3
"""Classes with less than this share of the solids do not set the step of the fixed rule; their losses are limited."""


@routine
def conditions_of(
    place: int, state: Floats, speed: float, parameters: Parameters, tables: Tables, work: Workspace
) -> Conditions:
    """What all pairs of a compartment share at this state and impeller speed [rad/s]; nothing moves at rest."""
    log_mean = surface_mean_log_diameter(place, state, work.classes)
    log_median = median_log_diameter(place, state, tables, work)
    growth = (log_median - parameters.log_feed_size) / parameters.log_growth_span
    stage = min(max(growth, 0.0), 1.0)
    moving = 1.0 if speed > 0.0 else 0.0
    log_speed = math.log(speed / parameters.reference_speed) if speed > 0.0 else 0.0
    return Conditions(
        moving * encounter_prefactor(log_speed, stage, parameters),
        math.log(parameters.viscous_factor),
        log_pair_speed(log_speed, stage, parameters),
        math.log(2.0) + log_mean,
        log_mean,
        moving * hit_prefactor(log_speed, stage, parameters),
        speed * parameters.tip_radius,
    )


@routine
def wet_and_size(place: int, state: Floats, log_mean: float, parameters: Parameters, work: Workspace) -> None:
    """Fill the size factor and the wetness of every class."""
    classes = work.classes
    for k in range(state.shape[2]):
        if work.present[place, k] > 0.0:
            diameter = classes[DIAMETER, place, k]
            film = state[place, EXTERNAL, k] / (math.pi * diameter * diameter * state[place, NUMBER, k])
            classes[WET_SHARE, place, k] = wet_share(film, parameters)
            classes[LOG_FILM, place, k] = log_film(film, parameters)
            classes[SIZE_FACTOR, place, k] = size_factor(classes[LOG_DIAMETER, place, k], log_mean, parameters)


@routine
def inner_rates(place: int, state: Floats, parameters: Parameters, tables: Tables, work: Workspace) -> None:
    """Fill absorption and consolidation of every class, and add the losses by consolidation and evaporation."""
    classes, ratio, rate = work.classes, parameters.minimum_pore_ratio, parameters.consolidation_rate
    for k in range(state.shape[2]):
        pores = state[place, INTERNAL, k] + state[place, GAS, k] if state[place, NUMBER, k] > VANISHED else 0.0
        solids = tables.solid_volume[k] * state[place, NUMBER, k]
        classes[ABSORPTION, place, k] = absorption_coefficient(pores, parameters.absorption_time)
        squeezed = squeeze_rate(pores, solids * ratio, rate)
        if parameters.published_squeeze > 0.0:
            liquid = state[place, INTERNAL, k] + state[place, EXTERNAL, k]
            squeezed = published_squeeze_rate(solids, liquid, state[place, GAS, k], ratio, rate)
        classes[SQUEEZE, place, k] = squeezed
        drying = parameters.evaporation_speed / parameters.film_thickness
        drying *= 2.0 if tables.places.wetness != ABSENT else 1.0
        classes[LOSS, place, k] += max(squeezed, 0.0) + drying


@routine
def caught_spray(place: int, spray: float, parameters: Parameters, tables: Tables, work: Workspace) -> float:
    """Liquid [m3/s] that the powder of a compartment gets of a spray [kg/s]."""
    share = tables.spray_share[place] * caught_share(work.solids[place], tables.spray_cover)
    return addition(spray, share, parameters.addition_density)


@routine
def outer_rates(place: int, state: Floats, spray: float, p: Parameters, tables: Tables, work: Workspace) -> None:
    """Set the loss of every class to what breakage, nucleation and outflow take."""
    liquid = caught_spray(place, spray, p, tables, work)
    taken = nucleation_loss(liquid, p.drop_volume, p.nucleus_solids, work.solids[place])
    outflow = 0.0 if tables.coupled == 1 else tables.outflow[place]
    for k in range(state.shape[2]):
        other = tables.powder[k] * taken + outflow
        work.classes[LOSS, place, k] = work.classes[SELECTION, place, k] + other


@routine
def largest_loss(place: int, state: Floats, tables: Tables, work: Workspace) -> tuple[float, float]:
    """Largest relative loss of a compartment's classes [1/s] with faint ones weighted down, and with minor ones so."""
    largest, weighted = 0.0, 0.0
    for k in range(state.shape[2]):
        if work.present[place, k] > 0.0:
            loss = work.classes[LOSS, place, k]
            share = tables.solid_volume[k] * state[place, NUMBER, k] / work.solids[place]
            largest = max(largest, loss * min(1.0, share / tables.faint))
            weighted = max(weighted, loss * min(1.0, share / MINOR_SHARE))
    return largest, weighted


def make_prepare(pool: Callable[..., None], selection: Callable[..., None]) -> Callable[..., tuple[float, float]]:
    """Build the first pass: fills `work`, with all limits set to one unless they are held. It returns the largest
    relative loss of any class but by absorption [1/s], faint classes weighted down, and the same with classes of less
    than MINOR_SHARE of the solids weighted down; both are continuous in the state.
    """

    def prepare(
        state: Floats, speed: float, spray: float, parameters: Parameters, tables: Tables, work: Workspace, held: bool
    ) -> tuple[float, float]:
        largest, weighted = 0.0, 0.0
        for place in range(state.shape[0]):
            if describe_granules(place, state, parameters, tables, work, held) > 0.0:
                conditions = conditions_of(place, state, speed * tables.speed_share[place], parameters, tables, work)
                wet_and_size(place, state, conditions.log_mean, parameters, work)
                selection(place, conditions, parameters, tables, work)
                outer_rates(place, state, spray, parameters, tables, work)
                inner_rates(place, state, parameters, tables, work)
                layer_rates(place, state, tables, work)
                hold_conditions(place, conditions, work)
                pool(place, state, parameters, tables, work)
                add_merging_loss(place, work)
                here = largest_loss(place, state, tables, work)
                largest, weighted = max(largest, here[0]), max(weighted, here[1])
        return largest, weighted

    return prepare


@routine
def add_merging_loss(place: int, work: Workspace) -> None:
    """Add what merging and growth take from each class; its pairs have just been pooled."""
    work.counts[place, STALE] = 0.0
    for k in range(work.drain.shape[1]):
        work.classes[LOSS, place, k] += work.drain[place, k] + work.outgrown[place, k]


@routine
def limit_losses(step: float, work: Workspace) -> None:
    """Multiply limit_k by min(1, MOST_LOST/(step loss_k)) for a step of this length [s]."""
    loss, limit = work.classes[LOSS], work.classes[LIMIT]
    for place in range(loss.shape[0]):
        for k in range(loss.shape[1]):
            if step * loss[place, k] > MOST_LOST:
                limit[place, k] *= MOST_LOST / (step * loss[place, k])
                work.counts[place, STALE] = 1.0


@routine
def book_pools(place: int, work: Workspace, booked: Floats) -> None:
    """Add the mergers of a compartment to the ledger."""
    booked[MERGED] += work.counts[place, MERGERS]
    booked[OVERFLOW_NUMBER] += work.counts[place, SURPLUS_NUMBER]
    booked[OVERFLOW_VOLUME] += work.counts[place, SURPLUS_VOLUME]


@routine
def book_spray(liquid: float, parameters: Parameters, booked: Floats) -> None:
    """Add the spray that brings a compartment this liquid [m3/s] to the ledger."""
    sprayed = liquid * (parameters.addition_density / parameters.liquid_density)
    booked[SPRAYED] += sprayed
    booked[LIQUID_LOST] += sprayed - liquid


@routine
def change_inside(
    place: int, state: Floats, spray: float, parameters: Parameters, tables: Tables, work: Workspace, change: Floats,
    booked: Floats,
) -> None:  # fmt: skip
    """Add what happens inside a compartment that is not empty, whose pairs are pooled, to its change and the ledger."""
    book_pools(place, work, booked)
    share_pools(place, state, tables, work, change)
    share_lumped(place, state, tables, work, change)
    booked[FRAGMENTED] += shatter(place, state, tables, work, change)
    deposit(place, state, tables, work, change, booked)
    liquid = caught_spray(place, spray, parameters, tables, work)
    nuclei, grains, filled = spray_on(place, state, liquid, parameters, tables, work, change)
    booked[NUCLEI] += nuclei
    booked[NUCLEATED] += grains
    book_spray(liquid, parameters, booked)
    booked[EVAPORATED] += evaporate(place, state, parameters, tables, work, change)
    expelled, owed = squeeze_out(place, state, parameters, tables, work, change)
    booked[DISPLACED] += filled + expelled
    booked[GAS_OWED] += owed


def make_change(pool: Callable[..., None]) -> Callable[..., None]:
    """Build the second pass: `change` [1/s, m3/s] of the state, and the rates of the ledger in `booked`.

    `change_of(state, spray, parameters, tables, work, change, booked)`: all but absorption, which `absorb` adds where
    it is not taken with transport. Pairs are pooled again where limits have changed since.
    """

    def change_of(
        state: Floats,
        spray: float,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
        change: Floats,
        booked: Floats,
    ) -> None:
        change[:] = 0.0
        booked[:] = 0.0
        for place in range(state.shape[0]):
            if work.solids[place] > 0.0:
                if work.counts[place, STALE] > 0.0:
                    pool(place, state, parameters, tables, work)
                    work.counts[place, STALE] = 0.0
                change_inside(place, state, spray, parameters, tables, work, change, booked)
        cross_border(state, tables, work, change, booked)
        if tables.coupled == 0:
            mix(state, tables, work, change)

    return change_of


@routine
def absorb(state: Floats, step: float, work: Workspace, change: Floats, booked: Floats) -> None:
    """Add absorption to the change of a state, implicitly over `step` [s], or explicitly for a step of nil."""
    for place in range(state.shape[0]):
        if work.solids[place] > 0.0:
            booked[DISPLACED] += soak_in(place, state, step, work, change)
