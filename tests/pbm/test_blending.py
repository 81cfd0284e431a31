"""Residence times, damping of feeders, blends and samples: against closed forms, and against a transient run."""

from __future__ import annotations

from math import exp, factorial, pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pbm
from compute.errors import CaseError
from pbm.blending import Blending, Feeder
from pbm.granulation import Granulation
from pbm.graph import Graph, axial_line, tanks
from pbm.inputs import Steps, constant
from pbm.model import MERGED, NUMBER
from pbm.residence import ResidenceTime, closed_variance
from tests.pbm.population import LACTOSE, granulation_case, kernel_law

LINE = axial_line(12, 0.4, 0.02, 8e-4)


@pytest.mark.parametrize("count", [1, 4])
def test_density_of_tanks_in_series(count: int) -> None:
    """E = t^(n-1) (n/T)^n exp(-n t/T)/(n-1)!, F its integral: to the round-off of the matrix exponential."""
    residence, times = ResidenceTime(tanks(count, 20.0, "t"), "t-1"), np.linspace(0.0, 100.0, 401)
    rate = count / 20.0
    exact = rate**count * times ** (count - 1) * np.exp(-rate * times) / factorial(count - 1)
    left = 1.0 - sum((rate * times) ** k / factorial(k) for k in range(count)) * np.exp(-rate * times)
    assert residence.density(times) == pytest.approx(exact, abs=1e-12)
    assert residence.cumulative(times) == pytest.approx(left, abs=1e-12)
    assert (residence.mean, residence.tanks) == pytest.approx((20.0, count), rel=1e-12)


@pytest.mark.parametrize("peclet", [1e-4, 1.0, 8.0, 200.0])
def test_peclet_number_is_that_of_the_closed_vessel(peclet: float) -> None:
    """The number that gave a line its dispersion comes back, with the line's error of order (Pe/n)^2/n relative."""
    if peclet > 1e-3:
        found = ResidenceTime(axial_line(200, 1.0, 0.1, 0.1 / peclet, "l"), "l-1").peclet
        assert found == pytest.approx(peclet, rel=2e-3)
    expected = 2.0 / peclet - 2.0 / peclet**2 * (1.0 - exp(-peclet)) if peclet > 1e-3 else 1.0 - peclet / 3.0
    assert closed_variance(peclet) == pytest.approx(expected, rel=1e-9)
    assert ResidenceTime(tanks(1, 5.0, "t"), "t-1").peclet == 0.0


def test_two_outlets_share_what_enters() -> None:
    """A tank with rates 1 and 3 out by two ways: a quarter takes the first, both with the time 1/4 s of the tank."""
    graph = Graph(("tank", "a", "b"), [[0, 1, 3], [0, 0, 0], [0, 0, 0]], [0, 2, 5])
    first = ResidenceTime(graph, "tank", ["a"])
    assert first.share == pytest.approx(0.25, rel=1e-12)
    assert first.mean == pytest.approx(0.25 + 0.5, rel=1e-12)
    assert first.response([0.0])[0] == pytest.approx(1.0, rel=1e-12)


def test_damping_is_the_transient_amplitude() -> None:
    """A feeder that swings by 20 %: what leaves swings by |H| of that, with the lag arg H, once the start has faded.

    The feeder's 100 steps a period have 1 - (pi/100)^2/6 = 0.9998 of the amplitude of the sine: 1e-3 is allowed.
    """
    period, mean, steps = 25.0, 2e-3, 100
    times = np.arange(16 * steps) * (period / steps)
    rates = mean * (1.0 + 0.2 * np.sin(2.0 * pi * (times + 0.5 * period / steps) / period))
    feeder = Feeder("drug", "line-1", Steps(tuple(times), tuple(rates)))
    course = Blending(LINE, [feeder]).run(times)
    swing = course.flow[-200:, 0] @ np.exp(-2j * pi * course.times[-200:] / period) / 100.0
    expected = 0.2 * mean * ResidenceTime(LINE, "line-1").response([1.0 / period])[0] / 1j
    assert abs(swing - expected) < 1e-3 * abs(expected) and abs(expected) < 0.2 * mean


def test_damping_of_one_tank() -> None:
    """|H| = 1/sqrt(1 + (w T)^2), -3 dB where w T = 1."""
    frequencies = np.array([0.0, 1.0, 10.0]) / (2.0 * pi * 8.0)
    response = ResidenceTime(tanks(1, 8.0, "t"), "t-1").response(frequencies)
    assert np.abs(response) == pytest.approx([1.0, 1.0 / sqrt(2.0), 1.0 / sqrt(101.0)], rel=1e-12)


def test_a_step_of_a_feeder_arrives_as_f() -> None:
    """Share of the drug after its feeder doubles: (1 + F)/(1 + F + 9) from 1/10; masses balance to round-off."""
    feeders = [Feeder("drug", "line-1", Steps((0.0, 300.0), (1e-4, 2e-4))), Feeder("rest", "line-1", constant(9e-4))]
    course = Blending(LINE, feeders).run([0.0, 300.0, 310.0, 330.0])
    after = ResidenceTime(LINE, "line-1").cumulative([0.0, 10.0, 30.0])
    assert course.share("drug")[1:] == pytest.approx((1.0 + after) / (10.0 + after), rel=1e-6)
    assert np.isnan(course.share("drug")[0])
    assert course.imbalance < 1e-12
    assert course.left[-1].sum() + course.held[-1].sum() == pytest.approx(1e-3 * 300 + 1.1e-3 * 30, rel=1e-12)


def test_random_mixture_of_one_percent() -> None:
    """1 % of 78 um grains in 100 mg: 2.6e5 grains, RSD 1.95 %; parcels ten times larger, 261 of them, 61 %."""
    grain = 1540.0 * pi / 6.0 * (78e-6) ** 3
    assert 1e-4 / grain == pytest.approx(2.6e5, rel=0.01)
    assert sqrt(pbm.random_variance(0.01, grain, grain, 1e-4)) / 0.01 == pytest.approx(0.0195, rel=0.002)
    assert sqrt(pbm.random_variance(0.01, 1e3 * grain, 1e3 * grain, 1e-4)) / 0.01 == pytest.approx(0.61, rel=0.02)


def test_random_variance_is_that_of_drawn_grains() -> None:
    """Grains of two sizes for each component, drawn by number: 4000 samples have their variance to 2.2 % (one sigma).

    Four standard errors are allowed; the formula is of first order in the sample, 1e-3 here.
    """
    random, density, sample, share = np.random.Generator(np.random.Philox(5)), 1500.0, 2e-3, 0.2
    sizes = {"drug": (np.array([50e-6, 200e-6]), 0.2), "rest": (np.array([100e-6, 300e-6]), 0.8)}
    masses, means = {}, {}
    for name, (diameters, part) in sizes.items():
        grains = density * pi / 6.0 * diameters**3
        masses[name] = random.poisson(0.5 * part * sample / grains, (4000, 2)) @ grains
        means[name] = float(grains.mean())
    drawn = masses["drug"] / (masses["drug"] + masses["rest"])
    expected = pbm.random_variance(share, means["drug"], means["rest"], sample)
    assert drawn.var(ddof=1) == pytest.approx(expected, rel=4.0 * sqrt(2.0 / 3999.0))


def test_parcels_are_taken_off_and_grains_put_back() -> None:
    """s^2 of a perfectly random mix of parcels leaves no structure; of a segregated one it is what was put in."""
    parcel, grain, sample = 3.8e-7, 3.8e-10, 1e-4
    own = pbm.random_variance(0.1, parcel, parcel, sample)
    random = pbm.uniformity_of_grains(0.1, own, sample, (grain, grain), (parcel, parcel))
    assert random.structure == 0.0 and random.below_noise
    assert random.rsd == pytest.approx(sqrt(pbm.random_variance(0.1, grain, grain, sample)) / 0.1)
    mixed = pbm.uniformity_of_grains(0.1, own + 4e-4, sample, (grain, grain), (parcel, parcel))
    assert mixed.structure == pytest.approx(4e-4, rel=1e-9) and not mixed.below_noise


def test_mean_grain_mass_of_a_curve() -> None:
    """Uniform in ln d between d1 and d2: (d2^3 - d1^3)/(3 ln(d2/d1)) for the mean cube; the lactose, by fine sums."""
    curve = pbm.read_distribution(LACTOSE)
    low, high = np.log(curve.diameters[[0, -1]])
    edges = np.linspace(low, high, 200001)
    shares = np.diff(np.interp(edges, np.log(curve.diameters), curve.cumulative))
    cubes = np.exp(1.5 * (edges[1:] + edges[:-1]))
    expected = 1540.0 * pi / 6.0 * float(shares @ cubes)
    assert pbm.mean_grain_mass(curve, 1540.0) == pytest.approx(expected, rel=1e-4)


def test_samples_smooth_what_a_feeder_does() -> None:
    """Larger samples vary less; their mean is the share fed; a sample larger than all that left is refused."""
    times = np.arange(0.0, 1200.0, 1.0)
    noisy = 1e-4 * (1.0 + 0.3 * np.random.Generator(np.random.Philox(3)).uniform(-1.0, 1.0, times.size))
    feeders = [Feeder("drug", "line-1", Steps(tuple(times), tuple(noisy))), Feeder("rest", "line-1", constant(9e-4))]
    course = Blending(LINE, feeders).run(times)
    found = [course.uniformity("drug", sample, (4e-10, 4e-10), after=300.0) for sample in (1e-3, 1e-1)]
    assert found[1].structure < found[0].structure and found[1].random < found[0].random
    assert course.samples("drug", 1e-2, 300.0).mean() == pytest.approx(0.1, rel=0.02)
    with pytest.raises(CaseError, match="no samples of this mass"):
        course.samples("drug", 10.0)


def test_a_blender_feeds_a_granulator() -> None:
    """One graph: two feeds into a blender at rest, a stirred and sprayed granulator behind it.

    Size change does not move powder, so the linear blend holds the solids of the population balance, compartment by
    compartment, to the tolerance of its steps; the dry blender passes the sizes of its feeds on to round-off.
    """
    swings = [{"time": 10.0 * k, "rate": "0.12 g/s" if k % 2 else "0.08 g/s"} for k in range(6)]
    regions = {
        "names": ["granulator"],
        "lines": [{"name": "blender", "compartments": 3, "length": "0.3 m", "velocity": "3 cm/s", "to": "granulator"}],
        "outlets": [{"from": "granulator", "rate": 0.1}],
        "feeds": [
            {"name": "drug", "to": "blender-1", "rate": swings},
            {"name": "rest", "to": "blender-1", "rate": 9e-4},
        ],
        "charge": {"granulator": 1.0},
        "spray": {"granulator": 1.0},
        "stirring": dict.fromkeys(("blender-1", "blender-2", "blender-3"), 0.0),
    }
    spray = {"spray": {"rate": "0.1 g/s", "end": "100 s"}, "drop_diameter": "200 um"}
    feed = {"distribution": str(LACTOSE), "charge": "10 g", "moisture": 0.01, "porosity": 0.45}
    case = granulation_case(compartments=regions, liquid=spray, feed=feed, end="60 s")
    model = Granulation(case, kernel_law())
    result = model.simulate(100.0, np.array([0.0, 20.0, 60.0]))
    blend = Blending.of(model).run(result.time)
    solids = 1540.0 * result.states[:, :, NUMBER] @ model.grid.pivots
    assert blend.held.sum(axis=2) == pytest.approx(solids, rel=1e-4)
    assert max(result.worst_imbalance) <= 1e-12 and blend.imbalance <= 1e-12
    sizes, fed = result.states[-1, :, NUMBER], model.inflows[1].contents[NUMBER]
    assert sizes[3] / sizes[3].sum() == pytest.approx(fed / fed.sum(), rel=1e-9, abs=1e-15)
    assert result.booked[-1, MERGED] > 0.1 * sizes[0].sum()
    assert blend.components == ("charge", "drug", "rest")
    drug = blend.held[-1, :, 1] / blend.held[-1, :, 1:].sum(axis=1)
    assert 0.08 / 0.98 < drug[0] < drug[3] < 0.12 / 1.02


def test_pictures_are_written(tmp_path: Path) -> None:
    """E(t) with damping, and a course: files that a viewer reads."""
    residence, course = (
        ResidenceTime(LINE, "line-1"),
        Blending(LINE, [Feeder("a", "line-1", constant(1.0))]).run([0, 9]),
    )
    residence.plot(str(tmp_path / "e.png"))
    course.plot(str(tmp_path / "course.png"))
    assert min((tmp_path / name).stat().st_size for name in ("e.png", "course.png")) > 5000


def test_what_cannot_blend_is_refused() -> None:
    """Unknown compartments and components with the nearest, an entry without way out, an outlet that is none."""
    with pytest.raises(CaseError, match=r"no such compartment.*line-1"):
        Blending(LINE, [Feeder("a", "lin-1", constant(1.0))])
    with pytest.raises(CaseError, match="nothing to blend"):
        Blending(LINE, [])
    with pytest.raises(CaseError, match="never leaves"):
        ResidenceTime(Graph(("a", "b"), [[0, 1], [0, 0]]), "a")
    with pytest.raises(CaseError, match=r"nothing leaves the whole here.*line-12"):
        ResidenceTime(LINE, "line-1", ["line-3"])
    with pytest.raises(CaseError, match=r"no such component.*'drug'"):
        Blending(LINE, [Feeder("drug", "line-1", constant(1.0))]).run([0.0, 1.0]).share("drog")


def test_the_example_in_the_documentation_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python block of docs/flowsheet.md: mean 20 s, Pe 10, the drug's share that of its feeders."""
    text = (Path(__file__).parents[2] / "docs" / "flowsheet.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(text.split("```python")[1].split("```")[0], names)
    assert names["residence"].mean == pytest.approx(20.0, rel=1e-9)
    assert names["residence"].peclet == pytest.approx(10.0, rel=0.02)
    assert names["course"].share("drug")[-1] == pytest.approx(1.3 / 10.3, rel=1e-6)
    assert (tmp_path / "residence.png").is_file()
