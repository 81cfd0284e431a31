"""What a granulation launches on a device: right-hand sides, trials of the extrapolation, steps of the fixed rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from compute.base import Backend, Launch
from compute.packed import WIDTH
from pbm.clock_device import aim, end_step, judge, make_course, pace, write_row
from pbm.model import BOOKED, Parameters, Tables
from pbm.places import QUANTITIES
from pbm.pools_device import (
    begin_class,
    make_arrivals,
    make_device_workspace,
    make_find_rates,
    pool_cell,
    pool_lumped_solid,
    sum_pairs,
)
from pbm.right_hand_side_device import (
    absorb_class,
    add_loss,
    coat_class,
    describe,
    dry_class,
    find_conditions,
    find_layers,
    find_losses,
    lay_on,
    make_find_class,
    mix_class,
    spray_bed,
)
from pbm.sharing_device import Rates, begin_change, break_class, make_neighbours, share_lumped_solid
from pbm.solve import RECORD_ROWS
from pbm.stages import LEVELS
from pbm.stages_device import (
    add_up_events,
    add_up_trial,
    begin_step,
    blend_class,
    extrapolate_class,
    find_error,
    find_moves,
    find_worst,
    limit_class,
    make_device_scratch,
    mix_trial,
    move_class,
    settle_blend,
    settle_class,
    soak_films,
    step_level,
    take_moved,
)

Launches = list[Launch]


def on_backend(values: Any, backend: Backend) -> Any:
    """Tuples of arrays and numbers with their arrays on a backend."""
    if isinstance(values, np.ndarray):
        return backend.array(values)
    if isinstance(values, tuple):
        each = [on_backend(value, backend) for value in values]
        return type(values)(*each) if hasattr(values, "_fields") else tuple(each)
    return values


class DeviceModel:
    """One model on a device, and the launches of its parts.

    laws: names of rate constant, sticking law and breakage rate
    Attributes: state, level states and trial are where the launches work; `feed` may be overwritten in place.
    """

    def __init__(self, backend: Backend, laws: tuple[str, str, str], parameters: Parameters, tables: Tables) -> None:
        self.backend, self.parameters = backend, parameters
        self.shape = tables.feed.shape
        places, quantities, classes = self.shape
        self.tables = on_backend(tables, backend)
        self.state = backend.zeros(self.shape)
        self.course = make_course(backend, places, classes, RECORD_ROWS)
        self.scratch = make_device_scratch(backend, places, quantities, classes)
        self.stages = [Rates(self.scratch.rate[stage], self.scratch.booked[stage]) for stage in range(2)]
        self._places, self._classes, self._each, self._rows = places, classes, places * classes, places * (classes + 1)
        self._pairs = int(tables.merging.target.size)
        self._arrivals = on_backend(make_arrivals(tables.merging), backend)
        self._near = on_backend(make_neighbours(tables), backend)
        self.work = make_device_workspace(backend, tables)
        self._packs = int(self.work.row.shape[2]) // WIDTH
        self._find_rates, self._find_class = make_find_rates(*laws[:2]), make_find_class(laws[2])
        self._lumped, self._layers = quantities > QUANTITIES, tables.deposition.limiter >= 0
        self._nuclei = bool(np.any(tables.powder > 0.0))

    def prepare(self, state: Any, held: bool = False) -> Launches:
        """Derive granules and rates of a state; limits become one unless they are held."""
        clock, model, tables, work = self.course.clock, self.parameters, self.tables, self.work
        return [
            Launch(describe, self._each, (int(held), state, model, tables, work)),
            Launch(find_conditions, self._places, (state, clock, model, tables, work)),
            Launch(self._find_class, self._each, (state, clock, model, tables, work)),
            *self._if(self._layers, Launch(find_layers, self._places, (state, tables, work))),
            *self._pool(state),
            Launch(add_loss, self._rows, (state, work)),
        ]

    def losses(self, state: Any) -> Launches:
        """Find the largest losses of a prepared state."""
        return [Launch(find_losses, self._places, (state, self.tables, self.work, self.course.loss))]

    def limit(self, state: Any, parts: int = 1) -> Launches:
        """Limit the losses of a prepared state for one of so many parts of the step."""
        return [Launch(limit_class, self._each, (float(parts), state, self.course, self.work, self.scratch))]

    def fill(self, state: Any, stage: int = 0) -> Launches:
        """Fill change and ledger of a stage, all but absorption."""
        rates, tables, work, each = self.stages[stage], self.tables, self.work, self._each
        moist = (state, self.course.clock, self.parameters, tables, work, rates)
        return [
            *self._pool(state),
            Launch(begin_change, self._rows, (state, tables, self._near, work, rates)),
            *self._if(self._lumped, Launch(share_lumped_solid, self._places, (state, tables, work, rates))),
            Launch(break_class, each, (state, tables, self._near, work, rates)),
            *self._if(self._layers, Launch(lay_on, self._places, (state, tables, work, rates))),
            Launch(spray_bed, self._places, moist) if self._nuclei else Launch(coat_class, each, moist),
            Launch(dry_class, each, (state, self.parameters, tables, work, rates)),
            *self._if(
                tables.coupled == 0 and self._places > 1, Launch(mix_class, self._classes, (state, tables, work, rates))
            ),
        ]

    def absorb(self, state: Any, stage: int = 0) -> Launches:
        """Add absorption, implicitly over the step."""
        return [Launch(absorb_class, self._each, (state, self.course.clock, self.work, self.stages[stage]))]

    def trial(self) -> Launches:
        """One trial of the adaptive integration from a prepared state, as `pbm.integrate.make_advance` states it."""
        course, scratch, tables = self.course, self.scratch, self.tables
        launches = [
            Launch(aim, 1, (course,)),
            Launch(begin_step, self._rows, (self.state, scratch)),
            *self.limit(self.state),
            *self.fill(self.state),
            *self._if(tables.coupled == 1, Launch(find_moves, LEVELS, (course, tables, scratch))),
        ]
        for level in range(LEVELS):
            launches += self._euler(level)
        for level in range(1, LEVELS):
            here = scratch.level[level]
            again = [*self.prepare(here, held=True), *self.limit(here, level + 1), *self.fill(here)]
            launches += [*again, *self._euler(level)] * level
        return [*launches, *self._decide(), *self.prepare(self.state), *self.losses(self.state)]

    def fixed_step(self) -> Launches:
        """One step of the fixed rule from a prepared state, as `pbm.integrate.make_fixed_rule` states it."""
        state, trial, course, scratch = self.state, self.scratch.trial, self.course, self.scratch
        return [
            Launch(pace, 1, (course,)),
            *self.limit(state),
            *self.fill(state, 0),
            *self.absorb(state, 0),
            Launch(blend_class, self._each, (1.0, 0.0, state, course, scratch)),
            *self.prepare(trial),
            *self.limit(trial),
            *self.fill(trial, 1),
            *self.absorb(trial, 1),
            Launch(blend_class, self._each, (0.5, 0.5, state, course, scratch)),
            Launch(settle_blend, self._rows, (state, course, scratch)),
            Launch(end_step, 1, (course,)),
            *self.prepare(state),
            *self.losses(state),
        ]

    def _decide(self) -> Launches:
        """Extrapolate, find the error, and take the trial over where it is accepted."""
        course, scratch, tables = self.course, self.scratch, self.tables
        return [
            Launch(extrapolate_class, self._each, (self.state, course, scratch)),
            Launch(find_worst, self._places, (0, course)),
            Launch(mix_trial, self._each, (course, scratch)),
            Launch(add_up_trial, self._places, (tables, course, scratch)),
            Launch(find_error, self._each, (tables, course, scratch)),
            Launch(find_worst, self._places, (1, course)),
            Launch(judge, 1, (course,)),
            Launch(settle_class, self._rows, (self.state, course, scratch)),
            Launch(add_up_events, self._places * BOOKED, (course,)),
            Launch(write_row, 1, (course,)),
        ]

    def _euler(self, level: int) -> Launches:
        """An Euler step of a level, with absorption and transport."""
        course, scratch, tables = self.course, self.scratch, self.tables
        moved = Launch(move_class, self._each, (level, tables, scratch))
        return [
            Launch(step_level, self._rows, (level, course, scratch)),
            Launch(soak_films, self._classes, (level, course, tables, scratch)),
            *self._if(tables.coupled == 1, moved),
            Launch(take_moved, self._each, (level, tables, scratch)),
        ]

    def _pool(self, state: Any) -> Launches:
        """Pool the pairs of the compartments where that is due."""
        tables, work = self.tables, self.work
        rates = self._each * self._packs
        return [
            Launch(begin_class, self._each, (state, tables, work)),
            Launch(self._find_rates, rates, (state, self.parameters, tables, work)),
            Launch(sum_pairs, self._places * self._pairs * WIDTH, (tables, self._arrivals, work)),
            Launch(pool_cell, self._each, (state, tables, self._arrivals, work)),
            *self._if(self._lumped, Launch(pool_lumped_solid, self._places, (state, tables, work))),
        ]

    @staticmethod
    def _if(wanted: bool, launch: Launch) -> Launches:
        return [launch] if wanted else []
