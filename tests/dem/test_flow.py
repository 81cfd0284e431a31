"""Feeders and outlets: the account closes in whole numbers, rates hold, and an interruption leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from compute import get_backend
from compute.errors import CaseError, ConservationError, StateSaved
from dem.case_flow import EVENT_STEPS
from dem.contact.law import PairProperties
from dem.engine import Engine
from dem.fields import FIELDS_NAME
from dem.flow import EXITS_NAME, FLOW_NAME
from dem.liquid.balance import require_liquid
from dem.observation import OBSERVABLES_NAME
from dem.outlet_blends import SAMPLES_NAME
from dem.particles import X
from dem.removal import remove_particles
from dem.residence import outlet_blend, read_exits
from dem.results import RESULTS_NAME, load_results
from dem.simulation import Simulation, Watch
from dem.statistics_result import EncounterStatistics
from dem.table import read_table
from tests.dem.chute import read_chute
from tests.dem.engines import make_engine, spheres
from tests.results import assert_same_datasets, assert_same_results

SEED = 5
MASS_RATE, NUMBER_RATE, ACTIVE_START = 10.0 / 3600.0, 400.0, 2e-3  # of the chute's feeders


def make_simulation(folder: Path, *assignments: str) -> Simulation:
    folder.mkdir(exist_ok=True)
    return Simulation(read_chute(folder, *assignments), get_backend("cpu", 1), SEED, folder)


@pytest.fixture(scope="module")
def chute(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Simulation, EncounterStatistics, Path]]:
    """The chute run to its end."""
    folder = tmp_path_factory.mktemp("chute")
    simulation = make_simulation(folder)
    grown: list[int] = []
    original = Engine._grow

    def grow(self: Engine, capacity: int) -> None:
        grown.append(capacity)
        original(self, capacity)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "_grow", grow)
        statistics = simulation.run()
    assert statistics is not None and len(grown) <= 2, "new arrays at so many events"
    yield simulation, statistics, folder


def flow_table(folder: Path) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
    table = read_table(folder / FLOW_NAME)
    return table, table["time [s]"].astype(float), table["number"].astype(int), table["mass [kg]"].astype(float)


def test_the_account_closes(chute: tuple[Simulation, EncounterStatistics, Path]) -> None:
    """For each source and class, at each record: fed = held + removed, in number exactly, in mass to round-off."""
    simulation, _, folder = chute
    table, time, number, mass = flow_table(folder)
    sign = np.where(table["what"] == "fed", 1, -1)
    keys = list(zip(time, table["source"], table["class"]))
    assert len(set(time)) == 13 and number[(table["what"] == "removed") & (time == time[-1])].sum() > 30
    for key in set(keys):
        chosen = [at for at, other in enumerate(keys) if other == key]
        assert (sign[chosen] * number[chosen]).sum() == 0, key
        assert abs((sign[chosen] * mass[chosen]).sum()) < 1e-11 * max(mass[chosen].max(), 1e-30), key
    held = number[(table["what"] == "held") & (time == time[-1])].sum()
    assert held == simulation.engine.size


def test_feeders_keep_their_rates(chute: tuple[Simulation, EncounterStatistics, Path]) -> None:
    """At each record a feeder lags by less than a particle behind what was owed at the last event before it.

    The pulsed one feeds for 4 ms of each 10 ms at 1000 per second, which is 400 per second in the mean.
    """
    _, _, folder = chute
    table, time, number, mass = flow_table(folder)
    for at in sorted(set(time)):
        event = np.floor(at / 5e-6 / EVENT_STEPS + 1e-6) * EVENT_STEPS * 5e-6
        fed = (table["what"] == "fed") & (time == at)
        lag = MASS_RATE * event - mass[fed & (table["source"] == "excipient")].sum()
        assert -1e-15 < lag < 6.3e-6
        periods, within = divmod(max(event - ACTIVE_START, 0.0), 10e-3)
        owed = NUMBER_RATE * (10e-3 * periods + min(within / 0.4, 10e-3))
        assert number[fed & (table["source"] == "active")].sum() == int(owed * (1.0 + 1e-9)), at


def test_numbers_are_given_once(chute: tuple[Simulation, EncounterStatistics, Path]) -> None:
    """Who has left is not there, nobody is twice, and all that were fed are one or the other."""
    simulation, _, folder = chute
    left = read_table(folder / EXITS_NAME)["id"].astype(int)
    present = simulation.engine.host_particles().id
    everyone = np.sort(np.concatenate([left, present]))
    np.testing.assert_array_equal(everyone, np.arange(simulation.flow.inflow.next_id))
    assert (np.asarray(read_table(folder / EXITS_NAME)["age [s]"], float) > 0.0).all()


def test_exposure_follows_a_changing_number(chute: tuple[Simulation, EncounterStatistics, Path]) -> None:
    """Int N dt of the samples against the sum of stays: samples come every 60 steps, events every 250, so that each
    stay is known to 60 of some 2500 steps, in either direction."""
    simulation, statistics, folder = chute
    exits = read_table(folder / EXITS_NAME)
    left, ages = exits["time [s]"].astype(float), exits["age [s]"].astype(float)
    present = simulation.engine.host_particles().id
    came = np.concatenate([left - ages, simulation.flow.ledger.entered(present)])
    end = simulation.last_step * simulation.step_size
    went = np.concatenate([left, np.full(len(present), end)])
    start = end - statistics.block_time.sum()
    stays = np.clip(went, start, end) - np.clip(came, start, end)
    assert statistics.particle_time.sum() == pytest.approx(stays.sum(), rel=0.02)
    assert statistics.encounters.sum() >= 10


def test_samples_at_the_outlet(chute: tuple[Simulation, EncounterStatistics, Path]) -> None:
    """What is recorded on the way is what the table of exits says afterwards, to the digits of the tables; the last of
    it is the run's result."""
    _, _, folder = chute
    exits = read_exits(folder / EXITS_NAME)
    state = outlet_blend(exits.chosen(exits.time >= 5e-3), ("coarse",), 20e-6, 10.0)
    assert state is not None and state.samples >= 4
    table = read_table(folder / OBSERVABLES_NAME)
    last = (table["name"] == "leaving") & (table["time [s]"] == table["time [s]"][-1])
    found = dict(zip(table["quantity"][last].tolist(), table["value"][last].astype(float)))
    assert found == pytest.approx(state._asdict(), rel=1e-9)
    samples = read_table(folder / SAMPLES_NAME)
    assert samples["sample"].tolist() == [str(at) for at in range(state.samples)]
    mass, share = samples["mass [kg]"].astype(float), samples["share"].astype(float)
    assert np.abs(mass - 20e-6).max() < 6.3e-6 and np.average(share, weights=mass) == pytest.approx(state.share)
    result = load_results(folder / RESULTS_NAME)["leaving: RSD"]
    assert (result.value, result.error) == pytest.approx((state.grain_rsd, state.error), rel=1e-9)


@pytest.mark.parametrize("steps", [[1900], [3100, 7300]])
def test_stopped_and_resumed(
    tmp_path: Path, chute: tuple[Simulation, EncounterStatistics, Path], steps: list[int]
) -> None:
    """Stopped and resumed while particles come and go: every dataset and both tables are the same, bit by bit."""
    for step in steps:
        seen = [0]
        watch = Watch(
            advanced=lambda done, total, seen=seen: seen.__setitem__(0, total),  # type: ignore[misc]
            stop_requested=lambda seen=seen, step=step: seen[0] >= step,  # type: ignore[misc]
        )
        with pytest.raises(StateSaved):
            make_simulation(tmp_path / "run").run(watch)
    make_simulation(tmp_path / "run").run()
    assert_same_results(chute[2], tmp_path / "run")
    assert_same_datasets(chute[2] / FIELDS_NAME, tmp_path / "run" / FIELDS_NAME)
    for name in (FLOW_NAME, EXITS_NAME, OBSERVABLES_NAME, SAMPLES_NAME, RESULTS_NAME):
        assert (chute[2] / name).read_text() == (tmp_path / "run" / name).read_text(), name


def test_a_killed_run_starts_its_tables_again(tmp_path: Path) -> None:
    """Rows of a run that was killed before its first checkpoint, and half a line, are gone when it starts again."""
    simulation = make_simulation(tmp_path, "dem.time.checkpoint_interval=1 s")
    simulation.advance(2000)
    with (tmp_path / FLOW_NAME).open("a") as file:
        file.write("0.5,fe")
    again = make_simulation(tmp_path)
    with pytest.raises(StateSaved):
        again.run(Watch(stop_requested=lambda: True))
    assert set(read_table(tmp_path / FLOW_NAME)["time [s]"]) == {"0"}


def test_a_lost_particle_is_told(tmp_path: Path) -> None:
    """A particle taken out behind the ledger's back is a breach of conservation at the next record."""
    simulation = make_simulation(tmp_path)
    simulation.advance(1)
    gone = np.zeros(simulation.engine.size, bool)
    gone[3] = True
    remove_particles(simulation.engine, gone)
    with pytest.raises(ConservationError, match="19 particles present, 20 fed, 0 removed"):
        simulation.flow.record(1, simulation.engine)


def pairs_by_id(engine: Engine) -> dict[tuple[int, int], tuple[int, list[float]]]:
    size, ids = engine.size, engine.particles.id
    start, found = engine.pairs.start, {}
    for i in range(size):
        for entry in range(start[i], start[i + 1]):
            pair = int(ids[i]), int(ids[engine.pairs.other[entry]])
            found[pair] = int(engine.pairs.flags[entry]), engine.pairs.history[entry].tolist()
    return found


def test_contacts_of_those_that_stay_are_kept() -> None:
    """A row of touching spheres that slide along each other; the third leaves: the other springs stay bit by bit, and
    the rebuilt list still holds them."""
    position = [[0.01 + 1.95e-3 * at, 0.05, 0.05] for at in range(6)]
    velocity = [[0.0, 0.01 * (-1) ** at, 0.0] for at in range(6)]
    engine = make_engine(spheres(position, velocity, 1e-3), step=2e-6, skin=2e-4)
    engine.run(20)
    before = pairs_by_id(engine)
    assert len(before) == 5 and all(any(history) for _, history in before.values())
    gone = engine.particles.id[: engine.size] == 2
    remove_particles(engine, gone)
    kept = {pair: values for pair, values in before.items() if 2 not in pair}
    assert pairs_by_id(engine) == kept and engine.size == 5
    engine.rebuild()
    assert pairs_by_id(engine) == kept
    engine.run(40)
    assert np.isfinite(engine.host_particles().row[:, X]).all()


def test_liquid_leaves_with_the_particles() -> None:
    """Three wet spheres in a row, bridged; the end one leaves with its film and half of its bridge."""
    position = [[0.01 + 1.99e-3 * at, 0.05, 0.05] for at in range(3)]
    wet = PairProperties(
        0.5, 0.3, surface_tension=0.07, contact_angle=0.0, viscosity=0.01, smallest_gap=1e-5, largest_bridge=0.05
    )
    engine = make_engine(
        spheres(position, 0.0, 1e-3), step=2e-6, skin=5e-4, pairs=wet, liquid="bagheri", film_share=0.01
    )
    engine.run(5)
    joined = require_liquid(engine)
    assert joined.joined == 2
    bridge = 0.5 * joined.bridges
    ids = engine.host_particles().id
    film = float(engine.host_particles().film[ids == 2][0])
    remove_particles(engine, ids == 2)
    found = require_liquid(engine)
    assert found.joined == 1
    assert found.removed == pytest.approx(film + 0.5 * bridge, rel=1e-12)
    assert found.films == pytest.approx(joined.films - film + 0.5 * bridge, rel=1e-12)


def test_two_outlets_of_one_name_are_refused(tmp_path: Path) -> None:
    """Names tell flows apart in the tables."""
    plane = "{shape: plane, point: [0, 0, 0], normal: [0, 0, 1]}"
    with pytest.raises(CaseError, match=r"outlets.1.name: the name is used twice"):
        read_chute(tmp_path, f"dem.outlets=[{{name: a, region: {plane}}}, {{name: a, region: {plane}}}]")
