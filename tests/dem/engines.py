"""Engines made without a case file, and how to read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute import get_backend
from compute.base import Backend
from dem.case_statistics import StatisticsSettings
from dem.case_walls import CylinderWall, MeshWall, PlaneWall
from dem.clumps.orientation import NO_TURN
from dem.contact.law import Elasticity, PairProperties
from dem.domain import make_domain
from dem.engine import Engine
from dem.engine_settings import EngineSettings
from dem.interaction import Names, make_interaction
from dem.pairs import PairSettings
from dem.particle_set import ParticleSet
from dem.particles import MASS, RADIUS, VX, WX, X
from dem.recorder import make_tally
from dem.walls import build_walls

Vectors = NDArray[np.float64]
SOFT = Elasticity(5e6, 0.3, 1500.0)
LOSSY = PairProperties(0.6, 0.5)


def spheres(
    position: Any, velocity: Any, radius: Any, *, spin: Any = 0.0, density: Any = 1500.0, kind: Any = 0, ids: Any = None
) -> ParticleSet:
    """Spheres at these places; `kind` is both material and class."""
    position = np.array(position, float).reshape(-1, 3)
    n = len(position)
    r = np.broadcast_to(np.asarray(radius, float), n).copy()
    kinds = np.broadcast_to(np.asarray(kind), n).astype(np.int64)
    return ParticleSet(
        position=position,
        velocity=np.broadcast_to(np.asarray(velocity, float), (n, 3)).copy(),
        spin=np.broadcast_to(np.asarray(spin, float), (n, 3)).copy(),
        radius=r,
        mass=np.asarray(density) * 4.0 / 3.0 * np.pi * r**3,
        material=kinds,
        particle_class=kinds,
        id=np.arange(n) if ids is None else np.asarray(ids, np.int64),
        orientation=np.broadcast_to(NO_TURN, (n, 4)),
    )


def make_engine(
    particles: ParticleSet,
    *,
    step: float,
    skin: float,
    backend: Backend | None = None,
    law: Names = "hertz-mindlin-liggghts",
    rolling: Names = "none",
    adhesion: Names = "none",
    twisting: Names = "none",
    liquid: str = "none",
    film_share: float = 0.0,
    low: Sequence[float] = (0.0, 0.0, 0.0),
    high: Sequence[float] = (0.1, 0.1, 0.1),
    periodic: tuple[bool, bool, bool] = (False, False, False),
    shear_rate: float = 0.0,
    materials: Sequence[Elasticity] = (SOFT,),
    pairs: dict[tuple[int, int], PairProperties] | PairProperties = LOSSY,
    walls: Sequence[PlaneWall | CylinderWall | MeshWall] = (),
    gravity: Sequence[float] = (0.0, 0.0, 0.0),
    statistics: bool = False,
    mixed: bool = False,
    speed_range: tuple[float, float] = (1e-4, 10.0),
) -> Engine:
    """An engine with these particles on plain Python, or on the backend given; walls name materials m0, m1, ..."""
    backend = backend or get_backend("python")
    interaction = make_interaction(law, rolling, adhesion, twisting, liquid, mixed)
    names = [f"m{at}" for at in range(len(materials))]
    if isinstance(pairs, PairProperties):
        pairs = {(i, j): pairs for i in range(len(materials)) for j in range(i, len(materials))}
    largest, classes = float(particles.radius.max()), int(particles.particle_class.max()) + 1
    tally = make_tally(
        backend, StatisticsSettings(block=1.0, speed_range=speed_range), 1, classes, len(walls),
        float(particles.mass.mean()),
    )  # fmt: skip
    settings = EngineSettings(
        interaction=interaction,
        domain=make_domain(np.array(low, float), np.array(high, float), periodic, shear_rate),
        pairs=PairSettings(interaction.table(list(materials), pairs), len(materials), 0.01),
        walls=build_walls(walls, names, largest, 0.01, float(np.linalg.norm(np.subtract(high, low))), skin),
        gravity=np.array(gravity, float),
        step_size=step,
        skin=skin,
        radii=particles.radius,
        statistics=statistics,
        film_share=film_share,
    )
    engine = Engine(backend, settings, tally)
    engine.add(particles)
    return engine


def rows(engine: Engine) -> Vectors:
    """The particles' columns in the order of their ids, shape (n, 12)."""
    host = engine.host_particles()
    return np.asarray(host.row[np.argsort(host.id)])


def momentum(engine: Engine) -> Vectors:
    """Sum of m v [kg m/s]."""
    row = rows(engine)
    return np.asarray((row[:, MASS, None] * row[:, VX : VX + 3]).sum(0))


def kinetic_energy(engine: Engine) -> float:
    """Sum of m v^2/2 and I w^2/2 [J]."""
    row = rows(engine)
    inertia = 0.4 * row[:, MASS] * row[:, RADIUS] ** 2
    moving = row[:, MASS] * (row[:, VX : VX + 3] ** 2).sum(1)
    return float(0.5 * (moving + inertia * (row[:, WX : WX + 3] ** 2).sum(1)).sum())


def plane(name: str, point: Sequence[float], normal: Sequence[float], material: str = "m0") -> PlaneWall:
    """A plane at rest."""
    x, y, z = point
    a, b, c = normal
    return PlaneWall(name=name, material=material, shape="plane", point=(x, y, z), normal=(a, b, c))


def box_walls(low: Sequence[float], high: Sequence[float]) -> list[PlaneWall]:
    """Six planes that close a box."""
    inwards = [(at, sign) for at in range(3) for sign in (1.0, -1.0)]
    return [
        plane(f"{'xyz'[at]}{sign:+.0f}", low if sign > 0 else high, [sign * (at == k) for k in range(3)])
        for at, sign in inwards
    ]


__all__ = [
    "LOSSY", "MASS", "SOFT", "VX", "WX", "X", "box_walls", "kinetic_energy", "make_engine", "momentum", "plane", "rows",
    "spheres",
]  # fmt: skip
