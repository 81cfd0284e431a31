"""The engine of rigid bodies: their spheres are the particles of the engine, what moves are the bodies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend, launch_held, module_of
from dem.clumps.encounters import CONSTITUENT_BITS, BodySettings, note_compartments, note_owner
from dem.clumps.motion import BODY_SIZE, MOMENTUM, TURN, BodyMotion, spread_film
from dem.clumps.orientation import inverse, product, turned
from dem.clumps.spheres import angular_momentum, counts_of, spheres_of
from dem.compartments import note_compartment
from dem.domain import INVERSE, LENGTH, LOW
from dem.engine import Engine
from dem.engine_settings import EngineSettings
from dem.particle_set import ParticleSet
from dem.particles import (
    CLASS,
    INERTIA,
    KIND_SIZE,
    MASS,
    MATERIAL,
    RADIUS,
    ROW_SIZE,
    VX,
    WX,
    Particles,
    X,
)
from dem.tally import Tally

GROWING = ("body", "first", "member", "shape", "met")
"""Arrays of the bodies, which grow with the number of spheres there is room for."""


class ClumpEngine(Engine):
    """An engine whose particles are bodies of one sphere or more.

    Attributes:
        motion: bodies and their spheres in arrays of the backend, in the order of the ids of the bodies.
        ids: of the bodies, shape (bodies,), on the host.
    """

    id_bits = CONSTITUENT_BITS

    def __init__(self, backend: Backend, settings: EngineSettings, tally: Tally) -> None:
        self.shapes = settings.shapes
        density = np.asarray(settings.class_mass) / np.array([shape.volume for shape in self.shapes])
        self.inertia = np.array([shape.inertia for shape in self.shapes]) * density[:, None]
        self.wetted = [shape.area / shape.area.sum() for shape in self.shapes]
        self.ids = np.zeros(0, np.int64)
        super().__init__(backend, settings, tally)
        self._name_bodies(np.zeros((0, KIND_SIZE), np.int32), self.ids)

    def _name_bodies(self, kinds: NDArray[np.int32], ids: NDArray[np.int64]) -> None:
        """Take these for the kinds and ids of all bodies."""
        array = self.backend.array
        self.ids, self._named = ids, Particles(None, array(kinds), array(ids), self.backend.zeros(len(ids)))

    @property
    def body_count(self) -> int:
        """Number of bodies; `size` is that of their spheres."""
        return len(self.ids)

    @property
    def kinds(self) -> NDArray[np.int32]:
        """Material, class and compartment of each body, shape (bodies, 4)."""
        return self.backend.numpy(self._named.kind)

    def _allocate(self, capacity: int) -> None:
        super()._allocate(capacity)
        array, zeros = self.backend.array, self.backend.zeros
        counts = [len(shape.radius) for shape in self.shapes]
        places, first = array(np.concatenate([shape.place for shape in self.shapes])), np.cumsum([0, *counts[:-1]])
        gravity, reference, moved, reach = self.motion
        self.motion: Any = BodyMotion(
            gravity, reference, moved, reach, self.domain.box, zeros((capacity, BODY_SIZE)),
            zeros(capacity + 1, np.int64), zeros(capacity, np.int64), zeros(capacity, np.int64), array(first), places,
            array(1.0 / self.inertia), array(np.concatenate(self.wetted)), zeros((capacity, 2), np.int64),
        )  # fmt: skip
        parameters, materials, rearm_gap, *_ = self.settings
        self.settings: Any = BodySettings(
            parameters, materials, rearm_gap, self.motion.first, self.motion.member, zeros(capacity, np.int64)
        )

    def _grow(self, capacity: int) -> None:
        before = self.motion
        super()._grow(capacity)
        for name in GROWING:
            kept = getattr(before, name)
            getattr(self.motion, name)[: len(kept)] = kept

    def add(self, particles: ParticleSet) -> None:
        """Put bodies into the engine; their velocity, given at this step, is taken back by half a step of gravity."""
        begin, bodies = self.size, slice(self.body_count, self.body_count + len(particles))
        super().add(spheres_of(particles, self.shapes))
        classes = particles.particle_class
        row, kind = np.zeros((len(particles), BODY_SIZE)), np.zeros((len(particles), KIND_SIZE), np.int32)
        row[:, X : X + 3] = particles.position
        row[:, VX : VX + 3] = particles.velocity - 0.5 * self.step_size * self.gravity
        row[:, WX : WX + 3] = particles.spin
        row[:, MASS], row[:, INERTIA] = particles.mass, self.inertia[classes].mean(axis=1)
        row[:, RADIUS] = 0.5 * np.array([shape.diameter for shape in self.shapes])[classes]
        row[:, TURN : TURN + 4] = particles.orientation
        row[:, MOMENTUM : MOMENTUM + 3] = angular_momentum(particles, self.inertia[classes])
        kind[:, MATERIAL], kind[:, CLASS] = particles.material, classes
        ends = begin + np.cumsum(counts_of(self.shapes, classes))
        self._put(self.motion.body, bodies, row)
        self._put(self.motion.shape, bodies, classes)
        self._put(self.motion.first, slice(bodies.start + 1, bodies.stop + 1), ends)
        self._put(self.motion.member, slice(begin, self.size), np.arange(begin, self.size))
        self.motion.met[bodies] = 0
        self._name_bodies(np.concatenate([self.kinds, kind]), np.concatenate([self.ids, particles.id]))

    def _of_spheres(
        self, values: Sequence[NDArray[np.float64]], classes: Any, ids: Any, array: Callable[[Any], Any] = np.asarray
    ) -> Any:
        """Return what each sphere has of the values of the spheres of each shape; array: puts them beside the ids."""
        starts = array(np.cumsum([0, *(len(each) for each in values[:-1])]))
        return array(np.concatenate(values))[starts[classes] + (ids & ((1 << CONSTITUENT_BITS) - 1))]

    def _wetted_volume(self, particles: ParticleSet) -> NDArray[np.float64]:
        """Return the share of each sphere in the volume of its body [m3], as that in the surface of it."""
        own = [shape.volume * wetted for shape, wetted in zip(self.shapes, self.wetted)]
        return self._of_spheres(own, particles.particle_class, particles.id)

    def surfaces(self) -> Any:
        """Return what is exposed of each sphere [m2], an array of the backend, shape (size,)."""
        classes, ids = self.particles.kind[: self.size, CLASS], self.particles.id[: self.size]
        return self._of_spheres([shape.area for shape in self.shapes], classes, ids, self.backend.array)

    def arms(self) -> NDArray[np.float64]:
        """Return the way from the centre of mass of its body to each sphere [m], by slot, shape (size, 3)."""
        numpy, host = self.backend.numpy, self.host_particles()
        member, first = numpy(self.motion.member[: self.size]), numpy(self.motion.first[: self.body_count + 1])
        turn = np.repeat(numpy(self.motion.body[: self.body_count, TURN : TURN + 4]), np.diff(first), axis=0)
        place = self._of_spheres([shape.place for shape in self.shapes], host.kind[member, CLASS], host.id[member])
        arm = np.zeros((self.size, 3))
        arm[member] = turned(turn, place)
        return arm

    def change_films(self, volume: Any) -> None:
        """Add liquid [m3] to the film of each slot, of the backend, shape (size,), and spread it over the bodies."""
        super().change_films(volume)
        self.backend.foreach(spread_film, self.body_count, 0.0, self.particles, self.motion)

    def remove(self, gone: NDArray[np.bool_]) -> None:
        """Take the marked bodies out, shape (body_count,)."""
        motion, xp, count = self.motion, module_of(self.backend), self.body_count
        away, member = self.backend.array(gone), motion.member[: self.size]
        leaves = away[xp.searchsorted(motion.first[1 : count + 1], xp.arange(self.size), side="right")]
        spheres = xp.zeros(self.size, bool)
        spheres[member[leaves]] = True
        members = (xp.cumsum(~spheres) - 1)[member[~leaves]]
        stay = xp.flatnonzero(~away)
        ends = xp.cumsum(xp.diff(motion.first[: count + 1])[stay])
        super().remove(spheres)
        self.ids, (_, kind, ids, film) = self.ids[~gone], self._named
        self._named = Particles(None, kind[stay], ids[stay], film[stay])
        for array in (motion.body, motion.shape, motion.met):
            array[: len(stay)] = array[stay]
        motion.first[1 : len(stay) + 1], motion.member[: self.size] = ends, members

    def rebuild(self) -> None:
        """Fold the bodies into the box, make the list anew, and note where their spheres now are."""
        box, count = self.backend.numpy(self.domain.box), self.body_count
        low, length, inverse = (self.backend.array(box[at : at + 3]) for at in (LOW, LENGTH, INVERSE))
        position = self.motion.body[:count, X : X + 3]
        turns = (position - low) * inverse
        self.motion.body[:count, X : X + 3] = position - (turns - turns % 1.0) * length
        super().rebuild()
        launch_held(self.backend)
        self.motion.member[: self.size] = self.cells.place[self.motion.member[: self.size]]
        self._note_owners()

    def _note_owners(self) -> None:
        """Note the body of each sphere."""
        self.backend.foreach(note_owner, self.body_count, self.settings)

    def _position_of(self, particle: int) -> NDArray[np.float64]:
        host = self.host_bodies()
        return host.row[int(np.flatnonzero(host.id == particle)[0]), X : X + 3]

    def host_bodies(self) -> Particles:
        """Return the bodies as particles: centre, velocity, spin, mass, and the radius of the same volume."""
        numpy, count = self.backend.numpy, self.body_count
        member, first = numpy(self.motion.member[: self.size]), numpy(self.motion.first[:count])
        film = np.add.reduceat(numpy(self.particles.film)[member], first) if count else np.zeros(0)
        return Particles(numpy(self.motion.body[:count])[:, :ROW_SIZE], self.kinds, self.ids, film)

    def bodies(self) -> Particles:
        """Return the same as arrays of the backend, with the other columns of bodies and without films."""
        return self._named._replace(row=self.motion.body[: self.body_count])

    def host_orientation(self) -> NDArray[np.float64]:
        """Return how the bodies lie, from the shape as described to space (w, x, y, z), shape (body_count, 4)."""
        turn = self.backend.numpy(self.motion.body[: self.body_count, TURN : TURN + 4])
        described = np.array([shape.turn for shape in self.shapes])[self.kinds[:, CLASS]]
        return product(turn, inverse(described))

    def set_compartments(self, compartment: Any, first: int = 0) -> None:
        """Note the compartment of each body from number `first` on, and with it that of its spheres."""
        count, motion = len(compartment), self.motion
        self.backend.foreach(note_compartment, count, first, self._named.kind, compartment)
        spheres = motion.first, motion.member, self.particles.kind
        self.backend.foreach(note_compartments, count, first, *spheres, compartment)

    def _body_arrays(self, count: int) -> dict[str, Any]:
        motion = self.motion
        return {
            "body": motion.body[:count],
            "body_shape": motion.shape[:count],
            "first": motion.first[: count + 1],
            "member": motion.member[: self.size],
            "met": motion.met[:count],
        }

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold to go on bit by bit."""
        arrays = {name: self.backend.numpy(array) for name, array in self._body_arrays(self.body_count).items()}
        return super().state() | arrays | {"body_kind": self.kinds, "body_id": self.ids}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        super().restore(state)
        self._name_bodies(state["body_kind"], state["body_id"].copy())
        for name, array in self._body_arrays(self.body_count).items():
            array[:] = self.backend.array(state[name])
        self._note_owners()


def new_engine(backend: Backend, settings: EngineSettings, tally: Tally) -> Engine:
    """Return the engine for the particles of the settings, spheres or bodies."""
    return ClumpEngine(backend, settings, tally) if settings.shapes else Engine(backend, settings, tally)
