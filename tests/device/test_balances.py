"""Population balances on the device: on numba's simulator, as PTX, and on a device where there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compute import get_backend
from tests.conftest import Require
from tests.device.balances import TIMES, assert_same, ensemble, start
from tests.device.ptx import ASSEMBLED_FOR, Launch, Listing, assemble, compile_to_ptx, functions_called

pytestmark = pytest.mark.filterwarnings("ignore:.*beyond the top class")


def test_balances_on_the_simulator(run_on_simulator: Callable[[Path], None]) -> None:
    run_on_simulator(Path(__file__).with_name("simulated_balances.py"))


@pytest.fixture(scope="module")
def member_launch() -> Launch:
    """What an ensemble launches."""
    backend = Listing()
    ensemble().solve(start(), TIMES, backend=backend)
    assert list(backend.launches) == ["solve_member"]
    return backend.launches["solve_member"]


def test_kernel_of_members(member_launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    """No function is called, nothing lies in local memory, no register is spilled.

    So the whole of a member's work, exponential and logarithm with it, is in the one kernel.
    """
    text = compile_to_ptx(member_launch)
    assembled = {name: assemble(text, name) for name in ASSEMBLED_FOR}
    with capsys.disabled():
        print(
            "\nsolve_member: registers " + ", ".join(f"{each.registers} on {name}" for name, each in assembled.items())
        )
    assert functions_called(text) == set() and "__local_depot" not in text
    assert all((each.spills, each.stack) == (0, 0) for each in assembled.values())


def test_layout_of_members(member_launch: Launch) -> None:
    """What belongs to a member lies side by side with the same of the next one: a stride of one number."""
    changing = [values for argument in member_launch.arguments[3:6] for values in argument]
    changing += [member_launch.arguments[6].states, member_launch.arguments[0].fragments]
    assert all(values.strides[0] == values.itemsize for values in changing)


def test_members_on_the_device(cuda_device: None, require: Require) -> None:
    """The device fuses multiplications with additions: round-off of sums of positive terms, below 1e-10 of them."""
    pytest.importorskip("cupy")
    models = ensemble()
    found = models.solve(start(), TIMES, backend=get_backend("cuda"))
    assert_same(found, models.solve(start(), TIMES), 1e-10)
