"""From counts in parcels to a law for grains: the regressions against truths they were not told."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from compute.errors import CaseError, CheckpointError, SimulationError
from coupling.case_file import read_case
from coupling.chain import stored
from coupling.count_regression import CountTable, fit_counts
from coupling.exchange import Exchange, fit_exchange
from coupling.measure import population_balance, sections_of
from coupling.reduced.law import anticipated_law, kernel_law
from coupling.report.contents import Quantity, Table
from coupling.report.through import through_section
from coupling.shipped import find_case
from coupling.speed_regression import SpeedTable, fit_speeds
from coupling.window import Window
from dem.parcels import parcel_law
from pbm.granulation import Granulation
from pbm.stated import NO_LAW
from tests.coupling.synthetic import TRUTH, make_design_windows, make_window

COMPARTMENTS = "pbm.compartments={names: [%s], exchange: dem}"
CHI_SQUARE_95 = 9.487729036781154  # 4 degrees of freedom


def _table(random: np.random.Generator, bursts: float, cells: int = 24, blocks: int = 24) -> CountTable:
    """Counts with the law (1, 0.6, 0.3, -0.4): gamma-Poisson noise per count, or bursts common to a whole block."""
    covariates = np.concatenate([np.ones((cells, 1)), random.uniform(-1.0, 1.0, (cells, 3))], axis=1)
    rate = np.exp(covariates @ np.array([1.0, 0.6, 0.3, -0.4]))
    exposure = np.full((blocks, cells), 12.0)
    burst = random.gamma(1.0 / bursts, bursts, (blocks, 1)) if bursts else random.gamma(5.0, 0.2, (blocks, cells))
    count = random.poisson(exposure * rate * burst).astype(float)
    cell, block = np.tile(np.arange(cells), blocks), np.repeat(np.arange(blocks), cells)
    return CountTable(covariates, np.zeros(cells), count.ravel(), exposure.ravel(), cell, block)


@pytest.mark.parametrize("bursts", [0.0, 0.05], ids=["each-count", "whole-blocks"])
def test_confidence_region_covers_truth(bursts: float) -> None:
    """The ellipsoid (c - c_true)' Cov^-1 (c - c_true) < chi2(4, 95 %) holds the truth in 95 % of repetitions.

    400 repetitions have a standard error of 1.1 %; 80 blocks (four windows of 20) estimate Cov with an error that
    costs 2-3 % more. Poisson errors alone cover far less, as the dispersion of every count is above two here.
    """
    random = np.random.default_rng(7)
    truth, inside, poisson = np.array([1.0, 0.6, 0.3, -0.4]), 0, 0
    for _ in range(400):
        table = _table(random, bursts, blocks=80)
        fit = fit_counts(table)
        error = fit.coefficients - truth
        inside += error @ np.linalg.solve(fit.covariance, error) < CHI_SQUARE_95
        weighted = table.covariates.T @ (fit.expected[:, None] * table.covariates)
        poisson += error @ weighted @ error < CHI_SQUARE_95
    assert 0.90 <= inside / 400 <= 0.99
    assert poisson / 400 < 0.85


def test_lack_of_fit_widens_the_error() -> None:
    """Counts without noise about their own rates, but 20 % off the law: D of the cells rules, the misfit is told."""
    random = np.random.default_rng(3)
    table = _table(random, 0.0, cells=30, blocks=20)
    rate = np.exp(table.covariates @ np.array([1.0, 0.6, 0.3, -0.4])) * np.exp(0.2 * random.standard_normal(30))
    exact = dataclasses.replace(table, count=1e4 * np.round(np.tile(rate, 20)), exposure=np.full(600, 1e4))
    fit = fit_counts(exact)
    assert fit.block_dispersion < 1.0 < fit.fit_dispersion
    assert 0.1 < fit.relative_misfit < 0.35
    assert 0.02 < math.sqrt(fit.covariance[0, 0]) < 0.08  # 0.2/sqrt(30) = 0.037


def test_empty_cells_stay_counts() -> None:
    """Cells of tiny exposure have mostly zero counts; dropping these would bias the rate upwards, keeping must not."""
    random = np.random.default_rng(11)
    cells, blocks = 200, 20
    exposure = np.full(cells * blocks, 0.02)
    count = random.poisson(exposure * 1.0).astype(float)
    cell, block = np.tile(np.arange(cells), blocks), np.repeat(np.arange(blocks), cells)
    fit = fit_counts(CountTable(np.ones((cells, 1)), np.zeros(cells), count, exposure, cell, block))
    assert fit.coefficients[0] == pytest.approx(0.0, abs=4.0 / math.sqrt(count.sum()))


def test_no_count_is_an_upper_limit() -> None:
    """Zero encounters in an exposure E: b < 3/E at 95 %, said in the message."""
    zero = CountTable(np.ones((1, 1)), np.zeros(1), np.zeros(20), np.full(20, 0.5), np.zeros(20, int), np.arange(20))
    with pytest.raises(SimulationError, match=r"upper limit 0\.3 "):
        fit_counts(zero)


def test_weibull_from_bins() -> None:
    """Binned maximum likelihood finds scale and shape within three of its own errors, from bins of a factor 1.5."""
    random = np.random.default_rng(5)
    edges = np.geomspace(1e-3, 10.0, 24)
    covariates = np.stack([np.ones(20), random.standard_normal(20)], axis=1)
    speeds = np.exp(covariates @ np.array([-1.0, 0.5]))[:, None] * random.weibull(1.7, (20, 3000))
    clipped = np.clip(speeds, edges[0], edges[-1])
    counts = np.array([np.histogram(row, edges)[0] for row in clipped], dtype=float)
    fit = fit_speeds(SpeedTable(covariates, np.zeros(20), np.tile(edges[1:-1], (20, 1)), counts))
    deviation = (fit.coefficients - [-1.0, 0.5, math.log(1.7)]) / np.sqrt(np.diag(fit.covariance))
    assert np.max(np.abs(deviation)) < 3.0
    assert np.max(fit.distance) < 0.05  # Kolmogorov distance at 3000 draws: 1.63/sqrt(3000) = 0.03 at 1 %


def test_exchange_finds_the_law_of_the_windows() -> None:
    """Four windows drawn from known laws (three speeds at the feed, one grown): every coefficient within 3.5 errors."""
    exchange = fit_exchange(make_design_windows(seed=2), "inertial", ["impeller"], TRUTH.tip_radius)
    deviation = (exchange.coefficients() - TRUTH.coefficients()) / np.sqrt(np.diag(exchange.covariance()))
    assert np.max(np.abs(deviation)) < 3.5
    assert exchange.reference_speed == pytest.approx(TRUTH.reference_speed)
    assert exchange.encounter.quality["fit_dispersion"] < 2.0


def test_parcels_map_exactly() -> None:
    """The same counts read with s = 7: b/s^3 at d/s, pair speeds and blade hits over s, blade speeds as they are.

    b = Gamma (d_i + d_j)^3 f keeps Gamma exactly, so c0 and all exponents stay and only a0 and q0 move, by -ln s.
    """
    windows = make_design_windows(seed=2)
    plain = fit_exchange(windows, "inertial", ["impeller"], TRUTH.tip_radius)
    scaled = fit_exchange(
        [replace(window, scale=7.0) for window in windows], "inertial", ["impeller"], TRUTH.tip_radius
    )
    difference = scaled.coefficients() - plain.coefficients()
    difference[4] += math.log(7.0)
    difference[9] += math.log(7.0)
    assert np.max(np.abs(difference)) < 1e-6  # the search of the speed laws stops at a gradient of 1e-7
    law = parcel_law("inertial")
    assert (law.size, law.rate_constant, law.pair_speed, law.wall_speed, law.wall_rate) == (-1, -3, -1, 0, -1)
    assert scaled.ratio_range == pytest.approx(plain.ratio_range, rel=1e-14)


def test_constant_covariates_are_left_out() -> None:
    """One window varies neither speed nor state: their coefficients are zero with zero variance."""
    exchange = fit_exchange([make_window(TRUTH.reference_speed, 0.0, 1)], "inertial", ["impeller"], 0.1)
    assert exchange.encounter.coefficients[1] == exchange.encounter.coefficients[3] == 0.0
    assert exchange.encounter.covariance[1][1] == 0.0 < exchange.encounter.covariance[2][2]


def test_compartments_add_up_to_the_bed() -> None:
    """A bed split into two compartments of half the particles and half the volume has the law of the whole bed."""
    whole = make_window(TRUTH.reference_speed, 0.0, 1)
    split = _halves(whole)
    exposures = split.exposure.sum(axis=0), whole.exposure.sum(axis=0)
    upper = np.triu_indices(len(whole.size_ratio))
    assert exposures[0][upper] == pytest.approx(exposures[1][upper], rel=1e-12)
    assert np.array_equal(split.encounters, whole.encounters)


def test_measured_exchange_reaches_the_population_balance() -> None:
    """`exchange: dem` takes the rates of the middle speed's window: one in ten moves in a lag, k = -ln(0.8)/(2 lag)."""
    sections = sections_of(read_case(find_case("high-shear-granulator"), [COMPARTMENTS % "low, high"]))
    slow, middle = _halves(make_window(79.0, 0.0, 1)), _exchanging(_halves(make_window(105.0, 0.0, 2)))
    law = kernel_law(fit_exchange([slow, middle], "inertial", ["impeller"], 0.0114))
    rates = population_balance(sections, law, [slow, middle]).tables.exchange
    expected = -math.log(0.8) / 2.0 / middle.statistics.lag
    assert rates == pytest.approx(expected * (1.0 - np.eye(2)), rel=1e-3)


def test_report_shows_what_flows_through_measured_exchange() -> None:
    """Fed into one of two compartments that exchange at k both ways, out of the other at o: a stay of 1/k + 2/o.

    k is that of the middle speed's window. Its first state is the batch here; without windows the report says so.
    """
    regions = "pbm.compartments={names: [low, high], exchange: dem, outlets: [{from: high, rate: 0.05 1/s}], "
    regions += "feeds: [{name: lactose, to: low, rate: 2 g/s}], charge: {low: 0.25, high: 0.75}}"
    case = read_case(find_case("high-shear-granulator"), ["pbm.grid.classes=12", regions])
    slow, middle = _halves(make_window(79.0, 0.0, 1)), _exchanging(_halves(make_window(105.0, 0.0, 2)))
    rate = -math.log(0.8) / 2.0 / middle.statistics.lag
    assert case.pbm is not None
    model = Granulation(case.pbm, NO_LAW, rate * (1.0 - np.eye(2)), compiled=False)
    states = np.tile(model.initial_state(), (3, 1, 1, 1))
    batch = SimpleNamespace(time=np.array([0.0, 5.0, 10.0]), states=states, solid_volume=model.cells.solid_volume)
    run: Any = SimpleNamespace(case=case, batch=batch, measured=[slow, middle])
    section = through_section(run)
    rows = [row for block in section.blocks if isinstance(block, Table) for row in block.rows]
    values = {cell.name: cell.value for row in rows for cell in row if isinstance(cell, Quantity)}
    assert values["residence-low"] == pytest.approx(1.0 / rate + 2.0 / 0.05, rel=1e-3)
    assert case.pbm.feed.charge == pytest.approx(values["hold-up-low"] / 0.25) == values["hold-up-high"] / 0.75
    assert values["came-lactose"] == pytest.approx(0.02, rel=1e-9)
    run.measured = []
    assert [block for block in through_section(run).blocks if isinstance(block, Table)] == []


def test_compartments_of_another_number_are_refused() -> None:
    """The shipped granulator is parted in two."""
    with pytest.raises(CaseError, match=r"compartments.names.*expected 2 names"):
        read_case(find_case("high-shear-granulator"), [COMPARTMENTS % "low, middle, high"])


def _exchanging(window: Window) -> Window:
    """The window of two compartments between which one parcel in ten moves in a lag."""
    share = np.array([[0.9, 0.1], [0.1, 0.9]])
    moved = np.round(1e4 * np.stack([share, share @ share])).astype(np.int64)
    counts = np.tile(moved, (window.statistics.block_count, 1, 1, 1))
    return dataclasses.replace(window, statistics=dataclasses.replace(window.statistics, transitions=counts))


def _halves(whole: Window) -> Window:
    statistics = whole.statistics
    changes = {}
    for name in ("encounters", "wall_encounters", "normal_speed_counts", "wall_normal_speed_counts"):
        values, axis = getattr(statistics, name), 0 if "counts" in name else 1
        changes[name] = np.concatenate([values // 2, values - values // 2], axis=axis)
    changes["particle_time"] = np.repeat(statistics.particle_time / 2, 2, axis=1)
    changes["solid_volume_time"] = np.repeat(statistics.solid_volume_time / 2, 2, axis=1)
    changes["transitions"] = np.zeros((statistics.block_count, 2, 2, 2), dtype=np.int64)
    shapes = {f.name: getattr(statistics, f.name) for f in dataclasses.fields(statistics)}
    for name, value in shapes.items():
        if name not in changes and np.ndim(value) > 1:
            axis = 0 if "counts" in name else 1
            changes[name] = np.repeat(value, 2, axis=axis)
    return dataclasses.replace(whole, statistics=dataclasses.replace(statistics, **changes), compartment=None)


def test_record_reads_back_bit_for_bit(tmp_path) -> None:
    """A resumed run repeats the exchange: what is stored equals what was computed."""
    exchange = fit_exchange(make_design_windows(seed=4), "inertial", ["impeller"], TRUTH.tip_radius)
    exchange.save(tmp_path / "exchange.json")
    assert Exchange.load(tmp_path / "exchange.json") == exchange
    with pytest.raises(CheckpointError, match="not an exchange record"):
        Exchange.from_json("{}")


def test_wrong_names_are_told() -> None:
    """Unknown wall or parcel law: what was given and what there is."""
    window = make_window(TRUTH.reference_speed, 0.0, 1)
    with pytest.raises(CaseError, match=r"blades: no such wall.*'impellor'.*bowl, impeller"):
        fit_exchange([window], "inertial", ["impellor"], 0.1)
    with pytest.raises(CaseError, match=r"parcels: no such parcel law.*inertial"):
        fit_exchange([window], "thermal", ["impeller"], 0.1)


def test_anticipated_law_is_what_smaller_scale_factors_give() -> None:
    """The same counts read with s and, at four times the size, s/4 fit the law anticipated from the first alone."""
    window = make_window(TRUTH.reference_speed, 0.0, 1)
    larger = replace(window, scale=window.scale / 4.0, median_diameter=4.0 * window.median_diameter)
    alone = kernel_law(fit_exchange([window], "inertial", ["impeller"], TRUTH.tip_radius))
    both = kernel_law(fit_exchange([window, larger], "inertial", ["impeller"], TRUTH.tip_radius))
    expected = anticipated_law(alone, parcel_law("inertial"), 4.0)
    assert expected.d50_grown == pytest.approx(both.d50_grown, rel=1e-12)
    for name in ("encounters", "pair_speed", "blade_hits"):
        assert getattr(expected, name) == pytest.approx(getattr(both, name), abs=1e-5)  # how far the fits search


def test_stages_hand_on_what_they_made(tmp_path) -> None:
    """In the process that made it a result goes on in memory; the file beside is read by a later one, to the bit."""
    path, read = tmp_path / "exchange" / "design.json", []

    def load(file):
        read.append(file)
        return Exchange.load(file)

    made = fit_exchange(make_design_windows(seed=2), "inertial", ["impeller"], TRUTH.tip_radius)
    assert stored(path, load, lambda: made) is made and not read
    assert stored(path, load, lambda: pytest.fail("made twice")) == made and read == [path]
