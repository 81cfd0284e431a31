"""What a user reads of a state: class fractions, percentiles, means, moisture, porosity, and whether the law holds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pbm.distribution import mean_diameter, percentile
from pbm.grid import Floats, diameter_of
from pbm.law import KernelLaw
from pbm.model import EXTERNAL, GAS, INTERNAL, NUMBER, Parameters, Tables
from pbm.places import ABSENT

STATE_MARGIN = 0.05
"""How far z may leave [0, 1] before the state counts as outside the design."""
CLAMPED_LIMIT = 0.5
"""Share of the granule volume beyond the design's size ratios above which sizes are outside, if no other is given."""


class Outputs(NamedTuple):
    """Values of one state; sizes [m], of granules with their pores."""

    fractions: Floats  # by granule volume, (sizes,)
    d10: float
    d50: float
    d90: float
    d32: float
    d43: float
    moisture: float  # liquid over dry solids, by mass
    porosity: float  # pores over granule volume
    top_fraction: float  # share of the granule volume in the top class
    second_share: float  # of the second solid in all solids, nil where there is none
    second_shares: Floats  # the same by class of sizes, not a number in empty ones, (sizes,)
    second_scatter: Floats  # its standard deviation among granules of a class by their solids, if known, (sizes,)
    moisture_scatter: float  # standard deviation of the moisture among all granules by their solids, if followed
    moisture_scatters: Floats  # the same among granules of a class, (sizes,)


class DesignFlags(NamedTuple):
    """Whether speed and state lie where the kernel law was measured, and by how much."""

    speed_outside: bool
    state_outside: bool  # z outside [0, 1]
    sizes_outside: bool  # more of the volume than the limit beyond the size ratios of the design
    state: float  # z before clamping
    clamped_share: float  # of the granule volume

    @property
    def any(self) -> bool:
        """True if anything is outside."""
        return self.speed_outside or self.state_outside or self.sizes_outside


def outputs_of(state: Floats, parameters: Parameters, tables: Tables) -> Outputs:
    """Outputs of the whole granulator, its compartments taken together; not a number where it is empty.

    Percentiles are linear in ln d over the cell edges; edges carry the mean pore ratio, granule over solid volume.
    """
    if not np.any(state[:, NUMBER] > 0.0):
        nothing = np.full(tables.log_edge_diameter.size - 1, np.nan)
        return Outputs(nothing, *(float("nan"),) * 9, nothing, nothing, float("nan"), nothing)
    number, inner, outer, gas = state.sum(axis=0)[[NUMBER, INTERNAL, EXTERNAL, GAS]]
    second = second_solid(state, tables)
    solids = number * tables.solid_volume
    volumes = solids + inner + gas
    pores, liquid = float((inner + gas).sum()), float((inner + outer).sum())
    total = float(solids.sum())
    by_size = np.bincount(tables.size_class, volumes, tables.log_edge_diameter.size - 1)
    cumulative = np.concatenate(([0.0], np.cumsum(by_size)))
    log_edges = tables.log_edge_diameter + np.log(float(volumes.sum()) / total) / 3.0
    sizes = _sizes(number, volumes)
    return Outputs(
        by_size / volumes.sum(),
        percentile(cumulative, log_edges, 0.1),
        percentile(cumulative, log_edges, 0.5),
        percentile(cumulative, log_edges, 0.9),
        mean_diameter(number, sizes, 3, 2),
        mean_diameter(number, sizes, 4, 3),
        parameters.liquid_density * liquid / (parameters.solid_density * total),
        pores / (total + pores),
        float(volumes[top_classes(tables)].sum() / volumes.sum()),
        float(second.sum() / total),
        shares_by_size(second, solids, tables),
        scatter_by_size(state, tables),
        *moisture_scatter(state, parameters, tables),
    )


def second_solid(state: Floats, tables: Tables) -> Floats:
    """Volume of the second solid in each class [m3], lumped or by its own grid, (classes,); nil where there is none."""
    if tables.places.content != ABSENT:
        return np.asarray(state[:, tables.places.content].sum(axis=0))
    return np.asarray(state[:, NUMBER].sum(axis=0) * tables.component[1])


def scatter_by_size(state: Floats, tables: Tables) -> Floats:
    """Standard deviation of the share of the second solid by class of sizes, weighted with solids, (sizes,).

    Of two grids, and of a lumped solid whose scatter is followed; else not a number.
    """
    number, second = state[:, NUMBER].sum(axis=0), second_solid(state, tables)
    solids = number * tables.solid_volume
    if tables.places.content == ABSENT:
        squares = second * tables.component[1] / tables.solid_volume
    else:
        squares = _squares(state, tables.places.square)
    means, mean_squares = (shares_by_size(each, solids, tables) for each in (second, squares))
    return np.sqrt(np.maximum(mean_squares - means**2, 0.0))


def _squares(state: Floats, place: int) -> Floats:
    """Sums of squares of each class [m3], not a number where they are not followed, (classes,)."""
    return np.full(state.shape[2], np.nan) if place == ABSENT else np.asarray(state[:, place].sum(axis=0))


def moisture_scatter(state: Floats, parameters: Parameters, tables: Tables) -> tuple[float, Floats]:
    """Standard deviation of the moisture, liquid over dry solids by mass, among all granules, weighted with solids, and
    among those of each class of sizes, (sizes,); not a number where it is not followed.
    """
    number, inner, outer = state.sum(axis=0)[[NUMBER, INTERNAL, EXTERNAL]]
    solids, liquid, squares = number * tables.solid_volume, inner + outer, _squares(state, tables.places.wetness)
    ratio = parameters.liquid_density / parameters.solid_density
    means, mean_squares = (shares_by_size(each, solids, tables) for each in (liquid, squares))
    mean, mean_square = float(liquid.sum() / solids.sum()), float(squares.sum() / solids.sum())
    spread = float(np.sqrt(np.maximum(mean_square - mean**2, 0.0)))
    return ratio * spread, ratio * np.sqrt(np.maximum(mean_squares - means**2, 0.0))


def shares_by_size(part: Floats, whole: Floats, tables: Tables) -> Floats:
    """A part of each class over the whole, by class of sizes; not a number where a class is empty, (sizes,)."""
    size = tables.log_edge_diameter.size - 1
    over, under = (np.bincount(tables.size_class, each, size) for each in (part, whole))
    return np.divide(over, under, out=np.full(size, np.nan), where=under > 0.0)


def design_flags(
    state: Floats,
    speed: float,
    law: KernelLaw,
    parameters: Parameters,
    tables: Tables,
    clamped_limit: float = CLAMPED_LIMIT,
    values: Outputs | None = None,
) -> DesignFlags:
    """Say whether an impeller speed [rad/s] and a state lie inside the design of a kernel law.

    clamped_limit: share of the granule volume beyond the design's size ratios from which sizes are outside
    values: outputs of the state, if they are known
    """
    values = outputs_of(state, parameters, tables) if values is None else values
    if not np.any(state[:, NUMBER] > 0.0):
        return DesignFlags(not law.speed_low <= speed <= law.speed_high, False, False, 0.0, 0.0)
    stage = (np.log(values.d50) - parameters.log_feed_size) / parameters.log_growth_span
    total = state.sum(axis=0)
    sizes = _sizes(total[NUMBER], tables.solid_volume * total[NUMBER] + total[INTERNAL] + total[GAS])
    ratio = sizes / values.d32
    beyond = (ratio < law.size_ratio_low) | (ratio > law.size_ratio_high)
    volumes = tables.solid_volume * total[NUMBER] + total[INTERNAL] + total[GAS]
    clamped = float(volumes[beyond].sum() / volumes.sum())
    return DesignFlags(
        not law.speed_low <= speed <= law.speed_high,
        not -STATE_MARGIN <= stage <= 1.0 + STATE_MARGIN,
        clamped > clamped_limit,
        float(stage),
        clamped,
    )


def top_classes(tables: Tables) -> np.ndarray:
    """Where a class is the top one of a component, shape (classes,)."""
    return np.asarray(np.any((tables.component > 0.0) & np.isinf(tables.up), axis=0))


def _sizes(number: Floats, volumes: Floats) -> Floats:
    """Granule diameters [m] of classes; any size for an empty class, whose number is nil."""
    return diameter_of(np.divide(volumes, number, out=np.ones_like(volumes), where=number > 0.0))
