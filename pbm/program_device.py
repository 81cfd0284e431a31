"""The program of a granulation on a device, with the entry points of `pbm.program`.

The fixed rule keeps the state on the device over all its steps and reads two numbers of each compartment a step. The
right-hand side takes a state from the host and back, for methods that live there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from compute.base import Backend
from compute.errors import CaseError
from pbm.grid import Floats
from pbm.model import BOOKED, Parameters, Tables, Workspace
from pbm.pools_device import (
    add_up_cells,
    begin_pairs,
    make_arrivals,
    make_device_workspace,
    make_find_rates,
    pool_cell,
    sum_pairs,
)
from pbm.program import Program
from pbm.right_hand_side_device import (
    Inputs,
    Rates,
    absorb_at,
    blend_at,
    find_change,
    find_losses,
    limit_at,
    make_describe,
    mix_class,
    settle_at,
)
from pbm.stages import Scratch, make_scratch


def on_backend(values: Any, backend: Backend) -> Any:
    """Tuples of arrays and numbers with their arrays on a backend."""
    if isinstance(values, np.ndarray):
        return backend.array(values)
    if isinstance(values, tuple):
        each = [on_backend(value, backend) for value in values]
        return type(values)(*each) if hasattr(values, "_fields") else tuple(each)
    return values


class DeviceRates:
    """The right-hand side of one model on a device; laws: names of rate constant, sticking law and breakage rate."""

    def __init__(self, backend: Backend, laws: tuple[str, str, str], parameters: Parameters, tables: Tables) -> None:
        self.each, self.parameters = backend.foreach, parameters
        self.places, self.quantities, self.classes = tables.feed.shape
        self.segments = int(tables.merging.target.size)
        self.tables = on_backend(tables, backend)
        self._arrivals = on_backend(make_arrivals(tables.merging), backend)
        self.work = make_device_workspace(backend, self.places, self.classes, self.segments)
        self._find_rates, self._describe = make_find_rates(*laws[:2]), make_describe(laws[2])

    def prepare(self, state: Any, inputs: Inputs, rates: Rates) -> None:
        """Derive granules and rates of a state, with all limits one, and its largest losses."""
        self.each(self._describe, self.places, state, inputs, self.parameters, self.tables, self.work)
        self._pool(state)
        self.each(find_losses, self.places, state, self.tables, self.work, rates)

    def limit(self, step: float) -> None:
        """Limit all losses for a step [s]."""
        self.each(limit_at, self.places, step, self.work)

    def fill(self, state: Any, step: float, inputs: Inputs, rates: Rates) -> None:
        """Fill change and ledger; step: over which absorption is implicit [s], nil for the plain derivative."""
        each, tables, work = self.each, self.tables, self.work
        self._pool(state)
        each(find_change, self.places, state, inputs, self.parameters, tables, work, rates)
        each(mix_class, self.classes, state, tables, work, rates)
        each(absorb_at, self.places, state, step, work, rates)

    def _pool(self, state: Any) -> None:
        """Pool the pairs of the compartments where that is due."""
        each, tables, work = self.each, self.tables, self.work
        each(begin_pairs, self.places, state, tables, work)
        each(self._find_rates, self.places * self.classes, state, self.parameters, tables, work)
        each(sum_pairs, self.places * self.segments, tables, self._arrivals, work)
        each(pool_cell, self.places * self.classes, state, tables, self._arrivals, work)
        each(add_up_cells, self.places, state, tables, work)


class DeviceProgram:
    """Entry points on a device for one choice of laws; the tables of the last call stay on it."""

    def __init__(self, backend: Backend, laws: tuple[str, str, str]) -> None:
        self.backend, self.laws = backend, laws
        self._last: tuple[Parameters, Tables, DeviceRates] | None = None

    def program(self) -> Program:
        """The entry points."""
        return Program(self.right_hand_side, self.advance, self.fixed_rule)

    def right_hand_side(
        self,
        state: Floats,
        speed: float,
        spray: float,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
        change: Floats,
        booked: Floats,
    ) -> None:
        """Fill `change` and `booked` as `pbm.program.Program` states."""
        model, numpy = self._model(parameters, tables), self.backend.numpy
        here, inputs, rates = self.backend.array(state), Inputs(float(speed), float(spray)), self._rates(model)
        model.prepare(here, inputs, rates)
        model.fill(here, 0.0, inputs, rates)
        change[...] = numpy(rates.change)
        booked[...] = numpy(rates.booked).sum(axis=0)

    def advance(self, *arguments: Any) -> tuple[int, float, float, int]:
        """Refuse: the adaptive reference integration is that of the CPU; raises CaseError."""
        raise CaseError(
            "the extrapolation runs on the CPU alone", key="backend", value=self.backend.name,
            expected="step_fixed_rule, or accuracy=pbm.Stiff(); or no backend",
        )  # fmt: skip

    def fixed_rule(
        self,
        state: Floats,
        duration: float,
        speed: float,
        spray: float,
        longest: float,
        share: float,
        most: int,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
        scratch: Scratch,
        booked: Floats,
    ) -> tuple[int, int]:
        """Move a state on as `pbm.integrate.make_fixed_rule` states, on the device from the first step to the last."""
        backend, model = self.backend, self._model(parameters, tables)
        here, inputs = backend.array(state), Inputs(float(speed), float(spray))
        stages = make_scratch(model.places, model.classes, model.quantities)
        stages = on_backend(stages._replace(booked=np.zeros((model.places, BOOKED))), backend)
        first = Rates(stages.rate[0], stages.booked, backend.zeros((model.places, 2)))
        second = self._rates(model)._replace(change=stages.rate[1])
        ledger, rest, taken, forced = backend.zeros((model.places, BOOKED)), duration, 0, 0
        while rest > 0.0:
            model.prepare(here, inputs, first)
            loss = float(backend.numpy(first.loss)[:, 1].max())
            wanted, needed = min(longest, share / max(loss, 1e-300)), rest / (most - taken)
            forced = 1 if needed > wanted else forced
            step = min(rest, max(wanted, needed))
            model.limit(step)
            model.fill(here, step, inputs, first)
            model.each(blend_at, model.places, here, step, 1.0, 0.0, stages)
            model.prepare(stages.trial, inputs, second)
            model.limit(step)
            model.fill(stages.trial, step, inputs, second)
            model.each(blend_at, model.places, here, step, 0.5, 0.5, stages)
            model.each(settle_at, model.places, here, step, stages, second, ledger)
            rest, taken = 0.0 if step >= rest else rest - step, taken + 1
        state[...] = backend.numpy(here)
        booked += backend.numpy(ledger).sum(axis=0)
        return taken, forced

    def _rates(self, model: DeviceRates) -> Rates:
        shapes = ((model.places, model.quantities, model.classes), (model.places, BOOKED), (model.places, 2))
        return Rates(*map(self.backend.zeros, shapes))

    def _model(self, parameters: Parameters, tables: Tables) -> DeviceRates:
        if self._last is None or self._last[0] is not parameters or self._last[1] is not tables:
            self._last = parameters, tables, DeviceRates(self.backend, self.laws, parameters, tables)
        return self._last[2]
