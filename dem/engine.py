"""The engine: it owns the particles, their list and their wall contacts, and runs steps on any backend.

What differs between targets is in the loops: `BlockLoops` (CPU and plain Python) and `GatherLoops` (CUDA).
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend, gathered
from dem.cells import cell_count, check_width, divide_box, most_cells, size_levels
from dem.compartments import note_compartment
from dem.domain import OFFSET, SHEARED, boundary_kind, slide_of_image
from dem.engine_settings import EngineSettings
from dem.faults import FAULT_SIZE, raise_fault
from dem.list_kind import as_kind
from dem.loops import make_loops
from dem.neighbours import PairList, make_cell_order
from dem.particle_set import ParticleSet, make_slots
from dem.particles import CLASS, INERTIA, MASS, MATERIAL, RADIUS, ROW_SIZE, VX, WX, Particles, X
from dem.removal import remove_particles
from dem.skin import largest_gap_of_walls
from dem.step import Motion
from dem.tally import LANES, Tally
from dem.walls import make_touches
from dem.walls.arrays import LISTED_SHIFT, SHIFT
from dem.walls.rows import remembered, with_remembered

DOUBLING = 2
"""Factor by which the room for particles grows, so that a stream of them makes few new arrays however long it runs."""


def on_backend(backend: Backend, arrays: Any) -> Any:
    """Return the NamedTuple with every numpy array in it moved to the backend."""
    moved = [backend.array(value) if isinstance(value, np.ndarray) else value for value in arrays]
    return type(arrays)(*moved)


class Engine:
    """Particles, lists and wall contacts, and the loops that run on them.

    Attributes:
        size: number of particles.
        step_number: number of the next step.
        stale: whether the list must be rebuilt before the next step.
        capacity: number of particles there is room for.
        film_added, film_removed: volume of liquid that particles entered and left with [m3].
        rebuilds, rebuild_seconds: how often the list was made anew, and the wall time that took [s].
        particles, pairs, touches, motion: arrays of the backend.
        at_walls: number of particles that can meet a wall before the next rebuild.
        id_end: number above the ids of all bodies there were.
        id_bits: lowest bits of an id that number the spheres of one body.
    """

    id_bits = 0

    def __init__(self, backend: Backend, settings: EngineSettings, tally: Tally) -> None:
        self.backend, self.interaction, self.statistics = backend, settings.interaction, settings.statistics
        self.step_size, self.skin, self.tally = settings.step_size, settings.skin, tally
        self.film_share, self.film_added, self.film_removed = settings.film_share, 0.0, 0.0
        largest = float(settings.radii.max())
        check_width(settings.domain, 2.0 * largest + settings.skin)
        self.kind, self.levels = boundary_kind(settings.domain), size_levels(settings.radii)
        push = np.zeros((backend.threads, LANES * len(settings.walls.motion)), np.int64)
        parameters = settings.pairs.parameters.astype(self.interaction.real_type)
        self.settings = on_backend(backend, settings.pairs._replace(parameters=parameters))
        self.domain = on_backend(backend, settings.domain)
        self.walls = on_backend(backend, settings.walls._replace(push=push))
        self.gravity = np.asarray(settings.gravity, float)
        self.wall_count = len(settings.walls.shape)
        self.wall_margin = 0.5 * self.skin + largest_gap_of_walls(self.interaction, settings.pairs.parameters, largest)
        self.size, self.at_walls, self.step_number, self.built, self.stale = 0, 0, 0, 0, True
        self.id_end = 0
        self.rebuilds, self.rebuild_seconds, self.fault = 0, 0.0, backend.zeros((backend.threads, FAULT_SIZE), np.int64)
        self.loops = make_loops(self)
        self._allocate(1)
        self.pairs = self.empty_list(1)

    def _allocate(self, capacity: int) -> None:
        zeros = self.backend.zeros
        self.capacity, self.cell_room = capacity, 0
        self.particles, self.spare = make_slots(capacity, zeros), make_slots(capacity, zeros)
        interaction = self.interaction
        self.touches = make_touches(capacity, interaction.history_size, interaction.real_type, zeros=zeros)
        self.cells = make_cell_order(capacity, zeros, self.id_bits)
        reach = np.array([0.5 * self.skin, self.built, 0.0])
        self.motion = Motion(
            self.backend.array(self.gravity),
            self.cells.sphere,
            self.loops.moved(capacity),
            self.backend.array(reach),
        )
        self.loops.allocate(capacity)

    @property
    def body_count(self) -> int:
        """Number of what moves on its own."""
        return self.size

    def empty_list(self, entries: int) -> PairList:
        """Return a list of no pairs with room for this many entries."""
        zeros, history = self.backend.zeros, max(1, self.interaction.history_size)
        return PairList(
            zeros(self.capacity + 1, np.int64), zeros(entries, np.int32), zeros(entries, np.uint8),
            zeros((entries, history), self.interaction.real_type),
        )  # fmt: skip

    def add(self, particles: ParticleSet) -> None:
        """Put particles into new slots; their velocity, given at this step, is taken back by half a step of gravity."""
        count = len(particles.radius)
        if self.size + count > self.capacity:
            self._grow(max(self.size + count, DOUBLING * self.capacity))
        row, kind = np.zeros((count, ROW_SIZE)), np.zeros((count, self.particles.kind.shape[1]), np.int32)
        row[:, X : X + 3] = particles.position
        row[:, VX : VX + 3] = particles.velocity - 0.5 * self.step_size * self.gravity
        row[:, WX : WX + 3] = particles.spin
        row[:, RADIUS], row[:, MASS] = particles.radius, particles.mass
        row[:, INERTIA] = 0.4 * particles.mass * particles.radius**2
        kind[:, MATERIAL], kind[:, CLASS] = particles.material, particles.particle_class
        slots = slice(self.size, self.size + count)
        self._put(self.particles.row, slots, row)
        self._put(self.particles.kind, slots, kind)
        self._put(self.particles.id, slots, particles.id)
        share = np.asarray(self.film_share)
        film = (share[particles.particle_class] if share.ndim else share) * self._wetted_volume(particles)
        self._put(self.particles.film, slots, film)
        self.film_added += float(film.sum())
        self.touches.seat[slots] = -1
        self.pairs.start[slots.start + 1 : slots.stop + 1] = self.pairs.start[slots.start]
        self.size += count
        self._note_ids(particles.id)
        self.stale = True

    def _note_ids(self, ids: NDArray[np.int64]) -> None:
        """Note that spheres have these ids."""
        self.id_end = max(self.id_end, 1 + int(ids.max(initial=-1) >> self.id_bits))

    def _wetted_volume(self, particles: ParticleSet) -> NDArray[np.float64]:
        """Return the volume of solid [m3] that the film of each sphere belongs to."""
        return np.asarray(4.0 / 3.0 * np.pi * particles.radius**3)

    def surfaces(self) -> Any:
        """Return the surface of each sphere [m2], an array of the backend, shape (size,)."""
        return 4.0 * np.pi * self.particles.row[: self.size, RADIUS] ** 2

    def remove(self, gone: NDArray[np.bool_]) -> None:
        """Take the marked particles out, shape (body_count,)."""
        remove_particles(self, gone)

    def change_films(self, volume: Any) -> None:
        """Add liquid [m3] to the film of each slot, an array of the backend, shape (size,); taken away if negative."""
        numpy = self.backend.numpy
        self.particles.film[: self.size] += volume
        self.film_added += float(numpy(volume[volume > 0.0].sum()))
        self.film_removed -= float(numpy(volume[volume < 0.0].sum()))

    def _put(self, array: Any, slots: slice, values: Any) -> None:
        array[slots] = self.backend.array(np.asarray(values, dtype=array.dtype))

    def _grow(self, capacity: int) -> None:
        particles, touches, pairs, size = self.particles, self.touches, self.pairs, self.size
        self._allocate(capacity)
        for new, old in zip((*self.particles, self.touches.seat), (*particles, touches.seat)):
            new[:size] = old[:size]
        self.touches = touches._replace(seat=self.touches.seat)
        start = self.backend.zeros(capacity + 1, np.int64)
        start[: size + 1] = pairs.start[: size + 1]
        self.pairs = pairs._replace(start=start)

    def _fit_cells(self) -> None:
        """Divide the box anew where the number of particles allows other cells than before."""
        room = most_cells(self.size)
        if room != self.cell_room:
            cells, grid = divide_box(self.backend.numpy(self.domain.box), self.levels, self.skin, room)
            self.domain = self.domain._replace(cells=self.backend.array(cells), grid=self.backend.array(grid))
            self.cells = self.cells._replace(first=self.backend.zeros(cell_count(cells) + 1, np.int32))
            self.cell_room = room

    def rebuild(self) -> None:
        """Sort the particles by cell and make the list anew; raises what the loops found wrong."""
        self._fit_cells()
        self._set_offset()
        with gathered(self.backend):
            new = self.loops.count_rows(self)
            self.particles, self.spare = self.spare, self.particles
            self.loops.fill_rows(self, new)
            self.pairs, self.built, self.stale = new, self.step_number, False
            self.loops.note_list(self)
            self._find_near_walls(self.particles, True)
            self.loops.divide(self)

    def _find_near_walls(self, particles: Particles, sorted_anew: bool) -> None:
        """Give rows of wall contacts to those that can meet a wall from these positions."""
        if self.wall_count:
            self.touches, self.at_walls = self.loops.give_rows(self, particles, self.touches, sorted_anew)

    def _set_offset(self) -> None:
        if self.kind == SHEARED:
            box = self.backend.numpy(self.domain.box)
            self.domain.box[OFFSET] = slide_of_image(box, self.step_number, self.step_size)

    def run(self, last: int) -> None:
        """Run steps up to number `last`, rebuilding lists as they become stale."""
        while self.step_number < last:
            with gathered(self.backend):
                if self.stale:
                    began = perf_counter()
                    self.rebuild()
                    self.rebuilds += 1
                    self.rebuild_seconds += perf_counter() - began
                self.step_number = self.loops.run(self, last)
                self.raise_faults()
            self.stale = self.step_number < last or self.loops.is_stale(self)

    def raise_faults(self) -> None:
        """Raise what a loop found wrong, if anything."""
        fault, limit = self.backend.numpy(self.fault), self.interaction.contact.overlap_limit
        raise_fault(fault, self.step_number, self.step_size, self._position_of, limit, self.id_bits)

    def _position_of(self, particle: int) -> NDArray[np.float64]:
        host = self.host_particles()
        return host.row[int(np.flatnonzero(host.id == particle)[0]), X : X + 3]

    def host_particles(self) -> Particles:
        """Return the particles as numpy arrays, without the empty slots; on the CPU these are views."""
        return Particles(*(self.backend.numpy(array[: self.size]) for array in self.particles))

    def host_bodies(self) -> Particles:
        """Return what moves on its own as particles: here the spheres."""
        return self.host_particles()

    def bodies(self) -> Particles:
        """Return the same as arrays of the backend, where they are."""
        return Particles(*(array[: self.size] for array in self.particles))

    def set_compartments(self, compartment: Any, first: int = 0) -> None:
        """Note the compartment of each slot from slot `first` on; compartment: int32, an array of the backend."""
        self.backend.foreach(note_compartment, len(compartment), first, self.particles.kind, compartment)

    def _state_arrays(self, entries: int) -> dict[str, Any]:
        n = self.size
        return {
            "row": self.particles.row[:n],
            "kind": self.particles.kind[:n],
            "id": self.particles.id[:n],
            "film": self.particles.film[:n],
            "start": self.pairs.start[: n + 1],
            "other": self.pairs.other[:entries],
            "flags": self.pairs.flags[:entries],
            "history": self.pairs.history[:entries],
            "reference": self.motion.reference[:n, :3],
            "course": self.walls.pose[:, SHIFT : LISTED_SHIFT + 1],
        }

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold to go on bit by bit."""
        arrays = self._state_arrays(int(self.pairs.start[self.size]))
        numbers = np.array([self.step_number, self.built, int(self.stale)], np.int64)
        state = {name: self.backend.numpy(array) for name, array in arrays.items()}
        state |= remembered(self.touches, self.size, self.backend.numpy)
        film = np.array([self.film_added, self.film_removed])
        return state | {"numbers": numbers, "full": np.array(self.loops.full), "film_balance": film}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint; a list of the kind of another backend is turned into ours."""
        state = as_kind(state, self.loops.full)
        self.size, entries = len(state["id"]), len(state["other"])
        self.step_number, self.built = (int(value) for value in state["numbers"][:2])
        self.stale = bool(state["numbers"][2])
        self.film_added, self.film_removed = (float(volume) for volume in state["film_balance"])
        self._allocate(max(1, self.size))
        self.pairs = self.empty_list(max(1, entries))
        for name, array in self._state_arrays(entries).items():
            array[:] = self.backend.array(state[name])
        self._note_ids(state["id"])
        self.touches = with_remembered(self.touches, state, self.backend)
        self.pairs.start[self.size :] = entries
        self.loops.divide(self)
        self._find_what_was_near(state["course"])

    def _find_what_was_near(self, course: NDArray[np.float64]) -> None:
        """Find again which walls were near when the list was made; course: shift of the walls, its rate, and then."""
        now, listed = self.backend.array(course[:, 0]), self.backend.array(course[:, -1])
        row = self.particles.row.copy()
        self.walls.pose[:, SHIFT] = listed
        self.loops.place_walls(self, self.built)
        self.loops.note_list(self)
        self.walls.pose[:, LISTED_SHIFT] = listed
        row[: self.size, X : X + 3] = self.motion.reference[: self.size, :3]
        if not self.stale:
            self._find_near_walls(self.particles._replace(row=row), False)
        self.walls.pose[:, SHIFT] = now
        self.loops.place_walls(self, self.step_number)
