"""Two solid components in the granulation program: moments, symmetry, agreement with one component."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from compute.errors import CaseError
from pbm.aggregation.sticking import both_wet
from pbm.assemble import bare_parameters, make_tables
from pbm.breakage import breakable_classes, proportionate_fragments
from pbm.case import PbmCase
from pbm.cells import Cells
from pbm.drops import make_drops, powder_share
from pbm.granulation import Granulation
from pbm.grid import Floats, Grid, geometric_grid
from pbm.laws import fragments
from pbm.model import (
    BOOKED,
    DISPLACED,
    EXTERNAL,
    FED_SECOND,
    FRAGMENTED,
    LEFT_SECOND,
    LEFT_SOLIDS,
    MERGED,
    NUCLEI,
    NUMBER,
    OVERFLOW_NUMBER,
    OVERFLOW_VOLUME,
    SPRAYED,
    Conditions,
    Granule,
    make_workspace,
)
from pbm.program import load_program
from pbm.solve import Accuracy, Setup, Solution, constant, solve
from tests.pbm.population import LACTOSE, UNIT, bare_state, stated
from tests.pbm.population import NUMBER as COUNT

GRID = geometric_grid(1e-2 * UNIT, 3e2 * UNIT, 8)
PAIR = Cells((GRID, GRID))


def exponential_shares(grid: Grid) -> Floats:
    """Shares of the classes of an exponential distribution of mean UNIT."""
    edges = grid.edges / UNIT
    return np.exp(-edges[:-1]) - np.exp(-edges[1:])


def coalesce(cells: Cells, numbers: Floats, end: float, name: str = "constant", rate: float = 1.0) -> Solution:
    """Coalescence of these numbers, in plain Python, with the rate constant `rate` V_s / N0."""
    tables = make_tables(cells, laws=stated(name, rate * float(numbers @ cells.solid_volume) / COUNT))
    program = load_program(name, "always", "power")
    times = np.array([0.0, 0.5 * end, end])
    return solve(Setup(program, bare_state(numbers), bare_parameters(), tables), times, Accuracy(1e-3, 1e-2))


def moments(cells: Cells, state: Floats, first: int, second: int) -> float:
    """M_ab in units of N0 UNIT^(a + b)."""
    x, y = cells.components / UNIT
    return float(np.sum(state[0, NUMBER] * x**first * y**second) / COUNT)


@pytest.fixture(scope="module")
def solution() -> Solution:
    shares = exponential_shares(GRID)
    return coalesce(PAIR, COUNT * np.outer(shares, shares).ravel(), 1.0)


def test_constant_kernel_keeps_the_law_of_moments(solution: Solution) -> None:
    """Gelbard and Seinfeld (1978), doi 10.1016/0021-9797(78)90312-3: M00 = 2 N0/(2 + tau), M10 and M01 stay, and every
    second moment grows by M_a M_b tau / N0. The scheme keeps the mixed moment: all but the squares, which it spreads,
    to the tolerance of the integration, 1e-3 of a class.
    """
    for at, tau in enumerate((0.0, 0.5, 1.0)):
        state, start = solution.states[at], solution.states[0]
        first = moments(PAIR, start, 1, 0)
        whole = moments(PAIR, start, 0, 0)
        assert moments(PAIR, state, 0, 0) == pytest.approx(whole / (1.0 + 0.5 * whole * tau), rel=2e-4)
        assert moments(PAIR, state, 1, 0) == pytest.approx(first, rel=1e-12)
        assert moments(PAIR, state, 0, 1) == pytest.approx(first, rel=1e-12)
        assert moments(PAIR, state, 1, 1) == pytest.approx(moments(PAIR, start, 1, 1) + first**2 * tau, rel=1e-9)
        square = moments(PAIR, start, 2, 0) + first**2 * tau
        assert square * (1.0 - 1e-9) <= moments(PAIR, state, 2, 0) <= 1.06 * square
    assert max(solution.worst_imbalance) <= 1e-12 and solution.states.min() >= 0.0


def test_a_symmetric_start_stays_symmetric(solution: Solution) -> None:
    """Components exchanged: nothing in the scheme prefers one; round-off of sums in another order."""
    last = solution.states[-1][0, NUMBER].reshape(PAIR.shape)
    assert np.abs(last - last.T).max() <= 1e-13 * last.max()


@pytest.mark.parametrize(("name", "rate", "end"), [("constant", 1.0, 1.0), ("sum", 1.0, 0.2)])
def test_proportional_components_agree_with_one(name: str, rate: float, end: float) -> None:
    """Granules of one composition, y = 2 x: a population in x + y. Number and solids are those of one component, to the
    tolerance of both; M2 to what the scheme spreads on these few classes, 6 % at most.
    """
    shares = COUNT * exponential_shares(GRID)
    whole = Cells((Grid(3.0 * GRID.edges, 3.0 * GRID.pivots),))
    pair = Cells((GRID, Grid(2.0 * GRID.edges, 2.0 * GRID.pivots)))
    scale = {"constant": 1.0, "sum": 1.0 / (3.0 * UNIT)}[name] * rate
    one = coalesce(whole, shares, end, name, scale).states
    two = coalesce(pair, np.diag(shares).ravel(), end, name, scale).states
    found = [[float(np.sum(state[0, NUMBER] * cells.solid_volume**order)) for order in (0, 1, 2)]
             for cells, state in ((whole, one[-1]), (pair, two[-1]))]  # fmt: skip
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-3)
    assert found[1][1] == pytest.approx(found[0][1], rel=1e-12)
    assert found[1][2] == pytest.approx(found[0][2], rel=0.06)


def test_what_grows_past_the_rim_keeps_both_components() -> None:
    """A grid full to the top: both solids and liquid are kept to round-off, and the ledger says what numbers do."""
    numbers = np.full(PAIR.count, 1e6)
    solids = float(numbers @ PAIR.solid_volume)
    tables = make_tables(PAIR, laws=stated("constant", 1e-6 * solids))
    work, change, booked = make_workspace(1, PAIR.count), np.zeros((1, 4, PAIR.count)), np.zeros(BOOKED)
    state = bare_state(numbers)
    state[0, EXTERNAL] = 0.1 * numbers * PAIR.solid_volume
    load_program("constant", "always", "power").right_hand_side(
        state, 0.0, 0.0, bare_parameters()._replace(absorption_time=1e30), tables, work, change, booked
    )
    rates = change[0, NUMBER]
    for component in PAIR.components:
        assert abs(rates @ component) <= 1e-12 * float(np.abs(rates) @ component)
    assert abs(change[0, EXTERNAL].sum()) <= 1e-12 * np.abs(change[0, EXTERNAL]).sum()
    assert booked[OVERFLOW_VOLUME] > 0.0
    assert rates.sum() == pytest.approx(booked[OVERFLOW_NUMBER] - booked[MERGED], rel=1e-12)


@pytest.mark.parametrize("name", ["uniform", "symmetric"])
def test_fragments_have_the_composition_of_their_parent(name: str) -> None:
    """Both components of every parent are kept to round-off; two daughters, or as many as the law says where no fines
    are cut off; and no parent without room breaks.
    """
    law = None if name == "uniform" else fragments("symmetric", number=4)
    table = proportionate_fragments(PAIR, law)
    breaks = breakable_classes(PAIR, 0.0) > 0.0
    for component in PAIR.components:
        np.testing.assert_allclose(table[breaks] @ component, component[breaks], rtol=1e-12)
    assert not table[~breaks].any() and table.min() >= 0.0
    if law is None:
        np.testing.assert_allclose(table[breaks].sum(axis=1), 2.0, rtol=1e-12)


def test_drops_make_nuclei_of_the_powder_they_meet() -> None:
    """Powder of which a third is the second solid: the solids that drops take are those that nuclei hold, in both
    components, and so is the liquid.
    """
    numbers = np.zeros(PAIR.count)
    numbers[[0, 1, PAIR.shape[1]]] = 1e9, 2e9, 4e9
    powder = PAIR.components @ numbers
    nucleus = 2.5 * UNIT
    tables = make_tables(PAIR, nucleus, laws=stated())
    parameters = bare_parameters()._replace(drop_volume=1e-12, nucleus_solids=nucleus, absorption_time=1e30)
    times, spray = np.array([0.0, 1.0]), constant(0.2 * powder.sum() * 1e-12 / nucleus)
    result = solve(
        Setup(load_program("constant", "always", "power"), bare_state(numbers), parameters, tables, spray=spray), times
    )
    last = result.states[-1][0]
    np.testing.assert_allclose(PAIR.components @ last[NUMBER], powder, rtol=1e-12)
    assert max(result.worst_imbalance) <= 1e-12 and last.min() >= 0.0
    assert last[EXTERNAL].sum() == pytest.approx(result.booked[-1, SPRAYED], rel=1e-12)
    made = PAIR.solid_volume > 0.5 * nucleus
    held = PAIR.components[:, made] @ last[NUMBER, made]
    assert held.sum() == pytest.approx((1.0 - np.exp(-0.2)) * powder.sum(), rel=1e-3)
    assert held[1] / held[0] == pytest.approx(powder[1] / powder[0], rel=1e-9)


def test_no_nucleus_is_taken_for_powder() -> None:
    """Nuclei between pivots far apart are booked in four classes, none of which is powder for their drops: as many
    appear outside the powder as are booked, one for each drop, to round-off.
    """
    pivots = 1e-2 * UNIT * 1.8 ** np.arange(12)
    middle = 0.5 * (pivots[1:] + pivots[:-1])
    grid = Grid(np.concatenate(([0.8 * pivots[0]], middle, [1.3 * pivots[-1]])), pivots)
    pair = Cells((grid, grid))
    tables, rates = make_tables(pair, laws=stated()), load_program("constant", "always", "power").right_hand_side
    for nucleus, share in ((5.0 * UNIT, 0.1), (5.0 * UNIT, 0.6), (3.0 * UNIT, 0.1), (7.0 * UNIT, 0.3)):
        drops = make_drops(pair, np.array([nucleus]), np.ones(1))
        tables = tables._replace(drops=drops, powder=powder_share(drops))
        parameters = bare_parameters()._replace(drop_volume=1e-12, nucleus_solids=nucleus)
        numbers = np.zeros(pair.count)
        numbers[[4 * 12 + 4, 5]] = 1e9 * share, 1e9 * (1.0 - share)
        state, work, booked = bare_state(numbers), make_workspace(1, pair.count), np.zeros(BOOKED)
        change = np.zeros(state.shape)
        rates(state, 0.0, 1e-6, parameters, tables, work, change, booked)
        assert booked[NUCLEI] == pytest.approx(1e6, rel=1e-12)
        assert change[0, NUMBER, tables.powder == 0.0].sum() == pytest.approx(1e6, rel=1e-12)


def test_powder_of_one_solid_is_what_lies_below_the_class_of_the_nucleus() -> None:
    """Of one grid: classes below the one whose pivot is the next below the nucleus, or at it."""
    for nucleus in (GRID.pivots[3], 1.2 * GRID.pivots[3], GRID.pivots[-1], 0.5 * GRID.pivots[0]):
        place = max(int(np.searchsorted(GRID.pivots, nucleus, side="right")) - 1, 0)
        expected = np.arange(GRID.classes) < place
        np.testing.assert_array_equal(make_tables(GRID, float(nucleus)).powder, expected.astype(float))


def test_grids_that_do_not_fit_are_refused() -> None:
    """Three components, and classes so wide that two equal granules would stay where they are."""
    with pytest.raises(CaseError, match="one or two solids"):
        Cells((GRID, GRID, GRID))
    wide = Grid(np.array([1.0, 10.0, 100.0]) * UNIT, np.array([2.0, 20.0]) * UNIT)
    with pytest.raises(CaseError, match="two equal granules"):
        Cells((wide,))


def two_solid_case(**changes: Any) -> PbmCase:
    """Every mechanism on: two compartments with a feed, an outlet and exchange both ways, pure and mixed grains."""
    solids = [{"name": name, "first_volume": 1e-15, "ratio": 4.0, "classes": 4} for name in ("api", "excipient")]
    grains = [{"solids": [1e-15, 4e-15], "number": 3.0}, {"solids": [5e-15, 2e-15], "number": 1.0}]
    kernel = {"name": "shear", "shear_rate": "60 1/s"}
    values: dict[str, Any] = {
        "feed": {"grains": grains, "charge": "1 g", "moisture": 0.05, "porosity": 0.4},
        "solids": solids,
        "liquid": {
            "spray": {"rate": "0.1 g/s", "end": "3 s"}, "drop_diameter": "30 um", "film_thickness": "6 um",
        },
        "aggregation": {"kernel": kernel, "pair_speed": "0.01 m/s"},
        "breakage": {"rate": {"name": "soos", "shear_rate": "20 1/s", "strength": "1e-4 m/s^2"},
                     "primary_diameter": "5 um"},
        "consolidation": {"rate": "0.2 1/s"},
        "efficiency": 0.02,
        "compartments": {
            "names": ["wet", "dry"],
            "exchange": [{"from": "wet", "to": "dry", "rate": "2 1/s"}, {"from": "dry", "to": "wet", "rate": "1 1/s"}],
            "outlets": [{"from": "dry", "rate": "0.5 1/s"}],
            "feeds": [{"name": "powder", "to": "wet", "rate": "0.3 g/s"}],
        },
        "end": "3 s",
    }  # fmt: skip
    return PbmCase.model_validate(values | changes)


def test_every_mechanism_keeps_both_solids_liquid_gas_and_number() -> None:
    """1e-12 of each at every accepted step, nothing negative, events of every kind; what leaves holds as much of the
    second solid as the powder did.
    """
    model = Granulation(two_solid_case(), compiled=False)
    result = model.simulate(times=np.array([0.0, 0.05, 0.1]), accuracy=Accuracy(1e-2))
    assert max(result.worst_imbalance) <= 1e-12 and result.states.min() >= 0.0
    for event in (MERGED, FRAGMENTED, NUCLEI, SPRAYED, DISPLACED, FED_SECOND, LEFT_SECOND):
        assert result.booked[-1, event] > 0.0
    share = (3.0 * 4.0 + 2.0) / (3.0 * 5.0 + 7.0)
    held = model.cells.components @ result.states[-1, :, NUMBER].sum(axis=0)
    left = result.booked[-1, LEFT_SECOND] / result.booked[-1, LEFT_SOLIDS]
    assert held[1] / held.sum() == pytest.approx(share, rel=0.05) and left == pytest.approx(share, rel=0.05)
    assert result.fractions.shape == (3, model.grid.classes)
    assert result.fractions[-1].sum() == pytest.approx(1.0, rel=1e-12)
    assert result.moisture[-1] > 0.05


def test_grains_and_tables_describe_one_powder() -> None:
    """Grains keep number and both solids; a table puts the same share of the second solid into every grain."""
    model = Granulation(two_solid_case(), compiled=False)
    numbers = model.initial_state()[:, NUMBER].sum(axis=0)
    solids = model.cells.components @ numbers
    mass = 1e-3 / 1540.0
    assert solids.sum() == pytest.approx(mass, rel=1e-12)
    assert solids[1] / solids[0] == pytest.approx((3.0 * 4.0 + 2.0) / (3.0 * 1.0 + 5.0), rel=1e-12)
    assert numbers.sum() == pytest.approx(4.0 / 22e-15 * mass, rel=1e-12)
    solid = {"ratio": 4.0, "classes": 18}
    table = {"distribution": str(LACTOSE), "charge": "1 g", "second_share": 0.25}
    solids = [{"name": "api", "first_volume": 9e-18} | solid, {"name": "excipient", "first_volume": 3e-18} | solid]
    case = two_solid_case(solids=solids, feed=table)
    other = Granulation(case, compiled=False)
    held = other.cells.components @ other.initial_state()[:, NUMBER].sum(axis=0)
    assert held[1] / held.sum() == pytest.approx(0.25, rel=1e-9)
    assert other.outputs(other.initial_state()).d50 == pytest.approx(other.feed.percentile(0.5), rel=0.1)


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        ({"charge": "1 g"}, "not described"),
        ({"charge": "1 g", "grains": [{"solids": [1e-15], "number": 1.0}]}, "other solids"),
        ({"charge": "1 g", "grains": [{"solids": [0.0, 0.0], "number": 1.0}]}, "without solids"),
        ({"charge": "1 g", "distribution": str(LACTOSE), "grains": [{"solids": [1e-15, 1e-15], "number": 1}]}, "twice"),
    ],
)
def test_powder_that_is_none_is_refused(feed: dict[str, Any], message: str) -> None:
    """Each fault is found when the case is read, at its key."""
    with pytest.raises(ValidationError, match=message):
        two_solid_case(feed=feed)


def test_a_grid_that_cannot_hold_the_grains_is_named() -> None:
    """Grains with less of a solid than its first class: the solid, the range and the grid."""
    feed = {"charge": "1 g", "grains": [{"solids": [1e-16, 1e-15], "number": 1.0}]}
    with pytest.raises(CaseError, match=r"solids\.0.*the grid cannot hold the powder.*1e-16"):
        Granulation(two_solid_case(feed=feed), compiled=False)


def test_both_wet_binds_by_the_wet_shares_of_both() -> None:
    """psi = eta phi_i phi_j whatever the speed, nil for a dry partner."""
    wet, half, dry = (Granule(1e-15, 1e-5, 1e-12, 0.0, share, 0.0, 1.0) for share in (1.0, 0.5, 0.0))
    parameters = bare_parameters()._replace(efficiency=0.01)
    nothing = Conditions(*(0.0,) * 7)
    assert both_wet(wet, half, nothing, parameters) == 0.005
    assert both_wet(half, wet, nothing, parameters) == 0.005
    assert both_wet(wet, dry, nothing, parameters) == 0.0
