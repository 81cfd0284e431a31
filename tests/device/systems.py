"""Small systems of spheres in which everything happens: contacts, walls, rebuilds and statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

from compute.base import Backend
from dem.case import DemCase
from dem.clumps.engine import new_engine
from dem.engine import Engine
from dem.packing import initial_particles
from dem.particle_set import ParticleSet
from dem.particles import X
from dem.setup import make_recorder, make_setup

SEED = 11
MILLIMETRE = 1e-3

STICKY = {"surface_energy": 0.05, "cohesion_energy_density": 1e4}
MATERIALS = {
    "glass": {"density": 2500, "youngs_modulus": 5e6, "poisson_ratio": 0.25} | STICKY,
    "steel": {"density": 7800, "youngs_modulus": 5e7, "poisson_ratio": 0.3} | STICKY,
}
PAIRS = [
    {"between": ["glass", "glass"], "restitution": 0.6, "friction": 0.4, "rolling_friction": 0.05},
    {"between": ["glass", "steel"], "restitution": 0.5, "friction": 0.3, "rolling_friction": 0.05},
]
CLASSES = [
    {"name": "small", "diameter": 3 * MILLIMETRE, "material": "glass"},
    {"name": "large", "diameter": 4 * MILLIMETRE, "material": "glass"},
]
TABLETS = {
    "name": "large", "material": "glass",
    "shape": {"kind": "tablet", "diameter": 4 * MILLIMETRE, "thickness": 2 * MILLIMETRE, "spacing": 1.6},
}  # fmt: skip
NEEDLES = {
    "name": "large", "material": "glass",
    "shape": {"kind": "needle", "length": 4 * MILLIMETRE, "diameter": 2 * MILLIMETRE},
}  # fmt: skip
SLOW_CONTACTS: dict[str, Any] = {
    "time": {"step": 6e-5},
    "materials": {name: material | {"youngs_modulus": 1e6} for name, material in MATERIALS.items()},
}
"""So soft that several bodies are in contact at any time."""
SHARES = {"of": {"small": 0.5, "large": 0.5}}
WATER = {
    "law": "bagheri", "surface_tension": "72 mN/m", "viscosity": "1 mPa s", "content": 0.03, "smallest_gap": "10 um",
    "contact_angle": "20 deg", "largest_bridge": 0.004,
}  # fmt: skip
STICKY_LAWS = {"law": "hertz-mindlin", "adhesion": "jkr", "rolling": "epsd2", "twisting": "marshall"}
VERY_STICKY = {name: material | {"surface_energy": 2.0} for name, material in MATERIALS.items()}
"""Held across gaps that the slow spheres of a small system do cross."""
HERTZ = {"law": "hertz-mindlin", "rolling": "constant-torque"}
WET_LAWS = {"law": "hertz-mindlin", "rolling": "epsd2", "twisting": "marshall"}
POWDER_LAWS = {"law": "eepa", "rolling": "epsd2"}
POWDER = {"plasticity_ratio": 0.6, "adhesive_stiffness_ratio": 0.2, "pull_off_force": "0.2 mN"}
PLASTIC_LAWS = {
    "law": "walton-braun", "normal_stiffness": "200 N/m", "adhesion": "sjkr", "rolling": "constant-torque",
}  # fmt: skip
LAMMPS_LAWS = {"law": "hertz-mindlin", "tangential": "lammps", "adhesion": "dmt", "rolling": "constant-torque"}
RESCALED_LAWS = {
    "law": "hertz-mindlin", "tangential": "lammps", "tangential_spring": "rescaled", "normal_tail": "clipped",
    "damping": "thornton",
}  # fmt: skip
SEVERAL_LAWS: dict[str, Any] = {
    "materials": VERY_STICKY | {"clay": VERY_STICKY["glass"]},
    "classes": [CLASSES[0], CLASSES[1] | {"material": "clay"}],
    "contact": {"law": "hertz-mindlin", "rolling": "epsd2"},
    "pairs": [
        PAIRS[0] | {"adhesion": "jkr", "twisting": "marshall"},
        PAIRS[0] | POWDER | {"between": ["glass", "clay"], "law": "eepa"},
        PAIRS[0] | {"between": ["clay", "clay"], "rolling": "none"},
        PAIRS[1],
        PAIRS[1] | {"between": ["clay", "steel"], "law": "walton-braun", "normal_stiffness": "200 N/m"},
    ],
}
"""Pairs of materials that differ in their laws."""
EDGE = 14 * MILLIMETRE

WALLS: list[dict[str, Any]] = [
    {
        "name": "floor", "shape": "plane", "material": "steel", "point": [0, 0, 0], "normal": [0, 0, 1],
        "motion": {"kind": "load", "force": 0.02, "mass": 5e-3, "damping": 50.0},
    },
    {"name": "bowl", "shape": "cylinder", "material": "steel", "radius": 11 * MILLIMETRE},
    {
        "name": "impeller",
        "shape": "mesh",
        "material": "steel",
        "generate": {
            "kind": "impeller", "blades": 3, "radius": 6 * MILLIMETRE, "hub_radius": 3 * MILLIMETRE, "facets": 12,
            "hub_height": 5 * MILLIMETRE, "blade_height": 4 * MILLIMETRE, "blade_thickness": 2 * MILLIMETRE,
        },
        "point": [0, 0, 0.3 * MILLIMETRE],
        "motion": {"speed": 120.0, "ramp": 1e-3},
    },
]  # fmt: skip


def _statistics(partition: dict[str, Any]) -> dict[str, Any]:
    return {"block": 1.0, "blocks": 1, "bins": 8, "speed_range": [1e-3, 10.0], "partition": partition}


def box_case(shear_rate: float = 0.0, number: int = 30, **changes: Any) -> DemCase:
    """Two halves of a periodic box fly apart, and so meet at its side; sheared or not, without gravity."""
    sources = [
        {
            "kind": "packing", "shares": SHARES, "number": number // 2, "velocity": [0, speed, 0], "spread": 0.4,
            "region": {"shape": "box", "low": [0, low, 0], "high": [EDGE, low + EDGE / 2, EDGE]},
        }
        for low, speed in ((0.0, -0.8), (EDGE / 2, 0.8))
    ]  # fmt: skip
    case = {
        "gravity": [0, 0, 0],
        "domain": {"low": [0, 0, 0], "high": [EDGE] * 3, "periodic": ["x", "y", "z"], "shear_rate": shear_rate},
        "materials": MATERIALS,
        "pairs": PAIRS,
        "contact": HERTZ,
        "classes": CLASSES,
        "particles": sources,
        "statistics": _statistics({"kind": "box", "x": [0, EDGE / 2, EDGE]}),
    }
    return DemCase.model_validate(case | changes)


def bowl_case(number: int = 30, **changes: Any) -> DemCase:
    """Spheres that fall beside a turning impeller in a bowl."""
    region = {"shape": "cylinder", "radius": 10.95e-3, "inner_radius": 6e-3, "length": 13e-3}
    source = {"kind": "packing", "region": region, "number": number, "shares": SHARES}
    case = {
        "domain": {"low": [-12e-3, -12e-3, -1e-3], "high": [12e-3, 12e-3, 40e-3]},
        "materials": MATERIALS,
        "pairs": PAIRS,
        "contact": HERTZ,
        "classes": CLASSES,
        "walls": WALLS,
        "particles": [source | {"velocity": [0, 0, -0.5], "spread": 0.8}],
        "statistics": _statistics({"kind": "cylinder", "axial": [0, 5e-3, 40e-3]}),
    }
    return DemCase.model_validate(case | changes)


def start_of(case: DemCase) -> ParticleSet:
    """Return the particles a case begins with."""
    setup = make_setup(case)
    return initial_particles(case, setup.classes, setup.engine.walls, SEED)


def make_engine(case: DemCase, backend: Backend, start: ParticleSet | None = None) -> Engine:
    """Return the engine of a case at its start, or at another, with half the particles in each compartment."""
    setup, particles = make_setup(case), start or start_of(case)
    tally, _ = make_recorder(setup, backend, float(particles.mass.mean()))
    engine = new_engine(backend, setup.engine, tally)
    engine.add(particles)
    engine.set_compartments(backend.array((np.arange(engine.body_count) % 2).astype(np.int32)))
    return engine


def newcomers(case: DemCase, engine: Engine) -> ParticleSet:
    """Return particles of another packing of the case that find room among those of an engine."""
    setup = make_setup(case)
    entering = initial_particles(case, setup.classes, setup.engine.walls, SEED + 1)
    row, lengths = engine.host_bodies().row, np.asarray(case.domain.size)
    apart = entering.position[:, None] - row[None, :, X : X + 3]
    wraps = np.array([axis in case.domain.periodic for axis in "xyz"])
    apart -= np.where(wraps, lengths * np.round(apart / lengths), 0.0)
    reach = entering.radius[:, None] + setup.classes.reach.max()
    entering = entering.chosen((np.linalg.norm(apart, axis=2) > reach).all(axis=1))
    entering.id[:] = 1000 + np.arange(len(entering))
    return entering


SYSTEMS = {
    "periodic": box_case,
    "sheared": lambda: box_case(shear_rate=300.0),
    "walls": bowl_case,
    "wet": lambda: box_case(liquid=WATER, contact=WET_LAWS),
    "powder": lambda: box_case(contact=POWDER_LAWS, pairs=[pair | POWDER for pair in PAIRS]),
    "plastic": lambda: box_case(contact=PLASTIC_LAWS),
    "tablets": lambda: bowl_case(number=28, classes=[CLASSES[0], TABLETS], **SLOW_CONTACTS),
    "needles": lambda: box_case(number=28, classes=[CLASSES[0], NEEDLES], liquid=WATER, **SLOW_CONTACTS),
    "wet walls": lambda: bowl_case(contact=WET_LAWS, liquid=WATER),
    "sticky": lambda: bowl_case(contact=STICKY_LAWS, gravity=[0, 0, 0], materials=VERY_STICKY),
    "several laws": lambda: bowl_case(gravity=[0, 0, 0], **SEVERAL_LAWS),
}
OTHER_LAWS = {
    "lammps, dmt": lambda: box_case(contact=LAMMPS_LAWS),
    "rescaled, willett": lambda: box_case(contact=RESCALED_LAWS, liquid=WATER | {"law": "willett"}),
    "sticky, wet": lambda: bowl_case(contact=STICKY_LAWS, liquid=WATER, gravity=[0, 0, 0], materials=VERY_STICKY),
    "linear": lambda: box_case(contact={"law": "linear", "normal_stiffness": "200 N/m"}),
    "ghost": lambda: box_case(contact={"law": "ghost"}),
}
"""Systems for the laws that no other one has."""
COMPOSITIONS = {
    "hertz-mindlin-dry": "walls",
    "jkr-fine": "sticky",
    "eepa-powder": "powder",
    "walton-braun-sjkr": "plastic",
    "wet-granule": "wet",
    "laws-of-pairs": "several laws",
}
"""The compositions of docs/contact.md, and the system that runs the whole step of each."""
MIXED = {
    "mixed, wet": lambda: box_case(liquid=WATER, contact=HERTZ, numerics="mixed"),
    "mixed, sticky": lambda: bowl_case(contact=STICKY_LAWS, gravity=[0, 0, 0], materials=VERY_STICKY, numerics="mixed"),
}
"""Systems in mixed precision."""
