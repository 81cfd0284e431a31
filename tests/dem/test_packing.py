"""Particles at the start and on their way in: no overlaps, exact shares, the same for the same seed."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.errors import CaseError, SimulationError
from dem.case import DemCase
from dem.case_particles import Box
from dem.insertion import InsertionSource, InsertionState
from dem.packing import initial_particles, largest_remainder
from dem.particle_set import ParticleSet, class_table
from dem.regions import make_place
from dem.walls import Walls, build_walls
from dem.walls.clearance import wall_clearance

BOX = {"shape": "box", "low": [0, 0, 0], "high": [0.02, 0.02, 0.02]}
TUBE = {"shape": "cylinder", "point": [0.01, 0.01, 0.002], "radius": 0.008, "inner_radius": 0.002, "length": 0.015}
BY_VOLUME = {"of": {"fine": 0.5, "coarse": 0.5}, "by": "volume"}
BLADES = {
    "name": "blades", "shape": "mesh", "material": "glass", "point": [0.01, 0.01, 0.002], "motion": {"speed": 10},
    "generate": {
        "kind": "impeller", "blades": 4, "radius": 0.009, "hub_radius": 0.003, "hub_height": 0.004,
        "blade_height": 0.003, "blade_thickness": 0.001,
    },
}  # fmt: skip


def a_case(*sources: dict[str, Any], **keys: Any) -> DemCase:
    return DemCase.model_validate(
        {
            "domain": {"low": [0, 0, 0], "high": [0.02, 0.02, 0.02], "periodic": keys.pop("periodic", ())},
            "materials": {"glass": {"density": 2500, "youngs_modulus": 1e7}},
            "pairs": [{"between": ["glass", "glass"], "restitution": 0.9, "friction": 0.3}],
            "classes": [
                {"name": name, "diameter": diameter, "material": "glass"}
                for name, diameter in (("fine", 5e-4), ("coarse", 1e-3))
            ],
            "particles": sources,
            "time": {"end": 1.0},
            **keys,
        }
    )


def walls_of(case: DemCase) -> Walls:
    return build_walls(case.walls, list(case.materials), 5e-4, 0.01)


def start(case: DemCase, seed: int = 1) -> ParticleSet:
    return initial_particles(case, class_table(case), walls_of(case), seed)


def packing(**keys: Any) -> dict[str, Any]:
    shares = keys.pop("shares", {"of": {"fine": 0.5, "coarse": 0.5}})
    return {"kind": "packing", "region": BOX, "shares": shares, **keys}


@pytest.mark.parametrize(
    ("source", "periodic"),
    [
        (packing(number=1000), ()),
        (packing(solids_fraction=0.15), ("x", "y", "z")),
        (packing(solids_fraction=0.55, shares={"of": {"coarse": 1.0}}), ()),
        (packing(solids_fraction=0.35, shares=BY_VOLUME, region={**BOX, "high": [0.02, 0.01, 0.01]}), ("x",)),
        (packing(number=400, region=TUBE), ()),
    ],
    ids=["dilute", "periodic", "dense", "mixed", "ring"],
)
def test_nothing_overlaps_and_nothing_sticks_out(source: dict[str, Any], periodic: tuple[str, ...]) -> None:
    """Spheres are apart from each other, across periodic ends too, lie in the region, and clear of the blades."""
    case = a_case(source, periodic=periodic, walls=[BLADES] if "number" in source else [])
    particles = start(case)
    place = make_place(case.particles[0].region, case.domain)  # type: ignore[union-attr]
    assert len(place.overlapping(particles.position, particles.radius)[0]) == 0
    assert place.holds(particles.position, particles.radius).all()
    assert (wall_clearance(walls_of(case), particles.position) >= particles.radius).all()


def test_the_seed_decides() -> None:
    """Same seed, same bits; another seed, other places."""
    case = a_case(packing(number=200, spread=0.1))
    first, again, other = start(case, 1), start(case, 1), start(case, 2)
    np.testing.assert_array_equal(first.position, again.position)
    np.testing.assert_array_equal(first.velocity, again.velocity)
    assert not (first.position == other.position).any()


def test_class_numbers_are_exact() -> None:
    """Equal volumes of diameters 1 : 2 are numbers 8 : 1."""
    particles = start(a_case(packing(number=900, shares=BY_VOLUME)))
    assert list(np.bincount(particles.particle_class)) == [800, 100]
    assert list(largest_remainder(np.array([0.4, 0.35, 0.25]), 10)) == [4, 4, 2]
    np.testing.assert_allclose(particles.mass, 2500 * np.pi / 6 * (2 * particles.radius) ** 3)


def test_a_gas_has_its_temperature_and_no_momentum() -> None:
    """sum v^2/(3 n) is the square of the spread, and the momentum vanishes, both to round-off."""
    particles = start(a_case(packing(number=500, spread=0.2), periodic=("x", "y", "z")))
    assert (particles.velocity**2).mean() == pytest.approx(0.04, rel=1e-12)
    momentum = (particles.mass[:, None] * particles.velocity).sum(0)
    assert np.abs(momentum).max() < 1e-12 * particles.mass.sum() * 0.2


def test_a_full_region_says_how_many_fit() -> None:
    """fcc holds 0.74; 0.64 of spheres as large as a twentieth of the box do not fit between its ends."""
    with pytest.raises(CaseError, match=r"dem\.particles\.0\.region: .* no room for \d+ particles .* \d+ fit"):
        start(a_case(packing(solids_fraction=0.64, region={**BOX, "high": [0.003, 0.003, 0.003]})))


def test_particles_given_and_read_keep_their_values(tmp_path: Path) -> None:
    """Ids follow the order of the case; a radius of its own makes a class; packings go around what is given."""
    file = tmp_path / "start.csv"
    file.write_text("x, y, z, vx, radius, material\n0.001,0.002,0.003,0.5,0.0004,glass\n")
    given = {"kind": "given", "items": [{"position": [0.01, 0.01, 0.01], "spin": [0, 0, 9], "class": "coarse"}]}
    case = a_case(packing(number=300), given, {"kind": "file", "file": str(file)})
    particles = start(case)
    assert list(particles.id) == list(range(302))
    np.testing.assert_array_equal(particles.position[300:], [[0.01, 0.01, 0.01], [0.001, 0.002, 0.003]])
    assert (particles.spin[300, 2], particles.velocity[301, 0], particles.radius[301]) == (9.0, 0.5, 4e-4)
    assert class_table(case).diameter[particles.particle_class[301]] == 8e-4
    place = make_place(case.particles[0].region, case.domain)  # type: ignore[union-attr]
    assert len(place.overlapping(particles.position, particles.radius)[0]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y,z,klass\n", "klass.*did you mean 'class'"),
        ("x,y,class\n", "columns are missing"),
        ("x,y,z\n", "said once"),
        ("x,y,z,class\n0,0,0,fine\n0,zero,0,fine\n", r"start\.csv:3: y: not a number"),
        ("x,y,z,class\n0,0,0,fin\n", r"start\.csv:2: .*did you mean 'fine'"),
        ("x,y,z,radius,material\n0,0,0,-1,glass\n", "must be positive"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "start.csv"
    file.write_text(text)
    with pytest.raises(CaseError, match=message):
        start(a_case({"kind": "file", "file": str(file)}))


def insertion(**keys: Any) -> dict[str, Any]:
    shares = {"of": {"fine": 0.7, "coarse": 0.3}}
    return {"kind": "insertion", "region": BOX, "shares": shares, "start": 0.1, "end": 0.6, **keys}


def stream(case: DemCase, times: Any) -> tuple[list[ParticleSet], InsertionState]:
    """What enters at these times, nothing else being there."""
    source = InsertionSource(case, case.particles[0], class_table(case), 3, 0)  # type: ignore[arg-type]
    state, sets = source.begin(), []
    nothing = start(case)
    for time in times:
        entered, state = source.insert(state, time, walls_of(case), nothing, 100)
        sets.append(entered)
    return sets, state


def test_a_stream_keeps_its_rate() -> None:
    """By number the stream is exact; by mass it lags by less than one particle, at every event."""
    sets, _ = stream(a_case(insertion(number_rate=100)), [0.05, 0.11, 0.35, 0.6, 0.9])
    assert [len(each) for each in sets] == [0, 1, 24, 25, 0]
    case = a_case(insertion(mass_rate=1e-4))
    times = [0.2, 0.31, 0.44, 0.6]
    sets, _ = stream(case, times)
    entered = np.cumsum([each.mass.sum() for each in sets])
    owed = 1e-4 * (np.array(times) - 0.1)
    assert ((owed - entered > -1e-15) & (owed - entered < class_table(case).mass.max())).all()


def test_a_stream_does_not_depend_on_its_events() -> None:
    """The order of the classes is a function of the seed: few events or many bring the same particles."""
    case = a_case(insertion(number_rate=1000))
    few, many = (stream(case, times)[0] for times in ([0.6], np.linspace(0.1, 0.6, 7)))
    for name in ("particle_class", "mass"):
        joined = [np.concatenate([getattr(each, name) for each in sets]) for sets in (few, many)]
        np.testing.assert_array_equal(*joined)


def test_what_finds_no_room_waits() -> None:
    """A region for one coarse sphere takes no more at one event; the rest is counted as waiting and comes later."""
    narrow = {**BOX, "high": [0.0011, 0.0011, 0.0011]}
    case = a_case({**insertion(number_rate=10), "region": narrow, "shares": {"of": {"coarse": 1.0}}})
    sets, state = stream(case, [0.6, 0.7])
    assert [len(each) for each in sets] == [1, 1]
    assert (state.inserted, state.waiting) == (2, 3)
    gaps = [np.linalg.norm(a - b) for a, b in combinations(sets[0].position, 2)]
    assert not gaps


def test_pulses_feed_the_mean_rate() -> None:
    """On for a quarter of each 0.2 s at four times the rate: what is fed at the ends of pulses and of pauses."""
    pulsed = insertion(number_rate=1000, pulse={"period": 0.2, "duty": 0.25})
    sets, _ = stream(a_case(pulsed), [0.125, 0.15, 0.25, 0.3, 0.35, 0.6])
    assert np.cumsum([len(each) for each in sets]).tolist() == [100, 200, 200, 200, 400, 600]


def test_a_rare_class_comes_as_often_as_it_should() -> None:
    """1.1 % of the mass: after any whole runs of 256, no class is ahead by one particle, and so none lags by two."""
    case = a_case(insertion(mass_rate=1.0, shares={"of": {"fine": 0.989, "coarse": 0.011}, "by": "mass"}))
    source = InsertionSource(case, case.particles[0], class_table(case), 3, 0)  # type: ignore[arg-type]
    kinds = source.due(source.begin(), 0.101)
    assert len(kinds) > 5000
    mass = class_table(case).mass
    shares = np.array([0.989, 0.011]) / mass / (np.array([0.989, 0.011]) / mass).sum()
    for end in range(256, len(kinds), 256):
        ahead = np.bincount(kinds[:end], minlength=2) - shares * end
        assert np.abs(ahead).max() < 1.0, end


def test_a_stream_goes_on_from_its_state() -> None:
    """Asked at many events, over more than one run of the sequence, it gives what one event would have given."""
    case = a_case(insertion(mass_rate=1.0, region={**BOX, "high": [0.02, 0.02, 0.02]}))
    source = InsertionSource(case, case.particles[0], class_table(case), 3, 0)  # type: ignore[arg-type]
    state, parts = source.begin(), []
    nothing = start(case)
    for time in np.linspace(0.1001, 0.101, 10):
        entered, state = source.insert(state, float(time), walls_of(case), nothing, 0)
        assert state.waiting == 0
        parts.append(entered.particle_class)
    assert state.inserted > 2 * 256
    np.testing.assert_array_equal(np.concatenate(parts), source.due(source.begin(), 0.101))


def test_a_blocked_feeder_ends_the_run() -> None:
    """What has waited longer than the stated patience is an error that says what to change."""
    narrow = {**BOX, "high": [0.0011, 0.0011, 0.0011]}
    keys = {"region": narrow, "shares": {"of": {"coarse": 1.0}}, "patience": 0.2, "name": "hopper"}
    case = a_case({**insertion(number_rate=100), **keys})
    _, state = stream(case, [0.2, 0.3, 0.4])
    assert state.since == 0.2 and state.waiting > 0
    with pytest.raises(SimulationError, match=r"hopper is blocked: since t = 0.2 s .* enlarge dem.particles.0.region"):
        stream(case, [0.2, 0.3, 0.41])


@pytest.mark.parametrize(("low", "high"), [(-0.002, 0.021), (-0.002, 0.019)])
@pytest.mark.parametrize("share", [0.1, 0.45])
def test_a_region_beyond_a_periodic_domain_is_the_domain(low: float, high: float, share: float) -> None:
    """As long as the domain or longer in x: no overlaps over the domain's length, and the share is of its volume."""
    region = {**BOX, "low": [low, 0, 0], "high": [high, 0.005, 0.005]}
    case = a_case(packing(solids_fraction=share, region=region, shares={"of": {"coarse": 1.0}}), periodic=["x"])
    particles = start(case)
    apart = particles.position[:, None] - particles.position
    apart[..., 0] -= 0.02 * np.round(apart[..., 0] / 0.02)
    distance = np.linalg.norm(apart, axis=2)[np.triu_indices(len(particles), 1)]
    assert distance.min() >= 1e-3
    assert (particles.radius**3).sum() * 4.0 / 3.0 * np.pi == pytest.approx(share * 0.02 * 0.005**2, rel=0.01)


def test_nothing_enters_an_image_across_the_boundary() -> None:
    """A region at one end of a periodic direction: spheres at the other end are in the way there."""
    narrow = {**BOX, "high": [0.0011, 0.02, 0.02]}
    place = make_place(Box.model_validate(narrow), a_case(packing(number=1), periodic=["x"]).domain)
    assert place.period.tolist() == [0.0, 0.0, 0.0]
    case = a_case({**insertion(number_rate=1e5), "region": narrow, "shares": {"of": {"coarse": 1.0}}}, periodic=["x"])
    table = class_table(case)
    source = InsertionSource(case, case.particles[0], table, 3, 0)  # type: ignore[arg-type]
    y, z = np.meshgrid(np.arange(0.0, 0.02, 1e-3), np.arange(0.0, 0.02, 1e-3))
    wall = np.stack([np.full(y.size, 0.0198), y.ravel(), z.ravel()], axis=1)
    still = np.zeros((len(wall), 3))
    present = table.particles(np.ones(len(wall), np.int64), wall, still, still)
    entered, state = source.insert(source.begin(), 0.11, walls_of(case), present, 1000)
    assert len(entered) + state.waiting == 1000
    low = entered.position[:, 0].min(initial=1.0) - 5e-4 - (0.0198 + 5e-4 - 0.02)
    gaps = [np.linalg.norm(wall - [0.02, 0, 0] - each, axis=1).min() for each in entered.position]
    assert not gaps or min(gaps) > 1e-3, low
