"""The CUDA backend without a device, on numba's simulator; what is compared stands in simulated.py."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Simulate


def test_cuda_backend_on_the_simulator(run_on_simulator: Simulate) -> None:
    """Every test of that file passes there, indices checked."""
    done = run_on_simulator(Path(__file__).with_name("simulated.py"))
    assert done.returncode == 0, done.stdout + done.stderr
