"""Measurements on the bed at intervals, written as they are made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from dem.case import DemCase
from dem.case_motion import load_of
from dem.case_observables import Mixing
from dem.coordination import coordination
from dem.engine import Engine
from dem.fields import FIELDS_NAME, FieldFile, make_lattice, measured_fields
from dem.free_surface import shares_inside, surface_slope
from dem.mixing import equal_mass_samples, mixing_state
from dem.outlet_blends import OutletBlends
from dem.particle_set import ClassTable
from dem.particles import CLASS, MASS, RADIUS, Particles, X
from dem.table import Cell, Table
from dem.walls.arrays import SHIFT
from dem.walls.motion import bearing

OBSERVABLES_NAME = "observables.csv"
COLUMNS = ("time [s]", "name", "quantity", "value")
ANGLE, ANGLE_ERROR, BULK_DENSITY = "angle [deg]", "angle error [deg]", "bulk density [kg/m3]"
"""Quantities of free surfaces and densities."""
DISPLACEMENT = "displacement [m]"
"""Quantity of a wall under a load: how far it has gone along its axis."""

Row = list[Cell]


class Observation:
    """What a case measures; a case that measures nothing writes nothing. It holds no state of its own."""

    def __init__(self, case: DemCase, classes: ClassTable, step_size: float) -> None:
        self._case, self._classes, self._step_size = case, classes, step_size
        self._table: Table | None = None
        self._fields: FieldFile | None = None

    def open(self, folder: Path) -> None:
        """Write into this folder."""
        settings = self._case.observables
        if settings is not None:
            self._table = Table(folder / OBSERVABLES_NAME, COLUMNS)
        if settings is not None and settings.fields is not None:
            self._fields = FieldFile(folder / FIELDS_NAME, make_lattice(settings.fields, self._case.domain))

    def rewind(self, time: float) -> None:
        """Drop what was written of a time [s] and later."""
        for file in (self._table, self._fields):
            if file is not None:
                file.truncate(time - 0.5 * self._step_size)

    def visit(self, step: int, engine: Engine, blends: OutletBlends) -> None:
        """Measure and write, what left with it."""
        settings, time = self._case.observables, step * self._step_size
        if self._table is None or settings is None or time < settings.start:
            return
        self._table.append([time, *row] for row in chain(self.measure(engine), leaving(blends)))
        if self._fields is not None and settings.fields is not None:
            lattice = make_lattice(settings.fields, self._case.domain)
            self._fields.append(time, measured_fields(lattice, settings.fields.range, engine))

    def measure(self, engine: Engine) -> Iterator[Row]:
        """Yield name, quantity and value of everything measured."""
        host = by_id(engine.host_bodies())
        yield ["bed", "particles", len(host.id)]
        for quantity, value in coordination(engine).items():
            yield ["bed", quantity, value]
        settings = self._case.observables
        if settings is None or not len(host.id):
            return
        for mixing in settings.mixing:
            yield from self._mixing(mixing, host)
        position, radius = host.row[:, X : X + 3], host.row[:, RADIUS]
        for surface in settings.surfaces:
            slope = surface_slope(surface, np.asarray(self._case.gravity), position, radius)
            if slope is not None:
                yield [surface.name, ANGLE, float(np.degrees(slope.angle))]
                yield [surface.name, ANGLE_ERROR, float(np.degrees(slope.error))]
        for bulk in settings.densities:
            shares = shares_inside(bulk.region, self._case.domain, position, radius) / bulk.region.volume
            yield [bulk.name, "solids fraction", float(shares @ (4.0 / 3.0 * np.pi * radius**3))]
            yield [bulk.name, BULK_DENSITY, float(shares @ host.row[:, MASS])]
        yield from self._borne(engine)

    def _borne(self, engine: Engine) -> Iterator[Row]:
        """Yield how far walls under a load have gone along it."""
        pose = engine.backend.numpy(engine.walls.pose)
        for w, wall in enumerate(self._case.walls):
            if load_of(wall.motion) is not None:
                yield [wall.name, DISPLACEMENT, float(pose[int(bearing(engine.walls, w)), SHIFT])]

    def _mixing(self, mixing: Mixing, host: Particles) -> Iterator[Row]:
        mass, position = host.row[:, MASS], host.row[:, X : X + 3]
        members = [self._classes.names.index(name) for name in mixing.of]
        count = max(2, round(float(mass.sum()) / mixing.sample_mass))
        label = equal_mass_samples(position, mass, count)
        component = np.isin(host.kind[:, CLASS], members)
        state = mixing_state(component, mass, label, mixing.sample_mass, self._case.scale_factor)
        if state is not None:
            yield from ([mixing.name, quantity, value] for quantity, value in state._asdict().items())


def leaving(blends: OutletBlends) -> Iterator[Row]:
    """Yield name, quantity and value of the blends at outlets."""
    for name, state in blends.states():
        yield from ([name, quantity, value] for quantity, value in state._asdict().items())


def by_id(particles: Particles) -> Particles:
    """Return the particles in the order of their ids, so that nothing depends on slots."""
    order = np.argsort(particles.id)
    return Particles(*(array[order] for array in particles))
