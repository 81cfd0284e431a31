"""From parcels to grains: what a run of particles alone writes and its report says, and what a coupled case needs."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compute.errors import CaseError
from coupling.case import Case
from coupling.case_file import read_case
from coupling.driver import run
from coupling.measure import State, feed_state, grown_state, sections_of, window_case
from coupling.progress import Progress
from coupling.report.grains import grains_section
from coupling.report.record import RunRecord
from coupling.shipped import shipped_cases
from dem.case_parcels import Parcels
from dem.grains import GRAINS_NAME, HITS, LIMIT, LOSS, RATE, SPEED, Carried, carried_over, load_grains
from dem.statistics_result import EncounterStatistics
from pbm.distribution import SizeDistribution
from tests.coupling.synthetic import make_window

SCALE = 12.0
GAS = [
    "dem.time.spin_up=20 ms", "dem.statistics.block=10 ms", "dem.statistics.blocks=20", "threads=1",
    "dem.domain.high=[25 mm, 25 mm, 25 mm]", "dem.particles.0.region.high=[25 mm, 25 mm, 25 mm]",
]  # fmt: skip


def gas_case(*assignments: str) -> Case:
    return read_case(shipped_cases()["gas"] / "case.yaml", [*GAS, *assignments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the shipped gas, denser and shorter, whose spheres are parcels of twelve grain diameters."""
    made = tmp_path_factory.mktemp("gas")
    run(gas_case(f"dem.parcels={{scale_factor: {SCALE:g}}}"), made, Progress(None))
    return made


def quantity(found: list[Carried], of: tuple[str, str], name: str) -> Carried:
    (one,) = [each for each in found if each.of == of and each.quantity == name]
    return one


def test_a_gas_of_parcels_tells_of_its_grains(folder: Path) -> None:
    """Kinetic theory of grains of d/s at sigma/s: b = 4 sqrt(pi) sigma d^2 g0 and the mean speed sqrt(pi) sigma.

    sigma is that of the start, which elastic impacts keep. Within 3 standard errors and 1 %; and what stands in the
    statistics over powers of s, to rounding.
    """
    parcels, found = load_grains(folder / "dem" / "run" / GRAINS_NAME)
    assert (parcels.scale_factor, parcels.law) == (SCALE, "inertial")
    rate, speed = (quantity(found, ("bead", "bead"), name) for name in (RATE, SPEED))
    statistics = EncounterStatistics.load(folder / "dem" / "run" / "statistics.h5")
    assert rate.parcels == statistics.rate_constant()[0, 0, 0] and rate.parcels_error is not None
    assert rate.grains == pytest.approx(rate.parcels / SCALE**3, rel=1e-12)
    assert rate.grains_error == pytest.approx(rate.parcels_error / SCALE**3, rel=1e-12)
    assert speed.parcels == statistics.speed_moments()[0].value[0, 0, 0]
    assert speed.grains == pytest.approx(speed.parcels / SCALE, rel=1e-12)
    fraction = 1000.0 * math.pi / 6.0 / 25.0**3
    sigma = 0.1 / SCALE
    theory = 4.0 * math.sqrt(math.pi) * sigma * (1e-3 / SCALE) ** 2 * (1.0 - fraction / 2.0) / (1.0 - fraction) ** 3
    assert 0.0 < rate.grains_error < 0.05 * theory and speed.grains_error is not None
    # 3000 velocity components drawn at the start: their spread is known to sqrt(1/6000)
    drawn = math.sqrt(1.0 / 6000.0)
    assert abs(rate.grains - theory) < 3.0 * math.hypot(rate.grains_error, drawn * theory) + 0.01 * theory
    mean = math.sqrt(math.pi) * sigma
    assert abs(speed.grains - mean) < 3.0 * math.hypot(speed.grains_error, drawn * mean) + 0.01 * mean


def test_the_report_holds_both(folder: Path) -> None:
    """Scale and law by name, and the very numbers of the file, of parcels and of grains."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    _, found = load_grains(folder / "dem" / "run" / GRAINS_NAME)
    rate = quantity(found, ("bead", "bead"), RATE)
    assert 'id="grains"' in page and "s = 12 times" in page and "parcel law inertial" in page
    assert f'value="{rate.parcels!r}"' in page and f'value="{rate.grains!r}"' in page
    document = json.loads((folder / "dem" / "run" / GRAINS_NAME).read_text())
    assert document["diameters"] == [
        {"class": "bead", "unit": "m", "parcels": 1e-3, "grains": pytest.approx(1e-3 / SCALE)}
    ]
    assert document["exponents"]["rate_constant"] == -3.0


def test_grains_alone_have_no_such_section(tmp_path: Path) -> None:
    """Nothing is said of grains where particles are the grains, with a scale of one or without."""
    for assignments in ((), ("dem.parcels={scale_factor: 1}",)):
        assert not grains_section(RunRecord(gas_case(*assignments), tmp_path)).blocks
    assert grains_section(RunRecord(gas_case("dem.parcels={scale_factor: 2}"), tmp_path)).blocks


def test_walls_losses_and_what_was_not_seen() -> None:
    """Counts by hand: hits over s, speeds at walls as they are, losses over s^5, 3/E over s^3 where nothing met."""
    statistics = make_window(30.0, 0.0, 1).statistics
    counted = statistics.encounters.copy()
    counted[:, :, 0, 1] = 0
    energy = np.where(counted > 0, 2e-9 * counted, 0.0)
    own = replace(statistics, encounters=counted, dissipated_energy=energy)
    found = carried_over(own, ["a", "b", "c", "d"], Parcels(scale_factor=3.0))
    unseen = quantity(found, ("a", "b"), LIMIT)
    assert unseen.parcels == pytest.approx(3.0 / statistics.exposure[..., 0, 1].sum(), rel=1e-12)
    assert unseen.grains == pytest.approx(unseen.parcels / 27.0, rel=1e-12) and unseen.grains_error is None
    assert not [each for each in found if each.of == ("a", "b") and each.quantity in (RATE, SPEED, LOSS)]
    lost = quantity(found, ("a", "c"), LOSS)
    assert (lost.parcels, lost.grains) == pytest.approx((2e-9, 2e-9 / 3.0**5), rel=1e-12)
    wall = str(statistics.wall_names[-1])
    hits, speed = (quantity(found, ("d", wall), name) for name in (HITS, SPEED))
    rate = statistics.wall_encounters[..., 3, -1].sum() / statistics.particle_time[..., 3].sum()
    assert (hits.parcels, hits.grains) == pytest.approx((rate, rate / 3.0), rel=1e-12)
    assert speed.grains == speed.parcels


def test_windows_of_a_state_know_its_scale(tmp_path: Path) -> None:
    """The feed's windows have the declared scale, those of a state twice as large half of it."""
    sections = sections_of(read_case(shipped_cases()["high-shear-granulator"] / "case.yaml"))
    feed = feed_state(sections)
    grown = SizeDistribution(2.0 * feed.curve.diameters, feed.curve.cumulative)
    states: list[tuple[State, float]] = [(feed, 20.5), (grown_state(sections, grown), 10.25)]
    for state, scale in states:
        assert window_case(sections, 80.0, state).scale_factor == pytest.approx(scale, rel=1e-12)


def test_a_coupled_case_says_what_its_parcels_are() -> None:
    """Without the section the key that is missing is named."""
    with pytest.raises(CaseError, match=r"dem\.parcels: nothing says which grains.*scale_factor"):
        read_case(shipped_cases()["high-shear-granulator"] / "case.yaml", ["dem.parcels=null"])
