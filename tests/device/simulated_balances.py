"""Run by test_balances.py in a process of its own, in which numba's CUDA simulator stands for the device.

The kernels are those of the device; the reference is the same text as plain Python. An index out of range, silent on
the device, is an error here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest

import pbm
from compute import get_backend
from compute.base import Backend
from compute.copies import Copies
from dem.case_statistics import CylinderGrid
from dem.engine import Engine
from dem.particles import CLASS, KIND_SIZE, MASS, RADIUS, ROW_SIZE, VX, Particles, X
from dem.simulation import Simulation
from dem.statistics_result import EncounterStatistics
from dem.transport import Transport
from pbm.feeding import feed_rates
from pbm.granulation import Granulation
from pbm.grid import Floats
from pbm.inputs import Steps
from pbm.model import (
    BOOKED,
    DISPLACED,
    FED_SECOND,
    FRAGMENTED,
    LAYERED,
    LEFT_SOLIDS,
    LIMIT,
    MERGED,
    NUCLEI,
    OVERFLOW_NUMBER,
    make_workspace,
)
from pbm.solve import Accuracy
from tests.device.balances import (
    GRID,
    HURRIED,
    SPAN,
    SPEED,
    SPRAY,
    TIMES,
    assert_same,
    ensemble,
    granulation,
    start,
    wet_state,
)
from tests.device.populations import TIMES as MARKS
from tests.device.populations import assert_close, lattice, plane
from tests.device.systems import EDGE, box_case

pytestmark = pytest.mark.filterwarnings("ignore:.*beyond the top class")


def test_members_equal_plain_python() -> None:
    """To the bit: each member is one thread, which does what the CPU does in the same order, whatever the layout."""
    backend = get_backend("cuda")
    assert backend.note == "CUDA simulator"
    models = ensemble()
    expected, found = models.solve(start(), TIMES), models.solve(start(), TIMES, backend=backend)
    assert_same(found, expected, 0.0)


def test_a_collapse_is_told_of_by_its_member() -> None:
    """A start that no step can leave: the message names the member, as on the CPU."""
    models, numbers = ensemble(), start()
    numbers[1] *= 1e200
    with pytest.raises(Exception, match="member 1") as expected:
        models.solve(numbers, TIMES)
    with pytest.raises(type(expected.value)) as found:
        models.solve(numbers, TIMES, backend=get_backend("cuda"))
    assert str(found.value) == str(expected.value)
    assert np.isfinite(numbers).all()


def sampled(backend: Backend, samples: list[Particles]) -> Transport:
    """Sums over samples, each half a second after the other, in compartments about a tilted axis."""
    grid = CylinderGrid(
        kind="cylinder", axis=(1.0, 2.0, 2.0), radial=(0.0, 0.5, 2.0), angular=3, axial=(-2.0, 0.0, 2.0)
    )
    transport = Transport(backend, grid, 2, 1, None)
    for particles in samples:
        transport.sample(particles, 0.5, 500)
    return transport


def random_samples() -> list[Particles]:
    """Particles that move, come and go, in another order of slots each time; at last none."""
    random = np.random.Generator(np.random.Philox(3))
    place, samples = random.uniform(-1.0, 1.0, (500, 3)), []
    for number in (400, 500, 300, 0):
        ids = random.permutation(500)[:number]
        row, kind = np.zeros((number, ROW_SIZE)), np.zeros((number, KIND_SIZE), np.int32)
        row[:, X : X + 3], row[:, VX : VX + 3] = place[ids], random.normal(size=(number, 3))
        row[:, RADIUS], row[:, MASS] = random.uniform(0.01, 0.02, number), random.uniform(1.0, 2.0, number)
        kind[:, CLASS] = ids % 2
        samples.append(Particles(row, kind, ids.astype(np.int64), np.zeros(number)))
        place = place + random.normal(scale=0.3, size=place.shape)
    return samples


def test_samples_on_the_device_equal_those_of_the_host() -> None:
    """Counts exactly; sums to 1e-13 of the largest, as some hundred terms are added up in another order."""
    samples = random_samples()
    plain, found = sampled(get_backend("python"), samples), sampled(get_backend("cuda"), samples)
    expected = plain.sums()
    assert expected.transitions.sum() > 300 and np.any(expected.particle_time == 0.0) < expected.particle_time.size
    for name, values in plain.state().items():
        atol = 1e-13 * np.abs(values).max() if values.dtype.kind == "f" else 0.0
        np.testing.assert_allclose(found.state()[name], values, rtol=0.0, atol=atol, err_msg=name)
    again = sampled(get_backend("cuda"), samples[:3])
    again.restore(plain.state())
    np.testing.assert_array_equal(again.state()["past_2"], found.state()["past_2"])


def test_samples_of_copies() -> None:
    """Two that sample other particles in common launches find to the bit what each finds alone."""
    samples, found = random_samples(), dict[int, Transport]()

    def work(number: int) -> Callable[[Backend], None]:
        def run(backend: Backend) -> None:
            found[number] = sampled(backend, samples[number : number + 2])

        return run

    assert Copies(get_backend("cuda"), [work(0), work(1)], 2).run() == [None, None]
    for number, transport in found.items():
        expected = sampled(get_backend("cuda"), samples[number : number + 2])
        for name, values in expected.state().items():
            np.testing.assert_array_equal(transport.state()[name], values, err_msg=name)


def measured(backend: str) -> EncounterStatistics:
    """Two compartments of a box, with samples of one block, without a folder."""
    span = 2e-4
    partition = {"kind": "box", "x": [0, EDGE / 2, EDGE]}
    edges = [1e-3, 10.0]
    settings = {"block": span, "blocks": 1, "bins": 8, "speed_range": edges, "partition": partition}
    simulation = Simulation(box_case(statistics=settings), get_backend(backend), 1)
    statistics = simulation.run()
    assert statistics is not None
    return statistics


def test_particles_and_balance_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the device counts makes the kernel of members that the device integrates: no file, no particle on the host.

    The counts are those of plain Python, exactly; the balances of equal kernels agree as above.
    """
    expected = measured("python")

    def refuse(*arguments: Any, **named: Any) -> Any:
        raise AssertionError("a file, or particles on the host")

    monkeypatch.setattr(h5py, "File", refuse)
    monkeypatch.setattr(Engine, "host_particles", refuse)
    found = measured("cuda")
    assert expected.encounters.sum() >= 2
    np.testing.assert_array_equal(found.encounters, expected.encounters)
    np.testing.assert_array_equal(found.transitions, expected.transitions)
    np.testing.assert_allclose(found.exposure, expected.exposure, rtol=1e-12)
    rate = float(found.encounters.sum() / found.exposure.sum())
    population = pbm.Population(GRID, pbm.kernel("constant", rate_coefficient=rate), compiled=False)
    models, numbers = pbm.Ensemble(population, np.array([0.5, 1.0])), np.full(8, 1.0 / rate)
    alone = models.solve(numbers, TIMES)
    together = models.solve(numbers, TIMES, backend=get_backend("cuda"))
    np.testing.assert_array_equal(together.numbers, alone.numbers)
    assert np.all(together.moment(0)[:, -1] < 0.5 * together.moment(0)[:, 0])


def derivative(model: Granulation, state: Floats) -> tuple[Floats, Floats]:
    """Change and ledger of a state of a granulation."""
    change, booked = np.zeros(state.shape), np.zeros(BOOKED)
    tables = model.tables._replace(feed=feed_rates(model.inflows, 0.0, state.shape))
    work = make_workspace(state.shape[0], state.shape[2])
    model.program.right_hand_side(state, SPEED, SPRAY, model.parameters, tables, work, change, booked)
    return change, booked


@pytest.mark.filterwarnings("ignore:.*encountered in")
def test_granulation_equals_plain_python() -> None:
    """Right-hand side and steps, with limits that bind: the same sums in the same order, so the state to the bit.

    The ledger adds compartments up after steps instead of before: to 1e-14.
    """
    plain, device = granulation(), granulation(get_backend("cuda"))
    state = wet_state(plain)
    expected, found = derivative(plain, state), derivative(device, state)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-14)
    mechanisms = [MERGED, FRAGMENTED, NUCLEI, OVERFLOW_NUMBER, DISPLACED, FED_SECOND, LEFT_SOLIDS, LAYERED]
    assert np.all(expected[1][mechanisms] > 0.0)
    steps = [model.step_fixed_rule(state, SPAN, SPEED, SPRAY, HURRIED) for model in (plain, device)]
    assert plain._work.classes[LIMIT].min() < 0.9, "no limit binds"
    np.testing.assert_array_equal(steps[1].state, steps[0].state)
    np.testing.assert_allclose(steps[1].booked, steps[0].booked, rtol=1e-14)
    assert steps[1].substeps == steps[0].substeps > 1


@pytest.mark.filterwarnings("ignore:.*encountered in")
def test_adaptive_steps_equal_plain_python() -> None:
    """Control on the device, over a spray that ends: the same steps. Sums over compartments are added up in another
    order, which moves the error of a step, and with it the length of the next, by round-off: 1e-12 of what all classes
    hold of each content, and of each kind of event.
    """
    accuracy, times = Accuracy(2e-4), np.array([0.0, 0.05, 0.15])
    spray = Steps((0.0, 0.1), (SPRAY, 0.0))
    runs = [
        granulation(backend).simulate(SPEED, times, spray, accuracy=accuracy) for backend in (None, get_backend("cuda"))
    ]
    expected, found = runs
    np.testing.assert_allclose(found.steps[:, :2], expected.steps[:, :2], rtol=1e-12)
    assert np.ptp(found.steps[:, 1]) > 0.02, "no step but those that outputs and spray cut"
    scale = expected.states.sum(axis=(1, 3))[:, None, :, None]
    np.testing.assert_allclose(found.states / scale, expected.states / scale, rtol=0.0, atol=1e-12)
    most = np.maximum(expected.booked.max(axis=0), 1.0e-300)
    np.testing.assert_allclose(found.booked / most, expected.booked / most, rtol=0.0, atol=1e-12)
    assert max(found.worst_imbalance) <= 1e-13


def test_rates_of_two_components_equal_plain_python() -> None:
    """To the bit: threads look up what the CPU puts somewhere, in its order. Some births are shared as uncorrelated."""
    population, numbers, contents = plane()
    expected, found = (population.change(numbers, contents, backend) for backend in (None, get_backend("cuda")))
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("scheme, dimensions", [("fixed-pivot", 2), ("cell-average", 3)])
def test_rates_of_several_components_equal_plain_python(scheme: str, dimensions: int) -> None:
    """Pairs are added up one by one, by the CPU axis by axis: positive terms, to 1e-14 of the largest."""
    population, numbers = lattice(dimensions, scheme)
    expected, found = (population.change(numbers, backend) for backend in (None, get_backend("cuda")))
    for one, other in zip(found, expected):
        assert_close(one, other, 1e-14)


@pytest.mark.filterwarnings("ignore:.*encountered in")
def test_steps_of_a_population_equal_plain_python() -> None:
    """Control on the device: the same steps, and the ledger with them."""
    population, numbers = lattice(1, "fixed-pivot")
    expected, found = (population.solve(numbers, MARKS, backend) for backend in (None, get_backend("cuda")))
    assert found.steps == expected.steps >= len(MARKS)
    assert_close(found.numbers, expected.numbers, 1e-14)
    assert_close(found.booked, expected.booked, 1e-14)
