"""The whole step of each named composition, compiled and run by two threads, against plain Python."""

from __future__ import annotations

import pytest

from compute import get_backend
from dem.engine import Engine
from tests.device.comparison import assert_same_motion, assert_same_tallies
from tests.device.systems import COMPOSITIONS, SYSTEMS, make_engine

STEPS = 60


@pytest.mark.validate
@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_two_threads_equal_plain_python(composition: str) -> None:
    """Threads add the same forces and films in another order; the tolerance is explained in comparison.py."""
    system = COMPOSITIONS[composition]
    engines: list[Engine] = [
        make_engine(SYSTEMS[system](), backend) for backend in (get_backend("cpu", 2), get_backend("python"))
    ]
    for engine in engines:
        engine.run(STEPS)
    assert_same_motion(*engines)
    assert_same_tallies(*engines)
