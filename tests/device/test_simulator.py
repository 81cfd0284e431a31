"""The CUDA backend without a device, on numba's simulator; what is compared stands in simulated.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def test_cuda_backend_on_the_simulator(run_on_simulator: Callable[[Path], None]) -> None:
    run_on_simulator(Path(__file__).with_name("simulated.py"))
