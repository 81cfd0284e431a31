"""A second solid lumped on one grid: closed solution, agreement with its own grid, balances with every mechanism on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from compute.base import Backend
from compute.errors import CaseError
from pbm.assemble import bare_parameters, make_tables
from pbm.cells import Cells, spread
from pbm.distribution import project_density
from pbm.feeding import feed_rates
from pbm.granulation import FixedRule, Granulation
from pbm.grid import Floats, geometric_grid, multiples_grid
from pbm.model import BOOKED, FED_SECOND, FRAGMENTED, LAYERED, LEFT_SECOND, NUCLEI, NUMBER, make_workspace
from pbm.outputs import outputs_of
from pbm.places import QUANTITIES, make_places
from pbm.program import compile_program, load_program
from pbm.rates import Rates
from pbm.solve import Accuracy, Setup, solve
from pbm.stages import Start, imbalance, sums
from tests.pbm.population import NUMBER as COUNT
from tests.pbm.population import UNIT, granulation_case, kernel_law, stated, wide_grid
from tests.pbm.test_stated_laws import stated_case

API = {"name": "api"}
LAWS = ("constant", "always", "power")
SECOND = make_places(True, True)
CONTENT, SQUARE = SECOND.content, SECOND.square


def richer(x: Floats) -> Floats:
    """Share of the second solid in grains of x mean volumes at the start: 1 - exp(-x)."""
    return -np.expm1(-x)


def share_of(x: Floats, tau: float) -> Floats:
    """Mean share in granules of x mean volumes under a constant kernel, from n0 = exp(-x) with the shares `richer`.

    The content a(x) follows da/dt = n*a - N a with n = N^2 exp(-N x), N = 2/(2 + tau), so that its Laplace transform is
    that of the start times N^2 (1 + s)^2/(N + s)^2; inverted by partial fractions.
    """
    number = 2.0 / (2.0 + tau)
    rate = 2.0 - number
    one, other, fall = (1.0 - number) / rate, 1.0 / rate, np.exp(-rate * x)
    return 1.0 - (one**2 + other**2 * fall + 2.0 * one * other * (1.0 - fall) / (rate * x))


def test_mean_content_by_size_follows_the_closed_solution() -> None:
    """Shares that rise with size at first and are levelled as granules merge: each class that holds a hundredth of the
    solids to 1 % of the share at tau 10, on 60 classes of ratio 1.28, and the content of all to round-off.
    """
    grid, tau = wide_grid(60), 10.0
    state = np.zeros((1, 5, 60))
    state[0, NUMBER] = project_density(lambda volume: COUNT / UNIT * np.exp(-volume / UNIT), grid)
    rich = project_density(lambda v: COUNT / UNIT * np.exp(-v / UNIT) * richer(v / UNIT), grid)
    state[0, CONTENT] = rich * grid.pivots
    solids = float(state[0, NUMBER] @ grid.pivots)
    tables = make_tables(grid, laws=stated(rate=solids / COUNT), places=make_places(True))
    program, times = compile_program(*LAWS), np.array([0.0, tau])
    result = solve(Setup(program, state, bare_parameters(), tables), times, Accuracy(1e-5, 1e-3))
    assert max(result.worst_imbalance) <= 1e-12
    end, x = result.states[-1, 0], grid.pivots / UNIT
    held = end[NUMBER] * grid.pivots / solids
    share = end[CONTENT][held > 0.01] / (end[NUMBER] * grid.pivots)[held > 0.01]
    np.testing.assert_allclose(share, share_of(x[held > 0.01], tau), rtol=0.01)
    assert np.all(richer(x[held > 0.01]) - share > 0.15)


def every_mechanism(backend: Backend | None = None, **changes: Any) -> Granulation:
    """Two compartments: powder without the second solid is charged, powder of it alone is fed."""
    values: dict[str, Any] = {
        "grid": {"classes": 14},
        "second_solid": API,
        "layering": {"rate": "50 um/s", "powder_below": "60 um"},
        "breakage": {"rate": {"name": "soos", "shear_rate": "20 1/s", "strength": "1e-4 m/s^2"},
                     "primary_diameter": "20 um"},
        "consolidation": {"rate": "0.2 1/s"},
        "compartments": {
            "names": ["wet", "dry"],
            "exchange": [{"from": "wet", "to": "dry", "rate": "2 1/s"}, {"from": "dry", "to": "wet", "rate": "1 1/s"}],
            "outlets": [{"from": "dry", "rate": "0.5 1/s"}],
            "feeds": [{"name": "active", "to": "wet", "rate": "20 g/s", "second_share": 1.0}],
        },
    }  # fmt: skip
    values |= {"liquid": {"spray": {"rate": "2 g/s", "end": "65 s"}, "drops": {"median": "150 um", "spread": 0.3}}}
    given = stated_case().feed.model_dump() | {"second_share": 0.0}
    return Granulation(stated_case(**(values | {"feed": given} | changes)), compiled=False, backend=backend)


def test_every_mechanism_keeps_the_second_solid() -> None:
    """Fed pure into powder without it: what was fed is there or has left to 1e-12 at every step, no class has less
    than none or more than its solids, and no class but those that the feed has reached has any at first.
    """
    model = every_mechanism()
    result = model.simulate(times=np.array([0.0, 0.2, 0.4]), accuracy=Accuracy(1e-2))
    assert max(result.worst_imbalance) <= 1e-12 and result.states.min() >= 0.0
    content = result.states[:, :, CONTENT].sum(axis=(1, 2))
    assert content[0] == 0.0 and result.second_share[0] == 0.0
    assert content[-1] + result.booked[-1, LEFT_SECOND] == pytest.approx(result.booked[-1, FED_SECOND], rel=1e-12)
    assert result.booked[-1, FED_SECOND] == pytest.approx(20e-3 * 0.4 / 1540.0, rel=1e-12)
    assert np.all(result.booked[-1, [LAYERED, NUCLEI, LEFT_SECOND]] > 0.0)
    held = result.states[:, :, NUMBER] * model.cells.solid_volume
    assert np.all(result.states[:, :, CONTENT] <= held * (1.0 + 1e-9))
    assert 0.0 < result.second_share[-1] < 0.2


def test_one_composition_stays_one() -> None:
    """Powder of one composition, charged and fed: every class keeps it to round-off, whatever happens to the granules,
    and the rest of the state is what it is without a second solid, to the bit.
    """
    feed = stated_case().feed.model_dump() | {"second_share": 0.3}
    places = {"names": ["wet"], "outlets": [{"from": "wet", "rate": "0.5 1/s"}],
              "feeds": [{"name": "blend", "to": "wet", "rate": "20 g/s"}]}  # fmt: skip
    times, accuracy = np.array([0.0, 0.2]), Accuracy(1e-2)
    result = every_mechanism(feed=feed, compartments=places).simulate(times=times, accuracy=accuracy)
    filled = np.isfinite(result.second_shares[-1])
    np.testing.assert_allclose(result.second_shares[-1][filled], 0.3, rtol=1e-12)
    plain = every_mechanism(feed=feed, compartments=places, second_solid=None).simulate(times=times, accuracy=accuracy)
    np.testing.assert_array_equal(plain.states, result.states[:, :, :QUANTITIES])


def test_the_fixed_rule_keeps_the_second_solid() -> None:
    """Few substeps that hold losses back: its sum to round-off, none below nil."""
    feed = stated_case().feed.model_dump() | {"grains": [{"solids": [1e-14, 0.0], "number": 1e3},
                                                         {"solids": [0.0, 1e-12], "number": 1.0}]}  # fmt: skip
    feed["distribution"] = None
    meeting = {"kernel": {"name": "shear", "shear_rate": "20 1/s"}, "sticking": "always"}
    model = every_mechanism(feed=feed, compartments=None, aggregation=meeting)
    start = model.initial_state()
    step = model.step_fixed_rule(start, 0.2, 0.0, 2e-3, FixedRule(0.1, 0.5, 3))
    kept = imbalance(step.state, Start(*sums(start, model.tables)), step.booked, model.tables)
    assert max(kept) <= 1e-12 and step.state.min() >= 0.0
    assert step.state[0, CONTENT].sum() == pytest.approx(1e-12 / 11e-12 * 0.1 / 1540.0, rel=1e-12)


def test_the_lumped_solid_agrees_with_its_own_grid() -> None:
    """Large grains of one solid and small ones of the other, constant kernel, tau 5: the share of every class of sizes
    with a twentieth of the solids is that of two grids of 24 classes of ratio 1.8 to 0.02, while most of it came there
    by mergers: shares of the start were 0.004 to 0.36.
    """
    grid = geometric_grid(1e-3 * UNIT, 1e3 * UNIT, 24)
    pair = Cells((grid, grid))
    one = Cells((pair.sizes,))
    edges = grid.edges / UNIT
    first, second = (
        np.array([-np.diff(np.exp(-edges / mean)) for mean in means]) for means in ((1.0, 0.2), (0.05, 0.5))
    )
    numbers = COUNT * sum(np.outer(x, y) for x, y in zip(first, second)).ravel()
    full, lumped = np.zeros((1, 4, pair.count)), np.zeros((1, 5, one.count))
    full[0, NUMBER] = numbers
    held, shared = spread(one, pair.solid_volume[None], numbers)
    content = shared * one.solid_volume[held] * np.tile(pair.components[1] / pair.solid_volume, 2)
    lumped[0, [NUMBER, CONTENT]] = [np.bincount(held, each, one.count) for each in (shared, content)]
    laws, program = stated(rate=float(numbers @ pair.solid_volume) / numbers.sum()), compile_program(*LAWS)
    found = []
    for cells, state in ((pair, full), (one, lumped)):
        tables = make_tables(cells, laws=laws, places=make_places(state.shape[1] > QUANTITIES))
        setup = Setup(program, state, bare_parameters(), tables)
        states = solve(setup, np.array([0.0, 5.0]), Accuracy(1e-3, 1e-2)).states
        found.append([outputs_of(each, bare_parameters(), tables) for each in states])
    assert found[0][-1].second_share == pytest.approx(found[1][-1].second_share, rel=1e-6)
    large = np.minimum(found[0][-1].fractions, found[1][-1].fractions) > 0.05
    shares = [each[-1].second_shares[large] for each in found]
    np.testing.assert_allclose(shares[1], shares[0], atol=0.02)
    assert found[1][0].second_shares[large].min() < 0.01 and shares[1].min() > 0.25


def test_a_second_solid_stated_wrongly_is_refused() -> None:
    """Two descriptions of it, grains of one volume, and a start with more of it than there are solids."""
    solids = [{"name": name, "first_volume": 1e-15, "ratio": 4.0, "classes": 4} for name in ("api", "excipient")]
    with pytest.raises(ValidationError, match="a grid of its own"):
        granulation_case(solids=solids, second_solid=API)
    with pytest.raises(ValidationError, match="other solids than the case's"):
        granulation_case(second_solid=API, feed={"grains": [{"solids": [1e-15], "number": 1.0}], "charge": "1 g"})
    model = Granulation(granulation_case(second_solid=API), kernel_law(), compiled=False)
    state = model.initial_state()
    state[0, CONTENT] *= 3.0
    with pytest.raises(CaseError, match="more of the lumped solid than solids"):
        model.simulate(100.0, initial=state)


def test_scatter_falls_with_the_root_of_the_grains() -> None:
    """Equal grains, a third of them all of the second solid: of n of them drawn together the share scatters by
    sqrt(p (1 - p)/n), whatever the kernel, as variances of independent contents add. Granules of 1 to 12 grains on
    pivots that are multiples, where sums need no averaging: to 1e-9 of round-off. Fragments keep the sum of c^2/x.
    """
    grid = multiples_grid(UNIT, 24)
    state = np.zeros((1, 6, 24))
    state[0, NUMBER, 0] = 3.0 * COUNT
    state[0, [CONTENT, SQUARE], 0] = COUNT * UNIT
    tables = make_tables(grid, laws=stated(rate=3.0 * COUNT * UNIT / COUNT), places=SECOND)
    program, times = load_program(*LAWS), np.array([0.0, 0.5])
    result = solve(Setup(program, state, bare_parameters(), tables), times, Accuracy(1e-2))
    end, grains = result.states[-1], np.arange(1, 13)
    found = outputs_of(end, bare_parameters(), tables)
    np.testing.assert_allclose(found.second_shares[:12], 1.0 / 3.0, rtol=1e-12)
    np.testing.assert_allclose(found.second_scatter[:12], np.sqrt(2.0 / 9.0 / grains), rtol=1e-9)
    work, change, booked = make_workspace(1, 24), np.zeros(end.shape), np.zeros(BOOKED)
    breaking = make_tables(grid, laws=stated(selection=1.0 / UNIT), places=SECOND)
    program.right_hand_side(end, 0.0, 0.0, bare_parameters(), breaking, work, change, booked)
    assert booked[FRAGMENTED] > 0.0
    assert np.all(np.abs(change[0, [CONTENT, SQUARE]].sum(axis=1)) <= 1e-12 * np.abs(change[0, CONTENT]).sum())


def test_scatter_stays_possible_beside_every_mechanism() -> None:
    """Shares between nil and one: A^2/X <= W <= A in every class; powder of one share gets no scatter but round-off."""
    api = API | {"scatter": True}
    model = every_mechanism(second_solid=api)
    result = model.simulate(times=np.array([0.0, 0.2, 0.4]), accuracy=Accuracy(1e-2))
    content, square = result.states[:, :, CONTENT], result.states[:, :, SQUARE]
    solids = result.states[:, :, NUMBER] * model.cells.solid_volume
    slack = 1e-6 * content.max()
    assert np.all(square <= content + slack) and np.all(content**2 <= (square + slack) * solids + slack**2)
    assert max(result.worst_imbalance) <= 1e-12 and result.states.min() >= 0.0
    assert np.nanmax(result.second_scatter[-1]) > 0.05
    even = every_mechanism(second_solid=api, feed=stated_case().feed.model_dump() | {"second_share": 0.3},
                           compartments=None)  # fmt: skip
    scatter = even.simulate(times=np.array([0.0, 0.2]), accuracy=Accuracy(1e-2)).second_scatter[-1]
    assert np.nanmax(scatter) <= 1e-6 and np.isfinite(scatter).any()


def test_nuclei_of_random_grains_scatter_by_their_number() -> None:
    """Powder of grains a fifth of which are of the second solid: nuclei of n grains scatter by sqrt(p (1 - p)/n)."""
    grains = [{"solids": [2e-15, 0.0], "number": 4.0}, {"solids": [0.0, 2e-15], "number": 1.0}]
    case = stated_case(
        feed={"grains": grains, "charge": "10 g", "porosity": 0.45},
        aggregation={"kernel": {"name": "shear", "shear_rate": 1e-9}, "sticking": "always"},
        second_solid=API | {"scatter": True},
        liquid={"spray": {"rate": "1 g/s", "end": "1 s"}, "drop_diameter": "60 um"},
        grid={"classes": 16, "smallest_diameter": "8 um", "largest_diameter": "1 mm"},
    )
    model = Granulation(case, compiled=False)
    start, work = model.initial_state(), make_workspace(1, model.cells.count)
    change, booked = np.zeros(start.shape), np.zeros(BOOKED)
    model.program.right_hand_side(start, 0.0, 1e-3, model.parameters, model.tables, work, change, booked)
    made = model.grid.pivots > 0.4 * model.parameters.nucleus_solids
    solids = change[0, NUMBER, made] @ model.grid.pivots[made]
    mean, square = (change[0, column, made].sum() / solids for column in (CONTENT, SQUARE))
    assert mean == pytest.approx(0.2, rel=1e-6)
    powder = start[0, NUMBER] * model.grid.pivots
    grain = float(powder @ model.grid.pivots / powder.sum())
    assert square - mean**2 == pytest.approx(0.16 * grain / model.parameters.nucleus_solids, rel=1e-3)


def test_integrators_of_other_libraries_see_the_second_solid() -> None:
    """What `pbm.rates` hands them: change and ledger of the second solid add up to the feed, to round-off."""
    model = every_mechanism(second_solid=API | {"scatter": True})
    state = model.simulate(times=np.array([0.0, 0.2]), accuracy=Accuracy(1e-2)).states[-1]
    rates = Rates(model.program, model.parameters, model.tables, 0.0, 2e-3, feed_rates(model.inflows, 0.1, state.shape))
    change, booked = rates.change(state)
    assert booked[FED_SECOND] == pytest.approx(20e-3 / 1540.0, rel=1e-12) and booked[LEFT_SECOND] > 0.0
    assert change[:, CONTENT].sum() == pytest.approx(booked[FED_SECOND] - booked[LEFT_SECOND], rel=1e-9)
