"""The steady state of a continuous granulator: against the long transient, and its flows against what comes in."""

from __future__ import annotations

import numpy as np
import pytest

from compute.errors import CaseError, SimulationError
from pbm.feeding import feed_rates
from pbm.granulation import Granulation
from pbm.model import NUMBER
from pbm.rates import Rates
from pbm.solve import Accuracy
from pbm.steady import SteadyState, find_steady_state
from tests.pbm.population import granulation_case, kernel_law
from tests.pbm.test_graph import continuous

SPEED = 50.0


@pytest.fixture(scope="module")
def model() -> Granulation:
    spray = {"spray": {"rate": "2 g/s", "end": "1 h", "cover": "1 g"}, "drop_diameter": "200 um"}
    return Granulation(granulation_case(**(continuous() | {"liquid": spray})), kernel_law())


@pytest.fixture(scope="module")
def steady(model: Granulation) -> SteadyState:
    return find_steady_state(model, SPEED)


def test_the_transient_ends_there(model: Granulation, steady: SteadyState) -> None:
    """Forty mean residence times from empty leave exp(-40) of the start: what differs is the transient's step error.

    Its steps keep a steady state, so at the tolerance 1e-4 a step the two agree far below it: 1e-6 is allowed.
    """
    end = model.simulate(SPEED, np.array([0.0, 400.0])).states[-1]
    assert steady.residual <= 1e-9 and steady.iterations < 30
    assert steady.outputs.d50 == pytest.approx(model.outputs(end).d50, rel=1e-6)
    assert steady.outputs.moisture == pytest.approx(model.outputs(end).moisture, rel=1e-6)
    assert steady.state[:, NUMBER].sum() == pytest.approx(end[:, NUMBER].sum(), rel=1e-6)


def test_a_steady_state_is_kept_by_long_steps(model: Granulation, steady: SteadyState) -> None:
    """Films, transport and mergers are in balance in every Euler step: a tolerance of 1e-2 moves d50 by 1e-8."""
    rough = model.simulate(SPEED, np.array([0.0, 50.0]), initial=steady.state, accuracy=Accuracy(1e-2, 1.0))
    assert rough.d50[-1] == pytest.approx(steady.outputs.d50, rel=1e-8)
    assert len(rough.steps) < 100


def test_what_leaves_is_what_comes_in(model: Granulation, steady: SteadyState) -> None:
    """Solids 10 g/s; liquid 1 % of that and the spray of 2 g/s: to the residual."""
    assert 1540.0 * steady.flow[NUMBER] @ model.grid.pivots == pytest.approx(0.01, rel=1e-8)
    assert 1000.0 * steady.flow[1:3].sum() == pytest.approx(1e-4 + 2e-3, rel=1e-8)


def test_jacobian_is_that_of_the_rates(model: Granulation, steady: SteadyState) -> None:
    """Central differences along random directions: forward differences of 1e-7 leave 1e-5 of the change."""
    feed = feed_rates(model.inflows, 0.0, steady.state.shape)
    rates = Rates(model.program, model.parameters, model.tables, SPEED, 2e-3, feed)
    random, weights = np.random.Generator(np.random.Philox(4)), rates.weights()
    for _ in range(3):
        direction = steady.state * random.uniform(-1.0, 1.0, steady.state.shape)
        ahead, behind = (rates.change(steady.state + sign * 1e-5 * direction)[0] for sign in (1.0, -1.0))
        expected = (ahead - behind) / 2e-5 * weights
        found = (rates.jacobian(steady.state) @ direction.ravel()).reshape(direction.shape) * weights
        assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


def test_without_a_steady_flow_it_is_refused(model: Granulation) -> None:
    """A closed batch has none; a search that is not given the steps it needs says how far it came."""
    with pytest.raises(CaseError, match="no steady flow"):
        find_steady_state(Granulation(granulation_case(), kernel_law()), SPEED)
    with pytest.raises(SimulationError, match=r"no steady state was found: the residual is .* expected 1.0e-30"):
        find_steady_state(model, SPEED, residual=1e-30)
