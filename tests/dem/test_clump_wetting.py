"""Bodies that stick: adhesion of their spheres, and films that belong to the body."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from compute import get_backend
from dem.case import DemCase
from dem.case_shapes import Needle
from dem.clumps.engine import ClumpEngine
from dem.clumps.shape import shape_of
from dem.engine import Engine
from dem.liquid.balance import liquid_volumes, require_liquid
from dem.particles import VX, X
from tests.device.systems import make_engine

ROD = {"kind": "needle", "length": "3 mm", "diameter": "1 mm"}
DENSITY, RADIUS = 1500.0, 0.5e-3
WATER = {
    "law": "willett", "surface_tension": "72 mN/m", "viscosity": "1 mPa s", "content": 0.05, "smallest_gap": "10 um",
    "contact_angle": "20 deg",
}  # fmt: skip


def case_of(classes: list[dict[str, Any]], items: list[dict[str, Any]], density: float, **changes: Any) -> DemCase:
    """Elastic bodies without friction and weight in a box of 20 mm."""
    sticky = {"surface_energy": 0.05, "cohesion_energy_density": 2e5}
    case = {
        "gravity": [0, 0, 0],
        "domain": {"low": ["-10 mm"] * 3, "high": ["10 mm"] * 3},
        "materials": {"m": {"density": density, "youngs_modulus": "5 MPa"} | sticky},
        "pairs": [{"between": ["m", "m"], "restitution": 1.0, "friction": 0.0}],
        "contact": {"law": "hertz-mindlin"},
        "classes": classes,
        "particles": [{"kind": "given", "items": items}],
        "time": {"step": "1 us", "end": 1.0},
    }
    return DemCase.model_validate(case | changes)


def distances(engine: Engine, axis: int, steps: int) -> NDArray[np.float64]:
    """Distance of two bodies along an axis after each step [m]."""
    found = []
    for step in range(1, steps + 1):
        engine.run(step)
        row = engine.host_bodies().row
        found.append(abs(float(row[1, X + axis] - row[0, X + axis])))
    return np.array(found)


PLASTIC = {"plasticity_ratio": 0.6, "adhesive_stiffness_ratio": 0.8, "pull_off_force": "20 uN"}


@pytest.mark.parametrize("law", ["sjkr", "dmt", "jkr", "eepa"])
@pytest.mark.parametrize(("axis", "apart", "touching"), [(0, 3e-3, 1), (2, 1e-3, 5)])
def test_rods_stick_as_their_spheres_do(law: str, axis: int, apart: float, touching: int) -> None:
    """Two rods meet end to end, or side by side with n pairs of spheres: they move as two spheres would that have the
    mass of a rod, or an n-th of it. The force of n equal pairs is n times that of one, so only rounding remains; in the
    350 steps of a contact without damping it grows to below 1e-9 of the radius. With `eepa` that is a cycle of plastic
    loading, unloading and the adhesive branch.
    """
    contact = {"law": "eepa"} if law == "eepa" else {"law": "hertz-mindlin", "adhesion": law}
    pairs = [{"between": ["m", "m"], "restitution": 1.0, "friction": 0.0} | (PLASTIC if law == "eepa" else {})]
    volume = shape_of(Needle.model_validate(ROD)).volume / touching
    own = DENSITY * volume / (4.0 / 3.0 * math.pi * RADIUS**3)
    engines = []
    for kind, density, gap in (({"shape": ROD}, DENSITY, apart), ({"diameter": 2 * RADIUS}, own, 2 * RADIUS)):
        items: list[dict[str, Any]] = [{"class": "body", "position": [0.0] * 3} for _ in range(2)]
        items[1]["position"] = [gap + 1.01e-6 if at == axis else 0.0 for at in range(3)]
        items[1]["velocity"] = [-0.02 if at == axis else 0.0 for at in range(3)]
        classes = [{"name": "body", "material": "m"} | kind]
        case = case_of(classes, items, density, contact=contact, pairs=pairs)
        engines.append(make_engine(case, get_backend("python")))
    rods, spheres = (distances(engine, axis, 350) for engine in engines)
    assert (spheres < 2 * RADIUS).any(), "they have not touched"
    np.testing.assert_allclose(rods - apart, spheres - 2 * RADIUS, atol=1e-9 * RADIUS)


def evenness(engine: ClumpEngine) -> NDArray[np.float64]:
    """Depth of the film on each sphere over the mean of its body [-]."""
    host = engine.host_particles()
    depth = host.film / engine.surfaces()
    body = host.id >> engine.id_bits
    mean = [host.film[body == each].sum() / engine.surfaces()[body == each].sum() for each in body]
    return depth / np.array(mean)


def test_films_belong_to_bodies() -> None:
    """Rods meet side by side and part: bridges at each pair of spheres take their shares from the films of both, the
    films stay even over a body at every step, and when the bridges have broken all of it is back in the films.

    A step changes a film a few times; 2000 of them leave 1e-13 of the liquid at most to rounding.
    """
    items = [
        {"class": "rod", "position": [0, 0, z], "velocity": [0, 0, v]} for z, v in ((0.0, 0.15), (1.02e-3, -0.15))
    ]  # fmt: skip
    case = case_of([{"name": "rod", "material": "m", "shape": ROD}], items, DENSITY, liquid=WATER)
    engine = make_engine(case, get_backend("python"))
    assert isinstance(engine, ClumpEngine)
    volume = engine.shapes[0].volume
    assert liquid_volumes(engine).added == pytest.approx(2 * 0.05 * volume, rel=1e-14)
    joined = 0
    for stop in range(50, 2001, 50):
        engine.run(stop)
        now = require_liquid(engine)
        assert abs(now.error) < 1e-13
        np.testing.assert_allclose(evenness(engine), 1.0, rtol=1e-12)
        joined = max(joined, now.joined)
    assert joined == 5 and now.joined == 0, "bridges at each of five pairs that have broken by now"
    bodies = engine.host_bodies()
    np.testing.assert_allclose(bodies.film, 0.05 * volume, rtol=1e-12)
    assert (np.abs(bodies.row[:, VX + 2]) < 0.15).all(), "the bridges have cost no energy"


def test_liquid_added_to_a_sphere_is_that_of_the_body() -> None:
    """What a spray puts on one sphere spreads over its body and no other; films that dry do it by what is exposed."""
    items = [{"class": "rod", "position": [0, 0, z]} for z in (0.0, 4e-3)]
    case = case_of([{"name": "rod", "material": "m", "shape": ROD}], items, DENSITY, liquid=WATER)
    engine = make_engine(case, get_backend("python"))
    assert isinstance(engine, ClumpEngine)
    host, before = engine.host_particles(), engine.host_bodies().film
    added = np.where(host.id == (1 << engine.id_bits), 1e-11, 0.0)
    engine.change_films(added)
    np.testing.assert_allclose(engine.host_bodies().film - before, [0.0, 1e-11], atol=1e-24)
    np.testing.assert_allclose(evenness(engine), 1.0, rtol=1e-13)
    assert abs(require_liquid(engine).error) < 1e-14
    exposed = engine.surfaces().reshape(2, -1).sum(axis=1)
    np.testing.assert_allclose(exposed, math.pi * 1e-3 * 3e-3, rtol=0.1)  # of a smooth rod: pi d L, less 7 % of dips
