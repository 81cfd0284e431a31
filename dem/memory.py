"""The memory that the particles of a case take on a device, from formulas alone.

Each array has room for every particle and no more, unless particles stream in: then room doubles. The pair list grows
by `GROWTH` when it is too small, so that it ends between what it needs and that much more; here the middle is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from compute.copies import MANY
from dem.case import DemCase
from dem.case_limits import (
    class_numbers,
    mean_diameter,
    particle_count,
    solids_volume,
    sphere_count,
    sphere_volume,
    time_step,
)
from dem.case_particles import Insertion
from dem.cells import cell_count, divide_box, most_cells, size_levels
from dem.compartments import compartment_count
from dem.domain import make_domain
from dem.interaction import Interaction
from dem.pair_properties import composed_law
from dem.particles import KIND_SIZE, ROW_SIZE
from dem.schedule import lag_in_samples, schedule_of
from dem.skin import mean_diameter_by_number
from dem.tally import FIELD_COUNT
from dem.transport_sums import sample_bytes
from dem.walls.area import wall_area
from dem.walls.arrays import HISTORY, ROOM, SLOTS

REAL, LONG, SHORT, BYTE = 8, 8, 4, 1
LIST_SLACK = 1.15
"""Room of a list over what it needs, between 1 and the factor by which it grows."""
BED_SOLIDS, SHELL_DENSITY = 0.6, 1.5
"""Solids fraction of a dense bed at rest, and the density of spheres just beyond touch over the mean."""
WALL_LAYER = 0.87
"""Thickness in diameters of bed that the spheres at a wall make up: one to a square of a diameter, as packed there."""
FULL_CONTACTS = 4.8
"""Contacts of a sphere in a settled box of equal spheres with friction, measured."""
TALLIES = 4
"""Arrays that encounters are counted in: numbers and speeds, of pairs and at walls."""
BODY_COLUMNS = ROW_SIZE + 7
WHOLE_ARRAY_BYTES = 16
"""Working memory for each particle of what chooses among all: a mask, its sums, and where rows were before."""
CONTEXT_BYTES = 0.6e9
"""What the driver, its context and loaded modules take of a device, about."""


class DeviceMemory(NamedTuple):
    """Bytes of what each particle has, of the pair list, of particles at walls, of samples of where particles are, of
    sums of encounters, of all the rest, and to work with."""

    particles: float
    pairs: float
    walls: float
    samples: float
    tallies: float
    fixed: float
    working: float

    @property
    def arrays(self) -> float:
        """Bytes of all arrays."""
        return self.particles + self.pairs + self.walls + self.samples + self.tallies + self.fixed

    @property
    def needed(self) -> float:
        """Bytes that the device must have."""
        return self.arrays + self.working + CONTEXT_BYTES


def device_memory(
    case: DemCase, entries: float | None = None, contacts: float | None = None, at_walls: float | None = None
) -> DeviceMemory:
    """Return the memory of a case on a device.

    entries, contacts: partners in the row of a particle, and those of which something is remembered; at_walls: spheres
    that can meet a wall; of a dense bed by default, which has most.
    """
    count, interaction = sphere_count(case), composed_law(case)
    slots = capacity(case, count)
    rows = expected_entries(case) if entries is None else entries
    kept = FULL_CONTACTS if contacts is None else contacts
    near = spheres_at_walls(case) if at_walls is None else at_walls
    return DeviceMemory(
        slots * slot_bytes(interaction, any(each.shape for each in case.classes), bool(case.walls)),
        _list_bytes(count, rows, kept, entry_bytes(interaction)),
        LIST_SLACK * near * wall_row_bytes(interaction),
        _samples_bytes(case, particle_count(case) * slots / count if count else 0.0),
        _statistics_bytes(case),
        _cell_bytes(case, count),
        WHOLE_ARRAY_BYTES * count,
    )


def of_copies(each: Sequence[DeviceMemory]) -> DeviceMemory:
    """Return the memory of copies on one device: arrays of all of them, and one that works with whole arrays.

    Tallies of several are there twice more, as they are brought to the host together, but for long ones.
    """
    summed = DeviceMemory(*(sum(parts) for parts in zip(*each)))
    brought = 2.0 * sum(min(one.tallies, TALLIES * MANY * LONG) for one in each) if len(each) > 1 else 0.0
    return summed._replace(working=max(one.working for one in each) + brought)


def slot_bytes(interaction: Interaction, bodies: bool, walls: bool) -> int:
    """Return the bytes of the arrays with a place for each particle.

    bodies, walls: whether some are of several spheres, and whether there are walls. Bodies and films at walls need
    forces between two kernels.
    """
    particle = ROW_SIZE * REAL + KIND_SIZE * SHORT + LONG + REAL
    order = 3 * LONG + 4 * REAL
    starts, body = 2 * LONG, BODY_COLUMNS * REAL + 3 * LONG if bodies else 0
    force = (7 if interaction.wet else 6) * REAL if bodies or (interaction.wet and walls) else 0
    return 2 * particle + SHORT + order + starts + body + force


def wall_row_bytes(interaction: Interaction) -> int:
    """Return the bytes of the wall contacts of a particle that can meet a wall."""
    contact, width = REAL // 2 if interaction.mixed else REAL, HISTORY + max(1, interaction.history_size)
    return SLOTS * (2 * SHORT + (2 * width + 1) * contact) + 3 * LONG + (ROOM + 2) * SHORT + 6 * REAL


def spheres_at_walls(case: DemCase) -> float:
    """Return the number of spheres that can meet a wall before the next list, were all walls covered by the bed."""
    count, diameter, solids = sphere_count(case), mean_diameter(case), solids_volume(case)
    if diameter is None or not case.walls:
        return count if case.walls else 0.0
    return count * min(1.0, wall_area(case) * WALL_LAYER * diameter * BED_SOLIDS / solids)


def _list_bytes(count: float, entries: float, kept: float, each: int) -> float:
    """Return the bytes of the list, and of what is kept of it where that does not fit where particles were before."""
    fits = kept * each <= ROW_SIZE * REAL
    return LIST_SLACK * count * each * (entries if fits else entries + kept)


def entry_bytes(interaction: Interaction) -> int:
    """Return the bytes of an entry of the pair list."""
    return SHORT + BYTE + max(1, interaction.history_size) * (REAL // 2 if interaction.mixed else REAL)


def capacity(case: DemCase, count: float) -> float:
    """Return the number of places for this many particles: where they stream in, those at the start doubled at need."""
    if not any(isinstance(source, Insertion) for source in case.particles):
        return count
    present = case.model_copy(update={"particles": [s for s in case.particles if not isinstance(s, Insertion)]})
    room = max(1.0, sphere_count(present))
    return room * 2.0 ** math.ceil(math.log2(max(1.0, count / room)))


def expected_entries(case: DemCase) -> float:
    """Return the mean number of partners in the row of a particle of a dense bed.

    Those that touch, and 4/3 pi g n ((R + skin)^3 - R^3) of each kind of pair, R the sum of radii, n the number in a
    volume of bed, g their density beyond touch over the mean.
    """
    numbers, skin = class_numbers(case), case.neighbour.skin * mean_diameter_by_number(case)
    diameters = {each.name: each.diameter for each in case.classes}
    total = sum(numbers.values())
    if not total:
        return FULL_CONTACTS
    volume = sum(number * sphere_volume(diameters[name]) for name, number in numbers.items()) / BED_SOLIDS
    shell = 0.0
    for one, first in numbers.items():
        for other, second in numbers.items():
            reach = 0.5 * (diameters[one] + diameters[other])
            shell += first / total * second / volume * ((reach + skin) ** 3 - reach**3)
    return FULL_CONTACTS + SHELL_DENSITY * 4.0 / 3.0 * math.pi * shell


def _cell_bytes(case: DemCase, count: float) -> float:
    domain = make_domain(
        np.array(case.domain.low), np.array(case.domain.high),
        ("x" in case.domain.periodic, "y" in case.domain.periodic, "z" in case.domain.periodic), 0.0,
    )  # fmt: skip
    radii = np.array([radius for each in case.classes for radius in each.radii])
    if not len(radii) or not count:
        return 0.0
    skin = case.neighbour.skin * mean_diameter_by_number(case)
    cells, _ = divide_box(domain.box, size_levels(radii), skin, most_cells(int(count)))
    return SHORT * (cell_count(cells) + 1.0)


def _samples_bytes(case: DemCase, bodies: float) -> float:
    step, settings = time_step(case), case.statistics
    schedule = schedule_of(case, step)
    if settings is None or schedule is None:
        return 0.0
    lag = lag_in_samples(settings, schedule, step)
    return sample_bytes(bodies, compartment_count(settings.partition), len(case.classes), lag)


def _statistics_bytes(case: DemCase) -> float:
    settings = case.statistics
    if settings is None:
        return 0.0
    compartments, classes = compartment_count(settings.partition), len(case.classes)
    cells = compartments * classes * (classes + max(1, len(case.walls)))
    return cells * LONG * (FIELD_COUNT + 2.0 * settings.bins)
