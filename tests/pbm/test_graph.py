"""Compartments as a graph: rates, ways out, lines and recycle; feeds and outlets in the granulation model."""

from __future__ import annotations

from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from compute.errors import CaseError
from pbm.assemble import bare_parameters, make_tables
from pbm.case import PbmCase
from pbm.feeding import Inflow
from pbm.granulation import Granulation
from pbm.graph import Graph, axial_line, tanks
from pbm.grid import geometric_grid
from pbm.inputs import Steps, constant
from pbm.model import (
    DISPLACED,
    EXTERNAL,
    FED_SOLIDS,
    GAS,
    INTERNAL,
    LEFT_GAS,
    LEFT_LIQUID,
    LEFT_SOLIDS,
    NUMBER,
    SPRAYED,
)
from pbm.program import load_program
from pbm.solve import Accuracy, Setup, solve
from pbm.stages import make_scratch
from pbm.transport import fill_moves, soak_and_move
from tests.pbm.population import LACTOSE, granulation_case, kernel_law, stated

GRID = geometric_grid(1e-12, 1e-9, 8)
LINE = {"name": "barrel", "compartments": 4, "length": "0.4 m", "velocity": "4 cm/s", "dispersion": "40 cm^2/s"}
FEED = {"name": "powder", "to": "barrel-1", "rate": "10 g/s"}


def moments(graph: Graph) -> tuple[float, float]:
    """Mean [s] and relative variance of the residence time from the first compartment out, by the matrix alone."""
    entering, inverse = np.eye(graph.size)[0], np.linalg.inv(graph.matrix)
    mean = graph.outlet @ inverse @ inverse @ entering
    return mean, -2.0 * graph.outlet @ inverse @ inverse @ inverse @ entering / mean**2 - 1.0


@pytest.mark.parametrize("peclet", [0.5, 5.0, 20.0])
def test_a_line_disperses_as_the_closed_vessel(peclet: float) -> None:
    """2/Pe - 2/Pe^2 (1 - exp(-Pe)) of the closed-closed dispersed flow (Levenspiel, Chemical Reaction Engineering, 13).

    The error falls with the square of the compartments' length, which the correction for their own dispersion makes.
    """
    exact = 2.0 / peclet - 2.0 / peclet**2 * (1.0 - exp(-peclet))
    errors = []
    for count in (16, 32, 64):
        mean, variance = moments(axial_line(count, 2.0, 0.1, 0.2 / peclet))
        ratio = (2.0 * count - peclet) / (2.0 * count + peclet)
        stated = 2.0 / peclet - (2.0 / peclet**2 - 0.5 / count**2) * (1.0 - ratio**count)
        assert mean == pytest.approx(20.0, rel=1e-10) and variance == pytest.approx(stated, rel=1e-9)
        errors.append(abs(variance - exact))
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.2) and errors[1] / errors[2] == pytest.approx(4.0, rel=0.2)


@pytest.mark.parametrize("count", [1, 3, 12])
def test_tanks_in_series(count: int) -> None:
    """Mean as asked, variance 1/n: exact for stirred tanks, to the round-off of three inverses."""
    assert moments(tanks(count, 30.0)) == pytest.approx((30.0, 1.0 / count), rel=1e-10)


def test_recycle_lengthens_the_stay_as_its_passes() -> None:
    """A share r goes round again: 1/(1 - r) passes in the mean, each of the line's mean time."""
    once = tanks(5, 10.0, "t")
    assert moments(once.recycled("t-5", "t-1", 0.25))[0] == pytest.approx(10.0 / 0.75, rel=1e-12)


def test_two_graphs_in_a_row_add_mean_and_variance() -> None:
    """Residence times of vessels in series are independent: means and variances add."""
    both = tanks(2, 4.0, "a").joined(axial_line(6, 1.0, 0.1, 0.02, "b"), "a-2", "b-1")
    parts = [moments(tanks(2, 4.0)), moments(axial_line(6, 1.0, 0.1, 0.02))]
    mean, variance = moments(both)
    assert mean == pytest.approx(sum(part[0] for part in parts), rel=1e-12)
    assert variance * mean**2 == pytest.approx(sum(part[1] * part[0] ** 2 for part in parts), rel=1e-10)
    assert both.names[2] == "b-1" and both.ways_out().all()


@pytest.mark.parametrize("step", [1e-3, 1.0, 1e8])
def test_an_implicit_step_of_transport_is_the_inverse(step: float) -> None:
    """(I - h M)^-1 as numpy inverts it; shares that are not negative, with the sum one to round-off for any step."""
    random = np.random.Generator(np.random.Philox(1)).uniform(0.0, 3.0, (5, 5)) * (1.0 - np.eye(5))
    random[:, 2] = 0.0
    graph = Graph("abcde", random, [0.0, 0.4, 0.0, 0.0, 1.0])
    moves, weights = np.zeros((5, 6)), np.zeros((5, 5))
    fill_moves(step, make_tables(GRID, graph=graph), weights, moves)
    exact = np.linalg.inv(np.eye(5) - step * graph.matrix)
    assert moves[:, :5] == pytest.approx(exact.T, rel=1e-9, abs=1e-15)
    assert moves.sum(axis=1) == pytest.approx(1.0, rel=1e-15) and moves.min() >= 0.0


@pytest.mark.parametrize("step", [1e-3, 1.0, 1e8])
def test_films_are_moved_and_absorbed_at_once(step: float) -> None:
    """(I - h M + h r)^-1 E as numpy solves it, liquid and gas against the ledger; with next to no gas as well."""
    random = np.random.Generator(np.random.Philox(2))
    graph = Graph("abcde", random.uniform(0.0, 3.0, (5, 5)) * (1.0 - np.eye(5)), [0.0, 0.4, 0.0, 0.0, 1.0])
    tables, scratch = make_tables(GRID, graph=graph)._replace(coupled=1), make_scratch(5, 8)
    state = random.uniform(0.0, 1.0, (5, 4, 8))
    scratch.soaking[:] = random.uniform(0.0, 10.0, (5, 8))
    state[:, GAS, :4] *= 1e10
    state[:, GAS, 4:] *= 1e-3
    scratch.level[0] = state
    fill_moves(step, tables, scratch.weights, scratch.moves[0])
    soak_and_move(step, 0, tables, scratch)
    moved, booked = scratch.level[0], scratch.ledger[0]
    for k in range(4):
        matrix = np.eye(5) - step * graph.matrix + step * np.diag(scratch.soaking[:, k])
        assert moved[:, EXTERNAL, k] == pytest.approx(np.linalg.solve(matrix, state[:, EXTERNAL, k]), rel=1e-12)
    assert moved.min() >= 0.0
    liquid = moved[:, 1:3].sum() + booked[LEFT_LIQUID]
    assert liquid == pytest.approx(state[:, 1:3].sum(), rel=1e-14)
    assert moved[:, GAS].sum() + booked[LEFT_GAS] + booked[DISPLACED] == pytest.approx(state[:, GAS].sum(), rel=1e-14)


def test_what_is_no_graph_is_refused() -> None:
    """Names, shapes and signs of the rates, unknown compartments with the nearest, a line too coarse for itself."""
    with pytest.raises(CaseError, match="one name"):
        Graph(("a", "a"), np.zeros((2, 2)))
    with pytest.raises(CaseError, match="exchange: not a set of rates"):
        Graph(("a", "b"), [[0.0, -1.0], [0.0, 0.0]])
    with pytest.raises(CaseError, match="exchanges with itself"):
        Graph(("a", "b"), [[1.0, 0.0], [0.0, 0.0]])
    with pytest.raises(CaseError, match="outlets: not one rate each"):
        Graph(("a", "b"), np.zeros((2, 2)), [1.0])
    with pytest.raises(CaseError, match=r"no such compartment .*did you mean 'mixing'"):
        Graph(("mixing", "bowl"), np.zeros((2, 2))).place("mixng")
    with pytest.raises(CaseError, match="at least 5"):
        axial_line(4, 1.0, 0.1, 0.01)
    assert Graph(("a", "b"), [[0.0, 1.0], [0.0, 0.0]]).ways_out().tolist() == [False, False]


def test_a_fed_and_drained_compartment_follows_its_exponential() -> None:
    """N = f/o + (N0 - f/o) exp(-o t), before, during and after a feed; liquids and gas alike, solids by the ledger."""
    rate, outlet, share = 3e5, 0.4, np.array([1.0, 0.1, 0.05, 0.3]) * 1e-10
    state, contents = np.zeros((1, 4, 8)), np.zeros((4, 8))
    state[0, :, 2], contents[:, 3] = 1e6 * share / 1e-10, rate * share / 1e-10
    tables = make_tables(GRID, graph=Graph(("tank",), [[0.0]], [outlet]), laws=stated())
    program = load_program("constant", "always", "power")
    times, feed = np.array([0.0, 1.0, 3.0, 6.0]), Inflow(0, contents, Steps((0.0, 1.0, 3.0), (0.0, 1.0, 0.0)))
    parameters = bare_parameters()._replace(absorption_time=1e30)
    solution = solve(Setup(program, state, parameters, tables, inflows=(feed,)), times, Accuracy(1e-7, 1e-4))
    assert solution.states[:, 0, NUMBER, 2] == pytest.approx(1e6 * np.exp(-outlet * times), rel=1e-6)
    peak = rate / outlet * (1.0 - exp(-2.0 * outlet))
    expected = [0.0, 0.0, peak, peak * exp(-3.0 * outlet)]
    assert solution.states[:, 0, NUMBER, 3] == pytest.approx(expected, rel=1e-6)
    assert solution.states[-1, 0, GAS, 3] == pytest.approx(0.3 * expected[-1], rel=1e-6)
    assert solution.booked[-1, FED_SOLIDS] == pytest.approx(2.0 * rate * GRID.pivots[3], rel=1e-12)
    assert max(solution.worst_imbalance) <= 1e-12


def continuous(**changes: Any) -> dict[str, Any]:
    """A line of four compartments that is fed, wetted in its second one, and starts empty."""
    regions = {"lines": [LINE], "feeds": [FEED], "spray": {"barrel-2": 1.0}}
    return {
        "feed": {"distribution": str(LACTOSE), "charge": 0.0, "moisture": 0.01, "porosity": 0.45},
        "grid": {"classes": 12},
        "compartments": regions | changes,
        "liquid": {"spray": {"rate": "2 g/s", "end": "100 s", "cover": "1 g"}, "drop_diameter": "200 um"},
    }


def test_a_continuous_granulator_fills_from_empty_and_balances() -> None:
    """Every mechanism on, from empty: solids, liquid, gas, number to 1e-12, hold-up and outflow those of the line.

    After six mean residence times the mass has settled to exp(-6) of the way or better; the hold-up is feed times mean.
    """
    model = Granulation(granulation_case(**continuous()), kernel_law())
    result = model.simulate(50.0, np.array([0.0, 10.0, 60.0]))
    assert max(result.worst_imbalance) <= 1e-12
    assert result.states.min() >= 0.0
    held = 1540.0 * (result.states[-1, :, NUMBER] @ model.grid.pivots)
    assert held.sum() == pytest.approx(0.01 * 10.0, rel=5e-3)
    assert np.isnan(result.d50[0]) and result.d50[-1] > 1.1 * 78e-6
    fed, left = 1540.0 * result.booked[-1, [FED_SOLIDS, LEFT_SOLIDS]]
    assert fed == pytest.approx(0.6, rel=1e-12) and fed - left == pytest.approx(held.sum(), rel=1e-9)
    lost = result.spray_lost[-1]
    assert result.booked[-1, SPRAYED] + lost == pytest.approx(2e-6 * 60.0, rel=1e-12) and 0.0 < lost < 2e-6
    assert any("too empty to catch it" in text for text in result.warnings)
    liquid = result.states[-1][:, [INTERNAL, EXTERNAL]].sum(axis=(1, 2))
    assert 1000.0 * liquid[3] / held[3] == pytest.approx(0.01 + 0.2, rel=0.02)


def test_a_compartment_at_rest_only_passes_on() -> None:
    """`stirring` nil: nothing meets and nothing breaks there, while the same compartment stirred does both."""
    changed = []
    for speed in (0.0, 1.0):
        regions = {"names": ["box"], "stirring": {"box": speed}}
        case = granulation_case(grid={"classes": 12}, feed=continuous()["feed"] | {"charge": 0.1}, compartments=regions)
        model = Granulation(case, kernel_law(), compiled=False)
        result = model.simulate(100.0, np.array([0.0, 0.5]), constant(3e-3), accuracy=Accuracy(1e-2, 1e-1))
        changed.append(result.booked[-1, :2])
    assert changed[0].tolist() == [0.0, 0.0]
    assert (changed[1] > 0.0).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names": []}, "there is no compartment"),
        ({"lines": [LINE, LINE]}, "one name"),
        ({"lines": [LINE | {"compartments": 1}]}, "disperse more than it does"),
        ({"lines": [LINE | {"to": "bowl"}]}, "lines.0.to"),
        ({"lines": [LINE | {"recycle": {"share": 0.1, "to": "barrel-9"}}]}, "lines.0.recycle.to"),
        ({"feeds": [FEED | {"to": "barrel"}]}, "no such compartment"),
        ({"feeds": [FEED | {"rate": "10 g"}]}, "does not measure"),
        ({"feeds": [FEED | {"rate": [{"time": 3.0, "rate": 1.0}, {"time": 2.0, "rate": 2.0}]}]}, "times do not rise"),
        ({"names": ["bowl"], "feeds": [FEED | {"to": "bowl"}]}, "can never leave"),
        ({"exchange": [{"from": "barrel-1", "to": "barrel-2", "rate": -1.0}]}, "greater than or equal to 0"),
        ({"exchange": [{"from": "barrel-1", "to": "barrel-1", "rate": 1.0}]}, "into itself"),
        ({"outlets": [{"from": "barel-1", "rate": 1.0}]}, "no such compartment"),
        ({"spray": {"barrel-1": 0.4}}, "not shares"),
        ({"exchange": "dem"}, "no measured rates"),
    ],
)
def test_a_wrong_graph_is_refused_when_the_case_is_read(changes: dict[str, Any], message: str) -> None:
    """The key below `compartments` and what is wrong with it."""
    regions = {"names": [], "lines": [], "feeds": []} if changes == {"names": []} else {}
    with pytest.raises(ValidationError) as caught:
        granulation_case(**continuous(**(changes | regions)))
    shown = str(caught.value) + str([error.get("ctx", {}).get("key") for error in caught.value.errors()])
    assert message in shown


def test_a_feed_that_the_grid_cannot_hold_is_named(tmp_path: Path) -> None:
    """Gravel of 8 to 9 mm on a grid up to 5 mm."""
    (tmp_path / "gravel.csv").write_text("8000,0\n9000,100\n")
    case = granulation_case(**continuous(feeds=[FEED | {"distribution": str(tmp_path / "gravel.csv")}]))
    with pytest.raises(CaseError, match=r"largest_diameter, for the feed 'powder': the grid cannot hold"):
        Granulation(case, kernel_law())


def test_spray_on_an_empty_compartment_asks_for_its_cover() -> None:
    """Without it the liquid on the first grain would have no bound: said when the case is read."""
    with pytest.raises(ValidationError, match="starts on an empty compartment"):
        granulation_case(**(continuous() | {"liquid": {"spray": {"rate": "2 g/s", "end": "100 s"}}}))


def test_an_empty_case_without_feeds_is_refused() -> None:
    with pytest.raises(ValidationError, match="there is no powder"):
        granulation_case(**(continuous() | {"compartments": None}))


def test_the_case_in_the_documentation_is_read() -> None:
    """The block in docs/flowsheet.md, its files replaced: rates of outlet, recycle and line as the text states them."""
    text = (Path(__file__).parents[2] / "docs" / "flowsheet.md").read_text(encoding="utf-8")
    block = (
        text.split("```yaml")[1].split("```")[0].replace("lactose.csv", str(LACTOSE)).replace("fines.csv", str(LACTOSE))
    )
    case = PbmCase.model_validate(YAML(typ="safe").load(block)["pbm"] | {"end": 1.0})
    graph = Granulation(case, kernel_law(), compiled=False).graph
    at = graph.place
    assert graph.size == 10 and graph.ways_out().all()
    assert graph.outlet[at("bowl")] == pytest.approx(0.008)
    assert graph.exchange[at("bowl"), at("mixer")] == pytest.approx(0.102)
    back = (12e-4 - 0.5 * 0.02 * 0.05) / 0.05**2
    assert graph.exchange[at("barrel-3"), at("barrel-2")] == pytest.approx(back)
    assert graph.exchange[at("barrel-3"), at("barrel-4")] == pytest.approx(back + 0.02 / 0.05)
