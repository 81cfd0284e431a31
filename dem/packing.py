"""The particles of a simulation at its start: packed into regions, given one by one, or read from a file.

A packing is drawn at random where there is room: uniformly (random sequential addition) while that is likely to
succeed, else on a face-centred cubic lattice with as much jitter as its spacing leaves, else by pushing overlapping
spheres apart. No two spheres overlap in the end, and none reaches into a wall.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from compute.errors import CaseError
from dem.case import DemCase
from dem.case_limits import number_shares, source_number
from dem.case_materials import Shares
from dem.case_particles import Given, GivenParticle, Packing, ParticleFile
from dem.clumps.orientation import NO_TURN, about_axis, random_turns
from dem.clumps.packing import GAP, draw_bodies
from dem.clumps.rows import place_in_rows
from dem.clumps.spheres import spheres_of
from dem.particle_file import read_particles
from dem.particle_set import ClassTable, ParticleSet, class_table, join_sets
from dem.regions import Room, make_room
from dem.walls import Walls

__all__ = ["ClassTable", "ParticleSet", "class_table", "draw_classes", "generator", "initial_particles"]

RANDOM_SHARE = 0.2
"""Solids fraction of a region up to which spheres find room when drawn uniformly; saturation is near 0.38."""
ROUNDS = 60
"""Rounds of drawing for each size before the spheres left are said to find no room."""
LATTICE_TRIALS = 12
PUSHES = 1000
"""Most rounds of pushing overlapping spheres apart."""
PATIENCE, STALLED = 50, 0.8
"""After so many rounds the sum of overlaps must have fallen to this share, or pushing is given up."""
SWELLING = 1e-3
"""Share by which spheres are larger while they are pushed, or the last overlaps would go to 0 for ever."""
NARROWING = 0.995
"""Factor on the spacing of the lattice beyond what its number of sites asks for."""
FCC = np.array([[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])

Vectors = NDArray[np.float64]
Integers = NDArray[np.int64]


def generator(seed: int, stream: int) -> np.random.Generator:
    """Return the random numbers of a stream: functions of (seed, stream) alone."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, stream], np.uint64)))


def initial_particles(case: DemCase, classes: ClassTable, walls: Walls, seed: int) -> ParticleSet:
    """Return all particles present at the start, with ids 0, 1, ... in the order of the case.

    Raises:
        CaseError: a region cannot hold what it should, or a file cannot be used.
    """
    sets: dict[int, ParticleSet] = {}
    for index, source in enumerate(case.particles):
        if isinstance(source, Given):
            sets[index] = _as_given(source.items, classes, case)
        elif isinstance(source, ParticleFile):
            sets[index] = _as_given(read_particles(source, case, f"dem.particles.{index}"), classes, case)
    for index, source in enumerate(case.particles):
        if isinstance(source, Packing):
            present = join_sets([_nothing(classes), *sets.values()])
            sets[index] = pack(source, case, classes, walls, present, seed, index)
    everything = join_sets([_nothing(classes)] + [sets[index] for index in sorted(sets)])
    everything.id[:] = np.arange(len(everything))
    return everything


def _nothing(classes: ClassTable) -> ParticleSet:
    none = np.zeros((0, 3))
    return classes.particles(np.zeros(0, np.int64), none, none, none)


def _as_given(items: Sequence[GivenParticle], classes: ClassTable, case: DemCase) -> ParticleSet:
    materials = list(case.materials)
    kinds = [
        classes.names.index(item.size_class)
        if item.size_class is not None
        else classes.of_sphere(2.0 * (item.radius or 0.0), materials.index(item.material or ""))
        for item in items
    ]
    vectors = [
        np.array([getattr(item, name) for item in items], float).reshape(-1, 3)
        for name in ("position", "velocity", "spin")
    ]
    turns = [item.orientation for item in items]
    given = np.array([about_axis(turn.axis, turn.angle) if turn else NO_TURN for turn in turns])
    return classes.particles(np.array(kinds, np.int64), vectors[0], vectors[1], vectors[2], given)


def largest_remainder(shares: Vectors, total: int) -> Integers:
    """Return whole numbers in proportion to shares that sum to 1 and add up to the total (Hamilton's method)."""
    exact = np.asarray(shares) * total
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts


def draw_classes(
    case: DemCase, classes: ClassTable, shares: Shares, total: int, random: np.random.Generator
) -> Integers:
    """Return the classes of `total` particles in random order; their numbers are exact."""
    by_name = number_shares(case, shares)
    members = np.array([classes.names.index(name) for name in by_name], np.int64)
    counts = largest_remainder(np.array(list(by_name.values())), total)
    return random.permutation(np.repeat(members, counts))


def pack(
    source: Packing, case: DemCase, classes: ClassTable, walls: Walls, present: ParticleSet, seed: int, index: int
) -> ParticleSet:
    """Return the particles of one packing, clear of walls and of the particles present.

    Raises:
        CaseError: the region cannot hold them.
    """
    random = generator(seed, index)
    total = max(1, round(source_number(case, source)))
    kinds = draw_classes(case, classes, source.shares, total, random)
    position, turns, placed = _places(source, case, classes, walls, present, kinds, random)
    if position is None:
        raise CaseError(
            f"the region has no room for {total} particles without overlap; {placed} fit",
            key=f"dem.particles.{index}.region", expected="a larger region, fewer particles, or smaller ones",
        )  # fmt: skip
    velocity = thermal_velocity(classes.mass[kinds], source.velocity, source.spread, random)
    return classes.particles(kinds, position, velocity, np.zeros((total, 3)), turns)


def _places(
    source: Packing, case: DemCase, classes: ClassTable, walls: Walls, present: ParticleSet, kinds: Integers,
    random: np.random.Generator,
) -> tuple[Vectors | None, Vectors | None, int]:  # fmt: skip
    """Return positions and, of bodies, turns; no positions if not all find room; and how many did.

    Bodies are placed sphere by sphere or, where not all find room so, by the spheres around them, or else in rows.
    """
    radius, most = classes.reach[kinds] * (1.0 + GAP), 0
    turns = random_turns(len(kinds), random) if classes.shapes else None
    shapes = classes.shapes
    room = make_room(source.region, case.domain, walls, spheres_of(present, shapes) if shapes else present)
    if shapes:
        bodies, placed = draw_bodies(room, shapes, kinds, random, ROUNDS)
        if placed.all():
            return bodies.position, bodies.turn, len(kinds)
        most = int(placed.sum())
    share = (4.0 / 3.0 * math.pi * radius**3).sum() / source.region.volume
    for method in METHODS_DILUTE if share < RANDOM_SHARE else METHODS_DENSE:
        position, placed_so = method(room, radius, random)
        if position is not None:
            return position, turns, len(kinds)
        most = max(most, placed_so)
    laid, places = place_in_rows(room, shapes, kinds, random) if shapes else (None, 0)
    if laid is not None:
        return laid.position, laid.turn, len(kinds)
    return None, None, max(most, places)


def thermal_velocity(mass: Vectors, mean: Sequence[float], spread: float, random: np.random.Generator) -> Vectors:
    """Return Gaussian velocities [m/s], shape (n, 3), whose mass-weighted mean and mean square are exact.

    mean [m/s]; spread: sqrt(sum (v - mean)^2/(3 n)) [m/s].
    """
    noise = random.standard_normal((len(mass), 3))
    noise -= (mass[:, None] * noise).sum(0) / mass.sum()
    square = (noise**2).mean()
    return np.asarray(mean) + noise * (spread / math.sqrt(square) if square > 0.0 else 0.0)


def place_at_random(room: Room, radius: Vectors, random: np.random.Generator) -> tuple[Vectors | None, int]:
    """Return positions drawn uniformly, and how many found room; None if not all did."""
    position, placed = room.draw(radius, random, ROUNDS)
    return position if placed.all() else None, int(placed.sum())


def place_by_pushing(room: Room, radius: Vectors, random: np.random.Generator) -> tuple[Vectors | None, int]:
    """Return positions from which overlapping spheres were pushed apart, and how many are clear; None if not all are.

    Starts from a uniform drawing; the spheres that found no room in it are dropped anywhere between the walls.
    """
    position, placed = room.draw(radius, random, ROUNDS // 4)
    rest, clear = np.flatnonzero(~placed), int(placed.sum())
    position[rest], dropped = room.drop(radius[rest], random, ROUNDS)
    before, swollen = math.inf, radius * (1.0 + SWELLING)
    for round_number in range(PUSHES if dropped.all() else 0):
        pairs, overlap = room.place.overlapping(position, swollen)
        if not (overlap > SWELLING * radius[pairs].sum(1)).any():
            return position, len(radius)
        if round_number % PATIENCE == 0:
            if overlap.sum() > STALLED * before:
                break
            before = float(overlap.sum())
        push = room.place.apart(position, pairs)
        push *= (0.5 * overlap / np.linalg.norm(push, axis=1))[:, None]
        moved = position.copy()
        np.subtract.at(moved, pairs[:, 0], push)
        np.add.at(moved, pairs[:, 1], push)
        who = np.unique(pairs)
        moved[who] = room.place.confined(moved[who], radius[who])
        free = who[room.takes(moved[who], radius[who])]
        position[free] = moved[free]
    return None, clear


def place_on_lattice(room: Room, radius: Vectors, random: np.random.Generator) -> tuple[Vectors | None, int]:
    """Return positions on a lattice as wide as it can be, jittered, and its number of sites; None if there are too few.

    All sites have room for the largest sphere.
    """
    total, largest = len(radius), float(radius.max())
    volume = float(np.prod(room.place.high - room.place.low))
    spacing = max(2.0 * largest, (math.sqrt(2.0) * volume / total) ** (1.0 / 3.0))
    for trial in range(LATTICE_TRIALS):
        sites = _lattice(room, spacing)
        sites = sites[room.takes(sites, np.full(len(sites), largest))]
        if len(sites) >= total:
            chosen = sites[random.permutation(len(sites))[:total]]
            return _jittered(room, chosen, spacing, radius, random), len(sites)
        if spacing == 2.0 * largest:
            break
        narrowed = NARROWING * spacing * (max(len(sites), 1) / total) ** (1.0 / 3.0)
        spacing = max(2.0 * largest, narrowed) if trial < LATTICE_TRIALS - 2 else 2.0 * largest
    return None, len(sites)


def _lattice(room: Room, spacing: float) -> Vectors:
    """Return the sites of a face-centred cubic lattice with this distance of neighbours [m] around the region."""
    edge, place = spacing * math.sqrt(2.0), room.place
    extent = place.high - place.low
    counts = np.maximum(np.ceil(extent / edge), 1).astype(int)
    cells = np.stack(np.meshgrid(*(np.arange(count) for count in counts), indexing="ij"), axis=-1).reshape(-1, 1, 3)
    sites = (cells + FCC).reshape(-1, 3) * edge + 0.5 * spacing
    last = np.where(place.period > 0.0, extent - 0.5 * spacing, extent)
    return place.low + sites[(sites <= last).all(1)]


def _jittered(room: Room, sites: Vectors, spacing: float, radius: Vectors, random: np.random.Generator) -> Vectors:
    """Return the sites moved by at most half the gap between neighbours, where that leaves them clear of all else."""
    reach = max(0.5 * spacing - float(radius.max()), 0.0)
    step = random.standard_normal(sites.shape)
    step *= reach * random.random((len(sites), 1)) / np.linalg.norm(step, axis=1, keepdims=True)
    moved = sites + step
    return np.where(room.takes(moved, radius)[:, None], moved, sites)


METHODS_DILUTE = (place_at_random, place_on_lattice, place_by_pushing)
METHODS_DENSE = (place_on_lattice, place_by_pushing)
