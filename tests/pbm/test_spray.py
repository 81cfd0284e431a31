"""Sprays and drying: coverage by chance, penetration by hand, and films that evaporate by their closed form."""

from __future__ import annotations

from math import exp, pi

import numpy as np
import pytest

from pbm.assemble import bare_parameters, make_tables
from pbm.granulation import Granulation
from pbm.grid import geometric_grid
from pbm.inputs import Steps
from pbm.model import DISPLACED, EVAPORATED, EXTERNAL, NUCLEI, NUMBER, SPRAYED
from pbm.program import load_program
from pbm.solve import Accuracy, Setup, solve
from pbm.spray import drops_per_nucleus, penetration_time, spray_flux, spray_regime
from tests.pbm.population import granulation_case, stated
from tests.pbm.test_stated_laws import stated_case


@pytest.mark.parametrize("flux", [0.1, 0.5])
def test_drops_cover_a_bed_by_chance(flux: float) -> None:
    """Footprints thrown on a periodic square: covered 1 - exp(-Psi), alone exp(-4 Psi); 3 errors of 20 runs."""
    radius, random = 0.02, np.random.Generator(np.random.Philox(key=5))
    count = round(flux / (pi * radius**2))
    covered, alone = [], []
    for _ in range(20):
        drops, points = random.random((count, 2)), random.random((2000, 2))
        apart = [np.abs((some[:, None] - drops[None] + 0.5) % 1.0 - 0.5) for some in (points, drops)]
        to_points, to_drops = (np.hypot(*np.moveaxis(each, -1, 0)) for each in apart)
        covered.append(np.mean(to_points.min(axis=1) < radius))
        alone.append(np.mean(np.sum(to_drops < 2.0 * radius, axis=1) == 1))
    for got, expected in ((covered, 1.0 - exp(-flux)), (alone, exp(-4.0 * flux))):
        assert abs(np.mean(got) - expected) < 3.0 * np.std(got) / 20.0**0.5 + 2.0 / count * expected


def test_flux_and_penetration_by_hand() -> None:
    """Psi = 3 V/(2 A d); 2.6 ms for drops of 150 um and 50 mPa s on the lactose feed, as its case states."""
    assert spray_flux(1e-6, 0.05, 150e-6) == pytest.approx(0.2)
    drop = pi / 6.0 * 150e-6**3
    assert penetration_time(drop, 0.05, 0.5, 65e-6, 0.07, 0.0) == pytest.approx(2.6e-3, rel=0.01)
    assert drops_per_nucleus(0.0) == 1.0
    assert drops_per_nucleus(1.0) == pytest.approx(1.0 / (1.0 - exp(-1.0)))


def test_a_dense_spray_makes_fewer_and_larger_nuclei() -> None:
    """Psi = 1: 1.58 drops a nucleus, the same liquid; the penetration time follows from the wetting."""
    wetting = {"surface_tension": "70 mN/m", "contact_angle": "0 deg", "grain_diameter": "65 um"}
    spray = {"rate": "0.33 g/s", "end": "65 s", "area_rate": 3.0 * 3.3e-7 / (2.0 * 200e-6)}
    case = stated_case(liquid={"spray": spray, "drop_diameter": "200 um", "wetting": wetting})
    regime, dense = spray_regime(case), Granulation(case, compiled=False).parameters
    sparse = Granulation(stated_case(), compiled=False).parameters
    assert regime.flux == pytest.approx(1.0) and regime.regime == "mechanical dispersion"
    assert dense.drop_volume / sparse.drop_volume == pytest.approx(1.0 / (1.0 - exp(-1.0)))
    assert dense.nucleus_solids / dense.drop_volume == pytest.approx(sparse.nucleus_solids / sparse.drop_volume)
    assert dense.absorption_time == regime.penetration_time < 0.02
    plain = spray_regime(granulation_case())
    assert plain.flux == 0.0 and plain.drops_per_nucleus == 1.0 and plain.penetration_time == 0.1


@pytest.mark.parametrize("cover", [0.2, 3.0])
def test_films_evaporate_by_their_closed_form(cover: float) -> None:
    """Patches of a thickness h shrink as exp(-v t/h), a film thicker than h by v t: to 1e-6 of the integration."""
    grid, speed = geometric_grid(1e-12, 1e-9, 8), 2e-6
    state, count = np.zeros((1, 4, 8)), 1e6
    size = (6.0 / pi * grid.pivots[4]) ** (1.0 / 3.0)
    surface, thickness = pi * size**2 * count, 1e-5
    state[0, [NUMBER, EXTERNAL], 4] = count, cover * thickness * surface
    given = bare_parameters()._replace(
        absorption_time=1e30, film_thickness=thickness, asperity_height=1e-6, evaporation_speed=speed
    )
    program, times = load_program("constant", "always", "power"), np.array([0.0, 4.0])
    result = solve(Setup(program, state, given, make_tables(grid, laws=stated())), times, Accuracy(1e-7, 1e-7))
    left = cover * exp(-speed * 4.0 / thickness) if cover < 1.0 else cover - speed * 4.0 / thickness
    assert result.states[-1, 0, EXTERNAL, 4] == pytest.approx(left * thickness * surface, rel=1e-5)
    assert result.booked[-1, EVAPORATED] == pytest.approx((cover - left) * thickness * surface, rel=1e-5)
    assert max(result.worst_imbalance) <= 1e-12


def test_drying_and_wetting_again_keep_the_balances() -> None:
    """Spray, dry, spray: liquid against spray and evaporation to 1e-12 at every step, nothing below nil."""
    sprayed = {"spray": {"rate": "0.33 g/s", "end": "3 s"}, "drop_diameter": "200 um", "evaporation": "2 g/m^2/s"}
    case = stated_case(grid={"classes": 12}, liquid=sprayed)
    spray = Steps((0.0, 3.0, 5.0), (3.3e-4, 0.0, 3.3e-4))
    result = Granulation(case, compiled=False).simulate(times=np.array([0.0, 3.0, 5.0, 6.0]), spray=spray)
    assert max(result.worst_imbalance) <= 1e-12
    assert result.states.min() >= 0.0
    assert result.moisture[1] > result.moisture[0]
    assert result.moisture[2] < min(result.moisture[1], result.moisture[3])
    assert np.all(result.booked[-1, [EVAPORATED, SPRAYED, NUCLEI, DISPLACED]] > 0.0)
    assert np.all(np.diff(result.booked[:, EVAPORATED]) > 0.0)
