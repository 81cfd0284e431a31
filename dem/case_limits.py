"""Time scales and amounts that follow from a case before anything is simulated; plain Python, formulas only."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from dem.case import DemCase
from dem.case_materials import Contact, Material, MaterialPair, Shares
from dem.case_particles import Box, Given, Insertion, Packing, ParticleFile
from dem.case_time import Duration, Passages
from dem.contact.moduli import effective_youngs_modulus

HERTZ_CONTACT_TIME = 2.9432


def rayleigh_time(radius: float, material: Material) -> float:
    """Return T_R = pi R sqrt(rho/G) / (0.1631 nu + 0.8766) [s] of a sphere of that radius [m]."""
    wave = math.sqrt(material.density / material.elasticity.shear_modulus)
    return math.pi * radius * wave / (0.1631 * material.poisson_ratio + 0.8766)


def hertz_contact_time(radius: float, material: Material, speed: float) -> float:
    """Return the elastic contact time of two equal spheres that meet head-on [s].

    t_c = 2.9432 d/v, d = (15 m* v^2 / (16 E* sqrt(R*)))^(2/5).

    Args:
        radius: of both spheres [m].
        material: of both spheres.
        speed: relative speed [m/s], above 0.
    """
    reduced_mass = 0.5 * material.density * sphere_volume(2 * radius)
    stiffness = 16 * effective_youngs_modulus(material.elasticity, material.elasticity) * math.sqrt(radius / 2)
    overlap = (15 * reduced_mass * speed**2 / stiffness) ** 0.4
    return HERTZ_CONTACT_TIME * overlap / speed


def strike_overlap(density: float, modulus: float, speed: float) -> float:
    """Return overlap over radius of a sphere hit by a wall, (1.25 pi rho v^2 / E*)^0.4.

    Args:
        density: of the sphere [kg/m3].
        modulus: E* of sphere and wall [Pa].
        speed: of approach [m/s].
    """
    return float((1.25 * math.pi * density * speed**2 / modulus) ** 0.4)


def sphere_volume(diameter: float) -> float:
    """Return pi d^3 / 6 [m3]."""
    return math.pi * diameter**3 / 6


def spheres(case: DemCase, of: Collection[str] | None = None) -> Iterator[tuple[float, Material]]:
    """Yield radius [m] and material of the smallest sphere of every class, and of particles with their own radius.

    of: names of the materials wanted; None for all.
    """
    for size_class in case.classes:
        if of is None or size_class.material in of:
            material = case.materials[size_class.material]
            yield min(size_class.radii), material.model_copy(update={"density": size_class.density(material)})
    for source in case.particles:
        if isinstance(source, Given):
            for particle in source.items:
                name = particle.material
                if particle.radius is not None and name is not None and (of is None or name in of):
                    yield particle.radius, case.materials[name]


class ReferenceTime(NamedTuple):
    """A time the step is measured by [s], and its name."""

    value: float
    name: str


def reference_time(case: DemCase) -> ReferenceTime:
    """Return the shortest of the times that the step is measured by, of the pairs of materials.

    The Rayleigh time; for linear laws sqrt(m*/k), 1/pi of an undamped contact, with the stiffness of unloading where it
    is another. EEPA unloads at k1/(1 - lambda), which shortens the Rayleigh time by sqrt(1 - lambda).
    """
    times = []
    for pair in case.pairs:
        contact, solids = case.contact.of(pair), list(spheres(case, pair.between))
        if not solids:
            continue
        if contact.normal_stiffness is not None:
            times.append(_linear_time(contact, pair, solids))
        else:
            plasticity = (pair.plasticity_ratio or 0.0) if contact.law == "eepa" else 0.0
            times.append(_rayleigh(solids, math.sqrt(1.0 - plasticity)))
    return min(times) if times else _rayleigh(list(spheres(case)), 1.0)


def _rayleigh(solids: Sequence[tuple[float, Material]], share: float) -> ReferenceTime:
    return ReferenceTime(share * min(rayleigh_time(*each) for each in solids), "Rayleigh time")


def _linear_time(contact: Contact, pair: MaterialPair, solids: Sequence[tuple[float, Material]]) -> ReferenceTime:
    assert contact.normal_stiffness is not None
    stiffness = contact.normal_stiffness / (pair.restitution**2 if contact.law == "walton-braun" else 1.0)
    mass = min(0.5 * material.density * sphere_volume(2 * radius) for radius, material in solids)
    return ReferenceTime(math.sqrt(mass / stiffness), "contact time scale sqrt(m*/k)")


def time_step(case: DemCase) -> float:
    """Return the time step [s]: the one given, or `rayleigh_share` of the reference time."""
    if case.time.step is not None:
        return case.time.step
    return case.time.rayleigh_share * reference_time(case).value


def class_numbers(case: DemCase) -> dict[str, float]:
    """Return the number of particles of each class that packings, insertions and given particles bring."""
    numbers = {size_class.name: 0.0 for size_class in case.classes}
    for source in case.particles:
        if isinstance(source, (Packing, Insertion)):
            shares = number_shares(case, source.shares)
            for name, share in shares.items():
                numbers[name] += share * source_number(case, source)
        elif isinstance(source, Given):
            for particle in source.items:
                if particle.size_class is not None:
                    numbers[particle.size_class] += 1
    return numbers


def number_shares(case: DemCase, shares: Shares) -> dict[str, float]:
    """Return the shares by number of classes whose shares are given by number, volume or mass."""
    if shares.by == "number":
        return dict(shares.of)
    own = {each.name: sphere_volume(each.diameter) for each in case.classes}
    if shares.by == "mass":
        own = {each.name: own[each.name] * each.density(case.materials[each.material]) for each in case.classes}
    numbers = {name: share / own[name] for name, share in shares.of.items()}
    total = sum(numbers.values())
    return {name: number / total for name, number in numbers.items()}


def source_number(case: DemCase, source: Packing | Insertion) -> float:
    """Return how many particles a source brings until the end of the run, before rounding."""
    volume, mass = mean_particle(case, source.shares)
    if isinstance(source, Insertion):
        rate = source.number_rate if source.number_rate is not None else (source.mass_rate or 0.0) / mass
        return rate * source.fed_time(run_duration(case))
    if source.number is not None:
        return float(source.number)
    if source.mass is not None:
        return source.mass / mass
    room = source.region.volume
    if isinstance(source.region, Box):
        low, high, _ = case.domain.spanned(source.region.low, source.region.high)
        room = math.prod(b - a for a, b in zip(low, high))
    return (source.solids_fraction or 0.0) * room / volume


def seconds(case: DemCase, duration: Duration) -> float:
    """Return a duration in seconds at the case's wall speeds."""
    return duration.duration(case.wall_speed(duration.of)) if isinstance(duration, Passages) else float(duration)


def run_duration(case: DemCase) -> float:
    """Return the simulated time of one run: settling, spin-up and all blocks, or the given end [s]."""
    if case.statistics is None or not case.statistics.enabled:
        return case.time.end or 0.0
    moving = seconds(case, case.time.spin_up) + case.statistics.blocks * seconds(case, case.statistics.block)
    return case.time.settle + moving


def mean_particle(case: DemCase, shares: Shares) -> tuple[float, float]:
    """Return mean volume [m3] and mean mass [kg] of the particles of a source."""
    classes = {size_class.name: size_class for size_class in case.classes}
    volume = mass = 0.0
    for name, share in number_shares(case, shares).items():
        own = share * sphere_volume(classes[name].diameter)
        volume += own
        mass += own * classes[name].density(case.materials[classes[name].material])
    return volume, mass


def particle_count(case: DemCase) -> float:
    """Return how many particles the case brings in all."""
    own = sum(1 for _ in _own_radii(case))
    files = sum(_lines(source) for source in case.particles if isinstance(source, ParticleFile))
    return sum(class_numbers(case).values()) + own + files


def sphere_count(case: DemCase) -> float:
    """Return how many spheres the particles of a case are made of."""
    numbers = class_numbers(case)
    more = sum(numbers[each.name] * (len(each.radii) - 1) for each in case.classes)
    return particle_count(case) + more


def _own_radii(case: DemCase) -> Iterator[float]:
    for source in case.particles:
        if isinstance(source, Given):
            yield from (particle.radius for particle in source.items if particle.radius is not None)


def _lines(source: ParticleFile) -> int:
    with source.file.open("rb") as stream:
        return max(0, sum(1 for line in stream if line.strip()) - 1)


def mean_diameter(case: DemCase) -> float | None:
    """Return the volume-weighted mean diameter d43 = sum N d^4 / sum N d^3 of the classes [m]; None without any."""
    numbers = class_numbers(case)
    cubes = [numbers[each.name] * each.diameter**3 for each in case.classes]
    if not sum(cubes):
        return None
    return sum(cube * each.diameter for cube, each in zip(cubes, case.classes)) / sum(cubes)


def solids_volume(case: DemCase) -> float:
    """Return the solid volume of all particles of the classes [m3]."""
    numbers = class_numbers(case)
    return sum(numbers[each.name] * sphere_volume(each.diameter) for each in case.classes)


def fastest_start(case: DemCase) -> float:
    """Return the highest speed that a particle starts with [m/s]."""
    speeds = [0.0]
    for source in case.particles:
        if isinstance(source, Given):
            speeds += [math.hypot(*particle.velocity) for particle in source.items]
        elif isinstance(source, (Packing, Insertion)):
            speeds.append(math.hypot(*source.velocity) + GAUSSIAN_TAIL * source.spread)
    return max(speeds)


GAUSSIAN_TAIL = 4.0
