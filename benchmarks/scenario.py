"""A comparison as an ordinary case: settled once, then timed from the settled state by this engine and by LIGGGHTS.

States are made by this engine and kept in benchmarks/states/, which the repository does not hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from coupling.case_file import read_case
from dem.case import DemCase
from dem.particles import CLASS, VX, WX, X
from dem.simulation import Simulation

HERE = Path(__file__).resolve().parent
STATES = HERE / "states"
TEMPLATES = Environment(loader=FileSystemLoader(HERE / "cases"), undefined=StrictUndefined, trim_blocks=True)
SEED = 1
DIAMETER = 4e-3
FILL, PACKED = 0.3, 0.6
RATIO = 3.0
"""Of the two diameters beside the paddle."""


class Turn(NamedTuple):
    """How a mesh turns: a point of the axis [m], its direction, and the time of a turn [s]."""

    origin: tuple[float, float, float]
    axis: tuple[int, int, int]
    period: float


@dataclass(frozen=True)
class Scenario:
    """One comparison.

    Args:
        name: its own; template: of its case; sizes: lengths of its equipment for a number of particles [m].
        planes: walls of the peer as (axis, place) for these lengths; turn: how its mesh turns, if it has one.
        sticky: whether the law has EPSD2 rolling and SJKR cohesion.
    """

    name: str
    template: str
    sizes: Callable[[int], dict[str, float]]
    planes: Callable[[dict[str, float]], list[tuple[str, float]]]
    turn: Callable[[dict[str, float]], Turn] | None = None
    sticky: bool = False

    def case(self, particles: int, *changes: str) -> DemCase:
        """The case with this number of particles, changed."""
        STATES.mkdir(exist_ok=True)
        path = STATES / f"{self.name}-{particles}.yaml"
        template = TEMPLATES.get_template(f"{self.template}.yaml.j2")
        text = template.render(particles=particles, sticky=self.sticky, **self.sizes(particles))
        path.write_text(text, encoding="utf-8")
        case = read_case(path, changes).dem
        assert case is not None
        return case

    def state(self, particles: int) -> Path:
        """The settled particles as a CSV file; made where it is not there yet."""
        from compute import get_backend

        path = STATES / f"{self.name}-{particles}.csv"
        if not path.exists():
            print(f"  settling {particles} particles: {self.name}", flush=True)
            simulation = Simulation(self.case(particles), get_backend("cpu"), SEED)
            simulation.advance(simulation.setup.settle_steps)
            write_particles(simulation, path)
        return path

    def settled_case(self, particles: int, skin: float) -> DemCase:
        """The case from its settled state, walls moving at once; skin: over the smallest diameter [-]."""
        source = f"dem.particles=[{{kind: file, file: '{self.state(particles)}'}}]"
        diameters = [each.diameter for each in self.case(particles).classes]
        share = skin * DIAMETER * len(diameters) / sum(diameters)
        return self.case(particles, source, "dem.time.settle=0 s", f"dem.neighbour.skin={share}")

    def peer_input(self, particles: int, state: Path, folder: Path, **values: Any) -> Path:
        """The peer's input from a state, with all the files it names, in `folder`.

        values: skin [m], numbers of steps (warm, steps), dump: file of the last places, empty for none.
        """
        case, sizes = self.case(particles), self.sizes(particles)
        write_peer_state(case, state, folder / "state.data")
        mesh = write_mesh(case, folder / "body.stl") if self.turn else None
        text = TEMPLATES.get_template("peer.lmp.j2").render(
            data="state.data",
            planes=self.planes(sizes),
            mesh=mesh,
            step=case.time.step,
            sticky=self.sticky,
            turn=self.turn(sizes) if self.turn else None,
            **values,
        )
        path = folder / "in.peer"
        path.write_text(text, encoding="utf-8")
        return path


def box_sizes(particles: int) -> dict[str, float]:
    """A bed as deep as 1.2 of its width at any number: width [m]."""
    return {"width": 0.1 * (particles / 20_000) ** (1 / 3)}


def drum_sizes(particles: int) -> dict[str, float]:
    """A drum 30 % full whose length is 0.7 of its radius: radius, length [m]."""
    bulk = particles * pi / 6.0 * DIAMETER**3 / PACKED
    radius = (bulk / (FILL * pi * 0.7)) ** (1 / 3)
    return {"radius": radius, "length": 0.7 * radius}


def paddle_sizes(particles: int) -> dict[str, float]:
    """A box filled as high as it is wide by spheres of 4 and 12 mm, half of the volume each: width [m]."""
    small = particles * RATIO**3 / (RATIO**3 + 1)
    return {"width": (2.0 * small * pi / 6.0 * DIAMETER**3 / PACKED) ** (1 / 3)}


def drum_turn(sizes: dict[str, float]) -> Turn:
    """At 30 rpm about y."""
    return Turn((0.0, 0.0, 0.0), (0, 1, 0), 2.0)


def paddle_turn(sizes: dict[str, float]) -> Turn:
    """At 60 rpm about the upright through the middle."""
    middle = 0.5 * sizes["width"]
    return Turn((middle, middle, 0.0), (0, 0, 1), 1.0)


def box_planes(sizes: dict[str, float]) -> list[tuple[str, float]]:
    """Five planes of the box."""
    return [("x", 0.0), ("x", sizes["width"]), ("y", 0.0), ("y", sizes["width"]), ("z", 0.0)]


SCENARIOS = {
    "box": Scenario("box", "box", box_sizes, box_planes),
    "drum": Scenario("drum", "drum", drum_sizes, lambda sizes: [], drum_turn),
    "paddle": Scenario("paddle", "paddle", paddle_sizes, box_planes, paddle_turn),
    "sticky": Scenario("sticky", "box", box_sizes, box_planes, sticky=True),
}


def write_particles(simulation: Simulation, path: Path) -> None:
    """Write the particles, in the order of their numbers, as the CSV that a case reads."""
    particles = simulation.engine.host_particles()
    names = [each.name for each in simulation.setup.case.classes]
    lines = ["x,y,z,vx,vy,vz,wx,wy,wz,class"]
    for at in np.argsort(particles.id):
        row = particles.row[at]
        numbers = (*row[X : X + 3], *row[VX : VX + 3], *row[WX : WX + 3])
        lines.append(",".join([*(repr(float(number)) for number in numbers), names[particles.kind[at, CLASS]]]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_peer_state(case: DemCase, state: Path, path: Path) -> None:
    """Write the settled state as the peer's data file; its atom types are the classes."""
    table = np.genfromtxt(state, delimiter=",", names=True, dtype=None, encoding="utf-8")
    kinds = {each.name: (at + 1, each.diameter) for at, each in enumerate(case.classes)}
    densities = {each.name: case.materials[each.material].density for each in case.classes}
    lines = ["settled state", "", f"{len(table)} atoms", f"{len(kinds)} atom types", ""]
    for axis, low, high in zip("xyz", case.domain.low, case.domain.high):
        lines.append(f"{low!r} {high!r} {axis}lo {axis}hi")
    lines += ["", "Atoms", ""]
    for at, row in enumerate(table):
        kind, diameter = kinds[row["class"]]
        place = " ".join(repr(float(row[axis])) for axis in "xyz")
        lines.append(f"{at + 1} {kind} {diameter!r} {densities[row['class']]!r} {place}")
    lines += ["", "Velocities", ""]
    for at, row in enumerate(table):
        motion = " ".join(repr(float(row[name])) for name in ("vx", "vy", "vz", "wx", "wy", "wz"))
        lines.append(f"{at + 1} {motion}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_mesh(case: DemCase, path: Path) -> str:
    """Write the case's mesh wall where it stands as an ASCII STL; returns its name."""
    import trimesh

    from dem.walls.placement import place_mesh

    corners = place_mesh(next(wall for wall in case.walls if wall.shape == "mesh"), "dem.walls")
    faces = np.arange(3 * len(corners)).reshape(-1, 3)
    trimesh.Trimesh(corners.reshape(-1, 3), faces, process=False).export(path, file_type="stl_ascii")
    return path.name
