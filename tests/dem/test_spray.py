"""Sprays that wet what they see, and films that evaporate."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

import dem.liquid.spray
from compute import get_backend
from compute.errors import StateSaved
from dem.case import DemCase
from dem.case_liquid import Spray
from dem.case_motion import Motion
from dem.case_walls import MeshWall
from dem.liquid.balance import liquid_volumes
from dem.liquid.spray import drop_directions, meet_spheres, meet_triangles
from dem.liquid.wetting import LIQUID_NAME, in_body
from dem.packing import generator
from dem.particle_set import make_slots
from dem.particles import RADIUS as RADIUS_OF
from dem.particles import Particles, X
from dem.simulation import Simulation, Watch
from dem.table import read_table
from dem.walls import build_walls, set_pose
from dem.walls.arrays import SHIFT
from dem.walls.build import moved

RADIUS, SIDE = 1e-3, 10
NOZZLE: dict[str, Any] = {
    "name": "nozzle", "rate": "2 g/s", "position": [0.01, 0.01, 0.5], "half_angle": "0.8 deg", "end": "8 ms",
}  # fmt: skip


def bed() -> np.ndarray:
    """Centres of two layers of a square lattice of touching spheres, one straight below the other, shape (200, 3)."""
    along = (np.arange(SIDE) + 0.5) * 2.0 * RADIUS
    x, y, z = np.meshgrid(along, along, [3.0 * RADIUS, RADIUS], indexing="ij")
    return np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)


def layers() -> Particles:
    """The spheres of the bed, with ids in its order."""
    centres = bed()
    particles = make_slots(len(centres), np.zeros)
    particles.row[:, X : X + 3], particles.row[:, RADIUS_OF] = centres, RADIUS
    return particles._replace(id=np.arange(len(centres)))


def wet_bed(**liquid: Any) -> DemCase:
    """The two layers, without gravity, under a distant nozzle."""
    items = [{"class": "bead", "position": list(centre)} for centre in bed() * 1.001]
    return DemCase.model_validate(
        {
            "gravity": [0, 0, 0],
            "domain": {"low": [-0.01, -0.01, -0.01], "high": [0.03, 0.03, 0.6]},
            "materials": {"glass": {"density": 2500, "youngs_modulus": 5e6}},
            "pairs": [{"between": ["glass", "glass"], "restitution": 0.5, "friction": 0.3}],
            "classes": [{"name": "bead", "diameter": 2.0 * RADIUS, "material": "glass"}],
            "particles": [{"kind": "given", "items": items}],
            "liquid": {"surface_tension": "70 mN/m", "viscosity": "10 mPa s", "smallest_gap": "10 um"} | liquid,
            "time": {"end": 12e-3, "step": 1e-4},
        }
    )


def test_drops_are_even_over_the_cone() -> None:
    """cos(angle to the axis) is uniform down to cos(half angle): mean (1 + cos a)/2, within 4 standard errors."""
    spray = Spray.model_validate(NOZZLE | {"half_angle": "40 deg", "direction": [1, 2, -2]})
    directions = drop_directions(spray, generator(1, 1), 20_000)
    np.testing.assert_allclose((directions**2).sum(axis=1), 1.0, rtol=1e-12)
    cosine, least = directions @ np.array([1.0, 2.0, -2.0]) / 3.0, math.cos(math.radians(40.0))
    assert cosine.min() >= least
    error = (1.0 - least) / math.sqrt(12.0 * 20_000)
    assert cosine.mean() == pytest.approx(0.5 * (1.0 + least), abs=4.0 * error)


def test_a_layer_of_spheres_hides_what_is_below_it() -> None:
    """Straight down on a square lattice: pi/4 of the drops meet the upper layer, none the lower one.

    The gaps of the upper layer stand over those of the lower. 4 standard errors of 5000 drops; the flights to the
    centres of the upper spheres are exact.
    """
    random = np.random.Generator(np.random.Philox(5))
    centres, backend = bed(), get_backend("python")
    particles = layers()
    caught = np.zeros(len(centres))
    down = np.array([[0.0, 0.0, -1.0]])
    for point in random.uniform(0.0, 2.0 * RADIUS * SIDE, (5000, 2)):
        flight, slot = meet_spheres(backend, np.array([*point, 0.1]), down, particles, len(centres))
        caught[slot[np.isfinite(flight)]] += 1
    upper = centres[:, 2] > 2.0 * RADIUS
    assert caught[~upper].sum() == 0
    share = math.pi / 4.0
    assert caught.sum() / 5000 == pytest.approx(share, abs=4.0 * math.sqrt(share * (1.0 - share) / 5000))
    flight, slot = meet_spheres(backend, np.array([*centres[0, :2], 0.1]), down, particles, len(centres))
    assert (flight[0], slot[0]) == (pytest.approx(0.1 - 4.0 * RADIUS, rel=1e-12), 0)


def test_drops_meet_the_same_spheres_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slots shuffled, each sphere there twice and one share or many: the same flights, to the lower of two ids."""
    spray, particles = Spray.model_validate(NOZZLE), layers()
    directions, apex = drop_directions(spray, generator(1, 1), 40), np.array(spray.position)
    size, backend = len(particles.id), get_backend("python")
    flight, slot = meet_spheres(backend, apex, directions, particles, size)
    assert 10 < np.isfinite(flight).sum() < 40
    order = np.random.Generator(np.random.Philox(3)).permutation(2 * size) % size
    twins = Particles(particles.row[order], particles.kind[order], np.arange(2 * size) * 7 % (2 * size), None)
    for looks in (1, 65_536):
        monkeypatch.setattr(dem.liquid.spray, "LOOKS", looks)
        again, twin = meet_spheres(backend, apex, directions, twins, 2 * size)
        np.testing.assert_array_equal(again, flight)
        np.testing.assert_array_equal(twin < 0, slot < 0)
        for found, expected in zip(twin[slot >= 0], slot[slot >= 0]):
            assert twins.id[found] == twins.id[order == expected].min()


def test_a_triangle_stands_in_the_way() -> None:
    """Flights to a tilted plane z = x by the intersection of line and plane; beside the triangle nothing is met."""
    corners = np.array([[[0.0, 0.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]])
    directions = np.array([[0.0, 0.0, -1.0], [0.6, 0.0, -0.8], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
    apex = np.array([0.2, 0.3, 1.0])
    np.testing.assert_allclose(meet_triangles(apex, directions, corners), [0.8, 0.8 / 1.4, np.inf, np.inf], rtol=1e-12)


def test_a_spray_wets_the_free_surface_only(tmp_path: Path) -> None:
    """All liquid that left the nozzle is on particles or past them, and the lower layer stays dry; to round-off.

    From afar the drops of a narrow cone fall almost straight: past the lattice, of squares 1.001 diameters wide, goes
    what the gaps let through. 4 standard errors of 4000 drops.
    """
    case = wet_bed(sprays=[NOZZLE], drops=500)
    run = Simulation(case, get_backend("python"), 1, tmp_path)
    run.run()
    sprayed, outcome = 2e-3 * 8e-3 / 1000.0, run.wetting.outcome
    assert outcome.caught[0] + outcome.past[0] == pytest.approx(sprayed, rel=1e-12)
    share = math.pi / 4.0 / 1.001**2
    error = math.sqrt(share * (1.0 - share) / 4000.0)
    assert outcome.caught[0] / sprayed == pytest.approx(share, abs=4.0 * error)
    volumes = liquid_volumes(run.engine)
    assert volumes.added == pytest.approx(outcome.caught[0], rel=1e-12)
    assert abs(volumes.error) < 1e-12
    host = run.engine.host_particles()
    below = host.row[:, 2] < 2.0 * RADIUS
    assert host.film[below].sum() < 0.02 * host.film.sum()
    table = read_table(tmp_path / LIQUID_NAME)
    assert float(table["nozzle on particles [m3]"][-1]) == pytest.approx(outcome.caught[0], rel=1e-11)


def under_a_plate(folder: Path, spray: dict[str, Any], **wall: Any) -> Simulation:
    """The two layers with a plate over the half x < 10 mm of them, 0.1 m high."""
    plate = folder / "plate.stl"
    low, high = "0 -0.03 0.1", "0 0.03 0.1"
    triangles = [(low, high, "-0.02 0.03 0.1"), (low, "-0.02 0.03 0.1", "-0.02 -0.03 0.1")]
    text = "".join(
        "facet normal 0 0 1\nouter loop\n" + "".join(f"vertex {corner}\n" for corner in each) + "endloop\nendfacet\n"
        for each in triangles
    )
    plate.write_text(f"solid plate\n{text}endsolid plate\n")
    wall |= {"name": "plate", "shape": "mesh", "file": str(plate), "material": "glass", "point": [0.01, 0, 0]}
    case = DemCase.model_validate(
        wet_bed(sprays=[spray], drops=500).model_dump(by_alias=True, exclude_none=True)
        | {"walls": [wall], "domain": {"low": [-0.03, -0.04, -0.01], "high": [0.04, 0.04, 0.6]}}
    )
    return Simulation(case, get_backend("python"), 1)


def test_a_mesh_keeps_drops_from_the_bed(tmp_path: Path) -> None:
    """A plate over half of the bed catches the drops of its half: within 4 standard errors of 4000 drops."""
    run = under_a_plate(tmp_path, NOZZLE)
    run.run()
    outcome, sprayed = run.wetting.outcome, 2e-3 * 8e-3 / 1000.0
    assert outcome.on_meshes[0] / sprayed == pytest.approx(0.5, abs=4.0 * 0.5 / math.sqrt(4000.0))
    host = run.engine.host_particles()
    assert host.film[host.row[:, 0] < 0.009].sum() == 0.0


def test_drops_meet_a_mesh_where_its_load_has_taken_it(tmp_path: Path) -> None:
    """Pulled away for 8 ms the plate has left the cone, which reaches 5.6 mm under it at first: it bars nothing."""
    load = {"kind": "load", "force": 100.0, "mass": 0.1, "damping": 100.0, "axis": [-1, 0, 0]}
    run = under_a_plate(tmp_path, NOZZLE | {"start": "8 ms", "end": "12 ms"}, motion=load)
    run.advance(80)
    assert run.engine.walls.pose[0, SHIFT] > 6e-3
    run.run()
    outcome = run.wetting.outcome
    assert outcome.on_meshes[0] == 0.0 and outcome.caught[0] > 0.0


def test_drops_see_what_turns_on_what_slides(tmp_path: Path) -> None:
    """Flights to a triangle in its body frame, and to its corners moved in space, agree to round-off."""
    carrier = {"kind": "slide", "axis": [0, 1, 2], "speed": 0.3}
    motion = Motion.model_validate({"axis": [1, 2, 0], "point": [0.1, 0, 0], "speed": 2.0, "carrier": carrier})
    corners = np.array([[[0.0, 0.0, 0.0], [1.0, 0.0, 0.3], [0.0, 1.0, 0.1]]])
    file = tmp_path / "one.stl"
    text = "".join(f"vertex {x} {y} {z}\n" for x, y, z in corners[0])
    file.write_text(f"solid one\nfacet normal 0 0 1\nouter loop\n{text}endloop\nendfacet\nendsolid one\n")
    wall = MeshWall.model_validate(
        {"name": "one", "shape": "mesh", "file": str(file), "material": "m", "motion": motion}
    )
    walls = build_walls([wall], ["m"], 1e-3, 0.01)
    set_pose(0, walls, 7, 0.1)
    apex, centre = np.array([0.2, 0.3, 2.0]), moved(corners, motion, 0.7)[0].mean(axis=0)
    directions = centre - apex + np.random.Generator(np.random.Philox(2)).normal(0.0, 0.1, (200, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    expected = meet_triangles(apex, directions, moved(corners, motion, 0.7))
    assert np.isfinite(expected).sum() > 20
    np.testing.assert_allclose(meet_triangles(*in_body(walls, 0, apex, directions), corners), expected, rtol=1e-12)


def test_films_evaporate_at_their_flux() -> None:
    """Films of 1 % lose flux times surface times time, and what is empty loses no more; to round-off."""
    flux, spent = 0.1, 12e-3
    run = Simulation(wet_bed(content={"bead": 0.01}, evaporation=flux), get_backend("python"), 1)
    run.run()
    lost = flux / 1000.0 * 4.0 * math.pi * RADIUS**2 * spent
    assert run.wetting.outcome.evaporated == pytest.approx(200 * lost, rel=1e-12)
    assert abs(liquid_volumes(run.engine).error) < 1e-12
    dry = Simulation(wet_bed(content=0.01, evaporation=1e4), get_backend("python"), 1)
    dry.run()
    assert dry.engine.host_particles().film.max() == 0.0
    assert dry.wetting.outcome.evaporated == pytest.approx(200 * 0.01 * 4.0 / 3.0 * math.pi * RADIUS**3, rel=1e-12)


def test_a_spray_goes_on_after_a_stop(tmp_path: Path) -> None:
    """Stopped and resumed: the same films, account and table to the bit, for drops are functions of the event."""
    case = wet_bed(sprays=[NOZZLE], evaporation=0.01)
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    straight.mkdir()
    stopped.mkdir()
    whole = Simulation(case, get_backend("python"), 1, straight)
    whole.run()
    first = Simulation(case, get_backend("python"), 1, stopped)
    with pytest.raises(StateSaved):
        first.run(Watch(stop_requested=lambda: first.engine.step_number >= 60))
    again = Simulation(case, get_backend("python"), 1, stopped)
    again.run()
    np.testing.assert_array_equal(again.engine.host_particles().film, whole.engine.host_particles().film)
    assert again.wetting.outcome.evaporated == whole.wetting.outcome.evaporated
    assert (straight / LIQUID_NAME).read_text() == (stopped / LIQUID_NAME).read_text()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"content": {"bed": 0.1}}, ("no such class",)),
        ({"sprays": [NOZZLE | {"start": 1.0}]}, ("ends before it starts",)),
        ({"sprays": [NOZZLE | {"half_angle": "100 deg"}]}, ("half_angle",)),
    ],
)
def test_what_cannot_be_sprayed_is_refused(change: dict[str, Any], named: tuple[str, ...]) -> None:
    """A class that is not there, a spray that ends before it starts, a cone wider than a half space."""
    with pytest.raises(ValidationError) as caught:
        wet_bed(**change)
    text = str(caught.value)
    assert all(word in text for word in named), text
