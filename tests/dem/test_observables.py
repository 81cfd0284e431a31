"""Mixing, free surfaces, bulk density and residence times against closed forms."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from compute import get_backend
from compute.errors import CaseError
from dem.case import DemCase, Domain
from dem.case_observables import FreeSurface
from dem.case_particles import Box, Cylinder
from dem.coarse_graining import Lattice
from dem.contact_forces import contacts_of
from dem.coordination import coordination
from dem.fields import measured_fields
from dem.free_surface import ball_points, shares_inside, surface_slope
from dem.mixing import consecutive_samples, equal_mass_samples, mixing_of, mixing_state, random_variance, sample_sums
from dem.observation import OBSERVABLES_NAME
from dem.outlet_blends import Stream
from dem.particles import MASS, VX, X
from dem.residence import ExitTable, outlet_blend, residence_times
from dem.simulation import Simulation
from dem.table import read_table
from tests.dem.chute import read_chute
from tests.dem.engines import rows

GRAVITY = np.array([0.0, 0.0, -9.81])


def random(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def test_samples_have_equal_mass() -> None:
    """Any number of samples of a bed of unequal particles: each within the mass of the largest of its share."""
    position, mass = random().random((5000, 3)) * [3.0, 1.0, 1.0], random(2).uniform(1.0, 3.0, 5000)
    for count in (2, 7, 64, 150):
        weights = np.bincount(equal_mass_samples(position, mass, count), mass, count)
        assert np.abs(weights - mass.sum() / count).max() < 3.0 * math.log2(count), count


def test_samples_are_compact() -> None:
    """Eight samples of a cube are its octants but for the jitter of three cuts, each some 2 % of a sample."""
    position = random().random((8000, 3))
    label = equal_mass_samples(position, np.ones(8000), 8)
    octant = (position > 0.5) @ [1, 2, 4]
    for each in range(8):
        most = np.bincount(octant[label == each], minlength=8).max()
        assert most > 920


def test_a_random_mixture_has_the_variance_of_stange() -> None:
    """Two components of unequal particles and sizes in random places: s^2 = s_R^2, Lacey's index 1.

    Mean over 40 mixtures of 64 samples; s^2 of one has the relative error sqrt(2/63) = 18 %, the mean 2.8 %: 3 of them.
    """
    found = []
    for seed in range(40):
        source = random(seed)
        position, mass = source.random((6400, 3)), source.choice([1.0, 8.0], 6400, p=[0.7, 0.3])
        component = source.random(6400) < np.where(mass > 1.0, 0.1, 0.4)
        state = mixing_state(component, mass, equal_mass_samples(position, mass, 64), 100.0)
        assert state is not None
        found.append((state.variance / state.random_variance, state.lacey))
    ratio, lacey = np.mean(found, axis=0)
    assert ratio == pytest.approx(1.0, abs=0.085)
    assert lacey == pytest.approx(1.0, abs=0.01)


def test_separated_components_have_no_mixing() -> None:
    """Halves side by side: s^2 = p q but for the sample on the border, Lacey's index near 0, intensity near 1."""
    position = random().random((6400, 3)) * [4.0, 1.0, 1.0]
    component = position[:, 0] < 2.0
    state = mixing_state(component, np.ones(6400), equal_mass_samples(position, np.ones(6400), 64), 1.0)
    assert state is not None and state.lacey == pytest.approx(0.0, abs=0.03)
    assert state.intensity == pytest.approx(1.0, abs=0.03)


def test_parcels_scatter_is_replaced_by_that_of_grains() -> None:
    """1 % by number, 100 mg: with 2.6e5 grains the random RSD is 1.95 %, with parcels ten times larger 61 %.

    sqrt(q/(p n)); a randomly mixed bed of parcels must report the grains' figure, within what s^2 - s_R^2 leaves.
    """
    grain = 1e-4 / 2.6e5
    n = 100_000
    mass, component = np.full(n, 1000.0 * grain), np.zeros(n, bool)
    component[: n // 100] = True
    all_of_it = sample_sums(component, mass, np.zeros(n, np.int64), 1)
    parcels = math.sqrt(random_variance(all_of_it, 1e-4)) / 0.01
    grains = math.sqrt(random_variance(all_of_it, 1e-4, scale=10.0)) / 0.01
    assert parcels == pytest.approx(0.617, abs=0.001) and grains == pytest.approx(0.0195, abs=5e-5)
    position = random(5).random((n, 3))
    count = round(float(mass.sum()) / 1e-4)
    state = mixing_state(component, mass, equal_mass_samples(position, mass, count), 1e-4, 10.0)
    assert state is not None and state.parcels == pytest.approx(260.0, rel=0.01)
    assert state.rsd == pytest.approx(0.617, rel=4.0 * math.sqrt(0.5 / count))
    left = max(state.variance - state.random_variance, 0.0)
    assert state.grain_rsd == pytest.approx(math.sqrt(left + (0.0195 * 0.01) ** 2) / 0.01, rel=0.01)
    assert state.grain_rsd < 0.75 * state.rsd


@pytest.mark.parametrize("angle", [15.0, 32.0])
def test_slope_of_a_heap_and_of_a_drum(angle: float) -> None:
    """Spheres that fill a cone, or a drum up to a tilted plane: the angle within one degree.

    The top of a bin lies below the plane by a random part of a diameter, and so its scatter over 8 sectors and 16 bins
    leaves some tenths of a degree; the standard error says so.
    """
    slope, size = math.tan(math.radians(angle)), 1e-3
    position = random(3).random((60_000, 3)) * [0.1, 0.1, 0.05] - [0.05, 0.05, 0.0]
    heap = FreeSurface(kind="heap", name="heap", radius=0.05)
    inside = position[:, 2] < slope * (0.05 - np.hypot(position[:, 0], position[:, 1])) - 0.5 * size
    found = surface_slope(heap, GRAVITY, position[inside], np.full(inside.sum(), 0.5 * size))
    assert found is not None and math.degrees(found.angle) == pytest.approx(angle, abs=1.0)
    assert math.degrees(found.error) < 0.7
    drum = FreeSurface(kind="drum", name="drum", point=(0.0, 0.0, 0.025), axis=(0.0, 1.0, 0.0), radius=0.025)
    inside = position[:, 2] < 0.025 + slope * position[:, 0] - 0.5 * size
    found = surface_slope(drum, GRAVITY, position[inside], np.full(inside.sum(), 0.5 * size))
    assert found is not None and math.degrees(found.angle) == pytest.approx(angle, abs=1.0)


def test_shares_of_spheres_inside() -> None:
    """A plane through a sphere at x = h of its centre leaves (2 + 3 h - h^3)/4 of a unit ball; 256 points: 0.5 %."""
    points = ball_points(256)
    assert np.linalg.norm(points.mean(axis=0)) < 5e-3 and (points**2).sum(1).mean() == pytest.approx(0.6, abs=5e-3)
    domain = Domain(low=(-1.0, -1.0, -1.0), high=(1.0, 1.0, 1.0))
    box = Box(shape="box", low=(0.0, -0.5, -0.5), high=(0.5, 0.5, 0.5))
    heights = np.array([-1.5, -0.7, 0.0, 0.4, 2.0])
    position = np.stack([0.1 * heights, np.zeros(5), np.zeros(5)], axis=1)
    clipped = np.clip(heights, -1.0, 1.0)
    expected = (2.0 + 3.0 * clipped - clipped**3) / 4.0
    np.testing.assert_allclose(shares_inside(box, domain, position, np.full(5, 0.1)), expected, atol=0.01)
    tube = Cylinder(shape="cylinder", radius=0.1, length=0.4)
    assert shares_inside(tube, domain, np.array([[0.0, 0.0, 0.2]]), np.array([0.05])) == 1.0


def exits(age: np.ndarray, kind: np.ndarray, mass: float = 1e-6) -> ExitTable:
    n = len(age)
    name = np.full(n, "x")
    return ExitTable(np.arange(n, dtype=float), age, kind, name, name, np.full(n, mass))


def test_residence_times_of_tanks_in_series() -> None:
    """Ages of an Erlang distribution of 5 tanks and mean 10 s: mean and variance mu^2/5, within 4 standard errors."""
    age = random(7).gamma(5.0, 2.0, 20_000)
    found = residence_times(exits(age, np.full(20_000, "a")))
    assert found is not None and found.number == 20_000
    assert found.mean_error == pytest.approx(math.sqrt(20.0 / 20_000), rel=0.05)
    assert found.mean == pytest.approx(10.0, abs=4.0 * found.mean_error)
    assert found.variance == pytest.approx(20.0, rel=4.0 * math.sqrt((2.0 + 6.0 / 5.0) / 20_000))
    assert (found.density * np.diff(found.edges)).sum() == pytest.approx(1.0)


def test_blend_at_the_outlet() -> None:
    """A random stream has the random variance; one whose content swings by a period of two samples much more."""
    n, per = 40_000, 100
    kind = np.where(random(9).random(n) < 0.1, "a", "b")
    state = outlet_blend(exits(np.ones(n), kind), ("a",), per * 1e-6)
    assert state is not None and state.samples == n // per - 1
    assert state.variance / state.random_variance == pytest.approx(1.0, abs=4.0 * math.sqrt(2.0 / (n / per)))
    swinging = np.where(random(9).random(n) < 0.1 + 0.08 * (-1.0) ** (np.arange(n) // per), "a", "b")
    swung = outlet_blend(exits(np.ones(n), swinging), ("a",), per * 1e-6)
    assert swung is not None and swung.variance - swung.random_variance == pytest.approx(0.08**2, rel=0.1)
    assert (consecutive_samples(np.ones(10), 4.0) == [0, 0, 0, 0, 1, 1, 1, 1, -1, -1]).all()


def test_a_stream_in_portions() -> None:
    """What leaves at 50 instants, or all at once, makes the same samples; component and rest differ in mass.

    A random stream has Stange's RSD^2 = q (p w_B + q w_A)/(p M), here of 1 mg in 1000 samples: within 4 sqrt(2/1000).
    One that alternates between 20 % and none from sample to sample has s = 10 % and that of the random part beside it.
    """
    n, heavy, light, sample = 60_000, 4e-8, 1e-8, 1e-6
    kind = random(4).random(n) < 0.1
    mass, whole, parts = np.where(kind, heavy, light), Stream(), Stream()
    whole.add(kind, mass, sample)
    for portion in np.array_split(np.arange(n), 50):
        parts.add(kind[portion], mass[portion], sample)
    parts.add(kind[:0], mass[:0], sample)
    for one, other in zip(whole.samples, parts.samples):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    state = mixing_of(whole.finished, sample)
    assert state is not None and state.samples == int(mass.sum() / sample)
    p = 0.1 * heavy / (0.1 * heavy + 0.9 * light)
    stange = (1.0 - p) * (p * light + (1.0 - p) * heavy) / (p * sample)
    assert state.rsd**2 == pytest.approx(stange, rel=4.0 * math.sqrt(2.0 / state.samples))
    turns = Stream()
    for number in range(400):
        portion = random(number).random(100) < (0.2 if number % 2 else 0.0)
        turns.add(portion, np.full(100, light), sample)
    swung = mixing_of(turns.finished, sample)
    assert swung is not None and swung.share == pytest.approx(0.1, abs=0.006)
    assert math.sqrt(swung.variance - 0.2 * 0.8 / 100 / 2) == pytest.approx(0.1, rel=0.05)


def test_a_bridge_alone_is_no_contact() -> None:
    """A wet pair and a wet sphere at a wall, in touch and after they have bounced, when bridges still pull.

    Of three spheres two touch each other and one the wall: 2/3 and 1/3, then none; each sphere has one contact in the
    fields, then none. A range of one radius sees one sphere alone. The bridge still pulls: Int sigma_xx dV is its force
    times the distance of the two, to 1 % on a lattice of c/h = 4.
    """
    radius, items = 1e-3, [
        {"class": "bead", "position": [0, 0, 0.01], "velocity": [0.15, 0, 0]},
        {"class": "bead", "position": [2.001e-3, 0, 0.01]},
        {"class": "bead", "position": [0, 5e-3, 1.001e-3], "velocity": [0, 0, -0.15]},
    ]  # fmt: skip
    case = DemCase.model_validate({
        "gravity": [0, 0, 0], "domain": {"low": [-0.02] * 3, "high": [0.02] * 3},
        "materials": {"glass": {"density": 2500, "youngs_modulus": 5e6}},
        "pairs": [{"between": ["glass", "glass"], "restitution": 0.9, "friction": 0.3}],
        "liquid": {"surface_tension": 0.01, "viscosity": 1e-4, "content": 0.05, "smallest_gap": 1e-5},
        "classes": [{"name": "bead", "diameter": 2 * radius, "material": "glass"}],
        "particles": [{"kind": "given", "items": items}],
        "walls": [{"name": "floor", "shape": "plane", "point": [0, 0, 0], "normal": [0, 0, 1], "material": "glass"}],
        "time": {"step": 2e-6, "end": 2e-2},
    })  # fmt: skip
    engine = Simulation(case, get_backend("python"), 1).engine
    for step, in_touch in ((100, 1), (700, 0)):
        engine.run(step)
        contacts = contacts_of(engine)
        assert len(contacts.slot) == 2 and (np.abs(contacts.force).max(axis=1) > 0.0).all()
        assert coordination(engine) == {"coordination": in_touch * 2 / 3, "wall contacts": in_touch / 3}
        for centre in engine.host_particles().row[:, X : X + 3]:
            corners = centre - 0.1 * radius, centre + 0.1 * radius
            lattice = Lattice(*corners, np.ones(3, np.int64), np.zeros(3, bool))
            fields = measured_fields(lattice, radius, engine)
            assert fields.coordination.item() == pytest.approx(in_touch, rel=1e-12)
    before = rows(engine)
    points = Lattice(np.array([-0.01, -0.01, 0.0]), np.array([0.01, 0.01, 0.02]), np.full(3, 40), np.zeros(3, bool))
    borne = measured_fields(points, 2e-3, engine).contact_stress[..., 0, 0].sum() * 5e-4**3
    engine.run(701)
    pull = before[0, MASS] * (rows(engine) - before)[0, VX] / engine.step_size
    assert pull > 0.0 and borne == pytest.approx(pull * (before[1, X] - before[0, X]), rel=0.01)


OBSERVED = (
    "dem.observables={interval: 4 ms, start: 4 ms, mixing: [{name: blend, of: [coarse], sample_mass: 10 mg}], "
    "densities: [{name: middle, region: {shape: cylinder, point: [0, 0, 3 mm], radius: 8 mm, length: 8 mm}}]}"
)


def test_a_run_writes_what_it_measures(tmp_path: Path) -> None:
    """The packing of the chute at t = 0: nothing before `start`; then every interval, the solids fraction by hand."""
    case = read_chute(tmp_path, OBSERVED, "dem.observables.start=0 s", "dem.gravity=[0, 0, 0]")
    simulation = Simulation(case, get_backend("python"), 5, tmp_path)
    simulation.advance(1)
    table = read_table(tmp_path / OBSERVABLES_NAME)
    values = {
        (name, what): float(value) for name, what, value in zip(*(table[c] for c in ("name", "quantity", "value")))
    }
    assert set(table["time [s]"]) == {"0"} and values["bed", "particles"] == 20
    solids = math.pi / 6.0 * (12 * 1.5e-3**3 + 8 * 2e-3**3)
    assert values["middle", "solids fraction"] == pytest.approx(solids / (math.pi * 8e-3**2 * 8e-3), rel=1e-9)
    assert values["middle", "bulk density [kg/m3]"] == pytest.approx(1500.0 * values["middle", "solids fraction"])
    assert values["blend", "share"] == pytest.approx(64.0 / (64.0 + 12.0 * 1.5**3))
    assert values["blend", "samples"] == 8
    fine, coarse = (1500.0 * math.pi / 6.0 * size**3 for size in (1.5e-3, 2e-3))
    p = values["blend", "share"]  # parcels ten times as large as the grains, in samples of 10 mg of grains
    random = p * (1.0 - p) * (p * fine + (1.0 - p) * coarse) / (1000.0 * 10e-6)
    left = max(values["blend", "variance"] - values["blend", "random_variance"], 0.0)
    assert values["blend", "grain_rsd"] == pytest.approx(math.sqrt(left + random) / p, rel=1e-9)
    late = Simulation(read_chute(tmp_path, OBSERVED), get_backend("python"), 5, tmp_path)
    (tmp_path / OBSERVABLES_NAME).unlink()
    late.advance(1)
    assert not (tmp_path / OBSERVABLES_NAME).exists()


def test_an_unknown_component_is_named(tmp_path: Path) -> None:
    """The key, the name and what there is."""
    with pytest.raises(CaseError, match=r"observables.mixing.0.of.0: no such class .*did you mean 'coarse'"):
        read_chute(tmp_path, OBSERVED.replace("[coarse]", "[corse]"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("of: [corse]", r"outlet_blends.0.of.0: no such class .*did you mean 'coarse'"),
        ("outlet: shute", r"outlet_blends.0.outlet: no such outlet .*did you mean 'chute'"),
        ("name: blend", r"outlet_blends.0.name: the name is used twice .*blend"),
    ],
)
def test_an_outlet_blend_of_what_is_not_there_is_named(tmp_path: Path, change: str, told: str) -> None:
    """The key, the name and what there is."""
    key, value = change.split(": ")
    entry = {"name": "leaving", "outlet": "chute", "of": "[coarse]", "sample_mass": "20 mg"} | {key: value}
    text = ", ".join(f"{key}: {value}" for key, value in entry.items())
    with pytest.raises(CaseError, match=told):
        read_chute(tmp_path, f"dem.observables.outlet_blends=[{{{text}}}]")
