"""The course of a run between its steps: order, balances, positivity, and events that are not smoothed."""

from __future__ import annotations

import numpy as np
import pytest

from compute.errors import CaseError
from pbm.dense import Course, Stretch
from pbm.granulation import Granulation
from pbm.inputs import Steps
from pbm.model import NUMBER, SPRAYED
from pbm.solve import Accuracy
from pbm.stages import Start, imbalance, sums
from tests.pbm.population import granulation_case, kernel_law

SPEED = 100.0
SPRAY = Steps((0.0, 5.0, 12.0), (0.0, 3e-4, 1e-4))


@pytest.fixture(scope="module")
def model() -> Granulation:
    return Granulation(granulation_case(grid={"classes": 20}), kernel_law())


@pytest.fixture(scope="module")
def course(model: Granulation) -> Course:
    return model.follow(SPEED, 20.0, SPRAY)


@pytest.mark.parametrize(("length", "order"), [(2, 2.0), (3, 3.0), (9, 4.0)])
def test_order_of_the_interpolation(length: int, order: float) -> None:
    """exp(-t) between uneven knots: half the spacing, 2^p of the error, p the knots used; 10 % for the next term."""
    errors = []
    for spacing in (0.04, 0.02):
        times = spacing * np.cumsum([0.0, *([1.0, 1.5] * length)][:length])
        states = np.exp(-times)[:, None, None, None] * np.ones((1, 4, 3))
        stretch = Stretch(times, states, np.zeros((length, 16)))
        inner = 0.5 * (times[1:] + times[:-1])
        errors.append(max(abs(stretch.at(time)[0][0, 0, 0] - np.exp(-time)) for time in inner))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, rel=0.1)


def test_a_class_that_empties_stays_above_nil() -> None:
    """A kink down to nil would pull the cubic below: it is straightened, and the sum of two classes is kept."""
    held = np.zeros((4, 1, 4, 2))
    held[:, 0, 0] = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    stretch = Stretch(np.arange(4.0), held, np.zeros((4, 16)))
    for time in np.linspace(0.0, 3.0, 31):
        state = stretch.at(time)[0]
        assert state.min() >= 0.0 and state.sum() == pytest.approx(1.0, rel=1e-12)


def test_values_between_steps_are_as_good_as_those_at_their_ends(model: Granulation, course: Course) -> None:
    """A run that ends its steps at these times, at a hundredth of the tolerance: d50 to 2e-4 both ways."""
    times = np.linspace(0.0, 20.0, 83)
    exact = model.simulate(SPEED, times, SPRAY, accuracy=Accuracy(1e-6, 1e-3)).d50
    between = np.array([model.outputs(state).d50 for state in course.at(times).states])
    assert len(course.steps) < len(times)
    assert between == pytest.approx(exact, rel=2e-4)


def test_balances_hold_at_any_time(model: Granulation, course: Course) -> None:
    """Weights with the sum one keep every sum to round-off; liquid follows the spray through its events exactly."""
    times = np.random.Generator(np.random.Philox(8)).uniform(0.0, 20.0, 40)
    solution = course.at(np.sort(times))
    start = Start(*sums(model.initial_state(), model.tables))
    for time, state, booked in zip(solution.times, solution.states, solution.booked):
        assert max(imbalance(state, start, booked, model.tables)) <= 1e-12 and state.min() >= 0.0
        assert 1000.0 * booked[SPRAYED] == pytest.approx(SPRAY.integral(0.0, time), rel=1e-9, abs=1e-15)
    assert solution.states[:, 0, NUMBER].sum(axis=1).min() > 0.0


def test_times_outside_are_refused(model: Granulation, course: Course) -> None:
    for times in ([21.0], [2.0, 1.0], []):
        with pytest.raises(CaseError, match="not times of the run"):
            course.at(times)
    with pytest.raises(CaseError, match="no length"):
        model.follow(SPEED, 0.0)
