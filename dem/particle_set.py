"""Particles on their way into a simulation, and the table of their classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dem.case import DemCase
from dem.case_particles import Given, ParticleFile
from dem.case_shapes import ParticleShape
from dem.clumps.orientation import NO_TURN, product
from dem.clumps.shape import Shape, shape_of, sphere_shape
from dem.particle_file import read_particles
from dem.particles import KIND_SIZE, ROW_SIZE, Particles

SAME_DIAMETER = 1e-9
"""Relative difference up to which a diameter is that of a class."""

Vectors = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class ParticleSet:
    """Some particles.

    position [m], velocity [m/s], spin [rad/s], shape (n, 3); radius [m] (of a body the one that holds it), mass [kg],
    material, particle_class and id, shape (n,); orientation: of bodies, unit quaternions (w, x, y, z) from the frame of
    the body to space, shape (n, 4).
    """

    position: Vectors
    velocity: Vectors
    spin: Vectors
    radius: Vectors
    mass: Vectors
    material: Integers
    particle_class: Integers
    id: Integers
    orientation: Vectors

    def __len__(self) -> int:
        return len(self.radius)

    def chosen(self, which: NDArray[Any]) -> ParticleSet:
        """Return the particles that are marked or numbered."""
        return ParticleSet(*(getattr(self, field.name)[which] for field in fields(self)))


def join_sets(sets: list[ParticleSet]) -> ParticleSet:
    """Return all the particles as one set."""
    return ParticleSet(*(np.concatenate([getattr(s, field.name) for s in sets]) for field in fields(ParticleSet)))


def make_slots(capacity: int, zeros: Callable[..., Any]) -> Particles:
    """Return empty slots for this many particles, in arrays made by `zeros(shape, dtype)`."""
    row, kind = zeros((capacity, ROW_SIZE)), zeros((capacity, KIND_SIZE), np.int32)
    return Particles(row, kind, zeros(capacity, np.int64), zeros(capacity))


@dataclass(frozen=True)
class ClassTable:
    """The classes that particles are counted by: those of the case, then those of particles with their own radius.

    names; diameter [m], material (its place in the case) and mass [kg], shape (classes,); shapes: of the classes, where
    one of them has another shape than a sphere, else none. The diameter of a shape is that of the sphere of its volume.
    """

    names: tuple[str, ...]
    diameter: Vectors
    material: Integers
    mass: Vectors
    shapes: tuple[Shape, ...] = ()

    @property
    def reach(self) -> Vectors:
        """Radius of the sphere that holds a particle of each class [m], shape (classes,)."""
        return np.array([shape.reach for shape in self.shapes]) if self.shapes else 0.5 * self.diameter

    @property
    def radii(self) -> Vectors:
        """Radii of all spheres there can be [m]."""
        return np.concatenate([shape.radius for shape in self.shapes]) if self.shapes else 0.5 * self.diameter

    def of_sphere(self, diameter: float, material: int) -> int:
        """Return the class of this diameter [m] and material, or -1 if there is none."""
        same = np.isclose(self.diameter, diameter, rtol=SAME_DIAMETER, atol=0.0) & (self.material == material)
        if self.shapes:
            same &= np.array([len(shape.radius) == 1 for shape in self.shapes])
        return int(np.flatnonzero(same)[0]) if same.any() else -1

    def particles(
        self, classes: Integers, position: Vectors, velocity: Vectors, spin: Vectors, turns: Vectors | None = None
    ) -> ParticleSet:
        """Return particles of these classes; their ids are 0, 1, ...

        turns: of the shapes as the case describes them, shape (n, 4); none: as they are described there.
        """
        orientation = np.broadcast_to(NO_TURN, (len(classes), 4)) if turns is None else turns
        if self.shapes:
            orientation = product(orientation, np.array([shape.turn for shape in self.shapes])[classes])
        return ParticleSet(
            position, velocity, spin, self.reach[classes], self.mass[classes], self.material[classes], classes,
            np.arange(len(classes)), orientation,
        )  # fmt: skip


def class_table(case: DemCase) -> ClassTable:
    """Return the classes of a case; a radius of its own makes the class of that diameter and material.

    Raises:
        CaseError: a file of particles cannot be used.
    """
    materials = list(case.materials)
    names = [each.name for each in case.classes]
    kinds = [(each.diameter, materials.index(each.material)) for each in case.classes]
    models = [each.shape for each in case.classes]
    table = _table(case, names, kinds, models)
    for radius, material in _own_kinds(case):
        diameter, place = 2.0 * radius, materials.index(material)
        if table.of_sphere(diameter, place) < 0:
            names.append(f"{material} {diameter:.9g} m")
            kinds.append((diameter, place))
            models.append(None)
            table = _table(case, names, kinds, models)
    return table


def _table(
    case: DemCase, names: list[str], kinds: list[tuple[float, int]], models: list[ParticleShape | None]
) -> ClassTable:
    diameter = np.array([diameter for diameter, _ in kinds], float)
    material = np.array([material for _, material in kinds], np.int64)
    of_material = np.array([each.density for each in case.materials.values()])
    own = [each.density(case.materials[each.material]) for each in case.classes]
    density = np.concatenate([own, of_material[material[len(own) :]]])
    shapes = (shape_of(model) if model else sphere_shape(0.5 * own) for model, own in zip(models, diameter))
    return ClassTable(
        tuple(names), diameter, material, density * np.pi / 6.0 * diameter**3,
        tuple(shapes) if any(models) else (),
    )  # fmt: skip


def _own_kinds(case: DemCase) -> list[tuple[float, str]]:
    """Return (radius, material) of the particles that have them, each once, in the order of the case."""
    kinds: dict[tuple[float, str], None] = {}
    for index, source in enumerate(case.particles):
        if isinstance(source, Given):
            items = [(item.radius, item.material) for item in source.items]
        elif isinstance(source, ParticleFile):
            items = [(item.radius, item.material) for item in read_particles(source, case, f"dem.particles.{index}")]
        else:
            items = []
        kinds.update({(radius, material): None for radius, material in items if radius is not None and material})
    return list(kinds)
