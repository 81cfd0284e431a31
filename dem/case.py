"""The `dem:` section of a case: everything the particle simulation needs, in SI."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from compute.case_model import CaseModel, invalid, require_name
from compute.quantities import AccelerationVector, Position, Rate
from dem.case_flow import Outlet
from dem.case_liquid import Liquid
from dem.case_materials import Contact, Material, MaterialPair, ParticleClass, Shares
from dem.case_motion import Motion, load_of
from dem.case_numerics import Numerics, NumericsChoice
from dem.case_observables import Observables
from dem.case_parcels import Parcels
from dem.case_particles import Given, Insertion, Packing, ParticleSource
from dem.case_results import RingShear
from dem.case_statistics import NeighbourSettings, StatisticsSettings
from dem.case_time import Passages, TimeSettings
from dem.case_walls import Wall
from dem.pair_properties import contacts_of, laws_of, require_alike, require_composable, require_parameters

STANDARD_GRAVITY = (0.0, 0.0, -9.81)
Axis = Literal["x", "y", "z"]


class Domain(CaseModel):
    """The box particles must stay in.

    Attributes:
        periodic: directions in which the box repeats itself.
        shear_rate: Lees-Edwards shear d(v_x)/dy [1/s]; needs x and y periodic.
    """

    low: Position
    high: Position
    periodic: Annotated[tuple[Axis, ...], Field(max_length=3)] = ()
    shear_rate: Rate = 0.0

    @model_validator(mode="after")
    def _consistent(self) -> Domain:
        if any(low >= high for low, high in zip(self.low, self.high)):
            raise invalid("the domain is empty", key="low", value=self.low, expected="low < high in x, y and z")
        if len(set(self.periodic)) < len(self.periodic):
            raise invalid("a direction is named twice", key="periodic", value=self.periodic, expected="each once")
        if self.shear_rate and not {"x", "y"} <= set(self.periodic):
            raise invalid(
                "shear moves the images in x across y", key="periodic", value=self.periodic, expected="x and y periodic"
            )
        return self

    @property
    def size(self) -> tuple[float, float, float]:
        """Edge lengths [m]."""
        x, y, z = (high - low for low, high in zip(self.low, self.high))
        return x, y, z

    def spanned(self, low: Position, high: Position) -> tuple[list[float], list[float], list[bool]]:
        """Return the corners [m] of what a box holds of the domain, and the directions that it repeats in.

        These are the periodic ones in which it is as long as the domain or longer; its ends are the domain's there.
        """
        spans = [axis in self.periodic and b - a >= size for axis, a, b, size in zip("xyz", low, high, self.size)]
        own, ends = zip(low, high), zip(self.low, self.high)
        corners = [end if span else each for span, each, end in zip(spans, own, ends)]
        return [a for a, _ in corners], [b for _, b in corners], spans


class DemCase(CaseModel):
    """Particles, walls, laws, times and statistics of one particle simulation.

    Attributes:
        gravity: acceleration of gravity [m/s2].
        materials: elastic solids by name.
        pairs: every two materials that can meet; order within a pair does not matter.
        liquid: what wets the particles; without it they are dry.
        classes: size classes of the particles.
        parcels: what the particles stand for, where that is not themselves.
        outlets: where particles leave.
        observables: what is measured on the bed on the way.
        numerics: how numbers are computed.
    """

    gravity: AccelerationVector = STANDARD_GRAVITY
    domain: Domain
    materials: dict[str, Material] = Field(min_length=1)
    pairs: tuple[MaterialPair, ...] = ()
    contact: Contact = Contact()
    liquid: Liquid | None = None
    classes: tuple[ParticleClass, ...] = ()
    parcels: Parcels | None = None
    walls: tuple[Wall, ...] = ()
    particles: tuple[ParticleSource, ...] = Field(min_length=1)
    outlets: tuple[Outlet, ...] = ()
    time: TimeSettings = TimeSettings()
    statistics: StatisticsSettings | None = None
    observables: Observables | None = None
    neighbour: NeighbourSettings = NeighbourSettings()
    numerics: NumericsChoice = Numerics()

    @model_validator(mode="after")
    def _consistent(self) -> DemCase:
        self._check_unique_names()
        self._check_materials()
        self._check_sources()
        self._check_pairs()
        self._check_shapes()
        self._check_times()
        self._check_loads()
        self._check_feeders()
        return self

    def _check_unique_names(self) -> None:
        feeders = [source.name if isinstance(source, Insertion) else None for source in self.particles]
        groups = {what: [each.name for each in getattr(self, what)] for what in ("classes", "walls", "outlets")}
        for what, names in (*groups.items(), ("particles", feeders)):
            for index, name in enumerate(names):
                if name is not None and name in names[:index]:
                    raise invalid("the name is used twice", key=f"{what}.{index}.name", value=name)

    def _check_materials(self) -> None:
        for index, pair in enumerate(self.pairs):
            for side, name in enumerate(pair.between):
                require_name(name, self.materials, "material", f"pairs.{index}.between.{side}")
        for index, size_class in enumerate(self.classes):
            require_name(size_class.material, self.materials, "material", f"classes.{index}.material")
        for index, wall in enumerate(self.walls):
            require_name(wall.material, self.materials, "material", f"walls.{index}.material")

    def _check_sources(self) -> None:
        names = [size_class.name for size_class in self.classes]
        if self.liquid and isinstance(self.liquid.content, dict):
            for name in self.liquid.content:
                require_name(name, names, "class", f"liquid.content.{name}")
        for index, source in enumerate(self.particles):
            key = f"particles.{index}"
            if isinstance(source, (Packing, Insertion)):
                for name in source.shares.of:
                    require_name(name, names, "class", f"{key}.shares.of.{name}")
            if isinstance(source, Given):
                for item, particle in enumerate(source.items):
                    if particle.size_class is not None:
                        require_name(particle.size_class, names, "class", f"{key}.items.{item}.class")
                    if particle.material is not None:
                        require_name(particle.material, self.materials, "material", f"{key}.items.{item}.material")
        if self.observables is not None:
            self._check_observables(self.observables, names)

    def _check_observables(self, observables: Observables, names: list[str]) -> None:
        for key, blend in observables.blends.items():
            for place, name in enumerate(blend.of):
                require_name(name, names, "class", f"observables.{key}.of.{place}")
        for index, leaving in enumerate(observables.outlet_blends):
            outlets = [outlet.name for outlet in self.outlets]
            require_name(leaving.outlet, outlets, "outlet", f"observables.outlet_blends.{index}.outlet")
        for index, result in enumerate(observables.results):
            if isinstance(result, RingShear):
                self._check_lid(result, f"observables.results.{index}")
        fields = observables.fields
        if fields is not None and any(
            fields.range > 0.5 * self.domain.size["xyz".index(a)] for a in self.domain.periodic
        ):
            raise invalid(
                "the range reaches an image of itself", key="observables.fields.range", value=fields.range,
                expected="at most half the domain's length in each periodic direction",
            )  # fmt: skip

    def _check_lid(self, result: RingShear, key: str) -> None:
        require_name(result.wall, [wall.name for wall in self.walls], "wall", f"{key}.wall")
        if not self.wall_speed(result.wall):
            raise invalid("the lid does not turn", key=f"{key}.wall", value=result.wall, expected="a turning wall")
        if self.statistics is None or not self.statistics.enabled:
            raise invalid("no loads on walls are counted", key=key, expected="dem.statistics with blocks")

    def _check_pairs(self) -> None:
        given: set[frozenset[str]] = set()
        for index, pair in enumerate(self.pairs):
            if frozenset(pair.between) in given:
                raise invalid("the pair is given twice", key=f"pairs.{index}.between", value=list(pair.between))
            given.add(frozenset(pair.between))
            solids = self.materials[pair.between[0]], self.materials[pair.between[1]]
            contact = laws_of(self.contact, pair, f"pairs.{index}")
            require_composable(contact, self.liquid, "contact" if contact is self.contact else f"pairs.{index}")
            require_parameters(contact, *solids, pair, f"pairs.{index}")
        if not self.pairs:
            require_composable(self.contact, self.liquid, "contact")
        require_alike(contacts_of(self))
        if self.contact.law == "ghost":
            return
        for first, second in self.meeting_materials():
            if frozenset((first, second)) not in given:
                raise invalid(
                    "two materials meet and nothing says how",
                    key="pairs",
                    expected=f"an entry between: [{first}, {second}]",
                )

    def _check_loads(self) -> None:
        """Refuse two walls with the same load: each of them would bear it, and move, alone."""
        loads = [load_of(wall.motion) for wall in self.walls]
        for index, load in enumerate(loads):
            if load is not None and load in loads[:index]:
                other = self.walls[loads.index(load)].name
                raise invalid(
                    f"{other} and {self.walls[index].name} have the same load, and a wall under a load is one body",
                    key=f"walls.{index}.motion",
                    value=f"{load.force:g} N on {load.mass:g} kg",
                    expected="one wall of a mesh with both shapes; separate lids differ in force or mass",
                )

    def _check_feeders(self) -> None:
        """Refuse a feeder beside a wall under a load: it would not know where the wall is."""
        loads = [load_of(wall.motion) for wall in self.walls]
        released = [self.time.settle + load.start for load in loads if load is not None]
        for index, source in enumerate(self.particles):
            if released and isinstance(source, Insertion) and (source.end or math.inf) > (1.0 + 1e-9) * min(released):
                raise invalid(
                    "the feeder runs while a wall bears a load", key=f"particles.{index}.end", value=source.end,
                    expected=f"at most {min(released):g} s, or a later start of the load",
                )  # fmt: skip

    def _check_shapes(self) -> None:
        """Refuse what is not carried by bodies made of several spheres."""
        shaped = [each.name for each in self.classes if each.shape is not None]
        if shaped and self.domain.shear_rate != 0.0:
            raise invalid(
                "not with particles that have a shape: the images of a body slide apart", key="domain.shear_rate",
                expected=f"no such entry, or a diameter in place of the shape of {', '.join(shaped)}",
            )  # fmt: skip

    def _check_times(self) -> None:
        names = [wall.name for wall in self.walls]
        durations = {"time.spin_up": self.time.spin_up}
        if self.statistics is not None:
            durations["statistics.block"] = self.statistics.block
        for key, duration in durations.items():
            if isinstance(duration, Passages):
                require_name(duration.of, names, "wall", f"{key}.of")
                if not self.wall_speed(duration.of):
                    raise invalid("the wall does not turn", key=f"{key}.of", expected="a wall with a motion")
        if self.time.end is None and self.statistics is None:
            raise invalid("nothing says when the run ends", key="time", expected="time.end, or statistics with blocks")

    def particle_materials(self) -> list[str]:
        """Return the names of the materials particles are made of, sorted."""
        names = {size_class.material for size_class in self.classes}
        for source in self.particles:
            if isinstance(source, Given):
                names |= {particle.material for particle in source.items if particle.material is not None}
        return sorted(names)

    def meeting_materials(self) -> list[tuple[str, str]]:
        """Return the pairs of materials that can touch: particles with particles and with walls."""
        own = self.particle_materials()
        pairs = [(first, second) for at, first in enumerate(own) for second in own[at:]]
        walls = sorted({wall.material for wall in self.walls} - set(own))
        return pairs + [(first, second) for first in own for second in walls]

    def with_wall_speed(self, name: str, speed: float) -> DemCase:
        """Return the same case with another angular speed [rad/s] of the wall called `name`."""
        walls = []
        for wall in self.walls:
            motion = (
                wall.motion.model_copy(update={"speed": speed})
                if isinstance(wall.motion, Motion) and wall.name == name
                else wall.motion
            )
            walls.append(wall.model_copy(update={"motion": motion}))
        return self.model_copy(update={"walls": tuple(walls)})

    def wall_speed(self, name: str) -> float:
        """Return the final angular speed of the wall called `name` [rad/s]; 0 for a wall at rest."""
        motions = [wall.motion for wall in self.walls if wall.name == name]
        return next((motion.speed for motion in motions if isinstance(motion, Motion)), 0.0)

    @property
    def scale_factor(self) -> float:
        """Diameter of a particle over that of the grains it stands for [-]."""
        return self.parcels.scale_factor if self.parcels else 1.0

    def diameters(self) -> list[float]:
        """Return the diameters of all classes and of particles with a radius of their own [m], rising."""
        found = {size_class.diameter for size_class in self.classes}
        for source in self.particles:
            if isinstance(source, Given):
                found |= {2 * particle.radius for particle in source.items if particle.radius is not None}
        return sorted(found)


__all__ = ["Axis", "DemCase", "Domain", "Shares"]
