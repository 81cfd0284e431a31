"""Powders each of one of two solids: granules that lack a solid, closed solutions, balances with every mechanism on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from compute.errors import CaseError
from coupling.case_file import read_case
from pbm.assemble import bare_parameters, make_tables
from pbm.breakage import breakable_classes, proportionate_fragments
from pbm.case import PbmCase
from pbm.cells import Cells
from pbm.granulation import Granulation
from pbm.grid import Floats, geometric_grid, pivot_grid, with_nil
from pbm.inputs import constant
from pbm.laws import fragments
from pbm.layering import density_at_edge, make_deposition
from pbm.model import (
    BOOKED,
    DISPLACED,
    EXTERNAL,
    FED_SECOND,
    FED_SOLIDS,
    FRAGMENTED,
    LAYERED,
    LEFT_SECOND,
    MERGED,
    NUCLEI,
    NUMBER,
    OVERFLOW_NUMBER,
    OVERFLOW_VOLUME,
    SPRAYED,
    make_workspace,
)
from pbm.program import compile_program, load_program
from pbm.solve import Accuracy, Setup, solve
from tests.pbm.population import NUMBER as COUNT
from tests.pbm.population import UNIT, bare_state, stated
from tests.pbm.test_two_solids import two_solid_case

GRID = with_nil(geometric_grid(1e-2 * UNIT, 3e3 * UNIT, 9))
PAIR = Cells((GRID, GRID))


def pure_powders(share: float) -> Floats:
    """Numbers by cell: a share of COUNT grains of the first solid alone, the others of the second, three sizes each."""
    numbers = np.zeros(PAIR.shape)
    numbers[1:4, 0] = COUNT * share * np.array([0.5, 0.3, 0.2])
    numbers[0, 2:5] = COUNT * (1.0 - share) * np.array([0.1, 0.5, 0.4])
    return numbers.ravel()


def rates_of(cells: Cells, state: Floats, rate: float = 1.0) -> tuple[Floats, Floats]:
    """Change of the state and of the ledger by the constant kernel `rate` [m3/s] per solid volume."""
    tables = make_tables(cells, laws=stated("constant", rate * float(state[0, NUMBER] @ cells.solid_volume)))
    work, change, booked = make_workspace(1, cells.count), np.zeros_like(state), np.zeros(BOOKED)
    quiet = bare_parameters()._replace(absorption_time=1e30)
    load_program("constant", "always", "power").right_hand_side(state, 0.0, 0.0, quiet, tables, work, change, booked)
    return change[0], booked


def test_constant_kernel_from_two_pure_powders() -> None:
    """N' = -N^2/2, M10' = M01' = 0, M11' = M10 M01, and granules of one solid alone meet all but come of their like:
    P' = -N P + P^2/2, so that with the share q by number P = q N0/((1 + T)(1 + T - q T)), T = N0 t/2: the sum over
    Lushnikov's aggregates of k grains, doi 10.1016/0021-9797(76)90288-5. 1e-6 is the tolerance of the integration.
    """
    share, end = 0.3, 1.0
    numbers = pure_powders(share)
    tables = make_tables(PAIR, laws=stated("constant", float(numbers @ PAIR.solid_volume) / COUNT))
    program, times = compile_program("constant", "always", "power"), np.array([0.0, end])
    solution = solve(Setup(program, bare_state(numbers), bare_parameters(), tables), times, Accuracy(3e-8, 1.0))
    held = solution.states[-1][0, NUMBER].reshape(PAIR.shape) / COUNT
    x = GRID.pivots / UNIT
    start = numbers.reshape(PAIR.shape) / COUNT
    first, second = float(x @ start.sum(axis=1)), float(x @ start.sum(axis=0))
    half = 0.5 * end
    assert held.sum() == pytest.approx(1.0 / (1.0 + half), rel=1e-6)
    assert x @ held.sum(axis=1) == pytest.approx(first, rel=1e-12)
    assert x @ held.sum(axis=0) == pytest.approx(second, rel=1e-12)
    assert x @ held @ x == pytest.approx(first * second * end, rel=1e-6)
    for part, pure in ((share, held[:, 0]), (1.0 - share, held[0, :])):
        assert pure.sum() == pytest.approx(part / ((1.0 + half) * (1.0 + half - part * half)), rel=1e-6)
    assert held[0, 0] == 0.0 and max(solution.worst_imbalance) <= 1e-12 and solution.states.min() >= 0.0


def test_granules_that_have_a_solid_never_lack_it() -> None:
    """Coalescence of mixed granules alone, on every cell whose sums stay on the grid: to round-off they change as on
    grids without a class of nil, and no granules of one solid are made.
    """
    plain = Cells((geometric_grid(1e-2 * UNIT, 3e3 * UNIT, 9),) * 2)
    filled = np.zeros(plain.shape)
    filled[:6, :6] = COUNT * np.random.default_rng(1).random((6, 6))
    expected, booked = rates_of(plain, bare_state(filled.ravel()))
    found, again = rates_of(PAIR, bare_state(np.pad(filled, (1, 0)).ravel()))
    mixed = np.pad(expected[NUMBER].reshape(plain.shape), (1, 0))
    np.testing.assert_allclose(found[NUMBER].reshape(PAIR.shape), mixed, atol=1e-14 * filled.sum() ** 2)
    assert again[MERGED] == pytest.approx(booked[MERGED], rel=1e-12) and found[NUMBER, 0] == 0.0


def test_what_grows_past_the_rim_keeps_both_solids() -> None:
    """A full grid: what is put back as several granules may have too little of a solid for the first class of it; some
    of these granules then lack it. Solids and liquid are kept to round-off, and the ledger says what numbers do.
    """
    numbers = np.where(PAIR.components.any(axis=0), 1e6, 0.0)
    state = bare_state(numbers)
    state[0, EXTERNAL] = 0.1 * numbers * PAIR.solid_volume
    change, booked = rates_of(PAIR, state)
    for component in PAIR.components:
        assert abs(change[NUMBER] @ component) <= 1e-12 * float(np.abs(change[NUMBER]) @ component)
    assert abs(change[EXTERNAL].sum()) <= 1e-12 * np.abs(change[EXTERNAL]).sum()
    assert booked[OVERFLOW_VOLUME] > 0.0 and change[NUMBER, 0] == 0.0
    assert change[NUMBER].sum() == pytest.approx(booked[OVERFLOW_NUMBER] - booked[MERGED], rel=1e-12)


@pytest.mark.parametrize("name", ["uniform", "symmetric"])
def test_fragments_of_pure_granules_are_pure(name: str) -> None:
    """Every parent keeps both solids to round-off, those of one solid have daughters of it alone, and they break as
    they would on a grid of their own: room for two is all that they need.
    """
    table = proportionate_fragments(PAIR, None if name == "uniform" else fragments("symmetric", number=4))
    breaks = breakable_classes(PAIR, 0.0) > 0.0
    for component in PAIR.components:
        np.testing.assert_allclose(table[breaks] @ component, component[breaks], rtol=1e-12)
    pure = PAIR.components.min(axis=0) == 0.0
    assert not table[np.ix_(pure, ~pure)].any() and not table[:, 0].any() and not table[~breaks].any()
    room = GRID.pivots >= 2.0 * GRID.least
    alone = breaks.reshape(PAIR.shape)
    assert np.array_equal(alone[0], room) and np.array_equal(alone[:, 0], room)


@pytest.mark.parametrize("share", [0.0, 1e-4, 0.2, 1.0])
def test_drops_on_pure_grains_make_nuclei_of_their_mean(share: float) -> None:
    """Nuclei of two powders hold both as the powder does, those of one powder hold no other; solids to round-off. Of a
    powder with little of the first solid, as many nuclei lack it as leave others its smallest grain.
    """
    numbers, nucleus, end = np.zeros(PAIR.count), 10.0 * UNIT, 0.2
    numbers[[PAIR.stride[0], PAIR.stride[1]]] = 1e9 * share, 1e9 * (1.0 - share)
    powder = PAIR.components @ numbers
    tables = make_tables(PAIR, nucleus, laws=stated())
    parameters = bare_parameters()._replace(drop_volume=1e-12, nucleus_solids=nucleus, absorption_time=1e30)
    times, spray = np.array([0.0, 1.0]), constant(end * powder.sum() * 1e-12 / nucleus)
    program = load_program("constant", "always", "power")
    result = solve(Setup(program, bare_state(numbers), parameters, tables, spray=spray), times)
    last = result.states[-1][0, NUMBER]
    np.testing.assert_allclose(PAIR.components @ last, powder, rtol=1e-12)
    made = (PAIR.solid_volume > 0.1 * nucleus) & (last > 0.0)
    held = PAIR.components[:, made] @ last[made]
    assert held.sum() == pytest.approx((1.0 - np.exp(-end)) * powder.sum(), rel=1e-3)
    np.testing.assert_allclose(held / held.sum(), powder / powder.sum(), atol=1e-9)
    with_first, with_second = (np.sum(last[made & (part > 0.0)]) / np.sum(last[made]) for part in PAIR.components)
    grains = min(nucleus * powder[0] / powder.sum() / GRID.least, 1.0)
    assert (with_first, with_second) == pytest.approx((grains, float(share < 1.0)), rel=1e-4) and last[0] == 0.0


def test_powder_of_one_solid_covers_granules_of_the_other() -> None:
    """Granules of the second solid alone amid powder of the first: each gains (1 - eps) pi/2 d^2 G of it, here without
    pores, so that they come to hold its first class at N times that over the class: to 1e-3, for how much larger
    they are at the edge of the class. What bends slopes does not look at granules that lack the solid.
    """
    fine = with_nil(pivot_grid(1e-6 * UNIT, 3.0, 14))
    cells, large, speed = Cells((fine, fine)), 13, 1e-6
    numbers = np.zeros(cells.shape)
    numbers[1, 0], numbers[0, large] = 1e15, 1e6
    state = bare_state(numbers.ravel())
    state[0, EXTERNAL] = 1e-9 * numbers.ravel() * cells.solid_volume ** (2.0 / 3.0)
    layers = make_deposition(cells, 10.0 * fine.least, speed, 1e-9, 1)
    tables = make_tables(cells, laws=stated())._replace(deposition=layers)
    quiet = bare_parameters()._replace(absorption_time=1e30, film_thickness=1e-12)
    work, change, booked = make_workspace(1, cells.count), np.zeros_like(state), np.zeros(BOOKED)
    load_program("constant", "always", "power").right_hand_side(state, 0.0, 0.0, quiet, tables, work, change, booked)
    surface = np.cbrt(6.0 / np.pi * fine.pivots[large]) ** 2
    covered = 1e6 * 0.5 * np.pi * surface * speed / fine.least
    moved = change[0, NUMBER].reshape(cells.shape)
    assert moved[1, large] == pytest.approx(covered, rel=1e-3) and moved[0, large] == -moved[1, large]
    assert moved[1, 0] == pytest.approx(-covered, rel=1e-3) and booked[LAYERED] > 0.0
    beside, first = np.ones(cells.count), cells.stride[0] + large
    beside[large] = 1e9
    assert density_at_edge(0, first, beside, tables) == beside[first] / layers.width[0, first]


SOLIDS = [{"name": name, "first_volume": "1e-15 m^3", "ratio": 4.0, "classes": 3, "may_be_absent": True}
          for name in ("api", "excipient")]  # fmt: skip
API = [{"solids": ["1e-15 m^3", 0.0], "number": 3.0}]
EXCIPIENT = [{"solids": [0.0, "4e-15 m^3"], "number": 1.0}, {"solids": [0.0, "1e-15 m^3"], "number": 1.0}]
FEEDS = [{"name": "api", "to": "wet", "rate": "0.1 g/s", "grains": API},
         {"name": "excipient", "to": "wet", "rate": "0.2 g/s"}]  # fmt: skip


def fed_apart(**changes: Any) -> PbmCase:
    """Excipient is charged and fed, active powder fed beside it; every mechanism on."""
    regions = two_solid_case().compartments
    assert regions is not None
    compartments = regions.model_dump(exclude={"feeds", "charge"}, exclude_unset=True, by_alias=True) | {"feeds": FEEDS}
    feed = {"grains": EXCIPIENT, "charge": "1 g", "moisture": 0.05, "porosity": 0.4}
    return two_solid_case(**({"solids": SOLIDS, "feed": feed, "compartments": compartments} | changes))


def test_a_case_file_feeds_two_powders_apart(tmp_path: Path) -> None:
    """Balances of both solids, liquid, gas and number to 1e-12 at every step with every mechanism on, events of every
    kind, the fed share of the active powder to round-off, and granules of both.
    """
    file = tmp_path / "case.yaml"
    layering = {"rate": "20 um/s", "powder_below": "25 um", "half_ratio": 0.01}
    balance = fed_apart(layering=layering).model_dump(mode="json", exclude_unset=True, by_alias=True)
    file.write_text(json.dumps({"name": "apart", "backend": "python", "pbm": balance}))
    case = read_case(file).pbm
    assert case is not None
    model = Granulation(case, compiled=False)
    result = model.simulate(times=np.array([0.0, 0.05, 0.1]), accuracy=Accuracy(1e-2))
    assert max(result.worst_imbalance) <= 1e-12 and result.states.min() >= 0.0
    for event in (MERGED, FRAGMENTED, NUCLEI, SPRAYED, DISPLACED, FED_SECOND, LEFT_SECOND, LAYERED):
        assert result.booked[-1, event] > 0.0
    brought = result.booked[-1]
    assert brought[FED_SECOND] / brought[FED_SOLIDS] == pytest.approx(2.0 / 3.0, rel=1e-12)
    both = np.all(model.cells.components > 0.0, axis=0)
    held = result.states[-1, :, NUMBER].sum(axis=0)
    assert held[both].sum() > 0.0 and held[~both].sum() > 0.0 and held[0] == 0.0


def test_an_only_solid_cannot_be_absent() -> None:
    """Refused when the case is read; the library refuses such a grid by itself."""
    feed = {"charge": "1 g", "grains": [{"solids": [1e-15], "number": 1.0}]}
    with pytest.raises(ValidationError, match="granules without solids"):
        fed_apart(solids=SOLIDS[:1], feed=feed, compartments=None)
    with pytest.raises(CaseError, match="granules without solids"):
        Cells((GRID,))


def test_grains_that_a_grid_cannot_hold_are_named() -> None:
    """Pure grains where the case does not say that they may be: how to say it. Less of a solid than its first class:
    the range, as ever, and no cell is filled that would hold nothing.
    """
    with pytest.raises(CaseError, match=r"solids\.1.*may_be_absent: true"):
        Granulation(fed_apart(solids=[{**each, "may_be_absent": False} for each in SOLIDS]), compiled=False)
    less = {"charge": "1 g", "grains": [{"solids": [1e-16, 1e-15], "number": 1.0}]}
    with pytest.raises(CaseError, match=r"solids\.0.*1e-16.*wider grid"):
        Granulation(fed_apart(feed=less), compiled=False)
