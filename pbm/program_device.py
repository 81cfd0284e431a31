"""The program of a granulation on a device, with the entry points of `pbm.program`.

State, stages, error and control of the steps stay on the device: the host launches trials, each a graph, and reads
the clock after each, `pbm.clock_device.CLOCK` numbers. The right-hand side takes a state from the host and back, for
methods that live there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from compute.base import Backend
from compute.graph import Graph, make_graph, run_once
from pbm import clock_device as at
from pbm.grid import Floats
from pbm.integrate import DONE, FULL
from pbm.launches_device import DeviceModel
from pbm.model import Parameters, Tables, Workspace
from pbm.program import Program
from pbm.stages import Control, Scratch, Start

CHANGING = ("feed", "coupled")
"""Tables that one model may have now so, now otherwise."""


class DeviceProgram:
    """Entry points on a device for one choice of laws; the model of the last call stays on it."""

    def __init__(self, backend: Backend, laws: tuple[str, str, str]) -> None:
        self.backend, self.laws = backend, laws
        self._last: tuple[Parameters, Tables, DeviceModel] | None = None
        self._graphs: dict[tuple[str, int], Graph] = {}

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
        self._put(model.state, state)
        self._set(model, {at.SPEED: speed, at.SPRAY: spray})
        here = model.state
        run_once(self.backend, [*model.prepare(here), *model.fill(here), *model.absorb(here)])
        change[...] = numpy(model.stages[0].change)
        booked[...] = numpy(model.stages[0].booked).sum(axis=(1, 2))

    def advance(
        self,
        state: Floats,
        time: float,
        end: float,
        step: float,
        speed: float,
        spray: float,
        start: Start,
        control: Control,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
        scratch: Scratch,
        booked: Floats,
        record: Floats,
    ) -> tuple[int, float, float, int]:
        """Move a state on as `pbm.integrate.make_advance` states; the work of the host holds the last losses."""
        model, numpy = self._model(parameters, tables), self.backend.numpy
        course = model.course
        begun = np.zeros(course.booked.shape)
        begun[:, 0, 0] = booked
        for target, values in ((course.control, control), (course.start, start), (course.booked, begun)):
            self._put(target, np.array(values))
        clock = {at.TIME: time, at.END: end, at.STEP: step, at.ROOM: min(len(record), len(course.record))}
        found = self._run("trial", model, state, clock | {at.SPEED: speed, at.SPRAY: spray})
        status, rows = int(found[at.STATUS]), int(found[at.ROWS])
        record[:rows] = numpy(course.record)[:rows]
        booked[...] = numpy(course.booked).sum(axis=(1, 2))
        if status not in (DONE, FULL):
            work.classes[...] = numpy(model.work.classes)
        return status, float(found[at.TIME]), float(found[at.STEP]), rows

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
        model = self._model(parameters, tables)
        self._put(model.course.booked, np.zeros(model.course.booked.shape))
        clock = {at.END: duration, at.LONGEST: longest, at.LOST: share, at.MOST: most}
        found = self._run("fixed step", model, state, clock | {at.SPEED: speed, at.SPRAY: spray})
        booked += self.backend.numpy(model.course.booked).sum(axis=(1, 2))
        return int(found[at.TAKEN]), int(found[at.FORCED])

    def _run(self, name: str, model: DeviceModel, state: Floats, clock: dict[int, float]) -> Floats:
        """Run one kind of step from a state until the status is another; returns the clock then."""
        found = self._set(model, clock)
        if not clock.get(at.TIME, 0.0) < clock[at.END]:
            return found
        self._put(model.state, state)
        graph = self._graph(name, model)
        self._set(model, clock | {at.STATUS: at.RUNNING})
        run_once(self.backend, [*model.prepare(model.state), *model.losses(model.state)])
        found = graph.run()
        while found[at.STATUS] == at.RUNNING:
            found = graph.run()
        state[...] = self.backend.numpy(model.state)
        return found

    def _graph(self, name: str, model: DeviceModel) -> Graph:
        key = name, int(model.tables.coupled)
        if key not in self._graphs:
            launches = model.trial() if name == "trial" else model.fixed_step()
            self._graphs[key] = make_graph(self.backend, launches, 1, model.course.clock)
        return self._graphs[key]

    def _set(self, model: DeviceModel, clock: dict[int, float]) -> Floats:
        """Set the clock: nil but for what is given."""
        values = np.zeros(at.CLOCK)
        for place, value in clock.items():
            values[place] = value
        self._put(model.course.clock, values)
        return values

    def _put(self, target: Any, values: Floats) -> None:
        target[...] = self.backend.array(values)

    def _model(self, parameters: Parameters, tables: Tables) -> DeviceModel:
        """The model on the device, with its feed and its way of transport."""
        if self._last is None or self._last[0] is not parameters or not _alike(self._last[1], tables):
            self._last = parameters, tables, DeviceModel(self.backend, self.laws, parameters, tables)
            self._graphs = {}
        model = self._last[2]
        self._put(model.tables.feed, tables.feed)
        model.tables = model.tables._replace(coupled=tables.coupled)
        return model


def _alike(one: Tables, other: Tables) -> bool:
    """Whether two tables hold the same arrays and numbers, but for those that change."""
    return all(getattr(one, name) is getattr(other, name) for name in Tables._fields if name not in CHANGING)
