"""Population balances on the device: on numba's simulator, as PTX, and on a device where there is one."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpu_balances import longest_loops
from compute import get_backend
from compute.graph import run_once
from pbm.solve import Accuracy
from tests.conftest import Require, Simulate
from tests.device.balances import (
    HURRIED,
    SPAN,
    SPEED,
    SPRAY,
    TIMES,
    assert_same,
    device_launches,
    ensemble,
    granulation,
    start,
    wet_state,
)
from tests.device.populations import TIMES as MARKS
from tests.device.populations import assert_close, integration_launches, lattice, plane
from tests.device.ptx import ASSEMBLED_FOR, Launch, Listing, assemble, compile_to_ptx, functions_called

pytestmark = pytest.mark.filterwarnings("ignore:.*beyond the top class")


def test_balances_on_the_simulator(run_on_simulator: Simulate) -> None:
    """Ensembles, rates, the fixed rule and samples of compartments on the simulator, with indices checked."""
    done = run_on_simulator(Path(__file__).with_name("simulated_balances.py"))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def member_launch() -> Launch:
    """What an ensemble launches."""
    backend = Listing()
    ensemble().solve(start(), TIMES, backend=backend)
    assert list(backend.launches) == ["solve_member"]
    return backend.launches["solve_member"]


@pytest.fixture(scope="module")
def step_launches() -> dict[str, Launch]:
    """What the steps of a granulation launch."""
    backend = Listing()
    run_once(backend, device_launches(backend))
    return backend.launches


SHORT = ("sum_pairs", "judge", "move_class", "add_loss")
LONG = (
    "describe", "find_conditions", "find_class", "find_layers", "begin_class", "find_rates", "pool_cell",
    "pool_lumped_solid", "find_losses", "begin_change", "share_lumped_solid", "break_class", "lay_on", "spray_bed",
    "dry_class", "mix_class", "absorb_class", "aim", "begin_step", "limit_class", "find_moves", "step_level",
    "soak_films", "take_moved", "extrapolate_class", "find_worst", "mix_trial", "add_up_trial", "find_error",
    "settle_class", "add_up_events", "write_row", "pace", "blend_class", "settle_blend", "end_step",
)  # fmt: skip
"""Kernels of a step; the short ones are tested every time."""
POWER = "__internal_accurate_pow"
"""Of powers in laws: a library function that keeps its values in registers."""


QUARTER = 128
"""Most registers with which a quarter of the warps fit."""


def assert_runs_in_registers(launch: Launch, capsys: pytest.CaptureFixture[str]) -> int:
    """No function but that of powers is called, nothing lies in local memory, no register is spilled; returns the most
    registers.
    """
    text = compile_to_ptx(launch)
    assembled = {name: assemble(text, name) for name in ASSEMBLED_FOR}
    registers = ", ".join(f"{each.registers} on {name}" for name, each in assembled.items())
    with capsys.disabled():
        print(f"\n{launch.name}: registers {registers}")
    assert functions_called(text) <= {POWER} and "__local_depot" not in text
    assert all((each.spills, each.stack) == (0, 0) for each in assembled.values())
    return max(each.registers for each in assembled.values())


def test_kernel_of_members(member_launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole of a member's work is in the one kernel, exponential and logarithm with it; a quarter of the warps."""
    assert assert_runs_in_registers(member_launch, capsys) <= QUARTER


@pytest.mark.parametrize("name", [*SHORT, *(pytest.param(name, marks=pytest.mark.validate) for name in LONG)])
def test_kernel_of_a_step(name: str, step_launches: dict[str, Launch], capsys: pytest.CaptureFixture[str]) -> None:
    assert set(step_launches) == {*SHORT, *LONG}
    assert_runs_in_registers(step_launches[name], capsys)


POPULATIONS = {
    "plane": (
        ("lose_in_group", "gather_births"),
        ("aim", "begin_entry", "hold", "sum_group", "meet_columns", "lose_cell", "share_births_of", "fill_slope",
         "move_entry", "sum_chunk", "add_chunks", "judge_chunk", "judge", "settle_entry", "pass_mark", "find_largest"),
    ),
    "fixed-pivot": ((), ("lose", "pool", "change_lattice_cell", "book_chunk", "book_all")),
    "cell-average": (("bear_average",), ("pool", "place_births_of", "sum_chunk", "judge_chunk", "judge")),
}  # fmt: skip
"""Kernels of populations of several components: those that are tested every time, and the others."""


@pytest.mark.parametrize(
    "system, name",
    [
        pytest.param(system, name, marks=[] if name in short else pytest.mark.validate)
        for system, (short, long) in POPULATIONS.items()
        for name in (*short, *long)
    ],
)
def test_kernel_of_a_population(system: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    backend = Listing()
    run_once(backend, integration_launches(backend, system))
    assert system != "plane" or set(backend.launches) == {*POPULATIONS["plane"][0], *POPULATIONS["plane"][1]}
    assert_runs_in_registers(backend.launches[name], capsys)


def test_estimate_names_kernels_that_are_launched(step_launches: dict[str, Launch]) -> None:
    """Loops are counted by the names of kernels: one that is renamed or gone would fall out of the estimate unseen."""
    assert set(longest_loops(granulation().tables)) <= set(step_launches)


def test_layout_of_members(member_launch: Launch) -> None:
    """What belongs to a member lies side by side with the same of the next one: a stride of one number."""
    changing = [values for argument in member_launch.arguments[3:6] for values in argument]
    changing += [member_launch.arguments[6].states, member_launch.arguments[0].fragments]
    assert all(values.strides[0] == values.itemsize for values in changing)


def test_members_on_the_device(cuda_device: None, require: Require) -> None:
    """The device fuses multiplications with additions: round-off of sums of positive terms, below 1e-10 of them."""
    require("cuda", find_spec("cupy") is not None, "cupy is not installed; pip install 'dempbm[cuda13]'")
    models = ensemble()
    found = models.solve(start(), TIMES, backend=get_backend("cuda"))
    assert_same(found, models.solve(start(), TIMES), 1e-10)


def test_granulation_on_the_device(cuda_device: None, require: Require) -> None:
    """Steps of all mechanisms; fused operations, to 1e-10 of what all classes hold of each content."""
    require("cuda", find_spec("cupy") is not None, "cupy is not installed; pip install 'dempbm[cuda13]'")
    plain, device = granulation(), granulation(get_backend("cuda"))
    state = wet_state(plain)
    expected, found = (model.step_fixed_rule(state, SPAN, SPEED, SPRAY, HURRIED) for model in (plain, device))
    scale = expected.state.sum(axis=(0, 2))[:, None]
    np.testing.assert_allclose(found.state / scale, expected.state / scale, rtol=0.0, atol=1e-10)
    np.testing.assert_allclose(found.booked, expected.booked, rtol=1e-10)


def test_adaptive_steps_on_the_device(cuda_device: None, require: Require) -> None:
    """The same steps, their lengths and the states to 1e-10, all mechanisms."""
    require("cuda", find_spec("cupy") is not None, "cupy is not installed; pip install 'dempbm[cuda13]'")
    times, accuracy = np.array([0.0, 0.05, 0.15]), Accuracy(2e-4)
    expected, found = (
        granulation(backend).simulate(SPEED, times, accuracy=accuracy) for backend in (None, get_backend("cuda"))
    )
    np.testing.assert_allclose(found.steps[:, :2], expected.steps[:, :2], rtol=1e-10)
    scale = expected.states.sum(axis=(1, 3))[:, None, :, None]
    np.testing.assert_allclose(found.states / scale, expected.states / scale, rtol=0.0, atol=1e-10)


@pytest.mark.parametrize("scheme", ["fixed-pivot", "cell-average"])
def test_several_components_on_the_device(scheme: str, cuda_device: None, require: Require) -> None:
    """Rates and steps with every mechanism in three coordinates, to 1e-10 of the largest."""
    require("cuda", find_spec("cupy") is not None, "cupy is not installed; pip install 'dempbm[cuda13]'")
    population, numbers = lattice(3, scheme)
    device = get_backend("cuda")
    for found, expected in zip(population.change(numbers, device), population.change(numbers)):
        assert_close(found, expected, 1e-10)
    ours, theirs = (population.solve(numbers, MARKS, backend) for backend in (device, None))
    assert ours.steps == theirs.steps
    assert_close(ours.numbers, theirs.numbers, 1e-10)


def test_two_components_on_the_device(cuda_device: None, require: Require) -> None:
    """Rates and steps, with a content, to 1e-10 of the largest."""
    require("cuda", find_spec("cupy") is not None, "cupy is not installed; pip install 'dempbm[cuda13]'")
    population, numbers, contents = plane()
    ours, theirs = (population.solve(numbers, MARKS, contents, backend) for backend in (get_backend("cuda"), None))
    assert ours.steps == theirs.steps
    assert_close(ours.numbers, theirs.numbers, 1e-10)
    assert_close(ours.contents, theirs.contents, 1e-10)
